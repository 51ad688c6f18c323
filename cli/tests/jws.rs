//! `counterseal jws verify`

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{Stage, base64url, exists, pem};
use serde_json::json;

const EDDSA: [&str; 6] = ["jws", "verify", "--keys", "jwks.json", "--algorithms", "EdDSA"];

fn webhook(stage: &Stage) -> String {
    stage.sign(r#"{"alg":"EdDSA","kid":"ed-1"}"#, "canary\u{1b}[2J payload")
}

#[test]
fn a_valid_signature_shows_no_payload_unless_asked() {
    let stage = Stage::new();
    let ran = stage.run(&EDDSA, webhook(&stage));
    assert_eq!((ran.status, ran.errors.as_str()), (0, ""));
    ran.assert_shows(&[
        "✓ the signature is valid",
        " SIGNATURE ONLY ",
        "nothing but the signature was checked",
        "ed-1",
        "18 bytes, not shown",
    ]);
    ran.assert_hides(&["canary"]);

    let ran = stage.run(&[&EDDSA[..], &["--json"]].concat(), format!("Bearer {}\n", webhook(&stage)));
    let json = ran.json();
    assert_eq!(
        (&json["verdict"], &json["algorithm"], &json["kid"], &json["payload_bytes"]),
        (&json!("signature_valid"), &json!("Ed25519"), &json!("ed-1"), &json!(18))
    );
    assert!(json["warning"].as_str().unwrap().contains("nothing but the signature"));
    ran.assert_hides(&["canary", "verified"]);
}

#[test]
fn the_payload_goes_where_it_is_asked_for_and_only_when_the_signature_is_valid() {
    let stage = Stage::new();
    let to = |place: &str, token: &str| stage.run(&[&EDDSA[..], &["--payload-out", place]].concat(), token);
    let ran = to("payload", &webhook(&stage));
    assert_eq!(ran.status, 0);
    assert_eq!(stage.read("payload"), "canary\u{1b}[2J payload".as_bytes());
    ran.assert_hides(&["canary"]);

    let ran = to("-", &webhook(&stage));
    assert_eq!((ran.status, ran.output.as_str()), (0, "canary\u{1b}[2J payload"));
    assert!(ran.errors.contains("SIGNATURE ONLY"), "{}", ran.errors);

    let forged = Stage::new().sign(r#"{"alg":"EdDSA","kid":"ed-1"}"#, "canary");
    for place in ["forged", "-"] {
        let ran = to(place, &forged);
        assert_eq!(ran.status, 1);
        ran.assert_shows(&["signature_invalid"]);
        ran.assert_hides(&["canary"]);
    }
    assert!(!exists(&stage.path("forged")));
    assert_eq!(to("no/such/directory", &webhook(&stage)).status, 5);
    let ran = stage.run(&[&EDDSA[..], &["--payload-out", "-", "--json"]].concat(), webhook(&stage));
    assert_eq!((ran.status, &ran.json()["error"]), (2, &json!("usage")));
}

#[test]
fn refusals_have_their_codes() {
    let stage = Stage::new();
    for (header, code) in [
        (r#"{"alg":"none"}"#, "alg_not_allowed"),
        (r#"{"alg":"ES256"}"#, "alg_not_allowed"),
        (r#"{"alg":"EdDSA","kid":"other"}"#, "kid_unknown"),
        (r#"{"alg":"EdDSA","jwk":{}}"#, "header_embedded_key"),
        (r#"{"alg":"EdDSA","b64":false,"crit":["b64"]}"#, "crit_unknown"),
    ] {
        let ran = stage.run(&[&EDDSA[..], &["--json"]].concat(), stage.sign(header, "x"));
        assert_eq!((ran.status, ran.json()["code"].as_str()), (1, Some(code)), "{header}");
        let ran = stage.run(&EDDSA, stage.sign(header, "x"));
        assert_eq!(ran.status, 1);
        ran.assert_shows(&[&format!("✗ rejected: {code}")]);
    }
}

#[test]
fn keys_come_as_jwk_jwk_set_and_pem() {
    let stage = Stage::new();
    let spki = [b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", stage.public_key()].concat();
    stage.write("one.jwk", stage.jwk());
    stage.write("key.pem", pem("PUBLIC KEY", &spki));
    stage
        .write("mac.jwk", format!("{{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"{}\"}}", base64url(&[7; 32])));
    stage.write("private.jwk", stage.jwk().replace("\"x\"", "\"d\":\"canary\",\"x\""));
    stage.write("private.pem", pem("PRIVATE KEY", b"canary"));
    stage.write("other", "not a key");
    stage.write("list.json", "[]");
    let token = stage.sign(r#"{"alg":"EdDSA"}"#, "x");
    for (file, algorithms, status) in [
        ("jwks.json", "EdDSA", 0),
        ("one.jwk", "Ed25519,RS256", 0),
        ("key.pem", "EdDSA", 0),
        ("jwks.json", "RS256", 3),
        ("one.jwk", "RS256", 3),
        ("key.pem", "RS256", 3),
        ("mac.jwk", "EdDSA", 3),
        ("mac.jwk", "HS256", 1),
        ("private.jwk", "EdDSA", 3),
        ("private.pem", "EdDSA", 3),
        ("other", "EdDSA", 3),
        ("list.json", "EdDSA", 3),
        ("missing", "EdDSA", 2),
        (".", "EdDSA", 2),
        ("jwks.json", "EdDSA,HS256", 2),
        ("jwks.json", "any", 2),
        ("jwks.json", "", 2),
    ] {
        let ran = stage.run(&["jws", "verify", "--keys", file, "--algorithms", algorithms], &token);
        assert_eq!(ran.status, status, "{file} {algorithms}: {}{}", ran.output, ran.errors);
        ran.assert_hides(&["canary"]);
        let ran = stage.run(&["jws", "verify", "--json", "--keys", file, "--algorithms", algorithms], &token);
        assert_eq!(ran.json()["error"].is_string(), status > 1, "{file} {algorithms}");
    }
}
