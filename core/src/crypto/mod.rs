//! The seam to cryptography: the only module that names a crypto crate.

use std::fmt;

use zeroize::Zeroizing;

use crate::algorithm::Algorithm;
use crate::error::Code;

/// A key's numbers, already checked by the rules of JWK-09 to JWK-14.
pub enum Material {
    /// Big-endian modulus and exponent without leading zeros.
    #[allow(missing_docs, reason = "the names are those of RFC 7518")]
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A point on the curve of its algorithm; coordinates of full length.
    #[allow(missing_docs, reason = "the names are those of RFC 7518")]
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
    /// An Edwards point of 32 bytes.
    #[allow(missing_docs, reason = "the names are those of RFC 8037")]
    Ed25519 { x: [u8; 32] },
    /// A shared secret.
    Secret(Zeroizing<Vec<u8>>),
}

/// The curves of ES256, ES384, ES512 and ES256K.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of RFC 7518 and RFC 8812")]
pub enum Curve {
    P256,
    P384,
    P521,
    Secp256k1,
}

/// The signature is not valid; nothing more can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSignature;

/// A key made ready for one algorithm.
pub trait VerifyingKey: Send + Sync {
    /// Checks `signature` over `message`. Constant time where a secret is involved (JWS-30).
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature>;
}

/// A cryptography library.
pub trait Provider: Send + Sync + fmt::Debug {
    /// Its name, for `policy check`.
    fn name(&self) -> &'static str;

    /// Can it verify this algorithm? Asked when the policy is loaded.
    fn supports(&self, algorithm: Algorithm) -> bool;

    /// Parses the key once. Fails where the library refuses it.
    fn prepare(&self, algorithm: Algorithm, material: &Material) -> Result<Box<dyn VerifyingKey>, Code>;

    /// SHA-256, for thumbprints.
    fn sha256(&self, bytes: &[u8]) -> [u8; 32];

    /// SHA-1, for the `x5t` of old certificates only; nothing is trusted by it.
    fn sha1(&self, bytes: &[u8]) -> [u8; 20];
}
