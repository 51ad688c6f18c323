//! Inputs that nobody lists, outputs that nobody reads.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{NOW, Stage, base64url, ran};

/// Every command that reads a token answers any bytes with a verdict, and the same one.
#[test]
fn odd_inputs_get_verdicts() {
    let stage = Stage::new();
    let good = stage.good();
    let segments: Vec<&str> = good.split('.').collect();
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let odd: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "token_malformed"),
        (b"Bearer ".to_vec(), "token_malformed"),
        (b"\0".to_vec(), "token_malformed"),
        (b"\xff\xfe\xfd".to_vec(), "token_malformed"),
        (utf16, "base64_alphabet"),
        ([b"\xef\xbb\xbf", good.as_bytes()].concat(), "base64_alphabet"),
        (format!("{good}\n{good}").into(), "token_malformed"),
        (format!("'{good}'").into(), "token_malformed"),
        (format!("Bearer Bearer {good}").into(), "token_malformed"),
        (good.replace('.', "\n.\n").into(), "token_malformed"),
        (good.replace('.', "\u{ff0e}").into(), "token_malformed"),
        (".".repeat(5000).into(), "token_malformed"),
        (format!("{good}\0").into(), "base64_alphabet"),
        (format!("{}.{}.{}", segments[0], "A".repeat(60_000), segments[2]).into(), "token_too_large"),
        (format!("{}.{}.{}", base64url(&b"[".repeat(200)), segments[1], segments[2]).into(), "json_invalid"),
        (stage.token(&format!("{{\"a\":{}{}}}", "[".repeat(16), "]".repeat(16))).into(), "json_too_complex"),
        (stage.token(&format!("{{\"a\":[{}0]}}", "0,".repeat(3000))).into(), "json_too_complex"),
        (format!("{}..{}", segments[0], segments[2]).into(), "token_malformed"),
        (stage.sign("{}", "{}").into(), "alg_not_allowed"),
        (stage.sign(r#"{"alg":null}"#, "{}").into(), "claim_wrong_type"),
        (stage.sign(r#"{"alg":["EdDSA"]}"#, "{}").into(), "alg_not_allowed"),
        (stage.token("[]").into(), "json_invalid"),
        (stage.token("{}").into(), "iss_invalid"),
        (stage.token("{\"iss\":\"\\ud800\"}").into(), "json_invalid_utf8"),
    ];
    for (token, code) in odd {
        let (status, verified) = stage.judge_json("verify", &token);
        let name = String::from_utf8_lossy(&token[..token.len().min(60)]).into_owned();
        assert_eq!((status, verified["code"].as_str()), (1, Some(code)), "{name}");
        let (status, explained) = stage.judge_json("explain", &token);
        assert_eq!((status, explained["code"].as_str()), (1, Some(code)), "{name}");
        for arguments in [
            &["inspect"][..],
            &["inspect", "--json"],
            &["jws", "verify", "--keys", "jwks.json", "--algorithms", "EdDSA"],
        ] {
            let ran = stage.run(arguments, &token);
            assert!(ran.status <= 1 && ran.errors.is_empty(), "{name}: {}", ran.errors);
        }
        assert_eq!(stage.judge("explain", &token).status, 1);
    }
}

#[cfg(unix)]
#[test]
fn arguments_need_not_be_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let stage = Stage::new();
    for arguments in [&["inspect", "--json"][..], &["verify", "--json", "--policy", "policy.toml"]] {
        let mut command = stage.command(arguments);
        command.arg(OsStr::from_bytes(b"\xff.\xfe.canary"));
        let ran = common::run(command, b"");
        assert_eq!(ran.status, 1);
        ran.json();
    }
    for option in ["--policy", "--service", "--now", "--token-file", "--algorithms"] {
        let mut command = stage.command(&["verify", "--policy", "policy.toml", option]);
        command.arg(OsStr::from_bytes(b"\xffcanary"));
        let ran = common::run(command, b"");
        assert!([2, 3].contains(&ran.status), "{option}: {}", ran.status);
        ran.assert_hides(&["canary"]);
    }
}

/// Runs a command on a file that never ends or is enormous.
fn on_file(stage: &Stage, arguments: &[&str], path: &std::path::Path) -> (common::Ran, Duration) {
    let start = Instant::now();
    let mut command = stage.command(arguments);
    command.stdin(Stdio::from(File::open(path).unwrap()));
    let ran = ran(command.output().unwrap());
    (ran, start.elapsed())
}

#[cfg(unix)]
#[test]
fn a_policy_from_a_pipe_is_read_once() {
    let stage = Stage::new();
    let pipe = stage.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let text = common::policy("").replace("generic", "genric");
    let writer = std::thread::spawn(move || std::fs::write(pipe, text));
    let ran = stage.run(&["policy", "check", "--policy", "pipe"], "");
    writer.join().unwrap().unwrap();
    assert_eq!(ran.status, 3);
    assert!(ran.errors.contains("pipe:6:14: issuer[0].profile"), "{}", ran.errors);
}

#[cfg(unix)]
#[test]
fn input_without_end_is_read_to_a_bound() {
    let stage = Stage::new();
    let large = stage.path("large");
    let file = File::create(&large).unwrap();
    file.set_len(10 << 30).unwrap();
    drop(file);
    let zero = std::path::Path::new("/dev/zero");
    for path in [&large, zero] {
        let name = path.to_str().unwrap();
        for arguments in [
            &["verify", "--json", "--policy", "policy.toml"][..],
            &["verify", "--json", "--policy", "policy.toml", "--token-file", name],
            &["explain", "--json", "--policy", "policy.toml"],
            &["inspect", "--json"],
            &["jws", "verify", "--json", "--keys", "jwks.json", "--algorithms", "EdDSA"],
        ] {
            let (ran, took) = on_file(&stage, arguments, path);
            assert_eq!(ran.status, 1, "{arguments:?}");
            assert!(ran.output.contains("token_too_large"), "{}", ran.output);
            assert!(took < Duration::from_secs(5), "{took:?}");
        }
        for arguments in [
            &["keys", "show", name][..],
            &["policy", "check", "--policy", name],
            &["jws", "verify", "--keys", name, "--algorithms", "EdDSA"],
        ] {
            let (ran, took) = on_file(&stage, arguments, std::path::Path::new("/dev/null"));
            assert!([2, 3].contains(&ran.status), "{arguments:?}");
            assert!(took < Duration::from_secs(5), "{took:?}");
        }
    }
}

#[test]
fn a_megabyte_costs_no_more_than_reading_it() {
    let stage = Stage::new();
    let (small, large) = (stage.good(), "x.".repeat(500_000));
    let time = |token: &str| {
        let start = Instant::now();
        let ran = stage.run(&["inspect", "--json"], token);
        assert!(ran.output.len() < 3000, "{}", ran.output.len());
        start.elapsed()
    };
    let fastest = |token: &str| (0..5).map(|_| time(token)).min().unwrap();
    let (small, large) = (fastest(&small), fastest(&large));
    assert!(large < small + Duration::from_millis(200), "{small:?} {large:?}");
}

#[test]
fn a_reader_that_goes_away_changes_no_verdict() {
    let stage = Stage::new();
    for (token, status) in [(stage.good(), 0), (stage.token("{}"), 1)] {
        let now = NOW.to_string();
        let mut command = stage.command(&["explain", "--policy", "policy.toml", "--now", &now, &token]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ran = ran(child.wait_with_output().unwrap());
        assert_eq!((ran.status, ran.errors.as_str()), (status, ""));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_no_success() {
    let stage = Stage::new();
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let (now, token) = (NOW.to_string(), stage.good());
    let mut command = stage.command(&["verify", "--policy", "policy.toml", "--now", &now, &token]);
    let ran = ran(command.stdout(full()).stderr(Stdio::piped()).output().unwrap());
    assert_eq!(ran.status, 5);
    assert!(ran.errors.contains("cannot be written"), "{}", ran.errors);
    // Where only the notes are lost, the verdict stands.
    let mut command = stage.command(&["verify", "--policy", "missing"]);
    assert_eq!(command.stderr(full()).output().unwrap().status.code(), Some(3));
}
