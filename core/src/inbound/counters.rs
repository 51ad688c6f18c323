//! What became of the tokens of each entry of the policy, counted outside of the hit path: an answer from
//! the cache is counted by the cache alone.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::error::Code;

const CODES: usize = Code::ALL.len();

/// Counters of one entry, or of tokens that belong to none. They outlive a policy.
pub(crate) struct Counters {
    verified: AtomicU64,
    pending: AtomicU64,
    /// By the position of the code in [`Code::ALL`].
    enforced: [AtomicU64; CODES],
    reported: [AtomicU64; CODES],
}

/// Decisions since the guard was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Decisions {
    /// Tokens that passed a whole verification; those answered from the cache are not among them.
    pub verified: u64,
    /// Decisions that had to wait for keys.
    pub pending: u64,
    /// Refusals and outages, by code.
    pub refused: Vec<Refusals>,
}

/// How often a code was the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Refusals {
    /// In data, its slug.
    #[serde(serialize_with = "slug")]
    pub code: Code,
    /// Did it count, or was it reported alone (`enforce = false`)?
    pub enforced: bool,
    /// How often.
    pub count: u64,
}

impl Counters {
    pub(crate) fn new() -> Counters {
        let zeros = || std::array::from_fn(|_| AtomicU64::new(0));
        Counters {
            verified: AtomicU64::new(0),
            pending: AtomicU64::new(0),
            enforced: zeros(),
            reported: zeros(),
        }
    }

    pub(crate) fn count_verified(&self) {
        self.verified.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_pending(&self) {
        self.pending.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_refused(&self, code: Code, enforced: bool) {
        let counters = if enforced { &self.enforced } else { &self.reported };
        counters[code.position()].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Decisions {
        let of = |counters: &[AtomicU64; CODES], enforced: bool| -> Vec<Refusals> {
            let counted = Code::ALL.iter().zip(counters);
            let refusals = counted.map(|(code, counter)| Refusals {
                code: *code,
                enforced,
                count: counter.load(Ordering::Relaxed),
            });
            refusals.filter(|refusals| refusals.count != 0).collect()
        };
        let mut refused = of(&self.enforced, true);
        refused.extend(of(&self.reported, false));
        Decisions {
            verified: self.verified.load(Ordering::Relaxed),
            pending: self.pending.load(Ordering::Relaxed),
            refused,
        }
    }
}

fn slug<S: serde::Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.slug())
}
