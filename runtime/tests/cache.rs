//! The verified-token cache as a user of the guard meets it (CAC-*).

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{NOW, claims, policy, token};
use counterseal::testing::{TestClock, guard_with_clock};
use counterseal::{Answer, Code, Error, Format, Guard, Policy, UnixTime};

fn clock() -> TestClock {
    TestClock::at(UnixTime::from_seconds(NOW).unwrap())
}

fn guard(text: &str, clock: &TestClock) -> Guard {
    guard_with_clock(Policy::from_str(text, Format::Toml, None, None).unwrap(), clock)
}

fn code(result: Result<counterseal::Identity, Error>) -> Code {
    result.unwrap_err().code()
}

#[test]
fn cac_01_a_hit_needs_the_whole_token() {
    let (clock, alice, bob) = (clock(), token(&claims("alice")), token(&claims("bob")));
    let guard = guard(&policy(""), &clock);
    for _ in 0..3 {
        assert_eq!(guard.verify(&alice).unwrap().subject(), Some("alice"));
        assert_eq!(guard.verify(&bob).unwrap().subject(), Some("bob"));
    }
    let counters = guard.cache_counters();
    assert_eq!((counters.hits, counters.misses, counters.inserts, counters.entries), (4, 2, 2, 2));
    // Every single byte counts.
    for at in 0..alice.len() {
        let mut other = alice.clone().into_bytes();
        other[at] ^= 1;
        assert!(guard.verify(&other).is_err(), "byte {at}");
    }
    assert_eq!(guard.cache_counters().hits, 4);
}

#[test]
fn cac_02_a_hit_checks_the_dates_again() {
    let (clock, token) = (clock(), token(&claims("alice")));
    let guard = guard(&policy(""), &clock);
    guard.verify(&token).unwrap();
    clock.advance_seconds(3600 + 29);
    guard.verify(&token).unwrap();
    assert_eq!(guard.cache_counters().hits, 1);
    clock.advance_seconds(1); // exp + leeway
    assert_eq!(code(guard.verify(&token)), Code::TokenExpired);
    assert_eq!(guard.cache_counters().entries, 0);
    clock.advance_seconds(-3600 - 30); // at iat again
    guard.verify(&token).unwrap();
    clock.advance_seconds(-31); // before iat - leeway, the entry being there
    assert_eq!(code(guard.verify(&token)), Code::IatFuture);
}

#[test]
fn cac_05_a_new_policy_starts_with_an_empty_cache_and_keeps_counting() {
    let (clock, token) = (clock(), token(&claims("alice")));
    let guard = guard(&policy(""), &clock);
    let before = guard.verify(&token).unwrap();
    guard.verify(&token).unwrap();
    let stricter = policy("").replace("\"orders\"", "\"billing\"");
    guard.replace(Policy::from_str(&stricter, Format::Toml, None, None).unwrap());
    assert_eq!(code(guard.verify(&token)), Code::AudMismatch);
    assert_eq!(guard.cache_counters().hits, 1);
    assert_eq!(before.subject(), Some("alice"), "identities outlive their policy");
}

#[test]
fn cac_06_the_cache_is_bounded() {
    let clock = clock();
    for entries in [1, 7, 64, 300] {
        let guard = guard(&policy(&format!("cache = {{ entries = {entries} }}")), &clock);
        for subject in 0..1000 {
            guard.verify(token(&claims(&format!("user-{subject}")))).unwrap();
            assert!(guard.cache_counters().entries <= entries);
        }
        let counters = guard.cache_counters();
        assert_eq!(counters.inserts - counters.evictions, counters.entries);
        assert!(counters.entries >= entries * 9 / 10, "{} of {entries}", counters.entries);
    }
}

#[test]
fn cac_06_no_issuer_takes_the_share_of_another() {
    let clock = clock();
    let two = policy("cache = { entries = 100 }")
        + r#"
[[issuer]]
name       = "second"
issuer     = "https://other.example.com"
profile    = "generic"
audience   = "second"
algorithms = ["HS256"]
keys       = { secret = "canary-secret-canary-secret-canary!" }
"#;
    let guard = guard(&two, &clock);
    let second = |n: usize| {
        claims(&format!("u{n}")).replace("idp.example.com", "other.example.com").replace("orders", "second")
    };
    for n in 0..50 {
        guard.verify(token(&claims(&format!("u{n}")))).unwrap();
    }
    for n in 0..2000 {
        guard.verify(token(&second(n))).unwrap();
    }
    let hits = guard.cache_counters().hits;
    for n in 0..50 {
        guard.verify(token(&claims(&format!("u{n}")))).unwrap();
    }
    assert_eq!(guard.cache_counters().hits - hits, 50, "the quiet issuer lost entries to the busy one");
}

#[test]
fn cac_08_a_given_time_neither_asks_nor_fills_the_cache() {
    let (clock, token) = (clock(), token(&claims("alice")));
    let guard = guard(&policy(""), &clock);
    let given = |seconds: i64| UnixTime::from_seconds(NOW + seconds).unwrap();
    guard.verify_at(&token, given(0)).unwrap();
    assert_eq!(guard.cache_counters(), Default::default());
    guard.verify(&token).unwrap();
    assert_eq!(code(guard.verify_at(&token, given(3630))), Code::TokenExpired);
    assert_eq!(code(guard.try_verify_at(&token, given(-31))), Code::IatFuture);
    let counters = guard.cache_counters();
    assert_eq!((counters.hits, counters.misses, counters.entries), (0, 1, 1));
}

#[test]
fn cac_09_without_expiry_an_entry_lives_for_a_minute() {
    let clock = clock();
    let text = policy("").replace("keys ", "dangerous = [\"no_expiry\"]\nkeys ");
    let guard = guard(&text, &clock);
    let token = token(r#"{"iss":"https://idp.example.com","aud":"orders","sub":"job"}"#);
    for (seconds, hits) in [(0, 0), (59, 1), (1, 1), (0, 2)] {
        clock.advance_seconds(seconds);
        guard.verify(&token).unwrap();
        assert_eq!(guard.cache_counters().hits, hits, "after {seconds} s more");
    }
}

#[test]
fn a_cache_of_zero_is_off() {
    let (clock, token) = (clock(), token(&claims("alice")));
    let guard = guard(&policy("cache = { entries = 0 }"), &clock);
    for _ in 0..3 {
        guard.verify(&token).unwrap();
    }
    assert_eq!(guard.cache_counters(), Default::default());
}

#[test]
fn threads_never_see_another_token_s_identity() {
    let clock = clock();
    let guard = guard(&policy("cache = { entries = 8 }"), &clock);
    let tokens: Vec<(String, String)> =
        (0..64).map(|n| (format!("user-{n}"), token(&claims(&format!("user-{n}"))))).collect();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (guard, tokens) = (&guard, &tokens);
            scope.spawn(move || {
                for round in 0..20_000usize {
                    let (subject, token) = &tokens[(round * (thread * 2 + 1) + thread) % tokens.len()];
                    assert_eq!(guard.verify(token).unwrap().subject(), Some(&**subject));
                }
            });
        }
    });
}

#[test]
fn cac_10_a_proof_has_one_number_and_no_other_has_it() {
    let (clock, alice, bob) = (clock(), token(&claims("alice")), token(&claims("bob")));
    let guard = guard(&policy(""), &clock);
    let ask = |token: &str| guard.answer(token.as_bytes(), None).unwrap();
    let Answer::Verified(first) = ask(&alice) else { panic!("not cached yet") };
    let Answer::Verified(second) = ask(&bob) else { panic!("not cached yet") };
    assert_ne!(first.id(), second.id());
    assert!(matches!(ask(&alice), Answer::Known(id) if id == first.id()));
    assert!(matches!(ask(&bob), Answer::Known(id) if id == second.id()));
    assert_eq!(guard.verify(&alice).unwrap().id(), first.id());
    guard.replace(Policy::from_str(&policy(""), Format::Toml, None, None).unwrap());
    let Answer::Verified(again) = ask(&alice) else { panic!("a reload empties the cache") };
    assert!(again.id() > second.id() && again == first);
}
