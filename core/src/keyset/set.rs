//! The keys of one issuer.

use std::fmt;

use super::assemble::{Read, assemble};
use super::index::{Candidate, Index};
use super::{Key, KeySetOptions, Origin, SkippedKey};
use crate::algorithm::Algorithm;
use crate::encoding::pem;
use crate::error::{Code, Rejection};
use crate::json::{self, Bounds};
use crate::jwk::{self, Jwk};
use crate::limits;
use crate::rule::Rule;

/// Keys of one issuer: checked and prepared when the set is made, never changed after.
pub struct KeySet {
    keys: Vec<Key>,
    skipped: Vec<SkippedKey>,
    index: Index,
}

impl KeySet {
    /// A JWK Set. One unusable key never spoils a set; each is listed with its reason.
    ///
    /// Fails with `jwks_invalid` for what is not strict JSON with a list `keys`, and for sets of more
    /// bytes or keys than the limits of their origin (JWK-01, JSN-01, LIM-06).
    pub fn from_jwks(json: &[u8], options: &KeySetOptions) -> Result<KeySet, Code> {
        let (most_bytes, most_keys) = match options.origin {
            Origin::Static => (limits::STATIC_JWKS_BYTES, limits::STATIC_KEYS),
            Origin::Fetched => (limits::JWKS_BYTES, limits::KEYS),
            Origin::FetchedWithin { most_bytes, most_keys } => (most_bytes, most_keys),
        };
        let document = parse(json, most_bytes)?;
        let keys = document.root().get("keys").and_then(json::Value::as_array).ok_or(Code::JwksInvalid)?;
        if keys.clone().nth(most_keys).is_some() && !Rule::Lim06.is_off() {
            return Err(Code::JwksInvalid);
        }
        let read = keys.map(|key| Read {
            kid: jwk::printable_kid(key).map(Into::into),
            outcome: Jwk::from_json(key, options.terms()),
        });
        let set = assemble(read, options);
        document.wipe();
        Ok(set)
    }

    /// A single JWK. A key that cannot be used is an error with its reason; `key_alg_mismatch` if its
    /// algorithm is not listed.
    pub fn from_jwk(json: &[u8], options: &KeySetOptions) -> Result<KeySet, Code> {
        let document = parse(json, limits::JWKS_BYTES)?;
        let set = alone(Jwk::from_json(document.root(), options.terms()), options);
        document.wipe();
        set
    }

    /// Public keys and certificates in PEM, which have no `kid`. A single one that cannot be used is an
    /// error, as in [`KeySet::from_jwk`]; several are a set, as in [`KeySet::from_jwks`].
    ///
    /// Fails with `jwks_private_key` if there is a private key among them, and with `jwks_invalid` for
    /// what is not PEM, holds no block or too many, or more than one certificate: a chain would make
    /// the keys of its authorities keys for tokens.
    pub fn from_pem(pem: &[u8], options: &KeySetOptions) -> Result<KeySet, Code> {
        let text = std::str::from_utf8(pem).map_err(|_| Code::JwksInvalid)?;
        if pem::holds_private_key(text) {
            return Err(Code::JwksPrivateKey);
        }
        let blocks = pem::blocks(text).ok_or(Code::JwksInvalid)?;
        let certificates = blocks.iter().filter(|block| block.label == pem::CERTIFICATE).count();
        if pem.len() > limits::STATIC_JWKS_BYTES || blocks.len() > limits::STATIC_KEYS || certificates > 1 {
            return Err(Code::JwksInvalid);
        }
        match blocks.as_slice() {
            [] => Err(Code::JwksInvalid),
            [block] => alone(Jwk::from_pem(block, options.terms()), options),
            blocks => {
                let outcomes = blocks.iter().map(|block| Jwk::from_pem(block, options.terms()));
                Ok(assemble(outcomes.map(|outcome| Read { kid: None, outcome }), options))
            }
        }
    }

    /// A shared secret for the one MAC algorithm that is listed, without a `kid`.
    ///
    /// Fails with `jwks_symmetric_key` where no MAC algorithm is listed or the origin is the network,
    /// `alg_ambiguous` where several are listed, `hmac_key_short` (JWK-13), `hmac_key_is_public`
    /// (JWK-14).
    pub fn from_secret(secret: &[u8], options: &KeySetOptions) -> Result<KeySet, Code> {
        alone(Jwk::from_secret(secret, options.terms()), options)
    }

    /// How many keys can be used.
    pub fn len(&self) -> usize {
        self.keys.iter().filter(|key| key.is_usable()).count()
    }

    /// Can none be used?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys in the order of the set: those that can be used, and those whose algorithm is not
    /// listed.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Key> {
        self.keys.iter()
    }

    /// Does one of its keys have this `kid`, whether it can be used or not?
    pub(crate) fn has_kid(&self, kid: &str) -> bool {
        self.index.of_kid(kid).is_some()
    }

    /// The keys that were left out, in the order of the set.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    pub(super) fn new(keys: Vec<Key>, skipped: Vec<SkippedKey>) -> KeySet {
        KeySet { index: Index::new(&keys), keys, skipped }
    }

    /// The one key that the token's `kid` and algorithm pick (JWK-08, JWS-07, JWS-32). Costs one
    /// lookup, whatever the size of the set.
    ///
    /// A `kid` that the set has picks its key, which must be bound to the algorithm. Any other `kid`
    /// leaves the keys that have none; a token without `kid` leaves all keys of its algorithm. One
    /// must remain.
    pub(crate) fn pick(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&Key, Rejection> {
        let mismatch = || Rejection::new(Rule::Jws07, Code::KeyAlgMismatch);
        let unknown = || Rejection::new(Rule::Jwk08, Code::KidUnknown);
        if let Some(at) = kid.and_then(|kid| self.index.of_kid(kid)) {
            let is_bound = |key: &Key| key.algorithm() == Some(algorithm) || Rule::Jws07.is_off();
            let is_picked = |key: &&Key| key.is_usable() && is_bound(key);
            return self.keys.get(at).filter(is_picked).ok_or_else(mismatch);
        }
        let candidate = match kid {
            Some(_) if !Rule::Jwk08.is_off() => self.index.without_kid(algorithm),
            _ => self.index.usable(algorithm),
        };
        match candidate {
            Candidate::One(at) => self.keys.get(at).ok_or_else(unknown),
            Candidate::Several if Rule::Jws32.is_off() => {
                let mut keys = self.keys.iter().filter(|key| key.is_usable());
                keys.find(|key| key.algorithm() == Some(algorithm)).ok_or_else(unknown)
            }
            Candidate::Several => Err(Rejection::new(Rule::Jws32, Code::KeyAmbiguous)),
            Candidate::None if kid.is_none() && !self.keys.is_empty() => Err(mismatch()),
            Candidate::None => Err(unknown()),
        }
    }
}

impl fmt::Debug for KeySet {
    /// Shows the counts only: a set may be large.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("KeySet")
            .field("keys", &self.keys.len())
            .field("usable", &self.len())
            .field("skipped", &self.skipped.len())
            .finish_non_exhaustive()
    }
}

fn parse(json: &[u8], most_bytes: usize) -> Result<json::Document, Code> {
    if json.len() > most_bytes && !Rule::Jwk01.is_off() {
        return Err(Code::JwksInvalid);
    }
    json::parse(json.to_vec(), Bounds::OPERATOR).map_err(|_| Code::JwksInvalid)
}

/// The set of one key, which must be usable: the operator named it.
fn alone(outcome: Result<Jwk, Code>, options: &KeySetOptions) -> Result<KeySet, Code> {
    let set = assemble([Read { kid: None, outcome }].into_iter(), options);
    match set.skipped() {
        [skipped, ..] => Err(skipped.reason),
        [] if set.is_empty() => Err(Code::KeyAlgMismatch),
        [] => Ok(set),
    }
}
