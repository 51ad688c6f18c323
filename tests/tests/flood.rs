//! 100,000 tokens that name random keys: no more fetches than the budget, and valid tokens verify as they did before
//! (JKS-07). Alone in its process, as it measures.
#![cfg(target_os = "linux")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use counterseal::testing::Issuer;
use counterseal::{Code, Format, Guard, Policy};
use counterseal_tests::fault_server::{Answer, Authority, Certificate, Server};
use counterseal_tests::say;
use counterseal_tests::signer::base64url;

const FLOOD: u64 = 100_000;
const COOLDOWN: Duration = Duration::from_secs(1);
/// Attempts that may follow each other at once.
const BURST: u64 = 3;
const SLICE: u32 = 20_000;

#[test]
fn a_flood_of_unknown_keys_stays_within_the_budget_and_slows_nobody() {
    let authority = Authority::new();
    let server = Server::tls(&authority, Certificate::Good);
    let issuer = Issuer::new().unwrap().named(server.url("localhost", "/realm")).for_audience("orders");
    server.put("/jwks", Answer::json(issuer.jwks().unwrap()));
    let guard = guard(&authority, &server, &issuer);
    let hit = issuer.token().sign().unwrap();
    let begun = Instant::now();
    guard.verify(&hit).unwrap();
    let misses: Vec<String> = (0..3000).map(|_| issuer.token().sign().unwrap()).collect();
    let (before, during) = misses.split_at(misses.len() / 2);

    // Beside as much other work as the flood is, so that both have the same share of the machine.
    let quiet = beside(|| drop(std::hint::black_box(unknown(&issuer, 0))), || measure(&guard, &hit, before));
    let (flooded, unavailable) = (AtomicU64::new(0), AtomicU64::new(0));
    let flood = || {
        let number = flooded.fetch_add(1, Ordering::Relaxed);
        let code = guard.try_verify(unknown(&issuer, number)).map(drop).map_err(|error| error.code());
        // An outage until a fetch has proved the name unknown: the next is not due before the budget allows it.
        match code.unwrap_err() {
            Code::KeysUnavailable => drop(unavailable.fetch_add(1, Ordering::Relaxed)),
            code => assert_eq!(code, Code::KidUnknown),
        }
    };
    let loud = beside(flood, || measure(&guard, &hit, during));
    assert!(flooded.load(Ordering::Relaxed) > FLOOD / 100, "the flood was there while it was measured");

    // A key that is published in the middle of it is found.
    let fresh = beside(flood, || {
        issuer.rotate().unwrap();
        server.put("/jwks", Answer::json(issuer.jwks().unwrap()));
        let token = issuer.token().sign().unwrap();
        let begun = Instant::now();
        guard.verify(&token).unwrap();
        begun.elapsed()
    });
    while flooded.load(Ordering::Relaxed) < FLOOD || begun.elapsed() < 5 * COOLDOWN {
        flood();
    }

    // The last fetch that was asked for is over.
    thread::sleep(COOLDOWN + COOLDOWN / 2);
    let elapsed = begun.elapsed();
    let asked = server.asked().len() as u64;
    let counts = guard.status().issuers[0].fetch.clone().unwrap().counts;
    say(format!(
        "{} tokens with unknown keys in {elapsed:.1?}: {asked} fetches; a hit takes {:?} of the processor beside them and \
         {:?} beside other work ({:?} and {:?} of the clock), a miss {:?} and {:?}; a new key was there after {fresh:.1?}",
        flooded.load(Ordering::Relaxed),
        loud.hit,
        quiet.hit,
        loud.hit_wall,
        quiet.hit_wall,
        loud.miss,
        quiet.miss,
    ));
    assert!(asked <= BURST + elapsed.as_secs() / COOLDOWN.as_secs() + 1, "{asked} fetches in {elapsed:?}");
    assert_eq!((asked, counts.failures), (counts.attempts, 0), "{counts:?}");
    assert!(asked > BURST + 1, "the budget is used: {asked}");
    assert!(counts.unknown_kids >= FLOOD / 2, "{counts:?}");
    assert!(unavailable.load(Ordering::Relaxed) > 0, "beyond the budget it is an outage");
    assert!(loud.hit <= quiet.hit * 2, "{loud:?}, {quiet:?}");
    assert!(loud.miss <= quiet.miss * 2, "{loud:?}, {quiet:?}");
    assert!(loud.hit_wall <= quiet.hit_wall * 4, "{loud:?}, {quiet:?}");
}

fn guard(authority: &Authority, server: &Server, issuer: &Issuer) -> Guard {
    let ca = std::env::temp_dir().join(format!("counterseal-flood-{}.pem", std::process::id()));
    std::fs::write(&ca, &authority.pem).unwrap();
    let text = format!(
        "version = 1\n[[issuer]]\nissuer = \"{}\"\nprofile = \"access_token\"\naudience = \"orders\"\n\
         algorithms = [\"ES256\"]\nkeys = {{ jwks_uri = \"{}\" }}\n\
         [fetch]\nca_file = \"{}\"\ncooldown = \"{}s\"\nwait = \"10s\"\n",
        issuer.issuer(),
        server.url("localhost", "/jwks"),
        ca.display(),
        COOLDOWN.as_secs()
    );
    let policy = Policy::from_str(&text, Format::Toml, None, None).unwrap();
    std::fs::remove_file(&ca).unwrap();
    Guard::new(policy)
}

/// Right but for its key, which nobody has, and its signature, which is therefore not looked at.
fn unknown(issuer: &Issuer, number: u64) -> String {
    let random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let header = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"{random:016x}"}}"#);
    let payload = format!(
        r#"{{"iss":"{}","aud":"orders","sub":"nobody","client_id":"nobody","jti":"{random}","iat":1,"exp":99999999999}}"#,
        issuer.issuer()
    );
    format!("{}.{}.{}", base64url(header), base64url(payload), base64url([7; 64]))
}

#[derive(Debug)]
struct Measured {
    /// Time of the processor for each.
    hit: Duration,
    miss: Duration,
    hit_wall: Duration,
}

/// The best of some slices each: noise only ever adds.
fn measure(guard: &Guard, hit: &str, misses: &[String]) -> Measured {
    let hits = (0..8).map(|_| {
        timed(|| (0..SLICE).for_each(|_| drop(std::hint::black_box(guard.verify(hit).unwrap()))), SLICE)
    });
    let hits: Vec<_> = hits.collect();
    let misses = misses.chunks(250).map(|chunk| {
        timed(|| chunk.iter().for_each(|token| drop(guard.verify(token).unwrap())), chunk.len() as u32)
    });
    Measured {
        hit: hits.iter().map(|times| times.0).min().unwrap(),
        miss: misses.map(|times| times.0).min().unwrap(),
        hit_wall: hits.iter().map(|times| times.1).min().unwrap(),
    }
}

fn timed(work: impl FnOnce(), count: u32) -> (Duration, Duration) {
    let (processor, wall) = (processor_time(), Instant::now());
    work();
    ((processor_time() - processor) / count, wall.elapsed() / count)
}

fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Does something while another thread does something else, again and again.
fn beside<T>(other: impl Fn() + Sync, work: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                other();
            }
        });
        let done = work();
        is_over.store(true, Ordering::Relaxed);
        done
    })
}
