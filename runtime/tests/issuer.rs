//! The issuer for tests: real keys and real verification, and every odd token refused with its code.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use counterseal::testing::{Issuer, Oddity, Request, Token};
use counterseal::{Algorithm, Code, Error, Guard, Identity, Profile};

type Change = fn(Token<'_>) -> Token<'_>;

/// What this build makes keys of.
fn algorithms() -> Vec<Algorithm> {
    let all = Algorithm::ALL.into_iter();
    all.filter(|algorithm| Issuer::with_algorithm(*algorithm).is_ok()).collect()
}

fn code(result: Result<Identity, Error>) -> Code {
    result.unwrap_err().code()
}

#[test]
fn every_algorithm_makes_tokens_that_pass() {
    let algorithms = algorithms();
    for expected in [Algorithm::ES256, Algorithm::Ed25519] {
        assert!(algorithms.contains(&expected), "{expected}");
    }
    assert_eq!(algorithms.contains(&Algorithm::RS256), cfg!(feature = "aws-lc-rs"));
    for algorithm in algorithms {
        let issuer = Issuer::with_algorithm(algorithm).unwrap();
        let token = issuer.token().sign().unwrap();
        assert_eq!(issuer.guard().unwrap().verify(&token).unwrap().subject(), Some("test-user"));
        let by_real_clock = Guard::new(issuer.policy().unwrap());
        assert_eq!(by_real_clock.verify(&token).unwrap().issuer(), issuer.issuer(), "{algorithm}");
    }
    for secret in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let error = Issuer::with_algorithm(secret).unwrap_err();
        assert_eq!(error.code(), Code::ConfigAlgUnsupported);
    }
}

#[test]
fn a_token_has_the_defaults_of_its_profile_and_every_change_counts() {
    let issuer = Issuer::new().unwrap().named("https://a.test").for_audience("b").for_client("c");
    let guard = issuer.guard().unwrap();
    let (one, two) = (issuer.token().sign().unwrap(), issuer.token().sign().unwrap());
    let identity = guard.verify(&one).unwrap();
    assert_eq!((identity.issuer(), identity.client_id()), ("https://a.test", Some("c")));
    assert_eq!(identity.audience().collect::<Vec<_>>(), ["b"]);
    let now = issuer.clock().now().as_seconds();
    assert_eq!((identity.issued_at(), identity.expires_at()), (Some(now), Some(now + 3600)));
    assert_ne!(identity.token_id(), guard.verify(&two).unwrap().token_id());

    let token = issuer
        .token()
        .subject("alice")
        .scope("orders:read orders:write")
        .claim("roles", vec!["admin"])
        .claims_json(r#"{"big":9007199254740993,"real":1.50,"sub":"bob","nothing":null}"#)
        .unwrap()
        .sign()
        .unwrap();
    let identity = guard.verify(token).unwrap();
    assert_eq!(identity.subject(), Some("bob"));
    assert!(identity.has_scope("orders:write") && identity.has_role("admin"));
    let json = |name| identity.claim(name).unwrap().to_json();
    assert_eq!(
        (json("big"), json("real"), json("nothing")),
        ("9007199254740993".into(), "1.50".into(), "null".into())
    );
    for refused in ["", "[]", "1", "{", r#"{"a":1,"a":2}"#, "{} {}"] {
        let error = issuer.token().claims_json(refused).unwrap_err();
        assert_eq!(error.code(), Code::MisuseArgument, "{refused}");
    }
}

#[test]
fn odd_tokens_are_refused_with_the_code_that_they_promise() {
    let issuer = Issuer::new().unwrap();
    let guard = issuer.guard().unwrap();
    let odd: [(Change, Code); 12] = [
        (|token| token.expired(), Code::TokenExpired),
        (|token| token.not_yet_valid(), Code::TokenNotYetValid),
        (|token| token.wrong_audience(), Code::AudMismatch),
        (|token| token.wrong_issuer(), Code::IssUntrusted),
        (|token| token.wrong_key(), Code::SignatureInvalid),
        (|token| token.tampered(), Code::SignatureInvalid),
        (|token| token.unsigned(), Code::AlgNotAllowed),
        (|token| token.without("jti"), Code::ClaimMissing),
        (|token| token.without("sub"), Code::SubInvalid),
        (|token| token.claim("exp", serde_json::Value::Null), Code::ClaimWrongType),
        (|token| token.header("kid", "nobody"), Code::KidUnknown),
        (|token| token.without_header("typ"), Code::TypMismatch),
    ];
    for (change, expected) in odd {
        let token = change(issuer.token()).sign().unwrap();
        assert_eq!(code(guard.verify(token)), expected);
    }
    for oddity in Oddity::ALL {
        assert_eq!(Oddity::from_name(oddity.name()), Some(oddity));
        let request = Request { oddity: Some(oddity), ..Request::default() };
        assert!(guard.verify(issuer.issue(&request).unwrap()).is_err(), "{}", oddity.name());
    }
    let raw = issuer.sign(br#"{"alg":"ES256","typ":"at+jwt","kid":"test-1"}"#, br#"{"a":1,"a":2}"#).unwrap();
    assert_eq!(code(guard.verify(raw)), Code::JsonDuplicateMember);
}

#[test]
fn hosts_ask_for_tokens_in_json() {
    let issuer = Issuer::new().unwrap();
    let guard = issuer.guard().unwrap();
    let request = Request {
        claims: r#"{"sub":"alice","n":9007199254740993}"#,
        remove: &["client_id"],
        ..Request::default()
    };
    assert_eq!(code(guard.verify(issuer.issue(&request).unwrap())), Code::ClaimMissing);
    let identity = guard.verify(issuer.issue(&Request { remove: &[], ..request }).unwrap()).unwrap();
    assert_eq!(identity.claim("n").unwrap().to_json(), "9007199254740993");
    let other_header = Request { header: r#"{"kid":"nobody"}"#, ..Request::default() };
    assert_eq!(code(guard.verify(issuer.issue(&other_header).unwrap())), Code::KidUnknown);
    let id_token = Request { profile: Profile::IdToken, ..Request::default() };
    let guard = issuer.guard_for(Profile::IdToken, "").unwrap();
    guard.verify(issuer.issue(&id_token).unwrap()).unwrap();
    for (claims, header) in [("[]", "{}"), ("{}", "null")] {
        let broken = Request { claims, header, ..Request::default() };
        assert_eq!(issuer.issue(&broken).unwrap_err().code(), Code::MisuseArgument);
    }
}

#[test]
fn id_tokens_have_a_policy_of_their_own() {
    let issuer = Issuer::new().unwrap();
    let token = issuer.id_token().claim("nonce", "n").sign().unwrap();
    assert_eq!(code(issuer.guard().unwrap().verify(&token)), Code::TypMismatch);
    let guard = issuer.guard_for(Profile::IdToken, "").unwrap();
    assert_eq!(guard.verify(&token).unwrap().audience().collect::<Vec<_>>(), [issuer.client_id()]);
    assert!(guard.verify(issuer.token().sign().unwrap()).is_err());
}

#[test]
fn policies_take_more_settings() {
    let issuer = Issuer::new().unwrap();
    let more = "required_scopes = [\"orders:read\"]\n[issuer.identity]\ntenant = \"/org\"\n[limits]\nleeway = \"10s\"";
    let guard = issuer.guard_for(Profile::AccessToken, more).unwrap();
    assert_eq!(code(guard.verify(issuer.token().sign().unwrap())), Code::InsufficientScope);
    let token = issuer.token().scope("orders:read").claim("org", "acme").sign().unwrap();
    assert_eq!(guard.verify(token).unwrap().tenant(), Some("acme"));
    let error = issuer.policy_for(Profile::AccessToken, "adience = 1").unwrap_err();
    assert_eq!(error.code(), Code::ConfigUnknownKey);
}

#[test]
fn time_passes_when_the_clock_is_moved() {
    let issuer = Issuer::new().unwrap();
    let (guard, token) = (issuer.guard().unwrap(), issuer.token().expires_in(60).sign().unwrap());
    guard.verify(&token).unwrap();
    issuer.clock().advance_seconds(60 + 29);
    guard.verify(&token).unwrap();
    issuer.clock().advance_seconds(1);
    assert_eq!(code(guard.verify(&token)), Code::TokenExpired);
}

#[test]
fn keys_rotate_and_retire() {
    let issuer = Issuer::new().unwrap();
    let (guard, old) = (issuer.guard().unwrap(), issuer.token().sign().unwrap());
    guard.verify(&old).unwrap();
    assert_eq!((issuer.kid().unwrap(), issuer.rotate().unwrap()), ("test-1".to_owned(), "test-2".to_owned()));
    let new = issuer.token().sign().unwrap();
    assert_eq!(code(guard.verify(&new)), Code::KidUnknown, "not published yet");
    issuer.publish(&guard).unwrap();
    guard.verify(&old).unwrap();
    guard.verify(&new).unwrap();
    issuer.retire();
    issuer.publish(&guard).unwrap();
    assert_eq!(code(guard.verify(&old)), Code::KidUnknown);
    guard.verify(&new).unwrap();
    assert!(!issuer.jwks().unwrap().contains("\"d\""));
    let fixed = Guard::new(issuer.policy().unwrap());
    assert_eq!(issuer.publish(&fixed).unwrap_err().code(), Code::MisuseClosed);
}

#[test]
fn keys_that_are_late_or_fail() {
    let issuer = Issuer::new().unwrap();
    let guard = issuer.pending_guard_for(Profile::AccessToken, "[fetch]\nwait = \"5s\"").unwrap();
    let token = issuer.token().sign().unwrap();
    assert_eq!(code(guard.try_verify(&token)), Code::KeysUnavailable);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| guard.verify(&token));
        std::thread::sleep(Duration::from_millis(20));
        issuer.publish(&guard).unwrap();
        waiter.join().unwrap().unwrap();
    });
    assert_eq!(issuer.fail(&guard).unwrap_err().code(), Code::MisuseClosed);
    let guard = issuer.pending_guard_for(Profile::AccessToken, "").unwrap();
    issuer.fail(&guard).unwrap();
    assert_eq!(code(guard.verify(&token)), Code::KeysUnavailable);
    issuer.publish(&guard).unwrap();
    guard.verify(&token).unwrap();
}

#[test]
fn what_is_shown_of_it_holds_no_claim() {
    let issuer = Issuer::new().unwrap();
    let shown = format!("{issuer:?} {:?}", issuer.token().subject("canary"));
    assert!(!shown.contains("canary") && !shown.contains("test-1"), "{shown}");
}

#[test]
fn a_guard_is_ready_when_its_keys_are_there() {
    let issuer = Issuer::new().unwrap();
    let instant = Duration::ZERO;
    Guard::new(issuer.policy().unwrap()).ready(instant).unwrap();
    let guard = issuer.pending_guard_for(Profile::AccessToken, "").unwrap();
    assert!(guard.readiness().unwrap().is_some());
    assert_eq!(guard.ready(Duration::from_millis(20)).unwrap_err().code(), Code::KeysUnavailable);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| guard.ready(Duration::from_secs(10)));
        std::thread::sleep(Duration::from_millis(20));
        issuer.publish(&guard).unwrap();
        waiter.join().unwrap().unwrap();
    });
    assert!(guard.readiness().unwrap().is_none());
    let guard = issuer.pending_guard_for(Profile::AccessToken, "").unwrap();
    issuer.fail(&guard).unwrap();
    assert_eq!(guard.ready(Duration::from_secs(10)).unwrap_err().code(), Code::KeysUnavailable);
}
