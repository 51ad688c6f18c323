//! The operations whose instructions are counted: `counted [TIMES [NAME…]]`.
//!
//! Everything is the same in each run: keys, tokens, clock and the cache's secret. Each operation is
//! a function of its own whose name callgrind reports; `benches/counts` runs this and compares.

use std::hint::black_box;
use std::path::Path;

use counterseal::core::guard::{Decision, Guard};
use counterseal::core::policy::{Format, Policy, PolicyOptions, Resources};
use counterseal::core::time::{Now, UnixTime};
use counterseal::{Algorithm, crypto};
use counterseal_benches::raw::{self, Check, Signed};
use counterseal_benches::sample::Sample;
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

/// Names, and the functions that callgrind reports by them.
const OPERATIONS: &[(&str, Operation)] = &[
    ("count_signature", count_signature),
    ("count_uncached", count_uncached),
    ("count_hit", count_hit),
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
            token,
        }
    }
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

fn decide(guard: &Guard, token: &str) -> Decision {
    let now = UnixTime::from_seconds(ISSUED + 60).unwrap();
    guard.decide(token.as_bytes(), Now::Driver(now))
}

fn accept(guard: &Guard, token: &str) {
    assert!(matches!(decide(guard, token), Decision::Verified(_)));
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

#[inline(never)]
fn count_explain(bench: &Bench) {
    let now = UnixTime::from_seconds(ISSUED + 60).unwrap();
    black_box(bench.cached.explain(bench.token.as_bytes(), Now::Driver(now)));
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
