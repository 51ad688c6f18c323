//! A replay for people.

use std::fmt::Write;

use counterseal::Code;

use super::judge::{Refusal, Verdict};
use super::table::{Change, Fate, Table, Tally};
use super::{Replayed, ReportOnly};
use crate::layout::{paragraph, wrapped};
use crate::terminal::{self, BAD, FAINT, GOOD, STRONG, WARNED};
use crate::text::{shown, word};

/// Where text begins behind a count.
const INDENT: usize = 12;

/// Headline, counts, and what happened to whom.
pub(super) fn told(replayed: &Replayed<'_>) -> String {
    let table = replayed.table;
    let mut out = headline(table);
    let is_shown = |change: &Change| *change != Change::NoVerdict || table.total(*change) > 0;
    for change in table.kinds().filter(is_shown) {
        let _ = writeln!(out, "{:>10}  {}", table.total(change), told_as(change));
    }
    if table.unreadable() > 0 {
        let tally = table.unreadable_lines();
        let _ = writeln!(out, "\n{WARNED}Not judged: lines that hold no token in a known form{WARNED:#}");
        row(&mut out, tally, "no token, or a time that is none");
    }
    for change in table.kinds().filter(|change| change.counts()) {
        section(&mut out, table, change);
    }
    if table.holds_no_readable_token() {
        out.push('\n');
        paragraph(&mut out, 2, "No line holds a token that can be read: is it a file of tokens, one a line?");
    }
    report_only(&mut out, &replayed.report_only, table);
    out
}

fn headline(table: &Table) -> String {
    let (tokens, changed) = (table.tokens(), table.changed());
    let all = if tokens == 1 { "1 token".to_owned() } else { format!("{tokens} tokens") };
    match (table.changes(), table.compares()) {
        (false, true) => format!("{GOOD}✓ nothing changes for {all}{GOOD:#}\n\n"),
        (false, false) => format!("{GOOD}✓ none of {all} is refused{GOOD:#}\n\n"),
        (true, true) => format!("{BAD}✗ something changes for {changed} of {all}{BAD:#}\n\n"),
        (true, false) => format!("{BAD}✗ {changed} of {all} not verified{BAD:#}\n\n"),
    }
}

fn told_as(change: Change) -> &'static str {
    match change {
        Change::WouldBeRefused => "would be refused",
        Change::WouldBeVerified => "would be verified",
        Change::RefusedOtherwise => "would be refused for another reason",
        Change::OtherIdentity => "would be verified as another identity",
        Change::NoVerdict => "without a verdict",
        Change::VerifiedAlike => "verified by both, as the same identity",
        Change::RefusedAlike => "refused by both, for the same reason",
        Change::Verified => "verified",
        Change::Refused => "refused",
    }
}

fn section(out: &mut String, table: &Table, change: Change) {
    let mut rows = table.of(change).peekable();
    if rows.peek().is_none() {
        return;
    }
    let title = match change {
        Change::WouldBeRefused => "Would be refused",
        Change::WouldBeVerified => "Would be verified, refused until now by",
        Change::RefusedOtherwise => "Would be refused for another reason",
        Change::OtherIdentity => "Would be verified as another identity, which differs in",
        Change::NoVerdict => "Without a verdict",
        _ => "Refused",
    };
    let _ = writeln!(out, "\n{STRONG}{title}{STRONG:#}");
    for (fate, tally) in rows {
        row(out, tally, &reason(fate));
    }
}

/// The count, the reason, and the first lines.
fn row(out: &mut String, tally: &Tally, reason: &str) {
    let room = terminal::width() - INDENT;
    let mut lines = wrapped(reason, room).into_iter();
    let _ = writeln!(out, "{:>10}  {}", tally.count, lines.next().unwrap_or_default());
    for line in lines {
        let _ = writeln!(out, "{:INDENT$}{line}", "");
    }
    if tally.lines.is_empty() {
        return;
    }
    let mut numbers = tally.lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    if tally.count > tally.lines.len() as u64 {
        numbers.push_str(", …");
    }
    let label = if tally.count == 1 { "line" } else { "lines" };
    for line in wrapped(&format!("{label} {numbers}"), room) {
        let _ = writeln!(out, "{:INDENT$}{FAINT}{line}{FAINT:#}", "");
    }
}

fn reason(fate: &Fate) -> String {
    let verdict = |verdict: &Verdict| match verdict {
        Verdict::Verified => "verified".to_owned(),
        Verdict::None(code) => named(*code),
        Verdict::Refused(refusal) => refused(refusal),
    };
    match (fate.change, &fate.old) {
        (Change::OtherIdentity, _) => fate.differs.join(", "),
        (Change::WouldBeVerified, Some(old)) => verdict(old),
        (Change::RefusedOtherwise | Change::NoVerdict, Some(old)) => {
            format!("{} → {}", verdict(old), verdict(&fate.new))
        }
        _ => match &fate.new {
            Verdict::Refused(refusal) => format!("{}: {}", refused(refusal), refusal.code.message()),
            other => verdict(other),
        },
    }
}

fn named(code: Code) -> String {
    format!("{code} ({})", code.number())
}

fn refused(refusal: &Refusal) -> String {
    let about = refusal.subject.as_deref().filter(|name| !name.is_empty());
    let about = about.map(|name| format!(" about {}", shown(name))).unwrap_or_default();
    let weight = if refusal.enforced { "" } else { ", reported only" };
    format!("{} by {}{about}{weight}", named(refusal.code), refusal.rule)
}

/// Where `enforce = false` is in play.
fn report_only(out: &mut String, entries: &ReportOnly<'_>, table: &Table) {
    let names = |names: &[String]| names.iter().map(|name| word(name)).collect::<Vec<_>>().join(", ");
    let sides = [("--policy", Some(entries.policy)), ("--against", entries.against)];
    let mut is_first = true;
    for (option, list) in sides.into_iter().filter_map(|(option, list)| Some((option, list?))) {
        if list.is_empty() {
            continue;
        }
        if std::mem::take(&mut is_first) {
            let _ = writeln!(out, "\n{WARNED}Report only (enforce = false){WARNED:#}");
        }
        paragraph(out, 2, &format!("{option}: {}", names(list)));
    }
    let count = table.reported_only();
    if count > 0 {
        let are = if count == 1 { "refusal is" } else { "refusals are" };
        let text =
            format!("{count} {are} reported by --policy and would not count: another library decides.");
        paragraph(out, 2, &text);
    }
}
