//! Finds a key in the same time among ten and ten thousand, without allocating.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::Key;
use crate::algorithm::Algorithm;

/// Where keys stand, by `kid` and by algorithm.
pub(super) struct Index {
    by_kid: HashMap<Box<str>, usize, RandomState>,
    /// Usable keys that have no `kid`.
    without_kid: PerAlgorithm,
    /// All usable keys.
    usable: PerAlgorithm,
}

/// What the usable keys of one algorithm leave to choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Candidate {
    #[default]
    None,
    One(usize),
    Several,
}

type PerAlgorithm = [Candidate; Algorithm::ALL.len()];

impl Index {
    pub(super) fn new(keys: &[Key]) -> Index {
        let mut index = Index {
            by_kid: HashMap::with_capacity_and_hasher(keys.len(), RandomState::default()),
            without_kid: PerAlgorithm::default(),
            usable: PerAlgorithm::default(),
        };
        // Usable keys first: a listed key wins over an unlisted one of the same name.
        for usable in [true, false] {
            let of_this_pass = keys.iter().enumerate().filter(|(_, key)| key.is_usable() == usable);
            for (at, key) in of_this_pass {
                index.add(at, key);
            }
        }
        index
    }

    pub(super) fn of_kid(&self, kid: &str) -> Option<usize> {
        self.by_kid.get(kid).copied()
    }

    pub(super) fn without_kid(&self, algorithm: Algorithm) -> Candidate {
        self.without_kid[algorithm as usize]
    }

    pub(super) fn usable(&self, algorithm: Algorithm) -> Candidate {
        self.usable[algorithm as usize]
    }

    fn add(&mut self, at: usize, key: &Key) {
        if let Some(kid) = key.kid() {
            self.by_kid.entry(kid.into()).or_insert(at);
        }
        if let (Some(algorithm), true) = (key.algorithm(), key.is_usable()) {
            self.usable[algorithm as usize].count(at);
            if key.kid().is_none() {
                self.without_kid[algorithm as usize].count(at);
            }
        }
    }
}

impl Candidate {
    fn count(&mut self, at: usize) {
        *self = if *self == Candidate::None { Candidate::One(at) } else { Candidate::Several };
    }
}
