//! What several entries must not share: each token fits exactly one (BIS 3.12, POL-04).

use std::collections::HashMap;

use super::issuer::Draft;
use super::model::{ClaimRule, Constant, Profile, RuleTest, Types};
use super::problem::{Fault, Problems};
use super::tree::Place;
use crate::error::Code;
use crate::mutants::is_off;

const EXAMPLE: &str =
    "add what tells them apart, such as [[issuer.discriminator]] claim = \"/token_use\", equals = \"access\"";

/// Reports entries that cannot be told apart from each other, or from other kinds of token.
pub(super) fn check(drafts: &[Draft<'_>], problems: &mut Problems<'_>) {
    names(drafts, problems);
    owners(drafts, problems);
    no_issuer(drafts, problems);
    let mut by_issuer: HashMap<&str, Vec<&Draft<'_>>> = HashMap::new();
    for draft in drafts {
        access_token_alone(draft, problems);
        let Some(issuer) = draft.issuer.as_ref().filter(|_| !is_off("POL-04")) else {
            continue;
        };
        let others = by_issuer.entry(issuer).or_default();
        let same = |other: &&&Draft<'_>| draft.profile.is_some() && other.profile == draft.profile;
        if let Some(other) = others.iter().find(same) {
            let fault = overlap(format!("{} has the same issuer and profile", problems.path(other.place)));
            problems.at(draft.place, fault.hint("make one entry of the two"));
            continue;
        }
        if let Some(other) = others.iter().find(|other| are_alike(draft, other)) {
            let message = format!(
                "{} of the same issuer accepts the same types, and a token may fit both",
                problems.path(other.place)
            );
            let fault = overlap(message);
            problems.at(draft.place, fault.hint(EXAMPLE));
        }
        others.push(draft);
    }
}

fn overlap(message: impl Into<String>) -> Fault {
    Fault::new(Code::ConfigProfileOverlap, message)
}

/// Written names are unique; an issuer that stands twice may go without.
fn names(drafts: &[Draft<'_>], problems: &mut Problems<'_>) {
    let mut seen: HashMap<&str, bool> = HashMap::new();
    for draft in drafts {
        let (Some(name), written) = (draft.name.as_deref(), draft.node.get("name")) else {
            continue;
        };
        match seen.insert(name, written.is_some()) {
            Some(was_written) if was_written || written.is_some() => {
                let place = written.map_or(draft.place, |node| node.place);
                let fault = Fault::value("another entry has the same name");
                problems.at(place, fault.hint("give each entry a name of its own"));
            }
            _ => {}
        }
    }
}

/// Every spelling of an issuer belongs to one issuer.
fn owners(drafts: &[Draft<'_>], problems: &mut Problems<'_>) {
    let mut owners: HashMap<&str, &str> =
        drafts.iter().filter_map(|draft| draft.issuer.as_deref()).map(|issuer| (issuer, issuer)).collect();
    for draft in drafts {
        let (Some(issuer), Some(aliases)) = (draft.issuer.as_deref(), draft.node.get("issuer_aliases"))
        else {
            continue;
        };
        for alias in aliases.elements() {
            if *owners.entry(alias.as_str()).or_insert(issuer) != issuer {
                let fault = overlap("the alias belongs to another issuer of this policy");
                problems.at(alias.place, fault.hint("leave it out in one of them"));
            } else if alias.as_str() == issuer {
                problems.at(alias.place, Fault::value("the alias is the issuer itself").hint("leave it out"));
            }
        }
    }
}

/// Tokens without `iss` go to one entry at most (POL-03).
fn no_issuer(drafts: &[Draft<'_>], problems: &mut Problems<'_>) {
    for draft in drafts.iter().filter(|draft| draft.dangerous.no_issuer).skip(1) {
        let fault = Fault::new(Code::ConfigDangerous, "another entry already takes tokens without iss");
        let place = draft.node.get("dangerous").map_or(draft.place, |list| list.place);
        problems.at(place, fault.hint("keep no_issuer in one entry"));
    }
}

/// An access token whose type any other JWT has, too, needs a mark of its own (ACT-02). Where
/// `any_type` is spelled out, this was wanted.
fn access_token_alone(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let (Some(Profile::AccessToken), Some(types)) = (draft.profile, &draft.types) else {
        return;
    };
    let is_common = types.absent || types.named.iter().any(|name| &**name == "jwt");
    if is_common && !types.any && has_discriminator(draft) == Some(false) && !is_off("ACT-02") {
        let place: Place = draft.node.get("types").map_or(draft.place, |types| types.place);
        let fault = overlap("ID tokens have the same types as these access tokens (ACT-02)");
        problems.at(place, fault.hint(EXAMPLE));
    }
}

/// Can a token be of both entries? Where a part was reported nobody can say.
fn are_alike(a: &Draft<'_>, b: &Draft<'_>) -> bool {
    let (Some(these), Some(those)) = (&a.types, &b.types) else {
        return false;
    };
    a.profile.is_some()
        && b.profile.is_some()
        && are_shared(these, those)
        && exclude_each_other(a, b) == Some(false)
}

/// Does some claim tell every token of one entry from every token of the other? `None` where a part was
/// reported.
fn exclude_each_other(a: &Draft<'_>, b: &Draft<'_>) -> Option<bool> {
    let (these, those) = (marks(a)?, marks(b)?);
    let exclude = |one: &&ClaimRule, other: &&ClaimRule| {
        one.claim == other.claim && no_value_passes_both(&one.test, &other.test)
    };
    Some(these.iter().any(|one| those.iter().any(|other| exclude(one, other))))
}

fn no_value_passes_both(one: &RuleTest, other: &RuleTest) -> bool {
    match (constants(one), constants(other)) {
        (Some(these), Some(those)) => these.iter().all(|one| those.iter().all(|other| differ(one, other))),
        (Some(_), None) => matches!(other, RuleTest::Absent),
        (None, Some(_)) => matches!(one, RuleTest::Absent),
        (None, None) => matches!(
            (one, other),
            (RuleTest::Absent, RuleTest::Present) | (RuleTest::Present, RuleTest::Absent)
        ),
    }
}

/// What a scalar claim has to be one of.
fn constants(test: &RuleTest) -> Option<&[Constant]> {
    match test {
        RuleTest::Equals(constant) => Some(std::slice::from_ref(constant)),
        RuleTest::OneOf(constants) => Some(constants),
        _ => None,
    }
}

/// Numbers of different kinds may be equal: 1 is 1.0.
fn differ(one: &Constant, other: &Constant) -> bool {
    use Constant::{Float, Integer};
    one != other && !matches!((one, other), (Integer(_), Float(_)) | (Float(_), Integer(_)))
}

fn are_shared(a: &Types, b: &Types) -> bool {
    a.any || b.any || (a.absent && b.absent) || a.named.iter().any(|name| b.named.contains(name))
}

/// Does it say what tells its tokens from others? `None` where that was reported.
fn has_discriminator(draft: &Draft<'_>) -> Option<bool> {
    marks(draft).map(|marks| !marks.is_empty())
}

/// Its discriminators, and the claim rules that serve as such; `None` where one was reported.
fn marks<'d>(draft: &'d Draft<'_>) -> Option<Vec<&'d ClaimRule>> {
    let tells =
        |rule: &&ClaimRule| matches!(rule.test, RuleTest::Equals(_) | RuleTest::OneOf(_) | RuleTest::Absent);
    let (rules, discriminators) = (draft.rules.as_ref()?, draft.discriminators.as_ref()?);
    Some(discriminators.iter().chain(rules.iter().filter(tells)).collect())
}
