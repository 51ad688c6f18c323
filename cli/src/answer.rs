//! What a command has to say, and what keeps it from saying it.

use std::path::PathBuf;

use counterseal::core::keys::fetch::FetchFault;
use counterseal::{Code, PolicyError};
use serde::Serialize;

use crate::problems;
use crate::status::Status;
use crate::terminal::{BAD, LOUD};
use crate::text::safe_json;

/// The answer of a command, written at once when it is complete.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: Status,
    /// For the standard output. Text may hold styles.
    pub(crate) output: String,
    /// Bytes for the standard output, behind the text, as they are.
    pub(crate) payload: Vec<u8>,
    /// For the standard error.
    pub(crate) notes: String,
}

impl Answer {
    /// Text for people.
    pub(crate) fn text(status: Status, output: String) -> Answer {
        Answer { status, output, payload: Vec::new(), notes: String::new() }
    }

    /// One JSON document on one line.
    pub(crate) fn json(status: Status, document: &impl Serialize) -> Answer {
        match serde_json::to_string(document) {
            Ok(json) => Answer::text(status, format!("{}\n", safe_json(&json))),
            Err(_) => Failure::Internal.answer(true),
        }
    }

    /// The same with something for the standard error.
    pub(crate) fn with_notes(self, notes: String) -> Answer {
        Answer { notes, ..self }
    }
}

/// Why a command has no answer. No message holds anything that was typed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line, or a file named on it.
    Usage(String),
    /// The policy that an option names has mistakes.
    Policy(&'static str, PathBuf, PolicyError),
    /// The key file cannot be used.
    Keys(Code, String),
    /// The keys could not be had.
    Fetch(FetchFault),
    /// A file cannot be written.
    Output(String),
    /// Counterseal is wrong.
    Internal,
}

#[derive(Serialize)]
struct Reason<'a> {
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    message: &'a str,
}

impl Failure {
    /// The failure for people on the standard error, or as JSON on the standard output.
    pub(crate) fn answer(self, json: bool) -> Answer {
        let (status, error, code, message) = match self {
            Failure::Policy(option, path, error) => return problems::answer(option, &path, &error, json),
            Failure::Usage(message) => (Status::Usage, "usage", None, message),
            Failure::Keys(code, message) => (Status::Policy, "keys", Some(code), message),
            Failure::Fetch(fault) => {
                let message = format!("{}; `counterseal keys diagnose` goes step by step", fault.detail);
                (Status::Unavailable, "fetch", Some(fault.code), message)
            }
            Failure::Output(message) => (Status::Output, "output", None, message),
            Failure::Internal => {
                (Status::Internal, "internal", Some(Code::Internal), Code::Internal.message().to_owned())
            }
        };
        if json {
            return Answer::json(status, &Reason { error, code: code.map(Code::slug), message: &message });
        }
        let loud = match code {
            Some(Code::JwksPrivateKey) => format!("{LOUD} PRIVATE KEY {LOUD:#}\n"),
            _ => String::new(),
        };
        let code = code.map(|code| format!("{code}: ")).unwrap_or_default();
        Answer::text(status, String::new()).with_notes(format!("{loud}{BAD}error:{BAD:#} {code}{message}\n"))
    }
}
