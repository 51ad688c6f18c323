//! Key pairs by aws-lc.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
};

use super::super::{Curve, Material, SigningKey, coordinates};
use crate::algorithm::Algorithm;
use crate::encoding::der;
use crate::error::Code;

/// A fresh key pair.
pub(super) fn generate(algorithm: Algorithm) -> Result<Box<dyn SigningKey>, Code> {
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => Err(Code::ConfigAlgUnsupported),
        Algorithm::RS256 => rsa(algorithm, &signature::RSA_PKCS1_SHA256),
        Algorithm::RS384 => rsa(algorithm, &signature::RSA_PKCS1_SHA384),
        Algorithm::RS512 => rsa(algorithm, &signature::RSA_PKCS1_SHA512),
        Algorithm::PS256 => rsa(algorithm, &signature::RSA_PSS_SHA256),
        Algorithm::PS384 => rsa(algorithm, &signature::RSA_PSS_SHA384),
        Algorithm::PS512 => rsa(algorithm, &signature::RSA_PSS_SHA512),
        Algorithm::ES256 => ec(Curve::P256, &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::ES384 => ec(Curve::P384, &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::ES512 => ec(Curve::P521, &signature::ECDSA_P521_SHA512_FIXED_SIGNING),
        Algorithm::ES256K => ec(Curve::Secp256k1, &signature::ECDSA_P256K1_SHA256_FIXED_SIGNING),
        Algorithm::Ed25519 => ed25519(),
    }
}

struct Pair<K> {
    algorithm: Algorithm,
    public: Material,
    pair: K,
    sign: fn(&K, &[u8]) -> Option<Vec<u8>>,
}

impl<K: Send + Sync> SigningKey for Pair<K> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn public(&self) -> &Material {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Code> {
        (self.sign)(&self.pair, message).ok_or(Code::Internal)
    }
}

fn rsa(algorithm: Algorithm, encoding: &'static dyn RsaEncoding) -> Result<Box<dyn SigningKey>, Code> {
    let pair = RsaKeyPair::generate(rsa::KeySize::Rsa2048).map_err(|_| Code::Internal)?;
    let (n, e) = der::rsa_numbers(pair.public_key().as_ref()).ok_or(Code::Internal)?;
    let public = Material::Rsa { n: n.to_vec(), e: e.to_vec() };
    let sign = |(pair, encoding): &(RsaKeyPair, &'static dyn RsaEncoding), message: &[u8]| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(*encoding, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    };
    Ok(Box::new(Pair { algorithm, public, pair: (pair, encoding), sign }))
}

fn ec(curve: Curve, by: &'static EcdsaSigningAlgorithm) -> Result<Box<dyn SigningKey>, Code> {
    let pair = EcdsaKeyPair::generate(by).map_err(|_| Code::Internal)?;
    let (x, y) = coordinates(pair.public_key().as_ref()).ok_or(Code::Internal)?;
    let sign = |pair: &EcdsaKeyPair, message: &[u8]| {
        Some(pair.sign(&SystemRandom::new(), message).ok()?.as_ref().to_vec())
    };
    Ok(Box::new(Pair { algorithm: curve.algorithm(), public: Material::Ec { curve, x, y }, pair, sign }))
}

fn ed25519() -> Result<Box<dyn SigningKey>, Code> {
    let pair = Ed25519KeyPair::generate().map_err(|_| Code::Internal)?;
    let x = pair.public_key().as_ref().try_into().map_err(|_| Code::Internal)?;
    let sign = |pair: &Ed25519KeyPair, message: &[u8]| Some(pair.sign(message).as_ref().to_vec());
    Ok(Box::new(Pair { algorithm: Algorithm::Ed25519, public: Material::Ed25519 { x }, pair, sign }))
}
