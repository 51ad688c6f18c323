//! Whole verifications: policy text in, tokens in, verdicts out.

#![cfg(feature = "aws-lc-rs")]

mod deny;
mod enforce;
mod groups;
mod keep;
mod presets;
mod settings;

use std::sync::OnceLock;

use crate::algorithm::Algorithm;
use crate::crypto::{self, SigningKey};
use crate::encoding::base64url::encode;
use crate::error::{Code, Rejection};
use crate::guard::{Decision, Guard};
use crate::identity::Identity;
use crate::jwk::public_jwk;
use crate::policy::{Format, Policy, PolicyError, PolicyOptions, Resources};
use crate::time::{Now, UnixTime};

const NOW: i64 = 1_800_000_000;

/// No variables and no files but one.
struct File(&'static str, String);

impl Resources for File {
    fn environment(&self, _name: &str) -> Option<String> {
        None
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if path == self.0 { Ok(self.1.clone().into_bytes()) } else { Err("no such file".to_owned()) }
    }
}

/// One RSA key for all tests: making one takes a while.
fn signer() -> &'static dyn SigningKey {
    static SIGNER: OnceLock<Box<dyn SigningKey>> = OnceLock::new();
    &**SIGNER.get_or_init(|| crypto::aws_lc().generate(Algorithm::RS256).unwrap())
}

/// The public half under this name.
fn jwks(kid: &str) -> String {
    let jwk = public_jwk(signer().public(), Algorithm::RS256, Some(kid)).unwrap();
    format!(r#"{{"keys":[{jwk}]}}"#)
}

/// A policy in which KEYS stands for the one key, named k1.
fn policy(text: &str) -> Result<Policy, PolicyError> {
    policy_with(text, &File("none", String::new()))
}

fn policy_with(text: &str, resources: &dyn Resources) -> Result<Policy, PolicyError> {
    let text = text.replace("KEYS", &format!("{{ jwks = '''{}''' }}", jwks("k1")));
    let provider = crypto::default_provider().unwrap();
    let options = PolicyOptions { service: None, resources, provider, scripted_keys: true };
    Policy::parse(&text, Format::Toml, &options)
}

#[track_caller]
fn guard(text: &str) -> Guard {
    match policy(text) {
        Ok(policy) => Guard::new(policy, 7),
        Err(error) => panic!("{error}"),
    }
}

/// A token with these header members besides alg, signed with the one key. In the claims, NOW, SOON and
/// LATER are seconds.
fn token(header: &str, claims: &str) -> String {
    let separator = if header.is_empty() { "" } else { "," };
    let header = format!(r#"{{"alg":"RS256"{separator}{header}}}"#);
    let claims = claims
        .replace("LATER", &(NOW + 20 * 3600).to_string())
        .replace("SOON", &(NOW + 3600).to_string())
        .replace("NOW", &NOW.to_string());
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
    format!("{signed}.{}", encode(&signer().sign(signed.as_bytes()).unwrap()))
}

fn now() -> Now {
    Now::Driver(UnixTime::from_seconds(NOW).unwrap())
}

/// The identity, or the rejection.
#[track_caller]
fn decide(guard: &Guard, token: &str) -> Result<Identity, Rejection> {
    match guard.decide(token.as_bytes(), now()) {
        Decision::Verified(identity) => Ok(identity),
        Decision::Rejected(rejection) => Err(rejection),
        Decision::Pending(flight) => panic!("{flight:?}"),
    }
}

#[track_caller]
fn verified(guard: &Guard, token: &str) -> Identity {
    decide(guard, token).unwrap_or_else(|rejection| panic!("{rejection}"))
}

/// Why the token was refused.
#[track_caller]
fn refused(guard: &Guard, token: &str) -> Code {
    match decide(guard, token) {
        Ok(_) => panic!("the token passed"),
        Err(rejection) => rejection.code(),
    }
}
