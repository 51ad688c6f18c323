//! The mistakes of a policy, as a compiler lists them.

use std::fmt::Write;
use std::path::Path;

use counterseal::core::limits::POLICY_BYTES;
use counterseal::{PolicyError, Problem};
use serde::Serialize;

use crate::answer::Answer;
use crate::input;
use crate::quote::quote;
use crate::status::Status;
use crate::terminal::{BAD, FAILED, FAINT, STRONG};
use crate::text::shown;

#[derive(Serialize)]
struct Problems<'a> {
    error: &'static str,
    option: &'static str,
    problems: &'a [Problem],
}

/// Every problem, for people with the lines of the file as far as they hold no secret.
pub(crate) fn answer(option: &'static str, path: &Path, error: &PolicyError, json: bool) -> Answer {
    if json {
        let document = Problems { error: "policy", option, problems: error.problems() };
        return Answer::json(Status::Policy, &document);
    }
    // A path that leads nowhere is not repeated: it could be a token in the wrong place.
    let Some(source) = source(path) else {
        let messages = error.problems().iter().map(|problem| problem.message.as_str());
        let text = messages.collect::<Vec<_>>().join("\n");
        let notes = format!("{BAD}error:{BAD:#} {option}: {}\n", shown(&text));
        return Answer::text(Status::Policy, String::new()).with_notes(notes);
    };
    let name = shown(&path.to_string_lossy());
    let mut out = String::new();
    for problem in error.problems() {
        tell(&mut out, &name, problem, &source);
    }
    let count = match error.problems().len() {
        1 => "1 mistake".to_owned(),
        count => format!("{count} mistakes"),
    };
    let _ = writeln!(out, "{BAD}✗ {count}: the policy cannot be used{BAD:#}");
    Answer::text(Status::Policy, String::new()).with_notes(out)
}

/// The text of the policy, empty where it can be read only once; nothing where there is no file.
fn source(path: &Path) -> Option<String> {
    let kind = std::fs::metadata(path).ok()?.file_type();
    if kind.is_file() || kind.is_dir() {
        let bytes = input::file("--policy", path, POLICY_BYTES).ok()?;
        return Some(String::from_utf8_lossy(&bytes).into_owned());
    }
    Some(String::new())
}

fn tell(out: &mut String, name: &str, problem: &Problem, source: &str) {
    let (line, column) = (problem.line, problem.column);
    let _ = write!(out, "{STRONG}{name}:{line}:{column}:{STRONG:#} ");
    if !problem.path.is_empty() {
        let _ = write!(out, "{}: ", shown(&problem.path));
    }
    let _ = writeln!(out, "{FAILED}{}{FAILED:#} {FAINT}[{}]{FAINT:#}", shown(&problem.message), problem.code);
    let text = source.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default();
    let gutter = line.to_string().len().max(4);
    if let Some(quoted) = quote(text, &problem.path) {
        let _ = writeln!(out, "{FAINT}{line:>gutter$} │{FAINT:#} {}", shown(quoted.text()));
        if let Some(caret) = quoted.caret(column) {
            let _ = writeln!(out, "{FAINT}{:>gutter$} │{FAINT:#} {:caret$}{FAILED}^{FAILED:#}", "", "");
        }
    }
    if let Some(hint) = &problem.hint {
        let _ = writeln!(out, "{FAINT}{:>gutter$} ={FAINT:#} {}", "", shown(hint));
    }
    out.push('\n');
}
