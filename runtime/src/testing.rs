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

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use counterseal_core::error::Code;
use counterseal_core::keys::Flight;
use counterseal_core::policy::{Format, PolicyError};
use counterseal_core::time::UnixTime;

use crate::clock::Clock;
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
        self.millis.fetch_add(seconds * 1000, Ordering::SeqCst);
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

/// A guard that reads the time from `clock`.
pub fn guard_with_clock(policy: Policy, clock: &TestClock) -> Guard {
    let clock = clock.clone();
    Guard::with_clock(policy, Clock::Injected(Arc::new(move || clock.now())))
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
