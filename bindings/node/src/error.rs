//! Errors as text for `node/lib/errors.cjs`, which is generated from the core's table and makes the objects.

use counterseal::{Code, Error, Problem};
use serde::Serialize;

/// What is told of an error: one JSON object.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    www_authenticate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<&'a [Problem]>,
}

/// Appends any error of the runtime.
#[cold]
pub(crate) fn write(out: &mut Vec<u8>, error: &Error) {
    let told = Told { code: error.code().slug(), message: error.to_string(), ..Told::default() };
    let told = match error {
        Error::TokenRejected(rejection) => Told {
            rule: Some(rejection.rule().id()),
            status: Some(rejection.status()),
            www_authenticate: rejection.www_authenticate(),
            reference: Some(rejection.reference()),
            ..told
        },
        Error::Unavailable(outage) => Told {
            status: Some(outage.status()),
            retry_after: Some(outage.retry_after()),
            reference: Some(outage.reference()),
            ..told
        },
        Error::Policy(error) => Told { problems: Some(error.problems()), ..told },
        _ => told,
    };
    // Writing to memory does not fail, and neither does anything in it.
    let _ = serde_json::to_writer(out, &told);
}

/// The same as a text of its own.
#[cold]
pub(crate) fn text(error: &Error) -> String {
    let mut text = Vec::new();
    write(&mut text, error);
    String::from_utf8(text).unwrap_or_default()
}

/// The same as the message of an exception, which the package turns into one of its classes.
#[cold]
pub(crate) fn thrown(error: &Error) -> napi::Error {
    napi::Error::from_reason(text(error))
}

/// The same for a mistake of the caller, or of ours.
#[cold]
pub(crate) fn coded(code: Code) -> napi::Error {
    thrown(&Error::Misuse(code))
}
