//! A network without sockets: what it plays, and who fetches over it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use counterseal::testing::{Fault, Issuer, Network, Reply, fetch_due, guard_with_network};
use counterseal::{Code, Error, Format, Guard, KeyState, Policy};

const ISSUER: &str = "https://idp.example.com";
const METADATA: &str = "https://idp.example.com/.well-known/openid-configuration";
const KEYS: &str = "https://keys.example.com/jwks";

fn world(fetch: &str) -> (Issuer, Network, Guard) {
    let issuer = Issuer::new().unwrap().named(ISSUER).for_audience("orders");
    let text = format!(
        "version = 1\n[[issuer]]\nissuer = \"{ISSUER}\"\nprofile = \"access_token\"\naudience = \"orders\"\n\
         algorithms = [\"ES256\"]\nkeys = {{ discovery = \"oidc\" }}\n[fetch]\n{fetch}\n"
    );
    let policy = Policy::from_str(&text, Format::Toml, None, None).unwrap();
    let network = Network::new();
    network.answer(METADATA, Reply::json(format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"{KEYS}"}}"#)));
    network.answer(KEYS, Reply::json(issuer.jwks().unwrap()).header("Cache-Control", "max-age=3600"));
    let guard = guard_with_network(policy, issuer.clock(), &network);
    (issuer, network, guard)
}

fn verdict(guard: &Guard, issuer: &Issuer) -> Result<(), (Code, u16)> {
    match guard.try_verify(issuer.token().sign().unwrap()) {
        Ok(_) => Ok(()),
        Err(Error::Unavailable(outage)) => Err((outage.code(), outage.status())),
        Err(other) => panic!("{other:?}"),
    }
}

const OUTAGE: Result<(), (Code, u16)> = Err((Code::KeysUnavailable, 503));

#[test]
fn nothing_is_fetched_until_the_test_says_so() {
    let (issuer, network, guard) = world("");
    assert_eq!(verdict(&guard, &issuer), OUTAGE);
    assert!(network.requests().is_empty());
    fetch_due(&guard);
    assert_eq!(network.requests(), [METADATA, KEYS]);
    assert!(network.requests().is_empty(), "they were taken");
    assert_eq!(verdict(&guard, &issuer), Ok(()));
    fetch_due(&guard);
    assert!(network.requests().is_empty(), "nothing is due");
}

#[test]
fn where_the_policy_says_inline_calls_fetch() {
    let (issuer, network, guard) = world("mode = \"inline\"");
    assert!(guard.verify(issuer.token().sign().unwrap()).is_ok());
    assert_eq!(network.requests(), [METADATA, KEYS]);
    issuer.clock().advance_seconds(2700);
    assert!(guard.verify(issuer.token().sign().unwrap()).is_ok());
    assert_eq!(
        network.requests(),
        [METADATA, KEYS],
        "a refresh is due, at three quarters and without jitter"
    );
}

#[test]
fn a_call_that_waits_is_woken() {
    let (issuer, network, guard) = world("wait = \"60s\"");
    let token = issuer.token().sign().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| guard.verify(&token).map(drop));
        while network.requests().is_empty() {
            fetch_due(&guard);
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(waiting.join().unwrap().is_ok());
    });
}

#[test]
fn it_rotates_and_fails() {
    let (issuer, network, guard) = world("");
    let old = issuer.token().sign().unwrap();
    assert_eq!(verdict(&guard, &issuer), OUTAGE);
    fetch_due(&guard);
    issuer.rotate().unwrap();
    network.answer(KEYS, Reply::json(issuer.jwks().unwrap()));
    assert_eq!(verdict(&guard, &issuer), OUTAGE, "a new kid");
    fetch_due(&guard);
    assert_eq!(verdict(&guard, &issuer), Ok(()));
    assert!(guard.try_verify(&old).is_ok());
    network.answer(METADATA, Fault::Reset);
    issuer.clock().advance_seconds(4199);
    fetch_due(&guard);
    assert_eq!(verdict(&guard, &issuer), Ok(()));
    assert_eq!(guard.status().issuers[0].key_state, KeyState::Stale);
    issuer.clock().advance_seconds(1);
    assert_eq!(verdict(&guard, &issuer), OUTAGE);
    assert_eq!(guard.status().issuers[0].key_state, KeyState::CoolingDown);
}

#[test]
fn each_fault_has_its_name_and_its_words() {
    for (name, told) in [
        ("timeout", "timeout"),
        ("connect_timeout", "timeout while connecting"),
        ("host_not_found", "host not found"),
        ("refused", "connection refused"),
        ("reset", "connection reset"),
        ("closed", "connection closed too early"),
        ("certificate", "tls: invalid certificate"),
    ] {
        let (issuer, network, guard) = world("");
        network.answer(METADATA, Fault::from_name(name).unwrap());
        assert_eq!(verdict(&guard, &issuer), OUTAGE);
        fetch_due(&guard);
        let fetch = guard.status().issuers[0].fetch.clone().unwrap();
        assert_eq!(fetch.last_error.unwrap(), format!("jwks_fetch_failed: {told}"));
    }
    assert!(Fault::from_name("earthquake").is_none());
}

#[test]
fn a_description_says_no_more_than_there_is() {
    for sound in [
        "{}",
        r#"{"status":302,"headers":[["Location","/"]],"address":"::1","bearer":"x"}"#,
        r#"{"status":null,"address":null,"bearer":null,"fault":null}"#,
        r#"{"fault":"timeout"}"#,
    ] {
        assert!(Reply::from_description(sound, b"").is_ok(), "{sound}");
    }
    for wrong in [
        "",
        "[]",
        r#"{"stauts":200}"#,
        r#"{"status":70000}"#,
        r#"{"status":"200"}"#,
        r#"{"headers":{"a":"b"}}"#,
        r#"{"headers":[["a"]]}"#,
        r#"{"address":"localhost"}"#,
        r#"{"fault":"earthquake"}"#,
    ] {
        assert_eq!(Reply::from_description(wrong, b"").unwrap_err(), Code::MisuseArgument, "{wrong}");
    }
}
