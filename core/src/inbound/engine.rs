//! Everything that one policy needs at run time: its issuers by name, their keys, the cache and the
//! headers seen before. A reload makes a new engine; it keeps the keys of unchanged issuers and goes on
//! counting, and shares nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::counters::{Counters, Decisions};
use super::denied::Denied;
use super::status::IssuerStatus;
use crate::algorithm::AlgorithmSet;
use crate::cache::Cache;
use crate::error::Code;
use crate::jws::Header;
use crate::keys::{KeySlots, SlotKeys};
use crate::mutants::is_off;
use crate::policy::{DenyList, Issuer, KeySource, Policy};
use crate::time::UnixTime;

pub(crate) struct Engine {
    pub(crate) policy: Policy,
    pub(crate) keys: KeySlots,
    pub(crate) cache: Cache,
    pub(crate) headers: HeaderMemory,
    /// Everything that any issuer lists: the first thing an algorithm is held against.
    pub(crate) algorithms: AlgorithmSet,
    /// Every value of `jku` that any issuer lists.
    pub(crate) key_urls: Vec<Box<str>>,
    /// Entries of the policy by `iss` and alias.
    by_issuer: HashMap<Box<str>, Vec<usize>, FixedState>,
    /// The entry for tokens without `iss` (POL-03).
    without_issuer: Option<usize>,
    /// Numbers the proofs of a guard, whatever its policy (CAC-10).
    ids: Arc<AtomicU64>,
    /// For each entry: does any entry of its issuer enforce?
    issuer_enforces: Box<[bool]>,
    any_enforces: bool,
    counters: Box<[Arc<Counters>]>,
    /// Of tokens that belong to no entry.
    strangers: Arc<Counters>,
    denied: ArcSwap<Denied>,
    any_denied: AtomicBool,
}

/// Which entry a decision is about, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About {
    /// No issuer of the policy.
    Nobody,
    /// One of the entries of the issuer that has this one; the token says so itself.
    Issuer(usize),
    /// This entry.
    Entry(usize),
}

impl Engine {
    /// `epoch` is a number that no other engine of the guard has. What `earlier` knows of issuers that
    /// stay is kept.
    pub(crate) fn new(policy: Policy, secret: u64, epoch: u64, earlier: Option<&Engine>) -> Engine {
        let mut by_issuer: HashMap<Box<str>, Vec<usize>, FixedState> = HashMap::default();
        let mut without_issuer = None;
        for (index, issuer) in policy.issuers.iter().enumerate() {
            if issuer.dangerous.no_issuer {
                without_issuer = Some(index);
                continue;
            }
            for name in issuer.spellings() {
                by_issuer.entry(name.into()).or_default().push(index);
            }
        }
        let keys = policy
            .key_sources
            .iter()
            .enumerate()
            .map(|(slot, source)| keys_for(source, KeySlots::number(epoch, slot), secret, earlier));
        let file = policy.deny_file.as_ref().map(|file| file.list.clone()).unwrap_or_default();
        let denied = Denied::new(file, &policy);
        let enforces = |entry: &Arc<Issuer>| {
            policy.issuers.iter().any(|other| other.issuer == entry.issuer && other.enforce)
        };
        Engine {
            keys: KeySlots::new(keys),
            cache: Cache::new(policy.cache_entries, policy.issuers.len(), secret),
            headers: HeaderMemory::new(secret),
            algorithms: policy
                .issuers
                .iter()
                .fold(AlgorithmSet::new(), |all, issuer| all.union(issuer.algorithms)),
            key_urls: policy.issuers.iter().flat_map(|issuer| issuer.key_urls.iter().cloned()).collect(),
            by_issuer,
            without_issuer,
            issuer_enforces: policy.issuers.iter().map(enforces).collect(),
            any_enforces: policy.issuers.iter().any(|issuer| issuer.enforce),
            counters: policy.issuers.iter().map(|issuer| counters_for(&issuer.name, earlier)).collect(),
            strangers: earlier
                .map_or_else(|| Arc::new(Counters::new()), |earlier| Arc::clone(&earlier.strangers)),
            any_denied: AtomicBool::new(!denied.is_empty()),
            denied: ArcSwap::from_pointee(denied),
            ids: earlier.map_or_else(|| Arc::new(AtomicU64::new(1)), |earlier| Arc::clone(&earlier.ids)),
            policy,
        }
    }

    /// The same policy with the same keys and denials, and an empty cache.
    pub(crate) fn renewed(&self, secret: u64, epoch: u64) -> Engine {
        let denied = self.denied.load_full();
        Engine {
            keys: self.keys.renewed(epoch),
            any_denied: AtomicBool::new(!denied.is_empty()),
            denied: ArcSwap::new(denied),
            ..Engine::new(self.policy.clone(), secret, epoch, Some(self))
        }
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

    /// What is denied; `None` where nothing is. To be asked after the revision of the token's keys was
    /// read: then a result that a denial makes wrong is never kept.
    #[inline]
    pub(crate) fn denied(&self) -> Option<arc_swap::Guard<Arc<Denied>>> {
        self.any_denied.load(Ordering::Acquire).then(|| self.denied.load())
    }

    /// Denies what the deny file says from now on. True where that is more than before.
    pub(crate) fn deny(&self, list: DenyList) -> bool {
        let before = self.denied.load_full();
        let is_more = !before.list().covers(&list);
        let denied = Denied::new(list, &self.policy);
        let any = !denied.is_empty();
        self.denied.store(Arc::new(denied));
        self.any_denied.store(any, Ordering::Release);
        if is_more {
            self.keys.revise_all();
        }
        is_more
    }

    /// Does a refusal count? One whose issuer is not known counts unless nobody's does; a denial always
    /// does.
    pub(crate) fn enforces(&self, about: About, code: Code) -> bool {
        matches!(code, Code::KeyDenied | Code::IssDenied)
            || match about {
                About::Nobody => self.any_enforces,
                About::Issuer(entry) => self.issuer_enforces[entry],
                About::Entry(entry) => self.policy.issuers[entry].enforce,
            }
    }

    /// Whom keys are for.
    pub(crate) fn about_slot(&self, slot: Option<usize>) -> About {
        let entry = slot.and_then(|slot| self.policy.issuers.iter().position(|issuer| issuer.keys == slot));
        entry.map_or(About::Nobody, About::Issuer)
    }

    /// What an unverified `iss` says.
    #[cold]
    pub(crate) fn about_iss(&self, iss: Option<&str>) -> About {
        self.entries_for(iss).first().map_or(About::Nobody, |entry| About::Issuer(*entry))
    }

    pub(crate) fn counters(&self, about: About) -> &Counters {
        match about {
            About::Nobody => &self.strangers,
            About::Issuer(entry) | About::Entry(entry) => &self.counters[entry],
        }
    }

    /// Every entry, in the order of the file.
    pub(crate) fn status(&self, now: Option<UnixTime>) -> Vec<IssuerStatus> {
        let entries = self.policy.issuers.iter().zip(&self.counters);
        entries
            .map(|(issuer, counters)| {
                let (key_state, keys, fetch) = self.keys.state(issuer.keys, now);
                IssuerStatus::new(issuer, key_state, keys, fetch, counters.read())
            })
            .collect()
    }

    pub(crate) fn strangers(&self) -> Decisions {
        self.strangers.read()
    }
}

/// Keys that came with the policy; or those of the policy before, where the source is the same.
fn keys_for(source: &KeySource, number: u64, secret: u64, earlier: Option<&Engine>) -> SlotKeys {
    if let Some(keys) = source.fixed() {
        return SlotKeys::Static(keys);
    }
    let kept = earlier.filter(|_| !is_off("POL-06")).and_then(|earlier| {
        let mut sources = earlier.policy.key_sources.iter();
        let slot = sources.position(|one| one.identity().is_some() && one.identity() == source.identity())?;
        earlier.keys.to_keep(slot)
    });
    let source = source.remote().cloned();
    let seed = secret.rotate_left(number as u32 % 64) ^ number;
    kept.map_or(SlotKeys::Awaited { number, source, seed }, SlotKeys::Kept)
}

fn counters_for(name: &str, earlier: Option<&Engine>) -> Arc<Counters> {
    let kept = earlier.and_then(|earlier| {
        let entry = earlier.policy.issuers.iter().position(|issuer| *issuer.name == *name)?;
        Some(Arc::clone(&earlier.counters[entry]))
    });
    kept.unwrap_or_else(|| Arc::new(Counters::new()))
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
