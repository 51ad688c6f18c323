//! Wall times of operations that take turns, so that whatever else the machine does hits all of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long one operation runs before the next has its turn: short beside a scheduler's slice, so
/// that most turns are not interrupted.
const TURN: Duration = Duration::from_micros(400);

/// Operations to compare.
#[derive(Default)]
pub struct Contest {
    runners: Vec<Runner>,
}

struct Runner {
    name: &'static str,
    /// Runs so many batches and tells how long that took.
    run: Box<dyn FnMut(u64) -> Duration>,
    /// Operations in a batch.
    batch: u64,
    /// Batches in a turn.
    per_turn: u64,
    samples: Vec<f64>,
}

impl Contest {
    /// Adds an operation. Whatever it returns is dropped inside the measured time.
    pub fn add<T>(&mut self, name: &'static str, mut operation: impl FnMut() -> T + 'static) {
        let run = Box::new(move |times| {
            time(|| {
                for _ in 0..times {
                    black_box(operation());
                }
            })
        });
        self.runners.push(Runner { name, run, batch: 1, per_turn: 0, samples: Vec::new() });
    }

    /// Adds an operation on texts, each of which has just arrived: it was copied into a buffer, outside
    /// of the measured time.
    pub fn add_on_arrival<T>(
        &mut self,
        name: &'static str,
        mut texts: Cycle<String>,
        mut operation: impl FnMut(&str) -> T + 'static,
    ) {
        /// Few enough for the processor's first cache, many enough to hide what the clock costs.
        const AT_ONCE: usize = 16;
        let mut arrived = vec![String::new(); AT_ONCE];
        let run = Box::new(move |times: u64| {
            let mut batch = || {
                for text in &mut arrived {
                    text.clone_from(texts.next());
                }
                time(|| {
                    for text in &arrived {
                        black_box(operation(text));
                    }
                })
            };
            (0..times).map(|_| batch()).sum()
        });
        self.runners.push(Runner { name, run, batch: AT_ONCE as u64, per_turn: 0, samples: Vec::new() });
    }

    /// Lets every operation have `rounds` more turns.
    pub fn run(&mut self, rounds: usize) {
        for runner in &mut self.runners {
            runner.calibrate();
        }
        for round in 0..rounds {
            let first = round % self.runners.len();
            let (late, early) = self.runners.split_at_mut(first);
            for runner in early.iter_mut().chain(late) {
                runner.turn();
            }
        }
    }

    /// What was measured under that name.
    pub fn samples(&self, name: &str) -> Samples<'_> {
        let found = self.runners.iter().find(|runner| runner.name == name);
        Samples(&found.unwrap_or_else(|| panic!("nothing was measured as {name}")).samples)
    }
}

impl Runner {
    /// Warms up and finds how many batches fill a turn.
    fn calibrate(&mut self) {
        if self.per_turn != 0 {
            (self.run)(self.per_turn);
            return;
        }
        let mut times = 1;
        loop {
            let took = (self.run)(times);
            if took * 4 >= TURN {
                let per_batch = took.as_nanos() as u64 / times;
                self.per_turn = (TURN.as_nanos() as u64 / per_batch.max(1)).max(1);
                return;
            }
            times *= 2;
        }
    }

    fn turn(&mut self) {
        let took = (self.run)(self.per_turn);
        self.samples.push(took.as_nanos() as f64 / (self.per_turn * self.batch) as f64);
    }
}

/// Nanoseconds for one operation, one number for each turn, in the order of the rounds.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a>(&'a [f64]);

impl Samples<'_> {
    /// The middle one.
    pub fn median(self) -> f64 {
        median(self.0.to_vec())
    }

    /// The least: what a quiet machine would show.
    pub fn minimum(self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The one that 99 of 100 do not exceed.
    pub fn p99(self) -> f64 {
        let mut sorted = self.0.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted[(sorted.len() * 99 / 100).min(sorted.len() - 1)]
    }

    /// The median of what this took more than `other` in the same round.
    pub fn over(self, other: Samples<'_>) -> f64 {
        median(self.0.iter().zip(other.0).map(|(one, other)| one - other).collect())
    }

    /// The median of how many times this took as long as `other` in the same round.
    pub fn ratio(self, other: Samples<'_>) -> f64 {
        median(self.0.iter().zip(other.0).map(|(one, other)| one / other).collect())
    }
}

/// The middle number.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// How long it took.
pub fn time<T>(operation: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(operation());
    start.elapsed()
}

/// Hands the same things out in turn, for ever.
#[derive(Debug)]
pub struct Cycle<T> {
    things: Vec<T>,
    at: usize,
}

impl<T> Cycle<T> {
    /// Starts with the first.
    pub fn new(things: Vec<T>) -> Cycle<T> {
        assert!(!things.is_empty());
        Cycle { things, at: 0 }
    }

    /// The next one.
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "it lends, and never ends")]
    pub fn next(&mut self) -> &T {
        self.at = if self.at + 1 < self.things.len() { self.at + 1 } else { 0 };
        &self.things[self.at]
    }

    /// In an order without a pattern that a processor could foresee.
    pub fn shuffled(mut things: Vec<T>) -> Cycle<T> {
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        for at in (1..things.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            things.swap(at, (state >> 33) as usize % (at + 1));
        }
        Cycle::new(things)
    }
}
