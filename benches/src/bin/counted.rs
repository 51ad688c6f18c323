//! The operations whose instructions are counted: `counted [TIMES [NAME…]]`.
//!
//! Everything is the same in each run: keys, tokens, clock and the cache's secret. Each operation is
//! a function of its own whose name callgrind reports; `benches/counts` runs this and compares.

use std::cell::Cell;
use std::hint::black_box;
use std::path::Path;

use counterseal::core::guard::{Decision, Guard};
use counterseal::core::keys::Order;
use counterseal::core::keys::fetch::{FetchFault, Response};
use counterseal::core::policy::{Format, Policy, PolicyOptions, Resources};
use counterseal::core::time::{Now, UnixTime};
use counterseal::{Algorithm, Code, crypto};
use counterseal_benches::raw::{self, Check, Signed};
use counterseal_benches::sample::{KID, Sample, policy_json};
use serde_json::json;

/// When the tokens are issued.
const ISSUED: i64 = 1_800_000_000;
const SECRET: u64 = 0x0123_4567_89ab_cdef;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let times = arguments.next().map_or(100, |times| times.parse().expect("TIMES is a number"));
    let names: Vec<String> = arguments.collect();
    let bench = Bench::new();
    for (name, operation) in OPERATIONS {
        if names.is_empty() || names.iter().any(|asked| asked == name) {
            for _ in 0..times {
                operation(black_box(&bench));
            }
        }
    }
}

type Operation = fn(&Bench);

/// Names, and the functions that callgrind reports by them where they begin with "count".
const OPERATIONS: &[(&str, Operation)] = &[
    ("count_signature", count_signature),
    ("count_uncached", count_uncached),
    ("count_hit", count_hit),
    ("count_hit_fetched", count_hit_fetched),
    ("begin_refresh", begin_refresh),
    ("count_hit_fetching", count_hit_fetching),
    ("end_refresh", end_refresh),
    ("count_hit_stale", count_hit_stale),
    ("count_explain", count_explain),
    ("count_oversized", count_oversized),
    ("count_no_dots", count_no_dots),
    ("count_padding", count_padding),
    ("count_unknown_issuer", count_unknown_issuer),
    ("count_expired", count_expired),
    ("count_policy", count_policy),
];

struct Bench {
    cached: Guard,
    uncached: Guard,
    policy: String,
    token: String,
    signed: Signed,
    signature: Check,
    oversized: String,
    no_dots: String,
    padding: String,
    unknown_issuer: String,
    expired: String,
    fetched: Fetched,
}

/// A guard whose keys were fetched, with the token in its cache. It is one guard in all its states: another has its
/// memory elsewhere, and comparing bytes there takes some instructions more or less.
struct Fetched {
    token: String,
    guard: Guard,
    under_way: Cell<Option<Order>>,
}

impl Bench {
    fn new() -> Bench {
        let sample = Sample::issued_at(Algorithm::HS256, ISSUED);
        let token = sample.token(0);
        let cached = guard(&sample.policy_json(4096));
        let uncached = guard(&sample.policy_json(0));
        // Headers are remembered, and the token is in its cache.
        accept(&cached, &token);
        accept(&uncached, &token);
        Bench {
            cached,
            uncached,
            policy: sample.policy_json(4096),
            signed: Signed::of(&token),
            signature: raw::aws_lc(Algorithm::HS256, &sample.signer.public),
            oversized: "a".repeat(20_000),
            no_dots: token.replace('.', "x"),
            padding: format!("{token}="),
            unknown_issuer: sample.token_with(&[("iss", json!("https://elsewhere.example.com/realms/main"))]),
            expired: sample.token_with(&[("exp", json!(ISSUED - 3600))]),
            fetched: Fetched::new(),
            token,
        }
    }
}

impl Fetched {
    /// Keys are good for ten minutes, and these are almost so old.
    fn new() -> Fetched {
        let sample = Sample::issued_at(Algorithm::Ed25519, ISSUED);
        let token = sample.token(0);
        let keys = json!({"jwks_uri": "https://idp.example.com/jwks"});
        let guard = guard(&policy_json(Algorithm::Ed25519, &keys, 4096));
        let then = after(60 - 590);
        assert!(matches!(guard.decide(token.as_bytes(), Now::Driver(then)), Decision::Pending(_)));
        let jwk = sample.signer.public.jwk(KID, Algorithm::Ed25519).unwrap();
        for order in guard.orders(then).0 {
            let body = json!({"keys": [jwk]}).to_string().into_bytes();
            guard.fetched(order, then, Ok(Response { body, ..Response::default() }), None);
        }
        accept(&guard, &token);
        Fetched { token, guard, under_way: Cell::default() }
    }

    fn assert_is(&self, now: UnixTime, state: &str, in_flight: bool) {
        let issuer = self.guard.issuers(Some(now)).remove(0);
        assert_eq!((issuer.key_state.name(), issuer.fetch.unwrap().in_flight), (state, in_flight));
    }
}

/// Between two counts: a refresh is under way from now on.
fn begin_refresh(bench: &Bench) {
    let Fetched { guard, under_way, .. } = &bench.fetched;
    if let Some(order) = guard.orders(now()).0.pop() {
        under_way.set(Some(order));
    }
    bench.fetched.assert_is(now(), "fresh", true);
}

/// It fails, and a minute later the keys are past their time.
fn end_refresh(bench: &Bench) {
    let Fetched { guard, under_way, .. } = &bench.fetched;
    if let Some(order) = under_way.take() {
        guard.fetched(order, now(), Err(FetchFault::new(Code::JwksFetchFailed, "status 500")), None);
    }
    bench.fetched.assert_is(after(120), "stale", false);
}

fn guard(policy: &str) -> Guard {
    Guard::new(parse(policy), SECRET)
}

fn parse(policy: &str) -> Policy {
    let options = PolicyOptions {
        service: None,
        resources: &Nothing,
        provider: crypto::aws_lc(),
        scripted_keys: false,
    };
    Policy::parse(policy, Format::Json, &options).unwrap()
}

/// The policy names no file and no variable.
struct Nothing;

impl Resources for Nothing {
    fn environment(&self, _name: &str) -> Option<String> {
        None
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("{} is not there", Path::new(path).display()))
    }
}

fn now() -> UnixTime {
    after(60)
}

/// So many seconds after the tokens were issued.
fn after(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(ISSUED + seconds).unwrap()
}

fn decide(guard: &Guard, token: &str) -> Decision {
    guard.decide(token.as_bytes(), Now::Driver(now()))
}

fn accept(guard: &Guard, token: &str) {
    accept_at(now(), guard, token);
}

#[inline]
fn accept_at(now: UnixTime, guard: &Guard, token: &str) {
    assert!(matches!(guard.decide(token.as_bytes(), Now::Driver(now)), Decision::Verified(_)));
}

fn refuse(guard: &Guard, token: &str) {
    assert!(matches!(decide(guard, token), Decision::Rejected(_)));
}

/// The signature alone, to be taken off those that check one.
#[inline(never)]
fn count_signature(bench: &Bench) {
    (bench.signature)(&bench.signed);
}

/// Without a cache.
#[inline(never)]
fn count_uncached(bench: &Bench) {
    accept(&bench.uncached, &bench.token);
}

#[inline(never)]
fn count_hit(bench: &Bench) {
    accept(&bench.cached, &bench.token);
}

/// The same with keys that were fetched.
#[inline(never)]
fn count_hit_fetched(bench: &Bench) {
    accept_at(after(60), &bench.fetched.guard, &bench.fetched.token);
}

/// While they are fetched again, a second later: two functions with the same code would be made one.
#[inline(never)]
fn count_hit_fetching(bench: &Bench) {
    accept_at(after(61), &bench.fetched.guard, &bench.fetched.token);
}

/// While they cannot be fetched, and are past their time.
#[inline(never)]
fn count_hit_stale(bench: &Bench) {
    accept_at(after(120), &bench.fetched.guard, &bench.fetched.token);
}

#[inline(never)]
fn count_explain(bench: &Bench) {
    black_box(bench.cached.explain(bench.token.as_bytes(), Now::Driver(now())));
}

#[inline(never)]
fn count_oversized(bench: &Bench) {
    refuse(&bench.cached, &bench.oversized);
}

#[inline(never)]
fn count_no_dots(bench: &Bench) {
    refuse(&bench.cached, &bench.no_dots);
}

#[inline(never)]
fn count_padding(bench: &Bench) {
    refuse(&bench.cached, &bench.padding);
}

#[inline(never)]
fn count_unknown_issuer(bench: &Bench) {
    refuse(&bench.cached, &bench.unknown_issuer);
}

#[inline(never)]
fn count_expired(bench: &Bench) {
    refuse(&bench.cached, &bench.expired);
}

#[inline(never)]
fn count_policy(bench: &Bench) {
    black_box(parse(&bench.policy));
}
