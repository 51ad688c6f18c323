//! Deny lists (POL-07).

use super::*;
use crate::policy::DenyList;
use Code::*;

const HEADER: &str = r#""kid":"k1","typ":"JWT""#;
const CLAIMS: &str = r#"{"iss":"https://idp.example.com","aud":"orders","sub":"alice","iat":NOW,"exp":SOON}"#;
const ISSUER: &str = "[[issuer]]\nname = 'main'\nissuer = 'https://idp.example.com'\nissuer_aliases = ['idp.example.com']\nprofile = 'generic'\naudience = 'orders'\nalgorithms = ['RS256']\n";

fn text(top: &str, keys: &str) -> String {
    format!("version = 1\n{top}\n{ISSUER}keys = {keys}\n")
}

fn list(text: &str) -> DenyList {
    DenyList::from_file(text.as_bytes()).unwrap()
}

#[test]
fn a_policy_denies_keys_and_issuers() {
    let token = token(HEADER, CLAIMS);
    for (top, code) in [
        ("deny_kid = ['k0', 'k1']", KeyDenied),
        ("deny_issuer = ['https://idp.example.com']", IssDenied),
        // Any spelling of an issuer denies all of it.
        ("deny_issuer = ['idp.example.com']", IssDenied),
        ("deny_issuer = ['https://idp.example.com']\ndeny_kid = ['k1']", IssDenied),
    ] {
        let rejection = decide(&guard(&text(top, "KEYS")), &token).unwrap_err();
        assert_eq!((rejection.code(), rejection.status()), (code, 401), "{top}");
        assert_eq!(rejection.code().class(), crate::error::Class::Untrusted);
        assert_eq!(rejection.rule().id(), "POL-07");
    }
    for top in [
        "deny_kid = ['k']",
        "deny_kid = ['K1']",
        "deny_issuer = ['https://idp.example.com/']",
        "deny_kid = []",
    ] {
        verified(&guard(&text(top, "KEYS")), &token);
    }
    let notices = policy(&text("deny_issuer = ['https://idp.exampel.com']", "KEYS")).unwrap();
    assert_eq!(notices.notices()[0].path, "deny_issuer[0]");
}

#[test]
fn tokens_without_an_issuer_are_denied_by_the_name_that_stands_for_it() {
    let entry = "[[issuer]]\nname = 'legacy'\nprofile = 'generic'\naudience = 'orders'\nalgorithms = ['RS256']\ndangerous = ['no_issuer']\nkeys = KEYS\n";
    let token = token(HEADER, &CLAIMS.replace(r#""iss":"https://idp.example.com","#, ""));
    verified(&guard(&format!("version = 1\n{entry}")), &token);
    let denied = guard(&format!("version = 1\ndeny_issuer = ['local:legacy']\n{entry}"));
    assert_eq!(refused(&denied, &token), IssDenied);
}

#[test]
fn the_key_s_own_name_counts_and_the_token_s() {
    let guard = guard(&text("deny_kid = ['k1']", "KEYS"));
    // Without a kid the one key is picked, and it is k1.
    assert_eq!(refused(&guard, &token(r#""typ":"JWT""#, CLAIMS)), KeyDenied);
    // A key without a name is picked for any kid: the kid is denied all the same.
    let nameless = format!("{{ jwks = '''{}''' }}", jwks("k1").replace(",\"kid\":\"k1\"", ""));
    let guard = super::guard(&text("deny_kid = ['k1']", &nameless));
    assert_eq!(refused(&guard, &token(HEADER, CLAIMS)), KeyDenied);
    verified(&guard, &token(r#""kid":"k2","typ":"JWT""#, CLAIMS));
}

#[test]
fn ord_01_denied_before_any_fetch_and_the_issuer_before_the_type() {
    let scripted = "{ scripted = true }";
    let waits = guard(&text("", scripted));
    let sent = token(HEADER, CLAIMS);
    assert!(matches!(waits.decide(sent.as_bytes(), now()), Decision::Pending(_)));
    assert_eq!(refused(&guard(&text("deny_kid = ['k1']", scripted)), &sent), KeyDenied);
    assert_eq!(
        refused(&guard(&text("deny_issuer = ['https://idp.example.com']", scripted)), &sent),
        IssDenied
    );
    let typed = token(r#""kid":"k1","typ":"other""#, CLAIMS);
    assert_eq!(
        refused(&guard(&text("deny_issuer = ['https://idp.example.com']", scripted)), &typed),
        IssDenied
    );
    assert_eq!(refused(&guard(&text("deny_kid = ['k1']", scripted)), &typed), TypMismatch);
}

#[test]
fn cac_02_05_a_denial_reaches_into_the_cache() {
    let token = token(HEADER, CLAIMS);
    for keys in ["KEYS", "{ scripted = true }"] {
        for (file, code) in [("kid k1", KeyDenied), ("issuer https://idp.example.com", IssDenied)] {
            let guard = guard(&text("", keys));
            if keys != "KEYS" {
                guard.replace_keys("main", jwks("k1").as_bytes()).unwrap();
            }
            verified(&guard, &token);
            verified(&guard, &token);
            assert_eq!(guard.cache_counters().hits, 1);
            guard.deny(list(file));
            assert_eq!(refused(&guard, &token), code);
            assert_eq!(guard.cache_counters().hits, 1);
            // Taken back, it verifies anew; the cache is not emptied for that.
            guard.deny(DenyList::default());
            verified(&guard, &token);
            verified(&guard, &token);
            assert_eq!(guard.cache_counters().hits, 2);
        }
    }
}

#[test]
fn what_denies_nothing_new_leaves_the_cache_alone() {
    let guard = guard(&text("", "KEYS"));
    guard.deny(list("kid a\nkid b"));
    let token = token(HEADER, CLAIMS);
    verified(&guard, &token);
    guard.deny(list("kid b"));
    guard.deny(list("kid b"));
    verified(&guard, &token);
    assert_eq!(guard.cache_counters().hits, 1);
}

#[test]
fn the_policy_s_own_list_stays_under_the_file_s() {
    let guard = guard(&text("deny_kid = ['k1']", "KEYS"));
    guard.deny(list("kid other"));
    guard.deny(DenyList::default());
    assert_eq!(refused(&guard, &token(HEADER, CLAIMS)), KeyDenied);
}

#[test]
fn a_deny_file_is_read_with_the_policy_and_has_to_be_sound() {
    let token = token(HEADER, CLAIMS);
    let load =
        |file: &str| policy_with(&text("deny_file = 'deny.txt'", "KEYS"), &File("deny.txt", file.to_owned()));
    assert_eq!(refused(&Guard::new(load("# compromised\n\nkid k1\n").unwrap(), 7), &token), KeyDenied);
    assert_eq!(load("").unwrap().deny_file(), Some("deny.txt"));
    for (file, shown) in [
        ("kid k1\nkdi k2\n", "deny_file: line 2: a line begins with `kid`, `issuer` or `#`"),
        ("kid\n", "deny_file: line 1: the name is empty, too long or holds a control character"),
        ("issuer \u{7}\n", "deny_file: line 1: the name is empty, too long or holds a control character"),
    ] {
        let error = load(file).unwrap_err();
        assert!(error.to_string().ends_with(shown), "{error}");
        assert_eq!(error.problems()[0].code, ConfigValue);
    }
    let missing = policy(&text("deny_file = 'deny.txt'", "KEYS")).unwrap_err();
    assert_eq!(missing.problems()[0].code, ConfigFile);
    let wrong = policy(&text("deny_kid = ['a\u{e9}']", "KEYS")).unwrap_err();
    assert_eq!(wrong.problems()[0].path, "deny_kid[0]");
}

#[test]
fn the_form_of_a_deny_file() {
    let read = list("# note\r\n  kid  a b \r\nissuer\thttps://x\n\nkid c#d\n   # more\n");
    assert_eq!(read.len(), 3);
    assert!(read.kids.contains("a b") && read.kids.contains("c#d") && read.issuers.contains("https://x"));
    assert!(DenyList::from_file(b"\xff").is_err());
    assert!(DenyList::from_file(&vec![b'\n'; crate::limits::DENY_FILE_BYTES + 1]).is_err());
    let many = |count: usize| (0..count).map(|at| format!("kid {at}\n")).collect::<String>();
    assert_eq!(list(&many(crate::limits::DENIED)).len(), crate::limits::DENIED);
    let fault = DenyList::from_file(many(crate::limits::DENIED + 1).as_bytes()).unwrap_err();
    assert_eq!(fault.line, crate::limits::DENIED + 1);
}
