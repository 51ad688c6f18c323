//! Signatures for tests: fresh keys of every algorithm, with their public halves as JWKs.

use aws_lc_rs::hmac;

use crate::algorithm::Algorithm;
use crate::crypto::Provider;
use crate::encoding::base64url::encode;
use crate::error::Code;
use crate::jwk::public_jwk;

/// Someone who signs with one key.
pub(super) struct Signer {
    /// The JWK, with neither `kid` nor `alg`.
    pub(super) jwk: String,
    sign: Sign,
}

type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;

impl Signer {
    /// Makes a key by `provider`; secrets by chance. Fails where the provider makes no such keys.
    pub(super) fn new(algorithm: Algorithm, provider: &dyn Provider) -> Result<Signer, Code> {
        match algorithm {
            Algorithm::HS256 => Ok(mac(hmac::HMAC_SHA256, 32)),
            Algorithm::HS384 => Ok(mac(hmac::HMAC_SHA384, 48)),
            Algorithm::HS512 => Ok(mac(hmac::HMAC_SHA512, 64)),
            _ => {
                let key = provider.generate(algorithm)?;
                assert_eq!(key.algorithm(), algorithm);
                let jwk = public_jwk(key.public(), algorithm, None).unwrap();
                let jwk = jwk.replace(&format!(",\"alg\":\"{}\",\"use\":\"sig\"", algorithm.name()), "");
                assert!(!jwk.contains("\"alg\":"));
                Ok(Signer { jwk, sign: Box::new(move |message| key.sign(message).unwrap()) })
            }
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        (self.sign)(message)
    }
}

fn mac(algorithm: hmac::Algorithm, bytes: usize) -> Signer {
    let mut secret = vec![0; bytes];
    aws_lc_rs::rand::fill(&mut secret).unwrap();
    let key = hmac::Key::new(algorithm, &secret);
    Signer {
        jwk: format!(r#"{{"kty":"oct","k":"{}"}}"#, encode(&secret)),
        sign: Box::new(move |message| hmac::sign(&key, message).as_ref().to_vec()),
    }
}
