//! Sets of verification keys: parsed, checked and prepared once, picked by `kid` and algorithm.

use crate::algorithm::{Algorithm, AlgorithmSet};
use crate::crypto::Provider;
use crate::error::{Code, Rejection};

/// Where a set came from decides how much it may hold (JWK-03, JWK-04, LIM-06).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From the policy file or a file that it names.
    Static,
    /// From the network.
    Fetched,
}

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

/// Keys of one issuer.
#[derive(Debug)]
pub struct KeySet {}

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

/// One usable key.
pub struct Key {}

impl KeySet {
    /// A JWK Set. One unusable key never spoils a set; each is listed with its reason.
    pub fn from_jwks(_json: &[u8], _options: &KeySetOptions) -> Result<KeySet, Code> {
        Err(Code::JwksInvalid)
    }

    /// A single JWK; a key that cannot be used is an error.
    pub fn from_jwk(_json: &[u8], _options: &KeySetOptions) -> Result<KeySet, Code> {
        Err(Code::JwksInvalid)
    }

    /// Public keys or certificates in PEM.
    pub fn from_pem(_pem: &[u8], _options: &KeySetOptions) -> Result<KeySet, Code> {
        Err(Code::JwksInvalid)
    }

    /// A shared secret.
    pub fn from_secret(_secret: &[u8], _options: &KeySetOptions) -> Result<KeySet, Code> {
        Err(Code::JwksInvalid)
    }

    /// How many keys can be used.
    pub fn is_empty(&self) -> bool {
        true
    }
    pub fn len(&self) -> usize {
        0
    }

    /// The keys that were left out.
    pub fn skipped(&self) -> &[SkippedKey] {
        &[]
    }

    /// The one key that the token's `kid` and algorithm pick (JWK-08, JWS-07, JWS-32).
    pub(crate) fn pick(&self, _kid: Option<&str>, _algorithm: Algorithm) -> Result<&Key, Rejection> {
        unreachable!()
    }
}

impl Key {
    /// Checks the signature of a token with this key (JWS-26 to JWS-30).
    pub(crate) fn verify(&self, _message: &[u8], _signature: &[u8]) -> Result<(), Rejection> {
        unreachable!()
    }

    /// The SHA-256 of its certificate, if it has one (JWS-20).
    pub(crate) fn certificate_sha256(&self) -> Option<&[u8; 32]> {
        None
    }
}
