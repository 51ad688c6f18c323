//! What a cached token costs in memory.

use std::hint::black_box;

use counterseal::Algorithm;

use super::Section;
use crate::allocations;
use crate::machine;
use crate::report::Row;
use crate::sample::Sample;

/// As many as the cache holds.
const TOKENS: usize = 65_536;

pub(super) struct Memory {
    rows: Vec<Row>,
}

impl Memory {
    pub(super) fn new() -> Memory {
        Memory { rows: Vec::new() }
    }
}

impl Section for Memory {
    fn title(&self) -> &'static str {
        "Memory for each cached token"
    }

    /// Memory does not vary: it is measured once.
    fn run(&mut self, _rounds: usize) {
        if !self.rows.is_empty() {
            return;
        }
        let sample = Sample::new(Algorithm::HS256);
        let guard = sample.guard(TOKENS);
        let (allocated_before, resident_before) = (allocations::live_bytes(), machine::resident_bytes());
        let (mut tokens, mut claims) = (0, 0);
        for number in 0..TOKENS {
            let token = sample.token(number);
            let identity = guard.verify(&token).unwrap();
            tokens += token.len();
            claims += identity.memory_bytes();
        }
        let allocated = (allocations::live_bytes() - allocated_before) as f64 / TOKENS as f64;
        let resident = machine::resident_bytes().saturating_sub(resident_before) as f64 / TOKENS as f64;
        assert_eq!(guard.cache_counters().entries, TOKENS as u64);
        black_box(&guard);
        let (token, claims) = (tokens as f64 / TOKENS as f64, claims as f64 / TOKENS as f64);
        self.rows = vec![
            Row::new("the token", token, "bytes"),
            Row::new("its claims, parsed", claims, "bytes"),
            Row::new("allocated in all", allocated, "bytes"),
            Row::new("resident in all", resident, "bytes"),
            Row::new("allocated beside token and claims", allocated - token - claims, "bytes").at_most(256.0),
            Row::new("resident beside token and claims", resident - token - claims, "bytes").at_most(256.0),
        ];
    }

    fn rows(&self) -> Vec<Row> {
        self.rows.clone()
    }
}
