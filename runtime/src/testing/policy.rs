//! Policies that trust an issuer for tests.

use counterseal_core::policy::Profile;

/// The name of the issuer's entry.
pub(super) const ENTRY: &str = "main";

/// What a policy is written for.
pub(super) struct Terms<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    pub(super) profile: Profile,
    pub(super) algorithm: &'a str,
    /// The value of `keys`.
    pub(super) keys: &'a str,
}

/// A policy of one issuer, in TOML. It ends inside the issuer's table, so that more of its settings, or
/// other tables, can follow.
pub(super) fn text(terms: &Terms<'_>) -> String {
    let quoted = serde_json::Value::from; // a JSON string is a TOML string
    format!(
        "version = 1\n\n[[issuer]]\nname       = {}\nissuer     = {}\nprofile    = {}\n\
         audience   = {}\nalgorithms = [{}]\nkeys       = {}\n",
        quoted(ENTRY),
        quoted(terms.issuer),
        quoted(terms.profile.name()),
        quoted(terms.audience),
        quoted(terms.algorithm),
        terms.keys,
    )
}
