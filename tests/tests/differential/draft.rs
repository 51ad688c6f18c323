//! A token in the making: members as text, so that anything can be written.

use counterseal::Algorithm;
use counterseal_tests::signer::{Signer, base64url, from_base64url};
use serde_json::json;

use crate::{AUDIENCE, ISSUER};

type Members = Vec<(String, String)>;

pub(crate) struct Draft {
    pub(crate) algorithm: Algorithm,
    pub(crate) now: i64,
    /// Names with their quotes, and values, as they are written.
    header: Members,
    claims: Members,
    /// In place of what the members give.
    pub(crate) raw_header: Option<Vec<u8>>,
    pub(crate) raw_claims: Option<Vec<u8>>,
    /// Changes of the segments before they are signed.
    pub(crate) before_signing: Vec<fn(&mut [String; 2])>,
    /// Changes of the signature's bytes.
    pub(crate) signature: Vec<fn(&mut Vec<u8>)>,
    /// Changes of the whole token.
    pub(crate) token: Vec<Box<dyn Fn(String) -> String>>,
}

impl Draft {
    /// A token that both accept.
    pub(crate) fn new(signer: &Signer, now: i64) -> Draft {
        let mut draft = Draft {
            algorithm: signer.algorithm,
            now,
            header: Members::new(),
            claims: Members::new(),
            raw_header: None,
            raw_claims: None,
            before_signing: Vec::new(),
            signature: Vec::new(),
            token: Vec::new(),
        };
        draft.header("alg", json!(draft.old_name()).to_string());
        draft.header("typ", "\"JWT\"");
        draft.header("kid", json!(signer.kid).to_string());
        for (name, value) in [
            ("iss", json!(ISSUER)),
            ("aud", json!(AUDIENCE)),
            ("sub", json!("alice")),
            ("iat", json!(now - 10)),
            ("exp", json!(now + 600)),
        ] {
            draft.claim(name, value.to_string());
        }
        draft
    }

    /// The algorithm by the name that jsonwebtoken knows.
    pub(crate) fn old_name(&self) -> &'static str {
        if self.algorithm == Algorithm::Ed25519 { "EdDSA" } else { self.algorithm.name() }
    }

    /// Sets a header.
    pub(crate) fn header(&mut self, name: &str, value: impl Into<String>) {
        set(&mut self.header, name, value.into());
    }

    /// Sets a claim.
    pub(crate) fn claim(&mut self, name: &str, value: impl Into<String>) {
        set(&mut self.claims, name, value.into());
    }

    pub(crate) fn without_header(&mut self, name: &str) {
        self.header.retain(|(member, _)| *member != format!("\"{name}\""));
    }

    pub(crate) fn without_claim(&mut self, name: &str) {
        self.claims.retain(|(member, _)| *member != format!("\"{name}\""));
    }

    /// Writes a header as it stands, whether or not there is one of that name.
    pub(crate) fn more_header(&mut self, member: &str) {
        push(&mut self.header, member);
    }

    /// Writes a claim as it stands, whether or not there is one of that name.
    pub(crate) fn more_claim(&mut self, member: &str) {
        push(&mut self.claims, member);
    }

    pub(crate) fn header_json(&self) -> Vec<u8> {
        self.raw_header.clone().unwrap_or_else(|| write(&self.header))
    }

    pub(crate) fn claims_json(&self) -> Vec<u8> {
        self.raw_claims.clone().unwrap_or_else(|| write(&self.claims))
    }

    /// The token, with a valid signature but for what changes it.
    pub(crate) fn token(&self, signer: &Signer) -> Vec<u8> {
        let mut segments = [base64url(self.header_json()), base64url(self.claims_json())];
        self.before_signing.iter().for_each(|change| change(&mut segments));
        let token = signer.signed(segments.join("."));
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut signature = from_base64url(signature).unwrap();
        self.signature.iter().for_each(|change| change(&mut signature));
        let token = format!("{signed}.{}", base64url(signature));
        self.token.iter().fold(token, |token, change| change(token)).into_bytes()
    }
}

fn set(members: &mut Members, name: &str, value: String) {
    let name = format!("\"{name}\"");
    match members.iter_mut().find(|(member, _)| *member == name) {
        Some(member) => member.1 = value,
        None => members.push((name, value)),
    }
}

fn push(members: &mut Members, member: &str) {
    let (name, value) = member.split_once(':').unwrap();
    members.push((name.to_owned(), value.to_owned()));
}

fn write(members: &Members) -> Vec<u8> {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{name}:{value}")).collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}
