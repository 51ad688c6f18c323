//! Whole policies, good and bad.

mod data;
mod expanded;
mod expansion;
mod hostile;
mod issuers;
mod keys;
mod mistakes;
mod open_issuers;
mod presets;
mod syntax;

use std::collections::HashMap;

use super::{Format, Policy, PolicyError, PolicyOptions, Resources};
use crate::algorithm::Algorithm;
use crate::crypto::{Material, Provider, SigningKey, VerifyingKey};
use crate::error::Code;

/// Environment and files of a test.
#[derive(Default)]
struct Surroundings {
    variables: HashMap<&'static str, String>,
    files: HashMap<&'static str, Vec<u8>>,
}

impl Resources for Surroundings {
    fn environment(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.files.get(path).cloned().ok_or_else(|| format!("{path}: no such file"))
    }
}

impl Surroundings {
    fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.to_owned());
        self
    }

    fn file(mut self, path: &'static str, bytes: &[u8]) -> Self {
        self.files.insert(path, bytes.to_vec());
        self
    }

    fn parse(&self, text: &str, format: Format, service: Option<&str>) -> Result<Policy, PolicyError> {
        let options =
            PolicyOptions { service, resources: self, provider: &WITHOUT_ES512, scripted_keys: true };
        Policy::parse(text, format, &options)
    }
}

/// Takes every key, and lacks one algorithm.
#[derive(Debug)]
struct WithoutEs512;

static WITHOUT_ES512: WithoutEs512 = WithoutEs512;

struct NoKey;

impl VerifyingKey for NoKey {
    fn verify(&self, _message: &[u8], _signature: &[u8]) -> Result<(), crate::crypto::InvalidSignature> {
        Err(crate::crypto::InvalidSignature)
    }
}

impl Provider for WithoutEs512 {
    fn name(&self) -> &'static str {
        "test"
    }

    fn supports(&self, algorithm: Algorithm) -> bool {
        algorithm != Algorithm::ES512
    }

    fn prepare(&self, _algorithm: Algorithm, _material: &Material) -> Result<Box<dyn VerifyingKey>, Code> {
        Ok(Box::new(NoKey))
    }

    fn generate(&self, _algorithm: Algorithm) -> Result<Box<dyn SigningKey>, Code> {
        Err(Code::ConfigAlgUnsupported)
    }

    fn sha256(&self, _bytes: &[u8]) -> [u8; 32] {
        [0; 32]
    }

    fn sha1(&self, _bytes: &[u8]) -> [u8; 20] {
        [0; 20]
    }
}

/// An issuer without mistakes; more lines can follow.
const SOUND: &str = r#"version = 1
[[issuer]]
name = "main"
issuer = "https://idp.example.com"
profile = "access_token"
audience = "orders"
algorithms = ["RS256"]
keys = { scripted = true }
"#;

fn toml(text: &str) -> Result<Policy, PolicyError> {
    Surroundings::default().parse(text, Format::Toml, None)
}

fn json(text: &str) -> Result<Policy, PolicyError> {
    Surroundings::default().parse(text, Format::Json, None)
}

/// Line, column, path and code of every problem.
fn found(result: Result<Policy, PolicyError>) -> Vec<(u32, u32, String, Code)> {
    let error = match result {
        Ok(_) => return Vec::new(),
        Err(error) => error,
    };
    assert!(!error.problems().is_empty());
    error.problems().iter().map(|one| (one.line, one.column, one.path.clone(), one.code)).collect()
}

/// Path and code of every problem.
fn problems(result: Result<Policy, PolicyError>) -> Vec<(String, Code)> {
    found(result).into_iter().map(|(_, _, path, code)| (path, code)).collect()
}

#[track_caller]
fn assert_problems(result: Result<Policy, PolicyError>, wanted: &[(&str, Code)]) {
    let shown = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let wanted: Vec<(String, Code)> = wanted.iter().map(|(path, code)| ((*path).to_owned(), *code)).collect();
    assert_eq!(problems(result), wanted, "\n{shown}");
}

#[test]
fn a_sound_policy_has_its_defaults() {
    let policy = toml(SOUND).unwrap();
    assert_eq!(policy.issuers().len(), 1);
    let issuer = policy.issuers().next().unwrap();
    assert_eq!((issuer.name(), issuer.issuer()), ("main", "https://idp.example.com"));
    assert_eq!(issuer.audience().collect::<Vec<_>>(), ["orders"]);
    assert_eq!(issuer.types.named, [Box::from("at+jwt")]);
    assert!(!issuer.types.absent && !issuer.types.any);
    assert_eq!(issuer.max_lifetime, 86_400);
    assert_eq!((policy.leeway, policy.fetch_wait_millis), (30, 3000));
    assert_eq!((policy.token_bytes, policy.header_bytes, policy.cache_entries), (16_384, 4096, 4096));
    assert!(policy.notices().is_empty());
}

#[test]
fn every_setting_arrives_where_the_verifier_reads_it() {
    let policy = toml(&format!(
        r#"{SOUND}
issuer_aliases = ["idp.example.com"]
audience_claim = "client_id"
types = ["application/AT+JWT", "jwt", "none"]
max_lifetime = "2h"
required_claims = ["tenant", "/a/b"]
required_scopes = ["orders:read", "orders:write"]
actors = ["web-bff"]
x-note = 1
[issuer.identity]
roles = ["/realm_access/roles", "/roles"]
tenant = "/tenant"
[[issuer.rule]]
claim = "/tenant"
one_of = ["acme", 1, 1.5, true]
[limits]
leeway = "0s"
token_bytes = 65536
header_bytes = 256
[cache]
entries = 0
[fetch]
wait = "250ms"
"#
    ))
    .unwrap();
    let issuer = policy.issuers().next().unwrap();
    assert_eq!(issuer.aliases().collect::<Vec<_>>(), ["idp.example.com"]);
    assert_eq!(issuer.audience_claim.as_ref().map(|claim| &*claim.name), Some("client_id"));
    assert_eq!(issuer.types.named, [Box::from("at+jwt"), Box::from("jwt")]);
    assert!(issuer.types.absent);
    assert_eq!(issuer.max_lifetime, 7200);
    assert_eq!(issuer.required_claims[1].claim.as_str(), "/a/b");
    assert_eq!(&*issuer.required_scope, "orders:read orders:write");
    assert_eq!(issuer.actors, [Box::from("web-bff")]);
    assert_eq!(issuer.identity.roles.len(), 2);
    assert_eq!(issuer.identity.tenant.as_ref().map(crate::json::Pointer::as_str), Some("/tenant"));
    assert_eq!(issuer.rules.len(), 1);
    assert_eq!(issuer.types().collect::<Vec<_>>(), ["at+jwt", "jwt", "none"]);
    assert_eq!(issuer.max_lifetime(), 7200);
    assert_eq!(issuer.required_claims().collect::<Vec<_>>(), ["tenant", "/a/b"]);
    assert_eq!(issuer.required_scopes().collect::<Vec<_>>(), ["orders:read", "orders:write"]);
    assert_eq!(issuer.ruled_claims().collect::<Vec<_>>(), ["/tenant"]);
    assert_eq!((policy.leeway, policy.token_bytes, policy.header_bytes), (0, 65_536, 256));
    assert_eq!((policy.cache_entries, policy.fetch_wait_millis), (0, 250));
}

#[test]
fn defaults_in_the_table_are_those_of_the_limits() {
    let default = |path: &str| super::SETTINGS.iter().find(|one| one.path == path).unwrap().default;
    assert_eq!(default("limits.token_bytes"), crate::limits::TOKEN_BYTES.to_string());
    assert_eq!(default("limits.header_bytes"), crate::limits::HEADER_BYTES.to_string());
    assert_eq!(default("cache.entries"), crate::limits::CACHE_ENTRIES.to_string());
    assert_eq!(default("limits.leeway"), format!("\"{}s\"", crate::limits::LEEWAY));
    assert_eq!(default("issuer[].max_lifetime"), format!("\"{}h\"", crate::limits::LIFETIME / 3600));
}
