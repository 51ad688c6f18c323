//! Tokens of every algorithm, signed with keys that are made on the spot.

use std::sync::OnceLock;

use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding};
use aws_lc_rs::{hmac, rand::SystemRandom, rsa};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal::Algorithm;
use serde_json::{Value, json};

/// Base64url without padding.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of strict base64url.
pub fn from_base64url(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Someone who signs with one key by one algorithm.
pub struct Signer {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The key's name.
    pub kid: String,
    key: Key,
}

enum Key {
    Secret { secret: Vec<u8>, key: Box<hmac::Key> },
    Rsa { encoding: &'static dyn RsaEncoding },
    Ec { crv: &'static str, pair: EcdsaKeyPair },
    Ed25519 { pair: Ed25519KeyPair },
}

impl Signer {
    /// Makes a key. All RSA algorithms share one: it is the most expensive to make.
    pub fn new(algorithm: Algorithm, kid: &str) -> Signer {
        let key = match algorithm {
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                let mut secret = vec![0; 64];
                aws_lc_rs::rand::fill(&mut secret).unwrap();
                return Signer::with_secret(algorithm, kid, &secret);
            }
            Algorithm::RS256 => Key::Rsa { encoding: &signature::RSA_PKCS1_SHA256 },
            Algorithm::RS384 => Key::Rsa { encoding: &signature::RSA_PKCS1_SHA384 },
            Algorithm::RS512 => Key::Rsa { encoding: &signature::RSA_PKCS1_SHA512 },
            Algorithm::PS256 => Key::Rsa { encoding: &signature::RSA_PSS_SHA256 },
            Algorithm::PS384 => Key::Rsa { encoding: &signature::RSA_PSS_SHA384 },
            Algorithm::PS512 => Key::Rsa { encoding: &signature::RSA_PSS_SHA512 },
            Algorithm::ES256 => ec("P-256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::ES384 => ec("P-384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::ES512 => ec("P-521", &signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::ES256K => ec("secp256k1", &signature::ECDSA_P256K1_SHA256_FIXED_SIGNING),
            Algorithm::Ed25519 => Key::Ed25519 { pair: Ed25519KeyPair::generate().unwrap() },
        };
        Signer { algorithm, kid: kid.to_owned(), key }
    }

    /// Signs by a MAC algorithm with this secret.
    pub fn with_secret(algorithm: Algorithm, kid: &str, secret: &[u8]) -> Signer {
        let mac = match algorithm {
            Algorithm::HS256 => hmac::HMAC_SHA256,
            Algorithm::HS384 => hmac::HMAC_SHA384,
            _ => hmac::HMAC_SHA512,
        };
        let key = Key::Secret { secret: secret.to_vec(), key: Box::new(hmac::Key::new(mac, secret)) };
        Signer { algorithm, kid: kid.to_owned(), key }
    }

    /// Signs by Ed25519 with the key of this seed, so that signatures are the same on every run.
    pub fn with_ed25519_seed(kid: &str, seed: &[u8; 32]) -> Signer {
        let key = Key::Ed25519 { pair: Ed25519KeyPair::from_seed_unchecked(seed).unwrap() };
        Signer { algorithm: Algorithm::Ed25519, kid: kid.to_owned(), key }
    }

    /// Signs by ES256 with this key, whose numbers are given in base64url.
    pub fn with_p256_key(kid: &str, d: &str, x: &str, y: &str) -> Signer {
        let bytes = |text: &str| from_base64url(text).unwrap();
        let point = [vec![4], bytes(x), bytes(y)].concat();
        let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &bytes(d), &point).unwrap();
        Signer { algorithm: Algorithm::ES256, kid: kid.to_owned(), key: Key::Ec { crv: "P-256", pair } }
    }

    /// The public key, or the secret, as a JWK bound to the algorithm.
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.key {
            Key::Secret { secret, .. } => json!({ "kty": "oct", "k": base64url(secret) }),
            Key::Rsa { .. } => {
                // RSAPublicKey of 2048 bits: nine bytes, the modulus, and the exponent 65537.
                let modulus = &rsa_pair().public_key().as_ref()[9..9 + 256];
                json!({ "kty": "RSA", "n": base64url(modulus), "e": "AQAB" })
            }
            Key::Ec { crv, pair } => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "kty": "EC", "crv": crv, "x": base64url(x), "y": base64url(y) })
            }
            Key::Ed25519 { pair } => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key().as_ref()) })
            }
        };
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.algorithm.name());
        jwk
    }

    /// A set of this key alone.
    pub fn jwks(&self) -> String {
        json!({ "keys": [self.jwk()] }).to_string()
    }

    /// The bytes of a signature.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::Secret { key, .. } => hmac::sign(key, message).as_ref().to_vec(),
            Key::Rsa { encoding } => {
                let mut signature = vec![0; rsa_pair().public_modulus_len()];
                rsa_pair().sign(*encoding, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
            Key::Ec { pair, .. } => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Key::Ed25519 { pair } => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// The header of its tokens.
    pub fn header(&self) -> String {
        format!(r#"{{"alg":"{}","typ":"JWT","kid":"{}"}}"#, self.algorithm, self.kid)
    }

    /// A token with its own header.
    pub fn token(&self, claims: impl AsRef<[u8]>) -> String {
        self.token_with(self.header(), claims)
    }

    /// A token with any header and payload.
    pub fn token_with(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.signed(format!("{}.{}", base64url(header), base64url(payload)))
    }

    /// Signs a text as it stands and appends the signature.
    pub fn signed(&self, message: String) -> String {
        let signature = base64url(self.sign(message.as_bytes()));
        message + "." + &signature
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Signer").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

fn ec(crv: &'static str, algorithm: &'static EcdsaSigningAlgorithm) -> Key {
    Key::Ec { crv, pair: EcdsaKeyPair::generate(algorithm).unwrap() }
}

fn rsa_pair() -> &'static rsa::KeyPair {
    static PAIR: OnceLock<rsa::KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap())
}
