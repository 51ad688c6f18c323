//! Keys that are fetched, on a clock and a network of the test's own: when they are fetched, used and given up.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use counterseal::core::keys::fetch::{FetchFault, Request, Response};
use counterseal::testing::{Issuer, TestClock, guard_with_network};
use counterseal::{Code, Error, Format, Guard, KeyState, Policy, UnixTime};

const ISSUER: &str = "https://idp.example.com/realms/main";
const METADATA: &str = "https://idp.example.com/realms/main/.well-known/openid-configuration";
const KEYS: &str = "https://keys.example.com/jwks";

/// A network of documents.
#[derive(Clone, Default)]
struct Net {
    documents: Arc<Mutex<HashMap<String, Response>>>,
    asked: Arc<Mutex<Vec<String>>>,
    is_down: Arc<AtomicBool>,
}

impl Net {
    fn put(&self, url: &str, body: impl Into<Vec<u8>>) {
        self.put_with(url, body, None);
    }

    fn put_with(&self, url: &str, body: impl Into<Vec<u8>>, cache_control: Option<&str>) {
        let response =
            Response { body: body.into(), cache_control: cache_control.map(str::to_owned), age: None };
        self.documents.lock().unwrap().insert(url.to_owned(), response);
    }

    fn answer(&self, request: &Request) -> Result<Response, FetchFault> {
        self.asked.lock().unwrap().push(request.url.to_string());
        if self.is_down.load(Ordering::SeqCst) {
            return Err(FetchFault::new(Code::JwksFetchFailed, "down"));
        }
        let documents = self.documents.lock().unwrap();
        documents
            .get(request.url.as_str())
            .cloned()
            .ok_or_else(|| FetchFault::new(Code::JwksFetchFailed, "status 404"))
    }

    /// How many requests there were since the last time.
    fn asked(&self) -> usize {
        std::mem::take(&mut *self.asked.lock().unwrap()).len()
    }

    fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }
}

struct World {
    issuer: Issuer,
    net: Net,
    clock: TestClock,
    guard: Guard,
}

impl World {
    fn new(keys: &str, fetch: &str) -> World {
        let issuer = Issuer::new().unwrap().named(ISSUER).for_audience("orders");
        let net = Net::default();
        net.put(KEYS, issuer.jwks().unwrap());
        net.put(METADATA, format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"{KEYS}"}}"#));
        let clock = issuer.clock().clone();
        let network = net.clone();
        let guard = guard_with_network(policy(keys, fetch), &clock, move |request| network.answer(request));
        World { issuer, net, clock, guard }
    }

    /// Without a thread, so that every fetch happens where it is asked for.
    fn inline(more: &str) -> World {
        World::new(&format!("{{ jwks_uri = \"{KEYS}\" }}"), &format!("mode = \"inline\"\n{more}"))
    }

    fn token(&self) -> String {
        self.issuer.token().sign().unwrap()
    }

    fn verify(&self) -> Result<(), Code> {
        self.guard.verify(self.token()).map(drop).map_err(|error| error.code())
    }

    fn verify_token(&self, token: &str) -> Result<(), Code> {
        self.guard.verify(token).map(drop).map_err(|error| error.code())
    }

    fn publish(&self) {
        self.net.put(KEYS, self.issuer.jwks().unwrap());
    }

    fn state(&self) -> KeyState {
        self.guard.status().issuers[0].key_state
    }

    /// A token under a key that nobody publishes.
    fn stranger(&self, kid: &str) -> String {
        self.issuer.token().header("kid", kid).sign().unwrap()
    }
}

fn policy(keys: &str, fetch: &str) -> Policy {
    let text = format!(
        "version = 1\n[[issuer]]\nname = \"main\"\nissuer = \"{ISSUER}\"\nprofile = \"access_token\"\naudience = \"orders\"\n\
         algorithms = [\"ES256\"]\nkeys = {keys}\n[fetch]\n{fetch}\n"
    );
    Policy::from_str(&text, Format::Toml, None, None).unwrap()
}

#[test]
fn the_first_token_brings_the_keys_and_the_next_does_not() {
    let world = World::inline("");
    assert_eq!(world.state(), KeyState::Awaited);
    assert_eq!(world.verify(), Ok(()));
    assert_eq!(world.verify(), Ok(()));
    assert_eq!(world.net.asked(), 1);
    assert_eq!(world.state(), KeyState::Fresh);
}

#[test]
fn a_thread_fetches_while_the_caller_waits() {
    let world = World::new(&format!("{{ jwks_uri = \"{KEYS}\" }}"), "");
    assert_eq!(world.verify(), Ok(()));
    assert_eq!(world.net.asked(), 1);
}

#[test]
fn metadata_leads_to_the_keys() {
    let world = World::new("{ discovery = \"oidc\" }", "mode = \"inline\"");
    assert_eq!(world.verify(), Ok(()));
    assert_eq!(*world.net.asked.lock().unwrap(), [METADATA, KEYS]);
}

#[test]
fn metadata_of_another_issuer_is_not_believed() {
    for (metadata, expected) in [
        (format!(r#"{{"issuer":"{ISSUER}/","jwks_uri":"{KEYS}"}}"#), "metadata_issuer_mismatch"),
        (format!(r#"{{"jwks_uri":"{KEYS}"}}"#), "metadata_issuer_mismatch"),
        (format!(r#"{{"issuer":"{ISSUER}"}}"#), "metadata_url_invalid"),
        (
            format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"http://keys.example.com/jwks"}}"#),
            "metadata_url_invalid",
        ),
        (format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"file:///etc/passwd"}}"#), "metadata_url_invalid"),
        (format!(r#"{{"issuer":"{ISSUER}","issuer":"x","jwks_uri":"{KEYS}"}}"#), "jwks_fetch_failed"),
        ("[]".into(), "jwks_fetch_failed"),
    ] {
        let world = World::new("{ discovery = \"oidc\" }", "mode = \"inline\"");
        world.net.put(METADATA, metadata.clone());
        assert_eq!(world.verify(), Err(Code::KeysUnavailable), "{metadata}");
        let status = world.guard.status();
        let fetch = status.issuers[0].fetch.clone().unwrap();
        assert!(fetch.last_error.unwrap().starts_with(expected), "{metadata}");
        assert!(world.net.asked.lock().unwrap().iter().all(|url| url == METADATA));
    }
}

#[test]
fn a_new_key_is_fetched_when_a_token_names_it() {
    let world = World::inline("");
    let old = world.token();
    assert_eq!(world.verify(), Ok(()));
    world.issuer.rotate().unwrap();
    world.publish();
    assert_eq!(world.verify(), Ok(()));
    assert_eq!(world.net.asked(), 2);
    assert_eq!(world.verify_token(&old), Ok(()));
}

#[test]
fn a_key_that_is_gone_stops_at_once_and_out_of_the_cache() {
    let world = World::inline("");
    let old = world.token();
    assert_eq!(world.verify_token(&old), Ok(()));
    assert_eq!(world.verify_token(&old), Ok(()));
    assert_eq!(world.guard.cache_counters().hits, 1);
    world.issuer.rotate().unwrap();
    world.issuer.retire();
    world.publish();
    assert_eq!(world.verify(), Ok(()), "it brings the new set");
    assert_eq!(world.verify_token(&old), Err(Code::KidUnknown));
}

#[test]
fn the_same_set_again_leaves_the_cache_as_it_is() {
    let world = World::inline("");
    let token = world.token();
    assert_eq!(world.verify_token(&token), Ok(()));
    world.clock.advance_seconds(500);
    assert_eq!(world.verify_token(&token), Ok(()));
    assert_eq!(world.net.asked(), 2, "the refresh before the end of its freshness");
    assert_eq!(world.guard.cache_counters().hits, 1);
}

#[test]
fn an_unknown_name_is_told_once_a_fetch_has_proved_it() {
    let world = World::inline("");
    assert_eq!(world.verify_token(&world.stranger("nobody")), Err(Code::KidUnknown));
    assert_eq!(world.net.asked(), 2, "the keys, and a second look for the name");
    assert_eq!(world.verify_token(&world.stranger("nobody")), Err(Code::KidUnknown));
    assert_eq!(world.net.asked(), 0, "it is remembered");
    world.clock.advance_seconds(31);
    assert_eq!(world.verify_token(&world.stranger("nobody")), Err(Code::KidUnknown));
    assert_eq!(world.net.asked(), 1, "and not for longer than the cooldown");
}

#[test]
fn a_flood_of_names_is_an_outage_within_the_budget() {
    let world = World::inline("");
    assert_eq!(world.verify(), Ok(()));
    let answers: Vec<_> =
        (0..1000).map(|at| world.verify_token(&world.stranger(&format!("k{at}")))).collect();
    assert_eq!(answers.iter().filter(|answer| **answer == Err(Code::KidUnknown)).count(), 2);
    assert_eq!(answers.iter().filter(|answer| **answer == Err(Code::KeysUnavailable)).count(), 998);
    assert_eq!(world.net.asked(), 3, "three at once");
    assert_eq!(world.verify(), Ok(()), "valid tokens go on");
    for _ in 0..10 {
        world.clock.advance_seconds(30);
        (0..10).for_each(|at| assert!(world.verify_token(&world.stranger(&format!("m{at}"))).is_err()));
    }
    assert_eq!(world.net.asked(), 10, "and then one in each cooldown");
}

#[test]
fn an_outage_is_survived_for_the_stale_window_and_is_one_then() {
    let world = World::inline("");
    assert_eq!(world.verify(), Ok(()));
    world.net.set_down(true);
    world.clock.advance_seconds(601);
    assert_eq!(world.verify(), Ok(()));
    assert_eq!(world.state(), KeyState::Stale);
    assert!(world.guard.status().alarms.iter().any(|alarm| alarm.code == Code::JwksFetchFailed));
    world.clock.advance_seconds(3600 - 2);
    let token = world.token();
    assert_eq!(world.verify_token(&token), Ok(()), "one second before the end");
    world.clock.advance_seconds(1);
    assert_eq!(world.verify_token(&token), Err(Code::KeysUnavailable), "from the cache neither");
    assert_eq!(world.state(), KeyState::CoolingDown);
    world.net.set_down(false);
    world.clock.advance_seconds(30);
    assert_eq!(world.verify_token(&token), Ok(()), "and over when it is over");
}

#[test]
fn an_outage_from_the_start_is_never_a_rejection() {
    let world = World::inline("");
    world.net.set_down(true);
    for _ in 0..10 {
        match world.guard.verify(world.token()) {
            Err(Error::Unavailable(outage)) => assert_eq!(outage.status(), 503),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.net.asked(), 3, "within the budget");
    world.net.set_down(false);
    world.clock.advance_seconds(30);
    assert_eq!(world.verify(), Ok(()));
}

#[test]
fn a_set_without_a_key_or_sense_changes_nothing() {
    let bad: [(&str, &str); 5] = [
        (r#"{"keys":[]}"#, "jwks_empty"),
        (r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, "jwks_empty"),
        ("<html>", "jwks_invalid"),
        (r#"{"keys":[],"keys":[]}"#, "jwks_invalid"),
        ("", "jwks_invalid"),
    ];
    for (body, code) in bad {
        let world = World::inline("");
        assert_eq!(world.verify(), Ok(()));
        world.net.put(KEYS, body);
        world.clock.advance_seconds(500);
        assert_eq!(world.verify(), Ok(()), "{body}");
        assert_eq!(world.net.asked(), 2);
        let fetch = world.guard.status().issuers[0].fetch.clone().unwrap();
        assert!(fetch.last_error.clone().unwrap().starts_with(code), "{body}: {fetch:?}");
        assert_eq!((fetch.counts.refreshes, fetch.counts.failures), (1, 1));
    }
}

#[test]
fn freshness_is_what_the_answer_says_within_bounds() {
    for (header, fresh) in [
        ("max-age=7200", 7200),
        ("public, Max-Age = 7200", 7200),
        ("max-age=5", 60),
        ("no-store", 60),
        ("max-age=7200, no-cache", 60),
        ("max-age=99999999999999999999", 86_400),
        ("max-age=604800", 86_400),
        ("private", 600),
        ("max-age=abc", 600),
        ("max-age=-1", 600),
    ] {
        let world = World::inline("");
        world.net.put_with(KEYS, world.issuer.jwks().unwrap(), Some(header));
        assert_eq!(world.verify(), Ok(()));
        world.net.set_down(true);
        world.clock.advance_seconds(fresh - 1);
        assert_eq!(world.state(), KeyState::Fresh, "{header}");
        world.clock.advance_seconds(1);
        assert_eq!(world.state(), KeyState::Stale, "{header}");
    }
}

#[test]
fn a_refresh_comes_between_three_quarters_and_four_fifths() {
    let world = World::inline("");
    assert_eq!(world.verify(), Ok(()));
    world.net.asked();
    world.clock.advance_seconds(449);
    assert_eq!(world.verify(), Ok(()));
    assert_eq!(world.net.asked(), 0);
    world.clock.advance_seconds(32);
    assert_eq!(world.verify(), Ok(()));
    assert_eq!(world.net.asked(), 1);
}

#[test]
fn a_given_time_and_an_explanation_fetch_nothing() {
    let world = World::inline("wait = \"10ms\"");
    let (token, now) = (world.token(), world.clock.now());
    assert_eq!(world.guard.verify_at(&token, now).unwrap_err().code(), Code::KeysUnavailable);
    assert_eq!(world.guard.explain(&token).unwrap().verdict_name(), "pending");
    assert_eq!(world.net.asked(), 0);
    assert_eq!(world.verify(), Ok(()));
    assert!(world.guard.verify_at(&token, now).is_ok());
    let stranger = world.stranger("nobody");
    assert_eq!(world.guard.verify_at(&stranger, now).unwrap_err().code(), Code::KeysUnavailable);
    assert_eq!(world.guard.explain(&stranger).unwrap().verdict_name(), "pending");
    assert_eq!(world.net.asked(), 1);
}

#[test]
fn strangers_start_nothing() {
    let world = World::inline("");
    let other = Issuer::new().unwrap().named("https://evil.example").for_audience("orders");
    let wrong_algorithm = world.issuer.token().header("alg", "none").sign().unwrap();
    for token in [other.token().sign().unwrap(), wrong_algorithm, "a.b.c".into(), "x".repeat(20_000)] {
        assert!(world.verify_token(&token).is_err());
    }
    assert_eq!(world.net.asked(), 0);
}

#[test]
fn ready_waits_for_the_issuers_that_are_required() {
    let world = World::new(&format!("{{ jwks_uri = \"{KEYS}\" }}"), "");
    assert!(world.guard.ready(Duration::from_secs(5)).is_ok());
    assert_eq!(world.net.asked(), 1);
    let world = World::inline("");
    world.net.set_down(true);
    let error = world.guard.ready(Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.code(), Code::KeysUnavailable);
    let text = "required = false\nkeys";
    let issuer = Issuer::new().unwrap();
    let optional = format!(
        "version = 1\n[[issuer]]\nissuer = \"{ISSUER}\"\nprofile = \"access_token\"\naudience = \"orders\"\nalgorithms = [\"ES256\"]\n\
         {text} = {{ jwks_uri = \"{KEYS}\" }}\n[fetch]\nmode = \"inline\"\n"
    );
    let optional = Policy::from_str(&optional, Format::Toml, None, None).unwrap();
    let net = Net::default();
    let network = net.clone();
    let guard = guard_with_network(optional, issuer.clock(), move |request| network.answer(request));
    assert!(guard.ready(Duration::ZERO).is_ok());
    assert_eq!(net.asked(), 1, "it is fetched all the same");
}

#[test]
fn a_reload_keeps_keys_and_budget_where_the_entry_is_the_same() {
    let world = World::inline("");
    assert_eq!(world.verify(), Ok(()));
    let fetch = "mode = \"inline\"\n";
    world.guard.replace(policy(&format!("{{ jwks_uri = \"{KEYS}\" }}"), fetch));
    assert_eq!(world.verify(), Ok(()));
    assert_eq!(world.net.asked(), 1);
    world.guard.replace(policy("{ discovery = \"oidc\" }", fetch));
    assert_eq!(world.verify(), Ok(()));
    assert_eq!(world.net.asked(), 2);
}

#[test]
fn one_fetch_for_many_that_wait() {
    let world = World::new(&format!("{{ jwks_uri = \"{KEYS}\" }}"), "");
    let token = world.token();
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| assert!(world.guard.verify(&token).is_ok()));
        }
    });
    assert_eq!(world.net.asked(), 1);
}

#[test]
fn a_child_process_begins_its_own_fetches() {
    let world = World::inline("");
    assert_eq!(world.verify(), Ok(()));
    world.guard.after_fork();
    assert_eq!(world.verify(), Ok(()));
    world.issuer.rotate().unwrap();
    world.publish();
    assert_eq!(world.verify(), Ok(()));
    assert_eq!(world.net.asked(), 2);
}

#[test]
fn a_clock_that_was_set_back_does_not_stop_fetches() {
    let world = World::inline("");
    assert_eq!(world.verify(), Ok(()));
    world.clock.set(UnixTime::from_millis(world.clock.now().as_millis() - 86_400_000));
    world.issuer.rotate().unwrap();
    world.publish();
    assert_eq!(world.verify(), Ok(()));
}
