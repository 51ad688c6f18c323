//! Published test vectors: those of Wycheproof (JSON Web Signature, Key and Crypto) and those made from
//! the examples of RFC 7515, 7519, 7520, 7797 and 8037. The vectors are not part of this repository;
//! where they are not there, one line says so.
//!
//! Our rules decide, not the vector: each verdict that differs from its vector's is listed below with
//! the rule that explains it.

use std::collections::BTreeMap;
use std::fmt;

use counterseal::core::algorithm::Family;
use counterseal::core::guard::{Decision, Guard};
use counterseal::core::keyset::{KeySetOptions, Origin};
use counterseal::core::policy::{self, PolicyOptions, Resources};
use counterseal::core::time::Now;
use counterseal::crypto::{Provider, aws_lc, ring};
use counterseal::{Algorithm, AlgorithmSet, Code, Format, KeySet, Rule, UnixTime, jws};
use counterseal_tests::signer::Signer;
use counterseal_tests::{say, shared};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Vector {
    id: String,
    kind: String,
    token: String,
    jwks: Value,
    policy: Terms,
    expect: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Terms {
    algorithms: Vec<String>,
    issuer: Option<String>,
    leeway: i64,
    now: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Accepted,
    /// The keys could not be loaded: no token is looked at.
    NotLoaded(Code),
    Refused(Code),
}

fn read(file: &str) -> Vec<Vector> {
    let Some(path) = shared::file(&format!("vectors/{file}.jsonl")) else { return Vec::new() };
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Verdicts that are not the vector's: its id, the rule that explains it, and why.
const DEVIATIONS: [(&str, Rule, &str); 15] = [
    ("wyc-jws-259", Rule::B6404, EMPTY),
    ("wyc-jws-264", Rule::B6404, EMPTY),
    ("wyc-jws-268", Rule::B6404, EMPTY),
    ("wyc-jws-272", Rule::B6404, EMPTY),
    ("wyc-jws-320", Rule::B6404, EMPTY),
    ("wyc-jws-325", Rule::B6404, EMPTY),
    ("wyc-jwk-1", Rule::Jws07, MIXED),
    ("wyc-jwcrypto-47", Rule::Jws07, MIXED),
    (
        "wyc-jwk-4",
        Rule::Jwk02,
        "accepted: the other key of that kid is no canonical base64url, so it is no key",
    ),
    ("wyc-jwk-7", Rule::Jwk09, ROCA),
    ("wyc-jwcrypto-46", Rule::Jwk09, ROCA),
    ("rfc7520-4.1-nokid-key", Rule::Jwk08, NO_KID),
    ("rfc7520-4.2-nokid-key", Rule::Jwk08, NO_KID),
    ("rfc7520-4.3-nokid-key", Rule::Jwk08, NO_KID),
    ("rfc7520-4.4-nokid-key", Rule::Jwk08, NO_KID),
];
const EMPTY: &str = "refused: an empty payload segment is detached content, which has no door yet";
const MIXED: &str = "accepted: a listed algorithm is of one family, so the key of the other one is inert";
const ROCA: &str = "accepted: a modulus is judged by size and parity, not by the ROCA fingerprint";
const NO_KID: &str = "accepted: a key without kid is a candidate for any kid";

/// The codes that a vector's reason for a refusal may have here, with why where it is not plain.
const REASONS: [(&str, &[Code], &str); 14] = [
    ("malformed", &[Code::TokenMalformed, Code::JsonInvalid], ""),
    ("malformed", &[Code::Base64Alphabet, Code::Base64Noncanonical], ""),
    ("bad_signature", &[Code::SignatureInvalid, Code::SignatureMalformed], ""),
    ("bad_signature", &[Code::TokenMalformed], "an empty payload comes before its signature"),
    ("bad_signature", &[Code::HeaderEmbeddedKey], "a key in the header comes before the signature"),
    ("alg_not_allowed", &[Code::AlgNotAllowed], ""),
    ("alg_not_allowed", &[Code::ConfigValue], "no key of the policy is of a listed algorithm"),
    ("crit", &[Code::CritUnknown], ""),
    ("crit", &[Code::TokenMalformed], "an empty or unencoded payload comes before the header"),
    ("expired", &[Code::TokenExpired], ""),
    ("issuer", &[Code::IssUntrusted], ""),
    ("key", &[Code::KidUnknown, Code::KeyAlgMismatch], ""),
    ("key", &[Code::AlgNotAllowed], "the list is narrowed to what the key can do"),
    ("key", &KEY_LOADING, "a key that breaks a rule is not loaded"),
];
const KEY_LOADING: [Code; 9] = [
    Code::JwkSkipped,
    Code::KeyUse,
    Code::KeyOps,
    Code::KeyAlgMismatch,
    Code::RsaKeyWeak,
    Code::RsaExponent,
    Code::EcPointInvalid,
    Code::OkpInvalid,
    Code::HmacKeyShort,
];

#[test]
fn wycheproof() {
    run("wycheproof", 476);
}

#[test]
fn examples_of_the_rfcs() {
    run("rfc", 70);
}

fn run(file: &str, count: usize) {
    let vectors = read(file);
    if vectors.is_empty() {
        return;
    }
    assert_eq!(vectors.len(), count, "{file}: another number of vectors than was judged before");
    for provider in [aws_lc(), ring()] {
        let mut tally = Tally::default();
        for vector in &vectors {
            tally.add(vector, judge(vector, provider), provider);
        }
        tally.print(file, provider.name());
        tally.check(file, &vectors, provider);
    }
}

#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    not_loaded: usize,
    unsupported: usize,
    deviations: Vec<(String, Outcome)>,
    unexplained: Vec<String>,
    other_codes: BTreeMap<(String, String), usize>,
}

impl Tally {
    fn add(&mut self, vector: &Vector, outcome: Outcome, provider: &'static dyn Provider) {
        let is_accepted = outcome == Outcome::Accepted;
        match outcome {
            Outcome::NotLoaded(Code::ConfigAlgUnsupported) => {
                // What the provider lacks is told when keys are loaded; nothing else may be told so.
                assert!(needs_what_is_missing(vector, provider), "{}: {outcome}", vector.id);
                self.unsupported += 1;
                return;
            }
            Outcome::Accepted => self.accepted += 1,
            Outcome::NotLoaded(_) => self.not_loaded += 1,
            Outcome::Refused(_) => self.refused += 1,
        }
        assert!(!needs_what_is_missing(vector, provider), "{}: {outcome}", vector.id);
        if is_accepted != (vector.expect == "accept") {
            self.deviations.push((vector.id.clone(), outcome));
        } else if let Outcome::NotLoaded(code) | Outcome::Refused(code) = outcome {
            self.compare_reason(vector, code, outcome);
        }
    }

    fn compare_reason(&mut self, vector: &Vector, code: Code, outcome: Outcome) {
        let reason = vector.reason.as_deref().unwrap();
        let row = REASONS.iter().find(|(name, codes, _)| *name == reason && codes.contains(&code));
        match row {
            None => self.unexplained.push(format!("{}: {reason}, but {outcome}", vector.id)),
            Some((.., "")) => {}
            Some((.., why)) => {
                *self.other_codes.entry((format!("{reason}, here {code}"), (*why).into())).or_default() += 1
            }
        }
    }

    fn check(&self, file: &str, vectors: &[Vector], provider: &'static dyn Provider) {
        assert!(self.unexplained.is_empty(), "{file}: refused for another reason: {:#?}", self.unexplained);
        for (id, outcome) in &self.deviations {
            let listed = DEVIATIONS.iter().any(|(listed, ..)| listed == id);
            assert!(listed, "{file}: {id} is {outcome}, unlike its vector, and not listed as such");
        }
        for vector in vectors.iter().filter(|vector| !needs_what_is_missing(vector, provider)) {
            let listed = DEVIATIONS.iter().any(|(listed, ..)| *listed == vector.id);
            let deviates = self.deviations.iter().any(|(id, _)| *id == vector.id);
            assert!(deviates || !listed, "{}: listed as a deviation, and none any more", vector.id);
        }
    }

    fn print(&self, file: &str, provider: &str) {
        let total = self.accepted + self.refused + self.not_loaded + self.unsupported;
        say(format!(
            "{file} by {provider}: {total} vectors, {} accepted, {} refused ({} of them with their keys), \
             {} not supported by the provider, {} deviations",
            self.accepted,
            self.refused + self.not_loaded,
            self.not_loaded,
            self.unsupported,
            self.deviations.len(),
        ));
        for (id, outcome) in &self.deviations {
            let (_, rule, why) = DEVIATIONS.iter().find(|(listed, ..)| listed == id).unwrap_or(&UNLISTED);
            println!("  {id:24} {rule:7} {why} [{outcome}]");
        }
        for ((what, why), count) in &self.other_codes {
            println!("  {what}: {count} times, because {why}");
        }
    }
}

const UNLISTED: (&str, Rule, &str) = ("", Rule::Drv01, "NOT LISTED");

/// Are all the keys that the list leaves of an algorithm that the provider lacks?
fn needs_what_is_missing(vector: &Vector, provider: &'static dyn Provider) -> bool {
    let keys = vector.jwks["keys"].as_array().unwrap();
    let listed = listed(vector);
    let curve = |crv: &str| if crv == "P-521" { Algorithm::ES512 } else { Algorithm::ES256K };
    let lacks = |key: &Value| {
        let crv = key["crv"].as_str().filter(|crv| ["P-521", "secp256k1"].contains(crv));
        // A key that names some other algorithm is refused for that, by every provider.
        let named = key["alg"].as_str();
        crv.map(curve).is_some_and(|needed| {
            listed.contains(needed)
                && !provider.supports(needed)
                && named.is_none_or(|alg| alg == needed.name())
        })
    };
    keys.len() == 1 && keys.iter().all(lacks)
}

fn judge(vector: &Vector, provider: &'static dyn Provider) -> Outcome {
    if vector.kind == "jwt" && vector.jwks["keys"] != json!([]) {
        return judge_by_policy(vector, provider);
    }
    let outcomes: Vec<Outcome> = narrowed(vector)
        .into_iter()
        .map(|algorithms| judge_signature(vector, algorithms, provider))
        .collect();
    *outcomes.iter().find(|outcome| **outcome == Outcome::Accepted).unwrap_or(&outcomes[0])
}

/// The vector's list, one family of keys at a time: no list may mix MACs and signatures (JWS-06), and
/// the vectors' own lists do. Without a key any family will do.
fn narrowed(vector: &Vector) -> Vec<AlgorithmSet> {
    let listed = listed(vector);
    let has_key = |family: Family| {
        let kty = match family {
            Family::Mac => "oct",
            Family::Rsa => "RSA",
            Family::Ec => "EC",
            Family::Okp => "OKP",
        };
        vector.jwks["keys"].as_array().unwrap().iter().any(|key| key["kty"] == kty)
    };
    let families =
        [Family::Mac, Family::Rsa, Family::Ec, Family::Okp].into_iter().filter(|one| has_key(*one));
    let sets: Vec<AlgorithmSet> =
        families.map(|family| listed.iter().filter(|one| one.family() == family).collect()).collect();
    if sets.is_empty() { vec![listed] } else { sets }
}

fn listed(vector: &Vector) -> AlgorithmSet {
    vector.policy.algorithms.iter().map(|name| Algorithm::from_name(name).unwrap()).collect()
}

fn judge_signature(vector: &Vector, algorithms: AlgorithmSet, provider: &'static dyn Provider) -> Outcome {
    let options = KeySetOptions { algorithms, provider, origin: Origin::Static };
    let keys = match KeySet::from_jwks(vector.jwks.to_string().as_bytes(), &options) {
        Ok(keys) => keys,
        Err(code) => return Outcome::NotLoaded(code),
    };
    let verified = jws::verify(vector.token.as_bytes(), &keys, algorithms);
    match (verified, keys.skipped()) {
        (Ok(_), _) => Outcome::Accepted,
        (Err(_), [skipped, ..]) if keys.is_empty() => Outcome::NotLoaded(skipped.reason),
        (Err(rejection), _) => Outcome::Refused(rejection.code()),
    }
}

fn judge_by_policy(vector: &Vector, provider: &'static dyn Provider) -> Outcome {
    let document = json!({
        "version": 1,
        "limits": { "leeway": format!("{}s", vector.policy.leeway) },
        "issuer": [{
            "issuer": vector.policy.issuer.as_deref().unwrap_or("joe"),
            "profile": "generic",
            "algorithms": vector.policy.algorithms,
            "dangerous": ["no_audience"],
            "keys": { "jwks": vector.jwks },
        }],
    });
    let options = PolicyOptions { service: None, resources: &Nothing, provider, scripted_keys: false };
    let policy = match policy::Policy::parse(&document.to_string(), Format::Json, &options) {
        Ok(policy) => policy,
        Err(error) => return Outcome::NotLoaded(error.problems()[0].code),
    };
    let now = Now::Given(UnixTime::from_seconds(vector.policy.now).unwrap());
    match Guard::new(policy, 0).decide(vector.token.as_bytes(), now) {
        Decision::Verified(_) => Outcome::Accepted,
        Decision::Rejected(rejection) => Outcome::Refused(rejection.code()),
        Decision::Pending(_) => panic!("static keys are never waited for"),
    }
}

#[test]
fn every_algorithm_by_every_provider() {
    for provider in [aws_lc(), ring()] {
        for algorithm in Algorithm::ALL {
            let signer = Signer::new(algorithm, "k");
            let token = signer.token("payload");
            let algorithms = AlgorithmSet::new().with(algorithm);
            let options = KeySetOptions { algorithms, provider, origin: Origin::Static };
            let alone = KeySet::from_jwk(signer.jwk().to_string().as_bytes(), &options);
            let in_set = KeySet::from_jwks(signer.jwks().as_bytes(), &options).unwrap();
            let is_missing =
                provider.name() == "ring" && [Algorithm::ES512, Algorithm::ES256K].contains(&algorithm);
            assert_eq!(provider.supports(algorithm), !is_missing, "{algorithm}");
            if is_missing {
                // Told when the key is loaded, alone or in a set, and when the policy is.
                assert_eq!(alone.err(), Some(Code::ConfigAlgUnsupported), "{algorithm}");
                assert_eq!(in_set.skipped()[0].reason, Code::ConfigAlgUnsupported, "{algorithm}");
                assert!(in_set.is_empty());
                assert_eq!(load(algorithm, &signer, provider).err(), Some(Code::ConfigAlgUnsupported));
                continue;
            }
            assert!(load(algorithm, &signer, provider).is_ok(), "{algorithm}");
            for keys in [alone.unwrap(), in_set] {
                let verified = jws::verify(token.as_bytes(), &keys, algorithms).unwrap();
                assert_eq!((verified.payload(), verified.algorithm()), (&b"payload"[..], algorithm));
                assert_eq!(verified.kid(), Some("k"));
            }
        }
    }
}

fn load(algorithm: Algorithm, signer: &Signer, provider: &'static dyn Provider) -> Result<(), Code> {
    let jwks: Value = serde_json::from_str(&signer.jwks()).unwrap();
    let document = json!({
        "version": 1,
        "issuer": [{
            "issuer": "joe", "profile": "generic", "audience": "a",
            "algorithms": [algorithm.name()], "keys": { "jwks": jwks },
        }],
    });
    let options = PolicyOptions { service: None, resources: &Nothing, provider, scripted_keys: false };
    let policy = policy::Policy::parse(&document.to_string(), Format::Json, &options);
    policy.map(drop).map_err(|error| error.problems()[0].code)
}

struct Nothing;

impl Resources for Nothing {
    fn environment(&self, _name: &str) -> Option<String> {
        None
    }

    fn read(&self, _path: &str) -> Result<Vec<u8>, String> {
        Err("there are no files".to_owned())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Accepted => out.write_str("accepted"),
            Outcome::NotLoaded(code) => write!(out, "not loaded: {code}"),
            Outcome::Refused(code) => write!(out, "refused: {code}"),
        }
    }
}
