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
fn presets_deny_lists_and_report_only_entries_are_listed() {
    let stage = Stage::new();
    stage.write("deny.txt", "kid old-1\nkid old-2\n");
    let lists = "version = 1\ndeny_kid = [\"b\", \"a\"]\ndeny_issuer = [\"https://old.example.com\"]\ndeny_file = \"deny.txt\"";
    let text = policy("enforce = false\npreset = \"keycloak\"")
        .replace("version = 1", lists)
        .replace("generic", "access_token");
    let ran = check(&stage, &text);
    assert_eq!((ran.status, ran.errors.as_str()), (0, ""));
    ran.assert_shows(&[
        "  preset       keycloak\n",
        "  enforced     NO: refusals are reported",
        "\nDenied\n  keys         a, b\n  issuers      https://old.example.com\n  file         deny.txt (2 names)\n",
        "issuer[0].enforce",
    ]);
    let (status, json) = check_json(&stage, &text);
    assert_eq!(
        (status, &json["issuers"][0]["preset"], &json["issuers"][0]["enforced"]),
        (0, &json!("keycloak"), &json!(false))
    );
    assert_eq!(
        json["denied"],
        json!({ "kids": ["a", "b"], "issuers": ["https://old.example.com"], "file": "deny.txt", "names_in_file": 2 })
    );
    let ran = check(&stage, &policy(""));
    ran.assert_hides(&["Denied", "enforced", "preset"]);
}

#[test]
fn presets_are_shown_with_their_pages() {
    let stage = Stage::new();
    let ran = stage.run(&["policy", "presets"], "");
    assert_eq!((ran.status, ran.errors.as_str()), (0, ""));
    ran.assert_shows(&[
        "keycloak           Keycloak: ",
        "entra-v2           Microsoft Entra ID",
        "  read 20",
    ]);
    let (all, one) = (
        stage.run(&["policy", "presets", "--json"], "").json(),
        stage.run(&["policy", "presets", "google", "--json"], "").json(),
    );
    let all = all["presets"].as_array().unwrap();
    assert_eq!(all.len(), counterseal::core::policy::presets().count());
    for preset in all {
        let pages = preset["documents"].as_array().unwrap();
        assert!(
            !pages.is_empty()
                && pages.iter().all(|page| page["url"].as_str().unwrap().starts_with("https://"))
        );
        assert!(pages.iter().all(|page| page["date"].is_string()));
        let ran = stage.run(&["policy", "presets", preset["name"].as_str().unwrap()], "");
        assert_eq!(ran.status, 0);
        ran.assert_shows(&["    [issuer]\n", "  page         ", pages[0]["url"].as_str().unwrap()]);
    }
    assert_eq!(all.iter().find(|preset| preset["name"] == "google"), Some(&one["presets"][0]));
    let ran = stage.run(&["policy", "presets", "eyJcanary"], "");
    assert_eq!(ran.status, 2);
    assert!(ran.errors.contains("there are auth0, "), "{}", ran.errors);
    ran.assert_hides(&["canary"]);
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

#[test]
fn an_expanded_policy_is_what_the_service_sees_without_secrets() {
    let stage = Stage::new();
    stage.write("jwks.json", format!("{{\"keys\":[{}]}}", stage.jwk()));
    let service = "\n[service.orders]\nx-note = \"a\\u202Eb\"\n[[service.orders.issuer]]\nname = \"main\"\naudience = \"orders\"\n";
    stage.write("policy.toml", policy("") + LEGACY + service);
    let check = |more: &[&str]| {
        let fixed = ["policy", "check", "--policy", "policy.toml", "--service", "orders"];
        stage.run(&[&fixed, more].concat(), "")
    };
    let ran = check(&["--expanded"]);
    assert_eq!((ran.status, ran.errors.as_str()), (0, ""));
    ran.assert_hides(&["canary", "\u{202e}", "[service"]);
    assert!(
        ran.output.contains("audience = \"orders\"") || ran.output.contains("audience = [\"orders\"]"),
        "{}",
        ran.output
    );
    assert_eq!(check(&["--expanded", "--json"]).json()["verdict"], "ok");
    stage.write("policy.toml", "version = 2");
    assert_eq!(stage.run(&["policy", "check", "--policy", "policy.toml", "--expanded"], "").status, 3);
}

#[test]
fn the_schema_is_one_json_document() {
    let ran = Stage::new().run(&["policy", "schema"], "");
    assert_eq!(ran.status, 0);
    let schema: serde_json::Value = serde_json::from_str(&ran.output).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}
