//! One object over all of it.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use foldhash::quality::FixedState;

use crate::cache::CacheCounters;
use crate::error::{Code, Rejection};
use crate::identity::Identity;
use crate::inbound::{self, About, Decisions, Engine, IssuerStatus, Report, Stop, Why, without_scheme};
use crate::keys::fetch::{Document, FetchFault, Response};
use crate::keys::kept::Kept;
use crate::keys::plan::max_age;
use crate::keys::{Clock, Come, Flight, Order, Waiting};
use crate::keyset::KeySet;
use crate::policy::{DenyList, Policy, read_keys};
use crate::record::Silent;
use crate::rule::Rule;
use crate::time::{Now, UnixTime};

/// What [`Guard::decide`] answers. There is no payload beside an error (ORD-03).
#[derive(Clone, Debug)]
#[must_use = "a verdict that nobody reads protects nothing"]
pub enum Decision {
    /// The token passed every check.
    Verified(Identity),
    /// The token failed a check, or nobody can decide now (class `unavailable`).
    Rejected(Rejection),
    /// The issuer's keys are not there yet: wait for the flight and decide again.
    Pending(Flight),
}

/// What [`Guard::answer`] says: for hosts that keep an object of their own for each proof.
#[derive(Clone, Debug)]
#[must_use = "an answer that nobody reads protects nothing"]
pub enum Answer {
    /// The token passed before and still does: the [`Identity::id`] of its proof. A host that no
    /// longer has the object asks [`Guard::decide`].
    Known(u64),
    /// The token was not in the cache.
    Decided(Decision),
}

/// Where a host lets a verification run that takes longer than a look-up: Python lets go of its lock.
pub trait Outside {
    /// Runs it.
    fn run<T: Send>(self, work: impl FnOnce() -> T + Send) -> T;
}

/// Right here: there is nothing to let go of.
#[derive(Clone, Copy, Debug)]
pub struct Here;

impl Outside for Here {
    #[inline]
    fn run<T: Send>(self, work: impl FnOnce() -> T + Send) -> T {
        work()
    }
}

/// A long-lived guard for one policy. Share it between threads; every method takes `&self`.
///
/// It does no I/O and reads no clock: time is an argument, and keys that come from elsewhere are
/// handed in.
pub struct Guard {
    engine: ArcSwap<Engine>,
    secret: u64,
    epoch: AtomicU64,
    rejections: AtomicU64,
    references: FixedState,
}

impl Guard {
    /// A guard for `policy`. `secret` keys the index of the cache and the support references: a
    /// random number that differs in each process.
    pub fn new(policy: Policy, secret: u64) -> Guard {
        Guard {
            engine: ArcSwap::from_pointee(Engine::new(policy, secret, 0, None)),
            secret,
            epoch: AtomicU64::new(1),
            rejections: AtomicU64::new(0),
            references: FixedState::with_seed(secret.rotate_left(32)),
        }
    }

    /// Verifies a token, bare or behind "Bearer ", and answers at once: it never waits.
    ///
    /// Costs about a hundred nanoseconds for a token seen before, and the signature and 1 to 1.6 µs
    /// more for another. A `Now::Given` time judges the claims only: the cache is neither asked nor
    /// filled (CAC-08).
    pub fn decide(&self, token: &[u8], now: Now) -> Decision {
        match self.look_up(token, now, Identity::clone, Here) {
            Ok(identity) => Decision::Verified(identity),
            Err(decision) => decision,
        }
    }

    /// [`Guard::decide`] for hosts that keep an object of their own for each proof: a hit gives its
    /// number alone and touches no reference count. Whatever is no hit runs `outside`.
    #[inline]
    pub fn answer(&self, token: &[u8], now: Now, outside: impl Outside) -> Answer {
        match self.look_up(token, now, Identity::id, outside) {
            Ok(id) => Answer::Known(id),
            Err(decision) => Answer::Decided(decision),
        }
    }

    /// What `read` takes of the identity in the cache, or the decision where the token is not there.
    #[inline]
    fn look_up<T>(
        &self,
        token: &[u8],
        now: Now,
        read: impl FnOnce(&Identity) -> T,
        outside: impl Outside,
    ) -> Result<T, Decision> {
        let engine = self.engine.load();
        let token = without_scheme(token);
        // Where CAC-08 is off, a given time is taken for the clock's.
        let now = if Rule::Cac08.is_off() { Now::Driver(now.time()) } else { now };
        let hash = match now {
            // Longer tokens are refused before any byte of theirs is hashed.
            Now::Driver(time) if !engine.cache.is_off() && token.len() <= engine.policy.token_bytes => {
                let hash = engine.cache.hash(token);
                let revision_of = |slot| engine.keys.revision(slot);
                if let Some(taken) = engine.cache.get(hash, token, time, revision_of, read) {
                    return Ok(taken);
                }
                Some(hash)
            }
            _ => None,
        };
        let engine: &Engine = &engine;
        Err(outside.run(|| self.verify(engine, token, now, hash)))
    }

    /// The decision on a bare token that is not in the cache; with its `hash`, it is put there.
    fn verify(&self, engine: &Engine, token: &[u8], now: Now, hash: Option<u64>) -> Decision {
        match inbound::verify(engine, token, now, &mut Silent) {
            Ok(accepted) => {
                engine.counters(About::Entry(accepted.issuer)).count_verified();
                let identity = accepted.identity.clone();
                if let Some(hash) = hash {
                    engine.cache.insert(hash, token, accepted, now.time(), |slot| engine.keys.revision(slot));
                }
                Decision::Verified(identity)
            }
            Err(Stop { why: Why::Pending(flight), about }) => {
                engine.counters(about).count_pending();
                Decision::Pending(flight)
            }
            Err(Stop { why: Why::Rejected(rejection), about }) => {
                Decision::Rejected(self.refuse(engine, rejection, about))
            }
        }
    }

    /// The same verification as a report of every check, without side effects (EXP-01, EXP-02).
    pub fn explain(&self, token: &[u8], now: Now) -> Report {
        inbound::explain(&self.engine.load(), without_scheme(token), now)
    }

    /// Puts another policy in place of this one, at once and whole. Cached results of the old one
    /// are gone; identities stay valid objects; calls under way end under the policy they began with.
    /// Keys that were handed in stay where their entry did not change (POL-06), and counters go on.
    pub fn replace(&self, policy: Policy) {
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed);
        let earlier = self.engine.load();
        let engine = Engine::new(policy, self.secret, epoch, Some(&earlier));
        engine.cache.continue_counting(earlier.cache.counters());
        self.engine.store(Arc::new(engine));
    }

    /// To be called in a child process that was made by `fork`, before anything else: another thread of
    /// the parent may have held a lock of the cache, which nobody lets go of here. The child goes on
    /// with an empty cache and the same keys; flights of the parent are over. What the parent's threads
    /// were changing is left alone, and its memory with it (DRV-02).
    pub fn after_fork(&self) {
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed);
        let renewed = Arc::new(self.engine.load().renewed(self.secret, epoch));
        std::mem::forget(self.engine.swap(renewed));
    }

    /// Denies what a deny file says from now on, besides what the policy itself denies: at once, and out
    /// of the cache, too (POL-07). What the file said before and does not say any more is accepted again.
    /// A new policy begins with what its own deny file said when it was loaded.
    pub fn deny(&self, list: DenyList) {
        self.engine.load().deny(list);
    }

    /// Ends a flight with the keys that were waited for. Fails with the set's own code where it is
    /// unusable: then the flight has failed, or the keys that were there stay (JKS-08).
    pub fn keys_arrived(&self, flight: Flight, jwks: &[u8]) -> Result<(), Code> {
        let engine = self.engine.load();
        let slot = engine.keys.slot_of(flight).ok_or(Code::MisuseClosed)?;
        let keys = self.read_keys(&engine, slot, jwks);
        let landed = engine.keys.land(flight, keys.clone().ok());
        keys.and(if landed { Ok(()) } else { Err(Code::MisuseClosed) })
    }

    /// Ends a flight without keys: until keys arrive, tokens of that issuer are answered with
    /// `keys_unavailable`, which is an outage and no rejection (JKS-12).
    pub fn keys_failed(&self, flight: Flight) -> Result<(), Code> {
        if self.engine.load().keys.land(flight, None) { Ok(()) } else { Err(Code::MisuseClosed) }
    }

    /// Puts a new set in place of the keys of a policy entry whose keys are handed in. Tokens that a
    /// key verified which is gone stop being answered from the cache (JKS-09, CAC-05).
    pub fn replace_keys(&self, issuer_name: &str, jwks: &[u8]) -> Result<(), Code> {
        let engine = self.engine.load();
        let entry = engine.policy.issuers.iter().find(|issuer| &*issuer.name == issuer_name);
        let slot = entry.ok_or(Code::MisuseClosed)?.keys;
        let keys = self.read_keys(&engine, slot, jwks)?;
        if engine.keys.replace(slot, keys) { Ok(()) } else { Err(Code::MisuseClosed) }
    }

    /// The fetches to be made now, and when there will be another. What is told of each by [`Guard::fetched`]
    /// ends it; until then there is no second one for the same keys (JKS-06).
    pub fn orders(&self, now: UnixTime) -> (Vec<Order>, Option<UnixTime>) {
        self.engine.load().keys.orders(now)
    }

    /// Are the keys there of every issuer whose keys the service cannot do without (`required`)? Else what it waits
    /// for, or an error where some could not be had. All that are not there are asked for.
    #[allow(clippy::result_unit_err, reason = "there is nothing to say but that")]
    pub fn readiness(&self, now: UnixTime) -> Result<Option<Flight>, ()> {
        let engine = self.engine.load();
        let clock = Clock { now: Some(now), may_ask: true };
        let (mut flight, mut failed) = (None, false);
        for issuer in &engine.policy.issuers {
            match engine.keys.snapshot(issuer.keys).keys(clock) {
                Err(Waiting::For(awaited)) if issuer.required => flight = flight.or(Some(awaited)),
                Err(Waiting::Failed) if issuer.required => failed = true,
                _ => {}
            }
        }
        if flight.is_none() && failed { Err(()) } else { Ok(flight) }
    }

    /// Does the policy have keys that are fetched?
    pub fn has_remote_keys(&self) -> bool {
        self.engine.load().policy.key_sources.iter().any(|source| source.remote().is_some())
    }

    /// Tells what came of a fetch. Metadata leads to a second order, for the keys; everything else ends the
    /// flight: the keys are swapped, or stay as they were (JKS-08). Keys that came go to `keep` before they act.
    pub fn fetched(
        &self,
        order: Order,
        now: UnixTime,
        outcome: Result<Response, FetchFault>,
        keep: Option<&dyn Fn(Kept)>,
    ) -> Option<Order> {
        let engine = self.engine.load();
        let Order { flight, request } = order;
        let outcome = match (outcome, request.document) {
            (Ok(response), Document::Metadata) => {
                let next = engine.keys.found(flight, now, |source| source.read_metadata(response.body))?;
                match next {
                    Ok(order) => return Some(order),
                    Err(fault) => Err(fault),
                }
            }
            (Ok(response), Document::Keys) => self.read_fetched(&engine, flight, response),
            (Err(fault), _) => Err(fault),
        };
        // Kept before they act: a key that is gone is nowhere when the last token fails by it (SNP-01).
        if let (Some(keep), Ok(come)) = (keep, &outcome)
            && let Some(kept) = engine.keys.to_be_kept(flight, now, come)
        {
            keep(kept);
        }
        engine.keys.end(flight, now, outcome);
        None
    }

    fn read_fetched(&self, engine: &Engine, flight: Flight, response: Response) -> Result<Come, FetchFault> {
        let Response { body, cache_control, age } = response;
        let slot = engine.keys.slot_of(flight).ok_or_else(|| FetchFault::new(Code::MisuseClosed, "over"))?;
        let keys = self.read_set(engine, slot, &body)?;
        Ok(Come { keys, body, max_age: max_age(cache_control.as_deref(), age) })
    }

    fn read_set(&self, engine: &Engine, slot: usize, body: &[u8]) -> Result<KeySet, FetchFault> {
        read_keys(body, &engine.policy.key_set_options(slot))
    }

    /// Takes keys that a process before this one fetched, and says how many sets are used: those of a source of
    /// this policy, of a time that is not to come, and not too old. They are fetched again at once (SNP-01).
    pub fn resume(&self, now: UnixTime, kept: &[Kept]) -> usize {
        let engine = self.engine.load();
        let read = |kept: &Kept, slot| self.read_set(&engine, slot, kept.jwks.as_bytes()).ok();
        kept.iter().filter(|kept| engine.keys.resume(now, kept, |slot| read(kept, slot))).count()
    }

    /// The flight that tokens of a policy entry wait for; `None` where its keys are there or failed.
    pub fn awaited(&self, issuer_name: &str) -> Option<Flight> {
        let engine = self.engine.load();
        let entry = engine.policy.issuers.iter().find(|issuer| &*issuer.name == issuer_name)?;
        match engine.keys.snapshot(entry.keys).keys(Clock { now: None, may_ask: false }) {
            Err(Waiting::For(flight)) => Some(flight),
            _ => None,
        }
    }

    /// Is there nothing to wait for any more? A flight of an earlier policy has landed.
    pub fn has_landed(&self, flight: Flight) -> bool {
        self.engine.load().keys.has_landed(flight)
    }

    /// How long a caller may wait for a flight, in milliseconds (`fetch.wait`).
    pub fn wait_millis(&self) -> u64 {
        self.engine.load().policy.fetch_wait_millis
    }

    /// Seconds that clocks may differ by (`limits.leeway`).
    pub fn leeway_seconds(&self) -> i64 {
        self.engine.load().policy.leeway
    }

    /// How many tokens the cache holds at most (`cache.entries`).
    pub fn cache_capacity(&self) -> usize {
        self.engine.load().policy.cache_entries
    }

    /// What the cache did since the guard was made.
    pub fn cache_counters(&self) -> CacheCounters {
        self.engine.load().cache.counters()
    }

    /// The rejection for a decision that cannot be made now, by `code` of class `unavailable`; `flight`
    /// is what was waited for in vain.
    pub fn unavailable(&self, rule: Rule, code: Code, flight: Option<Flight>) -> Rejection {
        let engine = self.engine.load();
        let about = engine.about_slot(flight.and_then(|flight| engine.keys.slot_of(flight)));
        self.refuse(&engine, Rejection::new(rule, code), about)
    }

    /// Every entry of the policy: its keys, and what became of its tokens.
    pub fn issuers(&self, now: Option<UnixTime>) -> Vec<IssuerStatus> {
        self.engine.load().status(now)
    }

    /// What became of tokens that belong to no issuer of the policy.
    pub fn strangers(&self) -> Decisions {
        self.engine.load().strangers()
    }

    /// How many policies came before this one.
    pub fn policy_generation(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed) - 1
    }

    fn refuse(&self, engine: &Engine, rejection: Rejection, about: About) -> Rejection {
        let enforced = engine.enforces(about, rejection.code());
        engine.counters(about).count_refused(rejection.code(), enforced);
        rejection.with_reference(self.next_reference()).with_enforced(enforced)
    }

    fn read_keys(&self, engine: &Engine, slot: usize, jwks: &[u8]) -> Result<Arc<KeySet>, Code> {
        let keys = KeySet::from_jwks(jwks, &engine.policy.key_set_options(slot))?;
        if keys.is_empty() { Err(Code::JwksInvalid) } else { Ok(Arc::new(keys)) }
    }

    fn next_reference(&self) -> u64 {
        self.references.hash_one(self.rejections.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Guard").finish_non_exhaustive()
    }
}
