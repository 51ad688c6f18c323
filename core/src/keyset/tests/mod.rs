//! Every test runs with every provider that is compiled in.

mod jwk;
mod numbers;
mod pem;
mod pick;
mod published;
mod secret;
#[cfg(feature = "aws-lc-rs")]
mod signer;
#[cfg(feature = "aws-lc-rs")]
mod verify;

use super::{KeySet, KeySetOptions, Origin};
use crate::algorithm::{Algorithm, AlgorithmSet};
use crate::crypto::{self, Provider};
use crate::error::{Code, Rejection};
use crate::json::{self, Bounds};

/// Every provider, aws-lc first.
fn providers() -> Vec<&'static dyn Provider> {
    vec![
        #[cfg(feature = "aws-lc-rs")]
        crypto::aws_lc(),
        #[cfg(feature = "ring")]
        crypto::ring(),
    ]
}

/// Options of a static set for these algorithms, with each provider.
fn options(names: &[&str]) -> Vec<KeySetOptions> {
    let algorithms: AlgorithmSet = names.iter().map(|name| algorithm(name)).collect();
    providers()
        .into_iter()
        .map(|provider| KeySetOptions { algorithms, provider, origin: Origin::Static })
        .collect()
}

fn fetched(options: KeySetOptions) -> KeySetOptions {
    KeySetOptions { origin: Origin::Fetched, ..options }
}

fn algorithm(name: &str) -> Algorithm {
    Algorithm::from_name(name).unwrap()
}

/// A member of `samples/jwk.json` as JSON text.
fn sample(name: &str) -> String {
    let samples = json::parse(include_bytes!("samples/jwk.json").to_vec(), Bounds::OPERATOR).unwrap();
    samples.root().get(name).unwrap().to_json()
}

/// The sample with these members in front, such as `"kid":"1"`.
fn sample_with(name: &str, members: &str) -> String {
    sample(name).replacen('{', &format!("{{{members},"), 1)
}

fn set_of(keys: &[String]) -> Vec<u8> {
    format!("{{\"keys\":[{}]}}", keys.join(",")).into_bytes()
}

/// Why the only key of this set is skipped, the same alone; `None` if it is used.
fn verdict(jwk: &str, options: &KeySetOptions) -> Option<Code> {
    let set = KeySet::from_jwks(&set_of(&[jwk.to_owned()]), options).unwrap();
    let reason = set.skipped().first().map(|skipped| skipped.reason);
    let alone = KeySet::from_jwk(jwk.as_bytes(), options).err();
    let unlisted = (set.is_empty() && reason.is_none()).then_some(Code::KeyAlgMismatch);
    assert_eq!(alone, reason.or(unlisted), "a key alone is judged as in a set: {jwk}");
    assert_eq!(set.len(), usize::from(alone.is_none()), "{jwk}");
    reason
}

/// The refusal of a pick or check, by rule and code.
fn refusal<T>(result: Result<T, Rejection>) -> Option<(&'static str, Code)> {
    result.err().map(|rejection| (rejection.rule().id(), rejection.code()))
}
