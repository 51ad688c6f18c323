//! The conformance corpus: every case by each provider of signatures, and the corpus itself.

use std::collections::BTreeSet;

use counterseal::core::crypto::{Provider, aws_lc, ring};
use counterseal_tests::conformance::{Case, Corpus, Runner, folder, lint};
use serde_json::json;

fn corpus() -> Corpus {
    Corpus::load(&folder()).unwrap()
}

fn run(provider: &'static dyn Provider) {
    let corpus = corpus();
    let runner = Runner::new(&corpus, provider);
    let mut failed = Vec::new();
    for case in corpus.cases() {
        let outcome = runner.run(case);
        if !outcome.failures.is_empty() {
            failed.push(format!("{} ({})\n    {}", case.id, case.why, outcome.failures.join("\n    ")));
        }
    }
    let cases = corpus.cases().count();
    let rules: BTreeSet<&str> =
        corpus.cases().flat_map(|case| case.rules.iter().map(String::as_str)).collect();
    println!("{}: {} of {cases} cases passed, {} rules", provider.name(), cases - failed.len(), rules.len());
    assert!(failed.is_empty(), "{} of {cases} cases failed\n{}", failed.len(), failed.join("\n"));
    assert!(cases > 500, "only {cases} cases were found");
}

#[test]
fn every_case_with_aws_lc() {
    run(aws_lc());
}

#[test]
fn every_case_with_ring() {
    run(ring());
}

#[test]
fn both_providers_say_the_same() {
    let corpus = corpus();
    let (one, other) = (Runner::new(&corpus, aws_lc()), Runner::new(&corpus, ring()));
    for case in corpus.cases().filter(|case| case.needs.is_empty()) {
        let outcomes = [&one, &other].map(|runner| runner.outcome(case).unwrap().canonical());
        assert_eq!(outcomes[0], outcomes[1], "{}", case.id);
    }
}

#[test]
fn the_corpus_is_sound() {
    let faults = lint(&corpus()).unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn lint_sees_what_is_wrong() {
    let mut corpus = corpus();
    let mut file = |rule: &str, change: &dyn Fn(&mut Vec<Case>)| {
        let file = corpus.files.values_mut().find(|file| file.rule == rule).unwrap();
        change(&mut file.cases);
    };
    file("CLM-08", &|cases| cases.push(cases[1].clone()));
    file("CLM-08", &|cases| drop(cases.remove(0)));
    file("CLM-09", &|cases| cases[0].rules = vec!["CLM-99".into()]);
    file("CLM-10", &|cases| cases[0].id = "CLM-11/moved".into());
    file("CLM-04", &|cases| {
        let token = cases[0].tokens.values_mut().next().unwrap();
        token.made.as_mut().unwrap().claims.as_mut().unwrap().set.insert("x".into(), 1.into());
    });
    file("CLM-15", &|cases| {
        let wrong = json!({ "rejected": { "code": "token_expirde", "rule": "CLM-07" } });
        cases[0].steps[1].expect = Some(wrong);
    });
    file("CLM-15", &|cases| {
        let token = cases[1].tokens.values().next().unwrap().clone();
        cases[0].tokens.insert("stray".into(), token);
    });
    let faults = lint(&corpus).unwrap().join("\n");
    for fault in [
        "CLM-08/absent stands twice",
        "CLM-08 has no case of kind accept",
        "no rule CLM-99",
        "it does not name CLM-09",
        "its id does not begin with CLM-10/",
        "CLM-04.json: not as `vectors fmt` writes it",
        "no code token_expirde",
        "no check reports CLM-07",
        "it accepts nothing",
        "nothing uses the token stray",
    ] {
        assert!(faults.contains(fault), "{fault}: {faults}");
    }
}

#[test]
fn the_runner_sees_what_is_wrong() {
    let corpus = corpus();
    let runner = Runner::new(&corpus, aws_lc());
    let failures = |change: &dyn Fn(&mut Case)| {
        let mut case = corpus.case("CLM-08/to-the-second").unwrap().clone();
        change(&mut case);
        runner.run(&case).failures
    };
    assert!(failures(&|_| ()).is_empty());
    let wrong = json!({ "rejected": { "code": "token_expired", "rule": "CLM-09" } });
    assert_eq!(failures(&|case| case.steps[4].expect = Some(wrong.clone())).len(), 1);
    assert_eq!(failures(&|case| case.steps[4].expect = None).len(), 1);
    assert_eq!(failures(&|case| case.steps[4].expect = Some("pending".into())).len(), 1);
    assert_eq!(failures(&|case| case.steps[3].advance = Some(0)).len(), 1);
    assert_eq!(failures(&|case| case.steps[4].at = Some(0)).len(), 1);
    assert!(failures(&|case| drop(case.steps.remove(0))).len() > 1);
}
