//! A command line that cannot be understood. Clap's own messages repeat what was typed, and that may
//! be a token in the wrong place: these say where the mistake is instead.

use std::ffi::OsString;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::answer::{Answer, Failure};
use crate::status::Status;

/// The answer to a command line that clap stopped at.
pub(crate) fn answer(error: &Error, arguments: &[OsString]) -> Answer {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = error.render().ansi().to_string();
            return Answer::text(Status::Good, format!("{}\n", text.trim_end()));
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let text = error.render().ansi().to_string();
            return Answer::text(Status::Usage, String::new()).with_notes(format!("{}\n", text.trim_end()));
        }
        _ => {}
    }
    let mut message = message(error, arguments);
    if let Some(near) = suggestion(error) {
        message = format!("{message}; did you mean `{near}`?");
    }
    let json = wants_json(arguments);
    let answer = Failure::Usage(message).answer(json);
    if json {
        return answer;
    }
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => format!("\n{}\n", usage.ansi()),
        _ => String::new(),
    };
    let notes = format!("{}{usage}\n`--help` lists commands and options.\n", answer.notes);
    answer.with_notes(notes)
}

/// Is JSON asked for, as far as that can be told before the command line is understood?
pub(crate) fn wants_json(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument == "--json")
}

fn message(error: &Error, arguments: &[OsString]) -> String {
    match error.kind() {
        ErrorKind::UnknownArgument => {
            format!("{} is one too many, or not known", place(error, ContextKind::InvalidArg, arguments))
        }
        ErrorKind::InvalidSubcommand => {
            format!("{} is no command", place(error, ContextKind::InvalidSubcommand, arguments))
        }
        ErrorKind::MissingSubcommand => "a command is missing".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("{} is missing", names(error, ContextKind::InvalidArg)),
        ErrorKind::ArgumentConflict => {
            let (one, other) = (names(error, ContextKind::InvalidArg), names(error, ContextKind::PriorArg));
            if one == other {
                format!("{one} stands twice")
            } else {
                format!("{one} and {other} exclude each other")
            }
        }
        ErrorKind::InvalidValue => format!("{} needs a value", names(error, ContextKind::InvalidArg)),
        ErrorKind::ValueValidation => {
            // The reasons come from our own parsers, which repeat nothing.
            let reason = std::error::Error::source(error).map(|reason| format!(": {reason}"));
            format!(
                "the value of {} cannot be used{}",
                names(error, ContextKind::InvalidArg),
                reason.unwrap_or_default()
            )
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        _ => "the command line cannot be understood".to_owned(),
    }
}

/// Which argument it is, by its place.
fn place(error: &Error, kind: ContextKind, arguments: &[OsString]) -> String {
    let typed = match error.get(kind) {
        Some(ContextValue::String(typed)) => typed.as_str(),
        _ => return "an argument".to_owned(),
    };
    let is_it = |argument: &OsString| {
        let argument = argument.to_string_lossy();
        argument == typed || argument.split_once('=').is_some_and(|(name, _)| name == typed)
    };
    match arguments.iter().skip(1).position(is_it) {
        Some(at) => format!("argument {}", at + 1),
        None => "an argument".to_owned(),
    }
}

/// Names of arguments that we know, as the help spells them.
fn names(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(name)) => name.clone(),
        Some(ContextValue::Strings(names)) => names.join(", "),
        _ => "an argument".to_owned(),
    }
}

/// The known name that was probably meant.
fn suggestion(error: &Error) -> Option<String> {
    [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand].into_iter().find_map(|kind| {
        match error.get(kind)? {
            ContextValue::String(name) => Some(name.clone()),
            ContextValue::Strings(names) => names.first().cloned(),
            _ => None,
        }
    })
}
