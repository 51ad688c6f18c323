//! What one handler asks beyond the policy, with a clock and support references.

use std::hash::{BuildHasher, RandomState};

use counterseal_core::error::Rejection;
use counterseal_core::identity::Identity;
use counterseal_core::requirements::Requirements;
use counterseal_core::time::UnixTime;

use crate::clock::system_time;
use crate::error::Error;

/// Holds an identity against what one handler asks, at a time or (absent) by the machine's clock. A clock that is
/// too early refuses: no sign-in can be in its future.
///
/// ```
/// use counterseal::{Error, Requirements, require, testing::Issuer};
///
/// let issuer = Issuer::new()?;
/// let identity = issuer.guard()?.verify(issuer.token().scope("read").sign()?)?;
/// let transfer = Requirements::new(["transfer"], ["urn:example:mfa"], Some(300)).map_err(Error::Misuse)?;
/// let refusal = require(&identity, &transfer, None).unwrap_err();
/// assert_eq!(refusal.code().slug(), "insufficient_scope");
/// # Ok::<(), counterseal::Error>(())
/// ```
///
/// # Errors
/// [`Error::TokenRejected`] with `insufficient_scope` (403), `acr_unmet` or `auth_too_old` (401, with the
/// challenge of RFC 9470).
pub fn require(identity: &Identity, requirements: &Requirements, now: Option<UnixTime>) -> Result<(), Error> {
    answered(identity.require(requirements, now.unwrap_or_else(system_time)))
}

/// [`require`] for hosts that keep the fields of an identity as values of their own: its scopes, class and time of the
/// sign-in, and [`Identity::leeway_seconds`].
///
/// # Errors
/// As [`require`].
pub fn require_of<S: AsRef<str>>(
    scopes: &[S],
    acr: Option<&str>,
    auth_time: Option<i64>,
    leeway: i64,
    requirements: &Requirements,
    now: Option<UnixTime>,
) -> Result<(), Error> {
    let has_scope = |asked: &str| scopes.iter().any(|granted| granted.as_ref() == asked);
    answered(requirements.hold(has_scope, acr, auth_time, leeway, now.unwrap_or_else(system_time)))
}

fn answered(held: Result<(), Rejection>) -> Result<(), Error> {
    // RandomState is seeded by the operating system.
    let reference = || RandomState::new().hash_one(0u64);
    held.map_err(|refusal| Error::TokenRejected(refusal.with_reference(reference())))
}
