//! Tokens of an old system that signs with a shared secret, and keys to hand in.

#![allow(dead_code, reason = "each test file uses a part of it")]

use aws_lc_rs::hmac;

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const SECRET: &str = "canary-secret-canary-secret-canary!";

/// A policy for tokens signed with [`SECRET`].
pub(crate) fn policy(extra: &str) -> String {
    format!(
        r#"
version = 1
{extra}
[[issuer]]
name       = "main"
issuer     = "https://idp.example.com"
profile    = "generic"
audience   = "orders"
algorithms = ["HS256"]
keys       = {{ secret = "{SECRET}" }}
"#
    )
}

/// A token with these claims, signed with [`SECRET`].
pub(crate) fn token(claims: &str) -> String {
    sign(r#"{"alg":"HS256","typ":"JWT"}"#, claims)
}

pub(crate) fn sign(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    format!("{signed}.{}", base64url(hmac::sign(&key, signed.as_bytes()).as_ref()))
}

/// The claims of `subject`, valid for an hour from [`NOW`].
pub(crate) fn claims(subject: &str) -> String {
    let exp = NOW + 3600;
    format!(r#"{{"iss":"https://idp.example.com","aud":"orders","sub":"{subject}","iat":{NOW},"exp":{exp}}}"#)
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word =
            three.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        text.extend((0..=three.len()).map(|at| ALPHABET[(word >> (18 - 6 * at)) as usize & 63] as char));
    }
    text
}
