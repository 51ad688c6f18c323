//! What holds for every input: parsers against simple references, verdicts against each other.
//!
//! The inputs are made anew on every run by the same seed, so a failure comes again.

mod base64url;
mod cache;
mod changes;
mod dates;
mod json;
mod pointers;
mod types;
mod verdicts;

use counterseal::{Algorithm, Code, Format, Guard, Identity, Policy, UnixTime};
use counterseal_tests::signer::Signer;
use proptest::test_runner::{Config, RngSeed};

const SECRET: &[u8] = b"a secret of thirty-two bytes or more";

/// So many inputs, always the same.
fn cases(cases: u32) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(0x5ea1),
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    }
}

fn signer() -> Signer {
    Signer::with_secret(Algorithm::HS256, "k", SECRET)
}

/// A policy for tokens of [`signer`] with other settings of its one issuer, without any leeway.
fn policy(settings: &str) -> Policy {
    let secret = std::str::from_utf8(SECRET).unwrap();
    let text = format!(
        "version = 1\nlimits = {{ leeway = \"0s\" }}\n[[issuer]]\nissuer = \"https://idp.example.com\"\n\
         algorithms = [\"HS256\"]\nkeys = {{ secret = \"{secret}\" }}\n{settings}"
    );
    Policy::from_str(&text, Format::Toml, None, None).unwrap()
}

fn guard(settings: &str) -> Guard {
    Guard::new(policy(settings))
}

/// The verdict at `seconds`, which judges the claims only.
fn decide(guard: &Guard, token: &str, seconds: i64) -> Result<Identity, Code> {
    guard.verify_at(token, UnixTime::from_millis(seconds * 1000)).map_err(|error| error.code())
}
