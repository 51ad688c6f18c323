//! The floor: nothing but the signature, over bytes that are decoded already.

use aws_lc_rs::signature::{self as aws, ParsedPublicKey};
use base64::Engine;
use counterseal::Algorithm;
use ring::signature as ring_signature;

use crate::signer::PublicKey;

/// What was signed, and the signature.
#[derive(Clone, Debug)]
pub struct Signed {
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Signed {
    /// Takes a compact token apart.
    pub fn of(token: &str) -> Signed {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(signature).unwrap();
        Signed { message: message.into(), signature }
    }
}

/// A check of signatures by one key. Panics where one is not valid.
pub type Check = Box<dyn Fn(&Signed)>;

/// By aws-lc with a key that was parsed before.
pub fn aws_lc(algorithm: Algorithm, key: &PublicKey) -> Check {
    if let PublicKey::Secret(secret) = key {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        return Box::new(move |signed| {
            aws_lc_rs::hmac::verify(&key, &signed.message, &signed.signature).unwrap();
        });
    }
    let by: &'static dyn aws::VerificationAlgorithm = match algorithm {
        Algorithm::RS256 => &aws::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::PS256 => &aws::RSA_PSS_2048_8192_SHA256,
        Algorithm::ES256 => &aws::ECDSA_P256_SHA256_FIXED,
        Algorithm::ES384 => &aws::ECDSA_P384_SHA384_FIXED,
        Algorithm::ES512 => &aws::ECDSA_P521_SHA512_FIXED,
        Algorithm::Ed25519 => &aws::ED25519,
        other => panic!("no benchmark verifies {other}"),
    };
    let key = ParsedPublicKey::new(by, encoded(key)).unwrap();
    Box::new(move |signed| key.verify_sig(&signed.message, &signed.signature).unwrap())
}

/// By ring; `None` where ring lacks the algorithm.
pub fn ring(algorithm: Algorithm, key: &PublicKey) -> Option<Check> {
    if let PublicKey::Secret(secret) = key {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
        return Some(Box::new(move |signed| {
            ring::hmac::verify(&key, &signed.message, &signed.signature).unwrap();
        }));
    }
    let by: &'static dyn ring_signature::VerificationAlgorithm = match algorithm {
        Algorithm::RS256 => &ring_signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::PS256 => &ring_signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::ES256 => &ring_signature::ECDSA_P256_SHA256_FIXED,
        Algorithm::ES384 => &ring_signature::ECDSA_P384_SHA384_FIXED,
        Algorithm::Ed25519 => &ring_signature::ED25519,
        _ => return None,
    };
    let key = ring_signature::UnparsedPublicKey::new(by, encoded(key).to_vec());
    Some(Box::new(move |signed| key.verify(&signed.message, &signed.signature).unwrap()))
}

fn encoded(key: &PublicKey) -> &[u8] {
    match key {
        PublicKey::Rsa { der, .. } => der,
        PublicKey::Ec { point, .. } => point,
        PublicKey::Ed25519 { x } => x,
        PublicKey::Secret(secret) => secret,
    }
}
