//! A token is never repeated: not where it is refused, and not where it was typed in the wrong place.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{NOW, Ran, SIGNED_CANARY, Stage, claims, policy};

/// No part of the token is on either stream.
#[track_caller]
fn assert_silent(ran: &Ran, token: &str) {
    for part in token.split('.').filter(|part| part.len() >= 6) {
        for piece in [part, &part[..part.len().min(12)], &part[part.len().saturating_sub(12)..]] {
            ran.assert_hides(&[piece]);
        }
    }
}

#[test]
fn a_token_in_the_wrong_place_is_not_repeated() {
    let stage = Stage::new();
    let token = stage.good();
    let option = format!("--{token}");
    let glued = format!("--tokne={token}");
    let flag = format!("--json={token}");
    let short = format!("-{token}");
    let verify = ["verify", "--policy", "policy.toml"];
    let jws = ["jws", "verify", "--keys", "jwks.json", "--algorithms", "EdDSA"];
    let mistakes: Vec<Vec<&str>> = vec![
        vec![&token],
        vec!["verfiy", &token],
        vec!["verify", &token],
        vec!["verify", "--policy", &token],
        vec!["verify", "--polcy", &token],
        vec!["--policy", &token, "verify"],
        [&verify[..], &[&token, &token]].concat(),
        [&verify[..], &["--service", &token]].concat(),
        [&verify[..], &["--now", &token]].concat(),
        [&verify[..], &["--token-file", &token]].concat(),
        [&verify[..], &["--token-file", "x", &token]].concat(),
        [&verify[..], &["--token", &token]].concat(),
        [&verify[..], &["--policy", &token]].concat(),
        [&verify[..], &[&option]].concat(),
        [&verify[..], &[&glued]].concat(),
        [&verify[..], &[&flag]].concat(),
        [&verify[..], &[&short]].concat(),
        vec!["explain", &token],
        vec!["inspect", &token, &token],
        vec!["inspect", "--token-file", &token],
        vec!["inspect", "--now", &token, &token],
        vec!["jws", &token],
        vec!["jws", "verify", &token],
        vec!["jws", "verify", "--keys", &token, "--algorithms", "EdDSA"],
        vec!["jws", "verify", "--keys", "jwks.json", "--algorithms", &token],
        [&jws[..], &["--payload-out", "x/y", &token]].concat(),
        vec!["policy", &token],
        vec!["policy", "check", &token],
        vec!["policy", "check", "--policy", &token],
        vec!["policy", "check", "--policy", "policy.toml", "--service", &token],
        vec!["keys", &token],
        vec!["keys", "show", &token],
        vec!["keys", "show", "jwks.json", &token],
        vec!["help", &token],
    ];
    for arguments in mistakes {
        let ran = stage.run(&arguments, "");
        assert!(
            [2, 3, 5].contains(&ran.status),
            "{}: {arguments:?}\n{}{}",
            ran.status,
            ran.output,
            ran.errors
        );
        assert_silent(&ran, &token);
        assert!(!ran.errors.is_empty(), "{arguments:?}");
        let ran = stage.run(&[&["--json"], &arguments[..]].concat(), "");
        assert_silent(&ran, &token);
        assert!(ran.json()["error"].is_string() || ran.json()["verdict"].is_string(), "{arguments:?}");
    }
}

#[test]
fn a_mistake_is_named_by_its_place() {
    let stage = Stage::new();
    for (arguments, message) in [
        (
            &["verify", "--policy", "p", "--tokenfile", "5"][..],
            "argument 4 is one too many, or not known; did you mean `--token-file`?",
        ),
        (&["verify", "--policy", "p", "a", "b"], "argument 5 is one too many, or not known"),
        (&["verfy"], "argument 1 is no command; did you mean `verify`?"),
        (&["verify"], "--policy <FILE> is missing"),
        (&["verify", "--policy"], "--policy <FILE> needs a value"),
        (&["verify", "--policy", "p", "--policy", "q"], "--policy <FILE> stands twice"),
        (&["verify", "--policy", "p", "--now", "x"], "--now <SECONDS> cannot be used: no whole number"),
        (&["verify", "--policy", "p", "t", "--token-file", "f"], "exclude each other"),
        (
            &["jws", "verify", "--keys", "k", "--algorithms", "RS256,x"],
            "entry 2 of the list is not one of HS256,",
        ),
    ] {
        let ran = stage.run(arguments, "");
        assert_eq!((ran.status, ran.output.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.errors.contains(message), "{message}: {}", ran.errors);
    }
    let ran = stage.run(&[], "");
    assert_eq!(ran.status, 2);
    assert!(ran.errors.contains("Usage: counterseal"), "{}", ran.errors);
}

#[test]
fn help_lists_the_statuses() {
    let stage = Stage::new();
    for arguments in [
        &["--help"][..],
        &["verify", "--help"],
        &["explain", "-h"],
        &["jws", "verify", "--help"],
        &["help", "inspect"],
    ] {
        let ran = stage.run(arguments, "");
        assert_eq!((ran.status, ran.errors.as_str()), (0, ""), "{arguments:?}");
        ran.assert_shows(&["Exit status:\n  0  verified", "  4  nobody can decide now", "Counterseal\n"]);
    }
    let ran = stage.run(&["--version"], "");
    assert_eq!(
        (ran.status, ran.output.as_str()),
        (0, concat!("counterseal ", env!("CARGO_PKG_VERSION"), "\n"))
    );
}

#[test]
fn no_verdict_repeats_the_token() {
    let stage = Stage::new();
    stage.write("policy.toml", policy("required_claims = [\"tenant\"]"));
    let good = stage.token(&claims(",\"tenant\":\"acme\""));
    let tokens = [
        good.clone(),
        stage.good(),
        stage.token("canary"),
        format!("{good}x"),
        format!("{good}."),
        good.replace('.', ""),
        good.to_uppercase(),
        format!("\u{1b}]0;{good}\u{7}"),
    ];
    for token in &tokens {
        for command in ["verify", "explain", "inspect", "jws"] {
            for json in [false, true] {
                let mut arguments = match command {
                    "jws" => vec!["jws", "verify", "--keys", "jwks.json", "--algorithms", "EdDSA"],
                    "inspect" => vec!["inspect"],
                    _ => vec![command, "--policy", "policy.toml", "--now", "1800000000"],
                };
                if json {
                    arguments.push("--json");
                }
                let ran = stage.run(&arguments, token);
                assert!(ran.status <= 1, "{arguments:?}");
                assert_silent(&ran, token);
                if command == "jws" || (command == "verify" && ran.status == 1) {
                    ran.assert_hides(&[SIGNED_CANARY, "canary", "acme"]);
                }
            }
        }
    }
}

#[test]
fn a_secret_is_in_no_output() {
    let stage = Stage::new();
    let secret = "canary-secret-canary-secret-canary";
    stage.write("secret", format!("{secret}\n"));
    let legacy = |source: &str| {
        policy("")
            .replace("EdDSA", "HS256")
            .replace("{ jwks_file = \"jwks.json\" }", &format!("{{ secret = \"{source}\" }}"))
    };
    for source in [
        secret,
        "file:secret",
        "${SECRET}",
        "hex:63616e6172792d73656372657463616e6172792d736563726574aabbccddeeff",
    ] {
        stage.write("policy.toml", legacy(source));
        let (now, good) = (NOW.to_string(), stage.sign(r#"{"alg":"HS256"}"#, &claims("")));
        for arguments in [
            &["verify", "--policy", "policy.toml", "--now", &now][..],
            &["explain", "--policy", "policy.toml", "--now", &now],
            &["explain", "--json", "--policy", "policy.toml", "--now", &now],
            &["policy", "check", "--policy", "policy.toml"],
            &["policy", "check", "--json", "--policy", "policy.toml"],
        ] {
            let mut command = stage.command(arguments);
            command.env("SECRET", secret);
            let ran = common::run(command, good.as_bytes());
            assert!(ran.status <= 1, "{source} {}", ran.errors);
            ran.assert_hides(&["canary-secret", "63616e617279"]);
        }
    }
}
