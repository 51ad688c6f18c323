//! The seam to cryptography: the only module that names a crypto crate.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
#[cfg(feature = "ring")]
mod ring;

#[cfg(feature = "aws-lc-rs")]
pub use aws_lc::aws_lc;
#[cfg(feature = "ring")]
pub use ring::ring;

use std::fmt;

use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, Family};
use crate::error::Code;
use crate::rule::Rule;

/// The provider used where none is named: aws-lc, else ring, else none (the crate was built without).
pub fn default_provider() -> Option<&'static dyn Provider> {
    #[cfg(feature = "aws-lc-rs")]
    return Some(aws_lc());
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return Some(ring());
    #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
    return None;
}

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

impl fmt::Debug for Material {
    /// Shows the kind only.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Material::Rsa { .. } => "Material(RSA)",
            Material::Ec { .. } => "Material(EC)",
            Material::Ed25519 { .. } => "Material(Ed25519)",
            Material::Secret(_) => "Material(secret)",
        })
    }
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

impl Curve {
    /// The curve of that `crv` (RFC 7518 section 6.2.1.1, RFC 8812 section 3.1).
    pub fn from_name(name: &str) -> Option<Curve> {
        [Curve::P256, Curve::P384, Curve::P521, Curve::Secp256k1].into_iter().find(|c| c.name() == name)
    }

    /// The value of `crv`.
    pub fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
            Curve::Secp256k1 => "secp256k1",
        }
    }

    /// Bytes of a coordinate.
    pub fn coordinate_bytes(self) -> usize {
        match self {
            Curve::P256 | Curve::Secp256k1 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }

    /// The one algorithm that the curve goes with (JWS-08).
    pub fn algorithm(self) -> Algorithm {
        match self {
            Curve::P256 => Algorithm::ES256,
            Curve::P384 => Algorithm::ES384,
            Curve::P521 => Algorithm::ES512,
            Curve::Secp256k1 => Algorithm::ES256K,
        }
    }
}

/// The signature is not valid; nothing more can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSignature;

impl Material {
    /// Has it the kind and curve that the algorithm needs (JWS-08)?
    pub(crate) fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            _ if Rule::Jws08.is_off() => true,
            Material::Rsa { .. } => algorithm.family() == Family::Rsa,
            Material::Ec { curve, .. } => curve.algorithm() == algorithm,
            Material::Ed25519 { .. } => algorithm == Algorithm::Ed25519,
            Material::Secret(_) => algorithm.family() == Family::Mac,
        }
    }

    /// The code for a key that a library refuses although it passed our checks.
    fn refused(&self) -> Code {
        match self {
            Material::Rsa { .. } => Code::RsaKeyWeak,
            Material::Ec { .. } => Code::EcPointInvalid,
            Material::Ed25519 { .. } => Code::OkpInvalid,
            Material::Secret(_) => Code::HmacKeyShort,
        }
    }
}

/// An EC point as SEC 1 section 2.3.3 writes it, uncompressed.
fn uncompressed_point(x: &[u8], y: &[u8]) -> Vec<u8> {
    let mut point = Vec::with_capacity(1 + x.len() + y.len());
    point.push(4);
    point.extend_from_slice(x);
    point.extend_from_slice(y);
    point
}

/// The coordinates of a point that is written so.
fn coordinates(point: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let both = point.strip_prefix(&[4])?;
    let (x, y) = both.split_at(both.len() / 2);
    Some((x.to_vec(), y.to_vec()))
}

/// A key made ready for one algorithm.
pub trait VerifyingKey: Send + Sync {
    /// Checks `signature` over `message`. Constant time where a secret is involved (JWS-30).
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature>;
}

/// A key pair: it signs, and shows its public half. The private half never leaves it.
pub trait SigningKey: Send + Sync {
    /// The one algorithm it signs by.
    fn algorithm(&self) -> Algorithm;

    /// The public half.
    fn public(&self) -> &Material;

    /// Signs `message`. Fails with [`Code::Internal`] where the library does, which it does only where
    /// the operating system has no randomness.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Code>;
}

/// A cryptography library.
pub trait Provider: Send + Sync + fmt::Debug {
    /// Its name, for `policy check`.
    fn name(&self) -> &'static str;

    /// Can it verify this algorithm? Asked when the policy is loaded.
    fn supports(&self, algorithm: Algorithm) -> bool;

    /// Parses the key once. Fails with `config_alg_unsupported` where [`Provider::supports`] says no,
    /// with `key_alg_mismatch` where key and algorithm do not belong together (JWS-08), and with the
    /// code of the key's kind where the library refuses the key.
    fn prepare(&self, algorithm: Algorithm, material: &Material) -> Result<Box<dyn VerifyingKey>, Code>;

    /// Makes a fresh key pair; RSA keys are of 2048 bits. Fails with `config_alg_unsupported` for MACs
    /// and for what the library cannot make.
    fn generate(&self, algorithm: Algorithm) -> Result<Box<dyn SigningKey>, Code>;

    /// SHA-256, for thumbprints.
    fn sha256(&self, bytes: &[u8]) -> [u8; 32];

    /// SHA-1, for the `x5t` of old certificates only; nothing is trusted by it.
    fn sha1(&self, bytes: &[u8]) -> [u8; 20];
}
