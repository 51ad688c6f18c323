//! `make bench`: every budget of the Rust core, measured in one run, with pass or fail.
//!
//! `cargo bench -p counterseal-benches --bench budgets -- HS256 cached` runs those sections only and
//! leaves the results in the repository alone.

use std::path::Path;

use counterseal_benches::allocations::Counting;
use counterseal_benches::machine;
use counterseal_benches::report::Report;
use counterseal_benches::sections::{ALL, startup};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Passes over the whole table, so that a busy minute does not spoil one section.
const PASSES: usize = 3;
/// Turns of each operation in a pass.
const ROUNDS: usize = 200;

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
            section.run(ROUNDS);
        }
    }
    let mut report = Report::default();
    for section in &sections {
        report.section(section.title(), section.rows());
    }
    println!("{}", report.to_text());
    println!("{} budgets, {} failed", report.budgets(), report.failures());
    if asked.is_empty() {
        report.write(&Path::new(env!("CARGO_MANIFEST_DIR")).join("results")).unwrap();
        println!("written to benches/results/rust.json");
    }
}
