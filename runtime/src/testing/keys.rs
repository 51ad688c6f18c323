//! The keys of an issuer for tests: one signs, those before it are still published until they retire.

use counterseal_core::algorithm::Algorithm;
use counterseal_core::crypto::{self, SigningKey};
use counterseal_core::error::Code;
use counterseal_core::jwk::public_jwk;

pub(super) struct Keys {
    algorithm: Algorithm,
    /// The newest is the last.
    published: Vec<Key>,
    made: usize,
}

pub(super) struct Key {
    pub(super) kid: String,
    pub(super) pair: Box<dyn SigningKey>,
}

impl Keys {
    pub(super) fn new(algorithm: Algorithm) -> Result<Keys, Code> {
        let mut keys = Keys { algorithm, published: Vec::new(), made: 0 };
        keys.rotate()?;
        Ok(keys)
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The one that signs.
    pub(super) fn current(&self) -> Result<&Key, Code> {
        self.published.last().ok_or(Code::Internal)
    }

    /// A key of the same kind that nobody published.
    pub(super) fn stranger(&self) -> Result<Box<dyn SigningKey>, Code> {
        crypto::default_provider().ok_or(Code::ConfigAlgUnsupported)?.generate(self.algorithm)
    }

    pub(super) fn rotate(&mut self) -> Result<&str, Code> {
        let pair = self.stranger()?;
        self.made += 1;
        self.published.push(Key { kid: format!("test-{}", self.made), pair });
        Ok(&self.current()?.kid)
    }

    /// Only the newest stays.
    pub(super) fn retire(&mut self) {
        self.published.drain(..self.published.len().saturating_sub(1));
    }

    pub(super) fn jwks(&self) -> Result<String, Code> {
        let jwk = |key: &Key| public_jwk(key.pair.public(), self.algorithm, Some(&key.kid));
        let jwks = self.published.iter().map(jwk).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("{{\"keys\":[{}]}}", jwks.join(",")))
    }
}
