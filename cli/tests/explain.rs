//! `counterseal explain`

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{ISSUER, NOW, SIGNED_CANARY, Stage, claims, policy};

/// The lines of a stage in the table.
fn stage_lines<'a>(output: &'a str, title: &str) -> Vec<&'a str> {
    output
        .lines()
        .skip_while(|line| *line != title)
        .skip(1)
        .take_while(|line| line.starts_with(' '))
        .collect()
}

#[test]
fn every_check_of_a_good_token_is_told() {
    let stage = Stage::new();
    let (status, json) = stage.judge_json("explain", stage.good());
    assert_eq!((status, json["verdict"].as_str()), (0, Some("verified")));
    assert!(json["code"].is_null());
    assert_eq!(json["not_reached"].as_array().map(Vec::len), Some(0));
    assert_eq!(json["identity"]["subject"], SIGNED_CANARY);
    let checks = json["checks"].as_array().unwrap();
    assert!(checks.len() > 40, "{}", checks.len());
    assert!(checks.iter().all(|check| check["outcome"] == "passed"));
    let signature = checks.iter().find(|check| check["rule"] == "JWS-28").unwrap();
    assert_eq!((&signature["stage"], &signature["detail"]), (&"signature".into(), &"by Ed25519".into()));

    let ran = stage.judge("explain", stage.good());
    assert_eq!((ran.status, ran.errors.as_str()), (0, ""));
    let told = ran.output.lines().filter(|line| line.starts_with("  ✓ ")).count();
    assert_eq!(told, checks.len());
    ran.assert_shows(&[
        &format!("✓ verified  {told} checks passed"),
        SIGNED_CANARY,
        ISSUER,
        "expires 2027-01-15T09:00:00Z",
    ]);
    ran.assert_hides(&["not reached", "✗"]);
}

#[test]
fn a_refusal_ends_the_table_where_it_happened() {
    let stage = Stage::new();
    let token = stage.token(&claims("").replace("orders", "billing"));
    let (status, json) = stage.judge_json("explain", &token);
    assert_eq!(
        (status, json["verdict"].as_str(), json["code"].as_str()),
        (1, Some("rejected"), Some("aud_mismatch"))
    );
    assert_eq!(json["not_reached"], serde_json::json!(["binding", "authorization"]));
    let last = json["checks"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["rule"], &last["outcome"]), (&"CLM-06".into(), &"failed".into()));
    assert!(json.get("identity").is_none());

    let ran = stage.judge("explain", &token);
    let claims = stage_lines(&ran.output, "Claims");
    assert!(claims.last().unwrap().ends_with("the token says billing"), "{claims:?}");
    assert!(claims.last().unwrap().starts_with("  ✗ CLM-06 the token is for this service "), "{claims:?}");
    ran.assert_shows(&[
        "Binding                  not reached",
        "✗ rejected: aud_mismatch (3004)",
        "hint",
        "HTTP 401",
    ]);
    // Neither what the policy expects nor who the others are.
    ran.assert_hides(&["\"orders\""]);
}

#[test]
fn what_the_token_says_stands_beside_the_check_that_failed() {
    let stage = Stage::new();
    for (token, line) in [
        (stage.sign(r#"{"alg":"none"}"#, &claims("")), "the token says none"),
        (stage.sign(r#"{"alg":"EdDSA","kid":"ed-2"}"#, &claims("")), "the token says ed-2"),
        (
            stage.sign(r#"{"alg":"EdDSA","typ":"logout+jwt","kid":"ed-1"}"#, &claims("")),
            "the token says logout+jwt",
        ),
        (stage.sign(r#"{"alg":"EdDSA","crit":["x"],"x":1}"#, &claims("")), "the token says [\"x\"]"),
        (stage.token(&claims("").replace(ISSUER, "https://evil")), "the token says https://evil"),
        (stage.token(&format!(r#"{{"iss":"{ISSUER}","aud":"orders"}}"#)), "the token says nothing"),
        (stage.token(r#"{"iss":"a","iss":"b"}"#), "in the payload, at byte 11"),
        (stage.token(&claims(",\"Sub\":\"b\"")), "in the payload, sub"),
    ] {
        let ran = stage.judge("explain", &token);
        assert_eq!(ran.status, 1);
        let failed: Vec<&str> = ran.output.lines().filter(|one| one.starts_with("  ✗")).collect();
        assert_eq!(failed.len(), 1, "{}", ran.output);
        assert!(failed[0].ends_with(line), "{line}: {}", failed[0]);
    }
}

#[test]
fn explain_and_verify_never_disagree() {
    let stage = Stage::new();
    stage.write("policy.toml", policy("required_claims = [\"tenant\"]"));
    let good = stage.token(&claims(",\"tenant\":\"acme\""));
    let mut tokens =
        vec![good.clone(), stage.good(), stage.token("{}"), stage.token("x"), String::new(), "a.b".into()];
    // Every byte changed once, in steps.
    tokens.extend((0..good.len()).step_by(7).map(|at| {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    }));
    for token in tokens {
        let (status, verified) = stage.judge_json("verify", &token);
        let (explained_status, explained) = stage.judge_json("explain", &token);
        assert_eq!(status, explained_status);
        assert_eq!(
            (&verified["verdict"], verified.get("code")),
            (&explained["verdict"], explained.get("code").filter(|code| !code.is_null()))
        );
    }
}

#[test]
fn tables_fit_their_width() {
    let stage = Stage::new();
    let token = stage.token(&claims(&format!(",\"scope\":\"{}\"", "orders:read ".repeat(20).trim_end())));
    for columns in ["64", "80", "100"] {
        for token in
            [&token, &stage.token(&claims("").replace("orders", "a service of another name, and a long one"))]
        {
            let mut command =
                stage.command(&["explain", "--policy", "policy.toml", "--now", &NOW.to_string()]);
            command.env("COLUMNS", columns);
            let ran = common::run(command, token.as_bytes());
            let widest = ran.output.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= columns.parse().unwrap(), "{columns}: {widest}\n{}", ran.output);
        }
    }
}

#[test]
fn keys_are_fetched_where_the_policy_says_so() {
    let stage = Stage::new();
    stage.fetch_keys();
    let told = |token: &str| {
        let (status, json) = stage.judge_json("explain", token);
        let (verified, without_checks) = stage.judge_json("verify", token);
        assert_eq!((verified, &without_checks["verdict"]), (status, &json["verdict"]));
        (status, json["verdict"].as_str().unwrap().to_owned(), json["code"].as_str().map(str::to_owned))
    };
    assert_eq!(told(&stage.good()), (0, "verified".to_owned(), None));
    let other = stage.token(&claims("").replace("orders", "billing"));
    assert_eq!(told(&other), (1, "rejected".to_owned(), Some("aud_mismatch".to_owned())));
    let unknown = stage.sign(r#"{"alg":"EdDSA","typ":"JWT","kid":"ed-2"}"#, &claims(""));
    assert_eq!(told(&unknown), (1, "rejected".to_owned(), Some("kid_unknown".to_owned())));
}
