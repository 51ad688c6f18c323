//! The keys of each issuer at run time: static ones, or a snapshot that is swapped whole.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::keyset::KeySet;

/// Keys that somebody waits for: which issuer's, and which generation they will replace. It holds no
/// token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flight {
    /// Tells the flights of one policy from those of the next.
    pub(crate) epoch: u64,
    pub(crate) slot: usize,
    pub(crate) generation: u64,
}

/// The key slots of one policy.
pub(crate) struct KeySlots {
    epoch: u64,
    slots: Vec<Slot>,
}

enum Slot {
    Static(Arc<KeySet>),
    Remote(ArcSwap<Remote>),
}

pub(crate) struct Remote {
    /// Moves whenever the keys change, so that what was decided with older ones is noticed.
    generation: u64,
    state: State,
}

pub(crate) enum State {
    Awaited,
    Failed,
    Held(Arc<KeySet>),
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
pub(crate) enum Snapshot<'s> {
    Static(&'s KeySet),
    Remote { remote: Guard<Arc<Remote>>, epoch: u64, slot: usize },
}

impl KeySlots {
    /// Slots for these sources; `None` stands for keys that arrive later. `epoch` differs from that
    /// of every other policy of the guard.
    pub(crate) fn new(sources: impl Iterator<Item = Option<Arc<KeySet>>>, epoch: u64) -> KeySlots {
        let slots = sources.map(|source| match source {
            Some(keys) => Slot::Static(keys),
            None => Slot::Remote(ArcSwap::from_pointee(Remote { generation: 0, state: State::Awaited })),
        });
        KeySlots { epoch, slots: slots.collect() }
    }

    /// The same keys under another epoch: flights of this one are over.
    pub(crate) fn renewed(&self, epoch: u64) -> KeySlots {
        let slots = self.slots.iter().map(|slot| match slot {
            Slot::Static(keys) => Slot::Static(Arc::clone(keys)),
            Slot::Remote(remote) => Slot::Remote(ArcSwap::new(remote.load_full())),
        });
        KeySlots { epoch, slots: slots.collect() }
    }

    #[inline]
    pub(crate) fn snapshot(&self, slot: usize) -> Snapshot<'_> {
        match &self.slots[slot] {
            Slot::Static(keys) => Snapshot::Static(keys),
            Slot::Remote(remote) => Snapshot::Remote { remote: remote.load(), epoch: self.epoch, slot },
        }
    }

    /// The generation of a slot's keys (CAC-02).
    #[inline]
    pub(crate) fn generation(&self, slot: usize) -> u64 {
        match &self.slots[slot] {
            Slot::Static(_) => 0,
            Slot::Remote(remote) => remote.load().generation,
        }
    }

    /// Ends a flight with keys, or with `None` where they could not be had: then good keys stay
    /// (JKS-08). `false` where the flight is over already or of another policy.
    pub(crate) fn land(&self, flight: Flight, keys: Option<Arc<KeySet>>) -> bool {
        let Some(Slot::Remote(remote)) = self.slots.get(flight.slot) else { return false };
        if flight.epoch != self.epoch {
            return false;
        }
        let before = remote.rcu(|held| match (&held.state, &keys) {
            _ if held.generation != flight.generation => Arc::clone(held),
            (State::Held(_), None) => Arc::clone(held),
            (_, None) => Arc::new(Remote { generation: held.generation + 1, state: State::Failed }),
            (_, Some(keys)) => {
                Arc::new(Remote { generation: held.generation + 1, state: State::Held(Arc::clone(keys)) })
            }
        });
        before.generation == flight.generation
    }

    /// Puts other keys in place of whatever a slot holds: a key that is gone stops verifying at once,
    /// and what it verified with it (JKS-09).
    pub(crate) fn replace(&self, slot: usize, keys: Arc<KeySet>) -> bool {
        let Some(Slot::Remote(remote)) = self.slots.get(slot) else { return false };
        remote.rcu(|held| Remote { generation: held.generation + 1, state: State::Held(Arc::clone(&keys)) });
        true
    }

    /// Is the flight over, one way or the other?
    pub(crate) fn has_landed(&self, flight: Flight) -> bool {
        match self.slots.get(flight.slot) {
            Some(Slot::Remote(remote)) if flight.epoch == self.epoch => {
                remote.load().generation != flight.generation
            }
            _ => true,
        }
    }
}

impl Snapshot<'_> {
    pub(crate) fn generation(&self) -> u64 {
        match self {
            Snapshot::Static(_) => 0,
            Snapshot::Remote { remote, .. } => remote.generation,
        }
    }

    /// The keys, or what there is to wait for.
    #[inline]
    pub(crate) fn keys(&self) -> Result<&KeySet, Waiting> {
        match self {
            Snapshot::Static(keys) => Ok(keys),
            Snapshot::Remote { remote, epoch, slot } => match &remote.state {
                State::Held(keys) => Ok(keys),
                State::Failed => Err(Waiting::Failed),
                State::Awaited => {
                    Err(Waiting::For(Flight { epoch: *epoch, slot: *slot, generation: remote.generation }))
                }
            },
        }
    }
}
