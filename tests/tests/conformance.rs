//! The conformance corpus, run by each provider of signatures.

use counterseal::core::crypto::{Provider, aws_lc, ring};
use counterseal_tests::conformance::{Corpus, Runner, folder};

fn run(provider: &'static dyn Provider) {
    let corpus = Corpus::load(&folder()).unwrap();
    let runner = Runner::new(&corpus, provider);
    let mut failed = Vec::new();
    for case in corpus.cases() {
        let outcome = runner.run(case);
        if !outcome.failures.is_empty() {
            failed.push(format!("{} ({})\n    {}", case.id, case.why, outcome.failures.join("\n    ")));
        }
    }
    let cases = corpus.cases().count();
    let rules: std::collections::BTreeSet<&str> =
        corpus.cases().flat_map(|case| case.rules.iter().map(String::as_str)).collect();
    println!("{}: {} of {cases} cases passed, {} rules", provider.name(), cases - failed.len(), rules.len());
    assert!(failed.is_empty(), "{} of {cases} cases failed\n{}", failed.len(), failed.join("\n"));
    assert!(cases > 0, "there are no cases");
}

#[test]
fn every_case_with_aws_lc() {
    run(aws_lc());
}

#[test]
fn every_case_with_ring() {
    run(ring());
}
