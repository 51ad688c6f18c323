//! The certificate that a JWK carries must be of the same key (JWK-16).

use super::{members, spki};
use crate::crypto::{Material, Provider};
use crate::encoding::{base64, base64url};
use crate::error::Code;
use crate::json::Value;
use crate::limits;
use crate::rule::Rule;

/// Checks `x5c`, `x5t` and `x5t#S256`, and gives the SHA-256 of the certificate.
///
/// Without `x5c` there is nothing to compare with: a well-formed `x5t#S256` is then taken as the
/// digest of the key's certificate, and `x5t` is not looked at. No path is validated and no date.
pub(super) fn check(
    jwk: Value<'_>,
    material: &Material,
    provider: &dyn Provider,
) -> Result<Option<[u8; 32]>, Code> {
    let sha1 = members::text(jwk, "x5t")?;
    let sha256 = members::text(jwk, "x5t#S256")?;
    let digest = |text: &str| base64url::decode_strict(text.as_bytes()).ok();
    let Some(certificate) = first_certificate(jwk)? else {
        return Ok(sha256.and_then(digest).and_then(|bytes| bytes.try_into().ok()));
    };
    let own_sha256 = provider.sha256(&certificate);
    let is_sha256 = sha256.is_none_or(|text| digest(text).is_some_and(|bytes| bytes == own_sha256));
    let is_sha1 =
        sha1.is_none_or(|text| digest(text).is_some_and(|bytes| bytes == provider.sha1(&certificate)));
    let is_key = spki::read_certificate(&certificate).is_ok_and(|key| is_same_key(&key, material));
    let is_same = is_key && is_sha1 && is_sha256 || Rule::Jwk16.is_off();
    if is_same { Ok(Some(own_sha256)) } else { Err(Code::JwkCertMismatch) }
}

/// The first of at most eight certificates (LIM-06), each in plain base64.
fn first_certificate(jwk: Value<'_>) -> Result<Option<Vec<u8>>, Code> {
    let Some(chain) = jwk.get("x5c") else {
        return Ok(None);
    };
    let mut first = None;
    for (at, certificate) in chain.as_array().ok_or(Code::JwkSkipped)?.enumerate() {
        if at == limits::CERTIFICATES && !Rule::Lim06.is_off() {
            return Err(Code::JwkSkipped);
        }
        let text = certificate.as_str().ok_or(Code::JwkSkipped)?;
        let bytes = base64::decode_strict(text.as_bytes()).ok_or(Code::JwkCertMismatch)?;
        first.get_or_insert(bytes);
    }
    first.map(Some).ok_or(Code::JwkCertMismatch)
}

fn is_same_key(one: &Material, other: &Material) -> bool {
    match (one, other) {
        (Material::Rsa { n, e }, Material::Rsa { n: other_n, e: other_e }) => n == other_n && e == other_e,
        (Material::Ec { curve, x, y }, Material::Ec { curve: other_curve, x: other_x, y: other_y }) => {
            curve == other_curve && x == other_x && y == other_y
        }
        (Material::Ed25519 { x }, Material::Ed25519 { x: other_x }) => x == other_x,
        _ => false,
    }
}
