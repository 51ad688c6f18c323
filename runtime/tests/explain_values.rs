//! What an explanation tells, and what it does not (EXP-02).

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{NOW, claims, policy, sign};
use counterseal::core::inbound::Outcome;
use counterseal::{Format, Guard, Policy, Rule, UnixTime};

#[test]
fn exp_02_a_type_that_the_policy_does_not_name_is_not_shown() {
    let any_type = policy("").replace("keys ", "dangerous = [\"any_type\"]\nkeys ");
    let guard = Guard::new(Policy::from_str(&any_type, Format::Toml, None, None).unwrap());
    let named = Guard::new(Policy::from_str(&policy(""), Format::Toml, None, None).unwrap());
    for (guard, typ, shown) in [
        (&guard, r#","typ":"\u001b[2Jcanary""#, "(other)"),
        (&guard, r#","typ":["canary"]"#, "(other)"),
        (&guard, "", "absent"),
        (&named, r#","typ":"application/JWT""#, "jwt"),
        (&named, "", "absent"),
    ] {
        let token = sign(&format!(r#"{{"alg":"HS256"{typ}}}"#), &claims("alice"));
        // Whether the signature is valid or not: it is looked at later.
        for token in [token.clone(), token[..token.len() - 4].to_owned() + "AAAA"] {
            let report = guard.explain_at(token, UnixTime::from_seconds(NOW).unwrap());
            let mut types =
                report.checks.iter().filter(|check| matches!(check.rule, Rule::Jws14 | Rule::Jws15));
            assert_eq!(types.next().unwrap().detail.as_deref(), Some(shown), "{typ}");
        }
    }
}

#[test]
fn a_malformed_certificate_digest_is_a_failed_check() {
    let guard = Guard::new(Policy::from_str(&policy(""), Format::Toml, None, None).unwrap());
    for digest in ["[null]", "\"\"", "\"AA\"", "5"] {
        let token = sign(&format!(r#"{{"alg":"HS256","x5t#S256":{digest}}}"#), &claims("alice"));
        let report = guard.explain_at(token, UnixTime::from_seconds(NOW).unwrap());
        let last = report.checks.last().unwrap();
        assert_eq!((last.rule, last.outcome), (Rule::Jws20, Outcome::Failed), "{digest}");
    }
}
