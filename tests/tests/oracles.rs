//! The comparison with other libraries, without them: what it must find, and that the committed list is
//! sound. `make oracles` runs the libraries.

use std::path::PathBuf;

use counterseal_tests::conformance::{Corpus, folder};
use counterseal_tests::oracles::{Comparison, Differences, Export, compare, export, full};

/// A part of the corpus is enough, and a list for it.
struct Bench {
    export: Export,
    list: Differences,
    verdicts: PathBuf,
}

impl Bench {
    /// A library `other` that says what we say but for the tokens of some rules.
    fn new(name: &str, differs: &[&str]) -> Bench {
        let export = export(&Corpus::load(&folder()).unwrap()).unwrap();
        let verdicts = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&verdicts).unwrap();
        let list = serde_json::from_str(
            r#"{"date":"2026-01-01","libraries":[{"id":"other","name":"Other","version":"1","configuration":""}],
            "judged":0,"accepted":0,"left_out":{},"we_refuse":{},"we_accept":{},"all_refuse":{}}"#,
        );
        let bench = Bench { export, list: list.unwrap(), verdicts };
        bench.says(differs);
        bench
    }

    fn says(&self, differs: &[&str]) {
        let mut lines = vec!["{\"version\":\"1\"}".to_owned()];
        for step in &self.export.steps {
            let accepts = step.ours.accepts != differs.contains(&step.ours.rule.as_str());
            lines.push(serde_json::json!({ "id": step.id, "accepts": accepts }).to_string());
        }
        std::fs::write(self.verdicts.join("other.jsonl"), lines.join("\n")).unwrap();
    }

    fn compare(&self) -> Comparison {
        compare(&self.export, &self.list, &self.verdicts).unwrap()
    }

    /// Takes over what was found, with its explanation.
    fn explain(&mut self) {
        self.list = self.compare().found;
        for difference in self.list.we_refuse.values_mut().chain(self.list.we_accept.values_mut()) {
            (difference.token, difference.why) = ("a token".into(), "a reason".into());
        }
    }
}

#[test]
fn each_difference_is_explained_and_none_is_gone() {
    let mut bench = Bench::new("differences", &["JSN-01"]);
    let found = bench.compare();
    assert!(found.faults.iter().any(|fault| fault.contains("JSN-01: nobody has said")), "{:?}", found.faults);
    assert!(found.faults.iter().any(|fault| fault.contains("we refuse, JSN-01: differs, and is not listed")));
    assert!(found.faults.iter().any(|fault| fault.contains("we accept, JSN-01: differs, and is not listed")));
    bench.explain();
    assert_eq!(bench.compare().faults, [""; 0]);

    bench.says(&["JSN-01", "CLM-08"]);
    assert!(bench.compare().faults.iter().any(|fault| fault.contains("CLM-08: differs, and is not listed")));
    bench.says(&[]);
    assert!(bench.compare().faults.iter().any(|fault| fault.contains("JSN-01: listed, and does not differ")));
}

#[test]
fn one_case_for_another_is_a_change() {
    let mut bench = Bench::new("cases", &["JSN-01"]);
    bench.explain();
    let cases = bench.list.we_refuse.get_mut("JSN-01").unwrap().cases.get_mut("other").unwrap();
    let (case, count) = cases.pop_first().unwrap();
    cases.insert(format!("{case}-of-another-name"), count);
    assert!(bench.compare().faults.iter().any(|fault| fault.contains("we refuse, JSN-01, Other")));
}

#[test]
fn a_library_that_was_not_run_changes_nothing_and_is_named() {
    let mut bench = Bench::new("absent", &["JSN-01"]);
    bench.explain();
    let mut second = bench.list.libraries[0].clone();
    second.id = "second".into();
    bench.list.libraries.push(second);
    let difference = bench.list.we_refuse.get_mut("JSN-01").unwrap();
    difference.cases.insert("second".into(), [("JSN-01/nested".to_owned(), 1)].into());
    let found = bench.compare();
    assert_eq!((found.absent, found.faults), (vec!["second".to_owned()], vec![]));
}

#[test]
fn a_missing_verdict_and_another_version_are_found() {
    let mut bench = Bench::new("verdicts", &[]);
    bench.explain();
    bench.list.libraries[0].version = "0".into();
    assert_eq!(bench.compare().faults, ["Other: 0 is listed, 1 was run"]);
    let path = bench.verdicts.join("other.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let (shorter, _) = text.rsplit_once('\n').unwrap();
    std::fs::write(&path, shorter).unwrap();
    assert!(compare(&bench.export, &bench.list, &bench.verdicts).unwrap_err().contains("no verdict on"));
}

/// Every step is judged or counted among what is left out.
#[test]
fn no_verification_is_lost() {
    let corpus = Corpus::load(&folder()).unwrap();
    let export = export(&corpus).unwrap();
    let verifications = corpus.cases().flat_map(|case| &case.steps).filter(|step| step.verify.is_some());
    assert_eq!(export.steps.len() + export.left_out.values().sum::<usize>(), verifications.count());
    assert!(export.steps.len() > 1500);
}

#[test]
fn the_committed_list_is_sound() {
    let (list, corpus) = (Differences::load().unwrap(), Corpus::load(&folder()).unwrap());
    assert_eq!(list.libraries.len(), 4);
    for (rule, difference) in list.we_refuse.iter().chain(&list.we_accept) {
        assert!((1..=3).contains(&difference.weight), "{rule}: no weight");
        for (library, cases) in &difference.cases {
            assert!(list.libraries.iter().any(|known| known.id == *library), "{rule}: {library}?");
            assert!(difference.count(library) <= difference.of, "{rule}, {library}: more than there are");
            let gone = cases.keys().find(|case| corpus.case(case).is_none());
            assert_eq!(gone, None, "{rule}, {library}: no such case; run `make oracles`");
        }
    }
    assert!((10..=14).contains(&list.we_refuse.values().filter(|row| row.short).count()));
    assert!(list.we_accept.values().all(|row| !row.short));
    for row in list.we_refuse.values() {
        assert!(full(&list).contains(&format!("| {} |", row.token)), "{}: in no table", row.token);
    }
}
