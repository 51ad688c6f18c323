//! One key, bound to one algorithm, ready to verify.

use std::fmt;

use crate::algorithm::{Algorithm, Family};
use crate::crypto::{Curve, Material, VerifyingKey};
use crate::encoding::base64url;
use crate::error::{Code, Rejection};
use crate::jwk::{Jwk, bit_length};
use crate::rule::Rule;

/// A verification key. Its numbers are not kept, nor shown by `Debug`.
pub struct Key {
    /// Its place in the document that it came from.
    index: usize,
    kid: Option<Box<str>>,
    algorithm: Option<Algorithm>,
    kind: KeyKind,
    /// Absent for secrets: a digest of a weak one could be guessed back.
    thumbprint: Option<[u8; 32]>,
    certificate_sha256: Option<[u8; 32]>,
    /// Bytes of its signatures.
    signature_bytes: usize,
    /// Absent if the algorithm is not listed.
    verifying: Option<Box<dyn VerifyingKey>>,
}

/// What kind of key it is, as RFC 7518 names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// An RSA key.
    Rsa {
        /// Of the modulus.
        bits: usize,
    },
    /// A point on a Weierstrass curve.
    Ec {
        /// The curve.
        curve: Curve,
    },
    /// A point of edwards25519.
    Ed25519,
    /// A shared secret.
    Secret {
        /// Of the secret.
        bits: usize,
    },
}

impl Key {
    /// Its place in the set as it was written, as [`SkippedKey::index`](super::SkippedKey) counts.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its name in the set.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm that it is bound to (JWS-07); `None` for an RSA key that names none where the
    /// policy lists no RSA algorithm.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// Is its algorithm listed? If not, it is kept so that its tokens get `key_alg_mismatch`.
    pub fn is_usable(&self) -> bool {
        self.verifying.is_some()
    }

    /// What kind of key it is, with its size or curve.
    pub fn describe(&self) -> KeyKind {
        self.kind
    }

    /// The SHA-256 thumbprint of RFC 7638 in base64url (JWK-17); `None` for a secret.
    pub fn thumbprint(&self) -> Option<String> {
        self.thumbprint.map(|digest| base64url::encode(&digest))
    }

    /// The SHA-256 of its certificate, if it has one (JWS-20).
    pub fn certificate_sha256(&self) -> Option<&[u8; 32]> {
        self.certificate_sha256.as_ref()
    }

    pub(super) fn new(
        index: usize,
        jwk: Jwk,
        thumbprint: [u8; 32],
        verifying: Option<Box<dyn VerifyingKey>>,
    ) -> Key {
        let Jwk { kid, material, algorithm, certificate_sha256 } = jwk;
        let kind = KeyKind::of(&material);
        let modulus_bytes = if let Material::Rsa { n, .. } = &material { n.len() } else { 0 };
        Key {
            index,
            kid,
            algorithm,
            kind,
            thumbprint: Some(thumbprint).filter(|_| !matches!(kind, KeyKind::Secret { .. })),
            certificate_sha256,
            signature_bytes: algorithm.and_then(Algorithm::signature_bytes).unwrap_or(modulus_bytes),
            verifying,
        }
    }

    /// Checks the signature of a token with this key (JWS-26 to JWS-30): first its length, then the
    /// signature itself. An empty one is `signature_malformed` for every algorithm (B64-04).
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Rejection> {
        let (Some(algorithm), Some(verifying)) = (self.algorithm, &self.verifying) else {
            return Err(Rejection::new(Rule::Jws07, Code::KeyAlgMismatch));
        };
        if signature.is_empty() && !Rule::B6404.is_off() {
            return Err(Rejection::new(Rule::B6404, Code::SignatureMalformed));
        }
        let (rule, wrong_length) = match algorithm.family() {
            Family::Ec => (Rule::Jws26, Code::SignatureMalformed),
            Family::Okp => (Rule::Jws28, Code::SignatureInvalid),
            Family::Rsa => (Rule::Jws29, Code::SignatureInvalid),
            Family::Mac => (Rule::Jws30, Code::SignatureInvalid),
        };
        if signature.len() != self.signature_bytes && !rule.is_off() {
            return Err(Rejection::new(rule, wrong_length));
        }
        let rule = if rule == Rule::Jws26 { Rule::Jws27 } else { rule };
        match verifying.verify(message, signature) {
            Err(_) if !rule.is_off() => Err(Rejection::new(rule, Code::SignatureInvalid)),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .field("kind", &self.kind)
            .field("usable", &self.is_usable())
            .finish_non_exhaustive()
    }
}

impl KeyKind {
    /// The value of `kty`.
    pub fn kty(self) -> &'static str {
        match self {
            KeyKind::Rsa { .. } => "RSA",
            KeyKind::Ec { .. } => "EC",
            KeyKind::Ed25519 => "OKP",
            KeyKind::Secret { .. } => "oct",
        }
    }

    /// The value of `crv`, for keys on curves.
    pub fn curve(self) -> Option<&'static str> {
        match self {
            KeyKind::Ec { curve } => Some(curve.name()),
            KeyKind::Ed25519 => Some("Ed25519"),
            KeyKind::Rsa { .. } | KeyKind::Secret { .. } => None,
        }
    }

    /// Bits of the modulus or secret, for keys that are not on curves.
    pub fn bits(self) -> Option<usize> {
        match self {
            KeyKind::Rsa { bits } | KeyKind::Secret { bits } => Some(bits),
            KeyKind::Ec { .. } | KeyKind::Ed25519 => None,
        }
    }

    fn of(material: &Material) -> KeyKind {
        match material {
            Material::Rsa { n, .. } => KeyKind::Rsa { bits: bit_length(n) },
            Material::Ec { curve, .. } => KeyKind::Ec { curve: *curve },
            Material::Ed25519 { .. } => KeyKind::Ed25519,
            Material::Secret(secret) => KeyKind::Secret { bits: 8 * secret.len() },
        }
    }
}

impl fmt::Display for KeyKind {
    /// `RSA 2048`, `EC P-256`, `OKP Ed25519`, `oct 256`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.curve(), self.bits()) {
            (Some(curve), _) => write!(out, "{} {curve}", self.kty()),
            (None, bits) => write!(out, "{} {}", self.kty(), bits.unwrap_or_default()),
        }
    }
}
