//! Shared secrets: long enough (JWK-13), and no public key put where a secret belongs (JWK-14).

use zeroize::Zeroizing;

use crate::algorithm::Algorithm;
use crate::crypto::Material;
use crate::encoding::{base64, der};
use crate::error::Code;
use crate::json::{self, Bounds};
use crate::rule::Rule;

/// A secret for a MAC algorithm. JWK-14 comes first: a public key is no secret at any length.
pub(super) fn material(secret: Zeroizing<Vec<u8>>, algorithm: Option<Algorithm>) -> Result<Material, Code> {
    if is_public(&secret) && !Rule::Jwk14.is_off() {
        return Err(Code::HmacKeyIsPublic);
    }
    match algorithm.and_then(Algorithm::signature_bytes) {
        Some(shortest) if secret.len() >= shortest || Rule::Jwk13.is_off() => Ok(Material::Secret(secret)),
        _ => Err(Code::HmacKeyShort),
    }
}

/// Does it parse as PEM, DER (SubjectPublicKeyInfo, certificate, RSAPublicKey; also in base64), JWK,
/// JWK Set or OpenSSH key, once whitespace around it is gone? Each test asks for so much structure
/// that random bytes do not pass: DER for at least five bytes in their places, text for ten.
fn is_public(secret: &[u8]) -> bool {
    let trimmed = secret.strip_prefix(b"\xef\xbb\xbf").unwrap_or(secret).trim_ascii();
    is_der(secret) || is_der(trimmed) || is_pem(trimmed) || is_json_key(trimmed) || is_openssh(trimmed)
}

fn is_pem(text: &[u8]) -> bool {
    contains(text, b"-----BEGIN ") || contains(text, b"---- BEGIN SSH2 ")
}

fn is_der(bytes: &[u8]) -> bool {
    const SHORTEST_RSA: usize = 64;
    let is_rsa = bytes.len() >= SHORTEST_RSA && der::rsa_numbers(bytes).is_some();
    let is_key =
        is_rsa || der::public_key_info(bytes).is_some() || der::certificate_public_key_info(bytes).is_some();
    // "MII…" without the lines around it, as consoles show it.
    is_key
        || bytes.starts_with(b"M")
            && base64::decode_strict(&without_whitespace(bytes))
                .is_some_and(|bytes| is_der(&Zeroizing::new(bytes)))
}

/// Judged by the words alone if it is not quite JSON: another library may be more lenient.
fn is_json_key(text: &[u8]) -> bool {
    if !matches!(text.first(), Some(b'{' | b'[')) {
        return false;
    }
    let is_key = json::parse(text.to_vec(), Bounds::OPERATOR).is_ok_and(|document| {
        let root = document.root();
        let is_key =
            root.get("kty").is_some() || root.get("keys").is_some_and(|keys| keys.as_array().is_some());
        document.wipe();
        is_key
    });
    is_key || contains(text, b"\"kty\"")
}

/// `ssh-ed25519 AAAA…`, also behind the options of `authorized_keys`.
fn is_openssh(text: &[u8]) -> bool {
    const KINDS: [&[u8]; 4] = [b"ssh-", b"ecdsa-sha2-", b"sk-ssh-", b"sk-ecdsa-"];
    let words: Vec<&[u8]> = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    words
        .windows(2)
        .any(|pair| KINDS.iter().any(|kind| pair[0].starts_with(kind)) && pair[1].starts_with(b"AAAA"))
}

fn without_whitespace(text: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
