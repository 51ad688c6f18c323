//! How each issuer of a policy is doing.

use serde::{Serialize, Serializer};

use super::counters::Decisions;
use crate::keys::{FetchStatus, KeyState};
use crate::policy::Issuer;

/// One entry of the policy: its keys, and what became of its tokens. Nothing in it comes from a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct IssuerStatus {
    /// The name in the policy.
    pub name: String,
    /// The exact `iss`, or `local:<name>`.
    pub issuer: String,
    /// The kind of token.
    pub profile: &'static str,
    /// The vendor preset under its settings.
    pub preset: Option<&'static str>,
    /// Do refusals count?
    pub enforced: bool,
    /// Where its keys are. In data, in lower case.
    #[serde(serialize_with = "state")]
    pub key_state: KeyState,
    /// How many keys can be used.
    pub keys: usize,
    /// Is the service ready only when its keys are there?
    pub required: bool,
    /// How the fetching of its keys goes; absent where they are not fetched.
    pub fetch: Option<FetchStatus>,
    /// What became of its tokens, under this policy and those before it.
    pub decisions: Decisions,
}

impl IssuerStatus {
    pub(crate) fn new(
        issuer: &Issuer,
        key_state: KeyState,
        keys: usize,
        fetch: Option<FetchStatus>,
        decisions: Decisions,
    ) -> IssuerStatus {
        IssuerStatus {
            name: issuer.name().to_owned(),
            issuer: issuer.issuer().to_owned(),
            profile: issuer.profile().name(),
            preset: issuer.preset(),
            enforced: issuer.is_enforced(),
            key_state,
            keys,
            required: issuer.required,
            fetch,
            decisions,
        }
    }
}

fn state<S: Serializer>(state: &KeyState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.name())
}
