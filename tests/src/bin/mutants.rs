//! The test of the tests: is there a case for each rule that fails when the rule's check is switched off?
//!
//! Every rule of the corpus is switched off in turn, in one thread at a time, and the corpus is run: first
//! the cases that name the rule, then all others, by each provider of signatures. A rule whose absence
//! no case notices survives, and needs a reason in `reasons.json`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use counterseal::core::crypto::{aws_lc, ring};
use counterseal_core::mutants::without;
use counterseal_tests::conformance::{Case, Corpus, Outcome, Reasons, Runner, folder};

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What became of the corpus without one rule.
#[derive(Default)]
struct Mutant {
    rule: &'static str,
    /// The first case that failed.
    killed_by: Option<String>,
    /// Did that case admit what the rule refuses? Otherwise another rule still refused it.
    is_admitted: bool,
    /// Did anything ask for the check?
    has_check: bool,
}

/// Prints the result; the number of faults.
fn run() -> Result<usize, String> {
    let corpus = Corpus::load(&folder())?;
    let reasons = Reasons::of(&corpus)?;
    // Switches are named by text that lives as long as the process.
    let rules: Vec<&'static str> =
        reasons.rules().into_iter().map(|rule| &*Box::leak(rule.to_owned().into_boxed_str())).collect();
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let rules: Vec<&'static str> =
        rules.into_iter().filter(|rule| chosen.is_empty() || chosen.iter().any(|one| one == rule)).collect();
    sound(&corpus)?;
    // A mutant may panic: that is seen as well, and need not be read.
    std::panic::set_hook(Box::new(|_| ()));
    let mutants = all(&corpus, &rules);
    Ok(report(&corpus, &reasons, &mutants, !chosen.is_empty()))
}

/// With nothing switched off every case passes.
fn sound(corpus: &Corpus) -> Result<(), String> {
    let runner = Runner::new(corpus, aws_lc());
    match corpus.cases().find(|case| !runner.run(case).failures.is_empty()) {
        Some(case) => Err(format!("{} fails with nothing switched off", case.id)),
        None => Ok(()),
    }
}

/// A thread for each core, each with the next rule.
fn all(corpus: &Corpus, rules: &[&'static str]) -> Vec<Mutant> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(rule) = rules.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push(without_rule(corpus, rule));
        }
        done
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut mutants: Vec<Mutant> = thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        started.into_iter().flat_map(|thread| thread.join().expect("a thread of the run panicked")).collect()
    });
    mutants.sort_by_key(|mutant| mutant.rule);
    mutants
}

fn without_rule(corpus: &Corpus, rule: &'static str) -> Mutant {
    let mut mutant = Mutant { rule, ..Mutant::default() };
    let (named, others): (Vec<&Case>, Vec<&Case>) =
        corpus.cases().partition(|case| case.rules.iter().any(|named| named == rule));
    for (cases, is_last) in [(named, false), (others, true)] {
        for provider in [aws_lc(), ring()] {
            let runner = Runner::new(corpus, provider);
            for case in &cases {
                let (outcome, has_check) =
                    without(rule, || catch_unwind(AssertUnwindSafe(|| runner.run(case))));
                mutant.has_check |= has_check;
                let is_admitted = outcome.as_ref().is_ok_and(|outcome| admits(case, outcome));
                let failed = outcome.map_or(true, |outcome| !outcome.failures.is_empty());
                if failed && (mutant.killed_by.is_none() || is_admitted) {
                    mutant.killed_by = Some(case.id.clone());
                    mutant.is_admitted = is_admitted;
                }
                if mutant.is_admitted {
                    return mutant;
                }
            }
        }
        // Nothing asks for the check in the cases that name it: nor will the others.
        if mutant.killed_by.is_some() || is_last {
            break;
        }
    }
    mutant
}

/// Did something that should be refused get through?
fn admits(case: &Case, outcome: &Outcome) -> bool {
    let refusals = ["rejected", "problems", "error", "unavailable"];
    case.steps.iter().zip(&outcome.steps).any(|(step, found)| {
        let is_refused = step.expect.as_ref().is_some_and(|expected| {
            expected == "pending" || refusals.iter().any(|refusal| expected.get(refusal).is_some())
        });
        let found = found.canonical();
        is_refused && !refusals.iter().any(|refusal| found.starts_with(&format!("{{\"{refusal}\":")))
    })
}

/// Prints what survived and what has no reason; the number of faults.
fn report(corpus: &Corpus, reasons: &Reasons, mutants: &[Mutant], in_detail: bool) -> usize {
    let mut faults = 0;
    for mutant in mutants {
        let Mutant { rule, killed_by, is_admitted, has_check } = mutant;
        match (killed_by, reasons.mutants.get(*rule)) {
            (Some(case), Some(_)) => {
                faults += 1;
                println!("{rule}  has a reason to survive, and {case} notices it");
            }
            (Some(case), None) if in_detail => {
                let how = if *is_admitted { "admits what it refuses" } else { "comes out otherwise" };
                println!("{rule}  {case} {how}");
            }
            (Some(_), None) => {}
            (None, Some(reason)) => println!("{rule}  survives: {reason}"),
            (None, None) => {
                faults += 1;
                let why = if *has_check { "no case notices" } else { "no check can be switched off" };
                println!("{rule}  SURVIVES, {why}: {}", asks(corpus, rule));
            }
        }
    }
    let killed = mutants.iter().filter(|mutant| mutant.killed_by.is_some());
    let admitted = killed.clone().filter(|mutant| mutant.is_admitted).count();
    let killed = killed.count();
    println!("killed {killed} of {}, {admitted} by a case that was admitted", mutants.len());
    faults
}

/// What a rule asks, in the words of its file.
fn asks(corpus: &Corpus, rule: &str) -> String {
    let file = corpus.files.values().find(|file| file.rule == rule);
    file.map_or_else(String::new, |file| file.statement.clone())
}
