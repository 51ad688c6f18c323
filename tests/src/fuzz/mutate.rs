//! Changes of an input that keep it nearly well formed, so that it gets further than noise would.

use super::world::{Entry, world};
use super::{Kind, seeds};
use crate::random::Random;
use crate::signer::base64url;

/// An input made from `seed` and sometimes from `other`.
pub fn mutate(kind: Kind, seed: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut input = seed.to_vec();
    for _ in 0..=random.below(4) {
        input = match kind {
            _ if random.one_in(12) => bytes(&input, other, random),
            Kind::Token => token(&input, random, &signed_by_the_world),
            Kind::Claims => claims(&input, random),
            Kind::Json => json(&input, random),
            Kind::Text => text(&input, random),
            Kind::Bytes => bytes(&input, other, random),
        };
    }
    input
}

/// The token for a header and what is to be signed, where there is a key for it.
pub type Sign<'a> = &'a dyn Fn(&[u8], &str) -> Option<Vec<u8>>;

/// A token made from `seed` and sometimes from `other`, with keys of the caller's.
pub fn mutate_token(seed: &[u8], other: &[u8], random: &mut Random, sign: Sign<'_>) -> Vec<u8> {
    let mut input = seed.to_vec();
    for _ in 0..=random.below(4) {
        input = if random.one_in(12) { bytes(&input, other, random) } else { token(&input, random, sign) };
    }
    input
}

/// Plain changes: flip, replace, insert, repeat, cut, join.
fn bytes(input: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut changed = input.to_vec();
    let at = random.below(changed.len() + 1);
    let until = (at + 1 + random.below(16)).min(changed.len());
    match random.below(8) {
        0 if at < changed.len() => changed[at] ^= 1 << random.below(8),
        1 if at < changed.len() => changed[at] = random.byte(),
        2 => changed.insert(at, random.byte()),
        3 if at < until => drop(changed.drain(at..until)),
        4 if at < until => {
            let part = changed[at..until].repeat(1 + random.below(40));
            changed.splice(at..at, part);
        }
        5 => changed.truncate(at),
        6 => changed = [&changed[..at], &other[random.below(other.len() + 1)..]].concat(),
        _ => drop(changed.splice(at..at, random.pick(&WORDS).bytes())),
    }
    changed
}

/// Header or payload changed as JSON; then signed anew, so that the claims are looked at, or not.
fn token(input: &[u8], random: &mut Random, sign: Sign<'_>) -> Vec<u8> {
    let decoded = std::str::from_utf8(input).ok().and_then(seeds::decoded);
    let Some((mut header, mut payload, mut signature)) = decoded else { return bytes(input, input, random) };
    match random.below(5) {
        0 | 1 => header = json(&header, random),
        2 | 3 => payload = json(&payload, random),
        _ => signature = String::from_utf8_lossy(&bytes(signature.as_bytes(), b"", random)).into_owned(),
    }
    let signed = format!("{}.{}", base64url(&header), base64url(&payload));
    let anew = if random.one_in(4) { None } else { sign(&header, &signed) };
    anew.unwrap_or_else(|| format!("{signed}.{signature}").into_bytes())
}

fn signed_by_the_world(header: &[u8], signed: &str) -> Option<Vec<u8>> {
    let world = world();
    let signers = [&world.legacy, &world.anonymous, &world.edwards, &world.p256];
    let named = signers.iter().find(|one| contains(header, format!("\"{}\"", one.algorithm).as_bytes()))?;
    Some(named.signed(signed.to_owned()).into_bytes())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The claims changed as JSON, seldom the entry that they are for.
fn claims(input: &[u8], random: &mut Random) -> Vec<u8> {
    let (first, payload) = input.split_first().unwrap_or((&0, b""));
    let first = if random.one_in(12) { random.below(Entry::ALL.len()) as u8 } else { *first };
    [&[first], json(payload, random).as_slice()].concat()
}

/// One lexeme replaced, doubled or left out; or a member added in front of the others.
fn json(input: &[u8], random: &mut Random) -> Vec<u8> {
    let mut lexemes = lexemes(input);
    if lexemes.is_empty() {
        return random.pick(&VALUES).as_bytes().to_vec();
    }
    let at = random.below(lexemes.len());
    let value = *random.pick(&VALUES);
    match random.below(20) {
        0..=7 => {
            // A value: what follows a colon, a comma or a bracket and is no name.
            let scalars: Vec<usize> = (0..lexemes.len())
                .filter(|at| is_scalar(lexemes[*at]) && lexemes.get(at + 1) != Some(&b":".as_slice()))
                .collect();
            if !scalars.is_empty() {
                lexemes[*random.pick(&scalars)] = value.as_bytes();
            }
        }
        8..=10 => {
            let names: Vec<usize> =
                (0..lexemes.len()).filter(|at| lexemes.get(at + 1) == Some(&b":".as_slice())).collect();
            if !names.is_empty() {
                lexemes[*random.pick(&names)] = random.pick(&NAMES).as_bytes();
            }
        }
        11..=15 => {
            let member = format!("{}:{},", random.pick(&NAMES), value);
            let braces: Vec<usize> = (0..lexemes.len()).filter(|at| lexemes[*at] == b"{").collect();
            if !braces.is_empty() {
                lexemes.insert(random.pick(&braces) + 1, member.as_bytes());
            }
            return lexemes.concat();
        }
        16 | 17 => {
            // A whole member, where the lexemes are one: name, colon, value, comma.
            let until = (at + 4).min(lexemes.len());
            drop(lexemes.drain(at..until));
        }
        18 => lexemes.insert(at, lexemes[at]),
        _ => lexemes.insert(at, random.pick(&WORDS).as_bytes()),
    }
    lexemes.concat()
}

fn is_scalar(lexeme: &[u8]) -> bool {
    !matches!(lexeme[0], b'{' | b'}' | b'[' | b']' | b',' | b':' | b' ' | b'\n')
}

/// Strings whole, runs of other characters, and punctuation alone.
fn lexemes(input: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < input.len() {
        let start = at;
        at += 1;
        match input[start] {
            b'"' => {
                while at < input.len() && input[at] != b'"' {
                    at += 1 + usize::from(input[at] == b'\\');
                }
                at = (at + 1).min(input.len());
            }
            b'{' | b'}' | b'[' | b']' | b',' | b':' => {}
            _ => {
                while at < input.len() && !b"{}[],:\"".contains(&input[at]) {
                    at += 1;
                }
            }
        }
        found.push(&input[start..at]);
    }
    found
}

/// Lines left out, doubled, exchanged; or a word of the text replaced.
fn text(input: &[u8], random: &mut Random) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = input.split_inclusive(|byte| *byte == b'\n').collect();
    if lines.is_empty() {
        return random.pick(&WORDS).as_bytes().to_vec();
    }
    let (at, to) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(6) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(to, lines[at]),
        2 => lines.swap(at, to),
        3 => {
            let line =
                [random.pick(&WORDS).as_bytes(), b" = ", random.pick(&VALUES).as_bytes(), b"\n"].concat();
            lines.insert(to, &line);
            return lines.concat();
        }
        _ => {
            let line = lines[at];
            let words: Vec<&[u8]> = line.split_inclusive(|byte| b" =[]{},\"'".contains(byte)).collect();
            let mut words = words;
            let word = random.below(words.len());
            words[word] =
                if random.one_in(2) { random.pick(&WORDS) } else { random.pick(&VALUES) }.as_bytes();
            let line = words.concat();
            lines[at] = &line;
            return lines.concat();
        }
    }
    lines.concat()
}

/// Values that a careless reader takes for others.
const VALUES: [&str; 46] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1",
    "1.5",
    "1e3",
    "1e999",
    "-1e-999",
    "1800000000",
    "1800000000.5",
    "18e8",
    "1799999990",
    "1800000600",
    "253402300799",
    "253402300800",
    "9223372036854775808",
    "[]",
    "{}",
    "\"\"",
    "\"a\"",
    "[\"a\"]",
    "[null]",
    "[[]]",
    "{\"a\":1}",
    "{\"sub\":\"gateway\"}",
    "{\"jkt\":\"x\"}",
    "[\"orders\",\"api\",\"client\"]",
    "[\"staff\"]",
    "\"orders\"",
    "\"api\"",
    "\"client\"",
    "\"acme\"",
    "\"orders:read\"",
    "\"a  b\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"https://idp.example.com\"",
    "\"https://legacy.example.com\"",
    "\"HS256\"",
    "\"none\"",
    "\"RS256\"",
    "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]",
];

/// Names that mean something, and some that only look like it.
const NAMES: [&str; 48] = [
    "\"iss\"",
    "\"sub\"",
    "\"aud\"",
    "\"exp\"",
    "\"nbf\"",
    "\"iat\"",
    "\"jti\"",
    "\"azp\"",
    "\"client_id\"",
    "\"scope\"",
    "\"cnf\"",
    "\"act\"",
    "\"nonce\"",
    "\"events\"",
    "\"acr\"",
    "\"amr\"",
    "\"auth_time\"",
    "\"groups\"",
    "\"roles\"",
    "\"tenant\"",
    "\"deep\"",
    "\"alg\"",
    "\"typ\"",
    "\"kid\"",
    "\"cty\"",
    "\"crit\"",
    "\"b64\"",
    "\"jwk\"",
    "\"jku\"",
    "\"x5c\"",
    "\"x5t#S256\"",
    "\"enc\"",
    "\"zip\"",
    "\"Iss\"",
    "\"AUD\"",
    "\"\\u0069ss\"",
    "\"\\u017fub\"",
    "\"\"",
    "\"kty\"",
    "\"crv\"",
    "\"x\"",
    "\"n\"",
    "\"e\"",
    "\"d\"",
    "\"k\"",
    "\"use\"",
    "\"key_ops\"",
    "\"keys\"",
];

/// Pieces of the texts that are read.
const WORDS: [&str; 56] = [
    ".",
    "..",
    ".....",
    "=",
    "Bearer ",
    " ",
    "\n",
    "\r\n",
    "\t",
    "\u{feff}",
    "\u{0}",
    "{",
    "}",
    "[",
    "]",
    "[[",
    "]]",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "\\",
    "\\u0000",
    ",",
    ":",
    "#",
    "${",
    "${CANARY}",
    "${NAME}",
    "$${",
    "file:secret",
    "file:",
    "base64:",
    "hex:",
    "version",
    "issuer",
    "[[issuer]]\n",
    "[service.orders]\n",
    "audience",
    "profile",
    "generic",
    "algorithms",
    "keys",
    "secret",
    "jwks_file",
    "dangerous",
    "x-",
    "1e999",
    "-----BEGIN ",
    "-----END ",
    "PUBLIC KEY-----",
    "CERTIFICATE-----",
    "PRIVATE KEY-----",
    "MII",
    "ssh-ed25519 AAAA",
    "\"kty\"",
];
