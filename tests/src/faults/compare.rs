//! Is what became of each fault what should have? The same for every language.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::kinds::recipes;
use super::outcome::{Line, Memory, Outcome, Seat, Verdict};

/// `matrix.json`.
#[derive(Deserialize)]
struct Matrix {
    limits: Limits,
    /// What comes of keys that can be had or not: by kind, then by mode.
    kinds: BTreeMap<String, BTreeMap<String, Expected>>,
    faults: BTreeMap<String, Fault>,
}

#[derive(Deserialize)]
struct Limits {
    /// Whoever does not wait is answered within it.
    try_ms: u64,
    /// Whoever waits: the longest wait of a policy, and slack.
    verify_ms: u64,
    /// The same where the fetch hangs: two attempts of a second, and slack.
    hang_ms: u64,
    growth_kb: u64,
    peak_kb: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Expected {
    /// The code of each step, or "verified".
    steps: Vec<String>,
    state: String,
}

#[derive(Deserialize)]
struct Fault {
    keys: String,
    /// The code, or the code with its words.
    last_error: Option<String>,
    /// Does it take until the timeout, in milliseconds?
    hangs_ms: Option<u64>,
    #[serde(default)]
    moved: u64,
}

/// Holds what the seats wrote against the matrix, and says how many cases passed. `false`: some did not.
///
/// # Errors
/// Where a file is missing or not of its form.
pub fn compare(folder: &Path, seats: &[&str]) -> Result<bool, String> {
    let matrix: Matrix = read(&super::folder().join("matrix.json"))?;
    let names: Vec<_> = recipes().iter().map(|recipe| recipe.name).collect();
    let unserved: Vec<_> = matrix.faults.keys().filter(|name| !names.contains(&name.as_str())).collect();
    if !unserved.is_empty() {
        return Err(format!("matrix.json has faults that nobody serves: {unserved:?}"));
    }
    let (mut passed, mut failed) = (0, 0);
    for seat in seats {
        let wanted: Seat = read(&folder.join(format!("{seat}.json")))?;
        let lines = fs::read_to_string(folder.join(format!("{seat}.jsonl")))
            .map_err(|error| format!("{seat}.jsonl: {error}"))?;
        let (mut outcomes, mut memory) = (BTreeMap::new(), None);
        for line in lines.lines() {
            match serde_json::from_str(line).map_err(|error| format!("{seat}.jsonl: {error}: {line}"))? {
                Line::Case(outcome) => drop(outcomes.insert(outcome.case.clone(), outcome)),
                Line::Memory { memory: measured } => memory = Some(measured),
            }
        }
        let mut faults = Vec::new();
        for case in &wanted.cases {
            let found = outcomes.get(&case.case).map(|outcome| matrix.judge(outcome));
            match found.unwrap_or_else(|| Err("the runner left it out".to_owned())) {
                Ok(()) => passed += 1,
                Err(fault) => faults.push(format!("{seat}: {}: {fault}", case.case)),
            }
        }
        let mut said =
            format!("{} cases, the slowest verdict after {} ms", outcomes.len(), slowest(&outcomes));
        match memory.map(|memory| matrix.limits.judge(seat, memory)) {
            Some(Ok(measured)) => {
                passed += 1;
                said += &format!(", {measured}");
            }
            Some(Err(fault)) => faults.push(format!("{seat}: {fault}")),
            None => {}
        }
        println!("{seat}: {said}");
        faults.iter().for_each(|fault| println!("FAILED {fault}"));
        failed += faults.len();
    }
    println!("{passed} passed, {failed} failed");
    Ok(failed == 0)
}

impl Matrix {
    fn judge(&self, outcome: &Outcome) -> Result<(), String> {
        let (name, mode) = outcome.case.split_once('/').unwrap_or_default();
        let fault = self.faults.get(name).ok_or("matrix.json does not have it")?;
        let expected = self.kinds.get(&fault.keys).and_then(|kind| kind.get(mode));
        let expected = expected.ok_or_else(|| format!("matrix.json does not say what {} is", fault.keys))?;
        let found: Vec<&str> =
            outcome.steps.iter().map(|step| step.code.as_deref().unwrap_or("verified")).collect();
        require("verdicts", &found, &expected.steps.iter().map(String::as_str).collect::<Vec<_>>())?;
        for step in &outcome.steps {
            let status = match step.code.as_deref() {
                None => None,
                Some("keys_unavailable") => Some(503),
                Some(_) => Some(401),
            };
            require("status", &step.status, &status)?;
        }
        require("state", &outcome.state, &expected.state)?;
        let is_expected = match (&outcome.last_error, &fault.last_error) {
            (None, None) => true,
            (Some(found), Some(expected)) => {
                found == expected
                    || found.strip_prefix(&**expected).is_some_and(|rest| rest.starts_with(": "))
            }
            _ => false,
        };
        if !is_expected {
            return Err(format!("last_error is {:?}, not {:?}", outcome.last_error, fault.last_error));
        }
        let moved = if mode == "warm" { fault.moved } else { 0 };
        require("moved", &outcome.moved, &moved)?;
        self.limits.judge_times(mode, &outcome.steps, fault.hangs_ms)
    }
}

impl Limits {
    fn judge_times(&self, mode: &str, steps: &[Verdict], hangs_ms: Option<u64>) -> Result<(), String> {
        // Warm, the first token is verified by keys that come at once, and the last by keys that are there.
        let (at_once, waits) = match (mode, steps) {
            ("cold", [at_once, waits]) => (Some(at_once), waits),
            ("warm", [_, waits, at_once]) => (Some(at_once), waits),
            ("inline", [waits]) => (None, waits),
            _ => return Err(format!("{} steps", steps.len())),
        };
        let most = if hangs_ms.is_some() { self.hang_ms } else { self.verify_ms };
        for (what, took, least, most) in [
            ("without waiting", at_once.map_or(0, |at_once| at_once.took_ms), 0, self.try_ms),
            ("waiting", waits.took_ms, hangs_ms.unwrap_or(0), most),
        ] {
            if !(least..=most).contains(&took) {
                return Err(format!("{what} it took {took} ms, not {least} to {most}"));
            }
        }
        Ok(())
    }

    fn judge(&self, seat: &str, memory: Memory) -> Result<String, String> {
        let Memory { before_kb, after_kb, peak_kb } = memory;
        let growth = after_kb.saturating_sub(before_kb);
        let most = *self.peak_kb.get(seat).ok_or("matrix.json has no peak_kb for it")?;
        let said = format!("{} MiB at most, grown by {growth} KiB under heavy answers", peak_kb / 1024);
        if growth <= self.growth_kb && peak_kb <= most { Ok(said) } else { Err(format!("memory: {said}")) }
    }
}

fn require<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}, not {expected:?}")) }
}

fn slowest(outcomes: &BTreeMap<String, Outcome>) -> u64 {
    outcomes.values().flat_map(|outcome| &outcome.steps).map(|step| step.took_ms).max().unwrap_or(0)
}

fn read<T: for<'d> Deserialize<'d>>(path: &Path) -> Result<T, String> {
    let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
}
