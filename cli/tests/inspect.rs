//! `counterseal inspect`

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{ISSUER, NOW, SIGNED_CANARY, Stage, base64url, claims};
use serde_json::{Value, json};

fn inspect(stage: &Stage, token: impl AsRef<[u8]>) -> (i32, Value) {
    let ran = stage.run(&["inspect", "--json", "--now", &NOW.to_string()], token);
    (ran.status, ran.json())
}

fn problems(json: &Value) -> Vec<(Option<&str>, &str)> {
    let list = json["problems"].as_array().unwrap().iter();
    list.map(|one| (one["segment"].as_str(), one["code"].as_str().unwrap())).collect()
}

#[test]
fn it_shows_what_is_there_and_says_that_nothing_is_verified() {
    let stage = Stage::new();
    // Signed by somebody else: it makes no difference here.
    let token = format!("Bearer {}\n", Stage::new().good());
    let ran = stage.run(&["inspect", "--now", &NOW.to_string()], &token);
    assert_eq!((ran.status, ran.errors.as_str()), (0, ""));
    assert_eq!(ran.output.matches(" NOT VERIFIED ").count(), 2);
    assert!(ran.output.starts_with(" NOT VERIFIED \n") && ran.output.ends_with(" NOT VERIFIED \n"));
    ran.assert_shows(&[
        "A compact JWS, ",
        "Header  54 characters for 40 bytes\n  alg: \"EdDSA\"\n  typ: \"JWT\"\n  kid: \"ed-1\"\n",
        "  exp: 1800003600  2027-01-15T09:00:00Z, in 60 min\n",
        "  iat: 1799999940  2027-01-15T07:59:00Z, 60 s ago\n",
        "Signature  86 characters for 64 bytes",
        SIGNED_CANARY,
    ]);

    let (status, json) = inspect(&stage, &token);
    assert_eq!(status, 0);
    assert_eq!((&json["verified"], &json["form"]), (&json!(false), &json!("jws")));
    assert_eq!(json["unverified_header"], json!({"alg": "EdDSA", "typ": "JWT", "kid": "ed-1"}));
    assert_eq!(json["unverified_claims"]["iss"], ISSUER);
    assert_eq!(json["dates"]["exp"], "2027-01-15T09:00:00Z, in 60 min");
    assert_eq!(
        json["segments"][0],
        json!({"name": "header", "encoded_bytes": 54, "decoded_bytes": 40, "text": null})
    );
    assert_eq!(json["problems"], json!([]));
    // No name could be mistaken for that of something verified.
    for name in ["identity", "claims", "verdict", "subject"] {
        assert!(json.get(name).is_none(), "{name}");
    }
}

#[test]
fn broken_tokens_are_shown_as_far_as_they_go() {
    let stage = Stage::new();
    let good = stage.good();
    let header = good.split('.').next().unwrap();
    for (token, wanted) in [
        (stage.sign(r#"{"alg":"none"}"#, &claims("")), vec![(Some("header"), "alg_not_allowed")]),
        (
            stage.sign(r#"{"alg":"EdDSA","jwk":{}}"#, &claims("")),
            vec![(Some("header"), "header_embedded_key")],
        ),
        (stage.token(r#"{"sub":"a","sub":"b"}"#), vec![(Some("payload"), "json_duplicate_member")]),
        (stage.token("no JSON"), vec![(Some("payload"), "json_invalid")]),
        (stage.token(r#"{"exp":1e12}"#), vec![(Some("payload"), "date_out_of_range")]),
        (format!("{good}=="), vec![(Some("signature"), "base64_alphabet")]),
        (format!("{good}.{header}"), vec![(None, "token_malformed")]),
        (good.rsplit_once('.').unwrap().0.to_owned(), vec![(None, "token_malformed")]),
        (format!("{header}.....x"), vec![(None, "token_malformed")]),
    ] {
        let (status, json) = inspect(&stage, &token);
        assert_eq!(status, 1, "{token}");
        let found = problems(&json);
        assert!(wanted.iter().all(|one| found.contains(one)), "{wanted:?}: {found:?}");
        assert!(!json["unverified_header"].is_null(), "{json}");
    }
    let ran = stage.run(&["inspect"], stage.token(r#"{"sub":"a","sub":"b"}"#));
    ran.assert_shows(&[
        "  {\"sub\":\"a\",\"sub\":\"b\"}\n",
        "json_duplicate_member",
        "names a member twice, at byte 11",
    ]);
}

#[test]
fn encrypted_tokens_show_their_header() {
    let stage = Stage::new();
    let header = base64url(br#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#);
    let (status, json) = inspect(&stage, format!("{header}.AAAA.BBBB.CCCC.DDDD"));
    assert_eq!((status, &json["form"]), (1, &json!("jwe")));
    assert_eq!(json["unverified_header"]["enc"], "A256GCM");
    assert_eq!(problems(&json), [(None, "token_encrypted")]);
}

#[test]
fn it_guesses_what_else_the_text_is() {
    let stage = Stage::new();
    let good = stage.good();
    for (text, hint) in [
        (String::new(), "The input is empty"),
        (format!("{{\"access_token\":\"{good}\"}}"), "answer of a token endpoint"),
        (format!("\"{good}\""), "stands in quotes"),
        (format!("Authorization: Bearer {good}"), "header line"),
        (format!("Bearer Bearer {good}"), "stands twice"),
        (format!("\u{feff}{good}"), "byte order mark"),
        (good.replace('.', "%2E"), "percent-encoded"),
        ("v4.public.AAAA".to_owned(), "PASETO"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----".to_owned(), "keys show"),
        ("2YotnFZFEjr1zCsicMWpAA".to_owned(), "opaque token"),
    ] {
        let ran = stage.run(&["inspect"], &text);
        assert_eq!(ran.status, 1, "{text}");
        let words = ran.output.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(hint), "{hint}:\n{}", ran.output);
        assert!(ran.output.starts_with(" NOT VERIFIED "));
    }
}
