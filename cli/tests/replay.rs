//! `counterseal replay`

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{ISSUER, NOW, Ran, SIGNED_CANARY, Stage, base64url, claims, policy, run};
use serde_json::{Value, json};

const COMPARE: [&str; 5] = ["--policy", "new.toml", "--against", "policy.toml", "--now"];

fn replay(stage: &Stage, arguments: &[&str], tokens: impl AsRef<[u8]>) -> Ran {
    stage.run(&[&["replay", "-"], arguments].concat(), tokens)
}

/// Both policies at [`NOW`], as JSON.
fn compare(stage: &Stage, tokens: &str) -> (i32, Value) {
    let ran = replay(stage, &[&COMPARE[..], &[&NOW.to_string(), "--json"]].concat(), tokens);
    (ran.status, ran.json())
}

/// Tokens that fare differently under the two policies written here, one a line.
fn changing(stage: &Stage) -> String {
    stage.write("policy.toml", policy("[issuer.identity]\nroles = \"/roles\"\n"));
    stage.write(
        "new.toml",
        policy(
            "required_claims = [\"tenant\"]\nmax_lifetime = \"2h\"\n[issuer.identity]\nroles = \"/groups\"\n",
        )
        .replace("\"orders\"", "[\"orders\", \"billing\"]"),
    );
    let tenant = ",\"tenant\":\"canary-tenant\"";
    [
        "# tokens of a day".to_owned(),                                         // 1
        String::new(),                                                          // 2
        stage.token(&claims(tenant)),                                           // 3: verified by both
        stage.good(),                                                           // 4: no tenant
        format!("Bearer {}", stage.good()),                                     // 5: no tenant
        stage.token(&claims(tenant).replace("orders", "billing")),              // 6: another audience
        stage.token(&claims(&format!("{tenant},\"roles\":[\"canary-role\"]"))), // 7: roles elsewhere
        stage.token(&claims("").replace("orders", "billing")),                  // 8: another reason
        stage.token(&claims("").replace("idp.", "evil.")),                      // 9: refused by both
        "canary".to_owned(),                                                    // 10: refused by both
    ]
    .join("\n")
}

#[test]
fn two_policies_are_compared_token_by_token() {
    let stage = Stage::new();
    let tokens = changing(&stage);
    let (status, json) = compare(&stage, &tokens);
    assert_eq!((status, &json["verdict"], &json["tokens"]), (1, &json!("changed"), &json!(8)));
    assert_eq!(
        json["counts"],
        json!({
            "would_be_refused": 2, "would_be_verified": 1, "refused_otherwise": 1, "other_identity": 1,
            "no_verdict": 0, "verified_alike": 1, "refused_alike": 2,
        })
    );
    let rows = json["rows"].as_array().unwrap();
    let row = |change: &str| rows.iter().find(|row| row["change"] == change).unwrap();
    let refused = row("would_be_refused");
    assert_eq!((&refused["count"], &refused["lines"]), (&json!(2), &json!([4, 5])));
    assert_eq!(refused["against"], json!({ "verdict": "verified" }));
    assert_eq!(
        refused["policy"],
        json!({
            "verdict": "rejected", "code": "claim_missing", "number": 3006, "rule": "POL-08",
            "subject": "tenant", "enforced": true,
        })
    );
    assert_eq!(row("would_be_verified")["lines"], json!([6]));
    assert_eq!(row("would_be_verified")["against"]["code"], "aud_mismatch");
    assert_eq!(row("other_identity")["lines"], json!([7]));
    assert_eq!(row("other_identity")["differs"], json!(["roles"]));
    assert_eq!(row("refused_otherwise")["lines"], json!([8]));
    assert_eq!(
        (&row("refused_otherwise")["against"]["code"], &row("refused_otherwise")["policy"]["code"]),
        (&json!("aud_mismatch"), &json!("claim_missing"))
    );
    assert_eq!(json["report_only"], json!({ "policy": [], "against": [] }));
    assert_eq!((&json["unreadable"]["count"], &json["reported_only"]), (&json!(0), &json!(0)));

    let ran = replay(&stage, &[&COMPARE[..], &[&NOW.to_string()]].concat(), &tokens);
    assert_eq!((ran.status, ran.errors.as_str()), (1, ""));
    ran.assert_shows(&[
        "✗ something changes for 5 of 8 tokens",
        "         2  would be refused\n",
        "         1  would be verified\n",
        "         2  refused by both, for the same reason\n",
        "claim_missing (3006) by POL-08 about tenant: a required claim is missing\n            lines 4, 5\n",
        "aud_mismatch (3004) by CLM-06 about aud\n            line 6\n",
        "which differs in\n         1  roles\n            line 7\n",
        " → claim_missing (3006)",
    ]);
    ran.assert_hides(&["Report only", "Not judged"]);
}

#[test]
fn the_same_policy_changes_nothing() {
    let stage = Stage::new();
    let tokens = changing(&stage);
    let now = NOW.to_string();
    for (new, old) in [("policy.toml", "policy.toml"), ("new.toml", "new.toml")] {
        let ran = replay(&stage, &["--policy", new, "--against", old, "--now", &now], &tokens);
        assert_eq!((ran.status, ran.errors.as_str()), (0, ""));
        ran.assert_shows(&["✓ nothing changes for 8 tokens"]);
    }
}

#[test]
fn nothing_of_a_token_is_shown() {
    let stage = Stage::new();
    let tokens = changing(&stage);
    let now = NOW.to_string();
    for json in [&["--now", &now][..], &["--now", &now, "--json"]] {
        for arguments in [&COMPARE[..4], &COMPARE[..2]] {
            let ran = replay(&stage, &[arguments, json].concat(), &tokens);
            assert_eq!(ran.status, 1);
            ran.assert_hides(&[SIGNED_CANARY, "canary", "evil.", "billing", ISSUER]);
            for token in tokens.lines() {
                let parts = token.split(['.', ' ']).filter(|part| part.len() > 12);
                parts.for_each(|part| ran.assert_hides(&[part, &part[..12]]));
            }
        }
    }
}

#[test]
fn one_policy_says_what_it_would_refuse() {
    let stage = Stage::new();
    let tokens = changing(&stage);
    let now = NOW.to_string();
    let ran = replay(&stage, &["--policy", "policy.toml", "--now", &now, "--json"], &tokens);
    let json = ran.json();
    assert_eq!((ran.status, &json["verdict"]), (1, &json!("refused")));
    assert_eq!(json["counts"], json!({ "verified": 4, "refused": 4, "no_verdict": 0 }));
    let codes: Vec<&Value> =
        json["rows"].as_array().unwrap().iter().map(|row| &row["policy"]["code"]).collect();
    // The most frequent first, then by the first line.
    assert_eq!(
        codes,
        [&Value::Null, &json!("aud_mismatch"), &json!("iss_untrusted"), &json!("token_malformed")]
    );
    assert!(json["report_only"].get("against").is_none() && json["rows"][0].get("against").is_none());

    let good = stage.good();
    let ran = replay(&stage, &["--policy", "policy.toml", "--now", &now], &good);
    assert_eq!(ran.status, 0);
    let json = replay(&stage, &["--policy", "policy.toml", "--now", &now, "--json"], &good).json();
    assert_eq!(json["verdict"], "verified");
    ran.assert_shows(&["✓ none of 1 token is refused", "         1  verified\n", "         0  refused\n"]);
    let ran = replay(&stage, &["--policy", "policy.toml", "--now", &now], &tokens);
    ran.assert_shows(&[
        "✗ 4 of 8 tokens not verified",
        "aud_mismatch (3004) by CLM-06 about aud: the token is not for",
    ]);
}

#[test]
fn each_token_has_its_time() {
    let stage = Stage::new();
    let good = stage.good();
    let (late, now) = (NOW + 7200, NOW.to_string());
    let lines = [
        (format!("{NOW}\t{good}"), 0),
        (format!("{late}\t{good}"), 1),
        (json!({ "token": good, "now": NOW }).to_string(), 0),
        (json!({ "token": format!("Bearer {good}"), "now": late }).to_string(), 1),
    ];
    for (line, status) in &lines {
        assert_eq!(replay(&stage, &["--policy", "policy.toml"], line).status, *status, "{line}");
        // The time beside a token comes before that of the command line.
        for other in [NOW, late] {
            let arguments = ["--policy", "policy.toml", "--now", &other.to_string()];
            assert_eq!(replay(&stage, &arguments, line).status, *status);
        }
    }
    let bare = json!({ "token": good }).to_string();
    assert_eq!(replay(&stage, &["--policy", "policy.toml", "--now", &now], &bare).status, 0);
    assert_eq!(replay(&stage, &["--policy", "policy.toml", "--now", &late.to_string()], &bare).status, 1);
    // Without any time it is the machine's.
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let fresh = format!(r#"{{"iss":"{ISSUER}","aud":"orders","sub":"a","exp":{}}}"#, clock + 600);
    assert_eq!(replay(&stage, &["--policy", "policy.toml"], stage.token(&fresh)).status, 0);
}

#[test]
fn lines_that_hold_no_token_are_not_passed_over() {
    let stage = Stage::new();
    let good = stage.good();
    let tokens = format!("{good}\nsoon\t{good}\n{{\"tokne\":\"{good}\"}}\n{good}\n");
    let now = NOW.to_string();
    let ran = replay(&stage, &["--policy", "policy.toml", "--now", &now], &tokens);
    assert_eq!((ran.status, ran.errors.as_str()), (2, ""));
    ran.assert_shows(&["         2  verified", "Not judged: lines", "         2  no token", "lines 2, 3\n"]);
    let ran = replay(&stage, &["--policy", "policy.toml", "--now", &now, "--json"], &tokens);
    assert_eq!((ran.status, &ran.json()["unreadable"]), (2, &json!({ "count": 2, "lines": [2, 3] })));
}

#[test]
fn what_is_no_file_of_tokens_is_said() {
    let stage = Stage::new();
    for (tokens, message) in [
        (&b""[..], "the file holds no token"),
        (b"# nothing\n\n", "the file holds no token"),
        (b"\xff\xfee\0y\0J\0\n\0", "the file is UTF-16"),
        (b"\x1f\x8b\x08\0", "the file is compressed"),
    ] {
        let ran = replay(&stage, &["--policy", "policy.toml"], tokens);
        assert_eq!((ran.status, ran.output.as_str()), (2, ""));
        assert!(ran.errors.contains(message), "{}", ran.errors);
    }
    let ran = replay(&stage, &["--policy", "policy.toml"], "[[issuer]]\nname = \"x\"\n");
    assert_eq!(ran.status, 2);
    ran.assert_shows(&["No line holds a token that can be read"]);
    let good = stage.good();
    for file in [".", "missing", &good] {
        let ran = stage.run(&["replay", file, "--policy", "policy.toml"], "");
        assert_eq!((ran.status, ran.output.as_str()), (2, ""));
        ran.assert_hides(&["missing", &good]);
        assert!(ran.errors.contains("what is given as FILE cannot be read"), "{}", ran.errors);
    }
}

#[test]
fn both_policies_have_to_be_sound() {
    let stage = Stage::new();
    stage.write("broken.toml", policy("").replace("generic", "genric"));
    for (new, old, option) in [
        ("broken.toml", "policy.toml", "--policy"),
        ("policy.toml", "broken.toml", "--against"),
        ("policy.toml", "missing.toml", "--against"),
    ] {
        let arguments = ["--policy", new, "--against", old];
        let ran = replay(&stage, &arguments, stage.good());
        assert_eq!((ran.status, ran.output.as_str()), (3, ""));
        assert!(
            ran.errors.contains("broken.toml:6:14") || ran.errors.contains("error: --against"),
            "{}",
            ran.errors
        );
        let ran = replay(&stage, &[&arguments[..], &["--json"]].concat(), stage.good());
        assert_eq!((ran.status, &ran.json()["option"]), (3, &json!(option)));
    }
}

#[test]
fn report_only_entries_are_named() {
    let stage = Stage::new();
    stage.write("new.toml", policy("enforce = false\nrequired_claims = [\"tenant\"]"));
    let tokens = format!("{}\n{}", stage.good(), stage.token(&claims(",\"tenant\":\"a\"")));
    let (status, json) = compare(&stage, &tokens);
    assert_eq!((status, &json["reported_only"]), (1, &json!(1)));
    assert_eq!(json["report_only"], json!({ "policy": ["main"], "against": [] }));
    assert_eq!(json["rows"][0]["policy"]["enforced"], false);
    let ran = replay(&stage, &[&COMPARE[..], &[&NOW.to_string()]].concat(), &tokens);
    ran.assert_shows(&[
        "about tenant, reported only: a required claim is missing",
        "Report only (enforce = false)\n  --policy: main\n",
        "1 refusal is reported by --policy and would not count",
    ]);

    // The same refusal with another weight is a change: requests that failed would go through.
    stage.write("policy.toml", policy("required_claims = [\"tenant\"]"));
    let (status, json) = compare(&stage, &stage.good());
    assert_eq!((status, &json["counts"]["refused_otherwise"]), (1, &json!(1)));
}

#[test]
fn services_are_the_same_for_both() {
    let stage = Stage::new();
    let overlay = "[[service.billing.issuer]]\nname = \"main\"\naudience = \"billing\"\n";
    stage.write("policy.toml", policy("") + overlay);
    stage.write("new.toml", policy("required_claims = [\"tenant\"]") + overlay);
    let token = stage.token(&claims(",\"tenant\":\"a\"").replace("orders", "billing"));
    let now = NOW.to_string();
    let with = |more: &[&str]| replay(&stage, &[&COMPARE[..], &[&now, "--json"], more].concat(), &token);
    let counts = |ran: Ran| ran.json()["counts"].clone();
    assert_eq!(counts(with(&[]))["refused_alike"], 1);
    assert_eq!(counts(with(&["--service", "billing"]))["verified_alike"], 1);
    let mut command = stage.command(&[&["replay", "-"], &COMPARE[..], &[&now, "--json"]].concat());
    command.env("COUNTERSEAL_SERVICE", "billing");
    assert_eq!(counts(run(command, token.as_bytes()))["verified_alike"], 1);
}

#[test]
fn lines_are_named_as_many_as_asked_for() {
    let stage = Stage::new();
    let tokens = "canary\n".repeat(30);
    let lines = |count: &str| {
        let ran = replay(&stage, &["--policy", "policy.toml", "--json", "--lines", count], &tokens);
        assert_eq!(ran.status, 1);
        assert_eq!(ran.json()["rows"][0]["count"], 30);
        ran.json()["rows"][0]["lines"].as_array().unwrap().len()
    };
    assert_eq!((lines("0"), lines("1"), lines("1000")), (0, 1, 30));
    let ran = replay(&stage, &["--policy", "policy.toml"], &tokens);
    ran.assert_shows(&["lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …\n"]);
    for wrong in ["-1", "1001", "many"] {
        assert_eq!(replay(&stage, &["--policy", "policy.toml", "--lines", wrong], &tokens).status, 2);
    }
}

#[test]
fn hostile_lines_are_judged_and_the_next_one_too() {
    let stage = Stage::new();
    let good = stage.good();
    let huge = "A".repeat(3 * 1024 * 1024);
    let deep = base64url("[".repeat(3000).as_bytes());
    let tokens = format!("{huge}\n{good}\n{huge}.{huge}.{huge}\n\0\u{1b}[31m\n{deep}.{deep}.{deep}\n{good}");
    let ran = replay(&stage, &["--policy", "policy.toml", "--now", &NOW.to_string(), "--json"], &tokens);
    let json = ran.json();
    assert_eq!((ran.status, &json["counts"]), (1, &json!({ "verified": 2, "refused": 4, "no_verdict": 0 })));
    assert_eq!(json["rows"][0]["lines"], json!([2, 6]));
    // A file that is no text at all.
    let bytes: Vec<u8> = (0..200_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let ran = replay(&stage, &["--policy", "policy.toml"], bytes);
    assert!([1, 2].contains(&ran.status), "{}", ran.status);
}

/// The memory does not grow with the file.
#[cfg(target_os = "linux")]
#[test]
fn a_large_file_takes_no_more_memory() {
    use std::io::Write;
    let stage = Stage::new();
    let mut command = stage.command(&["replay", "-", "--policy", "policy.toml", "--json"]);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let piece = format!("{}\n", "A".repeat(1023)).repeat(1024); // 1 MiB
    let status = format!("/proc/{}/status", child.id());
    let resident = || {
        let text = std::fs::read_to_string(&status).unwrap();
        let line = text.lines().find(|line| line.starts_with("VmRSS")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    for _ in 0..8 {
        input.write_all(piece.as_bytes()).unwrap();
    }
    let before = resident();
    for _ in 0..64 {
        input.write_all(piece.as_bytes()).unwrap();
    }
    let after = resident();
    drop(input);
    let ran = common::ran(child.wait_with_output().unwrap());
    assert_eq!(ran.json()["counts"]["refused"], 72 * 1024);
    assert!(after < before + 4096, "{before} KiB, then {after} KiB");
}

#[test]
fn keys_are_fetched_where_a_policy_says_so() {
    let stage = Stage::new();
    stage.write("new.toml", policy("required_claims = [\"tenant\"]"));
    stage.fetch_keys();
    let (status, json) = compare(&stage, &stage.good());
    assert_eq!((status, &json["counts"]["would_be_refused"]), (1, &json!(1)), "{json}");
    assert_eq!(json["counts"]["no_verdict"], 0);
}
