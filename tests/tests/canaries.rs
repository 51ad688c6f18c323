//! Canaries: strings planted in claims, headers, keys, secrets and the environment. No error, report,
//! metric or Debug output may ever sing one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use counterseal::core::crypto::aws_lc;
use counterseal::core::inbound::{Outcome, Stage, inspect};
use counterseal::core::keyset::{KeySetOptions, Origin};
use counterseal::testing::{
    Issuer, Network, Oddity, Reply, Request, Surroundings, TestClock, answer_keys, fetch_due,
    guard_with_clock, guard_with_network, policy_in,
};
use counterseal::{
    Algorithm, AlgorithmSet, Class, Code, Error, Format, Guard, Identity, KeySet, Policy, Profile, Report,
    Requirements, Rule, UnixTime, Verdict, jws, require,
};
use counterseal_tests::conformance::{Case, Corpus, Step, folder};
use counterseal_tests::say;
use serde_json::{Value, json};

const START: i64 = 1_800_000_000;
/// As long as secrets have to be, and unlike anything that a message says.
const SECRET: &str = "canary-Secret-7f3Qz-canary-Secret-7f3Qz-canary-Secret-7f3Qz-0123456789";
const NAME: &str = "canary-Name-5kWx9";
const CLAIM: &str = "canary-Claim-2hTb4";

/// Everything that must not be seen.
#[derive(Clone, Default)]
struct Canaries {
    needles: BTreeSet<String>,
}

impl Canaries {
    fn of(texts: &[&str]) -> Canaries {
        let mut canaries = Canaries::default();
        texts.iter().for_each(|text| canaries.plant(text));
        canaries
    }

    /// The text, and what it looks like in the disguises that output could wear.
    fn plant(&mut self, text: &str) {
        let bytes = text.as_bytes();
        self.needles.insert(text.to_owned());
        self.needles.insert(bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }));
        self.needles.insert(format!("{bytes:?}").trim_matches(['[', ']']).to_owned());
        // Base64url at each of its three alignments, without the characters that depend on neighbours.
        for skip in 0..3 {
            let text =
                counterseal_tests::signer::base64url(&bytes[skip..skip + (bytes.len() - skip) / 3 * 3]);
            self.needles.insert(text);
        }
    }

    /// The segments of a token; short ones say nothing.
    fn plant_token(&mut self, token: &[u8]) {
        let text = String::from_utf8_lossy(token);
        for segment in text.split('.').filter(|segment| segment.is_ascii() && segment.len() >= 16) {
            self.needles.insert(segment[..16].to_owned());
            self.needles.insert(segment[segment.len() - 16..].to_owned());
        }
    }

    fn heard_in(&self, shown: &str) -> Option<&str> {
        self.needles.iter().find(|needle| shown.contains(needle.as_str())).map(String::as_str)
    }

    #[track_caller]
    fn assert_silent(&self, what: &str, shown: &str) {
        if let Some(needle) = self.heard_in(shown) {
            panic!("{what} shows {needle:?}:\n{shown}");
        }
    }
}

/// Every way to look at an outcome that is no identity's own content.
fn shown(outcome: &Result<Identity, Error>) -> String {
    match outcome {
        Ok(identity) => format!("{identity:?} {identity:#?}"),
        Err(error) => {
            let more = match error {
                Error::TokenRejected(rejection) => format!(
                    "{rejection} {rejection:?} {:?} {} {:?}",
                    rejection.www_authenticate(),
                    rejection.reference(),
                    rejection.subject()
                ),
                Error::Unavailable(outage) => format!("{outage:?} {}", outage.reference()),
                _ => String::new(),
            };
            format!("{error} {error:?} {error:#?} {more} {:?}", std::error::Error::source(error))
        }
    }
}

/// A report in every form, and whether it may show values: behind a valid signature (EXP-02).
fn reported(report: &Report) -> (String, bool) {
    let text = format!("{report:?} {report:#?} {}", serde_json::to_string(report).unwrap());
    let is_signed = report.checks.iter().any(|check| {
        check.stage > Stage::Signature || check.stage == Stage::Signature && check.outcome == Outcome::Passed
    });
    (text, is_signed)
}

/// What a guard says of itself.
fn told_of(guard: &Guard) -> String {
    let status = guard.status();
    format!(
        "{guard:?} {:?} {status:?} {} {}",
        guard.core(),
        serde_json::to_string(&status).unwrap(),
        guard.metrics()
    )
}

fn policy_error(error: &counterseal::PolicyError) -> String {
    format!("{error} {error:?} {}", serde_json::to_string(error.problems()).unwrap())
}

/// What is planted into the tokens of a case.
#[derive(Clone, Copy)]
enum Plant {
    /// A claim and a header that nobody asks for: the verdict stays.
    Stranger,
    /// The value of a claim.
    Claim(&'static str),
    /// The value of a header.
    Header(&'static str),
}

const PLANTS: [Plant; 16] = [
    Plant::Claim("sub"),
    Plant::Claim("jti"),
    Plant::Claim("iss"),
    Plant::Claim("aud"),
    Plant::Claim("scope"),
    Plant::Claim("client_id"),
    Plant::Claim("azp"),
    Plant::Claim("exp"),
    Plant::Claim("iat"),
    Plant::Claim("act"),
    Plant::Claim("cnf"),
    Plant::Claim("tenant"),
    Plant::Claim("roles"),
    Plant::Header("kid"),
    Plant::Header("typ"),
    Plant::Header("alg"),
];

struct Walk<'c> {
    corpus: &'c Corpus,
    /// What is planted into the case at hand.
    plant: Plant,
    /// The codes heard so far, by number.
    codes: BTreeSet<u16>,
    verdicts: usize,
}

impl Walk<'_> {
    /// Plants and plays a case; what its steps say is heard by nobody but the canaries.
    fn play(&mut self, case: &Case, plant: Plant, keys: &Canaries) {
        self.plant = plant;
        let mut tokens: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut canaries = keys.clone();
        for (name, token) in &self.corpus.plain {
            tokens.insert(name.clone(), token.bytes().unwrap());
        }
        let mut planted = false;
        for (name, token) in &case.tokens {
            let mut changed = token.clone();
            if let Some(recipe) = &mut changed.made {
                let (part, member) = match plant {
                    Plant::Stranger => (&mut recipe.claims, NAME),
                    Plant::Claim(member) => (&mut recipe.claims, member),
                    Plant::Header(member) => (&mut recipe.header, member),
                };
                let part = part.get_or_insert_default();
                planted |= part.text.is_none();
                part.remove.retain(|removed| removed != member);
                part.set.insert(member.to_owned(), json!(CLAIM));
                if matches!(plant, Plant::Stranger) {
                    let header = recipe.header.get_or_insert_default();
                    header.set.insert(NAME.to_owned(), json!(CLAIM));
                }
                // Where the recipe has no room for it, the token stays as it was.
                if self.corpus.kitchen.make(&mut changed).is_err() {
                    changed = token.clone();
                }
            }
            tokens.insert(name.clone(), changed.token.unwrap().bytes().unwrap());
        }
        if planted {
            canaries.plant(CLAIM);
            canaries.plant(NAME);
        }
        tokens.values().for_each(|token| canaries.plant_token(token));
        let clock = TestClock::at(UnixTime::from_millis(START * 1000));
        let network = Network::new();
        let mut guard: Option<Guard> = None;
        for step in &case.steps {
            self.step(case, step, &tokens, &canaries, (&clock, &network), &mut guard);
        }
        let Some(guard) = guard else { return };
        canaries.assert_silent(&case.id, &told_of(&guard));
        // An injected clock is always trusted: this outage is asked for.
        let outage = guard.core().unavailable(Rule::Clm25, Code::ClockUnsafe, None);
        self.codes.insert(outage.code().number());
        canaries.assert_silent(&case.id, &format!("{outage} {outage:?}"));
    }

    fn step(
        &mut self,
        case: &Case,
        step: &Step,
        tokens: &BTreeMap<String, Vec<u8>>,
        canaries: &Canaries,
        (clock, network): (&TestClock, &Network),
        guard: &mut Option<Guard>,
    ) {
        let folder = self.corpus.policies();
        if let Some(seconds) = step.at {
            clock.set(UnixTime::from_millis(seconds * 1000));
        }
        if let Some(seconds) = step.advance {
            clock.advance_seconds(seconds);
        }
        if let Some(answer) = &step.network {
            let (description, body) = self.corpus.reply(answer).unwrap();
            network.answer(&answer.url, Reply::from_description(&description.to_string(), &body).unwrap());
        }
        for load in step.load.iter().chain(&step.reload) {
            match (load.read(&folder, "".as_ref(), aws_lc()).unwrap(), &guard) {
                (Ok(policy), Some(guard)) if step.reload.is_some() => guard.replace(policy),
                (Ok(policy), _) => {
                    canaries.assert_silent(&case.id, &format!("{policy:?} {:#?}", policy.core()));
                    *guard = Some(guard_with_network(policy, clock, network));
                }
                (Err(error), _) => canaries.assert_silent(&case.id, &policy_error(&error)),
            }
        }
        let Some(guard) = guard else { return };
        if step.fetch.is_some() {
            fetch_due(guard);
            canaries.assert_silent(&case.id, &told_of(guard));
        }
        if let Some(keys) = &step.keys {
            let jwks = keys.jwks.as_ref().map(|jwks| match jwks.as_str() {
                Some(name) => std::fs::read(folder.join("keys").join(name)).unwrap(),
                None => jwks.to_string().into_bytes(),
            });
            let answered = answer_keys(guard, &keys.issuer, jwks.as_deref());
            canaries.assert_silent(&case.id, &format!("{answered:?}"));
        }
        let name = step.verify.as_ref().map(|verify| &verify.token);
        let name = name.or(step.explain.as_ref().map(|explain| &explain.token));
        let Some(token) = name.map(|name| &tokens[name]) else { return };
        let given = step.verify.as_ref().and_then(|verify| UnixTime::from_seconds(verify.now?).ok());
        self.judge(case, guard, token, given, canaries);
    }

    /// Every public operation on one token.
    fn judge(
        &mut self,
        case: &Case,
        guard: &Guard,
        token: &[u8],
        given: Option<UnixTime>,
        canaries: &Canaries,
    ) {
        let mut outcomes = vec![guard.try_verify(token)];
        outcomes.extend(guard.verify_many(&[token][..0]));
        if !matches!(outcomes[0], Err(Error::Unavailable(_))) {
            // Nothing is on its way, so nobody waits.
            outcomes.push(guard.verify(token));
            outcomes.extend(guard.verify_many(&[token, token]));
        }
        outcomes.extend(given.map(|now| guard.try_verify_at(token, now)));
        for outcome in &outcomes {
            self.verdicts += 1;
            canaries.assert_silent(&case.id, &shown(outcome));
            if let Err(error) = outcome {
                self.codes.insert(error.code().number());
            }
        }
        // What a handler asks and the token has not: told without what it has.
        let none: [&str; 0] = [];
        if let Ok(identity) = &outcomes[0] {
            let strong = Requirements::new(none, ["urn:example:none"], None).unwrap();
            let recent = Requirements::new(none, none, Some(0)).unwrap();
            let late = UnixTime::from_seconds(4_000_000_000).unwrap();
            for asked in [strong, recent] {
                let refusal = require(identity, &asked, Some(late)).unwrap_err();
                self.codes.insert(refusal.code().number());
                canaries.assert_silent(&case.id, &shown(&Err(refusal)));
            }
        }
        match guard.answer(token, given) {
            Ok(answer) => canaries.assert_silent(&case.id, &format!("{answer:?}")),
            Err(error) => canaries.assert_silent(&case.id, &shown(&Err(error))),
        }
        let report = match given {
            Some(now) => guard.explain_at(token, now),
            None => guard.explain(token).unwrap(),
        };
        let (text, may_show) = reported(&report);
        // What no rule asks for is not even shown behind a valid signature.
        if !may_show || matches!(self.plant, Plant::Stranger) {
            canaries.assert_silent(&case.id, &text);
        }
        let verdict: &Verdict = &report.verdict;
        canaries.assert_silent(&case.id, &format!("{verdict:?}"));
        canaries.assert_silent(&case.id, &format!("{:?}", inspect(token)));
    }
}

#[test]
fn no_verdict_of_the_corpus_sings() {
    let corpus = Corpus::load(&folder()).unwrap();
    let mut keys = Canaries::default();
    for key in corpus.kitchen.keys.values() {
        let private = key.to_value();
        for member in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            // A secret of letters is a word of its own; what is shorter could stand anywhere.
            let value = private[member].as_str().filter(|value| value.len() >= 16);
            value.map(|value| keys.needles.insert(value.to_owned()));
        }
    }
    assert!(keys.needles.len() > 5, "the corpus has keys");
    let mut walk = Walk { corpus: &corpus, plant: Plant::Stranger, codes: BTreeSet::new(), verdicts: 0 };
    for (at, case) in corpus.cases().enumerate() {
        walk.play(case, Plant::Stranger, &keys);
        walk.play(case, PLANTS[at % PLANTS.len()], &keys);
    }
    let classes = [Class::Malformed, Class::Untrusted, Class::Rejected, Class::Unavailable];
    let mut missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| classes.contains(&code.class()) && !walk.codes.contains(&code.number()))
        .map(|code| code.slug())
        .collect();
    missing.sort_unstable();
    say(format!("canaries: {} verdicts, {} codes", walk.verdicts, walk.codes.len()));
    assert!(missing.is_empty(), "never heard: {missing:?}");
}

/// Where a secret can stand in a policy, and what is wrong around it.
#[test]
fn no_policy_sings_of_its_secrets() {
    let canaries = Canaries::of(&[SECRET, "canary-Secret-7f3Qz"]);
    let good = format!(
        r#"version = 1
[[issuer]]
name = "legacy"
issuer = "https://idp.example.com"
profile = "generic"
audience = "orders"
algorithms = ["HS256"]
keys = {{ secret = "{SECRET}" }}
"#
    );
    let sources = ["${SECRET}", "file:secret", "hex:HEX", "base64:BASE64", SECRET];
    let hex = SECRET.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, SECRET);
    let sources = sources.map(|source| source.replace("HEX", &hex).replace("BASE64", &base64));
    let environment = BTreeMap::from([("SECRET".to_owned(), SECRET.to_owned())]);
    let files = |name: &str| match name {
        "secret" => Ok(format!("{SECRET}\n").into_bytes()),
        "private.json" => Ok(private_jwks().into_bytes()),
        "private.pem" => Ok(private_pem().into_bytes()),
        _ => Err("not found".to_owned()),
    };
    let surroundings = Surroundings {
        service: None,
        environment: &environment,
        files: &files,
        folder: "".as_ref(),
        provider: aws_lc(),
    };
    canaries.assert_silent("Surroundings", &format!("{surroundings:?}"));

    let mut sound = 0;
    for source in &sources {
        let policy = policy_in(&good.replace(SECRET, source), Format::Toml, &surroundings).unwrap();
        sound += 1;
        policy_is_silent(&canaries, &policy);
    }
    assert_eq!(sound, sources.len());

    let keys = format!("keys = {{ secret = \"{SECRET}\" }}");
    let mistakes = [
        good.replace("secret =", "secert ="),
        good.replace("generic", "genric"),
        good.replace("HS256", "RS256"),
        good.replace("HS256", "HS512").replace(SECRET, "canary-Secret-7f3Qz"),
        good.replace(SECRET, "hex:canary-Secret-7f3Qz"),
        good.replace(SECRET, "base64:canary-Secret-7f3Qz"),
        good.replace(SECRET, "${canary-Secret-7f3Qz"),
        good.replace(SECRET, "${MISSING}"),
        good.replace(&keys, &format!("keys = {{ secret = [\"{SECRET}\"] }}")),
        good.replace(&keys, &format!("keys = {{ secret = {{ x = \"{SECRET}\" }} }}")),
        good.replace(&keys, &format!("keys = {{ secret = \"{SECRET}\", jwks_uri = \"{SECRET}\" }}")),
        good.replace(&keys, &format!("keys = \"{SECRET}\"")),
        good.replace(&keys, &format!("keys = {{ secret = \"{SECRET}\"")),
        good.replace(&keys, "keys = { jwks_file = \"private.json\" }").replace("HS256", "ES256"),
        good.replace(&keys, "keys = { pem_file = \"private.pem\" }").replace("HS256", "ES256"),
        good.replace(&keys, &format!("keys = {{ jwks = '''{}''' }}", private_jwks()))
            .replace("HS256", "ES256"),
        format!("{good}[client]\nid = \"x\"\nauth = {{ secret = \"{SECRET}\" }}\n"),
        format!("{good}{good}"),
        good.replace("version = 1", &format!("version = 1 # {SECRET}\nversion = 1")),
        good.replace("issuer = \"https", &format!("issuer = \"{SECRET}\" \"https")),
    ];
    for text in &mistakes {
        match policy_in(text, Format::Toml, &surroundings) {
            Err(error) => canaries.assert_silent(text, &policy_error(&error)),
            Ok(_) => panic!("this has to be a mistake:\n{text}"),
        }
    }
    let json = json!({ "version": 1, "issuer": [{ "name": "l", "profile": "genric", "algorithms": ["HS256"],
        "keys": { "secret": SECRET } }] });
    let error = policy_in(&json.to_string(), Format::Json, &surroundings).unwrap_err();
    canaries.assert_silent("JSON", &policy_error(&error));
}

fn policy_is_silent(canaries: &Canaries, policy: &Policy) {
    canaries.assert_silent("Policy", &format!("{policy:?} {policy:#?} {:?}", policy.core()));
    for issuer in policy.core().issuers() {
        canaries.assert_silent("Issuer", &format!("{issuer:?}"));
        let keys = policy.core().key_set(issuer).unwrap();
        canaries.assert_silent("KeySet", &key_set(keys));
    }
    canaries.assert_silent("notices", &format!("{:?}", policy.core().notices()));
    let clock = TestClock::at(UnixTime::from_millis(START * 1000));
    let guard = guard_with_clock(policy.clone(), &clock);
    let signer = counterseal_tests::signer::Signer::with_secret(Algorithm::HS256, "x", SECRET.as_bytes());
    let claims = |audience: &str| {
        format!(
            r#"{{"iss":"https://idp.example.com","aud":"{audience}","exp":{},"sub":"{CLAIM}"}}"#,
            START + 60
        )
    };
    let good = signer.token_with(r#"{"alg":"HS256"}"#, claims("orders"));
    let mut all = canaries.clone();
    all.plant(CLAIM);
    all.plant_token(good.as_bytes());
    assert!(guard.verify(&good).is_ok());
    for token in
        [good.clone(), signer.token_with(r#"{"alg":"HS256"}"#, claims("billing")), format!("{good}A")]
    {
        all.assert_silent("verify", &shown(&guard.verify(&token)));
        canaries.assert_silent("explain", &reported(&guard.explain(&token).unwrap()).0);
    }
    all.assert_silent("guard", &told_of(&guard));
    guard.after_fork();
    all.assert_silent("guard", &told_of(&guard));
}

fn key_set(keys: &KeySet) -> String {
    let each: Vec<String> = keys
        .keys()
        .map(|key| format!("{key:?} {} {:?} {:?}", key.describe(), key.thumbprint(), key.kid()))
        .collect();
    format!("{keys:?} {each:?} {:?}", keys.skipped())
}

/// A set with every private member there is; their values are canaries.
fn private_jwks() -> String {
    let canary = counterseal_tests::signer::base64url(SECRET);
    let ec = counterseal_tests::signer::Signer::new(Algorithm::ES256, "ec").jwk();
    let with = |mut jwk: Value, members: &[&str]| {
        members.iter().for_each(|member| jwk[*member] = json!(canary));
        jwk
    };
    let rsa = counterseal_tests::signer::Signer::new(Algorithm::RS256, "rsa").jwk();
    let okp = counterseal_tests::signer::Signer::new(Algorithm::Ed25519, "ed").jwk();
    json!({ "keys": [
        with(ec, &["d"]),
        with(rsa, &["d", "p", "q", "dp", "dq", "qi"]),
        with(okp, &["d"]),
        { "kty": "oct", "kid": "mac", "alg": "HS256", "k": canary },
        { "kty": "oct", "kid": "short", "alg": "HS512", "k": counterseal_tests::signer::base64url("canary-Secret-7f3Qz") },
        { "kty": "canary", "kid": "strange", "d": canary, "k": canary },
    ] })
    .to_string()
}

fn private_pem() -> String {
    let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, SECRET);
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

#[test]
fn no_key_file_sings() {
    let canaries = Canaries::of(&[SECRET, "canary-Secret-7f3Qz"]);
    let all: AlgorithmSet = [Algorithm::ES256, Algorithm::RS256, Algorithm::Ed25519].into_iter().collect();
    let macs = AlgorithmSet::new().with(Algorithm::HS256);
    let jwks = private_jwks();
    let mut heard = 0;
    for origin in [Origin::Fetched, Origin::Static] {
        for algorithms in [all, macs] {
            let options = KeySetOptions { algorithms, provider: aws_lc(), origin };
            canaries.assert_silent("options", &format!("{options:?}"));
            let mut texts = vec![jwks.clone(), format!("{jwks}x"), SECRET.to_owned()];
            let set: Value = serde_json::from_str(&jwks).unwrap();
            texts.extend(
                set["keys"].as_array().unwrap().iter().map(|key| json!({ "keys": [key] }).to_string()),
            );
            for text in &texts {
                for read in [
                    KeySet::from_jwks(text.as_bytes(), &options),
                    KeySet::from_jwk(text.as_bytes(), &options),
                    KeySet::from_pem(text.as_bytes(), &options),
                    KeySet::from_pem(private_pem().as_bytes(), &options),
                    KeySet::from_secret(SECRET.as_bytes(), &options),
                ] {
                    heard += 1;
                    match read {
                        Ok(keys) => {
                            canaries.assert_silent("KeySet", &key_set(&keys));
                            let token = counterseal_tests::signer::Signer::with_secret(
                                Algorithm::HS256,
                                "x",
                                SECRET.as_bytes(),
                            )
                            .token(SECRET);
                            // The payload of the lower door is the caller's; its Debug is not.
                            let door = jws::verify(token.as_bytes(), &keys, algorithms);
                            canaries.assert_silent("jws::verify", &format!("{door:?}"));
                        }
                        Err(code) => canaries.assert_silent("Code", &format!("{code} {code:?}")),
                    }
                }
            }
        }
    }
    assert!(heard > 100);
}

#[test]
fn no_testing_kit_sings() {
    let issuer = Issuer::new().unwrap();
    let jwks = issuer.jwks().unwrap();
    let mut canaries = Canaries::of(&[CLAIM, NAME]);
    let claims = json!({ "sub": CLAIM, NAME: CLAIM }).to_string();
    let header = json!({ NAME: CLAIM }).to_string();
    let request = Request { claims: &claims, header: &header, remove: &[NAME], ..Request::default() };
    canaries.assert_silent("Request", &format!("{request:?} {request:#?}"));
    let token = issuer.token().subject(CLAIM).claim(NAME, CLAIM).header(NAME, CLAIM);
    canaries.assert_silent("Token", &format!("{token:?} {token:#?} {issuer:?}"));
    canaries.plant_token(token.sign().unwrap().as_bytes());

    for profile in [Profile::AccessToken, Profile::IdToken] {
        let guard = issuer.guard_for(profile, "required_claims = [\"tenant\"]").unwrap();
        let tokens = Oddity::ALL.map(Some).into_iter().chain([None]).map(|oddity| {
            issuer.issue(&Request { profile, claims: &claims, header: &header, oddity, ..Request::default() })
        });
        for token in tokens {
            let token = token.unwrap();
            canaries.plant_token(token.as_bytes());
            let outcome = guard.verify(&token);
            assert!(outcome.is_err());
            canaries.assert_silent("testing", &shown(&outcome));
        }
        canaries.assert_silent("guard", &told_of(&guard));
        assert!(jwks.len() > 20 && !told_of(&guard).contains(&jwks[20..60]));
    }
    for wrong in [format!("{{\"sub\":\"{CLAIM}\""), format!("[\"{CLAIM}\"]")] {
        let error = issuer.issue(&Request { claims: &wrong, ..Request::default() }).unwrap_err();
        canaries.assert_silent("Request", &format!("{error} {error:?}"));
    }
}

#[test]
fn no_reload_and_no_deny_file_sings() {
    let canaries = Canaries::of(&[SECRET, "canary-Secret-7f3Qz", CLAIM]);
    let folder = std::env::temp_dir().join(format!("counterseal-canaries-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (path, deny) = (folder.join("policy.toml"), folder.join("deny.txt"));
    let good = format!(
        "version = 1\ndeny_file = \"deny.txt\"\n[[issuer]]\nname = \"legacy\"\nissuer = \"https://idp.example.com\"\n\
         profile = \"generic\"\naudience = \"orders\"\nalgorithms = [\"HS256\"]\nkeys = {{ secret = \"{SECRET}\" }}\n"
    );
    std::fs::write(&deny, format!("kid {CLAIM}\n")).unwrap();
    std::fs::write(&path, &good).unwrap();
    let guard = Guard::load(&path, None).unwrap();
    canaries.assert_silent("guard", &told_of(&guard));
    for text in [
        good.replace("HS256", "RS256"),
        good.replace("secret =", "secert ="),
        good.replace(" }", ""),
        format!("{good}{SECRET}"),
        good.replace("version = 1", &format!("version = \"{SECRET}")),
    ] {
        std::fs::write(&path, &text).unwrap();
        let error = guard.reload().unwrap_err();
        canaries.assert_silent(&text, &format!("{error} {error:?} {}", told_of(&guard)));
    }
    std::fs::write(&path, &good).unwrap();
    guard.reload().unwrap();
    for line in [CLAIM.to_owned(), format!("kid {CLAIM}\u{1}"), format!("issuers {CLAIM}")] {
        std::fs::write(&deny, &line).unwrap();
        let error = guard.reload().unwrap_err();
        canaries.assert_silent(&line, &format!("{error} {error:?} {}", told_of(&guard)));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_canary_that_sings_is_heard() {
    let canaries = Canaries::of(&[SECRET]);
    let (base64, hex) =
        (counterseal_tests::signer::base64url(format!("xy{SECRET}z")), format!("{:?}", SECRET.as_bytes()));
    for shown in [format!("error: {SECRET}!"), base64, hex] {
        assert!(canaries.heard_in(&shown).is_some(), "{shown}");
    }
    assert!(canaries.heard_in("error: a setting is not known").is_none());
}
