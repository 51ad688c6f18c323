//! Report-only mode, and the counters that show what it would have done.

use super::*;
use crate::inbound::{Decisions, Verdict};
use crate::rule::Rule;
use Code::*;

const HEADER: &str = r#""kid":"k1","typ":"JWT""#;

fn entry(name: &str, more: &str) -> String {
    format!(
        "[[issuer]]\nname = '{name}'\nissuer = 'https://{name}.example.com'\nprofile = 'generic'\naudience = '{name}'\nalgorithms = ['RS256']\n{more}\n"
    )
}

/// `old` is reported, `new` is enforced.
fn two() -> Guard {
    let reported = entry("old", "keys = KEYS\nenforce = false");
    guard(&format!("version = 1\n{reported}{}", entry("new", "keys = KEYS")))
}

fn of(name: &str, more: &str) -> String {
    let claims = format!(
        r#"{{"iss":"https://{name}.example.com","aud":"{name}","sub":"alice","iat":NOW,"exp":SOON{more}}}"#
    );
    token(HEADER, &claims)
}

/// The code, and whether it counts.
#[track_caller]
fn refusal(guard: &Guard, token: &str) -> (Code, bool) {
    let rejection = decide(guard, token).unwrap_err();
    (rejection.code(), rejection.enforced())
}

fn counts(decisions: &Decisions) -> Vec<(Code, bool, u64)> {
    decisions.refused.iter().map(|one| (one.code, one.enforced, one.count)).collect()
}

#[test]
fn a_refusal_of_a_report_only_entry_does_not_count_and_gives_no_identity() {
    let guard = two();
    verified(&guard, &of("old", ""));
    verified(&guard, &of("new", ""));
    for (name, enforced) in [("old", false), ("new", true)] {
        // In the claims, at the key, at the signature, in the header; always with the same verdict.
        assert_eq!(refusal(&guard, &of(name, r#","nbf":SOON"#)), (TokenNotYetValid, enforced));
        let claims = format!(r#"{{"iss":"https://{name}.example.com","aud":"x","exp":SOON}}"#);
        assert_eq!(refusal(&guard, &token(HEADER, &claims)), (AudMismatch, enforced));
        assert_eq!(refusal(&guard, &token(r#""kid":"k2""#, &claims)), (KidUnknown, enforced));
        assert_eq!(refusal(&guard, &token(r#""crit":["x"],"x":1"#, &claims)), (CritUnknown, enforced));
        assert_eq!(refusal(&guard, &token(r#""typ":"other""#, &claims)), (TypMismatch, enforced));
        let mut forged = of(name, "").into_bytes();
        let last = forged.len() - 10;
        forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
        assert_eq!(refusal(&guard, std::str::from_utf8(&forged).unwrap()), (SignatureInvalid, enforced));
    }
}

#[test]
fn without_a_known_issuer_a_refusal_counts_unless_nobody_s_does() {
    let guard = two();
    let foreign = of("foreign", "");
    assert_eq!(refusal(&guard, "a.b"), (TokenMalformed, true));
    assert_eq!(refusal(&guard, &foreign), (IssUntrusted, true));
    let no_issuer = token(HEADER, r#"{"aud":"old","exp":SOON}"#);
    assert_eq!(refusal(&guard, &no_issuer), (IssInvalid, true));
    let all = super::guard(&format!("version = 1\n{}", entry("old", "keys = KEYS\nenforce = false")));
    assert_eq!(refusal(&all, "a.b"), (TokenMalformed, false));
    assert_eq!(refusal(&all, &foreign), (IssUntrusted, false));
    // The payload is not read before the header is: nobody knows whose it is.
    let broken = format!("e30x{}", of("old", ""));
    assert!(refusal(&guard, &broken).1);
}

#[test]
fn one_issuer_with_two_kinds_counts_until_the_kind_is_known() {
    let id = "keys = KEYS\nenforce = false\nprofile = 'id_token'\ntypes = ['id+jwt']\n".to_owned();
    let access = entry("new", "keys = KEYS\ntypes = ['JWT']");
    let reported =
        entry("new", &id).replace("name = 'new'", "name = 'ids'").replace("profile = 'generic'\n", "");
    let guard = guard(&format!("version = 1\n{access}{reported}"));
    let claims = r#"{"iss":"https://new.example.com","aud":"x","sub":"a","iat":NOW,"exp":SOON}"#;
    assert_eq!(refusal(&guard, &token(r#""kid":"k1","typ":"other""#, claims)), (TypMismatch, true));
    assert_eq!(refusal(&guard, &token(r#""kid":"k1","typ":"id+jwt""#, claims)), (AudMismatch, false));
    assert_eq!(refusal(&guard, &token(HEADER, claims)), (AudMismatch, true));
}

#[test]
fn a_denial_always_counts() {
    let guard = two();
    guard.deny(crate::policy::DenyList::from_file(b"issuer https://old.example.com\n").unwrap());
    assert_eq!(refusal(&guard, &of("old", "")), (IssDenied, true));
    guard.deny(crate::policy::DenyList::from_file(b"kid k1\n").unwrap());
    assert_eq!(refusal(&guard, &of("old", "")), (KeyDenied, true));
}

#[test]
fn an_outage_is_reported_alike() {
    let scripted = entry("old", "keys = { scripted = true }\nenforce = false");
    let guard = guard(&format!("version = 1\n{scripted}{}", entry("new", "keys = { scripted = true }")));
    for (name, enforced) in [("old", false), ("new", true)] {
        let Decision::Pending(flight) = guard.decide(of(name, "").as_bytes(), now()) else { panic!() };
        let outage = guard.unavailable(Rule::Jks12, KeysUnavailable, Some(flight));
        assert_eq!((outage.code(), outage.enforced()), (KeysUnavailable, enforced));
        guard.keys_failed(flight).unwrap();
        assert_eq!(refusal(&guard, &of(name, "")), (KeysUnavailable, enforced));
    }
    assert!(guard.unavailable(Rule::Clm25, ClockUnsafe, None).enforced());
    let status = guard.issuers(None);
    assert_eq!(status[0].decisions.pending, 1);
    assert_eq!(counts(&status[0].decisions), [(KeysUnavailable, false, 2)]);
    assert_eq!(counts(&status[1].decisions), [(KeysUnavailable, true, 2)]);
    assert_eq!(counts(&guard.strangers()), [(ClockUnsafe, true, 1)]);
}

#[test]
fn explain_says_the_same() {
    let guard = two();
    for name in ["old", "new"] {
        let refused = of(name, r#","nbf":SOON"#);
        let Verdict::Rejected(rejection) = guard.explain(refused.as_bytes(), now()).verdict else { panic!() };
        assert_eq!(rejection.enforced(), name == "new");
    }
    assert!(guard.issuers(None).iter().all(|issuer| issuer.decisions == Decisions::default()), "EXP-02");
}

#[test]
fn decisions_are_counted_by_entry_and_outlive_a_policy() {
    let guard = two();
    let good = of("old", "");
    for _ in 0..3 {
        verified(&guard, &good);
    }
    for _ in 0..2 {
        refusal(&guard, &of("old", r#","nbf":SOON"#));
    }
    refusal(&guard, &of("new", r#","nbf":SOON"#));
    refusal(&guard, "x");
    let status = guard.issuers(None);
    // Two of the three came from the cache, which counts for itself.
    assert_eq!((status[0].decisions.verified, guard.cache_counters().hits), (1, 2));
    assert_eq!(counts(&status[0].decisions), [(TokenNotYetValid, false, 2)]);
    assert_eq!(counts(&status[1].decisions), [(TokenNotYetValid, true, 1)]);
    assert_eq!(counts(&guard.strangers()), [(TokenMalformed, true, 1)]);
    // The next policy enforces: the old counts stay what they were.
    guard.replace(policy(&format!("version = 1\n{}", entry("old", "keys = KEYS"))).unwrap());
    refusal(&guard, &of("old", r#","nbf":SOON"#));
    let status = guard.issuers(None);
    assert_eq!(status.len(), 1);
    assert_eq!(counts(&status[0].decisions), [(TokenNotYetValid, true, 1), (TokenNotYetValid, false, 2)]);
    assert_eq!(guard.policy_generation(), 1);
}

#[test]
fn status_is_data() {
    let guard = two();
    refusal(&guard, &of("old", r#","nbf":SOON"#));
    let data = serde_json::to_value(guard.issuers(None)).unwrap();
    assert_eq!(data[0]["name"], "old");
    assert_eq!(data[0]["key_state"], "static");
    assert_eq!(data[0]["keys"], 1);
    assert_eq!(data[0]["enforced"], false);
    assert_eq!(data[0]["decisions"]["refused"][0]["code"], "token_not_yet_valid");
}
