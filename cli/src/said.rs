//! What the token itself says where a check has nothing to tell. It is the user's own token on the
//! user's own terminal (EXP-02); a guard never shows this.

use counterseal::core::inbound::{Finding, Outcome, Stage, Unverified, inspect};
use counterseal::core::json::{Pointer, Value};
use counterseal::{Check, Rule};

use crate::text::{clipped, safe_json, shown, word};

/// Longest value shown in a table, in characters.
const LONGEST: usize = 200;

/// A token taken apart, for the details of its checks.
pub(crate) struct Said {
    token: Unverified,
}

impl Said {
    pub(crate) fn by(token: &[u8]) -> Said {
        Said { token: inspect(token) }
    }

    /// The value that the check is about, or the place at which it failed. `name` is the claim or
    /// header that a rejection by this check is about.
    pub(crate) fn about(&self, check: &Check, name: Option<&str>) -> Option<String> {
        let passed = check.outcome == Outcome::Passed;
        if matches!(check.stage, Stage::Structure | Stage::Json) {
            return if passed { None } else { self.fault(check.rule) };
        }
        let value = match name.filter(|name| !passed && !name.is_empty()) {
            Some(name) => self.named(name, check.stage),
            // The core tells this one itself, once.
            None if passed && check.rule == Rule::Jws03 => None,
            None => self.of(subject(check.rule)?),
        };
        match (value, passed) {
            (Some(value), true) => Some(told(value)),
            (Some(value), false) => Some(format!("the token says {}", told(value))),
            (None, true) => None,
            (None, false) => Some("the token says nothing".to_owned()),
        }
    }

    fn named(&self, name: &str, stage: Stage) -> Option<Value<'_>> {
        let is_header = matches!(stage, Stage::Header | Stage::Key) || ["alg", "typ"].contains(&name);
        if is_header {
            return self.token.unverified_header()?.get(name);
        }
        Pointer::parse(name)?.find(self.token.unverified_claims()?)
    }

    fn of(&self, subject: Subject) -> Option<Value<'_>> {
        match subject {
            Subject::Header(name) => self.token.unverified_header()?.get(name),
            Subject::Claim(name) => self.token.unverified_claims()?.get(name),
            Subject::Actor => Pointer::parse("/act/sub")?.find(self.token.unverified_claims()?),
        }
    }

    /// The finding of `inspect` by the same rule.
    fn fault(&self, rule: Rule) -> Option<String> {
        let is_it = |finding: &&Finding| finding.rejection.rule() == rule;
        let finding = self.token.findings().iter().find(is_it)?;
        let about = finding.rejection.subject().as_str().filter(|name| !name.is_empty());
        let about = about.map(|name| format!(", {}", shown(name))).unwrap_or_default();
        let offset = finding.offset.map(|offset| format!(", at byte {offset}")).unwrap_or_default();
        finding.segment.map(|segment| format!("in the {segment}{about}{offset}"))
    }
}

enum Subject {
    Header(&'static str),
    Claim(&'static str),
    Actor,
}

/// The header or claim that a rule is about, where one value says it all.
fn subject(rule: Rule) -> Option<Subject> {
    use Subject::{Actor, Claim, Header};
    Some(match rule {
        Rule::Jws03 => Header("alg"),
        Rule::Jws11 => Header("crit"),
        Rule::Jws12 => Header("b64"),
        Rule::Jws14 | Rule::Jws15 => Header("typ"),
        Rule::Jws16 => Header("cty"),
        Rule::Jwk08 | Rule::Jws21 => Header("kid"),
        Rule::Clm01 => Claim("iss"),
        Rule::Clm04 => Claim("sub"),
        Rule::Clm06 | Rule::Idt01 => Claim("aud"),
        Rule::Clm19 | Rule::Act06 => Claim("scope"),
        Rule::Idt02 | Rule::Idt10 => Claim("azp"),
        Rule::Bnd01 | Rule::Act08 => Claim("cnf"),
        Rule::Xch05 => Actor,
        _ => return None,
    })
}

fn told(value: Value<'_>) -> String {
    let text = value.as_str().map_or_else(|| safe_json(&value.to_json()), word);
    clipped(&text, LONGEST)
}
