//! The conformance corpus: every case by each provider of signatures, and the corpus itself.

use std::collections::BTreeSet;
use std::path::Path;

use counterseal::core::crypto::{Provider, aws_lc, ring};
use counterseal_tests::conformance::{Case, Corpus, Runner, folder, fuzz_cases, lint, prepare};
use serde_json::{Value, json};

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
fn prepared_cases_hold_everything_that_a_runner_needs() {
    let corpus = corpus();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prepared");
    let count = prepare(&corpus, corpus.cases(), &folder).unwrap();
    assert_eq!(count, corpus.cases().count());
    let text = std::fs::read_to_string(folder.join("cases.jsonl")).unwrap();
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(cases.iter().map(|case| case["id"].as_str().unwrap()).eq(corpus.cases().map(|case| &*case.id)));
    for (case, prepared) in corpus.cases().zip(&cases) {
        assert_eq!(prepared["steps"].as_array().unwrap().len(), case.steps.len(), "{}", case.id);
    }
    let loads = cases.iter().flat_map(|case| case["steps"].as_array().unwrap());
    for load in loads.filter_map(|step| step.get("load").or(step.get("reload"))) {
        let folder = folder.join(load["folder"].as_str().unwrap());
        let text = std::fs::read_to_string(folder.join(load["file"].as_str().unwrap())).unwrap();
        assert_eq!(text.contains("scripted"), load["scripted"].as_bool().unwrap());
    }
}

#[test]
fn numbers_and_files_that_not_every_host_has_are_refused() {
    let corpus = corpus();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unprepared");
    let refused = |id: &str, change: &dyn Fn(&mut Case)| {
        let mut case = corpus.case(id).unwrap().clone();
        change(&mut case);
        prepare(&corpus, [&case].into_iter(), &folder).unwrap_err()
    };
    let late = |case: &mut Case| case.steps[1].verify.as_mut().unwrap().now = Some(1 << 53);
    assert!(refused("CAC-08/seconds-not-milliseconds", &late).contains("not an exact integer"));
    for path in ["../outside", "/outside"] {
        let error = refused("POL-07/others-denied", &|case| {
            let load = case.steps[0].load.as_mut().unwrap();
            load.change.insert("/deny_file".into(), path.into());
            load.files.insert(path.into(), "kid x".into());
        });
        assert!(error.contains("leaves the folder"), "{error}");
    }
}

#[test]
fn changed_tokens_follow_from_the_seed_alone() {
    let corpus = corpus();
    let runner = Runner::with_default_provider(&corpus).unwrap();
    let lines = |seed| {
        let cases = fuzz_cases(&corpus, seed, 20).unwrap();
        let tokens: Vec<_> = cases.iter().map(|case| case.tokens.clone()).collect();
        (tokens, runner.lines(cases.iter()).unwrap())
    };
    let (one, again, other) = (lines(1), lines(1), lines(2));
    assert!(one == again);
    assert!(one.0 != other.0);
    // Neither all nor none of them pass.
    let count = |what: &str| one.1.matches(what).count();
    assert!(count("{\"verified\":") > 200 && count("{\"rejected\":") > 200, "{}", count("{\"verified\":"));
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
