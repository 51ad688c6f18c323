//! `make bench`: every budget of the Rust core, measured in one run, with pass or fail.
//!
//! `cargo bench -p counterseal-benches --bench budgets -- HS256 cached` runs those sections only. With
//! `RESULTS=folder` the rows are also written to `rust.json` in it; `ROUNDS` is the number of turns in a pass.

use std::path::Path;

use counterseal_benches::allocations::Counting;
use counterseal_benches::machine;
use counterseal_benches::report::Report;
use counterseal_benches::sections::{ALL, startup};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Passes over the whole table, so that a busy minute does not spoil one section.
const PASSES: usize = 3;
/// Turns of each operation in a pass, unless the environment has another number.
const ROUNDS: usize = 200;

fn rounds() -> usize {
    std::env::var("ROUNDS").ok().and_then(|asked| asked.parse().ok()).unwrap_or(ROUNDS)
}

fn main() {
    if startup::is_cold_start() {
        return;
    }
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let chosen = ALL.iter().filter(|(name, _)| asked.is_empty() || asked.iter().any(|asked| asked == name));
    machine::pin_thread(0);

    eprintln!("Preparing keys and tokens …");
    let mut sections: Vec<_> = chosen.map(|(_, prepare)| prepare()).collect();
    for pass in 1..=PASSES {
        eprintln!("Measuring, pass {pass} of {PASSES} …");
        for section in &mut sections {
            section.run(rounds());
        }
    }
    let mut report = Report::default();
    for section in &sections {
        report.section(section.title(), section.rows());
    }
    println!("{}", report.to_text());
    println!("{} budgets, {} failed", report.budgets(), report.failures());
    if let Some(folder) = std::env::var_os("RESULTS") {
        report.write(Path::new(&folder)).unwrap();
    }
}
