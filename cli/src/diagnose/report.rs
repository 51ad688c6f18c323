//! What each step found, and what comes of it all.

use std::fmt::Write;

use counterseal::Code;
use counterseal::core::keys::fetch::{Document, FetchFault};
use serde::Serialize;
use serde_json::Value;

use crate::answer::Answer;
use crate::key_place::noun;
use crate::layout::{paragraph, wrapped};
use crate::status::Status;
use crate::terminal::{self, BAD, FAILED, FAINT, GOOD, LOUD, PASSED, STRONG, WARNED};
use crate::text::shown;

/// How a step came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// As it should.
    Good,
    /// Nothing is wrong, and it is worth knowing.
    Noted,
    /// A guard goes on, and somebody should look at it.
    Warning,
    /// A guard stops here, or something is published that must not be.
    Bad,
}

/// One step.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    document: &'static str,
    step: String,
    pub(super) outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// Lines for people.
    found: Vec<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// The same as `found` for programs.
    #[serde(skip_serializing_if = "Value::is_null")]
    facts: Value,
}

/// All steps of a diagnosis.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// What each document is, and where.
    places: Vec<(&'static str, String)>,
    steps: Vec<Step>,
    /// How many keys could be used.
    pub(super) keys: usize,
}

#[derive(Serialize)]
struct Whole<'a> {
    verdict: &'static str,
    message: String,
    /// What to do, most important first.
    help: Vec<&'a str>,
    /// Keys that a guard would use.
    keys: usize,
    steps: &'a [Step],
}

/// Steps about keys that are shown to people; in JSON there are all.
const KEYS_SHOWN: usize = 20;

impl Report {
    /// From here on steps are about this document.
    pub(super) fn turn_to(&mut self, document: Document, place: String) {
        self.places.push((noun(document), place));
    }

    /// Adds a step.
    pub(super) fn add(&mut self, step: &str, outcome: Outcome, found: impl Into<Found>) -> &mut Step {
        let Found(found) = found.into();
        let document = self.places.last().map_or("", |(document, _)| document);
        let (step, help, facts) = (step.to_owned(), None, Value::Null);
        let at = self.steps.len();
        self.steps.push(Step { document, step, outcome, code: None, found, help, facts });
        &mut self.steps[at]
    }

    /// Adds a step at which a guard stops.
    pub(super) fn stop(&mut self, step: &str, fault: &FetchFault) -> &mut Step {
        self.add(step, Outcome::Bad, &*fault.detail).of(fault.code)
    }

    fn keys_in_use(&self) -> usize {
        if self.stopped().is_some() { 0 } else { self.keys }
    }

    /// The step at which a guard stops.
    fn stopped(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.outcome == Outcome::Bad && !step.is_alarm())
    }

    pub(super) fn answer(&self, json: bool) -> Answer {
        let worst = self.steps.iter().map(|step| step.outcome).max().unwrap_or(Outcome::Bad);
        // Whatever stands above: without a key there is nothing good to say.
        let worst = if self.keys == 0 { Outcome::Bad } else { worst };
        let status = if worst == Outcome::Bad { Status::Refused } else { Status::Good };
        let verdict = match worst {
            Outcome::Good | Outcome::Noted => "good",
            Outcome::Warning => "warning",
            Outcome::Bad => "bad",
        };
        let mut helps: Vec<(Outcome, &str)> = Vec::new();
        for step in self.steps.iter().filter(|step| step.outcome >= Outcome::Warning) {
            let help = step.help.as_deref().map(|help| (step.outcome, help));
            helps.extend(help.filter(|help| !helps.contains(help)));
        }
        helps.sort_by_key(|(outcome, _)| std::cmp::Reverse(*outcome));
        let help: Vec<&str> = helps.into_iter().map(|(_, help)| help).collect();
        let message = self.message(worst);
        if json {
            let whole = Whole { verdict, message, help, keys: self.keys_in_use(), steps: &self.steps };
            return Answer::json(status, &whole);
        }
        Answer::text(status, self.told(worst, &message, &help))
    }

    fn message(&self, worst: Outcome) -> String {
        let keys = match self.keys {
            1 => "1 key".to_owned(),
            count => format!("{count} keys"),
        };
        if let Some(step) = self.stopped() {
            let code = step.code.map(|code| format!(" ({code})")).unwrap_or_default();
            let found = step.found.first().map(String::as_str).unwrap_or_default();
            return format!("a guard gets no keys from here: {found}{code}");
        }
        let warnings = self.steps.iter().filter(|step| step.outcome == Outcome::Warning).count();
        match (worst, warnings) {
            (Outcome::Bad, _) if self.keys == 0 => "a guard gets no keys from here".to_owned(),
            (Outcome::Bad, _) => format!("a guard gets {keys}, but what must be secret is published"),
            (_, 0) => format!("a guard gets {keys}"),
            (_, 1) => format!("a guard gets {keys}; 1 step needs a look"),
            (_, count) => format!("a guard gets {keys}; {count} steps need a look"),
        }
    }

    fn told(&self, worst: Outcome, message: &str, help: &[&str]) -> String {
        let mut out = String::new();
        if self.steps.iter().any(Step::is_alarm) {
            let _ = writeln!(out, "{LOUD} SECRET KEYS ARE PUBLISHED {LOUD:#}\n");
        }
        for (document, place) in &self.places {
            let _ = writeln!(out, "{STRONG}{document}{STRONG:#}  {}", shown(place));
            let steps = || self.steps.iter().filter(|step| step.document == *document);
            let is_key = |step: &&Step| step.step.starts_with("key ");
            let hidden = steps().filter(is_key).count().saturating_sub(KEYS_SHOWN);
            let mut keys = 0;
            for step in steps() {
                keys += usize::from(is_key(&step));
                // What is wrong with a key is shown, however many there are.
                if keys <= KEYS_SHOWN || !is_key(&step) || step.is_alarm() {
                    step.tell(&mut out);
                }
            }
            if hidden > 0 {
                let _ = writeln!(out, "  {FAINT}· and {hidden} more keys (--json has all){FAINT:#}");
            }
            out.push('\n');
        }
        let (style, mark) = match worst {
            Outcome::Good | Outcome::Noted => (GOOD, '✓'),
            Outcome::Warning => (WARNED, '!'),
            Outcome::Bad => (BAD, '✗'),
        };
        let _ = writeln!(out, "{style}{mark} {}{style:#}", shown(message));
        help.iter().for_each(|help| paragraph(&mut out, 2, &shown(help)));
        out
    }
}

impl Step {
    /// With the code that a guard's status shows.
    pub(super) fn of(&mut self, code: Code) -> &mut Step {
        self.code = Some(code.slug());
        self
    }

    /// With what to do about it.
    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Step {
        self.help = Some(help.into());
        self
    }

    /// With more to say.
    pub(super) fn line(&mut self, line: impl Into<String>) -> &mut Step {
        self.found.push(line.into());
        self
    }

    /// With more lines.
    pub(super) fn lines(&mut self, lines: Vec<String>) -> &mut Step {
        self.found.extend(lines);
        self
    }

    /// With data for programs.
    pub(super) fn facts(&mut self, facts: Value) -> &mut Step {
        self.facts = facts;
        self
    }

    /// Something is published that must be secret. A guard goes on with the other keys.
    fn is_alarm(&self) -> bool {
        [Code::JwksPrivateKey, Code::JwksSymmetricKey].iter().any(|code| self.code == Some(code.slug()))
    }

    fn tell(&self, out: &mut String) {
        const LABEL: usize = 11;
        let (style, mark) = match self.outcome {
            Outcome::Good => (PASSED, '✓'),
            Outcome::Noted => (FAINT, '·'),
            Outcome::Warning => (WARNED, '!'),
            Outcome::Bad => (FAILED, '✗'),
        };
        let room = terminal::width() - LABEL - 5;
        let code = self.code.map(|code| format!(" [{code}]")).unwrap_or_default();
        let lines = self.found.iter().enumerate().flat_map(|(at, line)| {
            let code = if at == 0 { code.as_str() } else { "" };
            wrapped(&format!("{}{code}", shown(line)), room)
        });
        for (at, line) in lines.enumerate() {
            let (mark, label) = if at == 0 { (mark, self.step.as_str()) } else { (' ', "") };
            let _ = writeln!(out, "  {style}{mark}{style:#} {FAINT}{label:<LABEL$}{FAINT:#} {line}");
        }
    }
}

/// One line or several.
pub(super) struct Found(Vec<String>);

impl From<&str> for Found {
    fn from(line: &str) -> Found {
        Found(vec![line.to_owned()])
    }
}

impl From<String> for Found {
    fn from(line: String) -> Found {
        Found(vec![line])
    }
}

impl From<Vec<String>> for Found {
    fn from(lines: Vec<String>) -> Found {
        Found(lines)
    }
}
