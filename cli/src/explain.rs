//! `explain`: every check of a verification, one by one.

use std::fmt::Write;

use counterseal::core::inbound::{Outcome, Stage};
use counterseal::{Check, Code, Guard, Report, UnixTime, Verdict};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::answer::{Answer, Failure};
use crate::arguments::Judge;
use crate::layout::wrapped;
use crate::rejection::{self, no_verdict};
use crate::said::Said;
use crate::status::Status;
use crate::terminal::{self, FAILED, FAINT, GOOD, PASSED, STRONG};
use crate::text::shown;
use crate::verify::{self, identity_json};
use crate::{dates, identity, input, policy};

pub(crate) fn run(arguments: &Judge, json: bool) -> Result<Answer, Failure> {
    let guard = Guard::new(policy::load(&arguments.policy)?);
    let token = input::token(&arguments.token)?;
    let now = arguments.time.now;
    verify::fetch_keys(&guard, &token);
    let report = match now {
        None => guard.explain(&*token),
        Some(now) => Ok(guard.explain_at(&*token, now)),
    };
    match report {
        Ok(report) if json => as_json(&report),
        Ok(report) => {
            let now = now.unwrap_or_else(dates::now);
            Ok(Answer::text(status(&report), told(&report, &Said::by(&token), now)))
        }
        Err(error) => verify::no_verdict(error, json),
    }
}

#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// Of a rejection: does it count?
    #[serde(skip_serializing_if = "Option::is_none")]
    enforced: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<Box<RawValue>>,
}

fn as_json(report: &Report) -> Result<Answer, Failure> {
    let (enforced, identity) = match &report.verdict {
        Verdict::Verified(identity) => (None, Some(identity_json(identity)?)),
        Verdict::Rejected(rejection) => (Some(rejection.enforced()), None),
        Verdict::Pending => (None, None),
    };
    Ok(Answer::json(status(report), &Explained { report, enforced, identity }))
}

fn status(report: &Report) -> Status {
    match &report.verdict {
        Verdict::Verified(_) => Status::Good,
        Verdict::Rejected(rejection) => rejection::status(rejection),
        Verdict::Pending => Status::Unavailable,
    }
}

/// Where the name of a check begins: behind `  ✓ ABC-12 `.
const INDENT: usize = 11;
/// Most names are not longer than this.
const NAME_COLUMN: usize = 46;

fn told(report: &Report, said: &Said, now: UnixTime) -> String {
    let mut out = String::new();
    let subject = match &report.verdict {
        Verdict::Rejected(rejection) => rejection.subject().as_str(),
        _ => None,
    };
    for stage in Stage::ALL {
        let mut checks = report.checks.iter().filter(|check| check.stage == stage).peekable();
        if checks.peek().is_some() {
            let _ = writeln!(out, "{STRONG}{}{STRONG:#}", title(stage));
        }
        for check in checks {
            let own = check.detail.as_deref().map(shown);
            line(&mut out, check, own.or_else(|| said.about(check, subject)));
        }
    }
    for stage in report.not_reached() {
        let _ = writeln!(out, "{FAINT}{:<24} not reached{FAINT:#}", title(stage));
    }
    out.push('\n');
    match &report.verdict {
        Verdict::Verified(proven) => {
            let checks = report.checks.len();
            let _ = writeln!(out, "{GOOD}✓ verified{GOOD:#}  {FAINT}{checks} checks passed{FAINT:#}\n");
            out.push_str(&identity::shown(proven, now));
        }
        Verdict::Rejected(rejection) => out.push_str(&rejection::told(rejection, None)),
        Verdict::Pending => out.push_str(&no_verdict(Code::KeysUnavailable, 503, None)),
    }
    out
}

/// One check: its mark, its rule, what it asks, and what is known about it.
fn line(out: &mut String, check: &Check, detail: Option<String>) {
    let passed = check.outcome == Outcome::Passed;
    let (mark, style) = if passed { ('✓', PASSED) } else { ('✗', FAILED) };
    let name = check.name();
    let emphasis = if passed { Default::default() } else { FAILED };
    let _ =
        write!(out, "  {style}{mark}{style:#} {FAINT}{}{FAINT:#} {emphasis}{name}{emphasis:#}", check.rule);
    let Some(detail) = detail else {
        out.push('\n');
        return;
    };
    // Beside the check where it fits there, else below it.
    let gap = NAME_COLUMN.saturating_sub(name.len()) + 2;
    if INDENT + name.len() + gap + detail.chars().count() <= terminal::width() {
        let _ = writeln!(out, "{:gap$}{FAINT}{detail}{FAINT:#}", "");
        return;
    }
    out.push('\n');
    for part in wrapped(&detail, terminal::width() - INDENT) {
        let _ = writeln!(out, "{:INDENT$}{FAINT}{part}{FAINT:#}", "");
    }
}

fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Structure => "Structure",
        Stage::Json => "JSON",
        Stage::Header => "Header",
        Stage::Issuer => "Issuer, type, algorithm",
        Stage::Key => "Key",
        Stage::Signature => "Signature",
        Stage::Kind => "Kind of token",
        Stage::Claims => "Claims",
        Stage::Binding => "Binding",
        Stage::Authorization => "Authorization",
    }
}
