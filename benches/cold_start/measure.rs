//! Measures in Rust; README.md of this folder says what is asked and answered.

use std::io::stdin;
use std::thread::sleep;
use std::time::{Duration, Instant};

use counterseal::core::keys::FetchStatus;
use counterseal::{Guard, KeyState};
use serde_json::{Value, json};

const TIME: Duration = Duration::from_secs(1);
const SAMPLES: usize = 1_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut lines = stdin().lines().map(|line| line.unwrap());
    let token = lines.next().unwrap();
    if arguments[0] == "cold" {
        println!("{}", cold(&arguments[1], &token));
        return;
    }
    let guards: Vec<Guard> = arguments[1..].iter().map(|policy| Guard::load(policy, None).unwrap()).collect();
    guards.iter().for_each(|guard| drop(guard.verify(&token).unwrap()));
    for phase in lines {
        if phase == "nothing" {
            println!("{}", json!([busy(Duration::ZERO), busy(Duration::from_micros(17))]));
            continue;
        }
        let measured: Vec<Value> = guards.iter().map(|guard| measure(guard, &token, &phase)).collect();
        println!("{}", json!(measured));
    }
}

fn cold(policy: &str, token: &str) -> Value {
    let began = Instant::now();
    let guard = Guard::load(policy, None).unwrap();
    guard.verify(token).unwrap();
    let first = began.elapsed();
    let mut later: Vec<u64> = (0..50).map(|_| timed(&guard, token)).collect();
    later.sort_unstable();
    json!({"import_ns": 0, "first_ns": first.as_nanos() as u64, "later_ns": later[25]})
}

fn measure(guard: &Guard, token: &str, phase: &str) -> Value {
    let (_, before) = wait(guard, phase);
    let mut samples = Vec::with_capacity(SAMPLES);
    let begun = Instant::now();
    while samples.len() < SAMPLES && begun.elapsed() < TIME {
        samples.push(timed(guard, token));
    }
    let (state, now) = fetch(guard);
    let held = match phase {
        "quiet" => now.counts.attempts == before.counts.attempts,
        "refresh" => now.in_flight && now.counts.attempts == before.counts.attempts,
        _ => state == KeyState::Stale,
    };
    told(samples, held)
}

/// What the machine makes of a second in which nothing is verified: reads the clock until so much time is over.
fn busy(long: Duration) -> Value {
    let mut samples = Vec::with_capacity(SAMPLES);
    let begun = Instant::now();
    while samples.len() < SAMPLES && begun.elapsed() < TIME {
        let began = Instant::now();
        let mut took = began.elapsed();
        while took < long {
            took = began.elapsed();
        }
        samples.push(took.as_nanos() as u64);
    }
    told(samples, true)
}

fn told(mut samples: Vec<u64>, held: bool) -> Value {
    samples.sort_unstable();
    let at = |part: f64| samples[(samples.len() as f64 * part) as usize];
    json!({"count": samples.len(), "ns": [at(0.5), at(0.99), at(0.999)], "held": held})
}

fn wait(guard: &Guard, phase: &str) -> (KeyState, FetchStatus) {
    let (_, begun) = fetch(guard);
    loop {
        let (state, now) = fetch(guard);
        let is_there = match phase {
            "quiet" => now.counts.refreshes > begun.counts.refreshes && !now.in_flight,
            "refresh" => now.in_flight,
            _ => state == KeyState::Stale && now.counts.failures > 0,
        };
        if is_there {
            return (state, now);
        }
        sleep(Duration::from_millis(5));
    }
}

fn fetch(guard: &Guard) -> (KeyState, FetchStatus) {
    let issuer = guard.status().issuers.remove(0);
    (issuer.key_state, issuer.fetch.unwrap())
}

fn timed(guard: &Guard, token: &str) -> u64 {
    let began = Instant::now();
    let verified = guard.verify(token);
    let took = began.elapsed();
    verified.unwrap();
    took.as_nanos() as u64
}
