//! A token seen before: policy, clock, generation of the keys and reference count included.

use std::rc::Rc;

use counterseal::{Algorithm, Guard};

use super::Section;
use crate::measure::{Contest, Cycle};
use crate::report::Row;
use crate::sample::Sample;

/// Live tokens, entries of the cache, and nanoseconds that a hit may take.
const SIZES: [(&str, usize, usize, f64); 3] = [
    ("hit, 256 live tokens", 256, 4096, 140.0),
    ("hit, 4,096 live tokens", 4096, 8192, 210.0),
    ("hit, 131,072 live tokens", 131_072, 262_144, 560.0),
];
const MISS: &str = "HS256 verify that replaces an entry of a full cache";
const FULL: usize = 1024;

pub(super) struct Cached {
    contest: Contest,
}

impl Cached {
    pub(super) fn new() -> Cached {
        let sample = Sample::new(Algorithm::HS256);
        let mut contest = Contest::default();
        for (name, live, entries, _) in SIZES {
            let guard = sample.guard(entries);
            let mut turns = Cycle::shuffled(filled(&guard, &sample, live));
            contest.add(name, move || guard.verify(turns.next()).unwrap());
        }
        // Four times as many as fit, always in the same order: none is there when its turn comes.
        let (guard, mut turns) = (Rc::new(sample.guard(FULL)), Cycle::new(sample.tokens(4 * FULL)));
        contest.add(MISS, move || guard.verify(turns.next()).unwrap());
        Cached { contest }
    }
}

/// Tokens that the guard's cache holds.
pub(super) fn filled(guard: &Guard, sample: &Sample, live: usize) -> Vec<String> {
    let tokens = sample.tokens(live);
    for token in &tokens {
        guard.verify(token).unwrap();
    }
    assert_eq!(guard.cache_counters().entries, live as u64, "every token has its entry");
    tokens
}

impl Section for Cached {
    fn title(&self) -> &'static str {
        "From the cache"
    }

    fn run(&mut self, rounds: usize) {
        self.contest.run(rounds);
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = SIZES
            .iter()
            .map(|(name, _, _, budget)| {
                let hit = self.contest.samples(name);
                Row::new(*name, hit.median(), "ns").at_most(*budget).note(format!(
                    "least {:.0} ns, 99 of 100 turns below {:.0}",
                    hit.minimum(),
                    hit.p99()
                ))
            })
            .collect();
        rows.push(Row::new(MISS, self.contest.samples(MISS).median(), "ns"));
        rows
    }
}
