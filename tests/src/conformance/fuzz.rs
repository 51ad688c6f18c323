//! Cases that nobody wrote: the corpus's policies, and tokens that they accept, changed at random. All
//! languages have to make the same of them; what that is, nobody says.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::case::{Case, Explain, Kind, Step, Token, Verify};
use super::corpus::Corpus;
use super::json::Json;
use super::keys::is_randomized;
use super::run::Runner;
use super::text::Text;
use crate::fuzz::{decoded, mutate_token};
use crate::random::Random;
use crate::signer::base64url;

/// Tokens of a case.
const TOKENS: usize = 50;
/// Where the clock stands in most cases.
const NOW: i64 = 1_800_000_000;

/// So many cases; the same ones for the same seed.
pub fn cases(corpus: &Corpus, seed: u64, count: usize) -> Result<Vec<Case>, String> {
    let accepted = accepted(corpus)?;
    let mut random = Random::new(seed);
    let made = (0..count).map(|at| {
        let (base, other) = (*random.pick(&accepted), *random.pick(&accepted));
        let mut case = base.case.clone();
        case.id = format!("{seed}-{at} after {}", base.case.id);
        case.kind = Kind::Boundary;
        case.steps.truncate(base.step);
        let (seed, other) = (base.token(corpus)?, other.token(corpus)?);
        let mut tokens = BTreeMap::new();
        for number in 0..TOKENS {
            let name = format!("changed {number}");
            let changed = change(corpus, &seed, &other, &mut random);
            tokens.insert(name.clone(), Token { made: None, token: Some(Text::from_bytes(&changed)) });
            case.steps.push(step(name, &mut random));
            if random.one_in(6) {
                let again = format!("changed {}", random.below(number + 1));
                case.steps.push(step(again, &mut random));
            }
        }
        case.tokens.extend(tokens);
        if !has_small_cache(&case) {
            case.steps.push(Step { counters: Some(true), ..Step::default() });
        }
        Ok(case)
    });
    made.collect()
}

/// A step of the corpus that accepts a token.
#[derive(Clone, Copy)]
struct Accepted<'c> {
    case: &'c Case,
    step: usize,
    name: &'c str,
}

impl Accepted<'_> {
    fn token(&self, corpus: &Corpus) -> Result<Vec<u8>, String> {
        corpus.token(self.case, self.name)
    }
}

fn accepted(corpus: &Corpus) -> Result<Vec<Accepted<'_>>, String> {
    let runner = Runner::with_default_provider(corpus)?;
    let mut found = Vec::new();
    for case in corpus.cases() {
        let Json::Array(outcomes) = runner.outcome(case)? else { continue };
        for (step, (one, outcome)) in case.steps.iter().zip(&outcomes).enumerate() {
            if let (Some(verify), Some(_)) = (&one.verify, outcome.get("verified")) {
                found.push(Accepted { case, step, name: &verify.token });
            }
        }
    }
    Ok(found)
}

/// Whose place a token takes in a full cache follows from a secret of the process.
fn has_small_cache(case: &Case) -> bool {
    let loads = case.steps.iter().flat_map(|step| [&step.load, &step.reload]).flatten();
    loads.flat_map(|load| load.change.keys()).any(|pointer| pointer.starts_with("/cache"))
}

/// Most are verified, at the clock's time or near it; some are explained.
fn step(token: String, random: &mut Random) -> Step {
    if random.one_in(10) {
        let explain = Explain { token, shows: Vec::new(), hides: Vec::new() };
        return Step { explain: Some(explain), ..Step::default() };
    }
    let now = random.one_in(10).then(|| NOW + random.below(4000) as i64 - 100);
    Step { verify: Some(Verify { token, now }), ..Step::default() }
}

/// Half get claims that nobody knows, so that most stay acceptable; the others are changed anywhere.
fn change(corpus: &Corpus, token: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let sign = |header: &[u8], signed: &str| signature(corpus, token, header, signed);
    match std::str::from_utf8(token).ok().and_then(decoded) {
        Some((header, claims, _)) if random.one_in(2) && claims.starts_with(b"{") => {
            let claims = [b"{", more_claims(random).as_bytes(), &claims[1..]].concat();
            let signed = format!("{}.{}", base64url(&header), base64url(claims));
            sign(&header, &signed).unwrap_or_else(|| token.to_vec())
        }
        _ => mutate_token(token, other, random, &sign),
    }
}

/// Signs by the key that a header names, or else by the key of `original`. Only where the signature is the
/// same on every run.
fn signature(corpus: &Corpus, original: &[u8], header: &[u8], signed: &str) -> Option<Vec<u8>> {
    let members = |header: &[u8]| serde_json::from_slice::<Map<String, Value>>(header).unwrap_or_default();
    let named = |header: &Map<String, Value>| corpus.kitchen.keys.get(header.get("kid")?.as_str()?);
    let (header, original) = (members(header), decoded(std::str::from_utf8(original).ok()?)?.0);
    let key = named(&header).or_else(|| named(&members(&original)))?;
    let algorithm = header.get("alg").and_then(Value::as_str).filter(|name| key.fits(name));
    let algorithm = algorithm.unwrap_or_else(|| key.algorithm());
    let signature = (!is_randomized(algorithm)).then(|| key.sign(algorithm, signed.as_bytes()))?.ok()?;
    Some(format!("{signed}.{}", base64url(signature)).into_bytes())
}

/// Members of an object, each with a comma behind it.
fn more_claims(random: &mut Random) -> String {
    let count = 1 + random.below(4);
    (0..count).map(|at| format!("{}:{},", name(at, random), value(random, 3))).collect()
}

/// Mostly different ones.
fn name(at: usize, random: &mut Random) -> String {
    let text = string(random);
    format!("\"{at}{}", &text[1..])
}

/// Any JSON, with a liking for what languages read in different ways.
fn value(random: &mut Random, depth: usize) -> String {
    let list =
        |random: &mut Random| (0..random.below(4)).map(|_| value(random, depth - 1)).collect::<Vec<_>>();
    match random.below(if depth == 0 { 7 } else { 9 }) {
        0 => random.one_of(&["null", "true", "false"]).to_owned(),
        1 => (random.number() as i64 >> random.below(64)).to_string(),
        2 => format!("{}{}", random.one_of(&["", "-"]), digits(random, 40)),
        3 => double(random),
        4 => decimal(random),
        5 | 6 => string(random),
        7 => format!("[{}]", list(random).join(",")),
        _ => {
            let values = list(random).into_iter().enumerate();
            let members = values.map(|(at, value)| format!("{}:{value}", name(at, random)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
    }
}

/// Digits without a zero in front.
fn digits(random: &mut Random, most: usize) -> String {
    let mut digits = (1 + random.below(9)).to_string();
    (0..random.below(most)).for_each(|_| digits.push((b'0' + random.below(10) as u8) as char));
    digits
}

/// A double of any bits, as it is usually written.
fn double(random: &mut Random) -> String {
    let double = f64::from_bits(random.number());
    if double.is_finite() { Value::from(double).to_string() } else { "-0.0".to_owned() }
}

/// A number as few would write it.
fn decimal(random: &mut Random) -> String {
    let sign = random.one_of(&["", "-"]);
    let fraction = if random.one_in(2) {
        format!(".{}{}", "0".repeat(random.below(8)), digits(random, 20))
    } else {
        String::new()
    };
    let exponent = match random.below(3) {
        0 if !fraction.is_empty() => String::new(),
        1 => format!("{}{}{}", random.one_of(&["e", "E"]), random.one_of(&["", "+", "-"]), random.below(400)),
        _ => format!("e{}", random.below(30)),
    };
    let whole = if random.one_in(4) { "0".to_owned() } else { digits(random, 25) };
    format!("{sign}{whole}{fraction}{exponent}")
}

/// A string in quotes: each piece is legal, and told apart by somebody.
fn string(random: &mut Random) -> String {
    const PIECES: [&str; 32] = [
        "a",
        "Z",
        " ",
        "/",
        "\\/",
        "\\\"",
        "\\\\",
        "\\n",
        "\\t",
        "\\b",
        "\\f",
        "\\r",
        "\\u0001",
        "\\u001F",
        "\\u0000",
        "\u{7f}",
        "\\u007f",
        "é",
        "\\u00e9",
        "e\u{301}",
        "ß",
        "\u{2028}",
        "\\u2029",
        "\u{feff}",
        "\u{fffd}",
        "\u{ffff}",
        "\u{fb33}",
        "😀",
        "\\ud83d\\ude00",
        "\u{10ffff}",
        "<!--",
        "__proto__",
    ];
    let pieces: String = (0..random.below(6)).map(|_| random.one_of(&PIECES)).collect();
    format!("\"{pieces}\"")
}
