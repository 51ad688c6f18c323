//! Compact tokens made, for tests today.

use crate::crypto::SigningKey;
use crate::encoding::base64url::encode;
use crate::error::Code;

/// Signs `payload` under exactly this header, as a compact JWS (RFC 7515 section 7.1).
///
/// The header is taken as it is, so that tests can make tokens that nobody should accept: `alg` need
/// not be the key's. Fails as [`SigningKey::sign`] does.
pub fn sign(header: &[u8], payload: &[u8], key: &dyn SigningKey) -> Result<String, Code> {
    let mut token = encode(header);
    token.push('.');
    token.push_str(&encode(payload));
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&encode(&signature));
    Ok(token)
}
