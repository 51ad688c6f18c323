//! Everything that one policy needs at run time: its issuers by name, their keys, the cache and the
//! headers seen before. A reload makes a new engine; nothing of the old one is shared.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::algorithm::AlgorithmSet;
use crate::cache::Cache;
use crate::jws::Header;
use crate::keys::KeySlots;
use crate::policy::{Issuer, KeySource, Policy};

pub(crate) struct Engine {
    pub(crate) policy: Policy,
    pub(crate) keys: KeySlots,
    pub(crate) cache: Cache,
    pub(crate) headers: HeaderMemory,
    /// Everything that any issuer lists: the first thing an algorithm is held against.
    pub(crate) algorithms: AlgorithmSet,
    /// Entries of the policy by `iss` and alias.
    by_issuer: HashMap<Box<str>, Vec<usize>, FixedState>,
    /// The entry for tokens without `iss` (POL-03).
    without_issuer: Option<usize>,
    /// Numbers the proofs of a guard, whatever its policy (CAC-10).
    ids: Arc<AtomicU64>,
}

impl Engine {
    /// `epoch` is a number that no other engine of the guard has; `ids` is shared by all of them.
    pub(crate) fn new(policy: Policy, secret: u64, epoch: u64, ids: Arc<AtomicU64>) -> Engine {
        let mut by_issuer: HashMap<Box<str>, Vec<usize>, FixedState> = HashMap::default();
        let mut without_issuer = None;
        for (index, issuer) in policy.issuers.iter().enumerate() {
            if issuer.dangerous.no_issuer {
                without_issuer = Some(index);
                continue;
            }
            for name in std::iter::once(&*issuer.issuer).chain(issuer.aliases.iter().map(|alias| &**alias)) {
                by_issuer.entry(name.into()).or_default().push(index);
            }
        }
        let sources: Vec<_> = policy.key_sources.iter().map(KeySource::fixed).collect();
        Engine {
            keys: KeySlots::new(sources.into_iter(), epoch),
            cache: Cache::new(policy.cache_entries, policy.issuers.len(), secret),
            headers: HeaderMemory::new(secret),
            algorithms: policy
                .issuers
                .iter()
                .fold(AlgorithmSet::new(), |all, issuer| all.union(issuer.algorithms)),
            by_issuer,
            without_issuer,
            policy,
            ids,
        }
    }

    /// The same policy with the same keys, and nothing else of this engine.
    pub(crate) fn renewed(&self, secret: u64, epoch: u64) -> Engine {
        let keys = self.keys.renewed(epoch);
        Engine { keys, ..Engine::new(self.policy.clone(), secret, epoch, Arc::clone(&self.ids)) }
    }

    /// The number of the next proof.
    pub(crate) fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// The entries for tokens of that issuer; those for tokens without one where there is no `iss`.
    #[inline]
    pub(crate) fn entries_for(&self, iss: Option<&str>) -> &[usize] {
        match iss {
            Some(iss) => self.by_issuer.get(iss).map_or(&[], Vec::as_slice),
            None => self.without_issuer.as_slice(),
        }
    }

    #[inline]
    pub(crate) fn issuer(&self, entry: usize) -> &Arc<Issuer> {
        &self.policy.issuers[entry]
    }
}

/// Header segments that passed, byte for byte: nearly every token of a key has the same one.
///
/// Only headers of tokens whose signature was valid get in, so strangers cannot fill it.
pub(crate) struct HeaderMemory {
    hasher: FixedState,
    places: [ArcSwapOption<Known>; PLACES],
}

const PLACES: usize = 32;

pub(crate) struct Known {
    segment: Box<[u8]>,
    pub(crate) header: Header,
}

impl HeaderMemory {
    fn new(secret: u64) -> HeaderMemory {
        HeaderMemory {
            hasher: FixedState::with_seed(secret),
            places: std::array::from_fn(|_| ArcSwapOption::empty()),
        }
    }

    /// The header of exactly this segment.
    #[inline]
    pub(crate) fn get(&self, segment: &[u8]) -> Option<arc_swap::Guard<Option<Arc<Known>>>> {
        let known = self.place(segment).load();
        match &*known {
            Some(entry) if *entry.segment == *segment => Some(known),
            _ => None,
        }
    }

    pub(crate) fn insert(&self, segment: &[u8], header: Header) {
        self.place(segment).store(Some(Arc::new(Known { segment: segment.into(), header })));
    }

    #[inline]
    fn place(&self, segment: &[u8]) -> &ArcSwapOption<Known> {
        use std::hash::BuildHasher;
        &self.places[self.hasher.hash_one(segment) as usize % PLACES]
    }
}
