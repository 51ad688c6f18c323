//! What a report says about each check.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{NOW, policy, token};
use counterseal::core::inbound::Outcome;
use counterseal::{Code, Format, Guard, Policy, Report, UnixTime};

fn explain(extra: &str, claims: &str) -> Report {
    let text = policy("").replace("[[issuer]]", "[[issuer]]\nmax_lifetime = \"2h\"") + extra;
    let guard = Guard::new(Policy::from_str(&text, Format::Toml, None, None).unwrap());
    let now = UnixTime::from_seconds(NOW).unwrap();
    guard.explain_at(token(claims), now)
}

fn claims(more: &str) -> String {
    format!(r#"{{"iss":"https://idp.example.com","aud":"orders","sub":"alice",{more}}}"#)
}

/// The detail of the last line of that rule, and whether it passed.
fn detail(report: &Report, rule: &str) -> (bool, String) {
    let line = report.checks.iter().rfind(|check| check.rule.id() == rule).unwrap();
    (line.outcome == Outcome::Passed, line.detail.clone().unwrap_or_default())
}

#[test]
fn dates_are_told_whether_or_not_they_pass() {
    for (dates, rule, passes, expected) in [
        ((-60, 3600), "CLM-08", true, "expires 2027-01-15T09:00:00Z, in 60 min"),
        ((-60, 3600), "CLM-10", true, "issued 2027-01-15T07:59:00Z, 60 s ago"),
        ((-60, 3600), "CLM-15", true, "lives 61 min, at most 2 h"),
        ((-7200, -3600), "CLM-08", false, "expires 2027-01-15T07:00:00Z, 60 min ago"),
        ((300, 3600), "CLM-10", false, "issued 2027-01-15T08:05:00Z, in 5 min"),
        ((-60, 10 * 3600), "CLM-15", false, "lives 10 h, at most 2 h"),
    ] {
        let (iat, exp) = (NOW + dates.0, NOW + dates.1);
        let report = explain("", &claims(&format!(r#""iat":{iat},"exp":{exp}"#)));
        assert_eq!(detail(&report, rule), (passes, expected.to_owned()), "{dates:?}");
    }
    assert_eq!(
        detail(&explain("", &claims(&format!(r#""exp":{}"#, NOW + 60))), "ACT-06"),
        (true, String::new())
    );
    let report = explain("", &claims(&format!(r#""exp":{}"#, NOW - 3600)));
    let lines = report.checks.iter().filter(|check| check.rule.id() == "CLM-08");
    assert_eq!(lines.count(), 1, "a rule that fails in its second part is one line");
    let report = explain("", &claims(&format!(r#""nbf":{},"exp":{}"#, NOW + 60, NOW + 600)));
    assert_eq!(report.code(), Some(Code::TokenNotYetValid));
    assert_eq!(detail(&report, "CLM-09"), (false, "valid from 2027-01-15T08:01:00Z, in 60 s".to_owned()));
}

#[test]
fn scopes_and_required_claims_are_named() {
    let extra = "required_scopes = [\"read\", \"write\"]\nrequired_claims = [\"tenant\", \"/a/b\"]\n";
    let sound = format!(r#""exp":{},"tenant":"acme","a":{{"b":1}}"#, NOW + 600);
    let report = explain(extra, &claims(&format!(r#"{sound},"scope":"read""#)));
    assert_eq!(detail(&report, "POL-08"), (true, "tenant, /a/b".to_owned()));
    assert_eq!(detail(&report, "ACT-06"), (false, "lacks write".to_owned()));
    let report = explain(extra, &claims(&format!(r#"{sound},"scope":"write read""#)));
    assert_eq!(detail(&report, "ACT-06"), (true, "read write".to_owned()));
    let report = explain(extra, &claims(&format!(r#""exp":{},"tenant":"acme""#, NOW + 600)));
    assert_eq!(detail(&report, "POL-08"), (false, "/a/b".to_owned()));
}

#[test]
fn exp_02_no_value_before_the_signature() {
    let text = policy("") + "dangerous = [\"any_type\"]\n";
    let guard = Guard::new(Policy::from_str(&text, Format::Toml, None, None).unwrap());
    let now = UnixTime::from_seconds(NOW).unwrap();
    let header = r#"{"alg":"HS256","typ":"canary","kid":"canary"}"#;
    let forged = format!("{}x", common::sign(header, &claims(r#""exp":1,"scope":"canary""#)));
    let report = guard.explain_at(forged, now);
    assert_eq!(report.code(), Some(Code::SignatureInvalid));
    assert_eq!(detail(&report, "JWS-15"), (true, "(other)".to_owned()));
    assert!(!format!("{report:?}").contains("canary"), "{report:?}");
}
