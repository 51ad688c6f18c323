//! `counterseal verify`

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::{ISSUER, NOW, SIGNED_CANARY, Stage, claims, policy, run};

#[test]
fn a_good_token_says_who_it_is() {
    let stage = Stage::new();
    let (status, json) = stage.judge_json("verify", stage.good());
    assert_eq!(status, 0);
    assert_eq!(json["verdict"], "verified");
    assert_eq!(json["identity"]["subject"], SIGNED_CANARY);
    assert_eq!(json["identity"]["issuer"], ISSUER);
    assert_eq!(json["identity"]["claims"]["aud"], "orders");

    let ran = stage.judge("verify", stage.good());
    assert_eq!((ran.status, ran.errors.as_str()), (0, ""));
    ran.assert_shows(&[
        "✓ verified\n",
        SIGNED_CANARY,
        ISSUER,
        "entry main",
        "2027-01-15T09:00:00Z, in 60 min",
    ]);
}

#[test]
fn tokens_come_from_everywhere() {
    let stage = Stage::new();
    let (token, now) = (stage.good(), NOW.to_string());
    stage.write("token", format!("\n  Bearer {token}\r\n\n"));
    let base = ["verify", "--policy", "policy.toml", "--now", &now];
    let with = |more: &[&str], input: &str| stage.run(&[&base, more].concat(), input).status;
    assert_eq!(with(&[], &token), 0);
    assert_eq!(with(&[], &format!("{token}\n")), 0);
    assert_eq!(with(&[], &format!("bearer  {token}\r\n")), 0);
    assert_eq!(with(&["-"], &token), 0);
    assert_eq!(with(&[&token], ""), 0);
    assert_eq!(with(&[&format!("Bearer {token}")], ""), 0);
    assert_eq!(with(&["--token-file", "token"], ""), 0);
    assert_eq!(with(&["--token-file=-"], &token), 0);
    assert_eq!(with(&["--", &token], ""), 0);
    // An argument is taken as it is, and only one source at a time.
    assert_eq!(with(&[&format!("{token}\n")], ""), 1);
    assert_eq!(with(&[&token, "--token-file", "token"], ""), 2);
    assert_eq!(with(&[&token, &token], ""), 2);
}

#[test]
fn a_refusal_has_its_code_and_all_that_an_answer_needs() {
    let stage = Stage::new();
    stage.write("policy.toml", policy("required_scopes = [\"orders:read\"]"));
    let (status, json) = stage.judge_json("verify", stage.good());
    assert_eq!(status, 1);
    assert_eq!(json["verdict"], "rejected");
    assert_eq!(json["code"], "insufficient_scope");
    assert_eq!(json["number"], 3014);
    assert_eq!(json["rule"], "ACT-06");
    assert_eq!(json["class"], "rejected");
    assert_eq!(json["status"], 403);
    assert_eq!(json["message"], "the token lacks a required scope");
    assert_eq!(json["subject"], "scope");
    assert_eq!(json["www_authenticate"], "Bearer error=\"insufficient_scope\", scope=\"orders:read\"");
    assert_eq!(json["reference"].as_str().map(str::len), Some(13));
    assert_eq!(json.as_object().unwrap().len(), 11);
    assert_eq!(json["enforced"], true);

    let ran = stage.judge("verify", stage.good());
    assert_eq!((ran.status, ran.errors.as_str()), (1, ""));
    ran.assert_shows(&[
        "✗ rejected: insufficient_scope (3014)",
        "ACT-06",
        "HTTP 403",
        "WWW-Authenticate: Bearer",
        "hint",
    ]);
    ran.assert_hides(&[SIGNED_CANARY]);
}

#[test]
fn a_refusal_that_is_reported_only_says_so() {
    let stage = Stage::new();
    stage.write("policy.toml", policy("enforce = false\nrequired_claims = [\"tenant\"]"));
    for command in ["verify", "explain"] {
        let (status, json) = stage.judge_json(command, stage.good());
        assert_eq!((status, &json["code"], &json["enforced"]), (1, &"claim_missing".into(), &false.into()));
        stage
            .judge(command, stage.good())
            .assert_shows(&["  counts       no: `enforce = false` reports refusals"]);
    }
    // A token that passes has nothing to report.
    let (status, json) = stage.judge_json("explain", stage.token(&claims(",\"tenant\":\"a\"")));
    assert_eq!((status, json.get("enforced")), (0, None));
    stage.write("policy.toml", policy("required_claims = [\"tenant\"]"));
    let ran = stage.judge("explain", stage.good());
    ran.assert_hides(&["counts  "]);
}

#[test]
fn each_refusal_comes_from_the_guard() {
    let stage = Stage::new();
    let good = stage.good();
    let (signed, _) = good.rsplit_once('.').unwrap();
    for (token, code, subject) in [
        (stage.token(&claims("").replace("orders", "billing")), "aud_mismatch", Some("aud")),
        (stage.token(&claims("").replace("idp.", "evil.")), "iss_untrusted", Some("iss")),
        (stage.sign(r#"{"alg":"none"}"#, &claims("")), "alg_not_allowed", Some("alg")),
        (
            stage.sign(r#"{"alg":"EdDSA","kid":"ed-1","jku":"https://evil"}"#, &claims("")),
            "header_key_url",
            Some("jku"),
        ),
        (stage.sign(r#"{"alg":"EdDSA","kid":"ed-2"}"#, &claims("")), "kid_unknown", None),
        (format!("{signed}.{}", "A".repeat(86)), "signature_invalid", None),
        (format!("{signed}."), "signature_malformed", None),
        (signed.to_owned(), "token_malformed", None),
        (String::new(), "token_malformed", None),
        (Stage::new().good(), "signature_invalid", None),
    ] {
        let (status, json) = stage.judge_json("verify", &token);
        assert_eq!(
            (status, json["code"].as_str(), json["subject"].as_str()),
            (1, Some(code), subject),
            "{token}"
        );
    }
}

#[test]
fn dates_are_judged_at_the_time_given() {
    let stage = Stage::new();
    let token = stage.good();
    for (now, status) in
        [(NOW, 0), (NOW + 3600 + 29, 0), (NOW + 3600 + 30, 1), (NOW - 90, 0), (NOW - 91, 1), (-5, 1)]
    {
        let ran = stage.run(&["verify", "--policy", "policy.toml", "--now", &now.to_string()], &token);
        assert_eq!(ran.status, status, "{now}");
    }
    // Without a time the machine's clock decides.
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = format!(r#"{{"iss":"{ISSUER}","aud":"orders","sub":"a","exp":{}}}"#, clock + 600);
    assert_eq!(stage.run(&["verify", "--policy", "policy.toml"], stage.token(&claims)).status, 0);
    let claims = format!(r#"{{"iss":"{ISSUER}","aud":"orders","sub":"a","exp":{}}}"#, clock - 600);
    assert_eq!(stage.run(&["verify", "--policy", "policy.toml"], stage.token(&claims)).status, 1);
    for wrong in ["1800000000000", "soon", "", "1.5"] {
        let ran = stage.run(&["verify", "--policy", "policy.toml", "--now", wrong, "--json"], &token);
        assert_eq!((ran.status, ran.json()["error"].as_str()), (2, Some("usage")), "{wrong}");
    }
}

#[test]
fn a_service_has_its_own_policy() {
    let stage = Stage::new();
    let overlay = "[[service.billing.issuer]]\nname = \"main\"\naudience = \"billing\"\n";
    stage.write("policy.toml", policy("") + overlay);
    let token = stage.token(&claims("").replace("orders", "billing"));
    let (now, base) = (NOW.to_string(), ["verify", "--policy", "policy.toml"]);
    let arguments = [&base[..], &["--now", &now]].concat();
    assert_eq!(stage.run(&arguments, &token).status, 1);
    assert_eq!(stage.run(&[&arguments[..], &["--service", "billing"]].concat(), &token).status, 0);
    let mut command = stage.command(&arguments);
    command.env("COUNTERSEAL_SERVICE", "billing");
    assert_eq!(run(command, token.as_bytes()).status, 0);
    assert_eq!(stage.run(&[&arguments[..], &["--service", "shipping"]].concat(), &token).status, 3);
}

#[test]
fn numbers_keep_their_digits() {
    let stage = Stage::new();
    let big = "123456789012345678901234567890.10";
    let ran = stage.run(
        &["verify", "--json", "--policy", "policy.toml", "--now", &NOW.to_string()],
        stage.token(&claims(&format!(",\"n\":{big},\"m\":9007199254740993"))),
    );
    assert_eq!(ran.status, 0);
    ran.assert_shows(&[&format!("\"n\":{big}"), "\"m\":9007199254740993"]);
}

#[test]
fn a_policy_with_mistakes_judges_nothing() {
    let stage = Stage::new();
    stage.write("policy.toml", policy("").replace("generic", "genric"));
    for command in ["verify", "explain"] {
        let (status, json) = stage.judge_json(command, stage.good());
        assert_eq!((status, &json["error"]), (3, &"policy".into()));
        let problem = &json["problems"][0];
        assert_eq!((&problem["line"], &problem["column"]), (&6.into(), &14.into()));
        assert_eq!(
            (&problem["code"], &problem["path"]),
            (&"config_value".into(), &"issuer[0].profile".into())
        );
        let ran = stage.judge(command, stage.good());
        assert_eq!((ran.status, ran.output.as_str()), (3, ""));
        assert!(ran.errors.contains("policy.toml:6:14: issuer[0].profile"), "{}", ran.errors);
    }
}
