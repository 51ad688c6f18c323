//! Two threads on two cores: do they get in each other's way?

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use counterseal::{Algorithm, Guard};

use super::Section;
use super::cached::filled;
use crate::machine;
use crate::measure::{Cycle, median, time};
use crate::report::Row;
use crate::sample::Sample;

const TOKENS: usize = 256;
/// Long beside the time that it takes both threads to start.
const TURN: Duration = Duration::from_millis(1);

struct Case {
    name: &'static str,
    guard: Arc<Guard>,
    tokens: Vec<String>,
    budget: Option<f64>,
    per_turn: usize,
    ratios: Vec<f64>,
}

pub(super) struct Threads {
    cases: Vec<Case>,
}

impl Threads {
    pub(super) fn new() -> Threads {
        let case = |name, algorithm, cache_entries, tokens, budget| {
            let sample = Sample::new(algorithm);
            let guard = sample.guard(cache_entries);
            let tokens =
                if cache_entries == 0 { sample.tokens(tokens) } else { filled(&guard, &sample, tokens) };
            Case { name, guard: Arc::new(guard), tokens, budget, per_turn: 0, ratios: Vec::new() }
        };
        Threads {
            cases: vec![
                case("cached, 256 spread tokens", Algorithm::HS256, 4096, TOKENS, Some(1.8)),
                case("uncached HS256, 256 spread tokens", Algorithm::HS256, 0, TOKENS, Some(1.8)),
                case("uncached RS256, 256 spread tokens", Algorithm::RS256, 0, TOKENS, Some(1.8)),
                case("cached, one hot token", Algorithm::HS256, 4096, 1, None),
            ],
        }
    }
}

impl Case {
    fn round(&mut self) {
        if self.per_turn == 0 {
            let alone = self.work(0, 1000, None);
            self.per_turn = (TURN.as_nanos() / (alone.as_nanos() / 1000)).max(1) as usize;
        }
        let ready = AtomicUsize::new(0);
        let (alone, together) = std::thread::scope(|scope| {
            let this = &*self;
            let workers = [0, 1].map(|core| {
                let ready = &ready;
                scope.spawn(move || {
                    machine::pin_thread(core);
                    // One after the other, then both at once.
                    wait_for(ready, core);
                    let alone = this.work(core, this.per_turn, None);
                    ready.fetch_add(1, Ordering::AcqRel);
                    wait_for(ready, 2);
                    (alone, this.work(core, this.per_turn, Some(ready)))
                })
            });
            let [one, other] = workers.map(|worker| worker.join().unwrap());
            let rate = |took: Duration| 1.0 / took.as_secs_f64();
            ((rate(one.0) + rate(other.0)) / 2.0, rate(one.1) + rate(other.1))
        });
        self.ratios.push(together / alone);
    }

    /// Verifies tokens in an order of the thread's own; with `start` not before both are there, and on
    /// until both have measured.
    fn work(&self, core: usize, times: usize, start: Option<&AtomicUsize>) -> Duration {
        let mut order: Vec<&str> = self.tokens.iter().map(String::as_str).collect();
        order.rotate_left(core * self.tokens.len() / 2);
        let mut turns = Cycle::shuffled(order);
        let mut verify = |times: usize| {
            for _ in 0..times {
                let _ = black_box(self.guard.verify(turns.next()).unwrap());
            }
        };
        verify(times.min(self.tokens.len()));
        if let Some(ready) = start {
            ready.fetch_add(1, Ordering::AcqRel);
            wait_for(ready, 4);
        }
        let took = time(|| verify(times));
        if let Some(ready) = start {
            ready.fetch_add(1, Ordering::AcqRel);
            while ready.load(Ordering::Acquire) < 6 {
                verify(1);
            }
        }
        took
    }
}

fn wait_for(ready: &AtomicUsize, count: usize) {
    while ready.load(Ordering::Acquire) < count {
        std::hint::spin_loop();
    }
}

impl Section for Threads {
    fn title(&self) -> &'static str {
        "Two threads over one"
    }

    fn run(&mut self, rounds: usize) {
        if machine::cores() < 2 {
            return;
        }
        for _ in 0..rounds {
            for case in &mut self.cases {
                case.round();
            }
        }
    }

    fn rows(&self) -> Vec<Row> {
        let measured = self.cases.iter().filter(|case| !case.ratios.is_empty());
        measured
            .map(|case| {
                let mut ratios = case.ratios.clone();
                ratios.sort_by(f64::total_cmp);
                let (low, high) = (ratios[ratios.len() / 4], ratios[ratios.len() * 3 / 4]);
                let row = Row::new(case.name, median(ratios), "times")
                    .note(format!("half of the rounds from {low:.2} to {high:.2}"));
                if let Some(budget) = case.budget { row.at_least(budget) } else { row }
            })
            .collect()
    }
}
