//! The verified-token cache (CAC-*).
//!
//! A hit needs equality of the whole token; the keyed hash is only an index, so a collision costs a
//! miss and nothing else (CAC-01). The cache belongs to one engine and so to one policy: a reload
//! starts with an empty one. Entries carry the generation of their issuer's keys and die with it
//! (CAC-02, CAC-05, CAC-07).

use std::fmt;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::quality::FixedState;
use hashbrown::HashTable;
use zeroize::Zeroizing;

use crate::identity::Identity;
use crate::mutants::is_off;
use crate::time::UnixTime;

/// What is kept of a token that passed.
#[derive(Clone)]
pub(crate) struct Accepted {
    pub(crate) identity: Identity,
    /// Index of the issuer's entry in the policy.
    pub(crate) issuer: usize,
    /// Index of the issuer's keys, and their generation when the verification began.
    pub(crate) keys: usize,
    pub(crate) key_generation: u64,
    /// From this time on the token is valid, leeway included.
    pub(crate) valid_from: UnixTime,
    /// At this time the token is no longer valid, leeway included.
    pub(crate) valid_until: UnixTime,
}

/// As large as a line of the processor's cache, and aligned to one: a look-up that finds the right
/// entry reads this line, those of the token, and the one of the identity's reference count.
#[repr(align(64))]
struct Entry {
    hash: u64,
    token: Zeroizing<Box<[u8]>>,
    identity: Identity,
    key_generation: u64,
    valid_from: UnixTime,
    valid_until: UnixTime,
    issuer: u16,
    keys: u16,
    /// Was it hit since the hand last passed?
    visited: bool,
}

const _: () = assert!(size_of::<Entry>() == 64);

/// What a hit reads and writes stands first and together with the lock in one line of the processor's
/// cache: two threads take that line from each other.
#[derive(Default)]
#[repr(C)]
struct Shard {
    entries: HashTable<Entry>,
    /// Counted here, under the lock that is held anyway: shared counters would slow two threads down.
    hits: u64,
    misses: u64,
    inserts: u64,
    evictions: u64,
    hand: usize,
}

/// How often the cache was of use, since the guard was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounters {
    /// Answers given from the cache.
    pub hits: u64,
    /// Verifications that looked in vain.
    pub misses: u64,
    /// Entries added.
    pub inserts: u64,
    /// Entries that made room for others.
    pub evictions: u64,
    /// Entries there now.
    pub entries: u64,
}

/// A bounded table of verified tokens, in shards that are locked one at a time.
pub(crate) struct Cache {
    hasher: FixedState,
    shards: Box<[CacheLine<Mutex<Shard>>]>,
    shard_bits: u32,
    capacity: usize,
    /// Entries of each issuer; no issuer can take the share of another (CAC-06).
    by_issuer: Box<[AtomicUsize]>,
    entries: AtomicUsize,
}

/// Kept apart in memory, so that two threads do not fight over neighbours.
#[repr(align(128))]
struct CacheLine<T>(T);

impl Cache {
    /// A cache for `capacity` tokens of `issuers` issuers; 0 turns it off. `secret` keys the index.
    pub(crate) fn new(capacity: usize, issuers: usize, secret: u64) -> Cache {
        let shards = (capacity / 16).next_power_of_two().clamp(1, 256);
        Cache {
            hasher: FixedState::with_seed(secret),
            shards: (0..shards).map(|_| CacheLine(Mutex::default())).collect(),
            shard_bits: shards.trailing_zeros(),
            capacity,
            by_issuer: (0..issuers).map(|_| AtomicUsize::new(0)).collect(),
            entries: AtomicUsize::new(0),
        }
    }

    /// Is it turned off?
    pub(crate) fn is_off(&self) -> bool {
        self.capacity == 0
    }

    /// The keyed hash of a token: to be computed once for a look-up and the insert that may follow.
    #[inline]
    pub(crate) fn hash(&self, token: &[u8]) -> u64 {
        // An index in which all tokens collide tells nothing from equality alone.
        if is_off("CAC-01") { 0 } else { self.hasher.hash_one(token) }
    }

    /// What `read` takes of the identity of exactly this token, if it is still valid at `now` under
    /// keys of the generation that `generation_of` tells. It is taken under the lock: on a token that
    /// many threads see, the reference count of a clone is the bottleneck.
    #[inline]
    pub(crate) fn get<T>(
        &self,
        hash: u64,
        token: &[u8],
        now: UnixTime,
        generation_of: impl FnOnce(usize) -> u64,
        read: impl FnOnce(&Identity) -> T,
    ) -> Option<T> {
        let mut shard = self.shard(hash);
        let Some(entry) = shard.entries.find_mut(hash, |entry| entry.holds(hash, token)) else {
            shard.misses += 1;
            return None;
        };
        let live = entry.valid_from <= now
            && now < entry.valid_until
            && (entry.key_generation == generation_of(entry.keys.into()) || is_off("CAC-05"));
        if live || is_off("CAC-02") {
            if !entry.visited {
                entry.visited = true;
            }
            let taken = read(&entry.identity);
            shard.hits += 1;
            return Some(taken);
        }
        self.remove(&mut shard, hash, token);
        shard.misses += 1;
        None
    }

    /// Keeps an accepted token, unless its keys have changed since its verification began (CAC-07).
    pub(crate) fn insert(
        &self,
        hash: u64,
        token: &[u8],
        accepted: Accepted,
        now: UnixTime,
        generation_of: impl Fn(usize) -> u64,
    ) {
        if self.is_off() || now >= accepted.valid_until {
            return;
        }
        let Accepted { identity, issuer, keys, key_generation, valid_from, valid_until } = accepted;
        // More issuers than fit into a policy's text; such tokens would not be cached.
        let (Ok(issuer), Ok(keys)) = (u16::try_from(issuer), u16::try_from(keys)) else { return };
        let token = Zeroizing::new(Box::<[u8]>::from(token));
        // What makes room is wiped and freed when the lock is no longer held.
        let mut leaving = None;
        let mut shard = self.shard(hash);
        if shard.entries.find(hash, |entry| entry.holds(hash, &token)).is_some()
            || !self.make_room(&mut shard, issuer, now, &mut leaving)
            || key_generation != generation_of(keys.into()) && !is_off("CAC-07")
        {
            return;
        }
        self.by_issuer[usize::from(issuer)].fetch_add(1, Ordering::Relaxed);
        self.entries.fetch_add(1, Ordering::Relaxed);
        let entry = Entry {
            hash,
            token,
            identity,
            key_generation,
            valid_from,
            valid_until,
            issuer,
            keys,
            visited: false,
        };
        shard.entries.insert_unique(hash, entry, |entry| entry.hash);
        shard.inserts += 1;
    }

    /// The counters of all shards, added up.
    pub(crate) fn counters(&self) -> CacheCounters {
        let mut sum = CacheCounters::default();
        for shard in &self.shards {
            let shard = shard.0.lock().unwrap_or_else(PoisonError::into_inner);
            sum.hits += shard.hits;
            sum.misses += shard.misses;
            sum.inserts += shard.inserts;
            sum.evictions += shard.evictions;
        }
        sum.entries = self.entries.load(Ordering::Relaxed) as u64;
        sum
    }

    /// Takes over what an earlier cache counted, so that a reload does not reset the counters.
    pub(crate) fn continue_counting(&self, earlier: CacheCounters) {
        let CacheCounters { hits, misses, inserts, evictions, entries: _ } = earlier;
        let mut shard = self.shard(0);
        (shard.hits, shard.misses, shard.inserts, shard.evictions) = (hits, misses, inserts, evictions);
    }

    #[inline]
    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        // The table takes its index from the low bits and its tags from the top seven.
        let index = (hash >> 40) as usize & ((1 << self.shard_bits) - 1);
        self.shards[index].0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for one more entry of `issuer`. When the cache is full, an issuer that has its share pays
    /// with an entry of its own; one that has not takes from those that have more.
    fn make_room(&self, shard: &mut Shard, issuer: u16, now: UnixTime, leaving: &mut Option<Entry>) -> bool {
        if self.entries.load(Ordering::Relaxed) < self.capacity || is_off("CAC-06") {
            return true;
        }
        let share = self.capacity / self.by_issuer.len().max(1);
        let count = |issuer: u16| self.by_issuer[usize::from(issuer)].load(Ordering::Relaxed);
        let own = count(issuer) >= share;
        *leaving = self.evict(shard, now, |entry| match own {
            true => entry.issuer == issuer,
            false => count(entry.issuer) > share,
        });
        leaving.is_some()
    }

    /// Moves the hand until it meets an entry that may go: expired, or not hit since the last time.
    fn evict(&self, shard: &mut Shard, now: UnixTime, may_go: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let buckets = shard.entries.num_buckets();
        for _ in 0..2 * buckets {
            shard.hand = if shard.hand + 1 < buckets { shard.hand + 1 } else { 0 };
            let Some(entry) = shard.entries.get_bucket_mut(shard.hand) else { continue };
            let expired = now >= entry.valid_until;
            if !expired && (!may_go(entry) || std::mem::take(&mut entry.visited)) {
                continue;
            }
            if let Ok(bucket) = shard.entries.get_bucket_entry(shard.hand) {
                let (entry, _) = bucket.remove();
                self.forget(&entry);
                shard.evictions += 1;
                return Some(entry);
            }
        }
        None
    }

    #[cold]
    fn remove(&self, shard: &mut Shard, hash: u64, token: &[u8]) {
        if let Ok(entry) = shard.entries.find_entry(hash, |entry| entry.holds(hash, token)) {
            let (entry, _) = entry.remove();
            self.forget(&entry);
        }
    }

    fn forget(&self, entry: &Entry) {
        self.by_issuer[usize::from(entry.issuer)].fetch_sub(1, Ordering::Relaxed);
        self.entries.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Entry {
    /// Is it that token's?
    #[inline]
    fn holds(&self, hash: u64, token: &[u8]) -> bool {
        if self.hash != hash {
            return false;
        }
        // The reference count is asked for from memory while the tokens are compared.
        self.identity.prefetch();
        **self.token == *token || is_off("CAC-01")
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Cache").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
