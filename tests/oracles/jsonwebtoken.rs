//! The verdicts of jsonwebtoken on steps of the corpus: JSON lines in, JSON lines out.
//!
//! Its documented options for the policy: algorithms, issuer, audience, leeway, exp and nbf, and the
//! required claims that it knows (exp, nbf, aud, iss, sub). The key is that of the token's kid. It has no
//! option for the time, for `typ`, or for other required claims.

use std::io::{BufRead, Write, stdin, stdout};
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, get_current_timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

/// Where its version stands.
const LOCK: &str = include_str!("../../Cargo.lock");

#[derive(Deserialize)]
struct Step {
    id: String,
    token: String,
    now: i64,
    jwks: Value,
    algorithms: Vec<String>,
    issuer: String,
    audience: Vec<String>,
    leeway: u64,
    required: Vec<String>,
}

/// Seconds since 1970, as this program sees them.
static NOW: AtomicI64 = AtomicI64::new(0);

/// The clock of this program in place of the C library's: jsonwebtoken reads the time of the machine.
///
/// # Safety
///
/// As of the C library's: `time` is valid for writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(_clock: i32, time: *mut [i64; 2]) -> i32 {
    // SAFETY: the caller hands in a struct timespec, which is two 64-bit numbers on 64-bit systems.
    unsafe { time.write([NOW.load(Ordering::Relaxed), 0]) };
    0
}

fn main() {
    NOW.store(1, Ordering::Relaxed);
    assert_eq!(get_current_timestamp(), 1, "the clock of this system cannot be replaced");
    let mut out = stdout().lock();
    let mut say = |line: Value| writeln!(out, "{line}").unwrap();
    let version = LOCK.split("name = \"jsonwebtoken\"\nversion = \"").nth(1).unwrap().split('"').next();
    say(json!({ "version": version }));
    for line in stdin().lock().lines() {
        let step: Step = serde_json::from_str(&line.unwrap()).unwrap();
        // A panic is no verdict either, and said as such.
        let verdict = std::panic::catch_unwind(|| judge(&step)).unwrap_or(Err("panic".into()));
        say(match verdict {
            Ok(()) => json!({ "id": step.id, "accepts": true }),
            Err(why) => json!({ "id": step.id, "accepts": false, "why": why }),
        });
    }
}

fn judge(step: &Step) -> Result<(), String> {
    NOW.store(step.now, Ordering::Relaxed);
    let token = STANDARD.decode(&step.token).unwrap();
    let text = |error: jsonwebtoken::errors::Error| format!("{:?}", error.kind());
    // It knows Ed25519 by its old name alone.
    let jwks = step.jwks.to_string().replace("\"alg\":\"Ed25519\"", "\"alg\":\"EdDSA\"");
    let keys: JwkSet = serde_json::from_str(&jwks).map_err(|error| error.to_string())?;
    let header = decode_header(&token).map_err(text)?;
    let jwk = match &header.kid {
        Some(kid) => keys.find(kid),
        None => Some(&keys.keys[0]).filter(|_| keys.keys.len() == 1),
    };
    let jwk = jwk.ok_or("no key")?;
    let key = DecodingKey::from_jwk(jwk).map_err(text)?;
    let listed = step.algorithms.iter().filter_map(|name| name.replace("Ed25519", "EdDSA").parse().ok());
    // All algorithms of a validation have to be of the key's family; a key's own alg leaves that one.
    let own = jwk.common.key_algorithm.map(|own| own.to_string());
    let fits = |one: &Algorithm| {
        one.family() == key.family() && own.as_ref().is_none_or(|own| *own == format!("{one:?}"))
    };
    let algorithms: Vec<Algorithm> = listed.filter(fits).collect();
    let mut validation = Validation::new(*algorithms.first().ok_or("no algorithm of this key is listed")?);
    validation.algorithms = algorithms;
    validation.leeway = step.leeway;
    validation.validate_nbf = true;
    validation.set_issuer(&[&step.issuer]);
    validation.set_audience(&step.audience);
    validation.set_required_spec_claims(&step.required);
    decode::<Value>(&token, &key, &validation).map(drop).map_err(text)
}
