//! `counterseal policy check`

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{ISSUER, Ran, Stage, policy, run};
use serde_json::json;

fn check(stage: &Stage, text: &str) -> Ran {
    stage.write("policy.toml", text);
    stage.run(&["policy", "check", "--policy", "policy.toml"], "")
}

fn check_json(stage: &Stage, text: &str) -> (i32, serde_json::Value) {
    stage.write("policy.toml", text);
    let ran = stage.run(&["policy", "check", "--policy", "policy.toml", "--json"], "");
    (ran.status, ran.json())
}

const LEGACY: &str = r#"
[[issuer]]
name       = "legacy"
profile    = "generic"
algorithms = ["HS256"]
keys       = { secret = "canary-secret-canary-secret-canary" }
dangerous  = ["no_issuer", "no_audience"]
"#;

#[test]
fn a_sound_policy_is_listed_with_what_is_worth_knowing() {
    let stage = Stage::new();
    let other = r#"{"kty":"EC","kid":"lost","crv":"P-192","x":"AA","y":"AA"}"#;
    stage.write("jwks.json", format!("{{\"keys\":[{},{other}]}}", stage.jwk()));
    let text = policy("required_scopes = [\"orders:read\"]\nmax_lifetime = \"2h\"") + LEGACY;
    let ran = check(&stage, &text);
    assert_eq!((ran.status, ran.errors.as_str()), (0, ""));
    ran.assert_shows(&[
        "✓ the policy is sound  2 issuer entries",
        ISSUER,
        "generic",
        "Ed25519",
        "ed-1: OKP Ed25519",
        "2 h at most",
        "orders:read",
        "DANGEROUS    no_issuer, no_audience",
        "no_audience: tokens for any service are accepted",
        "key 1 (kid \"lost\") is not used: jwk_skipped",
        "the secret stands in the policy file",
        "oct 272, HS256",
    ]);
    ran.assert_hides(&["canary"]);

    let (status, json) = check_json(&stage, &text);
    assert_eq!((status, &json["verdict"]), (0, &json!("ok")));
    let main = &json["issuers"][0];
    assert_eq!(
        (&main["name"], &main["issuer"], &main["profile"]),
        (&json!("main"), &json!(ISSUER), &json!("generic"))
    );
    assert_eq!((&main["algorithms"], &main["types"]), (&json!(["Ed25519"]), &json!(["jwt", "none"])));
    assert_eq!((&main["max_lifetime"], &main["required_scopes"]), (&json!(7200), &json!(["orders:read"])));
    assert_eq!((&main["keys"][0]["kid"], &main["keys"][0]["usable"]), (&json!("ed-1"), &json!(true)));
    assert_eq!(json["issuers"][1]["dangerous"], json!(["no_issuer", "no_audience"]));
    assert_eq!(json["notices"].as_array().map(Vec::len), Some(4));
    assert!(!json.to_string().contains("canary"));
}

#[test]
fn mistakes_are_listed_as_a_compiler_does() {
    let stage = Stage::new();
    let text = policy("max_lifetime = 3600\nrequired_scope = [\"a\"]").replace("\"generic\"", "\"genric\"");
    let ran = check(&stage, &text);
    assert_eq!((ran.status, ran.output.as_str()), (3, ""));
    for part in [
        "policy.toml:6:14: issuer[0].profile: unknown \"genric\" [config_value]\n   6 │ profile    = \"genric\"\n     │              ^\n     = did you mean `generic`?\n",
        "policy.toml:10:16: issuer[0].max_lifetime: ",
        "  11 │ required_scope = […]\n",
        "✗ 3 mistakes: the policy cannot be used",
    ] {
        assert!(ran.errors.contains(part), "{part}:\n{}", ran.errors);
    }
    let (status, json) = check_json(&stage, &text);
    assert_eq!((status, &json["error"]), (3, &json!("policy")));
    let first = &json["problems"][0];
    for (member, value) in [
        ("path", json!("issuer[0].profile")),
        ("pointer", json!("/issuer/0/profile")),
        ("line", json!(6)),
        ("column", json!(14)),
        ("code", json!("config_value")),
        ("message", json!("unknown \"genric\"")),
        ("hint", json!("did you mean `generic`?")),
    ] {
        assert_eq!(first[member], value);
    }
    assert_eq!(json["problems"].as_array().map(Vec::len), Some(3));
}

#[test]
fn no_mistake_shows_a_secret() {
    let stage = Stage::new();
    stage.write("canary-file", [0xff; 4]);
    let secret = "canary-secret-canary-secret-canary";
    for text in [
        LEGACY.replace("secret =", "secert ="),
        LEGACY.replace("{ secret", "{ a = 1, secret"),
        LEGACY.replace("\" }", "\""),
        LEGACY.replace("canary\" }", "canary }"),
        LEGACY.replace("\"canary-secret", "\"base64:!canary-secret"),
        LEGACY.replace("\"canary-secret", "\"hex:canary-secret"),
        LEGACY.replace("\"canary-secret", "\"${canary-secret"),
        LEGACY.replace(secret, "canary"),
        LEGACY.replace("HS256", "RS256"),
        LEGACY.replace("keys       = ", "keys       = [").replace(" }\n", " }]\n"),
        LEGACY.replace("dangerous", "client_secret = \"canary\" # canary\ndangerous"),
        LEGACY.replace("profile ", "profile = \"x\" # canary\n#"),
        LEGACY.replace("profile ", "password = \"canary\"\nprofile "),
        LEGACY.replace("\"legacy\"", "canary"),
        LEGACY.replace("\"legacy\"", "\"legacy\"\nname = \"canary\""),
        format!(
            "version = 1\nissuer = [{{ name = \"l\", profile = \"x\", keys = {{ secret = \"{secret}\" }} }}]"
        ),
        LEGACY.replace("keys       = {", "keys.secret = 5\nkeys       = {"),
        LEGACY.replace("[[issuer]]", "[[issuer]]\n[canary.\"canary"),
    ] {
        let ran = check(&stage, &format!("version = 1\n{text}"));
        assert_eq!(ran.status, 3, "{text}");
        // A setting's own name is no secret, so only what stands for one counts here.
        let shown = ran.errors.replace("issuer[0].canary", "");
        assert!(!shown.contains("canary"), "{text}\n{shown}");
        let (status, json) = check_json(&stage, &format!("version = 1\n{text}"));
        assert_eq!(status, 3);
        assert!(!json.to_string().replace("issuer[0].canary", "").contains("canary"), "{json}");
    }
    let minified = r#"{"version":1,"issuer":[{"name":"l","profile":"x","keys":{"secret":"canary"},"algorithms":["HS256"]}]}"#;
    stage.write("policy.json", minified);
    let ran = stage.run(&["policy", "check", "--policy", "policy.json"], "");
    assert_eq!(ran.status, 3);
    ran.assert_hides(&["canary"]);
    assert!(ran.errors.contains("\"profile\":…"), "{}", ran.errors);
}

#[test]
fn a_file_that_cannot_be_read_is_a_mistake_of_the_policy() {
    let stage = Stage::new();
    for path in ["missing-canary.toml", ".", "\u{202e}canary"] {
        let ran = stage.run(&["policy", "check", "--policy", path], "");
        assert_eq!((ran.status, ran.output.as_str()), (3, ""));
        assert!(ran.errors.starts_with("error: --policy: the policy file cannot be read"), "{}", ran.errors);
        ran.assert_hides(&["canary"]);
        let ran = stage.run(&["policy", "check", "--json", "--policy", path], "");
        assert_eq!((ran.status, &ran.json()["problems"][0]["code"]), (3, &json!("config_file")));
    }
    stage.write("binary.toml", [0xff, 0xfe, 0]);
    assert_eq!(stage.run(&["policy", "check", "--policy", "binary.toml"], "").status, 3);
    stage.write("large.toml", vec![b'#'; 1024 * 1024 + 1]);
    assert_eq!(stage.run(&["policy", "check", "--policy", "large.toml"], "").status, 3);
}

#[test]
fn the_service_is_checked_and_its_name_not_repeated() {
    let stage = Stage::new();
    stage.write(
        "policy.toml",
        policy("") + "[[service.billing.issuer]]\nname = \"main\"\naudience = \"billing\"\n",
    );
    let with = |arguments: &[&str]| {
        stage.run(&[&["policy", "check", "--policy", "policy.toml"], arguments].concat(), "")
    };
    with(&[]).assert_shows(&["audience     orders"]);
    with(&["--service", "billing"]).assert_shows(&["audience     billing"]);
    let ran = with(&["--service", "eyJcanary.eyJcanary.canary"]);
    assert_eq!(ran.status, 3);
    ran.assert_hides(&["canary"]);
    let mut command = stage.command(&["policy", "check", "--policy", "policy.toml"]);
    command.env("COUNTERSEAL_SERVICE", "canary");
    let ran = run(command, b"");
    assert_eq!(ran.status, 3);
    ran.assert_hides(&["canary"]);
}
