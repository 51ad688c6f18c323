//! From the bytes of a token to a verdict.

mod claims;
mod counters;
mod denied;
mod engine;
mod explain;
mod inspect;
mod rules;
mod status;
mod verify;

#[cfg(test)]
mod tests;

pub use counters::{Decisions, Refusals};
pub(crate) use engine::{About, Engine};
pub(crate) use explain::explain;
pub use explain::{Check, Outcome, Report, Stage, Verdict};
pub use inspect::{Finding, Form, Segment, Unverified, inspect};
pub use status::IssuerStatus;
pub(crate) use verify::{Stop, Why, verify, without_scheme};
