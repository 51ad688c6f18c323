//! The members that every kind of key has: `kid`, `use`, `key_ops`, `alg`, and those of private keys.

use crate::algorithm::Algorithm;
use crate::encoding::base64url;
use crate::error::Code;
use crate::json::Value;
use crate::limits;
use crate::rule::Rule;

/// Is this a `kid` by JWS-21: 1 to 256 printable characters of ASCII?
pub(crate) fn is_kid(text: &str) -> bool {
    (1..=limits::KID_BYTES).contains(&text.len()) && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

/// A member that is a string, if it is there; `jwk_skipped` if it is anything else (JWK-02).
pub(super) fn text<'a>(jwk: Value<'a>, name: &str) -> Result<Option<&'a str>, Code> {
    match jwk.get(name) {
        None => Ok(None),
        Some(value) if value.as_str().is_none() && Rule::Jwk02.is_off() => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(Code::JwkSkipped),
    }
}

/// The bytes of a member that must be there, in base64url; `jwk_skipped` if they are not (JWK-02).
pub(super) fn bytes(jwk: Value<'_>, name: &str) -> Result<Vec<u8>, Code> {
    let text = text(jwk, name)?.ok_or(Code::JwkSkipped)?;
    match base64url::decode_strict(text.as_bytes()) {
        Err(_) if Rule::Jwk02.is_off() => Ok(base64url::decode(text.as_bytes())),
        decoded => decoded.map_err(|_| Code::JwkSkipped),
    }
}

/// `jwks_private_key` if there is any member of a private key, whatever its value (JWK-03).
pub(super) fn refuse_private(jwk: Value<'_>) -> Result<(), Code> {
    const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"];
    let mut members = jwk.as_object().ok_or(Code::JwkSkipped)?;
    let is_private = members.any(|(name, _)| PRIVATE.contains(&name)) && !Rule::Jwk03.is_off();
    if is_private { Err(Code::JwksPrivateKey) } else { Ok(()) }
}

/// The `kid`, if there is one; `kid_invalid` if it is malformed (JWS-21).
pub(super) fn kid(jwk: Value<'_>) -> Result<Option<&str>, Code> {
    match jwk.get("kid") {
        None => Ok(None),
        Some(kid) => kid.as_str().filter(|kid| is_kid(kid)).map(Some).ok_or(Code::KidInvalid),
    }
}

/// `key_use` if there is a `use` that is not `sig` (JWK-05).
pub(super) fn check_use(jwk: Value<'_>) -> Result<(), Code> {
    match jwk.get("use") {
        None => Ok(()),
        Some(usage) if usage.as_str() == Some("sig") || Rule::Jwk05.is_off() => Ok(()),
        Some(_) => Err(Code::KeyUse),
    }
}

/// `key_ops` if there are operations but not `verify`, or the same twice, or, beside a `use`, others
/// than those of signatures (JWK-06).
pub(super) fn check_operations(jwk: Value<'_>) -> Result<(), Code> {
    /// RFC 7517 section 4.3 knows eight.
    const MOST: usize = 32;
    let Some(value) = jwk.get("key_ops").filter(|_| !Rule::Jwk06.is_off()) else {
        return Ok(());
    };
    let mut operations: Vec<&str> = Vec::new();
    for operation in value.as_array().ok_or(Code::KeyOps)? {
        let operation = operation.as_str().ok_or(Code::KeyOps)?;
        if operations.contains(&operation) || operations.len() == MOST {
            return Err(Code::KeyOps);
        }
        operations.push(operation);
    }
    let fits_use =
        jwk.get("use").is_none() || operations.iter().all(|name| ["sign", "verify"].contains(name));
    if operations.contains(&"verify") && fits_use { Ok(()) } else { Err(Code::KeyOps) }
}

/// The `alg`, if there is one; `jwk_skipped` if it is not one of ours (JWK-02).
pub(super) fn algorithm(jwk: Value<'_>) -> Result<Option<Algorithm>, Code> {
    match text(jwk, "alg")? {
        None => Ok(None),
        Some(name) => Algorithm::from_name(name).map(Some).ok_or(Code::JwkSkipped),
    }
}
