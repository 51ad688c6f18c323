//! Signatures by aws-lc: every algorithm, each key parsed once.

mod signing;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, ParsedPublicKey, UnparsedPublicKey, VerificationAlgorithm};

use super::{InvalidSignature, Material, Provider, SigningKey, VerifyingKey, uncompressed_point};
use crate::algorithm::Algorithm;
use crate::encoding::der;
use crate::error::Code;

/// The provider that computes with aws-lc.
pub fn aws_lc() -> &'static dyn Provider {
    &AwsLc
}

#[derive(Debug)]
struct AwsLc;

impl Provider for AwsLc {
    fn name(&self) -> &'static str {
        "aws-lc"
    }

    fn supports(&self, _algorithm: Algorithm) -> bool {
        true
    }

    fn prepare(&self, algorithm: Algorithm, material: &Material) -> Result<Box<dyn VerifyingKey>, Code> {
        if !material.fits(algorithm) {
            return Err(Code::KeyAlgMismatch);
        }
        match (means(algorithm), material) {
            (Means::Mac(mac), Material::Secret(secret)) => Ok(Box::new(Mac(hmac::Key::new(mac, secret)))),
            (Means::Signature(by), Material::Rsa { n, e }) => parse(by, &der::rsa_public_key(n, e), material),
            (Means::Signature(by), Material::Ec { x, y, .. }) => {
                parse(by, &uncompressed_point(x, y), material)
            }
            (Means::Signature(by), Material::Ed25519 { x }) => parse(by, x, material),
            _ => Err(Code::KeyAlgMismatch),
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

struct Public(ParsedPublicKey);

impl VerifyingKey for Public {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.0.verify_sig(message, signature).map_err(|_| InvalidSignature)
    }
}

struct Mac(hmac::Key);

impl VerifyingKey for Mac {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        hmac::verify(&self.0, message, signature).map_err(|_| InvalidSignature)
    }
}

fn parse(
    by: &'static dyn VerificationAlgorithm,
    encoded: &[u8],
    material: &Material,
) -> Result<Box<dyn VerifyingKey>, Code> {
    let parsed = UnparsedPublicKey::new(by, encoded).parse().map_err(|_| material.refused())?;
    Ok(Box::new(Public(parsed)))
}

enum Means {
    Mac(hmac::Algorithm),
    Signature(&'static dyn VerificationAlgorithm),
}

/// PSS is with a salt as long as the hash (JWS-29), ECDSA with r and s of fixed length (JWS-26).
fn means(algorithm: Algorithm) -> Means {
    match algorithm {
        Algorithm::HS256 => Means::Mac(hmac::HMAC_SHA256),
        Algorithm::HS384 => Means::Mac(hmac::HMAC_SHA384),
        Algorithm::HS512 => Means::Mac(hmac::HMAC_SHA512),
        Algorithm::RS256 => Means::Signature(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Means::Signature(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Means::Signature(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Means::Signature(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Means::Signature(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Means::Signature(&signature::RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => Means::Signature(&signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Means::Signature(&signature::ECDSA_P384_SHA384_FIXED),
        Algorithm::ES512 => Means::Signature(&signature::ECDSA_P521_SHA512_FIXED),
        Algorithm::ES256K => Means::Signature(&signature::ECDSA_P256K1_SHA256_FIXED),
        Algorithm::Ed25519 => Means::Signature(&signature::ED25519),
    }
}
