//! For tests: an issuer with real keys, a clock that shows what it is told, and keys that arrive when
//! they are told.
//!
//! ```
//! use counterseal::testing::Issuer;
//!
//! let issuer = Issuer::new()?;
//! let guard = issuer.guard()?; // a real guard: nothing is mocked
//! let token = issuer.token().subject("alice").claim("roles", vec!["refunds"]).sign()?;
//! assert!(guard.verify(&token)?.has_role("refunds"));
//! assert!(guard.verify(issuer.token().expired().sign()?).is_err());
//! # Ok::<(), counterseal::Error>(())
//! ```

mod issuer;
mod keys;
mod policy;
mod request;
mod token;

pub use issuer::Issuer;
pub use request::{Oddity, Request};
pub use token::Token;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use counterseal_core::crypto::Provider;
use counterseal_core::error::Code;
use counterseal_core::keys::Flight;
use counterseal_core::keys::fetch;
use counterseal_core::policy::{Format, PolicyError, PolicyOptions, Resources};
use counterseal_core::time::UnixTime;

use crate::clock::Clock;
use crate::policy::Origin;
use crate::{Guard, Policy};

/// A clock for tests. Clones show the same time.
#[derive(Clone, Debug)]
pub struct TestClock {
    millis: Arc<AtomicI64>,
}

impl TestClock {
    /// A clock that stands at `time` until it is moved.
    pub fn at(time: UnixTime) -> TestClock {
        TestClock { millis: Arc::new(AtomicI64::new(time.as_millis())) }
    }

    /// Moves it.
    pub fn advance_seconds(&self, seconds: i64) {
        self.advance_millis(seconds * 1000);
    }

    /// Moves it by less than a second.
    pub fn advance_millis(&self, millis: i64) {
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets it.
    pub fn set(&self, time: UnixTime) {
        self.millis.store(time.as_millis(), Ordering::SeqCst);
    }

    /// What it shows.
    pub fn now(&self) -> UnixTime {
        UnixTime::from_millis(self.millis.load(Ordering::SeqCst))
    }
}

/// A policy from text in which `keys = { scripted = true }` is allowed: keys that a test hands in.
///
/// # Errors
/// [`PolicyError`] with every mistake.
pub fn scripted_policy(text: &str, format: Format) -> Result<Policy, PolicyError> {
    Policy::parse(text, format, None, Path::new(""), true)
}

/// [`Policy::load`] for a file in which `keys = { scripted = true }` is allowed: keys that a test hands in
/// by [`answer_keys`].
///
/// # Errors
/// As [`Policy::load`].
pub fn load_policy(path: impl AsRef<Path>, service: Option<&str>) -> Result<Policy, PolicyError> {
    Origin::of(path.as_ref(), service).with_scripted_keys().load()
}

/// What a policy takes from its surroundings, as data.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The service whose overlay applies.
    pub service: Option<&'a str>,
    /// Environment variables; there are no others.
    pub environment: &'a BTreeMap<String, String>,
    /// The bytes of a file that the policy names, or why there are none.
    pub files: &'a dyn Fn(&str) -> Result<Vec<u8>, String>,
    /// Who computes signatures.
    pub provider: &'static dyn Provider,
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Surroundings").field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl Resources for Surroundings<'_> {
    fn environment(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        (self.files)(path)
    }
}

/// A policy from text and nothing else: no variable or file of the machine reaches it. Keys may be
/// scripted.
///
/// # Errors
/// [`PolicyError`] with every mistake.
pub fn policy_in(text: &str, format: Format, surroundings: &Surroundings<'_>) -> Result<Policy, PolicyError> {
    let options = PolicyOptions {
        service: surroundings.service,
        resources: surroundings,
        provider: surroundings.provider,
        scripted_keys: true,
    };
    Policy::build(text, format, &options, Path::new(""))
}

/// A guard that reads the time from `clock`.
pub fn guard_with_clock(policy: Policy, clock: &TestClock) -> Guard {
    let clock = clock.clone();
    Guard::with_clock(policy, Clock::Injected(Arc::new(move || clock.now())), crate::fetch::network())
}

/// The same with a network of the test's own: it is asked for each document, on any thread.
pub fn guard_with_network(
    policy: Policy,
    clock: &TestClock,
    network: impl Fn(&fetch::Request) -> Result<fetch::Response, fetch::FetchFault> + Send + Sync + 'static,
) -> Guard {
    let clock = clock.clone();
    Guard::with_clock(policy, Clock::Injected(Arc::new(move || clock.now())), Arc::new(network))
}

/// Ends a flight with a JWK Set and wakes those who wait for it.
///
/// # Errors
/// The set's own code where it is unusable; [`Code::MisuseClosed`] where the flight is over.
pub fn deliver_keys(guard: &Guard, flight: Flight, jwks: &[u8]) -> Result<(), Code> {
    let delivered = guard.core().keys_arrived(flight, jwks);
    guard.landed();
    delivered
}

/// Ends a flight without keys and wakes those who wait for it.
///
/// # Errors
/// [`Code::MisuseClosed`] where the flight is over.
pub fn fail_keys(guard: &Guard, flight: Flight) -> Result<(), Code> {
    let failed = guard.core().keys_failed(flight);
    guard.landed();
    failed
}

/// Hands keys to a policy entry by its name, or (`None`) tells that they cannot be had: the answer to
/// the flight that its tokens wait for, or else a new set in place of the old one.
///
/// # Errors
/// The set's own code where it is unusable; [`Code::MisuseClosed`] where nothing waits for a failure.
pub fn answer_keys(guard: &Guard, issuer_name: &str, jwks: Option<&[u8]>) -> Result<(), Code> {
    match (guard.core().awaited(issuer_name), jwks) {
        (Some(flight), Some(jwks)) => deliver_keys(guard, flight, jwks),
        (Some(flight), None) => fail_keys(guard, flight),
        (None, Some(jwks)) => guard.core().replace_keys(issuer_name, jwks),
        (None, None) => Err(Code::MisuseClosed),
    }
}
