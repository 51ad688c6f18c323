//! Settings that presets are made of, one by one.

use super::*;
use crate::identity::SubjectKind;
use crate::policy::Format;
use Code::*;

const ACCESS: &str = r#"{"iss":"https://idp.example.com","aud":"orders","sub":"alice","client_id":"web","jti":"j1","iat":NOW,"exp":SOON}"#;
const AT_JWT: &str = r#""kid":"k1","typ":"at+jwt""#;

fn with(more: &str) -> Guard {
    guard(&format!(
        "version = 1\n[[issuer]]\nissuer = 'https://idp.example.com'\nprofile = 'access_token'\naudience = 'orders'\nalgorithms = ['RS256']\nkeys = KEYS\n{more}\n"
    ))
}

fn access(more: &str) -> String {
    token(AT_JWT, &format!("{},{more}}}", ACCESS.strip_suffix('}').unwrap()))
}

#[test]
fn act_03_optional_claims() {
    let lacks = |claim: &str| token(AT_JWT, &ACCESS.replace(claim, ""));
    let (client, id) = ("\"client_id\":\"web\",", "\"jti\":\"j1\",");
    assert_eq!(refused(&with(""), &lacks(client)), ClaimMissing);
    assert_eq!(refused(&with(""), &lacks(id)), ClaimMissing);
    let lenient = with("optional_claims = ['jti']");
    verified(&lenient, &lacks(id));
    assert_eq!(refused(&lenient, &lacks(client)), ClaimMissing);
    // What may be absent may not be empty.
    assert_eq!(refused(&lenient, &token(AT_JWT, &ACCESS.replace("\"j1\"", "\"\""))), ClaimMissing);
    verified(&with("optional_claims = ['client_id', 'jti']"), &lacks(client));
}

#[test]
fn act_05_marks_are_allowed_one_by_one() {
    for mark in ["nonce", "at_hash", "c_hash"] {
        let marked = access(&format!("\"{mark}\":\"x\""));
        assert_eq!(refused(&with(""), &marked), TokenKindMismatch);
        verified(&with(&format!("allow_marks = ['{mark}']")), &marked);
        let others: Vec<&str> =
            ["nonce", "at_hash", "c_hash"].into_iter().filter(|one| *one != mark).collect();
        assert_eq!(refused(&with(&format!("allow_marks = {others:?}")), &marked), TokenKindMismatch);
    }
    // A logout token is never an access token.
    let all = with("allow_marks = ['nonce', 'at_hash', 'c_hash']");
    assert_eq!(refused(&all, &access("\"events\":{}")), TokenKindMismatch);
}

#[test]
fn clm_17_a_widened_claim_has_any_type_but_null() {
    for amr in ["\"pwd\"", "[{\"method\":\"otp\"}]", "7", "{}"] {
        let token = access(&format!("\"amr\":{amr}"));
        assert_eq!(refused(&with(""), &token), ClaimWrongType, "{amr}");
        verified(&with("widened_claims = ['amr']"), &token);
    }
    assert_eq!(refused(&with("widened_claims = ['amr']"), &access("\"amr\":null")), ClaimWrongType);
}

#[test]
fn clm_19_scope_is_a_list_only_where_it_is_mapped() {
    let listed = access(r#""scope":["a","b"]"#);
    assert_eq!(refused(&with(""), &listed), ScopeInvalid);
    assert_eq!(refused(&with("identity.scopes = '/scp'"), &listed), ScopeInvalid);
    for mapped in ["identity.scopes = '/scope'", "identity.scopes = ['/scp', '/scope']"] {
        assert_eq!(verified(&with(mapped), &listed).scopes().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(refused(&with(mapped), &access(r#""scope":["a",7]"#)), ScopeInvalid);
        assert_eq!(refused(&with(mapped), &access(r#""scope":["\u00e9"]"#)), ScopeInvalid);
        assert_eq!(refused(&with(mapped), &access(r#""scope":{"a":1}"#)), ScopeInvalid);
        assert_eq!(refused(&with(mapped), &access(r#""scope":null"#)), ClaimWrongType);
    }
    // LIM-06 counts them all.
    let many = |count: usize| access(&format!("\"scope\":{:?}", vec!["a"; count]));
    verified(&with("identity.scopes = '/scope'"), &many(256));
    assert_eq!(refused(&with("identity.scopes = '/scope'"), &many(257)), TooManyValues);
}

#[test]
fn pol_04_a_discriminator_is_checked_for_a_single_entry_too() {
    let guard = with(
        "discriminator = [{ claim = '/token_use', equals = 'access' }, { claim = '/x', absent = true }]",
    );
    verified(&guard, &access(r#""token_use":"access""#));
    for other in
        [r#""token_use":"id""#, r#""token_use":"access","x":null"#, r#""token_use":["access"]"#, r#""a":1"#]
    {
        let rejection = decide(&guard, &access(other)).unwrap_err();
        assert_eq!((rejection.code(), rejection.status()), (TokenKindMismatch, 401), "{other}");
    }
}

#[test]
fn clm_21_subject_kinds() {
    let kind = |more: &str, token: &str| verified(&with(more), token).subject_kind();
    let (user, client) = (token(AT_JWT, ACCESS), token(AT_JWT, &ACCESS.replace("alice", "web")));
    assert_eq!((kind("", &user), kind("", &client)), (SubjectKind::User, SubjectKind::Client));
    // Where the policy says how to tell, another sub is no proof of a user.
    let told = "subject_kind = { user = [{ claim = '/uid', present = true }], client = [{ claim = '/gty', one_of = ['cc', 'x'] }] }";
    assert_eq!(kind(told, &user), SubjectKind::Unknown);
    assert_eq!(kind(told, &client), SubjectKind::Client);
    assert_eq!(kind(told, &access(r#""uid":"u""#)), SubjectKind::User);
    assert_eq!(kind(told, &access(r#""uid":null"#)), SubjectKind::Unknown);
    // A client's mark beats a user's.
    assert_eq!(kind(told, &access(r#""uid":"u","gty":"cc""#)), SubjectKind::Client);
    let suffix = "subject_kind.client_suffix = '@clients'";
    assert_eq!(kind(suffix, &token(AT_JWT, &ACCESS.replace("alice", "web@clients"))), SubjectKind::Client);
    assert_eq!((kind(suffix, &client), kind(suffix, &user)), (SubjectKind::User, SubjectKind::User));
}

#[test]
fn the_id_of_a_token_may_stand_elsewhere() {
    let guard = with("identity.token_id = '/uti'");
    assert_eq!(verified(&guard, &access(r#""uti":"u1""#)).token_id(), Some("u1"));
    assert_eq!(refused(&guard, &access(r#""uti":7"#)), ClaimMissing);
    assert_eq!(refused(&guard, &token(AT_JWT, ACCESS)), ClaimMissing);
    let lenient = with("identity.token_id = '/uti'\noptional_claims = ['jti']");
    assert_eq!(refused(&lenient, &access(r#""uti":7"#)), ClaimWrongType);
}

#[test]
fn jws_17_a_listed_url_is_of_its_own_issuer_alone() {
    let second = "[[issuer]]\nissuer = 'https://b.example.com'\nprofile = 'generic'\naudience = 'b'\nalgorithms = ['RS256']\nkeys = KEYS\n";
    let guard = with(&format!("key_urls = ['https://idp.example.com/keys']\n{second}"));
    let header = |url: &str| format!(r#""kid":"k1","typ":"at+jwt","{url}":"https://idp.example.com/keys""#);
    verified(&guard, &token(&header("jku"), ACCESS));
    // From memory, too: the header passed once.
    verified(&guard, &token(&header("jku"), &ACCESS.replace("alice", "bob")));
    assert_eq!(refused(&guard, &token(&header("x5u"), ACCESS)), HeaderKeyUrl);
    let other = ACCESS.replace("idp.example.com", "b.example.com").replace("orders", "b");
    assert_eq!(refused(&guard, &token(&header("jku").replace("at+jwt", "JWT"), &other)), HeaderKeyUrl);
    let list =
        header("jku").replace("\"https://idp.example.com/keys\"", "[\"https://idp.example.com/keys\"]");
    assert_eq!(refused(&guard, &token(&list, ACCESS)), HeaderKeyUrl);
}

#[test]
fn settings_are_the_same_in_json() {
    let text = format!(
        r#"{{"version":1,"issuer":[{{"preset":"okta","issuer":"https://a","audience":"b","enforce":false,"keys":{{"jwks":{}}}}}]}}"#,
        jwks("k1")
    );
    let resources = &File("none", String::new());
    let provider = crypto::default_provider().unwrap();
    let options = PolicyOptions { service: None, resources, provider, scripted_keys: false };
    let policy = Policy::parse(&text, Format::Json, &options).unwrap();
    let issuer = policy.issuers().next().unwrap();
    assert_eq!((issuer.preset(), issuer.is_enforced()), (Some("okta"), false));
    assert_eq!(policy.notices().len(), 1);
}
