//! Tokens of the shape that each vendor documents, under its preset. Values are made up.

use super::*;
use crate::identity::SubjectKind::{self, Client, Unknown, User};
use Code::*;

const TYP: &str = r#""kid":"k1","typ":"JWT""#;
const NO_TYP: &str = r#""kid":"k1""#;

/// A guard with one entry of this preset.
#[track_caller]
fn vendor(preset: &str, issuer: &str, audience: &str, more: &str) -> Guard {
    guard(&entry(preset, issuer, audience, more))
}

fn entry(preset: &str, issuer: &str, audience: &str, more: &str) -> String {
    format!(
        "version = 1\n[[issuer]]\npreset = '{preset}'\nissuer = '{issuer}'\naudience = '{audience}'\nkeys = KEYS\n{more}\n"
    )
}

/// What an identity says in its mapped fields.
#[derive(Debug, PartialEq)]
struct Told<'a> {
    subject: &'a str,
    kind: SubjectKind,
    client: Option<&'a str>,
    tenant: Option<&'a str>,
    roles: Vec<&'a str>,
    scopes: Vec<&'a str>,
    id: Option<&'a str>,
}

fn told(identity: &Identity) -> Told<'_> {
    Told {
        subject: identity.subject().unwrap_or_default(),
        kind: identity.subject_kind(),
        client: identity.client_id(),
        tenant: identity.tenant(),
        roles: identity.roles().collect(),
        scopes: identity.scopes().collect(),
        id: identity.token_id(),
    }
}

/// The claims without the last brace, and more.
fn with(claims: &str, more: &str) -> String {
    format!("{},{more}}}", claims.trim_end().strip_suffix('}').unwrap())
}

#[test]
fn keycloak() {
    const REALM: &str = "https://sso.example.com/realms/shop";
    const ACCESS: &str = r#"{"exp":SOON,"iat":NOW,"jti":"j1","iss":"https://sso.example.com/realms/shop","aud":["orders","account"],
        "sub":"a1","typ":"Bearer","azp":"web","sid":"s1","acr":"1","allowed-origins":["https://shop.example.com"],
        "realm_access":{"roles":["buyer","offline_access"]},"resource_access":{"account":{"roles":["view-profile"]}},
        "scope":"openid email","email_verified":true,"preferred_username":"alice"}"#;
    let guard = vendor("keycloak", REALM, "orders", "algorithms = ['RS256']");
    let identity = verified(&guard, &token(TYP, ACCESS));
    assert_eq!(
        told(&identity),
        Told {
            subject: "a1",
            kind: User,
            client: Some("web"),
            tenant: None,
            roles: vec!["buyer", "offline_access"],
            scopes: vec!["openid", "email"],
            id: Some("j1"),
        }
    );
    verified(&guard, &token(r#""kid":"k1","typ":"at+jwt""#, ACCESS));
    // ACT-05: before version 25 the nonce stood in every token; other marks stay refused.
    verified(&guard, &token(TYP, &with(ACCESS, r#""nonce":"n""#)));
    assert_eq!(refused(&guard, &token(TYP, &with(ACCESS, r#""at_hash":"h""#))), TokenKindMismatch);
    // POL-04: an ID token, a refresh token and one that does not say.
    for typ in ["\"ID\"", "\"Refresh\"", "\"bearer\"", "7"] {
        let other = ACCESS.replace("\"Bearer\"", typ);
        assert_eq!(refused(&guard, &token(TYP, &other)), TokenKindMismatch, "{typ}");
    }
    // CLM-21: a service account has no session, and its client.
    let service = ACCESS.replace(r#""sid":"s1""#, r#""client_id":"web","clientHost":"10.0.0.1""#);
    assert_eq!(verified(&guard, &token(TYP, &service)).subject_kind(), Client);
    let neither = ACCESS.replace(r#""sid":"s1","#, "");
    assert_eq!(verified(&guard, &token(TYP, &neither)).subject_kind(), Unknown);

    let ids = vendor("keycloak", REALM, "orders", "algorithms = ['RS256']\nprofile = 'id_token'");
    let id = ACCESS
        .replace("Bearer", "ID")
        .replace("[\"orders\",\"account\"]", "\"orders\"")
        .replace("\"web\"", "\"orders\"");
    let id = token(TYP, &with(&id, r#""nonce":"n","at_hash":"h""#));
    assert_eq!(verified(&ids, &id).subject_kind(), User);
    assert_eq!(refused(&ids, &token(TYP, ACCESS)), TokenKindMismatch);
    // Both kinds of one realm behind one guard.
    let both = entry("keycloak", REALM, "orders", "algorithms = ['RS256']")
        + &format!(
            "[[issuer]]\npreset = 'keycloak'\nprofile = 'id_token'\nissuer = '{REALM}'\naudience = 'orders'\nalgorithms = ['RS256']\nkeys = KEYS\n"
        );
    let both = super::guard(&both);
    assert_eq!(verified(&both, &token(TYP, ACCESS)).profile().name(), "access_token");
    assert_eq!(verified(&both, &id).profile().name(), "id_token");
}

#[test]
fn auth0() {
    const TENANT: &str = "https://shop.eu.auth0.com/";
    const API: &str = "https://api.example.com/orders";
    const ACCESS: &str = r#"{"iss":"https://shop.eu.auth0.com/","sub":"auth0|a1","aud":["https://api.example.com/orders","https://shop.eu.auth0.com/userinfo"],
        "iat":NOW,"exp":LATER,"azp":"web","scope":"openid read:orders","permissions":["read:orders"],"org_id":"org_1"}"#;
    let guard = vendor("auth0", TENANT, API, "algorithms = ['RS256']");
    let identity = verified(&guard, &token(TYP, ACCESS));
    assert_eq!(
        told(&identity),
        Told {
            subject: "auth0|a1",
            kind: User,
            client: Some("web"),
            tenant: Some("org_1"),
            roles: vec!["read:orders"],
            scopes: vec!["openid", "read:orders"],
            id: None,
        }
    );
    // CLM-21: a client's own token names it with a suffix; the id alone is nobody's client.
    let client = ACCESS
        .replace("auth0|a1", "web@clients")
        .replace("\"azp\"", "\"gty\":\"client-credentials\",\"azp\"");
    assert_eq!(verified(&guard, &token(TYP, &client)).subject_kind(), Client);
    for other in ["web", "other@clients", "@clients"] {
        let other = ACCESS.replace("auth0|a1", other);
        assert_eq!(verified(&guard, &token(TYP, &other)).subject_kind(), User);
    }
    assert_eq!(refused(&guard, &token(NO_TYP, ACCESS)), TypMismatch);
    // An ID token has no azp, and a nonce.
    assert_eq!(refused(&guard, &token(TYP, &ACCESS.replace("\"azp\":\"web\",", ""))), TokenKindMismatch);
    assert_eq!(refused(&guard, &token(TYP, &with(ACCESS, r#""nonce":"n""#))), TokenKindMismatch);
    let ids = vendor("auth0", TENANT, "web", "algorithms = ['RS256']\nprofile = 'id_token'");
    let id = r#"{"iss":"https://shop.eu.auth0.com/","sub":"auth0|a1","aud":"web","iat":NOW,"exp":LATER,"nonce":"n","sid":"s"}"#;
    assert_eq!(verified(&ids, &token(TYP, id)).subject_kind(), User);
    assert_eq!(refused(&ids, &token(TYP, ACCESS)), TokenKindMismatch);

    let rfc = vendor("auth0-rfc9068", TENANT, API, "algorithms = ['RS256']");
    let access = ACCESS.replace("\"azp\"", "\"jti\":\"j1\",\"client_id\"");
    let at_jwt = r#""kid":"k1","typ":"at+jwt""#;
    let identity = verified(&rfc, &token(at_jwt, &access));
    assert_eq!((identity.client_id(), identity.token_id()), (Some("web"), Some("j1")));
    let client = access.replace("auth0|a1", "web@clients");
    assert_eq!(verified(&rfc, &token(at_jwt, &client)).subject_kind(), Client);
    assert_eq!(refused(&rfc, &token(TYP, &access)), TypMismatch);
    assert_eq!(refused(&rfc, &token(at_jwt, ACCESS)), ClaimMissing);
}

const TENANT_RULE: &str = "[[issuer.rule]]\nclaim = '/tid'\nequals = 'f0000000-1111-2222-3333-444444444444'";

#[test]
fn entra() {
    const V2: &str = "https://login.microsoftonline.com/f0000000-1111-2222-3333-444444444444/v2.0";
    const ACCESS: &str = r#"{"aud":"api-1","iss":"https://login.microsoftonline.com/f0000000-1111-2222-3333-444444444444/v2.0",
        "iat":NOW,"nbf":NOW,"exp":LATER,"aio":"x","azp":"web","azpacr":"1","name":"Alice","oid":"o1","preferred_username":"alice@example.com",
        "rh":"x","scp":"orders.read orders.write","roles":["Reader"],"sub":"p1","tid":"f0000000-1111-2222-3333-444444444444","uti":"u1","ver":"2.0"}"#;
    let guard = vendor("entra-v2", V2, "api-1", TENANT_RULE);
    let identity = verified(&guard, &token(TYP, ACCESS));
    assert_eq!(
        told(&identity),
        Told {
            subject: "p1",
            kind: User,
            client: Some("web"),
            tenant: Some("f0000000-1111-2222-3333-444444444444"),
            roles: vec!["Reader"],
            scopes: vec!["orders.read", "orders.write"],
            id: Some("u1"),
        }
    );
    // CLM-15: continuous access evaluation, up to 28 hours and no more.
    let lives = |hours: i64| ACCESS.replace("LATER", &(NOW + hours * 3600).to_string());
    verified(&guard, &token(TYP, &lives(28)));
    assert_eq!(refused(&guard, &token(TYP, &lives(29))), LifetimeTooLong);
    // CLM-21: idtyp, and nothing inferred where it is not there.
    let app = ACCESS.replace(r#""scp":"orders.read orders.write""#, r#""idtyp":"app""#);
    assert_eq!(verified(&guard, &token(TYP, &app)).subject_kind(), Client);
    let unsaid = app.replace(r#""idtyp":"app""#, r#""idtyp":"device""#);
    assert_eq!(verified(&guard, &token(TYP, &unsaid)).subject_kind(), Unknown);
    assert_eq!(refused(&guard, &token(NO_TYP, ACCESS)), TypMismatch);
    // An ID token of the same tenant, for the same application.
    let id = ACCESS
        .replace(r#""azp":"web","azpacr":"1","#, "")
        .replace(r#""scp":"orders.read orders.write","#, "");
    assert_eq!(refused(&guard, &token(TYP, &id)), TokenKindMismatch);
    let ids = vendor("entra-v2", V2, "api-1", &format!("profile = 'id_token'\n{TENANT_RULE}"));
    assert_eq!(verified(&ids, &token(TYP, &with(&id, r#""nonce":"n""#))).subject_kind(), User);
    assert_eq!(refused(&ids, &token(TYP, ACCESS)), TokenKindMismatch);

    const V1: &str = "https://sts.windows.net/f0000000-1111-2222-3333-444444444444/";
    let access = ACCESS
        .replace("https://login.microsoftonline.com/f0000000-1111-2222-3333-444444444444/v2.0", V1)
        .replace("\"azp\"", "\"appid\"")
        .replace("azpacr", "appidacr")
        .replace("\"2.0\"", "\"1.0\"");
    let access = with(&access, r#""acr":"1","amr":["pwd","mfa"]"#);
    let header = r#""kid":"k1","typ":"JWT","x5t":"k1""#;
    let old = vendor("entra-v1", V1, "api-1", TENANT_RULE);
    let identity = verified(&old, &token(header, &access));
    assert_eq!(
        (identity.client_id(), identity.token_id(), identity.acr()),
        (Some("web"), Some("u1"), Some("1"))
    );
    assert_eq!(identity.amr().collect::<Vec<_>>(), ["pwd", "mfa"]);
    assert_eq!(refused(&old, &token(header, &access.replace("\"1.0\"", "\"2.0\""))), TokenKindMismatch);
}

#[test]
fn entra_b2c() {
    const FLOW: &str = "https://shop.b2clogin.com/f0000000-1111-2222-3333-444444444444/v2.0/";
    const ACCESS: &str = r#"{"iss":"https://shop.b2clogin.com/f0000000-1111-2222-3333-444444444444/v2.0/","exp":SOON,"nbf":NOW,"iat":NOW,
        "aud":"api-1","sub":"u1","tfp":"B2C_1_signin","scp":"read","azp":"web","ver":"1.0","auth_time":NOW}"#;
    let guard = vendor("entra-b2c", FLOW, "api-1", "");
    let identity = verified(&guard, &token(TYP, ACCESS));
    assert_eq!(
        (identity.client_id(), identity.subject_kind(), identity.token_id()),
        (Some("web"), User, None)
    );
    assert!(identity.has_scope("read"));
    let id = ACCESS.replace(r#""scp":"read","azp":"web","#, "");
    assert_eq!(refused(&guard, &token(TYP, &id)), TokenKindMismatch);
    let silent = ACCESS.replace(r#","auth_time":NOW"#, "");
    assert_eq!(verified(&guard, &token(TYP, &silent)).subject_kind(), Unknown);
    let ids = vendor("entra-b2c", FLOW, "api-1", "profile = 'id_token'");
    verified(&ids, &token(TYP, &id));
    assert_eq!(refused(&ids, &token(TYP, ACCESS)), TokenKindMismatch);
}

#[test]
fn okta() {
    const SERVER: &str = "https://shop.okta.com/oauth2/default";
    const ACCESS: &str = r#"{"ver":1,"jti":"AT.1","iss":"https://shop.okta.com/oauth2/default","aud":"api://orders","iat":NOW,"exp":SOON,
        "cid":"web","uid":"00u1","scp":["openid","orders.read"],"sub":"alice@example.com","groups":["buyers"]}"#;
    let guard = vendor("okta", SERVER, "api://orders", "");
    let identity = verified(&guard, &token(NO_TYP, ACCESS));
    assert_eq!(
        told(&identity),
        Told {
            subject: "alice@example.com",
            kind: User,
            client: Some("web"),
            tenant: None,
            roles: vec!["buyers"],
            scopes: vec!["openid", "orders.read"],
            id: Some("AT.1"),
        }
    );
    // CLM-21: sub is the client; or neither of both is said.
    let client = ACCESS.replace(r#""uid":"00u1","#, "").replace("alice@example.com", "web");
    assert_eq!(verified(&guard, &token(NO_TYP, &client)).subject_kind(), Client);
    let neither = ACCESS.replace(r#""uid":"00u1","#, "");
    assert_eq!(verified(&guard, &token(NO_TYP, &neither)).subject_kind(), Unknown);
    assert_eq!(refused(&guard, &token(TYP, ACCESS)), TypMismatch);
    // An ID token has no cid.
    let id = ACCESS.replace(r#""cid":"web","#, r#""idp":"00o1","amr":["pwd"],"#);
    assert_eq!(refused(&guard, &token(NO_TYP, &id)), TokenKindMismatch);
    verified(&vendor("okta", SERVER, "api://orders", "profile = 'id_token'"), &token(NO_TYP, &id));
}

#[test]
fn cognito() {
    const POOL: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_shop";
    const ACCESS: &str = r#"{"sub":"u1","cognito:groups":["admin"],"token_use":"access","scope":"orders/read","auth_time":NOW,
        "iss":"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_shop","exp":SOON,"iat":NOW,"origin_jti":"o1","jti":"j1","client_id":"web","username":"alice"}"#;
    let guard = vendor("cognito", POOL, "web", "");
    let identity = verified(&guard, &token(NO_TYP, ACCESS));
    assert_eq!((identity.subject_kind(), identity.roles().collect::<Vec<_>>()), (User, vec!["admin"]));
    assert_eq!(identity.audience().collect::<Vec<_>>(), ["web"]);
    // CLM-05: the same equality rule, on client_id.
    assert_eq!(refused(&guard, &token(NO_TYP, &ACCESS.replace("\"web\"", "\"web2\""))), AudMismatch);
    assert_eq!(refused(&guard, &token(NO_TYP, &ACCESS.replace(r#""client_id":"web","#, ""))), AudInvalid);
    let client = ACCESS.replace(r#","username":"alice""#, "").replace("\"u1\"", "\"web\"");
    assert_eq!(verified(&guard, &token(NO_TYP, &client)).subject_kind(), Client);
    verified(&guard, &token(NO_TYP, &ACCESS.replace(r#""jti":"j1","#, "")));
    // POL-04: token_use.
    let id = ACCESS.replace("\"access\"", "\"id\"").replace("\"client_id\"", "\"aud\"");
    assert_eq!(refused(&guard, &token(NO_TYP, &id)), TokenKindMismatch);
    let ids = vendor("cognito", POOL, "web", "profile = 'id_token'");
    verified(&ids, &token(NO_TYP, &id));
    assert_eq!(refused(&ids, &token(NO_TYP, ACCESS)), TokenKindMismatch);
}

#[test]
fn google() {
    const ID: &str = r#"{"iss":"https://accounts.google.com","azp":"web","aud":"web","sub":"1098","hd":"example.com","email":"alice@example.com",
        "email_verified":true,"at_hash":"h","iat":NOW,"exp":SOON}"#;
    let rule = "[[issuer.rule]]\nclaim = '/hd'\nequals = 'example.com'";
    let guard = vendor("google", "https://accounts.google.com", "web", rule);
    let identity = verified(&guard, &token(TYP, ID));
    assert_eq!((identity.tenant(), identity.subject_kind()), (Some("example.com"), User));
    // CLM-01: Google's other spelling, and one identity under both.
    let short =
        verified(&guard, &token(TYP, &ID.replace("https://accounts.google.com", "accounts.google.com")));
    assert_eq!(short.issuer(), "https://accounts.google.com");
    for other in ["https://accounts.google.com/", "http://accounts.google.com"] {
        let other = ID.replace("https://accounts.google.com", other);
        assert_eq!(refused(&guard, &token(TYP, &other)), IssUntrusted, "{other}");
    }
    assert_eq!(refused(&guard, &token(TYP, &ID.replace("\"hd\":\"example.com\",", ""))), ClaimRule);
    // A service account asks for your audience: it is another presenter.
    let service = ID.replace("\"azp\":\"web\"", "\"azp\":\"1099\"");
    assert_eq!(refused(&guard, &token(TYP, &service)), AzpMismatch);
    // And where it is meant, it is not called a user.
    let rule = "authorized_parties = ['1099']\n[[issuer.rule]]\nclaim = '/azp'\nequals = '1099'";
    let guard = vendor("google", "https://accounts.google.com", "web", rule);
    let service = service.replace("\"hd\":\"example.com\",", "");
    assert_eq!(verified(&guard, &token(TYP, &service)).subject_kind(), Unknown);
}

#[test]
fn firebase() {
    const ID: &str = r#"{"iss":"https://securetoken.google.com/shop-1","aud":"shop-1","auth_time":NOW,"user_id":"u1","sub":"u1","iat":NOW,"exp":SOON,
        "email":"alice@example.com","firebase":{"identities":{"email":["alice@example.com"]},"sign_in_provider":"password"}}"#;
    let guard = vendor("firebase", "https://securetoken.google.com/shop-1", "shop-1", "");
    assert_eq!(verified(&guard, &token(TYP, ID)).subject_kind(), User);
    assert_eq!(refused(&guard, &token(TYP, &ID.replace("\"auth_time\":NOW,", ""))), ClaimMissing);
    assert_eq!(
        refused(&guard, &token(TYP, &ID.replace("\"aud\":\"shop-1\"", "\"aud\":\"shop-2\""))),
        AudMismatch
    );
    let session = ID.replace("securetoken.google.com", "session.firebase.google.com");
    assert_eq!(refused(&guard, &token(TYP, &session)), IssUntrusted);
}

#[test]
fn dex() {
    const ID: &str = r#"{"iss":"https://dex.example.com","sub":"CgR1","aud":"orders","exp":SOON,"iat":NOW,"nonce":"n","at_hash":"h",
        "email":"alice@example.com","email_verified":true,"groups":["buyers"],"name":"Alice"}"#;
    let more = "algorithms = ['RS256']\nauthorized_parties = ['web']";
    let guard = vendor("dex", "https://dex.example.com", "orders", more);
    assert_eq!(verified(&guard, &token(NO_TYP, ID)).roles().collect::<Vec<_>>(), ["buyers"]);
    verified(&guard, &token(NO_TYP, &with(ID, r#""azp":"web""#)));
    assert_eq!(refused(&guard, &token(NO_TYP, &with(ID, r#""azp":"other""#))), AzpMismatch);
    // ACT-05: as an access token, with a mark of one's own, it may bear the marks of an ID token.
    let more = "algorithms = ['RS256']\nprofile = 'access_token'\n[[issuer.rule]]\nclaim = '/email_verified'\nequals = true";
    verified(&vendor("dex", "https://dex.example.com", "orders", more), &token(NO_TYP, ID));
}

#[test]
fn zitadel() {
    const ACCESS: &str = r#"{"iss":"https://shop.zitadel.cloud","sub":"7701","aud":["orders","69234"],"exp":SOON,"iat":NOW,"nbf":NOW,"jti":"j1","azp":"web@shop",
        "urn:zitadel:iam:org:project:roles":{"admin":{"280":"example.com"},"buyer":{"280":"example.com"}},"urn:zitadel:iam:user:resourceowner:id":"280"}"#;
    let guard = vendor("zitadel", "https://shop.zitadel.cloud", "orders", "algorithms = ['RS256']");
    let identity = verified(&guard, &token(TYP, ACCESS));
    assert_eq!(
        told(&identity),
        Told {
            subject: "7701",
            kind: Unknown,
            client: Some("web@shop"),
            tenant: Some("280"),
            roles: vec!["admin", "buyer"],
            scopes: vec![],
            id: Some("j1"),
        }
    );
    assert!(identity.has_role("admin") && !identity.has_role("280"));
    // `roles` is not where ZITADEL puts them.
    assert!(!verified(&guard, &token(TYP, &with(ACCESS, r#""roles":["root"]"#))).has_role("root"));
    // The form of a list of objects, and what is neither.
    let listed = ACCESS.replace(
        ":{\"admin\":{\"280\":\"example.com\"},\"buyer\":{\"280\":\"example.com\"}}",
        ":[{\"admin\":{}},{\"buyer\":{}}]",
    );
    assert_eq!(verified(&guard, &token(TYP, &listed)).roles().collect::<Vec<_>>(), ["admin", "buyer"]);
    for wrong in [":\"admin\"", ":[\"admin\"]", ":7"] {
        let wrong = listed.replace(":[{\"admin\":{}},{\"buyer\":{}}]", wrong);
        assert_eq!(refused(&guard, &token(TYP, &wrong)), ClaimWrongType, "{wrong}");
    }
    let id = ACCESS.replace("\"jti\":\"j1\",", "\"amr\":[\"pwd\"],");
    assert_eq!(refused(&guard, &token(TYP, &id)), TokenKindMismatch);
}

#[test]
fn clerk() {
    const SESSION: &str = r#"{"azp":"https://shop.example.com","exp":SOON,"fva":[7,-1],"iat":NOW,"iss":"https://clerk.shop.example.com","jti":"j1","nbf":NOW,
        "sid":"sess_1","sub":"user_1","v":2,"pla":"u:free","fea":"o:dashboard","o":{"id":"org_1","slg":"acme","rol":"admin","per":"read,manage","fpm":"3,2"}}"#;
    let guard = vendor("clerk", "https://clerk.shop.example.com", "https://shop.example.com", "");
    let identity = verified(&guard, &token(r#""kid":"k1","typ":"JWT","cat":"cl_1""#, SESSION));
    assert_eq!(
        told(&identity),
        Told {
            subject: "user_1",
            kind: User,
            client: None,
            tenant: Some("org_1"),
            roles: vec!["admin"],
            scopes: vec![],
            id: Some("j1"),
        }
    );
    assert_eq!(
        refused(
            &guard,
            &token(TYP, &SESSION.replace("shop.example.com\",\"exp", "evil.example.com\",\"exp"))
        ),
        AudMismatch
    );
    assert_eq!(
        refused(&guard, &token(TYP, &SESSION.replace(r#""azp":"https://shop.example.com","#, ""))),
        AudInvalid
    );
    let impersonated =
        with(SESSION, r#""act":{"iss":"https://dashboard.clerk.com","sid":"sess_2","sub":"user_2"}"#);
    assert_eq!(refused(&guard, &token(TYP, &impersonated)), ActorNotAllowed);
}

#[test]
fn supabase() {
    const USER: &str = r#"{"aal":"aal1","amr":[{"method":"password","timestamp":NOW}],"app_metadata":{"provider":"email"},"aud":"authenticated","email":"alice@example.com",
        "exp":SOON,"iat":NOW,"iss":"https://shop.supabase.co/auth/v1","phone":"","role":"authenticated","session_id":"s1","sub":"u1","user_metadata":{},"is_anonymous":false}"#;
    let guard =
        vendor("supabase", "https://shop.supabase.co/auth/v1", "authenticated", "algorithms = ['RS256']");
    let identity = verified(&guard, &token(TYP, USER));
    // CLM-17: amr is a list of objects, which names no methods.
    assert_eq!((identity.amr().count(), identity.subject_kind()), (0, User));
    assert_eq!(identity.roles().collect::<Vec<_>>(), ["authenticated"]);
    assert_eq!(refused(&guard, &token(TYP, &USER.replace("\"session_id\":\"s1\",", ""))), ClaimMissing);
    let service = r#"{"iss":"supabase","ref":"shop","role":"service_role","iat":NOW,"exp":SOON}"#;
    assert_eq!(refused(&guard, &token(TYP, service)), IssUntrusted);
}

#[test]
fn github_actions() {
    const JOB: &str = r#"{"jti":"j1","sub":"repo:acme/shop:ref:refs/heads/main","aud":"orders","ref":"refs/heads/main","repository":"acme/shop","repository_id":"71","repository_owner":"acme",
        "repository_owner_id":"65","run_id":"36","run_number":"10","run_attempt":"2","actor":"alice","workflow":"deploy","event_name":"push","ref_type":"branch","runner_environment":"github-hosted",
        "iss":"https://token.actions.githubusercontent.com","nbf":NOW,"exp":SOON,"iat":NOW}"#;
    let rule = "[[issuer.rule]]\nclaim = '/repository_owner_id'\nequals = '65'";
    let guard = vendor("github-actions", "https://token.actions.githubusercontent.com", "orders", rule);
    let identity = verified(&guard, &token(r#""kid":"k1","typ":"JWT","x5t":"k1""#, JOB));
    assert_eq!(
        (identity.tenant(), identity.subject_kind(), identity.token_id()),
        (Some("65"), Client, Some("j1"))
    );
    assert_eq!(refused(&guard, &token(TYP, &JOB.replace("\"65\"", "\"66\""))), ClaimRule);
    assert_eq!(refused(&guard, &token(TYP, &JOB.replace("\"65\"", "65"))), ClaimWrongType);
}

#[test]
fn gitlab() {
    const JOB: &str = r#"{"namespace_id":"72","namespace_path":"acme","project_id":"20","project_path":"acme/shop","user_id":"1","user_login":"alice","pipeline_id":"574","pipeline_source":"push","job_id":"302",
        "ref":"main","ref_type":"branch","ref_protected":"true","runner_id":1,"runner_environment":"self-hosted","ci_config_sha":null,"jti":"j1","iss":"https://gitlab.com","iat":NOW,"nbf":NOW,"exp":SOON,
        "sub":"project_path:acme/shop:ref_type:branch:ref:main","aud":"orders"}"#;
    let rule = "[[issuer.rule]]\nclaim = '/project_path'\none_of = ['acme/shop', 'acme/stock']";
    let guard = vendor("gitlab", "https://gitlab.com", "orders", rule);
    let identity = verified(&guard, &token(TYP, JOB));
    assert_eq!((identity.tenant(), identity.subject_kind()), (Some("72"), Client));
    assert_eq!(refused(&guard, &token(TYP, &JOB.replace("\"acme/shop\"", "\"evil/shop\""))), ClaimRule);
}

#[test]
fn kubernetes() {
    const POD: &str = r#"{"aud":["orders"],"exp":SOON,"iat":NOW,"iss":"https://cluster.example.com","jti":"j1","nbf":NOW,"sub":"system:serviceaccount:shop:web",
        "kubernetes.io":{"namespace":"shop","node":{"name":"n1","uid":"u1"},"pod":{"name":"web-1","uid":"u2"},"serviceaccount":{"name":"web","uid":"u3"}}}"#;
    let rule = "algorithms = ['RS256']\n[[issuer.rule]]\nclaim = '/kubernetes.io/namespace'\nequals = 'shop'";
    let guard = vendor("kubernetes", "https://cluster.example.com", "orders", rule);
    let identity = verified(&guard, &token(NO_TYP, POD));
    assert_eq!((identity.tenant(), identity.subject_kind()), (Some("shop"), Client));
    let other = POD.replace("\"namespace\":\"shop\"", "\"namespace\":\"evil\"");
    assert_eq!(refused(&guard, &token(NO_TYP, &other)), ClaimRule);
    // A token of the old kind, from a Secret, has no expiry.
    assert_eq!(refused(&guard, &token(NO_TYP, &POD.replace("\"exp\":SOON,", ""))), ClaimMissing);
}

#[test]
fn cloudflare_access() {
    const APP: &str = r#"{"aud":["32ea"],"email":"alice@example.com","exp":SOON,"iat":NOW,"nbf":NOW,"iss":"https://shop.cloudflareaccess.com","type":"app","identity_nonce":"n","sub":"u1","country":"CH"}"#;
    let guard = vendor("cloudflare-access", "https://shop.cloudflareaccess.com", "32ea", "");
    assert_eq!(verified(&guard, &token(TYP, APP)).subject_kind(), User);
    assert_eq!(refused(&guard, &token(TYP, &APP.replace("\"app\"", "\"org\""))), TokenKindMismatch);
    assert_eq!(refused(&guard, &token(TYP, &APP.replace("\"u1\"", "\"\""))), SubInvalid);
}

#[test]
fn sap_xsuaa() {
    const CLIENT: &str = r#"{"jti":"j1","ext_attr":{"enhancer":"XSUAA"},"sub":"sb-shop","authorities":["shop!t1.Read"],"scope":["shop!t1.Read","uaa.resource"],"client_id":"sb-shop","cid":"sb-shop",
        "azp":"sb-shop","grant_type":"client_credentials","rev_sig":"b2","iat":NOW,"exp":LATER,"iss":"https://acme.authentication.eu10.hana.ondemand.com/oauth/token","zid":"z1","aud":["shop!t1","sb-shop"]}"#;
    const ISSUER: &str = "https://acme.authentication.eu10.hana.ondemand.com/oauth/token";
    const KEYS_AT: &str = "https://acme.authentication.eu10.hana.ondemand.com/token_keys";
    let header = |jku: &str| format!(r#""jku":"{jku}","kid":"k1","typ":"JWT""#);
    let guard = vendor("sap-xsuaa", ISSUER, "shop!t1", &format!("key_urls = ['{KEYS_AT}']"));
    let identity = verified(&guard, &token(&header(KEYS_AT), CLIENT));
    assert_eq!(
        told(&identity),
        Told {
            subject: "sb-shop",
            kind: Client,
            client: Some("sb-shop"),
            tenant: Some("z1"),
            roles: vec![],
            scopes: vec!["shop!t1.Read", "uaa.resource"],
            id: Some("j1"),
        }
    );
    let user = CLIENT
        .replace("client_credentials", "authorization_code")
        .replace("\"rev_sig\"", "\"user_name\":\"alice\",\"rev_sig\"");
    assert_eq!(verified(&guard, &token(&header(KEYS_AT), &user)).subject_kind(), User);
    // JWS-17: only the URL that is listed, to the letter.
    for other in ["https://evil.example.com/token_keys", &format!("{KEYS_AT}/"), ""] {
        assert_eq!(refused(&guard, &token(&header(other), CLIENT)), HeaderKeyUrl, "{other}");
    }
    let strict = vendor("sap-xsuaa", ISSUER, "shop!t1", "");
    assert_eq!(refused(&strict, &token(&header(KEYS_AT), CLIENT)), HeaderKeyUrl);
    verified(&strict, &token(TYP, CLIENT));
}
