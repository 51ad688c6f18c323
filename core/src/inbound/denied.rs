//! What the deny lists mean for one policy (POL-07).

use std::collections::HashSet;

use crate::policy::{DenyList, Policy};

/// Denied keys by name, and denied entries of the policy.
pub(crate) struct Denied {
    list: DenyList,
    kids: HashSet<Box<str>>,
    entries: Box<[bool]>,
}

impl Denied {
    /// An issuer is denied by any spelling of it.
    pub(crate) fn new(list: DenyList, policy: &Policy) -> Denied {
        let all = list.union(&policy.denied);
        let entries = policy
            .issuers
            .iter()
            .map(|issuer| issuer.spellings().any(|spelling| all.issuers.contains(spelling)))
            .collect();
        Denied { list, kids: all.kids, entries }
    }

    /// What the deny file contributes.
    pub(crate) fn list(&self) -> &DenyList {
        &self.list
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kids.is_empty() && !self.entries.contains(&true)
    }

    pub(crate) fn denies_entry(&self, entry: usize) -> bool {
        self.entries[entry]
    }

    pub(crate) fn denies_kid(&self, kid: Option<&str>) -> bool {
        kid.is_some_and(|kid| self.kids.contains(kid))
    }
}
