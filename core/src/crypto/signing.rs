//! Signatures for tests: fresh keys of every algorithm, with their public halves as JWKs.

use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair};
use aws_lc_rs::{hmac, rand::SystemRandom, rsa};

use crate::algorithm::Algorithm;
use crate::encoding::{base64url::encode, der};

/// Someone who signs with one key.
pub(crate) struct Signer {
    /// The members of the JWK without braces: `"kty":…`, neither `kid` nor `alg`.
    pub(crate) members: String,
    sign: Sign,
}

type Sign = Box<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

impl Signer {
    /// Makes a key.
    pub(crate) fn new(algorithm: Algorithm) -> Signer {
        match algorithm {
            Algorithm::HS256 => mac(hmac::HMAC_SHA256, 32),
            Algorithm::HS384 => mac(hmac::HMAC_SHA384, 48),
            Algorithm::HS512 => mac(hmac::HMAC_SHA512, 64),
            Algorithm::RS256 => rsa(&signature::RSA_PKCS1_SHA256),
            Algorithm::RS384 => rsa(&signature::RSA_PKCS1_SHA384),
            Algorithm::RS512 => rsa(&signature::RSA_PKCS1_SHA512),
            Algorithm::PS256 => rsa(&signature::RSA_PSS_SHA256),
            Algorithm::PS384 => rsa(&signature::RSA_PSS_SHA384),
            Algorithm::PS512 => rsa(&signature::RSA_PSS_SHA512),
            Algorithm::ES256 => ec("P-256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::ES384 => ec("P-384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::ES512 => ec("P-521", &signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::ES256K => ec("secp256k1", &signature::ECDSA_P256K1_SHA256_FIXED_SIGNING),
            Algorithm::Ed25519 => ed25519(),
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        (self.sign)(message)
    }
}

fn mac(algorithm: hmac::Algorithm, bytes: usize) -> Signer {
    let mut secret = vec![0; bytes];
    aws_lc_rs::rand::fill(&mut secret).unwrap();
    let key = hmac::Key::new(algorithm, &secret);
    Signer {
        members: format!(r#""kty":"oct","k":"{}""#, encode(&secret)),
        sign: Box::new(move |message| hmac::sign(&key, message).as_ref().to_vec()),
    }
}

fn rsa(encoding: &'static dyn signature::RsaEncoding) -> Signer {
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let (n, e) = der::rsa_numbers(pair.public_key().as_ref()).unwrap();
    Signer {
        members: format!(r#""kty":"RSA","n":"{}","e":"{}""#, encode(n), encode(e)),
        sign: Box::new(move |message| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
            signature
        }),
    }
}

fn ec(crv: &str, algorithm: &'static EcdsaSigningAlgorithm) -> Signer {
    let pair = EcdsaKeyPair::generate(algorithm).unwrap();
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    Signer {
        members: format!(r#""kty":"EC","crv":"{crv}","x":"{}","y":"{}""#, encode(x), encode(y)),
        sign: Box::new(move |message| pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()),
    }
}

fn ed25519() -> Signer {
    let pair = Ed25519KeyPair::generate().unwrap();
    Signer {
        members: format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, encode(pair.public_key().as_ref())),
        sign: Box::new(move |message| pair.sign(message).as_ref().to_vec()),
    }
}
