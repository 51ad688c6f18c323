//! The test keys: private JWKs in `keys/`, published with the tests and worth nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::{AsBigEndian, AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding};
use aws_lc_rs::{encoding, hmac, rsa};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::der;

/// What every key file says of itself.
const NOTICE: &str = "a test key: private, published on purpose, never to be trusted";

/// A private key, or a secret, that signs tokens of the corpus.
#[derive(Clone, Debug)]
pub struct PrivateKey {
    /// Its name, which is its `kid`.
    pub name: String,
    jwk: Map<String, Value>,
    /// Of an RSA key: checking one takes longer than signing with it.
    rsa_pair: OnceLock<Arc<rsa::KeyPair>>,
}

/// All keys by name.
pub type PrivateKeys = BTreeMap<String, PrivateKey>;

impl PrivateKey {
    /// Makes a key. The name says which: `rs2048-a` is an RSA key of 2048 bits for RS256, `ps384-a` one
    /// for PS384; others are `ec256-a`, `ec256k-a`, `ed25519-a`, `hs256-a`.
    pub fn generate(name: &str) -> Result<PrivateKey, String> {
        let kind = name.split('-').next().unwrap_or_default();
        let (algorithm, members) = match kind {
            "rs2048" => ("RS256", rsa(rsa::KeySize::Rsa2048)?),
            "rs3072" => ("RS256", rsa(rsa::KeySize::Rsa3072)?),
            "rs4096" => ("RS256", rsa(rsa::KeySize::Rsa4096)?),
            "rs8192" => ("RS256", rsa(rsa::KeySize::Rsa8192)?),
            "rs384" => ("RS384", rsa(rsa::KeySize::Rsa2048)?),
            "rs512" => ("RS512", rsa(rsa::KeySize::Rsa2048)?),
            "ps256" => ("PS256", rsa(rsa::KeySize::Rsa2048)?),
            "ps384" => ("PS384", rsa(rsa::KeySize::Rsa2048)?),
            "ps512" => ("PS512", rsa(rsa::KeySize::Rsa2048)?),
            "ec256" => ("ES256", ec("P-256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING)?),
            "ec384" => ("ES384", ec("P-384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING)?),
            "ec521" => ("ES512", ec("P-521", &signature::ECDSA_P521_SHA512_FIXED_SIGNING)?),
            "ec256k" => ("ES256K", ec("secp256k1", &signature::ECDSA_P256K1_SHA256_FIXED_SIGNING)?),
            "ed25519" => ("Ed25519", ed25519()?),
            "hs256" => ("HS256", secret(32)?),
            "hs384" => ("HS384", secret(48)?),
            "hs512" => ("HS512", secret(64)?),
            _ => return Err(format!("{name}: no kind of key has such a name")),
        };
        let Value::Object(mut jwk) = members else { return Err("no object".into()) };
        jwk.insert("kid".into(), name.into());
        jwk.insert("alg".into(), algorithm.into());
        jwk.insert("x-notice".into(), NOTICE.into());
        Ok(PrivateKey { name: name.to_owned(), jwk, rsa_pair: OnceLock::new() })
    }

    /// Reads the keys of a folder, one file each.
    pub fn load_all(folder: &Path) -> Result<PrivateKeys, String> {
        let mut keys = PrivateKeys::new();
        let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
            if path.extension().is_none_or(|extension| extension != "json") || name == "sets" {
                continue;
            }
            let text =
                std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let jwk = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            keys.insert(name.clone(), PrivateKey { name, jwk, rsa_pair: OnceLock::new() });
        }
        Ok(keys)
    }

    /// The file's contents.
    pub fn to_value(&self) -> Value {
        Value::Object(self.jwk.clone())
    }

    /// The public key, or for a secret the key itself: it is shared.
    pub fn public(&self) -> Value {
        const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "x-notice"];
        let members = self.jwk.iter().filter(|(name, _)| !PRIVATE.contains(&name.as_str()));
        Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// The algorithm it is for.
    pub fn algorithm(&self) -> &str {
        self.jwk.get("alg").and_then(Value::as_str).unwrap_or_default()
    }

    /// Can it sign by that algorithm?
    pub fn fits(&self, algorithm: &str) -> bool {
        match (self.text("kty"), algorithm.get(..2)) {
            ("RSA", Some("RS" | "PS")) | ("oct", Some("HS")) => {
                matches!(&algorithm[2..], "256" | "384" | "512")
            }
            ("OKP", _) => matches!(algorithm, "Ed25519" | "EdDSA"),
            ("EC", _) => algorithm == self.algorithm(),
            _ => false,
        }
    }

    /// A signature, or a MAC.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, String> {
        if !self.fits(algorithm) {
            return Err(format!("{} does not sign by {algorithm}", self.name));
        }
        let refused = |_| format!("{} cannot be used", self.name);
        let unspecified = |_| format!("{} does not sign", self.name);
        match self.text("kty") {
            "oct" => mac(algorithm, &self.bytes("k")?, message),
            "RSA" => {
                let pair = self.rsa_pair()?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(rsa_encoding(algorithm), &SystemRandom::new(), message, &mut signature)
                    .map_err(unspecified)?;
                Ok(signature)
            }
            "EC" => {
                let point = [vec![4], self.bytes("x")?, self.bytes("y")?].concat();
                let by = ec_algorithm(algorithm);
                let pair = EcdsaKeyPair::from_private_key_and_public_key(by, &self.bytes("d")?, &point);
                let pair = pair.map_err(refused)?;
                Ok(pair.sign(&SystemRandom::new(), message).map_err(unspecified)?.as_ref().to_vec())
            }
            _ => {
                let pair = Ed25519KeyPair::from_seed_and_public_key(&self.bytes("d")?, &self.bytes("x")?);
                Ok(pair.map_err(refused)?.sign(message).as_ref().to_vec())
            }
        }
    }

    /// Is this what the key signed, by an algorithm that signs differently each time?
    pub fn has_signed(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let member = |name: &str| self.bytes(name).unwrap_or_default();
        let (by, key): (&dyn signature::VerificationAlgorithm, Vec<u8>) = match algorithm {
            "PS256" => (&signature::RSA_PSS_2048_8192_SHA256, der::integers(&[&member("n"), &member("e")])),
            "PS384" => (&signature::RSA_PSS_2048_8192_SHA384, der::integers(&[&member("n"), &member("e")])),
            "PS512" => (&signature::RSA_PSS_2048_8192_SHA512, der::integers(&[&member("n"), &member("e")])),
            "ES256" => (&signature::ECDSA_P256_SHA256_FIXED, [vec![4], member("x"), member("y")].concat()),
            "ES384" => (&signature::ECDSA_P384_SHA384_FIXED, [vec![4], member("x"), member("y")].concat()),
            "ES512" => (&signature::ECDSA_P521_SHA512_FIXED, [vec![4], member("x"), member("y")].concat()),
            "ES256K" => (&signature::ECDSA_P256K1_SHA256_FIXED, [vec![4], member("x"), member("y")].concat()),
            _ => return false,
        };
        signature::UnparsedPublicKey::new(by, key).verify(message, signature).is_ok()
    }

    fn rsa_pair(&self) -> Result<&rsa::KeyPair, String> {
        if let Some(pair) = self.rsa_pair.get() {
            return Ok(pair);
        }
        let members = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map(|name| self.bytes(name));
        let numbers = members.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut all: Vec<&[u8]> = vec![&[0]];
        all.extend(numbers.iter().map(Vec::as_slice));
        let pair = rsa::KeyPair::from_der(&der::integers(&all));
        let pair = pair.map_err(|_| format!("{} cannot be used", self.name))?;
        Ok(self.rsa_pair.get_or_init(|| Arc::new(pair)))
    }

    fn text(&self, name: &str) -> &str {
        self.jwk.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        let bytes = URL_SAFE_NO_PAD.decode(self.text(name)).ok().filter(|bytes| !bytes.is_empty());
        bytes.ok_or_else(|| format!("{}: no {name}", self.name))
    }
}

/// Does the algorithm sign the same bytes differently each time?
pub fn is_randomized(algorithm: &str) -> bool {
    algorithm.starts_with("ES") || algorithm.starts_with("PS")
}

/// The MAC of a message under any bytes.
pub fn mac(algorithm: &str, secret: &[u8], message: &[u8]) -> Result<Vec<u8>, String> {
    let by = match algorithm {
        "HS256" => hmac::HMAC_SHA256,
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => return Err(format!("{algorithm} is no MAC")),
    };
    Ok(hmac::sign(&hmac::Key::new(by, secret), message).as_ref().to_vec())
}

fn rsa_encoding(algorithm: &str) -> &'static dyn RsaEncoding {
    match algorithm {
        "RS384" => &signature::RSA_PKCS1_SHA384,
        "RS512" => &signature::RSA_PKCS1_SHA512,
        "PS256" => &signature::RSA_PSS_SHA256,
        "PS384" => &signature::RSA_PSS_SHA384,
        "PS512" => &signature::RSA_PSS_SHA512,
        _ => &signature::RSA_PKCS1_SHA256,
    }
}

fn ec_algorithm(algorithm: &str) -> &'static EcdsaSigningAlgorithm {
    match algorithm {
        "ES384" => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        "ES512" => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
        "ES256K" => &signature::ECDSA_P256K1_SHA256_FIXED_SIGNING,
        _ => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn failed<E>(_: E) -> String {
    "the key cannot be made".into()
}

fn rsa(size: rsa::KeySize) -> Result<Value, String> {
    let pair = rsa::KeyPair::generate(size).map_err(failed)?;
    let document: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
    let numbers = der::rsa_numbers(document.as_ref()).filter(|numbers| numbers.len() == 9);
    let [_, n, e, d, p, q, dp, dq, qi]: [Vec<u8>; 9] =
        numbers.ok_or("no numbers")?.try_into().map_err(failed)?;
    let [n, e, d, p, q, dp, dq, qi] = [n, e, d, p, q, dp, dq, qi].map(encode);
    Ok(json!({ "kty": "RSA", "n": n, "e": e, "d": d, "p": p, "q": q, "dp": dp, "dq": dq, "qi": qi }))
}

fn ec(crv: &str, by: &'static EcdsaSigningAlgorithm) -> Result<Value, String> {
    let pair = EcdsaKeyPair::generate(by).map_err(failed)?;
    let d: encoding::EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().map_err(failed)?;
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    Ok(json!({ "kty": "EC", "crv": crv, "x": encode(x), "y": encode(y), "d": encode(d.as_ref()) }))
}

fn ed25519() -> Result<Value, String> {
    let pair = Ed25519KeyPair::generate().map_err(failed)?;
    let seed = pair.seed().and_then(|seed| Ok(encode(seed.as_be_bytes()?.as_ref()))).map_err(failed)?;
    Ok(json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref()), "d": seed }))
}

fn secret(bytes: usize) -> Result<Value, String> {
    let mut secret = vec![0; bytes];
    aws_lc_rs::rand::fill(&mut secret).map_err(failed)?;
    Ok(json!({ "kty": "oct", "k": encode(&secret) }))
}
