//! From the bytes of a token to a verdict.

mod claims;
mod engine;
mod explain;
mod inspect;
mod rules;
mod verify;

pub(crate) use engine::Engine;
pub(crate) use explain::explain;
pub use explain::{Check, Outcome, Report, Stage, Verdict};
pub use inspect::{Finding, Form, Segment, Unverified, inspect};
pub(crate) use verify::{Stop, verify, without_scheme};
