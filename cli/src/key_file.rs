//! Files of keys: a JWK, a JWK Set, or PEM.

use std::path::Path;

use counterseal::core::crypto::default_provider;
use counterseal::core::json::{Bounds, Document, parse};
use counterseal::core::keyset::{KeySetOptions, Origin};
use counterseal::core::limits::STATIC_JWKS_BYTES;
use counterseal::{Algorithm, AlgorithmSet, Code, KeySet};
use zeroize::Zeroizing;

use crate::answer::Failure;
use crate::input;

/// A file of keys, as it is.
pub(crate) struct KeyFile {
    bytes: Zeroizing<Vec<u8>>,
    format: Format,
}

/// How it is written.
pub(crate) enum Format {
    Jwk(Document),
    JwkSet(Document),
    Pem,
}

/// One algorithm of each kind, so that keys which name none can be described too.
const ONE_OF_EACH_KIND: [Algorithm; 7] = [
    Algorithm::HS256,
    Algorithm::RS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::ES256K,
    Algorithm::Ed25519,
];

impl KeyFile {
    /// Reads the file that the argument `name` gives.
    pub(crate) fn read(name: &str, path: &Path) -> Result<KeyFile, Failure> {
        let bytes = input::file(name, path, STATIC_JWKS_BYTES)?;
        let format = Format::of(&bytes)?;
        Ok(KeyFile { bytes, format })
    }

    pub(crate) fn format(&self) -> &Format {
        &self.format
    }

    /// The keys for these algorithms. There is at least one.
    pub(crate) fn key_set(&self, algorithms: AlgorithmSet) -> Result<KeySet, Failure> {
        let options = options(algorithms)?;
        let set = match &self.format {
            Format::Jwk(_) => KeySet::from_jwk(&self.bytes, &options),
            Format::JwkSet(_) => KeySet::from_jwks(&self.bytes, &options),
            Format::Pem => KeySet::from_pem(&self.bytes, &options),
        };
        let set = set.map_err(|code| self.unusable(code))?;
        match set.skipped().first() {
            _ if !set.is_empty() => Ok(set),
            Some(skipped) => Err(self.unusable(skipped.reason)),
            None => Err(Failure::Keys(
                Code::KeyAlgMismatch,
                "no key in the file is for these algorithms".to_owned(),
            )),
        }
    }

    /// Every key that is sound, whatever it may be used for; the others with their reasons.
    pub(crate) fn survey(&self) -> Result<KeySet, Failure> {
        let options = options(ONE_OF_EACH_KIND.into_iter().collect())?;
        let set = match &self.format {
            // In a set, one unusable key is listed and no error.
            Format::Jwk(_) => {
                let set = Zeroizing::new([b"{\"keys\":[", &**self.bytes, b"]}"].concat());
                KeySet::from_jwks(&set, &options)
            }
            Format::JwkSet(_) => KeySet::from_jwks(&self.bytes, &options),
            Format::Pem => KeySet::from_pem(&self.bytes, &options),
        };
        set.map_err(|code| self.unusable(code))
    }

    fn unusable(&self, code: Code) -> Failure {
        let message = match (&self.format, code) {
            (Format::Pem, Code::JwksPrivateKey) => {
                "a PRIVATE KEY stands in the file. Keep it secret, and give its public key (openssl pkey -pubout)"
            }
            (Format::Pem, Code::JwksInvalid) => {
                "the PEM cannot be used: a block is malformed, or there are several certificates (keep the signer's alone)"
            }
            (_, code) => code.message(),
        };
        Failure::Keys(code, message.to_owned())
    }
}

impl Format {
    fn of(bytes: &[u8]) -> Result<Format, Failure> {
        let wrong = |message: String| Failure::Keys(Code::JwksInvalid, message);
        if !bytes.trim_ascii_start().starts_with(b"{") {
            let is_pem = bytes.windows(11).any(|window| window == b"-----BEGIN ");
            let message = "the file is no JWK, no JWK Set and no PEM".to_owned();
            return if is_pem { Ok(Format::Pem) } else { Err(wrong(message)) };
        }
        let document = parse(bytes.to_vec(), Bounds::OPERATOR)
            .map_err(|fault| wrong(format!("{}, at byte {}", fault.code.message(), fault.offset)))?;
        match (document.root().get("keys"), document.root().get("kty")) {
            (Some(_), _) => Ok(Format::JwkSet(document)),
            (None, Some(_)) => Ok(Format::Jwk(document)),
            (None, None) => {
                Err(wrong("the JSON has neither `keys` nor `kty`: it is no JWK Set and no JWK".to_owned()))
            }
        }
    }
}

fn options(algorithms: AlgorithmSet) -> Result<KeySetOptions, Failure> {
    let provider = default_provider().ok_or(Failure::Internal)?;
    Ok(KeySetOptions { algorithms, provider, origin: Origin::Static })
}
