//! Errors as text for `node/lib/errors.cjs`, which is generated from the core's table and makes the objects.

use counterseal::{Code, Error, Problem};
use serde::Serialize;

/// What is told of an error: a list in this order.
#[derive(Serialize)]
struct Told<'a>(
    u16,
    String,
    Option<&'static str>,  // rule
    Option<u16>,           // status
    Option<String>,        // wwwAuthenticate
    Option<u32>,           // retryAfter
    Option<String>,        // reference
    Option<bool>,          // enforced
    Option<&'a [Problem]>, // problems
);

/// Appends any error of the runtime.
#[cold]
pub(crate) fn write(out: &mut Vec<u8>, error: &Error) {
    let (number, message) = (error.code().number(), error.to_string());
    let told = match error {
        Error::TokenRejected(rejection) => Told(
            number,
            message,
            Some(rejection.rule().id()),
            Some(rejection.status()),
            rejection.www_authenticate(),
            None,
            Some(rejection.reference()),
            Some(rejection.enforced()),
            None,
        ),
        Error::Unavailable(outage) => Told(
            number,
            message,
            None,
            Some(outage.status()),
            None,
            Some(outage.retry_after()),
            Some(outage.reference()),
            Some(outage.enforced()),
            None,
        ),
        Error::Policy(error) => {
            Told(number, message, None, None, None, None, None, None, Some(error.problems()))
        }
        _ => Told(number, message, None, None, None, None, None, None, None),
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
