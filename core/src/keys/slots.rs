//! The keys of each issuer at run time: static ones, or a snapshot that is swapped whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, Guard};

use crate::keyset::KeySet;

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
}

pub(crate) struct Held {
    /// Moves whenever the keys change, so that a flight ends once.
    generation: u64,
    state: State,
}

enum State {
    Awaited,
    Failed,
    Held(Arc<KeySet>),
}

/// What a slot begins with.
pub(crate) enum SlotKeys {
    Static(Arc<KeySet>),
    /// Not there yet; the number differs from every other of the guard.
    Awaited(u64),
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
}

impl KeyState {
    /// The state in lower case.
    pub fn name(self) -> &'static str {
        match self {
            KeyState::Static => "static",
            KeyState::Awaited => "awaited",
            KeyState::Failed => "failed",
            KeyState::Held => "held",
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
    Remote { held: Guard<Arc<Held>>, number: u64 },
}

impl KeySlots {
    pub(crate) fn new(slots: impl Iterator<Item = SlotKeys>) -> KeySlots {
        let remote = |number| Remote {
            number,
            revision: AtomicU64::new(0),
            held: ArcSwap::from_pointee(Held { generation: 0, state: State::Awaited }),
        };
        let slots = slots.map(|keys| match keys {
            SlotKeys::Static(keys) => Slot::Static { keys, revision: AtomicU64::new(0) },
            SlotKeys::Awaited(number) => Slot::Remote(Arc::new(remote(number))),
            SlotKeys::Kept(remote) => Slot::Remote(remote),
        });
        KeySlots { slots: slots.collect() }
    }

    /// The keys of a slot that arrived or will arrive, for the next policy. None where they failed:
    /// a new policy is a new try.
    pub(crate) fn to_keep(&self, slot: usize) -> Option<Arc<Remote>> {
        match self.slots.get(slot)? {
            Slot::Remote(remote) if !matches!(remote.held.load().state, State::Failed) => {
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
            Slot::Remote(remote) => Slot::Remote(Arc::new(Remote {
                number: KeySlots::number(epoch, at),
                revision: AtomicU64::new(0),
                held: ArcSwap::new(remote.held.load_full()),
            })),
        });
        KeySlots { slots: slots.collect() }
    }

    #[inline]
    pub(crate) fn snapshot(&self, slot: usize) -> Snapshot<'_> {
        let revision = self.revision(slot);
        let keys = match &self.slots[slot] {
            Slot::Static { keys, .. } => SnapshotKeys::Static(keys),
            Slot::Remote(remote) => SnapshotKeys::Remote { held: remote.held.load(), number: remote.number },
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

    /// Ends a flight with keys, or with `None` where they could not be had: then good keys stay
    /// (JKS-08). `false` where the flight is over already or of another policy.
    pub(crate) fn land(&self, flight: Flight, keys: Option<Arc<KeySet>>) -> bool {
        let Some(Slot::Remote(remote)) = self.slot_of(flight).map(|slot| &self.slots[slot]) else {
            return false;
        };
        let before = remote.held.rcu(|held| match (&held.state, &keys) {
            _ if held.generation != flight.generation => Arc::clone(held),
            (State::Held(_), None) => Arc::clone(held),
            (_, None) => Arc::new(Held { generation: held.generation + 1, state: State::Failed }),
            (_, Some(keys)) => {
                Arc::new(Held { generation: held.generation + 1, state: State::Held(Arc::clone(keys)) })
            }
        });
        let is_first = before.generation == flight.generation;
        if is_first && !(keys.is_none() && matches!(before.state, State::Held(_))) {
            remote.revision.fetch_add(1, Ordering::Release);
        }
        is_first
    }

    /// Puts other keys in place of whatever a slot holds: a key that is gone stops verifying at once,
    /// and what it verified with it (JKS-09).
    pub(crate) fn replace(&self, slot: usize, keys: Arc<KeySet>) -> bool {
        let Some(Slot::Remote(remote)) = self.slots.get(slot) else { return false };
        remote
            .held
            .rcu(|held| Held { generation: held.generation + 1, state: State::Held(Arc::clone(&keys)) });
        remote.revision.fetch_add(1, Ordering::Release);
        true
    }

    /// Is the flight over, one way or the other?
    pub(crate) fn has_landed(&self, flight: Flight) -> bool {
        match self.slot_of(flight).map(|slot| &self.slots[slot]) {
            Some(Slot::Remote(remote)) => remote.held.load().generation != flight.generation,
            _ => true,
        }
    }

    /// How a slot's keys are doing, and how many can be used.
    pub(crate) fn state(&self, slot: usize) -> (KeyState, usize) {
        match &self.slots[slot] {
            Slot::Static { keys, .. } => (KeyState::Static, keys.len()),
            Slot::Remote(remote) => match &remote.held.load().state {
                State::Awaited => (KeyState::Awaited, 0),
                State::Failed => (KeyState::Failed, 0),
                State::Held(keys) => (KeyState::Held, keys.len()),
            },
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
    pub(crate) fn keys(&self) -> Result<&KeySet, Waiting> {
        match &self.keys {
            SnapshotKeys::Static(keys) => Ok(keys),
            SnapshotKeys::Remote { held, number } => match &held.state {
                State::Held(keys) => Ok(keys),
                State::Failed => Err(Waiting::Failed),
                State::Awaited => Err(Waiting::For(Flight { remote: *number, generation: held.generation })),
            },
        }
    }
}
