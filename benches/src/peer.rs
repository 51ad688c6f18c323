//! `jsonwebtoken` with the same validations.

use counterseal::{Algorithm, Identity};
use jsonwebtoken::{DecodingKey, Validation, decode};
use serde::Deserialize;

use crate::sample::{AUDIENCE, ISSUER};
use crate::signer::{PublicKey, base64url};

/// A key and what is to be checked.
pub struct Peer {
    key: DecodingKey,
    validation: Validation,
}

impl Peer {
    /// With the key in the form that the library verifies fastest.
    pub fn new(algorithm: Algorithm, key: &PublicKey) -> Peer {
        Peer::with(algorithm, decoding_key(key))
    }

    /// With an RSA key from a JWK, as key sets have them; `None` where that makes no difference.
    pub fn from_jwk(algorithm: Algorithm, key: &PublicKey) -> Option<Peer> {
        let PublicKey::Rsa { n, e, .. } = key else { return None };
        let key = DecodingKey::from_rsa_components(&base64url(n), &base64url(e)).unwrap();
        Some(Peer::with(algorithm, key))
    }

    /// Issuer, audience, `exp` and `nbf`, all of them required.
    fn with(algorithm: Algorithm, key: DecodingKey) -> Peer {
        let mut validation = Validation::new(jose(algorithm));
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp", "nbf"]);
        validation.validate_nbf = true;
        Peer { key, validation }
    }

    /// All claims as a tree. Panics where the token is not valid.
    pub fn tree(&self, token: &str) -> serde_json::Value {
        decode(token, &self.key, &self.validation).unwrap().claims
    }

    /// All claims in a struct. Panics where the token is not valid.
    pub fn record(&self, token: &str) -> Record {
        decode(token, &self.key, &self.validation).unwrap().claims
    }
}

/// The 13 claims of a sample token, each with memory of its own.
#[derive(Debug, Deserialize)]
#[allow(missing_docs, reason = "the names are those of the claims")]
pub struct Record {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub exp: i64,
    pub nbf: i64,
    pub iat: i64,
    pub jti: String,
    pub client_id: String,
    pub scope: String,
    pub tenant: String,
    pub roles: Vec<String>,
    pub sid: String,
    pub auth_time: i64,
}

impl Record {
    /// The same struct from an identity of ours.
    pub fn of(identity: &Identity) -> Option<Record> {
        let claim = |name: &str| identity.claims().get(name)?.as_str().map(str::to_owned);
        Some(Record {
            iss: identity.issuer().to_owned(),
            sub: identity.subject()?.to_owned(),
            aud: identity.audience().next()?.to_owned(),
            exp: identity.expires_at()?,
            nbf: identity.not_before()?,
            iat: identity.issued_at()?,
            jti: identity.token_id()?.to_owned(),
            client_id: identity.client_id()?.to_owned(),
            scope: claim("scope")?,
            tenant: claim("tenant")?,
            roles: identity
                .claims()
                .get("roles")?
                .as_array()?
                .flat_map(|role| role.as_str())
                .map(str::to_owned)
                .collect(),
            sid: claim("sid")?,
            auth_time: identity.auth_time()?,
        })
    }
}

fn decoding_key(key: &PublicKey) -> DecodingKey {
    match key {
        PublicKey::Rsa { der, .. } => DecodingKey::from_rsa_der(der),
        PublicKey::Ec { point, .. } => DecodingKey::from_ec_der(point),
        PublicKey::Ed25519 { x } => DecodingKey::from_ed_der(x),
        PublicKey::Secret(secret) => DecodingKey::from_secret(secret),
    }
}

fn jose(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::HS256 => jsonwebtoken::Algorithm::HS256,
        Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::PS256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::ES384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::Ed25519 => jsonwebtoken::Algorithm::EdDSA,
        other => panic!("jsonwebtoken is not asked about {other}"),
    }
}
