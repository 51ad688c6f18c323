//! Key sets: as many keys, and as odd ones, as fit.

use std::time::Duration;

use counterseal::core::keyset::{KeySetOptions, Origin};
use counterseal::core::limits::{JWKS_BYTES, KEYS, STATIC_JWKS_BYTES, STATIC_KEYS};
use counterseal::crypto::aws_lc;
use counterseal::{Algorithm, AlgorithmSet, Code, KeySet, jws};
use counterseal_tests::signer::{Signer, base64url};

use crate::measure::measure;

fn options(origin: Origin, algorithms: &[Algorithm]) -> KeySetOptions {
    KeySetOptions { algorithms: algorithms.iter().copied().collect(), provider: aws_lc(), origin }
}

const LISTED: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::ES256K,
    Algorithm::Ed25519,
];

fn set(keys: impl Iterator<Item = String>) -> String {
    format!("{{\"keys\":[{}]}}", keys.collect::<Vec<_>>().join(","))
}

/// A JWK of this signer with another kid.
fn named(signer: &Signer, kid: &str) -> String {
    let mut jwk = signer.jwk();
    jwk["kid"] = kid.into();
    jwk.to_string()
}

#[test]
fn ten_thousand_keys_are_a_set_and_one_more_is_none() {
    let options = options(Origin::Static, &[Algorithm::HS256]);
    let key = |at: usize| {
        format!(r#"{{"kty":"oct","kid":"k{at}","alg":"HS256","k":"{}"}}"#, base64url(format!("{at:032}")))
    };
    for (count, expected) in [(STATIC_KEYS, Ok(STATIC_KEYS)), (STATIC_KEYS + 1, Err(Code::JwksInvalid))] {
        let text = set((0..count).map(key));
        let (loaded, cost) = measure(|| KeySet::from_jwks(text.as_bytes(), &options));
        println!("{count} secrets: {:?}, {} bytes held", cost.time, cost.peak);
        assert_eq!(loaded.as_ref().map(KeySet::len).map_err(|code| *code), expected);
        assert!(cost.time < Duration::from_secs(5) && cost.peak < 64 << 20, "{cost:?}");
        let Ok(keys) = loaded else { continue };
        for at in [0, 4999, 9999] {
            let signer =
                Signer::with_secret(Algorithm::HS256, &format!("k{at}"), format!("{at:032}").as_bytes());
            let algorithms = AlgorithmSet::new().with(Algorithm::HS256);
            assert!(jws::verify(signer.token("x").as_bytes(), &keys, algorithms).is_ok(), "k{at}");
        }
    }
}

#[test]
fn ten_thousand_keys_of_every_kind_are_bounded() {
    for algorithm in LISTED {
        let signer = Signer::new(algorithm, "k");
        let count = (STATIC_JWKS_BYTES / (signer.jwk().to_string().len() + 8)).min(STATIC_KEYS);
        type Kid = fn(usize) -> String;
        let kids: [(&str, Kid); 2] =
            [("names of their own", |at| format!("k{at}")), ("one name", |_| "k".to_owned())];
        for (what, kid) in kids {
            let text = set((0..count).map(|at| named(&signer, &kid(at))));
            let (loaded, cost) =
                measure(|| KeySet::from_jwks(text.as_bytes(), &options(Origin::Static, &LISTED)).unwrap());
            println!(
                "{count} keys of {algorithm}, {what}: {:?}, {} MiB held, {loaded:?}",
                cost.time,
                cost.peak >> 20
            );
            assert!(
                cost.time < Duration::from_secs(20) && cost.peak < 160 << 20,
                "{algorithm}, {what}: {cost:?}"
            );
        }
    }
}

#[test]
fn a_fetched_set_that_is_too_large_is_not_read() {
    let fetched = options(Origin::Fetched, &LISTED);
    let signer = Signer::new(Algorithm::Ed25519, "k");
    for text in [
        " ".repeat(JWKS_BYTES + 1),
        format!("{{\"keys\":[{}]}}", " ".repeat(JWKS_BYTES)),
        "[".repeat(1 << 20),
    ] {
        let (loaded, cost) = measure(|| KeySet::from_jwks(text.as_bytes(), &fetched).map(drop));
        assert_eq!((loaded, cost.allocations), (Err(Code::JwksInvalid), 0));
    }
    let text = set((0..=KEYS).map(|at| named(&signer, &format!("k{at}"))));
    assert_eq!(KeySet::from_jwks(text.as_bytes(), &fetched).err(), Some(Code::JwksInvalid));
    let text = set((0..KEYS).map(|at| named(&signer, &format!("k{at}"))));
    assert_eq!(KeySet::from_jwks(text.as_bytes(), &fetched).unwrap().len(), KEYS);
}

#[test]
fn odd_keys_are_bounded() {
    let huge = "A".repeat(STATIC_JWKS_BYTES - 200);
    let long = |bytes: usize| "A".repeat(bytes / 4 * 4);
    let pieces = |piece: &str, bytes: usize| vec![piece; bytes / (piece.len() + 1)].join(",");
    let most = STATIC_JWKS_BYTES - 200;
    for (name, text, reason) in [
        (
            "a huge modulus",
            format!(r#"{{"keys":[{{"kty":"RSA","e":"AQAB","n":"{huge}"}}]}}"#),
            Some(Code::RsaKeyWeak),
        ),
        (
            "a huge modulus that is odd",
            format!(r#"{{"keys":[{{"kty":"RSA","e":"AQAB","n":"_{}_w"}}]}}"#, &huge[..most - 40]),
            None,
        ),
        (
            "a huge exponent",
            format!(r#"{{"keys":[{{"kty":"RSA","n":"{}","e":"{}"}}]}}"#, "_".repeat(342), long(most - 600)),
            None,
        ),
        (
            "huge coordinates",
            format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","x":"{0}","y":"{0}"}}]}}"#, long(most / 2 - 100)),
            Some(Code::EcPointInvalid),
        ),
        (
            "a huge point",
            format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{}"}}]}}"#, long(most - 100)),
            Some(Code::OkpInvalid),
        ),
        (
            "a huge kid",
            format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"{}"}}]}}"#, long(most - 100)),
            Some(Code::KidInvalid),
        ),
        ("a huge kty", format!(r#"{{"keys":[{{"kty":"{huge}"}}]}}"#), Some(Code::JwkSkipped)),
        (
            "a huge alg",
            format!(r#"{{"keys":[{{"kty":"RSA","alg":"{}"}}]}}"#, long(most - 100)),
            Some(Code::JwkSkipped),
        ),
        (
            "very many operations",
            format!(
                r#"{{"keys":[{{"kty":"RSA","key_ops":[{}]}}]}}"#,
                (0..800_000).map(|at| format!("\"{at}\"")).collect::<Vec<_>>().join(",")
            ),
            Some(Code::KeyOps),
        ),
        (
            "a huge certificate",
            format!(
                r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{}","x5c":["{}"]}}]}}"#,
                "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                long(most - 200)
            ),
            Some(Code::JwkCertMismatch),
        ),
        (
            "very many certificates",
            format!(
                r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{}","x5c":[{}]}}]}}"#,
                "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                pieces("\"AAAA\"", most - 300)
            ),
            Some(Code::JwkSkipped),
        ),
        ("very many numbers", format!("{{\"keys\":[{}]}}", pieces("1", most)), None),
        (
            "very many members",
            format!(
                "{{\"keys\":[{{{}}}]}}",
                (0..700_000).map(|at| format!("\"{at}\":1")).collect::<Vec<_>>().join(",")
            ),
            Some(Code::JwkSkipped),
        ),
        (
            "very many sets",
            format!(
                "{{{}}}",
                (0..400_000).map(|at| format!("\"keys{at}\":[]")).collect::<Vec<_>>().join(",")
            ),
            None,
        ),
        ("17 deep", format!("{{\"keys\":[{}{}]}}", "[".repeat(15), "]".repeat(15)), None),
        ("millions deep", "{\"keys\":".to_owned() + &"[".repeat(most), None),
        ("millions of objects deep", "{\"keys\":".repeat(most / 8), None),
        (
            "numbers with long exponents",
            format!("{{\"keys\":[1e{}]}}", "9".repeat(most - 10)),
            Some(Code::JwkSkipped),
        ),
        ("escapes", format!("{{\"keys\":[\"{}\"]}}", "\\u0041".repeat(most / 6)), Some(Code::JwkSkipped)),
    ] {
        assert!(text.len() <= STATIC_JWKS_BYTES, "{name}: {} bytes", text.len());
        let (loaded, cost) =
            measure(|| KeySet::from_jwks(text.as_bytes(), &options(Origin::Static, &LISTED)));
        println!(
            "{name:30} {:8.1?}  {:4} MiB held  {:?}",
            cost.time,
            cost.peak >> 20,
            loaded.as_ref().map(|set| set.skipped().first().map(|key| key.reason))
        );
        match (&loaded, reason) {
            (Ok(set), Some(reason)) => assert_eq!(set.skipped()[0].reason, reason, "{name}"),
            (Ok(set), None) => assert!(set.is_empty(), "{name}"),
            (Err(code), reason) => assert_eq!((*code, reason), (Code::JwksInvalid, None), "{name}"),
        }
        assert!(cost.time < Duration::from_secs(10) && cost.peak < 256 << 20, "{name}: {cost:?}");
        let (_, cost) =
            measure(|| KeySet::from_jwk(text.as_bytes(), &options(Origin::Static, &LISTED)).map(drop));
        assert!(cost.time < Duration::from_secs(10), "{name}: {cost:?}");
    }
}

#[test]
fn pem_of_megabytes_is_bounded() {
    let key = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA5Ih8zXDGyRbYYrcgaRFVhU+JIO/KU548QhfIqqYBSG0=\n-----END PUBLIC KEY-----\n";
    for (name, text) in [
        ("ten thousand blocks", key.repeat(STATIC_KEYS)),
        ("more blocks than keys", key.repeat(STATIC_KEYS + 1)),
        ("a block without an end", format!("-----BEGIN PUBLIC KEY-----\n{}", "A".repeat(4 << 20))),
        (
            "a huge block",
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", "A".repeat(8 << 20)),
        ),
        ("line breaks", "\n".repeat(8 << 20)),
        ("dashes", "-".repeat(8 << 20)),
        ("beginnings", "-----BEGIN PUBLIC KEY-----\n".repeat(200_000)),
    ] {
        let (loaded, cost) = measure(|| KeySet::from_pem(text.as_bytes(), &options(Origin::Static, &LISTED)));
        println!("{name:24} {:8.1?}  {:4} MiB held  {loaded:?}", cost.time, cost.peak >> 20);
        assert!(cost.time < Duration::from_secs(10) && cost.peak < 160 << 20, "{name}: {cost:?}");
    }
}

#[test]
fn a_secret_of_any_size_is_bounded() {
    let options = options(Origin::Static, &[Algorithm::HS256]);
    for (name, secret) in [
        ("zeros", vec![0; 1 << 20]),
        ("brackets", b"[".repeat(1 << 20)),
        ("braces", b"{\"a\":".repeat(200_000)),
        ("base64", b"MIIB".repeat(1 << 18)),
        ("sequences", b"\x30\x82\x30\x82".repeat(1 << 18)),
        ("words", b"ssh- ".repeat(200_000)),
        ("spaces", b" ".repeat(1 << 20)),
    ] {
        let (loaded, cost) = measure(|| KeySet::from_secret(&secret, &options).map(drop));
        println!("a secret of {name}: {:?}, {} MiB held, {loaded:?}", cost.time, cost.peak >> 20);
        assert!(cost.time < Duration::from_secs(2) && cost.peak < 64 << 20, "{name}: {cost:?}");
    }
}
