//! `counterseal keys show`

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{Ran, Stage, base64url, pem};
use serde_json::{Value, json};

/// The key of RFC 7638 section 3.1, whose thumbprint stands there.
const RFC_7638: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;
const THUMBPRINT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

fn show(stage: &Stage, text: &str) -> Ran {
    stage.write("keys", text);
    stage.run(&["keys", "show", "keys"], "")
}

fn show_json(stage: &Stage, text: &str) -> (i32, Value) {
    stage.write("keys", text);
    let ran = stage.run(&["keys", "show", "--json", "keys"], "");
    (ran.status, ran.json())
}

#[test]
fn keys_are_described_and_the_others_have_reasons() {
    let stage = Stage::new();
    let set = [
        RFC_7638.to_owned(),
        stage.jwk(),
        stage.jwk(),
        RFC_7638.replace("\"alg\":\"RS256\",", "").replace("2011-04-29", "no alg"),
        RFC_7638.replace("2011-04-29", "for encryption").replace("\"alg\"", "\"use\":\"enc\",\"alg\""),
        r#"{"kty":"EC","kid":"other curve","crv":"P-192","x":"AA","y":"AA"}"#.to_owned(),
        r#"{"kty":"RSA","kid":"small","n":"AQAB","e":"AQAB"}"#.to_owned(),
        "7".to_owned(),
    ];
    let text = format!("{{\"keys\":[{}]}}", set.join(","));
    let (status, json) = show_json(&stage, &text);
    assert_eq!((status, &json["format"]), (0, &json!("jwk_set")));
    let rsa = json!({"index": 0, "kid": "2011-04-29", "kty": "RSA", "crv": null, "bits": 2048, "alg": "RS256", "use": null, "thumbprint": THUMBPRINT});
    assert_eq!(json["keys"][0], rsa);
    let ed = &json["keys"][1];
    assert_eq!(
        (&ed["kty"], &ed["crv"], &ed["use"], &ed["alg"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("sig"), &json!("Ed25519"))
    );
    assert_eq!((&json["keys"][2]["index"], &json["keys"][2]["alg"]), (&json!(3), &Value::Null));
    assert_eq!(json["repeated"], json!([2]));
    let skipped: Vec<(&str, u64)> = json["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (key["code"].as_str().unwrap(), key["index"].as_u64().unwrap()))
        .collect();
    assert_eq!(skipped, [("key_use", 4), ("jwk_skipped", 5), ("rsa_key_weak", 6), ("jwk_skipped", 7)]);
    assert_eq!((&json["holds_private_keys"], &json["holds_secrets"]), (&json!(false), &json!(false)));

    let ran = show(&stage, &text);
    assert_eq!((ran.status, ran.errors.as_str()), (0, ""));
    ran.assert_shows(&[
        "✓ key 0  2011-04-29\n  type         RSA, 2048 bits\n  alg          RS256\n",
        THUMBPRINT,
        "· key 2  the same key as one before",
        "✓ key 3  \"no alg\"",
        "✗ key 6  small\n  not used     rsa_key_weak: ",
        "3 of 8 keys can be used",
    ]);
    ran.assert_hides(&["PRIVATE", "SECRET", "0vx7agoeb"]);
}

#[test]
fn private_keys_and_secrets_are_cried_out_and_never_shown() {
    let stage = Stage::new();
    let private = stage.jwk().replace("\"x\"", "\"d\":\"Y2FuYXJ5\",\"x\"").replace("ed-1", "mine");
    let secret =
        format!("{{\"kty\":\"oct\",\"kid\":\"mac\",\"alg\":\"HS256\",\"k\":\"{}\"}}", base64url(&[b'c'; 32]));
    for (text, loud, status) in [
        (format!("{{\"keys\":[{},{private}]}}", stage.jwk()), "PRIVATE KEYS", 3),
        (private.clone(), "PRIVATE KEYS", 3),
        (format!("{{\"keys\":[{},{secret}]}}", stage.jwk()), "SECRETS", 0),
        (pem("PRIVATE KEY", b"canary"), "PRIVATE KEY", 3),
        (pem("RSA PRIVATE KEY", b"canary"), "PRIVATE KEY", 3),
        (pem("ENCRYPTED PRIVATE KEY", b"canary"), "PRIVATE KEY", 3),
    ] {
        let ran = show(&stage, &text);
        assert_eq!(ran.status, status, "{text}");
        let everything = format!("{}{}", ran.output, ran.errors);
        assert!(everything.starts_with(&format!(" {loud} \n")), "{everything}");
        ran.assert_hides(&["Y2FuYXJ5", "Y2NjY2", "ccccc", &base64url(b"canary")]);
        let (json_status, json) = show_json(&stage, &text);
        assert_eq!(json_status, status);
        let told = json["holds_private_keys"] == true
            || json["holds_secrets"] == true
            || json["code"] == "jwks_private_key";
        assert!(told, "{json}");
    }
    let (_, json) = show_json(&stage, &secret);
    assert_eq!((&json["keys"][0]["bits"], &json["keys"][0]["thumbprint"]), (&json!(256), &Value::Null));
}

#[test]
fn what_is_no_key_file_is_refused() {
    let stage = Stage::new();
    let spki = [b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", stage.public_key()].concat();
    let good = pem("PUBLIC KEY", &spki);
    assert_eq!(
        show_json(&stage, &good),
        (
            0,
            json!({
                "format": "pem", "holds_private_keys": false, "holds_secrets": false, "skipped": [], "repeated": [],
                "keys": [{"index": 0, "kid": null, "kty": "OKP", "crv": "Ed25519", "bits": null, "alg": "Ed25519", "use": null,
                    "thumbprint": show_json(&stage, &stage.jwk()).1["keys"][0]["thumbprint"]}],
            })
        )
    );
    for text in [
        String::new(),
        "\u{feff}{}".to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        "{\"keys\":{}}".to_owned(),
        "{\"keys\":[]}".to_owned(),
        "{\"keys\":[],\"keys\":[]}".to_owned(),
        "{\"kty\":7}".to_owned(),
        "{\"keys\":[{\"kid\":\"\\u001b[2J\",\"kty\":\"RSA\"}]}".to_owned(),
        good.replace("END", "ENDE"),
        good.replace("PUBLIC KEY", "CERTIFICATE").repeat(2),
        "ssh-ed25519 AAAA".to_owned(),
        stage.good(),
        "\0".repeat(1000),
    ] {
        let ran = show(&stage, &text);
        assert_eq!(ran.status, 3, "{text}");
        ran.assert_hides(&["\u{1b}[2J"]);
        let (status, json) = show_json(&stage, &text);
        assert_eq!(status, 3, "{json}");
    }
    assert_eq!(stage.run(&["keys", "show", "missing"], "").status, 2);
}

#[test]
fn ten_thousand_keys_are_listed_at_once() {
    let stage = Stage::new();
    let keys = vec![stage.jwk(); 10_000];
    let start = std::time::Instant::now();
    let (status, json) = show_json(&stage, &format!("{{\"keys\":[{}]}}", keys.join(",")));
    assert_eq!((status, json["repeated"].as_array().map(Vec::len)), (0, Some(9_999)));
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
