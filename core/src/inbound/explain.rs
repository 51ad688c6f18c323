//! The same verification with every check written down (EXP-01, EXP-02).

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Engine, Stop, Why, verify};
use crate::error::{Code, Rejection};
use crate::identity::Identity;
use crate::record::Recorder;
pub use crate::record::Stage;
use crate::rule::Rule;
use crate::time::Now;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The token satisfies it.
    Passed,
    /// The token does not; the verification ended here.
    Failed,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The rule that asks for it.
    pub rule: Rule,
    /// The step it belongs to.
    pub stage: Stage,
    /// How it ended.
    pub outcome: Outcome,
    /// More about it; values of the token only behind a valid signature.
    pub detail: Option<String>,
}

impl Check {
    /// What the check asks, in a few words.
    pub fn name(&self) -> &'static str {
        self.rule.asks()
    }
}

/// What became of the token.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It passed.
    Verified(Identity),
    /// It did not.
    Rejected(Rejection),
    /// The issuer's keys are not there yet.
    Pending,
}

/// Every check of one verification, in order. It holds no token and no key.
#[derive(Clone, Debug)]
pub struct Report {
    /// What became of the token: the same as `verify` says.
    pub verdict: Verdict,
    /// The checks up to the first that failed.
    pub checks: Vec<Check>,
}

impl Report {
    /// `verified`, `rejected` or `pending`.
    pub fn verdict_name(&self) -> &'static str {
        match self.verdict {
            Verdict::Verified(_) => "verified",
            Verdict::Rejected(_) => "rejected",
            Verdict::Pending => "pending",
        }
    }

    /// The code of a rejection.
    pub fn code(&self) -> Option<Code> {
        match &self.verdict {
            Verdict::Rejected(rejection) => Some(rejection.code()),
            Verdict::Pending => Some(Code::KeysUnavailable),
            Verdict::Verified(_) => None,
        }
    }

    /// The steps that the verification did not come to.
    pub fn not_reached(&self) -> impl Iterator<Item = Stage> {
        let passed = matches!(self.verdict, Verdict::Verified(_));
        let last = self.checks.last().map(|check| check.stage);
        Stage::ALL.into_iter().filter(move |stage| !passed && last.is_none_or(|last| *stage > last))
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("Check", 5)?;
        row.serialize_field("rule", self.rule.id())?;
        row.serialize_field("name", self.name())?;
        row.serialize_field("stage", self.stage.name())?;
        row.serialize_field("outcome", if self.outcome == Outcome::Passed { "passed" } else { "failed" })?;
        row.serialize_field("detail", &self.detail)?;
        row.end()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Report", 4)?;
        report.serialize_field("verdict", self.verdict_name())?;
        report.serialize_field("code", &self.code().map(Code::slug))?;
        report.serialize_field("checks", &self.checks)?;
        let not_reached: Vec<&str> = self.not_reached().map(Stage::name).collect();
        report.serialize_field("not_reached", &not_reached)?;
        report.end()
    }
}

/// Verifies a bare token and writes every check down. Touches neither cache nor memory of headers.
pub(crate) fn explain(engine: &Engine, token: &[u8], now: Now) -> Report {
    let mut writer = Writer { checks: Vec::with_capacity(64), stage: Stage::Structure, judged: 0 };
    let verdict = match verify(engine, token, now, &mut writer) {
        Ok(accepted) => Verdict::Verified(accepted.identity),
        Err(Stop { why: Why::Rejected(rejection), about }) => {
            let enforced = engine.enforces(about, rejection.code());
            Verdict::Rejected(rejection.with_enforced(enforced))
        }
        Err(Stop { why: Why::Pending(_), .. }) => Verdict::Pending,
    };
    Report { verdict, checks: writer.checks }
}

struct Writer {
    checks: Vec<Check>,
    stage: Stage,
    /// The line of the check judged last.
    judged: usize,
}

impl Recorder for Writer {
    const MAY_REMEMBER: bool = false;

    fn stage(&mut self, stage: Stage) {
        self.stage = stage;
    }

    fn judge(&mut self, rule: Rule, holds: bool) -> bool {
        let holds = holds || rule.is_off();
        let outcome = if holds { Outcome::Passed } else { Outcome::Failed };
        let stage = self.stage;
        // A rule that several claims go through is one line. Where it fails, that is the last line, and
        // an earlier one stays only if it tells what has passed.
        let line = self.checks.iter().rposition(|check| check.stage == stage && check.rule == rule);
        if let Some(line) = line.filter(|line| !holds && self.checks[*line].detail.is_none()) {
            self.checks.remove(line);
        }
        self.judged = line.filter(|_| holds).unwrap_or_else(|| {
            self.checks.push(Check { rule, stage, outcome, detail: None });
            self.checks.len() - 1
        });
        holds
    }

    fn detail(&mut self, text: impl FnOnce() -> String) {
        let text = text();
        if let Some(check) = self.checks.get_mut(self.judged).filter(|_| !text.is_empty()) {
            check.detail = Some(match check.detail.take() {
                Some(earlier) => format!("{earlier}, {text}"),
                None => text,
            });
        }
    }
}
