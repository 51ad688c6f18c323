//! Signatures by ring: without ES512 and ES256K, and each RSA key is parsed for each signature.

mod signing;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::hmac;
use ring::signature::{
    self, EcdsaVerificationAlgorithm, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::{InvalidSignature, Material, Provider, SigningKey, VerifyingKey, uncompressed_point};
use crate::algorithm::Algorithm;
use crate::error::Code;

/// The provider that computes with ring.
pub fn ring() -> &'static dyn Provider {
    &Ring
}

#[derive(Debug)]
struct Ring;

impl Provider for Ring {
    fn name(&self) -> &'static str {
        "ring"
    }

    fn supports(&self, algorithm: Algorithm) -> bool {
        !matches!(algorithm, Algorithm::ES512 | Algorithm::ES256K)
    }

    fn prepare(&self, algorithm: Algorithm, material: &Material) -> Result<Box<dyn VerifyingKey>, Code> {
        if !material.fits(algorithm) {
            return Err(Code::KeyAlgMismatch);
        }
        match (means(algorithm), material) {
            (Means::Mac(mac), Material::Secret(secret)) => Ok(Box::new(Mac(hmac::Key::new(mac, secret)))),
            (Means::Rsa(by), Material::Rsa { n, e }) => {
                let (n, e) = (n.as_slice().into(), e.as_slice().into());
                Ok(Box::new(Rsa { by, components: RsaPublicKeyComponents { n, e } }))
            }
            (Means::Ec(by), Material::Ec { x, y, .. }) => {
                Ok(Box::new(Ec(UnparsedPublicKey::new(by, uncompressed_point(x, y)))))
            }
            (Means::Ed25519, Material::Ed25519 { x }) => {
                Ok(Box::new(Ed25519(UnparsedPublicKey::new(&signature::ED25519, *x))))
            }
            (Means::None, _) => Err(Code::ConfigAlgUnsupported),
            _ => Err(material.refused()),
        }
    }

    fn generate(&self, algorithm: Algorithm) -> Result<Box<dyn SigningKey>, Code> {
        signing::generate(algorithm)
    }

    fn sha256(&self, bytes: &[u8]) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
        hash
    }

    fn sha1(&self, bytes: &[u8]) -> [u8; 20] {
        let mut hash = [0; 20];
        hash.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref());
        hash
    }
}

struct Rsa {
    by: &'static RsaParameters,
    components: RsaPublicKeyComponents<Box<[u8]>>,
}

impl VerifyingKey for Rsa {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.components.verify(self.by, message, signature).map_err(|_| InvalidSignature)
    }
}

struct Ec(UnparsedPublicKey<Vec<u8>>);

impl VerifyingKey for Ec {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.0.verify(message, signature).map_err(|_| InvalidSignature)
    }
}

struct Ed25519(UnparsedPublicKey<[u8; 32]>);

impl VerifyingKey for Ed25519 {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.0.verify(message, signature).map_err(|_| InvalidSignature)
    }
}

struct Mac(hmac::Key);

impl VerifyingKey for Mac {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        hmac::verify(&self.0, message, signature).map_err(|_| InvalidSignature)
    }
}

enum Means {
    Mac(hmac::Algorithm),
    Rsa(&'static RsaParameters),
    Ec(&'static EcdsaVerificationAlgorithm),
    Ed25519,
    None,
}

/// PSS is with a salt as long as the hash (JWS-29), ECDSA with r and s of fixed length (JWS-26).
fn means(algorithm: Algorithm) -> Means {
    match algorithm {
        Algorithm::HS256 => Means::Mac(hmac::HMAC_SHA256),
        Algorithm::HS384 => Means::Mac(hmac::HMAC_SHA384),
        Algorithm::HS512 => Means::Mac(hmac::HMAC_SHA512),
        Algorithm::RS256 => Means::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Means::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Means::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Means::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Means::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Means::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => Means::Ec(&signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Means::Ec(&signature::ECDSA_P384_SHA384_FIXED),
        Algorithm::Ed25519 => Means::Ed25519,
        Algorithm::ES512 | Algorithm::ES256K => Means::None,
    }
}
