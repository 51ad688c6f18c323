//! From the keys that were read to the keys that are used: unlisted algorithms, duplicates (JWK-07),
//! preparation.

use std::collections::HashMap;

use super::{Key, KeySet, KeySetOptions, SkippedKey};
use crate::algorithm::Algorithm;
use crate::crypto::VerifyingKey;
use crate::error::Code;
use crate::jwk::{Jwk, Terms, thumbprint};
use crate::rule::Rule;

/// A key of the set, good or bad.
pub(super) struct Read {
    pub(super) kid: Option<String>,
    pub(super) outcome: Result<Jwk, Code>,
}

/// Makes the set. Keys are skipped one by one; the set itself cannot fail.
pub(super) fn assemble(read: impl Iterator<Item = Read>, options: &KeySetOptions) -> KeySet {
    let mut skipped = Vec::new();
    let mut sound = Vec::new();
    for (index, Read { kid, outcome }) in read.enumerate() {
        match outcome.and_then(|jwk| Sound::new(index, jwk, options)) {
            Ok(key) => sound.push(key),
            Err(reason) => skipped.push(SkippedKey { index, kid, reason }),
        }
    }
    let fates = fates(&mut sound);
    let mut keys = Vec::with_capacity(sound.len());
    for (key, fate) in sound.into_iter().zip(fates) {
        let (index, kid) = (key.index, key.jwk.kid.as_deref().map(Into::into));
        let outcome = match fate {
            Fate::Kept => key.prepare(options),
            Fate::Repeated => continue,
            Fate::Conflicting if Rule::Jwk07.is_off() => key.prepare(options),
            Fate::Conflicting => Err(Code::KidDuplicate),
        };
        match outcome {
            Ok(key) => keys.push(key),
            Err(reason) => skipped.push(SkippedKey { index, kid, reason }),
        }
    }
    skipped.sort_by_key(|key| key.index);
    KeySet::new(keys, skipped)
}

impl KeySetOptions {
    pub(super) fn terms(&self) -> Terms {
        Terms { algorithms: self.algorithms, provider: self.provider, origin: self.origin }
    }
}

/// A key that passed the checks of its own.
struct Sound {
    index: usize,
    jwk: Jwk,
    thumbprint: [u8; 32],
    /// Its algorithm, if the policy lists it.
    listed: Option<Algorithm>,
}

impl Sound {
    fn new(index: usize, jwk: Jwk, options: &KeySetOptions) -> Result<Sound, Code> {
        let listed = jwk.algorithm.filter(|algorithm| options.algorithms.contains(*algorithm));
        if listed.is_some_and(|algorithm| !options.provider.supports(algorithm)) {
            return Err(Code::ConfigAlgUnsupported);
        }
        let thumbprint = thumbprint(&jwk.material, options.provider);
        Ok(Sound { index, jwk, thumbprint, listed })
    }

    fn prepare(self, options: &KeySetOptions) -> Result<Key, Code> {
        let verifying: Option<Box<dyn VerifyingKey>> = match self.listed {
            Some(algorithm) => Some(options.provider.prepare(algorithm, &self.jwk.material)?),
            None => None,
        };
        Ok(Key::new(self.index, self.jwk, self.thumbprint, verifying))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    /// The same key stands earlier in the set.
    Repeated,
    /// Another key has the same `kid`.
    Conflicting,
}

/// Listed keys of one `kid` must be one key with one algorithm, else none of them is used (JWK-07).
/// A key that is repeated, with a `kid` or without, is kept once, with the certificate that either has.
fn fates(keys: &mut [Sound]) -> Vec<Fate> {
    let mut fates = vec![Fate::Kept; keys.len()];
    let mut first_of_kid = HashMap::new();
    let mut first_of_key = HashMap::new();
    for at in 0..keys.len() {
        let Some(algorithm) = keys[at].listed else {
            continue;
        };
        let identity = (keys[at].thumbprint, algorithm);
        let first = match keys[at].jwk.kid.clone() {
            Some(kid) => *first_of_kid.entry(kid).or_insert(at),
            None => *first_of_key.entry(identity).or_insert(at),
        };
        if first == at {
            continue;
        }
        if Some(identity) != keys[first].listed.map(|algorithm| (keys[first].thumbprint, algorithm)) {
            fates[first] = Fate::Conflicting;
        }
        fates[at] = Fate::Repeated;
        let certificate = keys[first].jwk.certificate_sha256.or(keys[at].jwk.certificate_sha256);
        keys[first].jwk.certificate_sha256 = certificate;
    }
    // A conflict that shows late takes the keys before it along.
    for at in 0..keys.len() {
        let first = keys[at].jwk.kid.as_ref().and_then(|kid| first_of_kid.get(kid));
        if keys[at].listed.is_some() && first.is_some_and(|first| fates[*first] == Fate::Conflicting) {
            fates[at] = Fate::Conflicting;
        }
    }
    fates
}
