//! Sets of verification keys: parsed, checked and prepared once, picked by `kid` and algorithm.

mod assemble;
mod index;
mod key;
mod set;

pub use crate::jwk::Origin;
pub use key::{Key, KeyKind};
pub use set::KeySet;

use crate::algorithm::AlgorithmSet;
use crate::crypto::Provider;
use crate::error::Code;

/// What a set is built for.
#[derive(Clone, Copy, Debug)]
pub struct KeySetOptions {
    /// The algorithms listed for the issuer; keys of other algorithms are kept and never prepared.
    pub algorithms: AlgorithmSet,
    /// Who computes signatures.
    pub provider: &'static dyn Provider,
    /// Where the set came from.
    pub origin: Origin,
}

/// A key that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its place in the set.
    pub index: usize,
    /// Its `kid`, if it has a printable one.
    pub kid: Option<String>,
    /// Why it is not used.
    pub reason: Code,
}

#[cfg(test)]
mod tests;
