//! What reaches the terminal: colours where they belong, and nothing that a token could do with it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{NOW, Ran, Stage, claims};

const HOSTILE: &str = r"\u001b[2J\u001b]0;pwned\u0007\u009b31m\u0085\u202egpj.exe\u2066\u2069\u2028\u2029\u200b\ufeff\u007f\udb40\udc41";

/// Nothing but plain text and line breaks.
#[track_caller]
fn assert_harmless(ran: &Ran) {
    for text in [&ran.output, &ran.errors] {
        let bad = text.chars().find(|one| {
            (one.is_control() && *one != '\n')
                || matches!(one, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
        });
        assert_eq!(bad, None, "{text:?}");
    }
}

#[test]
fn what_a_token_holds_cannot_act_on_the_terminal() {
    let stage = Stage::new();
    let tokens = [
        stage.token(&claims(&format!(",\"name\":\"{HOSTILE}\",\"{HOSTILE}\":1"))),
        stage.token(&claims(&format!(",\"acr\":\"{HOSTILE}\",\"amr\":[\"{HOSTILE}\"]"))),
        stage.token(&claims("").replace("canary-claim", HOSTILE)),
        stage.token(&claims("").replace("orders", HOSTILE)),
        stage.token(&claims("").replace("https://idp.example.com", HOSTILE)),
        stage.sign(&format!(r#"{{"alg":"{HOSTILE}","kid":"{HOSTILE}"}}"#), &claims("")),
        stage.sign(&format!(r#"{{"alg":"EdDSA","kid":"ed-1","typ":"{HOSTILE}"}}"#), &claims("")),
        stage.sign(&format!(r#"{{"alg":"EdDSA","kid":"{HOSTILE}"}}"#), &claims("")),
        stage.token("\u{1b}[2J\u{9b}31m\u{202e} no JSON\r\n"),
        "\u{1b}[2J.\u{9b}31m.\u{202e}".to_owned(),
    ];
    for token in &tokens {
        for command in ["verify", "explain"] {
            assert_harmless(&stage.judge(command, token));
            let (_, json) = stage.judge_json(command, token);
            assert!(json["verdict"].is_string());
            assert_harmless(
                &stage.run(&[command, "--json", "--policy", "policy.toml", "--now", &NOW.to_string()], token),
            );
        }
        assert_harmless(&stage.run(&["inspect"], token));
        assert_harmless(&stage.run(&["inspect", "--json"], token));
        assert_harmless(&stage.run(&["inspect", token], ""));
    }
    // It is shown, as an escape.
    stage
        .run(&["inspect"], &tokens[0])
        .assert_shows(&["name: \"\\u001b[2J\\u001b]0;pwned\\u0007\\u009b31m\\u0085\\u202egpj.exe"]);
    let (_, json) = stage.judge_json("verify", &tokens[0]);
    assert!(
        json["identity"]["claims"]["name"]
            .as_str()
            .unwrap()
            .starts_with("\u{1b}[2J\u{1b}]0;pwned\u{7}\u{9b}31m")
    );
}

#[test]
fn what_a_policy_or_key_file_holds_cannot_either() {
    let stage = Stage::new();
    let hostile = "\\u001b[2J\\u009b31m\\u202e";
    for text in [
        common::policy("").replace("\"generic\"", &format!("\"{hostile}\"")),
        common::policy(&format!("\"{hostile}\" = 1")),
        common::policy("").replace("\"main\"", "\"\u{202e}\u{9b}\u{1b}\""),
        common::policy("").replace("orders", &format!("o{}", "\\u202e\\u200b")),
        common::policy("\u{1b}[2J"),
    ] {
        stage.write("policy.toml", text);
        for more in [&[][..], &["--json"]] {
            assert_harmless(
                &stage.run(&[&["policy", "check", "--policy", "policy.toml"], more].concat(), ""),
            );
        }
    }
    stage.write(
        "keys",
        format!(
            r#"{{"keys":[{{"kty":"RSA","kid":"{HOSTILE}"}},{}]}}"#,
            stage.jwk().replace("sig\"", "sig\",\"note\":\"\\u001b\"")
        ),
    );
    assert_harmless(&stage.run(&["keys", "show", "keys"], ""));
    assert_harmless(&stage.run(&["keys", "show", "keys", "--json"], ""));
}

#[test]
fn pipes_get_no_colours_unless_they_are_forced() {
    let stage = Stage::new();
    let colours = |variables: &[(&str, &str)]| {
        let mut command = stage.command(&["explain", "--policy", "policy.toml", "--now", &NOW.to_string()]);
        command.envs(variables.iter().copied());
        common::run(command, stage.good().as_bytes()).output.contains("\u{1b}[")
    };
    assert!(!colours(&[]));
    assert!(!colours(&[("NO_COLOR", "1")]));
    assert!(colours(&[("CLICOLOR_FORCE", "1")]));
    // JSON never has any.
    let mut command = stage.command(&["explain", "--json", "--policy", "policy.toml"]);
    command.env("CLICOLOR_FORCE", "1");
    assert!(!common::run(command, stage.good().as_bytes()).output.contains('\u{1b}'));
}

#[cfg(target_os = "linux")]
mod on_a_terminal {
    use std::fs::File;
    use std::io::Read;
    use std::os::fd::OwnedFd;
    use std::process::Stdio;

    use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};

    use super::common::{NOW, Stage};

    /// Runs the binary on a terminal of its own; the status and everything that the terminal got.
    fn run(
        stage: &Stage,
        arguments: &[&str],
        variables: &[(&str, &str)],
        input_is_terminal: bool,
    ) -> (i32, String) {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let terminal = openpt(flags).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let side = || -> OwnedFd { ioctl_tiocgptpeer(&terminal, flags).unwrap() };
        let mut command = stage.command(arguments);
        command.envs(variables.iter().copied()).stdout(side()).stderr(side());
        if input_is_terminal {
            command.stdin(side());
        } else {
            command.stdin(Stdio::null());
        }
        let mut child = command.spawn().unwrap();
        drop(command);
        let mut master = File::from(terminal);
        let reader = std::thread::spawn(move || {
            let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
            // The end of a terminal is an error (EIO).
            while let Ok(read @ 1..) = master.read(&mut buffer) {
                seen.extend_from_slice(&buffer[..read]);
            }
            String::from_utf8_lossy(&seen).into_owned()
        });
        let status = child.wait().unwrap().code().unwrap();
        (status, reader.join().unwrap())
    }

    #[test]
    fn a_terminal_gets_colours_and_no_color_takes_them_away() {
        let stage = Stage::new();
        let token = stage.good();
        let now = NOW.to_string();
        let arguments = ["explain", "--policy", "policy.toml", "--now", &now, &token];
        let (status, seen) = run(&stage, &arguments, &[], false);
        assert_eq!(status, 0);
        assert!(seen.contains("\u{1b}[32m✓\u{1b}[0m"), "{seen:?}");
        let (status, seen) = run(&stage, &arguments, &[("NO_COLOR", "1")], false);
        assert_eq!(status, 0);
        assert!(seen.contains("✓ verified") && !seen.contains('\u{1b}'), "{seen:?}");
        let (_, seen) = run(&stage, &arguments, &[("TERM", "dumb")], false);
        assert!(!seen.contains('\u{1b}'), "{seen:?}");
    }

    #[test]
    fn nobody_waits_for_a_token_that_somebody_would_have_to_type() {
        let stage = Stage::new();
        for arguments in [
            &["verify", "--policy", "policy.toml"][..],
            &["explain", "--policy", "policy.toml"],
            &["inspect"],
        ] {
            let (status, seen) = run(&stage, arguments, &[], true);
            assert_eq!(status, 2, "{seen}");
            assert!(seen.contains("no token: pipe it in"), "{seen}");
        }
    }

    #[test]
    fn a_payload_that_would_act_on_the_terminal_stays_away_from_it() {
        let stage = Stage::new();
        let base = ["jws", "verify", "--keys", "jwks.json", "--algorithms", "EdDSA", "--payload-out", "-"];
        let header = r#"{"alg":"EdDSA"}"#;
        let (status, seen) =
            run(&stage, &[&base[..], &[&stage.sign(header, "\u{1b}[2Jcanary")]].concat(), &[], false);
        assert_eq!(status, 5);
        assert!(!seen.contains("canary") && seen.contains("would act on the terminal"), "{seen:?}");
        let (status, seen) =
            run(&stage, &[&base[..], &[&stage.sign(header, "{\n\t\"a\": 1\n}")]].concat(), &[], false);
        assert_eq!(status, 0);
        assert!(seen.contains("\"a\": 1"), "{seen:?}");
    }
}
