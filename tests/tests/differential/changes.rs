//! What is changed in a token, and how we differ over it.

mod claims;
mod dates;
mod header;
mod structure;

use counterseal_tests::random::Random;

use crate::draft::Draft;

/// A named change of a token.
pub(crate) struct Change {
    pub(crate) name: &'static str,
    pub(crate) difference: Difference,
    /// Makes the change; `false` where it means nothing for the algorithm.
    pub(crate) apply: fn(&mut Draft, &mut Random) -> bool,
}

/// How the verdicts differ.
pub(crate) enum Difference {
    /// They are the same.
    None,
    /// We refuse by one of these rules, jsonwebtoken accepts.
    WeRefuse(&'static [&'static str], &'static str),
    /// We accept by this rule, jsonwebtoken refuses.
    WeAccept(&'static str, &'static str),
}

impl Change {
    pub(crate) fn refused_by(&self, rule: &str) -> bool {
        matches!(&self.difference, Difference::WeRefuse(rules, _) if rules.contains(&rule))
    }

    pub(crate) fn accepted_by(&self) -> Option<&'static str> {
        match &self.difference {
            Difference::WeAccept(rule, _) => Some(rule),
            _ => None,
        }
    }
}

/// All changes.
pub(crate) fn all() -> Vec<&'static Change> {
    [header::CHANGES, claims::CHANGES, dates::CHANGES, structure::CHANGES].into_iter().flatten().collect()
}

/// The rules by which we alone refuse what several changes make together: a token that became too large,
/// dates that are each in order but do not go together, and a claim that was repeated in the header
/// before it was changed.
pub(crate) fn together(changes: &[&Change], token: &[u8]) -> &'static [&'static str] {
    let is_date = |change: &&&Change| dates::CHANGES.iter().any(|date| date.name == change.name);
    match changes.iter().filter(is_date).count() {
        _ if token.len() > counterseal::core::limits::TOKEN_BYTES => &["LIM-01"],
        _ if changes.iter().any(|change| change.name == "iss repeated in the header") => &["JWS-23"],
        0 | 1 => &[],
        _ => &["CLM-14", "CLM-15"],
    }
}

type Apply = fn(&mut Draft, &mut Random) -> bool;

/// Both judge it the same way.
const fn same(name: &'static str, apply: Apply) -> Change {
    Change { name, difference: Difference::None, apply }
}

/// We alone refuse it.
const fn refused(
    name: &'static str,
    rules: &'static [&'static str],
    why: &'static str,
    apply: Apply,
) -> Change {
    Change { name, difference: Difference::WeRefuse(rules, why), apply }
}

/// We alone accept it.
const fn accepted(name: &'static str, rule: &'static str, why: &'static str, apply: Apply) -> Change {
    Change { name, difference: Difference::WeAccept(rule, why), apply }
}
