//! Keys that arrive late, never, twice or broken: deciding never blocks, waiting is bounded, and an
//! outage is no rejection.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::time::{Duration, Instant};

use common::NOW;
use counterseal::core::guard::Decision;
use counterseal::core::keys::Flight;
use counterseal::core::time::Now;
use counterseal::testing::{TestClock, deliver_keys, fail_keys, guard_with_clock, scripted_policy};
use counterseal::{Answer, Class, Code, Completions, Error, Format, Guard, UnixTime};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

struct Signer {
    pair: EcdsaKeyPair,
    kid: &'static str,
}

impl Signer {
    fn new(kid: &'static str) -> Signer {
        Signer { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), kid }
    }

    fn jwk(&self) -> String {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (common::base64url(&point[1..33]), common::base64url(&point[33..]));
        format!(r#"{{"kty":"EC","crv":"P-256","kid":"{}","x":"{x}","y":"{y}"}}"#, self.kid)
    }

    fn jwks(&self) -> String {
        format!(r#"{{"keys":[{}]}}"#, self.jwk())
    }

    fn token(&self) -> String {
        let header = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, self.kid);
        let signed = format!(
            "{}.{}",
            common::base64url(header.as_bytes()),
            common::base64url(common::claims("alice").as_bytes())
        );
        let signature = self.pair.sign(&aws_lc_rs::rand::SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", common::base64url(signature.as_ref()))
    }
}

const POLICY: &str = r#"
version = 1
[[issuer]]
name       = "main"
issuer     = "https://idp.example.com"
profile    = "generic"
audience   = "orders"
algorithms = ["ES256"]
keys       = { scripted = true }
[fetch]
wait = "200ms"
"#;

fn guard() -> Guard {
    let clock = TestClock::at(UnixTime::from_seconds(NOW).unwrap());
    guard_with_clock(scripted_policy(POLICY, Format::Toml).unwrap(), &clock)
}

fn now() -> Now {
    Now::Driver(UnixTime::from_seconds(NOW).unwrap())
}

fn flight(guard: &Guard, token: &str) -> Flight {
    match guard.core().decide(token.as_bytes(), now()) {
        Decision::Pending(flight) => flight,
        other => panic!("expected a flight, got {other:?}"),
    }
}

#[test]
fn deciding_answers_at_once_and_again_when_the_keys_are_there() {
    let (guard, signer) = (guard(), Signer::new("k1"));
    let flight = flight(&guard, &signer.token());
    let outage = guard.try_verify(signer.token()).unwrap_err();
    assert_eq!(outage.code(), Code::KeysUnavailable);
    assert!(
        matches!(&outage, Error::Unavailable(outage) if outage.status() == 503 && outage.retry_after() > 0)
    );
    deliver_keys(&guard, flight, signer.jwks().as_bytes()).unwrap();
    assert_eq!(guard.try_verify(signer.token()).unwrap().subject(), Some("alice"));
}

#[test]
fn all_who_wait_for_the_keys_are_answered_by_one_arrival() {
    let (guard, signer) = (guard(), Signer::new("k1"));
    let flight = flight(&guard, &signer.token());
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| guard.verify(signer.token()))).collect();
        std::thread::sleep(Duration::from_millis(30));
        deliver_keys(&guard, flight, signer.jwks().as_bytes()).unwrap();
        for waiter in waiting {
            assert_eq!(waiter.join().unwrap().unwrap().subject(), Some("alice"));
        }
    });
}

#[test]
fn keys_that_never_come_are_an_outage_after_the_wait() {
    let (guard, signer) = (guard(), Signer::new("k1"));
    let begun = Instant::now();
    let error = guard.verify(signer.token()).unwrap_err();
    let waited = begun.elapsed();
    assert_eq!((error.code(), error.code().class()), (Code::KeysUnavailable, Class::Unavailable));
    assert!(waited >= Duration::from_millis(200) && waited < Duration::from_secs(2), "{waited:?}");
}

#[test]
fn a_batch_waits_once() {
    let (guard, signer) = (guard(), Signer::new("k1"));
    let begun = Instant::now();
    let outcomes = guard.verify_many(&[signer.token(), signer.token(), signer.token(), signer.token()]);
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap_err().code() == Code::KeysUnavailable));
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
}

#[test]
fn a_failed_flight_is_an_outage_at_once_and_later_keys_mend_it() {
    let (guard, signer) = (guard(), Signer::new("k1"));
    let flight = flight(&guard, &signer.token());
    fail_keys(&guard, flight).unwrap();
    let begun = Instant::now();
    assert_eq!(guard.verify(signer.token()).unwrap_err().code(), Code::KeysUnavailable);
    assert!(begun.elapsed() < Duration::from_millis(150));
    assert_eq!(
        deliver_keys(&guard, flight, signer.jwks().as_bytes()),
        Err(Code::MisuseClosed),
        "the flight is over"
    );
    guard.core().replace_keys("main", signer.jwks().as_bytes()).unwrap();
    guard.verify(signer.token()).unwrap();
}

#[test]
fn a_flight_ends_once() {
    let (guard, signer, other) = (guard(), Signer::new("k1"), Signer::new("k2"));
    let flight = flight(&guard, &signer.token());
    deliver_keys(&guard, flight, signer.jwks().as_bytes()).unwrap();
    assert_eq!(deliver_keys(&guard, flight, other.jwks().as_bytes()), Err(Code::MisuseClosed));
    assert_eq!(fail_keys(&guard, flight), Err(Code::MisuseClosed));
    guard.verify(signer.token()).unwrap();
    assert_eq!(guard.verify(other.token()).unwrap_err().code(), Code::KidUnknown);
}

#[test]
fn broken_sets_are_an_outage_and_not_a_rejection() {
    for broken in
        ["", "[]", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, r#"{"keys":1}"#]
    {
        let (guard, signer) = (guard(), Signer::new("k1"));
        let flight = flight(&guard, &signer.token());
        assert_eq!(deliver_keys(&guard, flight, broken.as_bytes()), Err(Code::JwksInvalid), "{broken}");
        assert_eq!(guard.verify(signer.token()).unwrap_err().code(), Code::KeysUnavailable, "{broken}");
    }
}

#[test]
fn cac_05_a_key_that_is_gone_takes_its_cached_results_along() {
    let (guard, signer, next) = (guard(), Signer::new("k1"), Signer::new("k2"));
    let flight = flight(&guard, &signer.token());
    deliver_keys(&guard, flight, signer.jwks().as_bytes()).unwrap();
    let token = signer.token();
    guard.verify(&token).unwrap();
    guard.verify(&token).unwrap();
    assert_eq!(guard.cache_counters().hits, 1);
    guard.core().replace_keys("main", next.jwks().as_bytes()).unwrap();
    assert_eq!(guard.verify(&token).unwrap_err().code(), Code::KidUnknown);
    assert_eq!(guard.cache_counters().hits, 1);
}

#[test]
fn an_unknown_issuer_never_makes_a_caller_wait() {
    let (guard, signer) = (guard(), Signer::new("k1"));
    let token = signer.token();
    let payload = common::claims("alice").replace("idp.example.com", "evil.example.com");
    let parts: Vec<&str> = token.split('.').collect();
    let foreign = format!("{}.{}.{}", parts[0], common::base64url(payload.as_bytes()), parts[2]);
    assert_eq!(guard.verify(foreign).unwrap_err().code(), Code::IssUntrusted);
}

#[test]
fn a_new_policy_lets_those_who_wait_go_on() {
    let (guard, signer) = (guard(), Signer::new("k1"));
    let old = flight(&guard, &signer.token());
    let text = POLICY.replace("{ scripted = true }", &format!("{{ jwks = '''{}''' }}", signer.jwks()));
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| guard.verify(signer.token()));
        std::thread::sleep(Duration::from_millis(30));
        guard.replace(counterseal::Policy::from_str(&text, Format::Toml, None, None).unwrap());
        assert_eq!(waiter.join().unwrap().unwrap().subject(), Some("alice"));
    });
    assert_eq!(deliver_keys(&guard, old, signer.jwks().as_bytes()), Err(Code::MisuseClosed));
}

/// The ticket of the next wait that is over, if there is one soon.
fn next(completions: &Completions) -> Option<u64> {
    let mut tickets = [0; 1];
    (completions.next(&mut tickets, Some(Duration::from_millis(50))) == 1).then_some(tickets[0])
}

#[test]
fn tickets_come_out_when_keys_arrive_fail_or_are_there_already() {
    let (guard, signer, completions) = (guard(), Signer::new("k1"), Completions::new());
    let flight = flight(&guard, &signer.token());
    for ticket in 1..=3 {
        guard.watch(flight, ticket, &completions).unwrap();
    }
    assert_eq!(next(&completions), None);
    guard.unwatch(2, &completions);
    deliver_keys(&guard, flight, signer.jwks().as_bytes()).unwrap();
    assert_eq!((next(&completions), next(&completions), next(&completions)), (Some(1), Some(3), None));
    guard.watch(flight, 4, &completions).unwrap();
    assert_eq!(next(&completions), Some(4), "the flight is over already");
    assert!(matches!(guard.answer(signer.token().as_bytes(), None), Ok(Answer::Verified(_))));

    let other = self::guard();
    let flight = self::flight(&other, &signer.token());
    other.watch(flight, 5, &completions).unwrap();
    fail_keys(&other, flight).unwrap();
    assert_eq!(next(&completions), Some(5));
}

#[test]
fn a_guard_that_goes_away_ends_every_wait() {
    let (guard, signer, completions) = (guard(), Signer::new("k1"), Completions::new());
    let flight = flight(&guard, &signer.token());
    guard.watch(flight, 7, &completions).unwrap();
    drop(guard);
    assert_eq!(next(&completions), Some(7));
}

#[test]
fn a_host_that_closes_its_guard_ends_every_wait() {
    let (guard, signer, completions) = (guard(), Signer::new("k1"), Completions::new());
    let flight = flight(&guard, &signer.token());
    guard.watch(flight, 8, &completions).unwrap();
    guard.end_watches();
    assert_eq!(next(&completions), Some(8));
    guard.end_watches();
    assert_eq!(next(&completions), None);
}

#[test]
fn a_closed_queue_holds_nobody() {
    let completions = Completions::new();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| completions.next(&mut [0; 4], None));
        std::thread::sleep(Duration::from_millis(20));
        completions.close();
        assert_eq!(waiter.join().unwrap(), 0);
    });
    assert!(completions.is_closed());
    assert_eq!(completions.next(&mut [0; 4], None), 0);
}

#[test]
fn waits_are_bounded_in_number() {
    let (guard, signer, completions) = (guard(), Signer::new("k1"), Completions::new());
    let flight = flight(&guard, &signer.token());
    let refused = (0..70_000).find(|ticket| guard.watch(flight, *ticket, &completions).is_err());
    assert_eq!(refused, Some(65_536));
    // A queue that nobody holds any more makes room.
    drop(completions);
    guard.watch(flight, 1, &Completions::new()).unwrap();
}
