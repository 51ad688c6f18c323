//! Identities by the number of their proof (CAC-10): the same token gives the same Python object, and
//! never another token's.
//!
//! A place may be taken by another proof between the core's answer and the look-up, so each object is
//! compared by the number that it holds itself. Whatever is not found is made anew from the core.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

use crate::identity::Identity;

const PLACES: usize = 4;

/// A bounded table. Numbers that follow each other stand in different buckets, so nothing is hashed.
pub(crate) struct Table {
    buckets: Box<[Mutex<Bucket>]>,
}

/// Locked for some instructions, and never while Python code runs: with the GIL nobody waits for it, and
/// no thread holds one at a fork.
#[derive(Default)]
struct Bucket {
    ids: [u64; PLACES],
    held: [Option<Py<Identity>>; PLACES],
    next: usize,
}

impl Table {
    /// Room for twice as many identities as the core's cache has tokens; none where it has none.
    pub(crate) fn new(cache_capacity: usize) -> Table {
        let buckets = match cache_capacity {
            0 => 0,
            tokens => (2 * tokens / PLACES).next_power_of_two(),
        };
        Table { buckets: (0..buckets).map(|_| Mutex::default()).collect() }
    }

    #[inline]
    pub(crate) fn get<'py>(&self, py: Python<'py>, id: u64) -> Option<Bound<'py, Identity>> {
        let bucket = self.bucket(id)?.lock().unwrap_or_else(PoisonError::into_inner);
        let place = bucket.ids.iter().position(|held| *held == id)?;
        let identity = bucket.held[place].as_ref().filter(|identity| identity.get().id() == id)?;
        Some(identity.bind(py).clone())
    }

    /// Puts an identity under its number, in place of the one that has been there the longest.
    pub(crate) fn put(&self, identity: &Bound<'_, Identity>) {
        let id = identity.get().id();
        let Some(bucket) = self.bucket(id) else { return };
        let displaced = {
            let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
            let place = bucket.ids.iter().position(|held| *held == id).unwrap_or(bucket.next);
            bucket.next = (place + 1) % PLACES;
            bucket.ids[place] = id;
            bucket.held[place].replace(identity.clone().unbind())
        };
        drop(displaced); // outside of the lock
    }

    pub(crate) fn clear(&self) {
        for bucket in &self.buckets {
            let taken = std::mem::take(&mut *bucket.lock().unwrap_or_else(PoisonError::into_inner));
            drop(taken); // outside of the lock
        }
    }

    #[inline]
    fn bucket(&self, id: u64) -> Option<&Mutex<Bucket>> {
        self.buckets.get(id as usize & self.buckets.len().wrapping_sub(1))
    }
}
