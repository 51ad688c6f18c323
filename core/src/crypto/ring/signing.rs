//! Key pairs by ring, which makes no RSA keys.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair,
};

use super::super::{Curve, Material, SigningKey, coordinates};
use crate::algorithm::Algorithm;
use crate::error::Code;

/// A fresh key pair.
pub(super) fn generate(algorithm: Algorithm) -> Result<Box<dyn SigningKey>, Code> {
    match algorithm {
        Algorithm::ES256 => ec(Curve::P256, &ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::ES384 => ec(Curve::P384, &ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::Ed25519 => ed25519(),
        _ => Err(Code::ConfigAlgUnsupported),
    }
}

struct Ec {
    public: Material,
    curve: Curve,
    pair: EcdsaKeyPair,
}

impl SigningKey for Ec {
    fn algorithm(&self) -> Algorithm {
        self.curve.algorithm()
    }

    fn public(&self) -> &Material {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Code> {
        let signature = self.pair.sign(&SystemRandom::new(), message).map_err(|_| Code::Internal)?;
        Ok(signature.as_ref().to_vec())
    }
}

struct Ed25519 {
    public: Material,
    pair: Ed25519KeyPair,
}

impl SigningKey for Ed25519 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }

    fn public(&self) -> &Material {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Code> {
        Ok(self.pair.sign(message).as_ref().to_vec())
    }
}

fn ec(curve: Curve, by: &'static EcdsaSigningAlgorithm) -> Result<Box<dyn SigningKey>, Code> {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(by, &random).map_err(|_| Code::Internal)?;
    let pair = EcdsaKeyPair::from_pkcs8(by, document.as_ref(), &random).map_err(|_| Code::Internal)?;
    let (x, y) = coordinates(pair.public_key().as_ref()).ok_or(Code::Internal)?;
    Ok(Box::new(Ec { public: Material::Ec { curve, x, y }, curve, pair }))
}

fn ed25519() -> Result<Box<dyn SigningKey>, Code> {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| Code::Internal)?;
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|_| Code::Internal)?;
    let x = pair.public_key().as_ref().try_into().map_err(|_| Code::Internal)?;
    Ok(Box::new(Ed25519 { public: Material::Ed25519 { x }, pair }))
}
