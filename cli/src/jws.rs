//! `jws verify`: a signature over any payload, and nothing else.

use std::fmt::Write as _;

use counterseal::jws::{self, SignatureOnly};
use serde::Serialize;

use crate::answer::{Answer, Failure};
use crate::arguments::Signature;
use crate::input;
use crate::key_file::KeyFile;
use crate::layout::row;
use crate::output_file::output_file;
use crate::rejection::{self, Refused};
use crate::status::Status;
use crate::terminal::{self, GOOD, LOUD};
use crate::text::word;

const WARNING: &str =
    "nothing but the signature was checked: not who issued it, for whom, of what type or since when";

pub(crate) fn run(arguments: &Signature, json: bool) -> Result<Answer, Failure> {
    let to_output = arguments.payload_out.as_deref().is_some_and(|path| path.as_os_str() == "-");
    if to_output && json {
        return Err(Failure::Usage("--json and --payload-out - both want the standard output".to_owned()));
    }
    let keys = KeyFile::read("--keys", &arguments.keys)?.key_set(arguments.algorithms)?;
    let token = input::token(&arguments.token)?;
    let valid = match jws::verify(input::without_scheme(&token), &keys, arguments.algorithms) {
        Ok(valid) => valid,
        Err(rejection) if json => {
            return Ok(Answer::json(rejection::status(&rejection), &Refused::new(&rejection, None)));
        }
        Err(rejection) => {
            let text = rejection::told(&rejection, None);
            return Ok(Answer::text(rejection::status(&rejection), text));
        }
    };
    if to_output {
        return payload_answer(&valid);
    }
    if let Some(path) = &arguments.payload_out {
        output_file("--payload-out", path, valid.payload())?;
    }
    if json {
        return Ok(Answer::json(Status::Good, &Valid::new(&valid)));
    }
    let place = match &arguments.payload_out {
        Some(_) => "written",
        None => "not shown; --payload-out FILE writes it",
    };
    Ok(Answer::text(Status::Good, told(&valid, place)))
}

#[derive(Serialize)]
struct Valid<'a> {
    verdict: &'static str,
    warning: &'static str,
    algorithm: &'static str,
    kid: Option<&'a str>,
    payload_bytes: usize,
}

impl Valid<'_> {
    fn new(valid: &SignatureOnly) -> Valid<'_> {
        Valid {
            verdict: "signature_valid",
            warning: WARNING,
            algorithm: valid.algorithm().name(),
            kid: valid.kid(),
            payload_bytes: valid.payload().len(),
        }
    }
}

fn told(valid: &SignatureOnly, place: &str) -> String {
    let mut out =
        format!("{GOOD}✓ the signature is valid{GOOD:#}\n{LOUD} SIGNATURE ONLY {LOUD:#} {WARNING}\n\n");
    row(&mut out, "algorithm", valid.algorithm());
    row(&mut out, "kid", valid.kid().map_or_else(|| "none".to_owned(), word));
    row(&mut out, "payload", format!("{} bytes, {place}", valid.payload().len()));
    out
}

/// The payload to the standard output, as it is; at a terminal only where it is harmless text.
fn payload_answer(valid: &SignatureOnly) -> Result<Answer, Failure> {
    let payload = valid.payload();
    if terminal::is_output_a_terminal() && !is_harmless(payload) {
        let message = "the payload holds what would act on the terminal: write it to a file or a pipe";
        return Err(Failure::Output(message.to_owned()));
    }
    let answer = Answer::text(Status::Good, String::new());
    let mut notes = told(valid, "written to the standard output");
    let _ = writeln!(notes);
    Ok(Answer { payload: payload.to_vec(), ..answer }.with_notes(notes))
}

fn is_harmless(payload: &[u8]) -> bool {
    std::str::from_utf8(payload).is_ok_and(|text| {
        let line = |line: &str| crate::text::shown(line) == line;
        text.split(['\n', '\t']).all(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_line_breaks_is_harmless_and_controls_are_not() {
        for (payload, harmless) in [
            (&b"{\"a\":\n\t1}\n"[..], true),
            ("é".as_bytes(), true),
            (b"\x1b[2J", false),
            (b"a\rb", false),
            (b"\xff", false),
            ("\u{202e}".as_bytes(), false),
        ] {
            assert_eq!(is_harmless(payload), harmless, "{payload:?}");
        }
    }
}
