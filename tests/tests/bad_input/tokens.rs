//! Tokens: malformed and oversized ones, and the worst that fits into 16 KiB.

use std::time::Duration;

use counterseal::core::guard::{Decision, Guard};
use counterseal::core::limits::TOKEN_BYTES;
use counterseal::core::time::Now;
use counterseal::{Algorithm, Class, Code, Error, Format, Policy, UnixTime};
use counterseal_tests::signer::{Signer, base64url};

use crate::measure::{Cost, measure};

const NOW: i64 = 1_800_000_000;
const SECRET: &str = "a secret of thirty-two bytes or more";

fn guard() -> counterseal::Guard {
    let text = format!(
        "version = 1\n[[issuer]]\nissuer = \"i\"\nprofile = \"generic\"\naudience = \"a\"\n\
         algorithms = [\"HS256\"]\nkeys = {{ secret = \"{SECRET}\" }}\nidentity = {{ roles = [\"/r\", \"/a/b/c/d\"] }}\n"
    );
    counterseal::Guard::new(Policy::from_str(&text, Format::Toml, None, None).unwrap())
}

fn signer() -> Signer {
    Signer::with_secret(Algorithm::HS256, "k", SECRET.as_bytes())
}

fn now() -> UnixTime {
    UnixTime::from_seconds(NOW).unwrap()
}

fn valid() -> String {
    signer().token(r#"{"iss":"i","aud":"a","sub":"s","exp":1800000100}"#)
}

/// A guard whose first call is over: it registers this thread with the policy's pointer.
fn warm_guard() -> counterseal::Guard {
    let guard = guard();
    assert_eq!(decide(guard.core(), valid().as_bytes()).0, Ok(()));
    guard
}

/// Decides in both ways of telling the time; the costs of the second one.
fn decide(guard: &Guard, token: &[u8]) -> (Result<(), Code>, Cost) {
    let (first, _) = measure(|| verdict(guard.decide(token, Now::Driver(now()))));
    let (second, cost) = measure(|| verdict(guard.decide(token, Now::Given(now()))));
    assert_eq!(first, second);
    (second, cost)
}

fn verdict(decision: Decision) -> Result<(), Code> {
    match decision {
        Decision::Verified(_) => Ok(()),
        Decision::Rejected(rejection) => Err(rejection.code()),
        Decision::Pending(_) => panic!("static keys are never waited for"),
    }
}

#[test]
fn what_is_refused_before_json_allocates_nothing() {
    let (guard, valid) = (warm_guard(), valid());
    let core = guard.core();
    let segments: Vec<&str> = valid.split('.').collect();
    let [header, payload, signature] = segments[..] else { panic!("three segments") };
    let large = format!("{header}.{}.{signature}", "A".repeat(TOKEN_BYTES));
    for (token, code) in [
        (String::new(), Code::TokenMalformed),
        ("x".to_owned(), Code::TokenMalformed),
        ("Bearer ".to_owned(), Code::TokenMalformed),
        (".".to_owned(), Code::TokenMalformed),
        ("..".to_owned(), Code::TokenMalformed),
        (format!("{header}.{payload}"), Code::TokenMalformed),
        (format!("{header}..{signature}"), Code::TokenMalformed),
        (format!(".{payload}.{signature}"), Code::TokenMalformed),
        (format!("{valid}.x"), Code::TokenMalformed),
        (format!("{valid}{}", ".".repeat(10_000)), Code::TokenMalformed),
        (format!("{{\"payload\":\"{payload}\"}}"), Code::TokenMalformed),
        (format!("{header}.{payload} .{signature}"), Code::TokenMalformed),
        (format!("{header}.x.x.{payload}.{signature}"), Code::TokenEncrypted),
        (format!("{header}.{payload}=.{signature}"), Code::Base64Alphabet),
        (format!("{header}.{payload}.{signature}+"), Code::Base64Alphabet),
        (format!("{header}.{payload}.{signature}\u{e9}"), Code::Base64Alphabet),
        (format!("{header}.{payload}A.{signature}"), Code::Base64Noncanonical),
        (format!("{}.{payload}.{signature}", "A".repeat(6000)), Code::HeaderTooLarge),
        (large, Code::TokenTooLarge),
        (".".repeat(1 << 20), Code::TokenTooLarge),
        ("\0".repeat(1 << 20), Code::TokenTooLarge),
        (format!("Bearer {}", "A".repeat(1 << 20)), Code::TokenTooLarge),
    ] {
        let shown: String = token.chars().take(40).collect();
        for now in [Now::Driver(now()), Now::Given(now())] {
            let (result, cost) = measure(|| verdict(core.decide(token.as_bytes(), now)));
            assert_eq!((result, cost.allocations), (Err(code), 0), "{shown:?} of {} bytes", token.len());
        }
        let (result, cost) = measure(|| guard.try_verify_at(&token, now()).map(drop));
        let Err(Error::TokenRejected(rejection)) = result else { panic!("{shown:?} was not refused") };
        assert_eq!((rejection.code(), cost.allocations), (code, 0), "{shown:?}");
    }
}

#[test]
fn a_megabyte_costs_microseconds() {
    let guard = warm_guard();
    for byte in ["A", ".", "{", "\0"] {
        let token = byte.repeat(1 << 20);
        const TIMES: u32 = 1000;
        let ((), cost) = measure(|| {
            for _ in 0..TIMES {
                assert_eq!(
                    verdict(guard.core().decide(token.as_bytes(), Now::Driver(now()))),
                    Err(Code::TokenTooLarge)
                );
            }
        });
        println!("a megabyte of {byte:?}: {:?} each", cost.time / TIMES);
        assert!(cost.time / TIMES < Duration::from_micros(20), "{:?} for {byte:?}", cost.time / TIMES);
    }
}

/// What fits into a token of 16 KiB beside its header and signature.
const PAYLOAD: usize = (TOKEN_BYTES - 150) / 4 * 3;

/// Members after the claims that every token has, as long as they fit.
fn claims(member: impl Fn(usize) -> String) -> String {
    let mut text = r#"{"iss":"i","aud":"a","exp":1800000100"#.to_owned();
    for at in 0.. {
        let member = member(at);
        if text.len() + member.len() + 2 > PAYLOAD {
            break;
        }
        text = text + "," + &member;
    }
    text + "}"
}

fn one(member: String) -> String {
    format!(r#"{{"iss":"i","aud":"a","exp":1800000100,{member}}}"#)
}

#[test]
fn the_worst_of_16_kib_is_bounded() {
    let room = PAYLOAD - 80;
    let in_string = |piece: &str| one(format!("\"x\":\"{}\"", piece.repeat(room / piece.len())));
    let cases: Vec<(&str, String, Option<Code>)> = vec![
        ("many short names", claims(|at| format!("\"{at}\":0")), None),
        ("names that hash alike", claims(|at| format!("\"a{at:04}mm{:04}z\":0", 9999 - at)), None),
        ("names that differ at the end", claims(|at| format!("\"{}{at:04}\":0", "n".repeat(60))), None),
        (
            "the last name twice",
            claims(|at| format!("\"{}\":0", if at > 900 { 900 } else { at })),
            Some(Code::JsonDuplicateMember),
        ),
        ("names with escapes", claims(|at| format!("\"\\u0061\\u0062{at:x}\":0")), None),
        (
            "names that nearly look like claims",
            claims(|at| format!("\"CLIENT\u{212a}\u{17f}\u{df}{at}\":0")),
            None,
        ),
        (
            "objects of 32 names that hash alike",
            claims(|at| {
                let members: Vec<String> = (0..32).map(|n| format!("\"a{n:02}m{:02}z\":0", 99 - n)).collect();
                format!("\"{at}\":{{{}}}", members.join(","))
            }),
            None,
        ),
        ("2048 values", one(format!("\"x\":[{}]", vec!["0"; 2043].join(","))), None),
        ("2049 values", one(format!("\"x\":[{}]", vec!["0"; 2044].join(","))), Some(Code::JsonTooComplex)),
        ("empty objects", claims(|at| format!("\"{at}\":{{}}")), None),
        ("16 deep", one(format!("\"x\":{}{}", "[".repeat(15), "]".repeat(15))), None),
        ("17 deep", one(format!("\"x\":{}{}", "[".repeat(16), "]".repeat(16))), Some(Code::JsonTooComplex)),
        ("thousands deep", one(format!("\"x\":{}", "[".repeat(room))), Some(Code::JsonTooComplex)),
        (
            "thousands of objects deep",
            one(format!("\"x\":{}", "{\"a\":".repeat(room / 5))),
            Some(Code::JsonTooComplex),
        ),
        ("one long string", in_string("x"), None),
        ("one long string in UTF-8", in_string("\u{10348}"), None),
        ("escapes", in_string("\\u0041"), None),
        ("short escapes", in_string("\\n"), None),
        ("surrogate pairs", in_string("\\ud83d\\ude00"), None),
        (
            "half a surrogate pair at the end",
            one(format!("\"x\":\"{}\\ud83d\"", "\\u0041".repeat(room / 6 - 2))),
            Some(Code::JsonInvalidUtf8),
        ),
        ("a string without an end", one(format!("\"x\":\"{}", "y".repeat(room))), Some(Code::JsonInvalid)),
        ("spaces", one(format!("\"x\":{}0", " ".repeat(room))), None),
        ("a long number", one(format!("\"x\":1{}", "0".repeat(room))), None),
        (
            "a date of many digits",
            format!(r#"{{"iss":"i","aud":"a","exp":1{}}}"#, "0".repeat(room)),
            Some(Code::DateOutOfRange),
        ),
        (
            "a date with a long fraction",
            format!(r#"{{"iss":"i","aud":"a","exp":1800000100.{}1}}"#, "0".repeat(room)),
            None,
        ),
        (
            "a date with a long exponent",
            format!(r#"{{"iss":"i","aud":"a","exp":1e{}}}"#, "9".repeat(room)),
            Some(Code::DateOutOfRange),
        ),
        (
            "a date with a long negative exponent",
            format!(r#"{{"iss":"i","aud":"a","exp":1e-{}}}"#, "9".repeat(room)),
            Some(Code::DateForm),
        ),
        (
            "a date of zeros and an exponent",
            format!(r#"{{"iss":"i","aud":"a","exp":0.{}18e{}}}"#, "0".repeat(room - 9), room + 1),
            None,
        ),
        (
            "a long fraction of a date and an exponent",
            format!(r#"{{"iss":"i","aud":"a","exp":0.{}1e99999}}"#, "0".repeat(room - 9)),
            Some(Code::DateOutOfRange),
        ),
        (
            "many audiences",
            format!(r#"{{"iss":"i","aud":[{}],"exp":1800000100}}"#, vec!["\"a\""; 2000].join(",")),
            Some(Code::TooManyValues),
        ),
        (
            "many scopes",
            one(format!("\"scope\":\"{}\"", vec!["s"; room / 2 - 8].join(" "))),
            Some(Code::TooManyValues),
        ),
        (
            "a long chain of actors",
            one(format!(
                "\"act\":{}{}",
                "{\"sub\":\"a\",\"act\":".repeat(13) + "{\"sub\":\"a\"",
                "}".repeat(14)
            )),
            Some(Code::TooManyValues),
        ),
        ("many roles", one(format!("\"r\":[{}]", vec!["\"r\""; 2000].join(","))), None),
        ("a long subject", one(format!("\"sub\":\"{}\"", "s".repeat(room))), Some(Code::ClaimTooLong)),
        ("a long issuer", format!(r#"{{"iss":"{}"}}"#, "i".repeat(room)), Some(Code::ClaimTooLong)),
        ("control characters of two bytes where nobody looks", in_string("\u{80}"), None),
    ];
    let guard = warm_guard();
    for (name, payload, code) in cases {
        let token = signer().token(&payload);
        assert!(token.len() <= TOKEN_BYTES, "{name}: {} bytes", token.len());
        let (result, cost) = decide(guard.core(), token.as_bytes());
        println!(
            "{name:42} {:6} bytes  {:8.1?}  {:3} allocations  {:7} bytes held",
            token.len(),
            cost.time,
            cost.allocations,
            cost.peak
        );
        assert_eq!(result.err(), code, "{name}");
        bounded(name, cost);
        let (report, _) = measure(|| guard.core().explain(token.as_bytes(), Now::Given(now())));
        assert_eq!(report.code(), code, "{name}");
    }
}

fn bounded(name: &str, cost: Cost) {
    assert!(cost.time < Duration::from_millis(20), "{name}: {:?}", cost.time);
    assert!(cost.peak < 256 * 1024, "{name}: {} bytes", cost.peak);
    assert!(cost.allocations < 64, "{name}: {} allocations", cost.allocations);
}

#[test]
fn the_worst_headers_are_bounded() {
    let guard = warm_guard();
    let names = |count: usize| (0..count).map(|at| format!("\"n{at}\"")).collect::<Vec<_>>().join(",");
    let members = |count: usize| (0..count).map(|at| format!("\"n{at}\":0")).collect::<Vec<_>>().join(",");
    for (name, header, code) in [
        (
            "crit of many",
            format!(r#"{{"alg":"HS256","crit":[{}],{}}}"#, names(200), members(200)),
            Some(Code::CritInvalid),
        ),
        (
            "crit of 32",
            format!(r#"{{"alg":"HS256","crit":[{}],{}}}"#, names(32), members(32)),
            Some(Code::CritUnknown),
        ),
        ("a long kid", format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(4000)), Some(Code::KidInvalid)),
        ("a long typ", format!(r#"{{"alg":"HS256","typ":"{}"}}"#, "T".repeat(4000)), Some(Code::TypMismatch)),
        ("a long alg", format!(r#"{{"alg":"{}"}}"#, "H".repeat(4000)), Some(Code::AlgNotAllowed)),
        ("many names", format!(r#"{{"alg":"HS256",{}}}"#, members(350)), None),
        ("thousands deep", format!(r#"{{"alg":{}"#, "[".repeat(4000)), Some(Code::JsonTooComplex)),
        (
            "a long digest",
            format!(r#"{{"alg":"HS256","x5t#S256":"{}"}}"#, "A".repeat(4000)),
            Some(Code::HeaderX5tMismatch),
        ),
        (
            "a key",
            format!(r#"{{"alg":"HS256","jwk":{{"kty":"RSA","n":"{}"}}}}"#, "A".repeat(3900)),
            Some(Code::HeaderEmbeddedKey),
        ),
    ] {
        let token = signer().token_with(&header, r#"{"iss":"i","aud":"a","exp":1800000100}"#);
        let (result, cost) = decide(guard.core(), token.as_bytes());
        assert_eq!(result.err(), code, "{name}");
        bounded(name, cost);
    }
}

#[test]
fn noise_of_every_size_is_bounded() {
    let guard = warm_guard();
    let mut random = counterseal_tests::random::Random::new(7);
    for size in [1, 10, 100, 1000, 5000, 12_000] {
        for _ in 0..50 {
            let bytes = |random: &mut counterseal_tests::random::Random, size: usize| {
                base64url((0..size).map(|_| random.byte()).collect::<Vec<u8>>())
            };
            let token = format!(
                "{}.{}.{}",
                bytes(&mut random, size.min(100)),
                bytes(&mut random, size),
                bytes(&mut random, 32)
            );
            let (result, cost) = decide(guard.core(), token.as_bytes());
            assert_eq!(result.map_err(Code::class), Err(Class::Malformed));
            bounded("noise", cost);
        }
    }
}
