//! The guard, and what it is held against after each step.

use std::cell::RefCell;
use std::collections::BTreeSet;

use counterseal::core::keys::Order;
use counterseal::core::keys::fetch::{FetchFault, Response};
use counterseal::testing::{Issuer, Network, TestClock, guard_with_network};
use counterseal::{Code, Error, Format, Guard, KeyState, Policy, UnixTime};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use super::model::{Answer, BURST, COOLDOWN, KEYS, Model, STALE, Step, TTL, TTL_MAX, TTL_MIN};

const START: i64 = 1_800_000_000;

/// Keys and tokens, made once: every run signs the same.
struct Cast {
    jwks: [serde_json::Value; KEYS],
    tokens: [String; KEYS],
    /// One that is signed by a known key under a name of its own.
    issuer: Issuer,
}

thread_local! {
    static CAST: Cast = Cast::new();
}

impl Cast {
    fn new() -> Cast {
        let issuers: [Issuer; KEYS] = std::array::from_fn(|at| {
            let issuer = Issuer::new().unwrap().for_audience("orders");
            // Each names its key otherwise.
            (0..at).for_each(|_| drop(issuer.rotate().unwrap()));
            issuer.retire();
            issuer.clock().set(UnixTime::from_millis(START * 1000));
            issuer
        });
        Cast {
            jwks: std::array::from_fn(|at| {
                let set: serde_json::Value = serde_json::from_str(&issuers[at].jwks().unwrap()).unwrap();
                set["keys"][0].clone()
            }),
            tokens: std::array::from_fn(|at| issuers[at].token().expires_in(300_000_000).sign().unwrap()),
            issuer: issuers.into_iter().next().unwrap(),
        }
    }
}

pub struct Guarded {
    clock: TestClock,
    guard: Guard,
    /// The fetch that is under way.
    under_way: Option<Order>,
    /// The same of parents: what comes of it must not matter.
    orphans: Vec<Order>,
    /// When fetches were begun.
    attempts: Vec<i64>,
    /// What the guard was told, which moves with what it did.
    told: RefCell<Model>,
    floods: usize,
}

fn policy() -> Policy {
    let text = format!(
        "version = 1\n[[issuer]]\nissuer = \"{}\"\nprofile = \"access_token\"\naudience = \"orders\"\n\
         algorithms = [\"ES256\"]\nmax_lifetime = \"3650d\"\nkeys = {{ jwks_uri = \"https://keys.example.com/jwks\" }}\n\
         [fetch]\nttl = \"{TTL}s\"\nttl_min = \"{TTL_MIN}s\"\nttl_max = \"{TTL_MAX}s\"\ncooldown = \"{COOLDOWN}s\"\nstale = \"{STALE}s\"\nwait = \"3s\"\n",
        CAST.with(|cast| cast.issuer.issuer().to_owned())
    );
    Policy::from_str(&text, Format::Toml, None, None).unwrap()
}

impl Guarded {
    fn now(&self) -> UnixTime {
        self.clock.now()
    }

    fn begin(&mut self) {
        let (orders, _) = self.guard.core().orders(self.now());
        for order in orders {
            assert!(self.under_way.is_none(), "a second fetch while one is under way");
            self.attempts.push(self.told.borrow().now);
            self.under_way = Some(order);
        }
        self.check_budget();
    }

    /// Three at once and one in each cooldown, and besides those that were due by themselves, which are never
    /// closer to each other than three quarters of the shortest freshness.
    fn check_budget(&self) {
        let Some(&last) = self.attempts.last() else { return };
        for (at, &first) in self.attempts.iter().enumerate() {
            let (count, time) = ((self.attempts.len() - at) as i64, last - first);
            let allowed = BURST + time / COOLDOWN + 1 + time / (TTL_MIN * 3 / 4);
            assert!(count <= allowed, "{count} attempts in {time} s");
        }
    }

    fn end(&mut self, order: Order, is_ours: bool) {
        let mut told = self.told.borrow_mut();
        let keys: Vec<_> = CAST.with(|cast| told.published.iter().map(|&at| cast.jwks[at].clone()).collect());
        let respond = |body: String, max_age: Option<i64>| Response {
            body: body.into_bytes(),
            cache_control: max_age.map(|seconds| format!("max-age={seconds}")),
            ..Response::default()
        };
        let outcome = match told.answer {
            Answer::Keys(max_age) => Ok(respond(serde_json::json!({ "keys": keys }).to_string(), max_age)),
            Answer::Outage => Err(FetchFault::new(Code::JwksFetchFailed, "reset")),
            Answer::Garbage => Ok(respond("<html>".into(), Some(86_400))),
            Answer::Empty => Ok(respond("{\"keys\":[]}".into(), Some(86_400))),
        };
        let next = self.guard.core().fetched(order, self.clock.now(), outcome, None);
        assert!(next.is_none());
        if is_ours {
            told.refresh();
        }
    }

    /// What was left of a parent ends first.
    fn end_all(&mut self) {
        if let Some(orphan) = self.orphans.pop() {
            self.end(orphan, false);
        }
        if let Some(order) = self.under_way.take() {
            self.end(order, true);
        }
    }

    fn token(&self, key: usize) {
        let token = CAST.with(|cast| cast.tokens[key].clone());
        let verdict = self.guard.try_verify(&token);
        let mut told = self.told.borrow_mut();
        let usable: BTreeSet<usize> = told.usable().cloned().unwrap_or_default();
        match verdict {
            Ok(_) => assert!(usable.contains(&key), "verified by a key that is gone, or too old"),
            Err(Error::Unavailable(outage)) => {
                assert_eq!((outage.code(), outage.status()), (Code::KeysUnavailable, 503));
                assert!(!usable.contains(&key), "not decided with a good key at hand");
                let now = told.now;
                told.asked[key].get_or_insert(now);
            }
            Err(Error::TokenRejected(rejection)) => {
                assert_eq!(rejection.code(), Code::KidUnknown, "no other fault is in these tokens");
                assert!(!usable.contains(&key), "refused with a good key at hand");
                let good = told.good.as_ref().expect("no fetch proved it unknown");
                assert!(!good.keys.contains(&key));
                assert!(told.asked[key].is_some_and(|at| at <= good.at), "no good fetch ended after it came");
                assert!(told.now - good.at < COOLDOWN, "unknown for longer than the cooldown");
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    fn flood(&mut self, count: usize) {
        for _ in 0..count {
            self.floods += 1;
            let kid = format!("flood-{}", self.floods);
            let token = CAST.with(|cast| cast.issuer.token().header("kid", kid).sign().unwrap());
            assert!(self.guard.try_verify(&token).is_err());
        }
    }
}

impl StateMachineTest for Guarded {
    type SystemUnderTest = Guarded;
    type Reference = Model;

    fn init_test(model: &Model) -> Guarded {
        let clock = TestClock::at(UnixTime::from_millis(START * 1000));
        let guard = guard_with_network(policy(), &clock, &Network::new());
        Guarded {
            clock,
            guard,
            under_way: None,
            orphans: Vec::new(),
            attempts: Vec::new(),
            told: RefCell::new(model.clone()),
            floods: 0,
        }
    }

    fn apply(mut system: Guarded, _: &Model, step: Step) -> Guarded {
        let told = Model::apply(system.told.borrow().clone(), &step);
        system.told.replace(told);
        match step {
            Step::Advance(seconds) => system.clock.advance_seconds(seconds),
            Step::Publish(_) | Step::Serve(_) => {}
            Step::Begin => system.begin(),
            Step::End => system.end_all(),
            Step::Hammer(times) => (0..times).for_each(|_| {
                system.flood(1);
                system.begin();
                system.end_all();
            }),
            Step::Token(key) => system.token(key),
            Step::Flood(count) => system.flood(count),
            Step::Fork => {
                system.orphans.extend(system.under_way.take());
                system.guard.after_fork();
            }
            Step::Reload => system.guard.replace(policy()),
        }
        system
    }

    /// Not only the token that a step brings: at any time every key has its verdict, and the status tells the truth.
    fn check_invariants(system: &Guarded, _: &Model) {
        let told = system.told.borrow().clone();
        let usable = told.usable().cloned().unwrap_or_default();
        let status = system.guard.status();
        let issuer = &status.issuers[0];
        let fetch = issuer.fetch.as_ref().unwrap();
        let expected = match &told.good {
            None => [KeyState::Awaited, KeyState::CoolingDown].contains(&issuer.key_state),
            Some(good) if told.now < good.fresh_until => issuer.key_state == KeyState::Fresh,
            Some(_) if !usable.is_empty() => issuer.key_state == KeyState::Stale,
            Some(_) => [KeyState::CoolingDown, KeyState::Awaited].contains(&issuer.key_state),
        };
        assert!(expected, "{:?} at {}: {:?}", issuer.key_state, told.now, told.good);
        assert_eq!(fetch.key_age, told.good.as_ref().map(|good| told.now - good.at));
        assert_eq!(fetch.in_flight, system.under_way.is_some());
        assert_eq!(fetch.counts.attempts, system.attempts.len() as u64);
        usable.into_iter().for_each(|key| system.token(key));
    }
}
