//! The policy, the keys and the time that the targets decide by: the same on every run.

use std::collections::HashMap;

use counterseal::core::guard::Guard;
use counterseal::core::keyset::{KeySetOptions, Origin};
use counterseal::core::policy::{self, Format, PolicyOptions, Resources};
use counterseal::core::time::Now;
use counterseal::crypto::{aws_lc, ring};
use counterseal::{Algorithm, AlgorithmSet, KeySet, UnixTime};
use serde_json::json;

use crate::signer::Signer;

/// When all of it happens: 2027-01-15.
pub const NOW: i64 = 1_800_000_000;
/// Seconds that clocks may differ by in the policy.
pub(super) const LEEWAY: i64 = 30;
/// What no text may ever hold.
pub(super) const CANARY: &str = "canary-Zq7x-must-never-be-shown-anywhere-0123456789-abcdefghijklmn";

/// The entries of the policy, by the header of their tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A generic token under a shared secret.
    Legacy,
    /// An RFC 9068 access token.
    Access,
    /// An ID token of the same issuer.
    Id,
    /// A token without issuer, audience, expiry or type.
    Anonymous,
}

impl Entry {
    pub(super) const ALL: [Entry; 4] = [Entry::Legacy, Entry::Access, Entry::Id, Entry::Anonymous];

    pub(super) fn header(self) -> String {
        let header =
            |alg: &str, typ: &str, kid: &str| format!(r#"{{"alg":"{alg}","typ":"{typ}","kid":"{kid}"}}"#);
        match self {
            Entry::Legacy => r#"{"alg":"HS256"}"#.to_owned(),
            Entry::Access => header("Ed25519", "at+jwt", "edwards"),
            Entry::Id => header("Ed25519", "JWT", "edwards"),
            Entry::Anonymous => header("HS512", "whatever", "none"),
        }
    }
}

/// Everything that stays the same.
pub(super) struct World {
    pub(super) guard: Guard,
    pub(super) legacy: Signer,
    pub(super) anonymous: Signer,
    pub(super) edwards: Signer,
    pub(super) p256: Signer,
    /// The keys of each signer, by each provider.
    pub(super) key_sets: Vec<(AlgorithmSet, [KeySet; 2])>,
}

pub(super) fn now() -> UnixTime {
    UnixTime::from_millis(NOW * 1000)
}

/// The world of this thread, made on first use: what one thread sees of its cache is its own doing.
pub(super) fn world() -> &'static World {
    thread_local! {
        static WORLD: &'static World = Box::leak(Box::new(World::new()));
    }
    WORLD.with(|world| *world)
}

/// Names that the policy spells out, which messages and reports may show.
pub(super) const NAMES: [&str; 12] = [
    "legacy",
    "main",
    "identity",
    "anonymous",
    "tenant",
    "/tenant",
    "/deep/er",
    "/groups",
    "at+jwt",
    "jwt",
    "absent",
    "aud",
];

const POLICY: &str = r#"
version = 1
limits = { leeway = "30s" }
cache = { entries = 64 }

[[issuer]]
name = "legacy"
issuer = "https://legacy.example.com"
issuer_aliases = ["legacy.example.com"]
profile = "generic"
audience = ["orders", "https://orders.example.com"]
algorithms = ["HS256"]
keys = { secret = "${CANARY}" }
required_claims = ["tenant"]
[issuer.identity]
roles = ["/realm_access/roles", "/roles"]
tenant = "/tenant"
[[issuer.rule]]
claim = "/tenant"
one_of = ["acme", "globex", 7, 1.5, true]

[[issuer]]
name = "main"
issuer = "https://idp.example.com"
profile = "access_token"
audience = "api"
algorithms = ["RS256", "ES256", "Ed25519"]
keys = { jwks_file = "keys.json" }
max_lifetime = "2h"
required_scopes = ["orders:read"]
actors = ["gateway"]
[[issuer.rule]]
claim = "/groups"
contains = "staff"

[[issuer]]
name = "identity"
issuer = "https://idp.example.com"
profile = "id_token_api"
audience = "client"
authorized_parties = ["client", "other"]
algorithms = ["RS256", "ES256", "Ed25519"]
keys = { jwks_file = "keys.json" }
types = ["JWT"]
[[issuer.rule]]
claim = "/deep/er"
absent = true

[[issuer]]
name = "anonymous"
profile = "generic"
algorithms = ["HS512"]
keys = { secret = "${CANARY}" }
dangerous = ["no_issuer", "no_audience", "no_expiry", "any_type"]
"#;

impl World {
    fn new() -> World {
        let edwards = Signer::with_ed25519_seed("edwards", b"a seed for tests of Counterseal ");
        let p256 = Signer::with_p256_key(
            "p256",
            "4Kts7f6sqlTKYzHKwQzBJuF23Ir5g1uSFo3R1YyaxrQ",
            "tAvUY-sMGvjr-ZsUc9rhhcrrwhdgOyNwaZpd9afrkeQ",
            "2CVNEanJ033w44xU3Vj1ftj1-q6MEaLT7G4V8OPY2Dw",
        );
        let keys = json!({ "keys": [edwards.jwk(), p256.jwk(), rsa_jwk()] }).to_string();
        let surroundings =
            Surroundings::default().variable("CANARY", CANARY).file("keys.json", keys.as_bytes());
        let policy = surroundings.parse(POLICY, Format::Toml, None).unwrap();
        let legacy = Signer::with_secret(Algorithm::HS256, "legacy", CANARY.as_bytes());
        let anonymous = Signer::with_secret(Algorithm::HS512, "none", CANARY.as_bytes());
        let key_sets = [&legacy, &anonymous, &edwards, &p256].map(keys_by_each_provider).into();
        World { guard: Guard::new(policy, 0x5ea1), legacy, anonymous, edwards, p256, key_sets }
    }

    /// A token of this entry with the entry's header.
    pub(super) fn token(&self, entry: Entry, claims: &[u8]) -> String {
        let signer = match entry {
            Entry::Legacy => &self.legacy,
            Entry::Anonymous => &self.anonymous,
            Entry::Access | Entry::Id => &self.edwards,
        };
        signer.token_with(entry.header(), claims)
    }
}

fn keys_by_each_provider(signer: &Signer) -> (AlgorithmSet, [KeySet; 2]) {
    let algorithms = AlgorithmSet::new().with(signer.algorithm);
    let keys = [aws_lc(), ring()].map(|provider| {
        let options = KeySetOptions { algorithms, provider, origin: Origin::Static };
        // Without a name, so that only the signature counts.
        let mut jwk = signer.jwk();
        jwk.as_object_mut().unwrap().remove("kid");
        KeySet::from_jwk(jwk.to_string().as_bytes(), &options).unwrap()
    });
    (algorithms, keys)
}

/// A public key that nobody has the private half of.
pub(super) fn rsa_jwk() -> serde_json::Value {
    json!({
        "kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "e": "AQAB",
        "n": "rANiJU_j0nZ_zEH0fpO7lnoFx7Jq1KcAae729_exYCfltMkhPIxHfWK7WYdDS8UgctyLl7ohHRKFFThDiPlolzyZbfyTXKYv2COel3Upt6aK-LSN61z7-j5HCUDHwtT75YeF_H3keBQSEBpSsFMLU1Z23Dil1np9u2dv9wHzAYqTGMb22JYgdZrnf9reXOhWfWNyEBncgdvnYGAiX6euJNEoaDsWnBTFRCSi3dondDbM-OLwm86sUoUNsPlatlLfuCplk3aVbIDGyw0NBfmZGcfsUVZ94qbX98Xna5Pw4v4WpYPXh101DOgSDWE6WyGa-3SnKo6mWGp6lDSwDuEerQ",
    })
}

/// Both ways of telling the time.
pub(super) fn both_clocks() -> [Now; 2] {
    [Now::Given(now()), Now::Driver(now())]
}

/// Environment and files, all made up.
#[derive(Default)]
pub(super) struct Surroundings {
    variables: HashMap<String, String>,
    files: HashMap<String, Vec<u8>>,
}

impl Surroundings {
    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn file(mut self, path: &str, bytes: &[u8]) -> Self {
        self.files.insert(path.to_owned(), bytes.to_vec());
        self
    }

    pub(super) fn parse(
        &self,
        text: &str,
        format: Format,
        service: Option<&str>,
    ) -> Result<policy::Policy, policy::PolicyError> {
        let options = PolicyOptions { service, resources: self, provider: aws_lc(), scripted_keys: true };
        policy::Policy::parse(text, format, &options)
    }
}

impl Resources for Surroundings {
    fn environment(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.files.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}
