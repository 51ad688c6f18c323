//! Issuers that are open to anyone (POL-01).

use super::*;
use Code::*;

fn text(issuer: &str, more: &str) -> String {
    SOUND.replace("https://idp.example.com", issuer).replace("access_token", "generic") + more
}

#[track_caller]
fn assert_open(text: &str) {
    assert_problems(toml(text), &[("issuer[0].issuer", ConfigOpenIssuer)]);
}

#[test]
fn each_needs_a_rule_on_whose_tokens_are_meant() {
    for (issuer, claims) in [
        (
            "https://token.actions.githubusercontent.com",
            ["/repository_owner", "/repository_owner_id", "/sub"],
        ),
        (
            "https://token.actions.githubusercontent.com/acme",
            ["/repository", "/enterprise", "/job_workflow_ref"],
        ),
        ("https://token.actions.acme.ghe.com", ["/repository_id", "/enterprise_id", "/sub"]),
        ("https://gitlab.com", ["/namespace_id", "/namespace_path", "/project_path"]),
        ("https://accounts.google.com", ["/hd", "/azp", "/email"]),
        ("accounts.google.com", ["/hd", "/azp", "/sub"]),
        (
            "https://kubernetes.default.svc",
            ["/kubernetes.io/namespace", "/sub", "/kubernetes.io/serviceaccount/name"],
        ),
        (
            "https://kubernetes.default.svc.cluster.local",
            ["/kubernetes.io/namespace", "/sub", "/kubernetes.io/serviceaccount/uid"],
        ),
        ("https://oidc.eks.eu-west-1.amazonaws.com/id/ABC", ["/kubernetes.io/namespace", "/sub", "/sub"]),
        (
            "https://container.googleapis.com/v1/projects/p/locations/l/clusters/c",
            ["/kubernetes.io/namespace", "/sub", "/sub"],
        ),
        ("https://westeurope.oic.prod-aks.azure.com/t/c/", ["/kubernetes.io/namespace", "/sub", "/sub"]),
        (
            "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            ["/tid", "/azp", "/acct"],
        ),
        ("https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/", ["/tid", "/appid", "/idp"]),
    ] {
        assert_open(&text(issuer, ""));
        for claim in claims {
            let rule = |test: &str| text(issuer, &format!("[[issuer.rule]]\nclaim = '{claim}'\n{test}\n"));
            for test in ["equals = 'x'", "one_of = ['x', 'y']", "contains = 'x'"] {
                assert!(toml(&rule(test)).is_ok(), "{issuer} {claim} {test}");
            }
            // That a claim is there says nothing about whose token it is.
            assert_open(&rule("present = true"));
            assert_open(&rule("absent = true"));
        }
        assert_open(&text(issuer, "[[issuer.rule]]\nclaim = '/ref'\nequals = 'refs/heads/main'\n"));
        assert_open(&text(issuer, "required_claims = ['hd', 'repository_owner']\n"));
    }
}

#[test]
fn others_are_not_open() {
    for issuer in [
        "https://gitlab.example.com",
        "https://gitlab.com.example.com",
        "https://securetoken.google.com/shop",
        "https://shop.b2clogin.com/guid/v2.0/",
        "https://example.com/token.actions.githubusercontent.com",
    ] {
        assert!(toml(&text(issuer, "")).is_ok(), "{issuer}");
    }
}

#[test]
fn a_preset_makes_an_issuer_of_any_name_open_and_an_alias_does() {
    for preset in ["github-actions", "gitlab", "kubernetes", "google", "entra-v1", "entra-v2"] {
        let open = SOUND.replace("profile = \"access_token\"\n", "") + &format!("preset = '{preset}'\n");
        assert_open(&open);
    }
    assert_open(&text("https://idp.example.com", "issuer_aliases = ['https://gitlab.com']\n"));
}

#[test]
fn a_discriminator_or_a_preset_s_own_rule_does_not_count() {
    assert_open(&text("https://gitlab.com", "discriminator = [{ claim = '/namespace_id', equals = '1' }]\n"));
}

#[test]
fn the_hint_shows_such_a_rule() {
    let error = toml(&text("https://gitlab.com", "")).unwrap_err().to_string();
    assert!(
        error.contains("every CI job of the GitLab instance can get a token for this audience"),
        "{error}"
    );
    assert!(error.contains("[[issuer.rule]] claim = \"/namespace_id\", equals = \"123\""), "{error}");
}
