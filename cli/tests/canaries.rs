//! Canaries in tokens, keys, policies and the environment, and every command on them: only what stands
//! behind a valid signature may be shown, and only by commands that are there to show it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::fmt::Write;

use common::{NOW, Ran, Stage, base64url, claims, pem, policy, run};

/// Long enough for every HMAC.
const SECRET: &str = "canary-Secret-7f3Qz-canary-Secret-7f3Qz-canary-Secret-7f3Qz-0123456789";
const CLAIM: &str = "canary-Claim-2hTb4";

/// The secret in every disguise.
fn secrets() -> Vec<String> {
    let hex = SECRET.bytes().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let bytes = format!("{:?}", &SECRET.as_bytes()[..16]);
    let plain =
        ["canary-Secret".to_owned(), hex.to_uppercase(), hex, bytes.trim_matches(['[', ']']).to_owned()];
    let encoded = (0..3).map(|skip| base64url(&SECRET.as_bytes()[skip..skip + 12]));
    plain.into_iter().chain(encoded).collect()
}

fn with_environment(stage: &Stage, arguments: &[&str], input: &str) -> Ran {
    let mut command = stage.command(arguments);
    command.env("SECRET", SECRET).env("CANARY", SECRET);
    run(command, input.as_bytes())
}

#[track_caller]
fn assert_silent(ran: &Ran, arguments: &[&str], needles: &[String]) {
    for needle in needles {
        let shows = ran.output.contains(needle.as_str()) || ran.errors.contains(needle.as_str());
        assert!(!shows, "{arguments:?} shows {needle:?}:\n{}\n{}", ran.output, ran.errors);
    }
}

/// Beginning and end of each segment.
fn pieces(token: &str) -> Vec<String> {
    let long = token.split('.').filter(|segment| segment.len() >= 16);
    long.flat_map(|segment| [segment[..16].to_owned(), segment[segment.len() - 16..].to_owned()]).collect()
}

/// Policies with a secret in every place that takes one, sound and broken.
fn policies(stage: &Stage) -> Vec<String> {
    let secret = |source: &str| {
        policy("")
            .replace("EdDSA", "HS256")
            .replace("{ jwks_file = \"jwks.json\" }", &format!("{{ secret = \"{source}\" }}"))
    };
    stage.write("secret", format!("{SECRET}\n"));
    stage.write("pair.pem", pem("PRIVATE KEY", SECRET.as_bytes()));
    stage.write("private.json", format!(r#"{{"keys":[{}]}}"#, private_jwk(stage)));
    let keys = |source: &str| policy("").replace("jwks_file = \"jwks.json\"", source);
    vec![
        policy(""),
        secret(SECRET),
        secret("file:secret"),
        secret("${SECRET}"),
        secret("${CANARY}").replace("HS256", "RS256"),
        secret(SECRET).replace("generic", "genric"),
        secret(SECRET).replace("secret =", "secert ="),
        secret(SECRET).replace("\" }", "\""),
        keys("jwks_file = \"private.json\""),
        keys("pem_file = \"pair.pem\""),
        keys(&format!("jwks = '''{{\"keys\":[{}]}}'''", private_jwk(stage))),
        keys(&format!("jwks_uri = \"https://user:{SECRET}@idp.example.com/keys\"")),
        policy(&format!("[client]\nid = \"x\"\nauth = {{ secret = \"{SECRET}\" }}")),
        policy(&format!("password = \"{SECRET}\"")),
        policy(&format!("# {SECRET}\nmax_lifetime = 5")),
    ]
}

fn private_jwk(stage: &Stage) -> String {
    let canary = base64url(SECRET.as_bytes());
    stage
        .jwk()
        .replace("\"kty\"", &format!("\"d\":\"{canary}\",\"p\":\"{canary}\",\"k\":\"{canary}\",\"kty\""))
}

#[test]
fn no_command_sings() {
    let stage = Stage::new();
    let now = NOW.to_string();
    let planted = claims(&format!(",\"{CLAIM}\":[\"{CLAIM}\"],\"jti\":\"{CLAIM}\""));
    let good = stage.token(&planted);
    let (signed, _) = good.rsplit_once('.').unwrap();
    let tokens = [
        good.clone(),
        format!("{signed}.{}", "A".repeat(86)),
        format!("{good}x"),
        signed.to_owned(),
        stage.token(&planted.replace("orders", CLAIM)),
        stage.token(&planted.replace("https://idp", "https://canary-Claim-2hTb4")),
        stage.token(&planted.replace("\"sub\"", "\"sub\":1,\"sub\"")),
        stage.sign(&format!(r#"{{"alg":"EdDSA","kid":"{CLAIM}"}}"#), &planted),
        stage.sign(&format!(r#"{{"alg":"{CLAIM}"}}"#), &planted),
        stage.sign(&format!(r#"{{"alg":"HS256","jwk":{{"k":"{CLAIM}"}}}}"#), &planted),
    ];
    let mut ran_commands = 0;
    for text in policies(&stage) {
        stage.write("policy.toml", text);
        stage.write("old.toml", policy("enforce = false"));
        for token in &tokens {
            for (arguments, may_show_claims) in [
                (&["verify", "--policy", "policy.toml", "--now", &now][..], true),
                (&["explain", "--policy", "policy.toml", "--now", &now], true),
                (&["inspect", "--now", &now], true),
                (&["jws", "verify", "--keys", "private.json", "--algorithms", "EdDSA"], false),
                (&["jws", "verify", "--keys", "pair.pem", "--algorithms", "EdDSA"], false),
                (&["replay", "-", "--policy", "policy.toml", "--now", &now], false),
                (&["replay", "-", "--policy", "policy.toml", "--against", "old.toml", "--now", &now], false),
            ] {
                for json in [&[][..], &["--json"]] {
                    let arguments = [arguments, json].concat();
                    let ran = with_environment(&stage, &arguments, token);
                    assert_ne!(ran.status, 6, "{arguments:?}");
                    assert_silent(&ran, &arguments, &secrets());
                    assert_silent(&ran, &arguments, &pieces(token));
                    // Values are for a valid signature, and for `inspect`, which says that it verifies
                    // nothing.
                    let is_verified = ran.output.contains("verified") && ran.status == 0;
                    let is_explained = arguments[0] == "explain" && ran.status <= 1 && *token != tokens[1];
                    if !may_show_claims || (arguments[0] != "inspect" && !is_verified && !is_explained) {
                        assert_silent(&ran, &arguments, &[CLAIM.to_owned()]);
                    }
                    ran_commands += 1;
                }
            }
        }
        for arguments in [
            &["policy", "check", "--policy", "policy.toml"][..],
            &["keys", "show", "private.json"],
            &["keys", "show", "pair.pem"],
            &["keys", "show", "secret"],
        ] {
            for json in [&[][..], &["--json"]] {
                let arguments = [arguments, json].concat();
                let ran = with_environment(&stage, &arguments, "");
                assert_silent(&ran, &arguments, &secrets());
                ran_commands += 1;
            }
        }
    }
    assert!(ran_commands > 2000, "{ran_commands}");
}

/// `explain` shows who it is only where the signature is valid.
#[test]
fn the_subject_behind_an_invalid_signature_is_not_shown() {
    let stage = Stage::new();
    let planted = claims("").replace("canary-claim", CLAIM);
    let (signed, _) =
        { stage.token(&planted) }.rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    for json in [false, true] {
        let token = format!("{signed}.{}", "A".repeat(86));
        let ran = if json {
            stage.run(&["explain", "--json", "--policy", "policy.toml", "--now", &NOW.to_string()], &token)
        } else {
            stage.judge("explain", &token)
        };
        assert_eq!(ran.status, 1);
        assert_silent(&ran, &["explain"], &[CLAIM.to_owned()]);
    }
}
