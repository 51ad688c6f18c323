#![forbid(unsafe_code)]
//! Counterseal verifies tokens by one policy file: strictly, fast, and the same in every language.
//!
//! ```no_run
//! use counterseal::Guard;
//!
//! let guard = Guard::load("counterseal.toml", Some("orders"))?; // once, at start-up
//! let identity = guard.verify("Bearer eyJ…")?;                  // or an error with a code
//! println!("{:?} may {:?}", identity.subject(), identity.scopes().collect::<Vec<_>>());
//! # Ok::<(), counterseal::Error>(())
//! ```
//!
//! This crate adds to [`counterseal_core`] what that crate must not have: a clock, files and the
//! environment. Everything that decides is in the core.

mod clock;
mod deny;
mod driver;
mod error;
mod fetch;
mod files;
mod guard;
mod landings;
mod metrics;
mod policy;
mod require;
mod resources;
mod snapshot;
mod status;
pub mod testing;

/// How a guard fetches keys, a step at a time: for tools that find out why keys do not come. What is to be fetched
/// comes from [`core::policy::Policy::fetching`].
#[cfg(feature = "fetch")]
pub mod diagnose {
    pub use crate::fetch::handshake::Handshake;
    pub use crate::fetch::steps::{Address, Answered, Got, Steps};
    pub use counterseal_core::policy::{Fetching, Lifetime};
}

pub use counterseal_core as core;
pub use counterseal_core::algorithm::{Algorithm, AlgorithmSet};
pub use counterseal_core::cache::CacheCounters;
pub use counterseal_core::crypto;
pub use counterseal_core::error::{Class, Code, Rejection};
pub use counterseal_core::guard::Outside;
pub use counterseal_core::identity::{Identity, SubjectKind};
pub use counterseal_core::inbound::{Check, Decisions, IssuerStatus, Refusals, Report, Verdict};
pub use counterseal_core::jws;
pub use counterseal_core::keys::{Flight, KeyState};
pub use counterseal_core::keyset::KeySet;
pub use counterseal_core::policy::{Format, PolicyError, Problem, Profile, json_schema};
pub use counterseal_core::requirements::Requirements;
pub use counterseal_core::rule::Rule;
pub use counterseal_core::time::UnixTime;
pub use error::{Error, Unavailable};
pub use guard::{Answer, Guard, WAITS};
pub use landings::Completions;
pub use policy::Policy;
pub use require::{require, require_of};
pub use status::{Alarm, CacheStatus, DenyFileStatus, PolicyStatus, Status};

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
