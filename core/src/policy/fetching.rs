//! How the keys of an entry are fetched and read, step by step: for tools that look at each. A guard goes the same
//! way by the same functions.

use std::sync::Arc;

use super::model::{Issuer, Policy};
use crate::algorithm::AlgorithmSet;
use crate::error::Code;
use crate::keys::fetch::{FetchFault, Request, Response};
use crate::keys::plan::{SPREAD, max_age};
use crate::keys::source::RemoteSource;
use crate::keyset::{KeySet, KeySetOptions, Origin};
use crate::mutants::is_off;

/// The fetching of the keys of one entry, and of all that share them.
#[derive(Clone, Debug)]
pub struct Fetching {
    source: Arc<RemoteSource>,
    options: KeySetOptions,
}

/// How long fetched keys are good, in milliseconds (JKS-05, JKS-06).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// What the answer says: `max-age` less its age, 0 for `no-store` and `no-cache`. Absent: nothing that counts.
    pub said: Option<i64>,
    /// For how long they are fresh: what was said within the limits of the policy, or its `ttl`.
    pub fresh: i64,
    /// The first and last moment at which they are fetched again; chance chooses, so that processes differ.
    pub refresh: (i64, i64),
    /// How much longer they are used where they cannot be fetched again (JKS-08).
    pub stale: i64,
}

impl Policy {
    /// The fetching of an entry's keys; `None` where they come with the policy.
    pub fn fetching(&self, issuer: &Issuer) -> Option<Fetching> {
        let source = self.key_sources.get(issuer.keys)?.remote()?;
        Some(Fetching { source: Arc::clone(source), options: self.key_set_options(issuer.keys) })
    }

    /// For the keys of a slot: everything that its entries list.
    pub(crate) fn key_set_options(&self, slot: usize) -> KeySetOptions {
        let users = self.issuers.iter().filter(|issuer| issuer.keys == slot);
        let algorithms = users.fold(AlgorithmSet::new(), |all, issuer| all.union(issuer.algorithms));
        let origin = match self.key_sources.get(slot).and_then(|source| source.remote()) {
            Some(source) => {
                Origin::FetchedWithin { most_bytes: source.settings.max_bytes, most_keys: source.max_keys }
            }
            None => Origin::Fetched,
        };
        KeySetOptions { algorithms, provider: self.provider, origin }
    }
}

impl Fetching {
    /// As metadata must name it.
    pub fn issuer(&self) -> &str {
        &self.source.issuer
    }

    /// The first request: for metadata, or for keys.
    pub fn first(&self) -> Request {
        self.source.first()
    }

    /// The request for the keys that metadata names, where it is of `issuer` (MTA-02, MTA-05).
    ///
    /// # Errors
    /// `metadata_issuer_mismatch`, `metadata_url_invalid`, or `jwks_fetch_failed` for what is not strict JSON.
    pub fn read_metadata(&self, metadata: Vec<u8>, issuer: &str) -> Result<Request, FetchFault> {
        self.source.read_metadata_of(metadata, issuer)
    }

    /// How a key set is read: the algorithms of all entries that use it, and its limits.
    pub fn key_set_options(&self) -> KeySetOptions {
        self.options
    }

    /// The keys of a set, of which one at least can be used (JKS-10).
    ///
    /// # Errors
    /// `jwks_invalid` or `jwks_empty`.
    pub fn read_keys(&self, jwks: &[u8]) -> Result<KeySet, FetchFault> {
        read_keys(jwks, &self.options)
    }

    /// How long the keys of an answer are good.
    pub fn lifetime(&self, response: &Response) -> Lifetime {
        let terms = &self.source.terms;
        let said = max_age(response.cache_control.as_deref(), response.age);
        let fresh = terms.fresh_for(said);
        let refresh = (terms.refresh_after(fresh, 0), terms.refresh_after(fresh, SPREAD));
        Lifetime {
            said: said.map(|seconds| seconds.saturating_mul(1000)),
            fresh,
            refresh,
            stale: terms.stale,
        }
    }
}

/// Reads a fetched set: one without a key that can be used is a fault (JKS-10).
pub(crate) fn read_keys(jwks: &[u8], options: &KeySetOptions) -> Result<KeySet, FetchFault> {
    let keys = KeySet::from_jwks(jwks, options).map_err(|code| FetchFault::new(code, code.message()))?;
    if keys.is_empty() && !is_off("JKS-10") {
        let reasons = keys.skipped().iter().map(|key| key.reason.slug());
        let reasons: std::collections::BTreeSet<_> = reasons.collect();
        let reasons: Vec<_> = reasons.into_iter().collect();
        let detail = format!("no key can be used: {}", reasons.join(", "));
        return Err(FetchFault::new(Code::JwksEmpty, detail));
    }
    Ok(keys)
}
