//! Rust's runner.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use counterseal::{Error, Guard, Identity};

use super::outcome::{Case, Line, Memory, Outcome, Seat, Step, Verdict};

/// Runs the cases of FOLDER/rust.json and writes FOLDER/rust.jsonl.
///
/// # Errors
/// Where a file cannot be read or written.
pub fn run(folder: &Path) -> Result<(), String> {
    let seat = fs::read(folder.join("rust.json")).map_err(|error| error.to_string())?;
    let seat: Seat = serde_json::from_slice(&seat).map_err(|error| error.to_string())?;
    let (waiting, outcomes) = (Mutex::new(seat.cases.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..seat.at_once {
            scope.spawn(|| {
                while let Some(case) = { waiting.lock().unwrap().next() } {
                    let outcome = outcome(case);
                    outcomes.lock().unwrap().push(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    let [first, second] = seat.rounds.map(|rounds| {
        (0..rounds).for_each(|_| drop(seat.heavy.iter().map(outcome).collect::<Vec<_>>()));
        Memory::of_process("VmRSS")
    });
    let memory = Memory { before_kb: first, after_kb: second, peak_kb: Memory::of_process("VmHWM") };
    let lines = outcomes.into_iter().map(Line::Case).chain([Line::Memory { memory }]);
    let lines: Vec<String> = lines.map(|line| serde_json::to_string(&line).unwrap() + "\n").collect();
    fs::write(folder.join("rust.jsonl"), lines.concat()).map_err(|error| error.to_string())
}

fn outcome(case: &Case) -> Outcome {
    let guard = Guard::load(&case.policy, None).unwrap();
    let steps = case.steps.iter().map(|step| verdict(&guard, step)).collect();
    let issuer = guard.status().issuers.swap_remove(0);
    let fetch = issuer.fetch.unwrap();
    Outcome {
        case: case.case.clone(),
        steps,
        state: issuer.key_state.name().to_owned(),
        last_error: fetch.last_error,
        moved: fetch.moved,
    }
}

fn verdict(guard: &Guard, step: &Step) -> Verdict {
    let begun = Instant::now();
    let outcome: Result<Identity, Error> = match step.way.as_str() {
        "try" => guard.try_verify(&step.token),
        _ => guard.verify(&step.token),
    };
    let took_ms = begun.elapsed().as_millis() as u64;
    let code = outcome.err().map(|error| error.code());
    Verdict {
        code: code.map(|code| code.slug().to_owned()),
        status: code.and_then(|code| code.status()),
        took_ms,
    }
}
