//! Status and metrics: what they count, and that they show nothing of a token.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{NOW, claims, policy, token};
use counterseal::testing::{TestClock, guard_with_clock, scripted_policy};
use counterseal::{Code, Error, Format, Guard, Policy, UnixTime};

fn guard(text: &str) -> Guard {
    let clock = TestClock::at(UnixTime::from_seconds(NOW).unwrap());
    guard_with_clock(Policy::from_str(text, Format::Toml, None, None).unwrap(), &clock)
}

fn reported() -> String {
    policy("").replace("keys ", "enforce = false\nkeys ")
}

/// The value of a sample by its name and labels.
#[track_caller]
fn sample(metrics: &str, name: &str) -> u64 {
    let line = metrics.lines().find(|line| line.rsplit_once(' ').is_some_and(|(left, _)| left == name));
    let line = line.unwrap_or_else(|| panic!("no {name} in\n{metrics}"));
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[test]
fn metrics_count_decisions_by_issuer_outcome_and_code() {
    let guard = guard(&policy(""));
    let good = token(&claims("alice"));
    for _ in 0..3 {
        guard.verify(&good).unwrap();
    }
    for _ in 0..2 {
        guard.verify(token(&claims("bob").replace("orders", "elsewhere"))).unwrap_err();
    }
    guard.verify("x.y").unwrap_err();
    let metrics = guard.metrics();
    let decisions = |labels: &str| sample(&metrics, &format!("counterseal_decisions_total{{{labels}}}"));
    assert_eq!(decisions(r#"issuer="main",outcome="verified",code="",enforced="true""#), 1);
    assert_eq!(sample(&metrics, "counterseal_cache_hits_total"), 2);
    assert_eq!(decisions(r#"issuer="main",outcome="rejected",code="aud_mismatch",enforced="true""#), 2);
    assert_eq!(decisions(r#"issuer="",outcome="rejected",code="token_malformed",enforced="true""#), 1);
    assert_eq!(sample(&metrics, r#"counterseal_issuer_keys{issuer="main",state="static"}"#), 1);
    assert_eq!(sample(&metrics, "counterseal_policy_generation"), 0);
    for secret in ["alice", "bob", "elsewhere", common::SECRET, "idp.example.com"] {
        assert!(!metrics.contains(secret), "{secret}");
    }
}

#[test]
fn metrics_are_well_formed() {
    let text = policy("").replace("\"main\"", r#""a \"b\" \\ ü""#);
    let guard = guard(&text);
    guard.verify("x.y").unwrap_err();
    let metrics = guard.metrics();
    assert_eq!(
        sample(&metrics, r#"counterseal_issuer_keys{issuer="a \"b\" \\ ü",state="static"}"#),
        1,
        "labels are escaped"
    );
    let mut families = Vec::new();
    let mut described = String::new();
    for line in metrics.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            described = rest.split(' ').next().unwrap().to_owned();
            assert!(!families.contains(&described), "{described} stands twice");
            families.push(described.clone());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, described);
            assert!(["counter", "gauge"].contains(&kind));
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(name.split('{').next().unwrap(), described);
            assert!(value.parse::<u64>().is_ok(), "{line}");
        }
    }
    let samples: Vec<&str> = metrics.lines().filter(|line| !line.starts_with('#')).collect();
    let names: std::collections::HashSet<&str> =
        samples.iter().map(|line| line.rsplit_once(' ').unwrap().0).collect();
    assert_eq!(names.len(), samples.len(), "no sample stands twice");
}

#[test]
fn a_report_only_refusal_is_an_error_that_does_not_count() {
    let guard = guard(&reported());
    let bad = token(&claims("alice").replace("orders", "other"));
    for result in [guard.verify(&bad), guard.try_verify(&bad), guard.verify_many(&[&bad]).remove(0)] {
        let error = result.unwrap_err();
        assert!(!error.enforced());
        let Error::TokenRejected(rejection) = &error else { panic!("{error}") };
        // The refusal is whole all the same.
        assert_eq!(
            (rejection.code(), rejection.status(), rejection.enforced()),
            (Code::AudMismatch, 401, false)
        );
    }
    let metrics = guard.metrics();
    let name = r#"counterseal_decisions_total{issuer="main",outcome="rejected",code="aud_mismatch",enforced="false"}"#;
    assert_eq!(sample(&metrics, name), 3);
    assert!(guard.verify(token(&claims("alice"))).is_ok());
}

#[test]
fn an_outage_is_no_rejection_and_says_whether_it_counts() {
    for (enforce, enforced) in [("", true), ("enforce = false", false)] {
        let text = policy("fetch.wait = '1ms'")
            .replace(&format!("{{ secret = \"{}\" }}", common::SECRET), "{ scripted = true }")
            .replace("HS256", "ES256")
            .replace("keys ", &format!("{enforce}\nkeys "));
        let clock = TestClock::at(UnixTime::from_seconds(NOW).unwrap());
        let guard = guard_with_clock(scripted_policy(&text, Format::Toml).unwrap(), &clock);
        let sent = common::sign(r#"{"alg":"ES256","typ":"JWT"}"#, &claims("alice"));
        for result in [guard.verify(&sent), guard.try_verify(&sent)] {
            let error = result.unwrap_err();
            assert_eq!((error.code(), error.enforced()), (Code::KeysUnavailable, enforced));
            let Error::Unavailable(outage) = error else { panic!() };
            assert_eq!((outage.status(), outage.enforced()), (503, enforced));
        }
        let name = format!(
            "counterseal_decisions_total{{issuer=\"main\",outcome=\"unavailable\",code=\"keys_unavailable\",enforced=\"{enforced}\"}}"
        );
        assert_eq!(sample(&guard.metrics(), &name), 2);
        assert_eq!(sample(&guard.metrics(), r#"counterseal_issuer_keys{issuer="main",state="awaited"}"#), 0);
    }
}

#[test]
fn status_is_data_for_a_health_page() {
    let guard = guard(&reported());
    guard.verify(token(&claims("alice"))).unwrap();
    let data = serde_json::to_value(guard.status()).unwrap();
    assert_eq!(data["policy"]["generation"], 0);
    assert_eq!(data["issuers"][0]["name"], "main");
    assert_eq!(data["issuers"][0]["enforced"], false);
    assert_eq!(data["issuers"][0]["key_state"], "static");
    assert_eq!(data["issuers"][0]["decisions"]["verified"], 1);
    assert_eq!(data["cache"]["misses"], 1);
    assert_eq!(data["alarms"], serde_json::json!([]));
    assert!(!data.to_string().contains("alice"));
}
