//! The cache changes no verdict: two guards that differ in it alone are led through the same events.

use counterseal::core::guard::Decision;
use counterseal::core::keys::Flight;
use counterseal::core::time::Now;
use counterseal::testing::{TestClock, deliver_keys, fail_keys, guard_with_clock, scripted_policy};
use counterseal::{Algorithm, Code, Format, Guard, Policy, UnixTime};
use counterseal_tests::signer::Signer;
use proptest::prelude::*;
use serde_json::json;

use crate::cases;

const START: i64 = 1_800_000_000;

#[derive(Clone, Debug)]
enum Event {
    Verify(usize),
    VerifyAt(usize, i64),
    Explain(usize),
    Advance(i64),
    ReplaceKeys(usize),
    Deliver(usize),
    Fail,
    Policy(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => prop_oneof![0..TOKENS, 9..13usize].prop_map(Event::Verify),
        2 => (0..TOKENS, -100i64..400).prop_map(|(token, seconds)| Event::VerifyAt(token, seconds)),
        1 => (0..TOKENS).prop_map(Event::Explain),
        3 => prop_oneof![3 => -20i64..30, 1 => 30i64..200].prop_map(Event::Advance),
        2 => (0..KEY_SETS).prop_map(Event::ReplaceKeys),
        3 => (0..KEY_SETS).prop_map(Event::Deliver),
        1 => Just(Event::Fail),
        2 => (0..POLICIES).prop_map(Event::Policy),
    ]
}

/// What the events are about: keys, key sets, policies, tokens.
struct World {
    key_sets: Vec<String>,
    policies: Vec<String>,
    tokens: Vec<Vec<u8>>,
}

const KEY_SETS: usize = 4;
const POLICIES: usize = 3;
const TOKENS: usize = 19;

impl World {
    fn new() -> World {
        let one = Signer::new(Algorithm::Ed25519, "one");
        let two = Signer::new(Algorithm::Ed25519, "two");
        // Another key of the same name, as a careless provider would rotate.
        let again = Signer::new(Algorithm::Ed25519, "one");
        let set = |signers: &[&Signer]| {
            json!({ "keys": signers.iter().map(|one| one.jwk()).collect::<Vec<_>>() }).to_string()
        };
        let legacy = Signer::with_secret(Algorithm::HS256, "s", crate::SECRET);
        let mut tokens = Vec::new();
        for signer in [&one, &two, &again] {
            for (subject, from, until) in [("a", 0, 100), ("b", 50, 300), ("c", -200, 250)] {
                let (iat, exp) = (START + from, START + until);
                let claims = format!(
                    r#"{{"iss":"https://main.example.com","aud":"orders","sub":"{subject}","iat":{iat},"nbf":{iat},"exp":{exp}}}"#
                );
                tokens.push(signer.token(claims).into_bytes());
            }
        }
        for claims in
            ["", r#","exp":1800000100"#, r#","nbf":1800000050"#, r#","aud":"orders","exp":1800000300"#]
        {
            let claims = format!(r#"{{"iss":"https://legacy.example.com","sub":"job"{claims}}}"#);
            tokens.push(legacy.token(claims).into_bytes());
        }
        for at in [0, 4, 9] {
            let mut forged = tokens[at].clone();
            let last = forged.len() - 9;
            forged[last] ^= 1;
            tokens.push(forged);
            tokens.push([b"Bearer ", tokens[at].as_slice()].concat());
        }
        assert_eq!(tokens.len(), TOKENS);
        let secret = std::str::from_utf8(crate::SECRET).unwrap();
        let policy = |audience: &str, leeway: &str| {
            format!(
                "version = 1\nlimits = {{ leeway = \"{leeway}\" }}\nCACHE\n\
                 [[issuer]]\nname = \"main\"\nissuer = \"https://main.example.com\"\nprofile = \"generic\"\n\
                 audience = \"{audience}\"\nalgorithms = [\"Ed25519\"]\nkeys = {{ scripted = true }}\n\
                 [[issuer]]\nname = \"legacy\"\nissuer = \"https://legacy.example.com\"\nprofile = \"generic\"\n\
                 algorithms = [\"HS256\"]\nkeys = {{ secret = \"{secret}\" }}\ndangerous = [\"no_audience\", \"no_expiry\"]\n"
            )
        };
        World {
            key_sets: vec![set(&[&one]), set(&[&one, &two]), set(&[&two]), set(&[&again, &two])],
            policies: vec![policy("orders", "0s"), policy("orders", "30s"), policy("billing", "30s")],
            tokens,
        }
    }

    fn policy(&self, at: usize, cache: &str) -> Policy {
        scripted_policy(&self.policies[at].replace("CACHE", cache), Format::Toml).unwrap()
    }
}

/// One of the two guards, with the flight that it waits for.
struct Subject {
    guard: Guard,
    cache: String,
    flight: Option<Flight>,
}

impl Subject {
    fn new(world: &World, clock: &TestClock, entries: usize) -> Subject {
        let cache = format!("cache = {{ entries = {entries} }}");
        Subject { guard: guard_with_clock(world.policy(0, &cache), clock), cache, flight: None }
    }

    /// What can be seen of an event.
    fn apply(&mut self, event: &Event, world: &World, now: UnixTime) -> Result<String, Code> {
        match event {
            Event::Verify(token) => self.decide(&world.tokens[*token], Now::Driver(now)),
            Event::VerifyAt(token, seconds) => {
                let given = UnixTime::from_seconds(START + seconds).unwrap();
                self.decide(&world.tokens[*token], Now::Given(given))
            }
            Event::Explain(token) => {
                let report = self.guard.core().explain(&world.tokens[*token], Now::Driver(now));
                Ok(serde_json::to_string(&report).unwrap())
            }
            Event::Advance(_) => Ok(String::new()),
            Event::ReplaceKeys(set) => self
                .guard
                .core()
                .replace_keys("main", world.key_sets[*set].as_bytes())
                .map(|()| String::new()),
            Event::Deliver(set) => match self.flight.take() {
                Some(flight) => {
                    deliver_keys(&self.guard, flight, world.key_sets[*set].as_bytes()).map(|()| String::new())
                }
                None => Ok(String::new()),
            },
            Event::Fail => match self.flight.take() {
                Some(flight) => fail_keys(&self.guard, flight).map(|()| String::new()),
                None => Ok(String::new()),
            },
            Event::Policy(policy) => {
                self.guard.replace(world.policy(*policy, &self.cache));
                Ok(String::new())
            }
        }
    }

    fn decide(&mut self, token: &[u8], now: Now) -> Result<String, Code> {
        match self.guard.core().decide(token, now) {
            Decision::Verified(identity) => Ok(identity.to_json()),
            Decision::Rejected(rejection) => Err(rejection.code()),
            Decision::Pending(flight) => {
                self.flight = Some(flight);
                Ok("pending".to_owned())
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn a_cache_changes_no_verdict(events in prop::collection::vec(event(), 1..120), entries in 1usize..12) {
        let world = World::new();
        let clock = TestClock::at(UnixTime::from_seconds(START).unwrap());
        let mut cached = Subject::new(&world, &clock, entries);
        let mut plain = Subject::new(&world, &clock, 0);
        for event in &events {
            if let Event::Advance(seconds) = event {
                clock.advance_seconds(*seconds);
            }
            let now = clock.now();
            prop_assert_eq!(cached.apply(event, &world, now), plain.apply(event, &world, now), "{:?}", event);
            prop_assert!(cached.guard.cache_counters().entries <= entries as u64);
        }
        prop_assert_eq!(plain.guard.cache_counters(), Default::default());
    }
}

#[test]
fn the_events_reach_the_cache() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::new(cases(1));
    let (world, mut hits, mut accepted, mut refused) = (World::new(), 0, 0, 0);
    for _ in 0..100 {
        let events = prop::collection::vec(event(), 1..120).new_tree(&mut runner).unwrap().current();
        let clock = TestClock::at(UnixTime::from_seconds(START).unwrap());
        let mut subject = Subject::new(&world, &clock, 8);
        for event in &events {
            if let Event::Advance(seconds) = event {
                clock.advance_seconds(*seconds);
            }
            match subject.apply(event, &world, clock.now()) {
                Ok(seen) if seen.starts_with("{\"subject\"") => accepted += 1,
                Ok(_) => {}
                Err(_) => refused += 1,
            }
        }
        hits += subject.guard.cache_counters().hits;
    }
    assert!(
        hits > 200 && accepted > 400 && refused > 400,
        "{hits} hits, {accepted} accepted, {refused} refused"
    );
}
