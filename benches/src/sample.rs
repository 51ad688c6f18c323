//! Tokens of a usual size and the policy they pass: 13 claims, 700 to 850 bytes.

use std::time::{SystemTime, UNIX_EPOCH};

use counterseal::{Algorithm, Format, Guard, Policy};
use serde_json::{Value, json};

use crate::signer::{SECRET, Signer, base64url, jose_name};

/// Whose tokens they are.
pub const ISSUER: &str = "https://idp.example.com/realms/main";
/// For whom they are.
pub const AUDIENCE: &str = "https://api.example.com/orders";
/// The key's name.
pub const KID: &str = "2026-11-a";
/// Length of a token in bytes, near enough.
const TOKEN_BYTES: usize = 800;

/// A signer with the policy that accepts its tokens.
pub struct Sample {
    /// Who signs.
    pub signer: Signer,
    issued_at: i64,
}

impl Sample {
    /// Tokens that are issued now.
    pub fn new(algorithm: Algorithm) -> Sample {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        Sample::issued_at(algorithm, now)
    }

    /// Tokens that are issued at that time; they live for an hour.
    pub fn issued_at(algorithm: Algorithm, issued_at: i64) -> Sample {
        Sample { signer: Signer::new(algorithm), issued_at }
    }

    /// A token that differs from those of other numbers.
    pub fn token(&self, number: usize) -> String {
        let token = self.token_of_any_size(number);
        assert!((700..=850).contains(&token.len()), "{} bytes", token.len());
        token
    }

    /// The same where the signature alone may be larger.
    pub fn token_of_any_size(&self, number: usize) -> String {
        self.compact(&self.padded_claims(number))
    }

    /// The tokens of the numbers below `count`.
    pub fn tokens(&self, count: usize) -> Vec<String> {
        (0..count).map(|number| self.token(number)).collect()
    }

    /// A token with `changes` made to the claims of number 0.
    pub fn token_with(&self, changes: &[(&str, Value)]) -> String {
        let mut claims = self.padded_claims(0);
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        self.compact(&claims)
    }

    /// A guard whose cache holds that many tokens; 0 turns it off.
    pub fn guard(&self, cache_entries: usize) -> Guard {
        Guard::new(self.policy(cache_entries))
    }

    /// A guard without a cache that checks what [`crate::peer::Peer`] checks, and nothing that a policy
    /// may add to it.
    pub fn plain_guard(&self) -> Guard {
        let mut policy: Value = serde_json::from_str(&self.policy_json(0)).unwrap();
        let issuer = &mut policy["issuer"][0];
        for name in ["required_claims", "required_scopes", "identity", "rule", "max_lifetime"] {
            issuer.as_object_mut().unwrap().remove(name);
        }
        issuer["profile"] = "generic".into();
        issuer["types"] = json!(["at+jwt"]);
        Guard::new(Policy::from_str(&policy.to_string(), Format::Json, None, None).unwrap())
    }

    /// The policy of [`Sample::guard`].
    pub fn policy(&self, cache_entries: usize) -> Policy {
        Policy::from_str(&self.policy_json(cache_entries), Format::Json, None, None).unwrap()
    }

    /// The same as text: signature, issuer, audience, type, dates, lifetime, a required claim and
    /// scope, a rule on a claim, and where tenant and roles are.
    pub fn policy_json(&self, cache_entries: usize) -> String {
        let keys = match self.signer.public.jwk(KID, self.signer.algorithm) {
            Some(jwk) => json!({"jwks": {"keys": [jwk]}}),
            None => json!({"secret": std::str::from_utf8(SECRET).unwrap()}),
        };
        policy_json(self.signer.algorithm, &keys, cache_entries)
    }

    /// Header and claims, signed.
    fn compact(&self, claims: &Value) -> String {
        compact(&self.signer, KID, &claims.to_string())
    }

    /// Claims with as many scopes as make the token of the usual size.
    fn padded_claims(&self, number: usize) -> Value {
        let padding = TOKEN_BYTES.saturating_sub(self.compact(&self.claims(number, "")).len());
        self.claims(number, &scopes(padding * 3 / 4))
    }

    fn claims(&self, number: usize, more_scopes: &str) -> Value {
        json!({
            "iss": ISSUER,
            "sub": format!("f2a1c9e4-{number:08}"),
            "aud": AUDIENCE,
            "exp": self.issued_at + 3600,
            "nbf": self.issued_at,
            "iat": self.issued_at,
            "jti": format!("{number:08}-77bd-4a57"),
            "client_id": "web",
            "scope": format!("orders:read{more_scopes}"),
            "tenant": "acme",
            "roles": ["buyer", "approver"],
            "sid": "08a5019c-17e1",
            "auth_time": self.issued_at - 60,
        })
    }
}

/// A policy for one issuer with these keys.
pub fn policy_json(algorithm: Algorithm, keys: &Value, cache_entries: usize) -> String {
    json!({
        "version": 1,
        "issuer": [{
            "name": "main",
            "issuer": ISSUER,
            "profile": "access_token",
            "audience": [AUDIENCE],
            "algorithms": [algorithm.name()],
            "keys": keys,
            "max_lifetime": "2h",
            "required_claims": ["tenant"],
            "required_scopes": ["orders:read"],
            "identity": {"roles": "/roles", "tenant": "/tenant"},
            "rule": [{"claim": "/tenant", "one_of": ["acme", "globex"]}],
        }],
        "cache": {"entries": cache_entries},
    })
    .to_string()
}

/// A compact token.
pub fn compact(signer: &Signer, kid: &str, claims: &str) -> String {
    let header = json!({"alg": jose_name(signer.algorithm), "typ": "at+jwt", "kid": kid}).to_string();
    let signed = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
    let signature = base64url(&signer.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Scope tokens of about that many bytes.
fn scopes(bytes: usize) -> String {
    let names = ["orders:write", "invoices:read", "profile", "customers:read", "refunds:create"];
    let mut text = String::new();
    for name in names.iter().cycle() {
        if text.len() + 1 + name.len() > bytes {
            return text;
        }
        text.push(' ');
        text.push_str(name);
    }
    text
}
