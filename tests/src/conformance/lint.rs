//! What a sound corpus is: every fault that can be found without running a case.

use std::collections::BTreeSet;

use counterseal::core::policy::presets;
use counterseal::{Code, Rule};
use serde_json::Value;

use super::case::{Case, Kind, RuleFile, Step};
use super::corpus::{Corpus, read_json};
use super::reasons::Reasons;

/// Every fault of the corpus, one line each.
pub fn lint(corpus: &Corpus) -> Result<Vec<String>, String> {
    let reasons = Reasons::of(corpus)?;
    let rules = reasons.rules();
    let mut faults = schema(corpus)?;
    faults.extend(generated(corpus)?);
    let mut ids = BTreeSet::new();
    for (path, file) in &corpus.files {
        let mut report = |fault: String| faults.push(format!("{}: {fault}", path.display()));
        if path.file_stem().is_none_or(|stem| *stem != *file.rule) {
            report(format!("the file is about {}", file.rule));
        }
        if !is_of_many(&file.rule) && !rules.contains(file.rule.as_str()) {
            report(format!("{} is no rule that is known", file.rule));
        }
        for case in &file.cases {
            if !ids.insert(&case.id) {
                report(format!("{} stands twice", case.id));
            }
            of_case(file, case, &rules, corpus)
                .into_iter()
                .for_each(|fault| report(format!("{}: {fault}", case.id)));
        }
    }
    faults.extend(coverage(corpus, &reasons, &rules));
    Ok(faults)
}

/// Is the file about an attack or a vendor preset, which several rules meet?
fn is_of_many(id: &str) -> bool {
    id.starts_with("ATK-") || presets().any(|preset| preset.name() == id)
}

fn schema(corpus: &Corpus) -> Result<Vec<String>, String> {
    let schema: Value = read_json(&corpus.path("case.schema.json"))?;
    let validator =
        jsonschema::validator_for(&schema).map_err(|error| format!("case.schema.json: {error}"))?;
    let mut faults = Vec::new();
    for path in corpus.files.keys() {
        let file: Value = read_json(&corpus.path("cases").join(path))?;
        let errors = validator.iter_errors(&file);
        faults.extend(errors.map(|error| format!("{}: {}: {error}", path.display(), error.instance_path())));
    }
    Ok(faults)
}

/// Files that differ from what `vectors fmt` would write, and keys that nothing writes.
fn generated(corpus: &Corpus) -> Result<Vec<String>, String> {
    let generated = corpus.generated()?;
    let shown =
        |path: &std::path::Path| path.strip_prefix(corpus.path("")).unwrap_or(path).display().to_string();
    let mut faults: Vec<String> = generated
        .iter()
        .filter(|(path, text)| std::fs::read_to_string(path).is_ok_and(|held| held == **text).eq(&false))
        .map(|(path, _)| format!("{}: not as `vectors fmt` writes it", shown(path)))
        .collect();
    let folder = corpus.policies().join("keys");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let held = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let strays = held.filter(|path| !generated.contains_key(path));
    faults.extend(strays.map(|path| format!("{}: made from no key", shown(&path))));
    Ok(faults)
}

fn of_case(file: &RuleFile, case: &Case, rules: &BTreeSet<&str>, corpus: &Corpus) -> Vec<String> {
    let mut faults = Vec::new();
    if !case.id.starts_with(&format!("{}/", file.rule)) {
        faults.push(format!("its id does not begin with {}/", file.rule));
    }
    if !is_of_many(&file.rule) && !case.rules.contains(&file.rule) {
        faults.push(format!("it does not name {}", file.rule));
    }
    faults.extend(
        case.rules.iter().filter(|rule| !rules.contains(rule.as_str())).map(|rule| format!("no rule {rule}")),
    );
    let used: BTreeSet<&str> = case.steps.iter().filter_map(token_of).collect();
    let is_there = |name: &str| case.tokens.contains_key(name) || corpus.plain.contains_key(name);
    faults.extend(used.iter().filter(|name| !is_there(name)).map(|name| format!("no token {name}")));
    let unused = case.tokens.keys().filter(|name| !used.contains(name.as_str()));
    faults.extend(unused.map(|name| format!("nothing uses the token {name}")));
    let shadowed = case.tokens.keys().filter(|name| corpus.plain.contains_key(*name));
    faults.extend(shadowed.map(|name| format!("{name} is the name of a token that every case knows")));
    for expected in case.steps.iter().filter_map(|step| step.expect.as_ref()) {
        names(expected, &mut faults);
    }
    faults.extend(contradiction(case));
    faults
}

fn token_of(step: &Step) -> Option<&str> {
    let verify = step.verify.as_ref().map(|verify| &verify.token);
    let require = step.require.as_ref().map(|require| &require.token);
    let explain = step.explain.as_ref().map(|explain| &explain.token);
    let jws_verify = step.jws_verify.as_ref().map(|verify| &verify.token);
    verify.or(require).or(explain).or(jws_verify).map(String::as_str)
}

/// Codes and rules that an expectation names must be there.
fn names(expected: &Value, faults: &mut Vec<String>) {
    let Value::Object(members) = expected else { return };
    for (name, value) in members {
        match (name.as_str(), value) {
            ("code" | "error", Value::String(code)) if Code::from_slug(code).is_none() => {
                faults.push(format!("no code {code}"));
            }
            ("rule", Value::String(rule)) if !Rule::ALL.iter().any(|known| known.id() == rule) => {
                faults.push(format!("no check reports {rule}"));
            }
            ("claims", _) => {}
            (_, Value::Array(list)) => list.iter().for_each(|element| names(element, faults)),
            (_, value) => names(value, faults),
        }
    }
}

/// A case that is said to accept must not consist of refusals, and the reverse.
fn contradiction(case: &Case) -> Option<String> {
    let expectations = || case.steps.iter().filter_map(|step| step.expect.as_ref());
    // A policy that loads is a means to an end where tokens are verified.
    let judges = case.steps.iter().any(|step| token_of(step).is_some());
    let meets = case
        .steps
        .iter()
        .any(|step| step.require.is_some() && step.expect.as_ref().is_some_and(|expected| expected == "ok"));
    let admits = expectations().any(|expected| {
        let report = expected.pointer("/report/verdict").is_some_and(|verdict| verdict == "verified");
        let admitted =
            ["verified", "usable", "payload", "algorithm"].iter().any(|name| expected.get(name).is_some());
        (expected == "ok" && !judges) || meets || admitted || report || expected.get("unavailable").is_some()
    });
    let refuses = expectations().any(|expected| {
        let report = expected.pointer("/report/verdict").is_some_and(|verdict| verdict != "verified");
        let refused = ["rejected", "problems", "error", "unavailable", "skipped"];
        report
            || refused
                .iter()
                .any(|name| expected.get(name).is_some_and(|value| *value != Value::Array(vec![])))
    });
    // Rules that forbid nothing but assert something are shown by what is admitted.
    let compares =
        case.steps.iter().filter(|step| step.counters.is_some() || step.verify.is_some()).count() > 1;
    match case.kind {
        Kind::Accept if !admits => Some("it accepts nothing".into()),
        Kind::Reject if !refuses && !compares => Some("it refuses nothing".into()),
        Kind::Boundary if case.steps.iter().filter(|step| step.expect.is_some()).count() < 2 => {
            Some("a boundary has two sides".into())
        }
        _ => None,
    }
}

/// Each rule has a case of each kind in its own file, or a reason why not; each preset has one that it admits
/// and one that it refuses; and no reason is stale.
fn coverage(corpus: &Corpus, reasons: &Reasons, rules: &BTreeSet<&str>) -> Vec<String> {
    let mut faults = Vec::new();
    for rule in rules {
        let file = corpus.files.values().find(|file| file.rule == *rule);
        let kinds: BTreeSet<Kind> = file.iter().flat_map(|file| &file.cases).map(|case| case.kind).collect();
        let excused = reasons.without.get(*rule);
        for kind in [Kind::Accept, Kind::Reject, Kind::Boundary] {
            match (kinds.contains(&kind), excused.is_some_and(|excused| excused.contains_key(&kind))) {
                (false, false) => faults.push(format!("{rule} has no case of kind {}", name(kind))),
                (true, true) => {
                    faults.push(format!("reasons.json: {rule} has a case of kind {}", name(kind)))
                }
                _ => {}
            }
        }
    }
    for preset in presets() {
        let file = corpus.files.values().find(|file| file.rule == preset.name());
        let kinds: BTreeSet<Kind> = file.iter().flat_map(|file| &file.cases).map(|case| case.kind).collect();
        let missing = [Kind::Accept, Kind::Reject].into_iter().filter(|kind| !kinds.contains(kind));
        faults.extend(
            missing.map(|kind| format!("the preset {} has no case of kind {}", preset.name(), name(kind))),
        );
    }
    let known = |rule: &&String| rules.contains(rule.as_str());
    faults.extend(
        reasons
            .without
            .keys()
            .filter(|rule| !known(rule))
            .map(|rule| format!("reasons.json: no rule {rule}")),
    );
    faults.extend(
        reasons
            .mutants
            .keys()
            .filter(|rule| !known(rule))
            .map(|rule| format!("reasons.json: no rule {rule}")),
    );
    let recorded = |rule: &&String| Rule::ALL.iter().any(|known| known.id() == rule.as_str());
    let stale = reasons.beyond.keys().filter(recorded);
    faults.extend(stale.map(|rule| format!("reasons.json: {rule} has a check of its own")));
    faults
}

/// The kind in lower case.
pub fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Accept => "accept",
        Kind::Reject => "reject",
        Kind::Boundary => "boundary",
    }
}
