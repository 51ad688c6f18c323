//! Any text as a policy.

use counterseal::core::guard::Guard;
use counterseal::core::policy::Policy;
use counterseal::{Format, PolicyError};

use super::world::{CANARY, Entry, Surroundings, both_clocks, rsa_jwk, world};
use super::{ACCEPTED, Ending, cost, silence};

/// Parses any text as a policy in TOML, for several services.
pub fn policy_toml(data: &[u8]) -> Ending {
    policy(data, Format::Toml)
}

/// Parses any text as a policy in JSON, for several services.
pub fn policy_json(data: &[u8]) -> Ending {
    policy(data, Format::Json)
}

fn policy(data: &[u8], format: Format) -> Ending {
    let Ok(text) = std::str::from_utf8(data) else { return "no UTF-8" };
    let keys = format!(r#"{{"keys":[{}]}}"#, rsa_jwk());
    let surroundings = Surroundings::default()
        .variable("CANARY", CANARY)
        .variable("NAME", "orders")
        .file("keys.json", keys.as_bytes())
        .file("secret", format!("{CANARY}\n").as_bytes())
        .file("key.pem", super::seeds::PUBLIC_PEM.as_bytes());
    cost::in_proportion(8 * data.len(), || {
        let mut ending = ACCEPTED;
        for service in [None, Some("orders"), Some("no such service")] {
            let parsed = surroundings.parse(text, format, service);
            match (parsed, surroundings.parse(text, format, service)) {
                (Ok(policy), Ok(_)) => check(policy),
                (Err(error), Err(again)) => {
                    assert_eq!(error, again, "the same text, other problems");
                    check_problems(&error, text);
                    if service.is_none() {
                        ending = error.problems()[0].code.slug();
                    }
                }
                _ => panic!("the same text, parsed and refused"),
            }
        }
        ending
    })
}

/// A policy that was taken can be used.
fn check(policy: Policy) {
    assert!(policy.issuers().len() > 0, "a policy without an issuer");
    for issuer in policy.issuers() {
        assert!(!issuer.algorithms().is_empty() && !issuer.algorithms().mixes_mac_and_signatures());
        assert_eq!(issuer.audience().len() == 0, issuer.dangerous().any(|one| one == "no_audience"));
        assert!(policy.key_set(issuer).is_none_or(|keys| !keys.is_empty()));
    }
    for notice in policy.notices() {
        silence::no_canary(&notice.message);
        assert!(!notice.path.is_empty());
    }
    let guard = Guard::new(policy, 1);
    for entry in Entry::ALL {
        let token = world().token(entry, b"{\"iss\":\"https://idp.example.com\",\"exp\":1}");
        for now in both_clocks() {
            let _ = guard.decide(token.as_bytes(), now);
        }
    }
}

/// Problems have places in the text, and never hold what came from the environment or from a file.
fn check_problems(error: &PolicyError, text: &str) {
    assert!(!error.problems().is_empty());
    let lines: Vec<&str> = text.split('\n').collect();
    for problem in error.problems() {
        super::loading_code(problem.code);
        let line = lines
            .get(problem.line as usize - 1)
            .copied()
            .unwrap_or_else(|| panic!("no such line: {problem}"));
        assert!(
            (1..=line.chars().count() + 1).contains(&(problem.column as usize)),
            "no such column: {problem}"
        );
        assert!(!problem.message.is_empty() && problem.message.len() < 2000);
    }
    let order: Vec<(u32, u32)> = error.problems().iter().map(|one| (one.line, one.column)).collect();
    assert!(order.is_sorted(), "problems out of order");
    let json = serde_json::to_string(error).unwrap();
    for shown in [&error.to_string(), &format!("{error:?}"), &json] {
        silence::no_canary(shown);
    }
    assert!(error.to_string().chars().all(|one| one == '\n' || !one.is_control()), "control characters");
}
