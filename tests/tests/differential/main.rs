//! Our verdicts beside those of the crate jsonwebtoken, under the same policy: one issuer, one audience,
//! one algorithm, exp and nbf with the same leeway, iss, aud and exp required.
//!
//! Tokens are valid ones with named changes. Each change that we judge differently says by which rule
//! and why; a difference that nobody named fails, and so does a named one that is none any more.

mod changes;
mod draft;
mod oracle;

use std::collections::BTreeMap;

use counterseal::{Algorithm, Error, Format, Guard, Policy, UnixTime};
use counterseal_tests::random::Random;
use counterseal_tests::say;
use counterseal_tests::signer::Signer;

use changes::{Change, Difference, all, together};
use draft::Draft;
use oracle::Oracle;

const ISSUER: &str = "https://idp.example.com/realms/main";
const AUDIENCE: &str = "orders";
const LEEWAY: u64 = 30;

/// What both can do.
const ALGORITHMS: [Algorithm; 12] = [
    Algorithm::HS256,
    Algorithm::HS384,
    Algorithm::HS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::Ed25519,
];

/// Two verifiers of one policy.
struct Pair {
    signer: Signer,
    ours: Guard,
    theirs: Oracle,
}

impl Pair {
    fn new(algorithm: Algorithm) -> Pair {
        let signer = Signer::new(algorithm, "k");
        let text = format!(
            "version = 1\nlimits = {{ leeway = \"{LEEWAY}s\" }}\n[[issuer]]\nissuer = \"{ISSUER}\"\n\
             profile = \"generic\"\naudience = \"{AUDIENCE}\"\nalgorithms = [\"{algorithm}\"]\n\
             keys = {{ jwks = '{}' }}\n",
            signer.jwks()
        );
        let ours = Guard::new(Policy::from_str(&text, Format::Toml, None, None).unwrap());
        let theirs = Oracle::new(&signer);
        Pair { signer, ours, theirs }
    }

    /// Both verdicts on a token: ours with the rule of a refusal.
    fn judge(&self, token: &[u8], now: i64) -> (Result<(), &'static str>, bool) {
        let ours = match self.ours.try_verify_at(token, UnixTime::from_seconds(now).unwrap()) {
            Ok(_) => Ok(()),
            Err(Error::TokenRejected(rejection)) => Err(rejection.rule().id()),
            Err(other) => panic!("neither accepted nor refused: {other}"),
        };
        (ours, self.theirs.accepts(token))
    }
}

/// The clock that jsonwebtoken reads, too. Changes stay some seconds away from every border.
fn now() -> i64 {
    jsonwebtoken::get_current_timestamp() as i64
}

fn pairs() -> Vec<Pair> {
    ALGORITHMS.into_iter().map(Pair::new).collect()
}

#[derive(Default)]
struct Tally {
    tokens: usize,
    both_accept: usize,
    both_refuse: usize,
    differ: BTreeMap<&'static str, usize>,
    unnamed: Vec<String>,
}

impl Tally {
    /// Takes note of a token, and of a difference that none of the changes names.
    fn add(&mut self, changes: &[&Change], pair: &Pair, token: &[u8], now: i64) {
        let names: Vec<&str> = changes.iter().map(|change| change.name).collect();
        let mut unnamed = |what: &str| {
            let token: String = token.escape_ascii().to_string().chars().take(2000).collect();
            self.unnamed.push(format!("{what}: {} {names:?}\n  {token}", pair.signer.algorithm));
        };
        self.tokens += 1;
        match pair.judge(token, now) {
            (Ok(()), true) => self.both_accept += 1,
            (Err(_), false) => self.both_refuse += 1,
            (Err(rule), true) => {
                let named = changes.iter().any(|change| change.refused_by(rule));
                if !named && !together(changes, token).contains(&rule) {
                    unnamed(&format!("we alone refuse, by {rule}"));
                }
                *self.differ.entry(rule).or_default() += 1;
            }
            (Ok(()), false) => {
                let rule = changes.iter().find_map(|change| change.accepted_by());
                if rule.is_none() {
                    unnamed("we alone accept");
                }
                *self.differ.entry(rule.unwrap_or_default()).or_default() += 1;
            }
        }
    }

    fn check_unnamed(&self) {
        let count = self.unnamed.len();
        assert!(
            count == 0,
            "{count} differences that no change names: {}",
            self.unnamed[..count.min(8)].join("\n")
        );
    }

    fn differ(&self) -> usize {
        self.differ.values().sum()
    }
}

#[test]
fn each_change_alone() {
    const TIMES: usize = 6;
    let (pairs, changes, mut random) = (pairs(), all(), Random::new(0xd1ff));
    let (mut total, mut table) = (Tally::default(), Vec::new());
    for change in &changes {
        let mut tally = Tally::default();
        for pair in &pairs {
            for _ in 0..TIMES {
                let now = now();
                let mut draft = Draft::new(&pair.signer, now);
                if (change.apply)(&mut draft, &mut random) {
                    tally.add(&[change], pair, &draft.token(&pair.signer), now);
                }
            }
        }
        assert!(tally.tokens > 0, "{}: no token was made", change.name);
        tally.check_unnamed();
        check_named(change, &tally);
        table.push(row(change, &tally));
        total.tokens += tally.tokens;
        total.both_accept += tally.both_accept;
        total.both_refuse += tally.both_refuse;
    }
    let differing = total.tokens - total.both_accept - total.both_refuse;
    println!("{:46} tokens  both accept  both refuse  differ", "change");
    table.iter().for_each(|row| println!("{row}"));
    say(format!(
        "differences: {} changes, {} tokens: {} both accept, {} both refuse, {differing} differ",
        changes.len(),
        total.tokens,
        total.both_accept,
        total.both_refuse
    ));
}

/// A difference that a change names happens, by each of its rules; a change that names none makes none.
fn check_named(change: &Change, tally: &Tally) {
    match &change.difference {
        Difference::None => assert_eq!(tally.differ(), 0, "{}", change.name),
        Difference::WeRefuse(rules, _) => {
            for rule in *rules {
                let happens = tally.differ.contains_key(rule);
                assert!(happens, "{}: named as a difference by {rule}, and none any more", change.name);
            }
        }
        Difference::WeAccept(rule, _) => {
            assert!(
                tally.differ.contains_key(rule),
                "{}: named as a difference, and none any more",
                change.name
            );
        }
    }
}

fn row(change: &Change, tally: &Tally) -> String {
    let counts = format!(
        "{:46} {:6} {:12} {:12} {:7}",
        change.name,
        tally.tokens,
        tally.both_accept,
        tally.both_refuse,
        tally.differ()
    );
    match &change.difference {
        Difference::None => counts,
        Difference::WeRefuse(rules, why) => format!("{counts}  we refuse, {}: {why}", rules.join(", ")),
        Difference::WeAccept(rule, why) => format!("{counts}  WE ACCEPT, {rule}: {why}"),
    }
}

#[test]
fn several_changes_at_once() {
    let (pairs, changes, mut random) = (pairs(), all(), Random::new(0x0dd5));
    let mut tally = Tally::default();
    for _ in 0..20_000 {
        let pair = random.pick(&pairs);
        let now = now();
        let mut draft = Draft::new(&pair.signer, now);
        let mut applied: Vec<&Change> = Vec::new();
        for _ in 0..2 + random.below(2) {
            let change = *random.pick(&changes);
            let is_new = applied.iter().all(|one| one.name != change.name);
            if is_new && (change.apply)(&mut draft, &mut random) {
                applied.push(change);
            }
        }
        tally.add(&applied, pair, &draft.token(&pair.signer), now);
    }
    say(format!(
        "differences: {} tokens with several changes: {} both accept, {} both refuse, {} differ",
        tally.tokens,
        tally.both_accept,
        tally.both_refuse,
        tally.differ()
    ));
    tally.check_unnamed();
    assert!(tally.both_accept > 400 && tally.both_refuse > 4000 && tally.differ() > 4000);
}

/// What we accept and jsonwebtoken refuses is a short list, and each entry says why.
#[test]
fn we_accept_little_that_it_refuses() {
    let accepted = all().into_iter().filter(|change| matches!(change.difference, Difference::WeAccept(..)));
    let names: Vec<&str> = accepted.map(|change| change.name).collect();
    assert_eq!(
        names,
        [
            "alg Ed25519 by its new name",
            "x5t that is no string",
            "nonce or url header that is no string",
            "unknown claim beyond any float",
            "behind Bearer",
        ]
    );
}
