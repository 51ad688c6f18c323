//! Groups overage: the provider left lists out because they were too long.

use super::*;
use Code::*;

const HEADER: &str = r#""kid":"k1","typ":"JWT""#;
const LEFT_OUT: &str = r#""_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{"endpoint":"https://graph.example.com/groups"}}"#;

fn with(more: &str) -> Guard {
    guard(&format!(
        "version = 1\n[[issuer]]\nissuer = 'https://idp.example.com'\nprofile = 'generic'\naudience = 'orders'\nalgorithms = ['RS256']\nkeys = KEYS\nidentity.roles = '/groups'\n{more}\n"
    ))
}

fn claims(more: &str) -> String {
    token(
        HEADER,
        &format!(
            r#"{{"iss":"https://idp.example.com","aud":"orders","sub":"alice","iat":NOW,"exp":SOON,{more}}}"#
        ),
    )
}

fn rule(test: &str) -> Guard {
    with(&format!("[[issuer.rule]]\nclaim = '/groups'\n{test}"))
}

#[test]
fn an_identity_says_that_its_groups_are_incomplete() {
    for left_out in [LEFT_OUT, r#""hasgroups":true"#, r#""_claim_names":{"roles":"src1"}"#] {
        let identity = verified(&with(""), &claims(left_out));
        assert!(identity.groups_incomplete() && identity.roles().next().is_none(), "{left_out}");
        assert!(identity.to_json().contains("\"groups_incomplete\":true"));
    }
    for whole in
        [r#""groups":["a"]"#, r#""hasgroups":false"#, r#""_claim_names":{"email":"src1"}"#, r#""a":1"#]
    {
        assert!(!verified(&with(""), &claims(whole)).groups_incomplete(), "{whole}");
    }
}

#[test]
fn every_rule_on_groups_fails_where_they_were_left_out() {
    for test in ["contains = 'a'", "present = true", "absent = true", "equals = 'a'", "one_of = ['a']"] {
        for left_out in [LEFT_OUT, r#""hasgroups":true"#] {
            assert_eq!(refused(&rule(test), &claims(left_out)), ClaimRule, "{test}");
        }
    }
    verified(&rule("contains = 'a'"), &claims(r#""groups":["b","a"]"#));
    verified(&rule("absent = true"), &claims(r#""a":1"#));
    // A group that is listed is held, whatever else was left out.
    verified(&rule("contains = 'a'"), &claims(&format!(r#""groups":["a"],{LEFT_OUT}"#)));
}

#[test]
fn required_groups_are_missing_where_they_were_left_out() {
    for required in ["groups", "/groups"] {
        let guard = with(&format!("required_claims = ['{required}']"));
        assert_eq!(refused(&guard, &claims(LEFT_OUT)), ClaimMissing);
        assert_eq!(refused(&guard, &claims(r#""hasgroups":true"#)), ClaimMissing);
        assert_eq!(refused(&guard, &claims(r#""groups":[]"#)), ClaimMissing);
        verified(&guard, &claims(r#""groups":["a"]"#));
    }
}

#[test]
fn clm_23_the_sources_are_never_looked_at() {
    let hostile = r#""_claim_names":{"groups":["src1"]},"_claim_sources":{"src1":{"JWT":"a.b.c"}}"#;
    assert!(verified(&with(""), &claims(hostile)).groups_incomplete());
    verified(&with(""), &claims(r#""_claim_names":"groups","_claim_sources":7"#));
}
