//! A token seen before: policy, clock, generation of the keys and reference count included.

use std::rc::Rc;

use counterseal::{Algorithm, Guard};

use super::Section;
use crate::measure::{Contest, Cycle};
use crate::report::Row;
use crate::sample::Sample;

struct Size {
    name: &'static str,
    live: usize,
    entries: usize,
    /// Nanoseconds that a hit may take.
    budget: f64,
    /// Reads from as much memory, where that is more than the processor's caches hold.
    read: Option<&'static str>,
}

const SIZES: [Size; 3] = [
    Size { name: "hit, 256 live tokens", live: 256, entries: 4096, budget: 140.0, read: None },
    Size {
        name: "hit, 4,096 live tokens",
        live: 4096,
        entries: 8192,
        budget: 210.0,
        read: Some("one read from memory, as much as 4,096 tokens take"),
    },
    Size {
        name: "hit, 131,072 live tokens",
        live: 131_072,
        entries: 262_144,
        budget: 560.0,
        read: Some("one read from memory, as much as 131,072 tokens take"),
    },
];
/// What a cached token takes, nearly enough.
const TOKEN_BYTES: usize = 2048;
const MISS: &str = "HS256 verify that replaces an entry of a full cache";
const FULL: usize = 1024;

pub(super) struct Cached {
    contest: Contest,
}

impl Cached {
    pub(super) fn new() -> Cached {
        let sample = Sample::new(Algorithm::HS256);
        let mut contest = Contest::default();
        for Size { name, live, entries, read, .. } in SIZES {
            let guard = sample.guard(entries);
            let tokens = Cycle::shuffled(filled(&guard, &sample, live));
            contest.add_on_arrival(name, tokens, move |token| guard.verify(token).unwrap());
            if let Some(read) = read {
                let (lines, mut at) = (chain(live * TOKEN_BYTES), 0);
                contest.add(read, move || {
                    at = lines[at as usize].0;
                    at
                });
            }
        }
        // Four times as many as fit, always in the same order: none is there when its turn comes.
        let (guard, mut turns) = (Rc::new(sample.guard(FULL)), Cycle::new(sample.tokens(4 * FULL)));
        contest.add(MISS, move || guard.verify(turns.next()).unwrap());
        Cached { contest }
    }
}

/// A line of the processor's cache, which names the next one to read.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(u32);

/// Lines that lead through all of them, in an order that cannot be foreseen.
fn chain(bytes: usize) -> Vec<Line> {
    let count = (bytes / size_of::<Line>()) as u32;
    let mut order = Cycle::shuffled((0..count).collect());
    let mut lines = vec![Line(0); count as usize];
    let mut at = *order.next();
    for _ in 0..count {
        let next = *order.next();
        lines[at as usize] = Line(next);
        at = next;
    }
    lines
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
        let mut rows = Vec::new();
        for Size { name, budget, read, .. } in SIZES {
            let hit = self.contest.samples(name);
            let note = format!("least {:.0} ns, 99 of 100 turns below {:.0}", hit.minimum(), hit.p99());
            rows.push(Row::new(name, hit.median(), "ns").at_most(budget).note(note));
            rows.extend(read.map(|read| {
                let samples = self.contest.samples(read);
                Row::new(read, samples.median(), "ns").note(format!("least {:.0} ns", samples.minimum()))
            }));
        }
        rows.push(Row::new(MISS, self.contest.samples(MISS).median(), "ns"));
        rows
    }
}
