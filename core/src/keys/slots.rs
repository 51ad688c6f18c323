//! The keys of each issuer at run time: static ones, or a snapshot that is swapped whole.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Guard};
use serde::Serialize;

use super::desk::{Come, Desk, Order};
use super::fetch::{FetchFault, Request};
use super::plan::{Counts, Freshness};
use super::source::RemoteSource;
use crate::keyset::KeySet;
use crate::time::UnixTime;

/// Keys that somebody waits for: which issuer's, and which generation they will replace. It holds no
/// token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flight {
    /// The keys that are waited for: no other keys of the guard have this number, in any policy.
    remote: u64,
    generation: u64,
}

/// The key slots of one policy.
pub(crate) struct KeySlots {
    slots: Vec<Slot>,
}

/// Each slot has a revision that moves whenever what its keys decide may have changed: when they are
/// replaced, and when something is denied. Change first and move then, read the revision first and the
/// rest then: so nothing that was decided before a change is ever kept as if it came after (CAC-07).
enum Slot {
    Static { keys: Arc<KeySet>, revision: AtomicU64 },
    Remote(Arc<Remote>),
}

/// Keys that arrive later. A policy that keeps an issuer as it was shares them with the one before it,
/// so that nothing that arrives meanwhile is lost (POL-06).
pub(crate) struct Remote {
    number: u64,
    revision: AtomicU64,
    held: ArcSwap<Held>,
    /// None where a test hands the keys in.
    fetched: Option<Fetched>,
}

struct Fetched {
    source: Arc<RemoteSource>,
    desk: Mutex<Desk>,
    wait: i64,
}

pub(crate) struct Held {
    /// Moves whenever a wait is over, so that a flight ends once.
    generation: u64,
    state: State,
    /// From then on the keys are too old to be used, in milliseconds since 1970 (JKS-08).
    usable_until: i64,
    in_flight: bool,
    /// When the budget allows the next fetch (JKS-07).
    next_allowed: i64,
    /// Names that the last fetch proved unknown, and until when that holds.
    unknown: Vec<Box<str>>,
    unknown_until: i64,
}

/// What a verification knows of the time.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// The driver's; absent where the caller gave another time (CAC-08).
    pub(crate) now: Option<UnixTime>,
    /// May it set a fetch off?
    pub(crate) may_ask: bool,
}

#[derive(Clone)]
enum State {
    Awaited,
    Failed,
    Held(Arc<KeySet>),
}

/// What a slot begins with.
pub(crate) enum SlotKeys {
    Static(Arc<KeySet>),
    /// Not there yet; the number differs from every other of the guard. Where to fetch them, and a random number.
    Awaited {
        number: u64,
        source: Option<Arc<RemoteSource>>,
        seed: u64,
    },
    /// Those of the policy before.
    Kept(Arc<Remote>),
}

/// How an issuer's keys are doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// They came with the policy.
    Static,
    /// They have not arrived yet.
    Awaited,
    /// They could not be had.
    Failed,
    /// They have arrived.
    Held,
    /// They were fetched, and are as new as they are to be.
    Fresh,
    /// They were fetched and should be newer; until they are too old they are used (JKS-08).
    Stale,
    /// They could not be fetched, and there are none to be used.
    CoolingDown,
}

/// The fetching of an issuer's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FetchStatus {
    /// Seconds since the keys were fetched.
    pub key_age: Option<i64>,
    /// What was counted since the guard was made.
    #[serde(flatten)]
    pub counts: Counts,
    /// How often metadata named another host for the keys than before (MTA-09).
    pub moved: u64,
    /// Why a fetch failed last: a code and a few words.
    pub last_error: Option<String>,
    /// When that was, in seconds since 1970.
    pub last_error_at: Option<i64>,
    /// Is a fetch under way?
    pub in_flight: bool,
}

impl KeyState {
    /// The state in lower case.
    pub fn name(self) -> &'static str {
        match self {
            KeyState::Static => "static",
            KeyState::Awaited => "awaited",
            KeyState::Failed => "failed",
            KeyState::Held => "held",
            KeyState::Fresh => "fresh",
            KeyState::Stale => "stale",
            KeyState::CoolingDown => "cooling_down",
        }
    }
}

/// Why there are no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// They are on their way.
    For(Flight),
    /// They could not be had (JKS-12).
    Failed,
}

/// The keys of an issuer at one moment.
pub(crate) struct Snapshot<'s> {
    revision: u64,
    keys: SnapshotKeys<'s>,
}

enum SnapshotKeys<'s> {
    Static(&'s KeySet),
    Remote { held: Guard<Arc<Held>>, remote: &'s Remote },
}

impl Held {
    fn awaited() -> Held {
        Held {
            generation: 0,
            state: State::Awaited,
            usable_until: i64::MAX,
            in_flight: false,
            next_allowed: i64::MIN,
            unknown: Vec::new(),
            unknown_until: i64::MIN,
        }
    }

    /// The next generation: whoever waits decides again.
    fn next(&self, state: State) -> Held {
        Held { generation: self.generation + 1, state, usable_until: i64::MAX, ..Held::awaited() }
    }
}

impl Remote {
    fn lock<'f>(&self, fetched: &'f Fetched) -> MutexGuard<'f, Desk> {
        fetched.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flight(&self, held: &Held) -> Flight {
        Flight { remote: self.number, generation: held.generation }
    }

    /// There are no keys to be used: what is there to wait for?
    #[cold]
    fn waiting(&self, held: &Held, clock: Clock) -> Waiting {
        let flight = self.flight(held);
        match (&self.fetched, clock.now) {
            (None, _) if matches!(held.state, State::Failed) => Waiting::Failed,
            (None, _) | (_, None) => Waiting::For(flight),
            (Some(fetched), Some(now)) => match fetched.comes_within_wait(held, now) {
                false => Waiting::Failed,
                true => {
                    if clock.may_ask {
                        self.ask(fetched, held, None);
                    }
                    Waiting::For(flight)
                }
            },
        }
    }

    /// The set has no key of that name. Does nobody know it (`None`), or could a fetch bring it (JKS-07)?
    #[cold]
    fn missing(&self, held: &Held, kid: &str, clock: Clock) -> Option<Waiting> {
        let fetched = self.fetched.as_ref()?;
        let is_valid = clock.now.is_none_or(|now| now.as_millis() < held.unknown_until);
        if is_valid && held.unknown.iter().any(|unknown| **unknown == *kid) {
            return None;
        }
        let Some(now) = clock.now else { return Some(Waiting::For(self.flight(held))) };
        if !fetched.comes_within_wait(held, now) {
            return Some(Waiting::Failed);
        }
        if clock.may_ask {
            self.ask(fetched, held, Some(kid));
        }
        Some(Waiting::For(self.flight(held)))
    }

    /// A token waits. Where the fetch has ended meanwhile, it is decided again with what it brought.
    fn ask(&self, fetched: &Fetched, held: &Held, kid: Option<&str>) {
        let mut desk = self.lock(fetched);
        if self.held.load().generation == held.generation {
            desk.ask(kid);
        }
    }

    /// Begins the fetch that is due, or says when one will be.
    fn order(&self, now: i64, orders: &mut Vec<Order>) -> Option<i64> {
        let fetched = self.fetched.as_ref()?;
        let mut desk = self.lock(fetched);
        let at = desk.next(now)?;
        if at > now {
            return Some(at);
        }
        desk.plan.begin(now);
        let next_allowed = desk.plan.next_allowed();
        let held = self.held.load();
        let under_way = Held {
            generation: held.generation,
            state: held.state.clone(),
            usable_until: held.usable_until,
            in_flight: true,
            next_allowed,
            unknown: held.unknown.clone(),
            unknown_until: held.unknown_until,
        };
        // Only the holder of the lock stores.
        self.held.store(Arc::new(under_way));
        orders.push(Order { flight: self.flight(&held), request: desk.source.first() });
        None
    }

    /// Ends a fetch (JKS-08, JKS-09). `false` where it is over already.
    fn end(&self, flight: Flight, now: i64, outcome: Result<Come, FetchFault>) -> bool {
        let Some(fetched) = &self.fetched else { return false };
        let mut desk = self.lock(fetched);
        let held = self.held.load();
        if held.generation != flight.generation || !desk.plan.in_flight() {
            return false;
        }
        match outcome {
            Ok(come) => {
                let (is_same, unknown) = desk.succeed(now, &come);
                let state = match &held.state {
                    State::Held(keys) if is_same => State::Held(Arc::clone(keys)),
                    _ => State::Held(Arc::new(come.keys)),
                };
                let mut next = held.next(state);
                next.usable_until = desk.plan.usable_until().unwrap_or(i64::MAX);
                next.next_allowed = desk.plan.next_allowed();
                next.unknown = unknown;
                if is_same && now < held.unknown_until {
                    let room =
                        crate::limits::UNKNOWN_KIDS - next.unknown.len().min(crate::limits::UNKNOWN_KIDS);
                    next.unknown.extend(held.unknown.iter().take(room).cloned());
                }
                next.unknown_until = now + desk.plan.cooldown();
                self.held.store(Arc::new(next));
                // Changed first and moved then: a result of keys that are gone is never kept (CAC-07).
                if !is_same {
                    self.revision.fetch_add(1, Ordering::Release);
                }
            }
            Err(fault) => {
                desk.fail(now, fault);
                let state = match &held.state {
                    State::Held(keys) => State::Held(Arc::clone(keys)),
                    _ => State::Failed,
                };
                let mut next = held.next(state);
                next.usable_until = held.usable_until;
                next.next_allowed = desk.plan.next_allowed();
                next.unknown = held.unknown.clone();
                next.unknown_until = held.unknown_until;
                self.held.store(Arc::new(next));
            }
        }
        true
    }

    /// The same in a child process: nothing is under way there.
    fn renewed(&self, number: u64) -> Remote {
        let held = self.held.load();
        let fetched = self.fetched.as_ref().map(|fetched| Fetched {
            // A lock that a thread of the parent held is never let go of here: then the desk begins anew.
            desk: Mutex::new(match fetched.desk.try_lock() {
                Ok(desk) => desk.renewed(),
                Err(_) => Desk::new(Arc::clone(&fetched.source), number),
            }),
            source: Arc::clone(&fetched.source),
            wait: fetched.wait,
        });
        Remote {
            number,
            revision: AtomicU64::new(0),
            held: ArcSwap::from_pointee(Held {
                generation: held.generation + 1,
                state: held.state.clone(),
                usable_until: held.usable_until,
                in_flight: false,
                next_allowed: held.next_allowed,
                unknown: held.unknown.clone(),
                unknown_until: held.unknown_until,
            }),
            fetched,
        }
    }
}

impl Fetched {
    /// Will a fetch end within the time that a caller waits, if it is quick?
    fn comes_within_wait(&self, held: &Held, now: UnixTime) -> bool {
        let now = now.as_millis();
        // A time that no budget gives is one of a clock that was set back since.
        let is_impossible = held.next_allowed > now.saturating_add(self.source.terms.cooldown);
        held.in_flight || held.next_allowed <= now.saturating_add(self.wait) || is_impossible
    }
}

impl KeySlots {
    pub(crate) fn new(slots: impl Iterator<Item = SlotKeys>) -> KeySlots {
        let slots = slots.map(|keys| match keys {
            SlotKeys::Static(keys) => Slot::Static { keys, revision: AtomicU64::new(0) },
            SlotKeys::Awaited { number, source, seed } => Slot::Remote(Arc::new(Remote {
                number,
                revision: AtomicU64::new(0),
                held: ArcSwap::from_pointee(Held::awaited()),
                fetched: source.map(|source| Fetched {
                    wait: source.wait as i64,
                    desk: Mutex::new(Desk::new(Arc::clone(&source), seed)),
                    source,
                }),
            })),
            SlotKeys::Kept(remote) => Slot::Remote(remote),
        });
        KeySlots { slots: slots.collect() }
    }

    /// The keys of a slot that arrived or will arrive, for the next policy. None where a test handed them in and
    /// they failed: a new policy is a new try.
    pub(crate) fn to_keep(&self, slot: usize) -> Option<Arc<Remote>> {
        match self.slots.get(slot)? {
            Slot::Remote(remote)
                if remote.fetched.is_some() || !matches!(remote.held.load().state, State::Failed) =>
            {
                Some(Arc::clone(remote))
            }
            _ => None,
        }
    }

    /// The number of keys that arrive later: `epoch` is that of no other engine of the guard.
    pub(crate) fn number(epoch: u64, slot: usize) -> u64 {
        epoch << 32 | slot as u64
    }

    /// The same keys under another epoch: flights of this one are over.
    pub(crate) fn renewed(&self, epoch: u64) -> KeySlots {
        let slots = self.slots.iter().enumerate().map(|(at, slot)| match slot {
            Slot::Static { keys, .. } => Slot::Static { keys: Arc::clone(keys), revision: AtomicU64::new(0) },
            Slot::Remote(remote) => Slot::Remote(Arc::new(remote.renewed(KeySlots::number(epoch, at)))),
        });
        KeySlots { slots: slots.collect() }
    }

    #[inline]
    pub(crate) fn snapshot(&self, slot: usize) -> Snapshot<'_> {
        let revision = self.revision(slot);
        let keys = match &self.slots[slot] {
            Slot::Static { keys, .. } => SnapshotKeys::Static(keys),
            Slot::Remote(remote) => SnapshotKeys::Remote { held: remote.held.load(), remote },
        };
        Snapshot { revision, keys }
    }

    /// The revision of a slot (CAC-02).
    #[inline]
    pub(crate) fn revision(&self, slot: usize) -> u64 {
        self.slots[slot].revision().load(Ordering::Acquire)
    }

    /// Everything that was decided with any keys has to be decided again (POL-07).
    pub(crate) fn revise_all(&self) {
        for slot in &self.slots {
            slot.revision().fetch_add(1, Ordering::Release);
        }
    }

    /// The slot that a flight is for.
    pub(crate) fn slot_of(&self, flight: Flight) -> Option<usize> {
        self.slots
            .iter()
            .position(|slot| matches!(slot, Slot::Remote(remote) if remote.number == flight.remote))
    }

    fn remote_of(&self, flight: Flight) -> Option<&Remote> {
        match &self.slots[self.slot_of(flight)?] {
            Slot::Remote(remote) => Some(remote),
            Slot::Static { .. } => None,
        }
    }

    /// Begins every fetch that is due, and says when the next one will be.
    pub(crate) fn orders(&self, now: UnixTime) -> (Vec<Order>, Option<UnixTime>) {
        let mut orders = Vec::new();
        let remotes = self.slots.iter().filter_map(|slot| match slot {
            Slot::Remote(remote) => Some(remote),
            Slot::Static { .. } => None,
        });
        let times = remotes.filter_map(|remote| remote.order(now.as_millis(), &mut orders));
        let next = times.min().map(UnixTime::from_millis);
        (orders, next)
    }

    /// Notes where metadata says that the keys are, and gives the request for them; `None` where the fetch is over.
    pub(crate) fn found(
        &self,
        flight: Flight,
        read: impl FnOnce(&RemoteSource) -> Result<Request, FetchFault>,
    ) -> Option<Result<Order, FetchFault>> {
        let remote = self.remote_of(flight)?;
        let fetched = remote.fetched.as_ref()?;
        let mut desk = remote.lock(fetched);
        if remote.held.load().generation != flight.generation || !desk.plan.in_flight() {
            return None;
        }
        Some(read(&fetched.source).map(|request| {
            desk.found(&request.url);
            Order { flight, request }
        }))
    }

    /// Ends a fetch. `false` where it is over, or of another policy.
    pub(crate) fn end(&self, flight: Flight, now: UnixTime, outcome: Result<Come, FetchFault>) -> bool {
        self.remote_of(flight).is_some_and(|remote| remote.end(flight, now.as_millis(), outcome))
    }

    /// Ends a flight with keys that a test hands in, or with `None` where they could not be had: then good keys
    /// stay (JKS-08). `false` where the flight is over already or of another policy.
    pub(crate) fn land(&self, flight: Flight, keys: Option<Arc<KeySet>>) -> bool {
        let Some(remote) = self.remote_of(flight).filter(|remote| remote.fetched.is_none()) else {
            return false;
        };
        let before = remote.held.rcu(|held| match (&held.state, &keys) {
            _ if held.generation != flight.generation => Arc::clone(held),
            (State::Held(_), None) => Arc::clone(held),
            (_, None) => Arc::new(held.next(State::Failed)),
            (_, Some(keys)) => Arc::new(held.next(State::Held(Arc::clone(keys)))),
        });
        let is_first = before.generation == flight.generation;
        if is_first && !(keys.is_none() && matches!(before.state, State::Held(_))) {
            remote.revision.fetch_add(1, Ordering::Release);
        }
        is_first
    }

    /// Puts other keys in place of whatever a slot holds that a test hands keys to: a key that is gone stops
    /// verifying at once, and what it verified with it (JKS-09).
    pub(crate) fn replace(&self, slot: usize, keys: Arc<KeySet>) -> bool {
        let Some(Slot::Remote(remote)) = self.slots.get(slot) else { return false };
        if remote.fetched.is_some() {
            return false;
        }
        remote.held.rcu(|held| held.next(State::Held(Arc::clone(&keys))));
        remote.revision.fetch_add(1, Ordering::Release);
        true
    }

    /// Is the flight over, one way or the other?
    pub(crate) fn has_landed(&self, flight: Flight) -> bool {
        self.remote_of(flight).is_none_or(|remote| remote.held.load().generation != flight.generation)
    }

    /// How a slot's keys are doing, and how many can be used.
    pub(crate) fn state(&self, slot: usize, now: Option<UnixTime>) -> (KeyState, usize, Option<FetchStatus>) {
        let remote = match &self.slots[slot] {
            Slot::Static { keys, .. } => return (KeyState::Static, keys.len(), None),
            Slot::Remote(remote) => remote,
        };
        let held = remote.held.load();
        let count = match &held.state {
            State::Held(keys) => keys.len(),
            _ => 0,
        };
        let Some(fetched) = &remote.fetched else {
            let state = match &held.state {
                State::Awaited => KeyState::Awaited,
                State::Failed => KeyState::Failed,
                State::Held(_) => KeyState::Held,
            };
            return (state, count, None);
        };
        let desk = remote.lock(fetched);
        let now = now.map_or(i64::MIN, UnixTime::as_millis);
        let state = match desk.plan.freshness(now) {
            Freshness::None => KeyState::Awaited,
            Freshness::Fresh => KeyState::Fresh,
            Freshness::Stale => KeyState::Stale,
            Freshness::CoolingDown => KeyState::CoolingDown,
        };
        let seconds = |millis: i64| millis.div_euclid(1000);
        let status = FetchStatus {
            key_age: desk.plan.age(now).map(seconds),
            counts: desk.counts(),
            moved: desk.moved,
            last_error: desk.plan.last_fault.as_ref().map(|(_, fault)| fault.to_string()),
            last_error_at: desk.plan.last_fault.as_ref().map(|(at, _)| seconds(*at)),
            in_flight: desk.plan.in_flight(),
        };
        (state, count, Some(status))
    }
}

impl Held {
    /// The keys, unless they are too old.
    #[inline]
    fn keys(&self, clock: Clock) -> Option<&KeySet> {
        match &self.state {
            State::Held(keys) if clock.now.is_none_or(|now| now.as_millis() < self.usable_until) => {
                Some(keys)
            }
            _ => None,
        }
    }
}

impl Slot {
    #[inline]
    fn revision(&self) -> &AtomicU64 {
        match self {
            Slot::Static { revision, .. } => revision,
            Slot::Remote(remote) => &remote.revision,
        }
    }
}

impl Snapshot<'_> {
    /// Of the slot, read before its keys.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The keys, or what there is to wait for.
    #[inline]
    pub(crate) fn keys(&self, clock: Clock) -> Result<&KeySet, Waiting> {
        match &self.keys {
            SnapshotKeys::Static(keys) => Ok(keys),
            SnapshotKeys::Remote { held, remote } => match held.keys(clock) {
                Some(keys) => Ok(keys),
                None => Err(remote.waiting(held, clock)),
            },
        }
    }

    /// No key has that name: is there a fetch to wait for that could bring it?
    #[cold]
    pub(crate) fn missing(&self, kid: Option<&str>, clock: Clock) -> Option<Waiting> {
        match &self.keys {
            SnapshotKeys::Static(_) => None,
            SnapshotKeys::Remote { held, remote } => remote.missing(held, kid.unwrap_or_default(), clock),
        }
    }

    /// What these keys verified is not to be taken from the cache from then on.
    pub(crate) fn usable_until(&self) -> UnixTime {
        match &self.keys {
            SnapshotKeys::Static(_) => UnixTime::from_millis(i64::MAX),
            SnapshotKeys::Remote { held, .. } => UnixTime::from_millis(held.usable_until),
        }
    }
}
