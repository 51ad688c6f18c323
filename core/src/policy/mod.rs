//! The policy file: read into a tree that knows its lines, checked against one schema table, built
//! into the structs that the verifier reads.

mod model;

pub(crate) use model::{ClaimRule, Constant, KeySource, RuleTest};
pub use model::{Issuer, Notice, Policy, Profile};
