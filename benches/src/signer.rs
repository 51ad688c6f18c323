//! Keys that sign tokens, and their public halves.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding};
use aws_lc_rs::{hmac, rsa};
use counterseal::Algorithm;
use serde_json::{Value, json};

/// The secret of every HS256 token: fixed, so that those tokens are the same in every run.
pub const SECRET: &[u8] = b"a secret of the benchmarks, 48 bytes long, ok...";

/// Someone who signs with one key.
pub struct Signer {
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The public key; the secret itself for a MAC.
    pub public: PublicKey,
    sign: Sign,
}

type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// A key as the libraries want it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names are those of the standards")]
pub enum PublicKey {
    /// `der` is PKCS #1.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
        der: Vec<u8>,
    },
    Ec {
        curve: &'static str,
        point: Vec<u8>,
    },
    Ed25519 {
        x: Vec<u8>,
    },
    Secret(Vec<u8>),
}

impl Signer {
    /// Makes a key; the secret for HS256 is always the same.
    pub fn new(algorithm: Algorithm) -> Signer {
        match algorithm {
            Algorithm::HS256 => mac(),
            Algorithm::RS256 => rsa(algorithm, &signature::RSA_PKCS1_SHA256),
            Algorithm::PS256 => rsa(algorithm, &signature::RSA_PSS_SHA256),
            Algorithm::ES256 => ec(algorithm, "P-256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::ES384 => ec(algorithm, "P-384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::ES512 => ec(algorithm, "P-521", &signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::Ed25519 => ed25519(),
            other => panic!("no benchmark signs with {other}"),
        }
    }

    /// A signature in the form that JWS has it.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        (self.sign)(message)
    }
}

impl PublicKey {
    /// The key as a JWK with this `kid` and `alg`; `None` for a secret.
    pub fn jwk(&self, kid: &str, algorithm: Algorithm) -> Option<Value> {
        let mut jwk = match self {
            PublicKey::Rsa { n, e, .. } => json!({"kty": "RSA", "n": base64url(n), "e": base64url(e)}),
            PublicKey::Ec { curve, point } => {
                let (x, y) = point[1..].split_at(point.len() / 2);
                json!({"kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y)})
            }
            PublicKey::Ed25519 { x } => json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(x)}),
            PublicKey::Secret(_) => return None,
        };
        jwk["kid"] = kid.into();
        jwk["alg"] = jose_name(algorithm).into();
        Some(jwk)
    }
}

/// The name in the header. Older libraries know Ed25519 only as EdDSA.
pub fn jose_name(algorithm: Algorithm) -> &'static str {
    if algorithm == Algorithm::Ed25519 { "EdDSA" } else { algorithm.name() }
}

/// Base64url without padding.
pub fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn mac() -> Signer {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    Signer {
        algorithm: Algorithm::HS256,
        public: PublicKey::Secret(SECRET.to_vec()),
        sign: Box::new(move |message| hmac::sign(&key, message).as_ref().to_vec()),
    }
}

fn rsa(algorithm: Algorithm, encoding: &'static dyn RsaEncoding) -> Signer {
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let public = pair.public_key();
    Signer {
        algorithm,
        public: PublicKey::Rsa {
            n: public.modulus().big_endian_without_leading_zero().to_vec(),
            e: public.exponent().big_endian_without_leading_zero().to_vec(),
            der: public.as_ref().to_vec(),
        },
        sign: Box::new(move |message| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
            signature
        }),
    }
}

fn ec(algorithm: Algorithm, curve: &'static str, signing: &'static EcdsaSigningAlgorithm) -> Signer {
    let pair = EcdsaKeyPair::generate(signing).unwrap();
    Signer {
        algorithm,
        public: PublicKey::Ec { curve, point: pair.public_key().as_ref().to_vec() },
        sign: Box::new(move |message| pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()),
    }
}

fn ed25519() -> Signer {
    let pair = Ed25519KeyPair::generate().unwrap();
    Signer {
        algorithm: Algorithm::Ed25519,
        public: PublicKey::Ed25519 { x: pair.public_key().as_ref().to_vec() },
        sign: Box::new(move |message| pair.sign(message).as_ref().to_vec()),
    }
}
