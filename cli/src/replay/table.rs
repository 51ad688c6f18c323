//! Counts: how many tokens share a fate, and the first lines that they stand in. Their number grows with
//! the codes and not with the file.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use counterseal::Class;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::judge::{Verdict, Verdicts};

/// What happened to all tokens.
pub(super) struct Table {
    /// How many lines of a fate are kept.
    most_lines: usize,
    unreadable: Tally,
    fates: HashMap<Fate, Tally>,
    /// Are two policies compared?
    compares: bool,
    tokens: u64,
    changes: u64,
}

/// The fate that tokens share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Fate {
    pub(super) change: Change,
    /// Under the policy that is compared with.
    pub(super) old: Option<Verdict>,
    pub(super) new: Verdict,
    /// Where the token speaks for another identity: the fields.
    pub(super) differs: Vec<String>,
}

/// What the new policy changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Change {
    /// Verified, and is not any more.
    WouldBeRefused,
    /// Refused, and would be verified.
    WouldBeVerified,
    /// Refused by both, with another code or rule, or with another weight.
    RefusedOtherwise,
    /// Verified by both, as another identity.
    OtherIdentity,
    /// One of the policies cannot decide.
    NoVerdict,
    VerifiedAlike,
    RefusedAlike,
    /// With one policy only.
    Verified,
    /// With one policy only.
    Refused,
}

impl Fate {
    fn is_malformed(&self) -> bool {
        matches!(&self.new, Verdict::Refused(refusal) if refusal.code.class() == Class::Malformed)
    }
}

/// How many, and where.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Tally {
    pub(super) count: u64,
    #[serde(skip)]
    first: u64,
    pub(super) lines: Vec<u64>,
}

impl Tally {
    fn note(&mut self, line: u64, most_lines: usize) {
        if self.count == 0 {
            self.first = line;
        }
        self.count += 1;
        if self.lines.len() < most_lines {
            self.lines.push(line);
        }
    }
}

impl Change {
    pub(super) const ALL: [Change; 9] = [
        Change::WouldBeRefused,
        Change::WouldBeVerified,
        Change::RefusedOtherwise,
        Change::OtherIdentity,
        Change::NoVerdict,
        Change::VerifiedAlike,
        Change::RefusedAlike,
        Change::Verified,
        Change::Refused,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Change::WouldBeRefused => "would_be_refused",
            Change::WouldBeVerified => "would_be_verified",
            Change::RefusedOtherwise => "refused_otherwise",
            Change::OtherIdentity => "other_identity",
            Change::NoVerdict => "no_verdict",
            Change::VerifiedAlike => "verified_alike",
            Change::RefusedAlike => "refused_alike",
            Change::Verified => "verified",
            Change::Refused => "refused",
        }
    }

    /// Does it belong to a replay with one policy, or with two?
    fn is_of(self, compares: bool) -> bool {
        match self {
            Change::Verified | Change::Refused => !compares,
            Change::NoVerdict => true,
            _ => compares,
        }
    }

    /// Is it something to look at?
    pub(super) fn counts(self) -> bool {
        !matches!(self, Change::VerifiedAlike | Change::RefusedAlike | Change::Verified)
    }

    fn of(verdicts: &Verdicts) -> Change {
        match (&verdicts.old, &verdicts.new) {
            (Some(Verdict::None(_)), _) | (_, Verdict::None(_)) => Change::NoVerdict,
            (None, Verdict::Verified) => Change::Verified,
            (None, Verdict::Refused(_)) => Change::Refused,
            (Some(Verdict::Verified), Verdict::Verified) if verdicts.differs.is_empty() => {
                Change::VerifiedAlike
            }
            (Some(Verdict::Verified), Verdict::Verified) => Change::OtherIdentity,
            (Some(Verdict::Verified), Verdict::Refused(_)) => Change::WouldBeRefused,
            (Some(Verdict::Refused(_)), Verdict::Verified) => Change::WouldBeVerified,
            (Some(Verdict::Refused(old)), Verdict::Refused(new)) if old == new => Change::RefusedAlike,
            (Some(Verdict::Refused(_)), Verdict::Refused(_)) => Change::RefusedOtherwise,
        }
    }
}

impl Table {
    pub(super) fn new(most_lines: usize, compares: bool) -> Table {
        let (unreadable, fates) = (Tally::default(), HashMap::new());
        Table { most_lines, unreadable, fates, compares, tokens: 0, changes: 0 }
    }

    pub(super) fn count(&mut self, line: u64, verdicts: Verdicts) {
        let change = Change::of(&verdicts);
        self.tokens += 1;
        self.changes += u64::from(change.counts());
        let Verdicts { new, old, differs } = verdicts;
        self.fates.entry(Fate { change, old, new, differs }).or_default().note(line, self.most_lines);
    }

    pub(super) fn count_unreadable(&mut self, line: u64) {
        self.unreadable.note(line, self.most_lines);
    }

    /// Was there neither a token nor a line that should be one?
    pub(super) fn is_empty(&self) -> bool {
        self.tokens == 0 && self.unreadable.count == 0
    }

    pub(super) fn tokens(&self) -> u64 {
        self.tokens
    }

    pub(super) fn changed(&self) -> u64 {
        self.changes
    }

    pub(super) fn changes(&self) -> bool {
        self.changes > 0
    }

    pub(super) fn unreadable(&self) -> u64 {
        self.unreadable.count
    }

    pub(super) fn unreadable_lines(&self) -> &Tally {
        &self.unreadable
    }

    pub(super) fn without_verdict(&self) -> u64 {
        self.total(Change::NoVerdict)
    }

    pub(super) fn total(&self, change: Change) -> u64 {
        self.of(change).map(|(_, tally)| tally.count).sum()
    }

    /// What can happen in this replay.
    pub(super) fn kinds(&self) -> impl Iterator<Item = Change> {
        let compares = self.compares;
        Change::ALL.into_iter().filter(move |change| change.is_of(compares))
    }

    /// Is not one of them a token that can be read? Then the file may be of another kind.
    pub(super) fn holds_no_readable_token(&self) -> bool {
        self.tokens > 0 && self.fates.keys().all(Fate::is_malformed)
    }

    pub(super) fn compares(&self) -> bool {
        self.compares
    }

    /// How many refusals of the new policy would be reported only.
    pub(super) fn reported_only(&self) -> u64 {
        let is_quiet = |fate: &Fate| matches!(&fate.new, Verdict::Refused(refusal) if !refusal.enforced);
        self.fates.iter().filter(|(fate, _)| is_quiet(fate)).map(|(_, tally)| tally.count).sum()
    }

    /// The fates of one kind, the most frequent first.
    pub(super) fn of(&self, change: Change) -> impl Iterator<Item = (&Fate, &Tally)> {
        let mut fates: Vec<_> = self.fates.iter().filter(|(fate, _)| fate.change == change).collect();
        fates.sort_by_key(|(_, tally)| (Reverse(tally.count), tally.first));
        fates.into_iter()
    }
}

#[derive(Serialize)]
struct Row<'t> {
    change: &'static str,
    #[serde(flatten)]
    tally: &'t Tally,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<&'t Verdict>,
    policy: &'t Verdict,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    differs: &'t [String],
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts: BTreeMap<&str, u64> =
            self.kinds().map(|change| (change.name(), self.total(change))).collect();
        let rows = self.kinds().flat_map(|change| self.of(change));
        let rows: Vec<Row<'_>> = rows
            .map(|(fate, tally)| Row {
                change: fate.change.name(),
                tally,
                against: fate.old.as_ref(),
                policy: &fate.new,
                differs: &fate.differs,
            })
            .collect();
        let mut table = serializer.serialize_struct("Table", 5)?;
        table.serialize_field("tokens", &self.tokens)?;
        table.serialize_field("unreadable", &self.unreadable)?;
        table.serialize_field("counts", &counts)?;
        table.serialize_field("reported_only", &self.reported_only())?;
        table.serialize_field("rows", &rows)?;
        table.end()
    }
}
