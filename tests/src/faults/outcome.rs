//! What runners read and write.

use serde::{Deserialize, Serialize};

/// What a runner does at one seat: SEAT.json.
#[derive(Debug, Serialize, Deserialize)]
pub struct Seat {
    /// So many at once.
    pub cases: Vec<Case>,
    /// How many, so that a timeout is the server's doing and not that of a busy machine.
    pub at_once: usize,
    /// Afterwards, one after the other and again and again: what must not make the process grow.
    pub heavy: Vec<Case>,
    /// How often: as many times before the memory is measured first, and as many in between.
    pub rounds: [usize; 2],
}

/// One guard, and the tokens that it is shown.
#[derive(Debug, Serialize, Deserialize)]
pub struct Case {
    /// The fault, and whether it is there from the start (`cold`) or once keys were had (`warm`).
    pub case: String,
    /// The policy file.
    pub policy: String,
    /// One after the other.
    pub steps: Vec<Step>,
    /// Further valid tokens, for other tests than these.
    pub spare: Vec<String>,
    /// A token that names a key which is in no set.
    pub stranger: String,
}

/// A token for the guard.
#[derive(Debug, Serialize, Deserialize)]
pub struct Step {
    /// `verify` waits for keys; `try` does not.
    pub way: String,
    /// The token.
    pub token: String,
}

/// A line of SEAT.jsonl.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// What became of a case.
    Case(Outcome),
    /// How large the process was.
    Memory {
        /// In KiB.
        memory: Memory,
    },
}

/// What became of a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// Its name.
    pub case: String,
    /// What became of each token.
    pub steps: Vec<Verdict>,
    /// `key_state` of the issuer after that.
    pub state: String,
    /// Why a fetch failed last.
    pub last_error: Option<String>,
    /// How often the keys were on another host than before.
    pub moved: u64,
}

/// What became of a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// `None`: it was verified.
    pub code: Option<String>,
    /// The HTTP status that goes with the code.
    pub status: Option<u16>,
    /// How long that took.
    pub took_ms: u64,
}

/// The resident memory of a runner's process in KiB.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Memory {
    /// After a few heavy answers.
    pub before_kb: u64,
    /// After many.
    pub after_kb: u64,
    /// The most that it ever was.
    pub peak_kb: u64,
}

impl Memory {
    /// A number of /proc/self/status; 0 where there is none.
    pub fn of_process(name: &str) -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
    }
}
