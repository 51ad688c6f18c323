//! One token under one policy or two.

use std::collections::BTreeMap;

use counterseal::core::error::Rejection;
use counterseal::{Class, Code, Error, Guard, Identity, Rule, UnixTime};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::answer::Failure;

/// The guards of a replay.
pub(super) struct Judge<'g> {
    pub(super) new: &'g Guard,
    pub(super) old: Option<&'g Guard>,
}

/// What became of a token.
pub(super) struct Verdicts {
    pub(super) new: Verdict,
    pub(super) old: Option<Verdict>,
    /// Fields in which the identities differ, where both policies accept.
    pub(super) differs: Vec<String>,
}

/// A verdict without anything of the token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Verdict {
    Verified,
    Refused(Refusal),
    /// An outage.
    None(Code),
}

/// Why a token was refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) rule: Rule,
    /// A name of the policy or of the specifications.
    pub(super) subject: Option<String>,
    pub(super) enforced: bool,
}

#[derive(Serialize)]
struct Written<'a> {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enforced: Option<bool>,
}

impl Judge<'_> {
    /// Both at the same time, which judges the claims only: no cache stands between them.
    pub(super) fn verdicts(&self, token: &[u8], now: UnixTime) -> Result<Verdicts, Failure> {
        let new = self.new.try_verify_at(token, now);
        let Some(old) = self.old else {
            return Ok(Verdicts { new: Verdict::of(&new)?, old: None, differs: Vec::new() });
        };
        let old = old.try_verify_at(token, now);
        let differs = match (&new, &old) {
            (Ok(new), Ok(old)) => differing(new, old)?,
            _ => Vec::new(),
        };
        Ok(Verdicts { new: Verdict::of(&new)?, old: Some(Verdict::of(&old)?), differs })
    }
}

impl Verdict {
    fn of(outcome: &Result<Identity, Error>) -> Result<Verdict, Failure> {
        match outcome {
            Ok(_) => Ok(Verdict::Verified),
            Err(Error::TokenRejected(rejection)) if rejection.code().class() == Class::Internal => {
                Err(Failure::Internal)
            }
            Err(Error::TokenRejected(rejection)) => Ok(Verdict::Refused(Refusal::of(rejection))),
            Err(Error::Unavailable(outage)) => Ok(Verdict::None(outage.code())),
            Err(_) => Err(Failure::Internal),
        }
    }
}

impl Refusal {
    fn of(rejection: &Rejection) -> Refusal {
        Refusal {
            code: rejection.code(),
            rule: rejection.rule(),
            subject: rejection.subject().as_str().map(str::to_owned),
            enforced: rejection.enforced(),
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nothing = Written {
            verdict: "verified",
            code: None,
            number: None,
            rule: None,
            subject: None,
            enforced: None,
        };
        let written = match self {
            Verdict::Verified => nothing,
            Verdict::None(code) => Written {
                verdict: "unavailable",
                code: Some(code.slug()),
                number: Some(code.number()),
                ..nothing
            },
            Verdict::Refused(refusal) => Written {
                verdict: "rejected",
                code: Some(refusal.code.slug()),
                number: Some(refusal.code.number()),
                rule: Some(refusal.rule.id()),
                subject: refusal.subject.as_deref(),
                enforced: Some(refusal.enforced),
            },
        };
        written.serialize(serializer)
    }
}

/// The names of the fields in which the same token gives two identities.
fn differing(new: &Identity, old: &Identity) -> Result<Vec<String>, Failure> {
    let (new, old) = (new.to_json(), old.to_json());
    if new == old {
        return Ok(Vec::new());
    }
    let fields =
        |json| serde_json::from_str::<BTreeMap<String, &RawValue>>(json).map_err(|_| Failure::Internal);
    let (new, old) = (fields(&new)?, fields(&old)?);
    let mut names: Vec<String> = new.keys().chain(old.keys()).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| new.get(name).map(|value| value.get()) != old.get(name).map(|value| value.get()));
    Ok(names)
}
