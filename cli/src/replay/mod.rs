//! `replay`: a file of tokens under one policy, or under two, and what would change.
//!
//! Nothing of a token is kept or shown: counts, codes, and the numbers of lines.

mod judge;
mod lines;
mod table;
mod told;

use counterseal::Guard;
use serde::Serialize;

use crate::answer::{Answer, Failure};
use crate::arguments::{PolicyFile, Replay};
use crate::status::Status;
use crate::{dates, input, policy};

use judge::Judge;
use lines::{Entry, Lines};
use table::Table;

pub(crate) fn run(arguments: &Replay, json: bool) -> Result<Answer, Failure> {
    let new = guard("--policy", &arguments.policy)?;
    let old = match &arguments.against {
        None => None,
        Some(path) => {
            let service = arguments.policy.service.clone();
            Some(guard("--against", &PolicyFile { path: path.clone(), service })?)
        }
    };
    // One time for all tokens that have none of their own: both policies judge at the same instant.
    let now = arguments.now.unwrap_or_else(dates::now);
    let judge = Judge { new: &new.guard, old: old.as_ref().map(|old| &old.guard) };
    let mut table = Table::new(usize::from(arguments.lines), old.is_some());
    let mut lines = Lines::new(input::stream("FILE", &arguments.file)?);
    let cannot_read = |error| input::cannot_read("FILE", &error);
    if let Some(reason) = lines.no_text().map_err(cannot_read)? {
        return Err(Failure::Usage(reason.to_owned()));
    }
    while let Some(line) = lines.next().map_err(cannot_read)? {
        match line.entry() {
            Entry::Nothing => {}
            Entry::Unreadable => table.count_unreadable(line.number),
            Entry::Token { token, now: own } => {
                table.count(line.number, judge.verdicts(&token, own.unwrap_or(now))?);
            }
        }
    }
    if table.is_empty() {
        return Err(Failure::Usage("the file holds no token".to_owned()));
    }
    let replayed = Replayed {
        verdict: match (table.changes(), old.is_some()) {
            (true, true) => "changed",
            (false, true) => "same",
            (true, false) => "refused",
            (false, false) => "verified",
        },
        table: &table,
        report_only: ReportOnly { policy: new.report_only(), against: old.as_ref().map(Loaded::report_only) },
    };
    let status = status(&table);
    Ok(if json { Answer::json(status, &replayed) } else { Answer::text(status, told::told(&replayed)) })
}

/// A policy with its guard.
struct Loaded {
    guard: Guard,
    report_only: Vec<String>,
}

impl Loaded {
    fn report_only(&self) -> &[String] {
        &self.report_only
    }
}

fn guard(option: &'static str, file: &PolicyFile) -> Result<Loaded, Failure> {
    let policy = policy::load_as(option, file)?;
    let quiet = policy.core().issuers().filter(|issuer| !issuer.is_enforced());
    let report_only = quiet.map(|issuer| issuer.name().to_owned()).collect();
    let guard = Guard::new(policy);
    // Keys are fetched once for all tokens: those of a replay are judged at a time of their own, which fetches none.
    let _ = guard.ready(guard.wait());
    Ok(Loaded { guard, report_only })
}

/// What came out.
#[derive(Serialize)]
struct Replayed<'a> {
    verdict: &'static str,
    #[serde(flatten)]
    table: &'a Table,
    report_only: ReportOnly<'a>,
}

/// Entries with `enforce = false`.
#[derive(Serialize)]
struct ReportOnly<'a> {
    policy: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<&'a [String]>,
}

/// What could not be judged comes before what was: a caller must not take the rest for the whole.
fn status(table: &Table) -> Status {
    if table.unreadable() > 0 {
        Status::Usage
    } else if table.without_verdict() > 0 {
        Status::Unavailable
    } else if table.changes() {
        Status::Refused
    } else {
        Status::Good
    }
}
