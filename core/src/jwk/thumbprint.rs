//! Thumbprints (RFC 7638, RFC 8037 section 2): the same key, the same 32 bytes (JWK-17).

use zeroize::Zeroizing;

use crate::crypto::{Material, Provider};
use crate::encoding::base64url::encode;

/// The SHA-256 thumbprint, from the key's numbers alone: required members, ordered, no whitespace.
pub(crate) fn thumbprint(material: &Material, provider: &dyn Provider) -> [u8; 32] {
    let canonical = Zeroizing::new(match material {
        Material::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(e), encode(n)),
        Material::Ec { curve, x, y } => {
            let (crv, x, y) = (curve.name(), encode(x), encode(y));
            format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
        }
        Material::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(x)),
        Material::Secret(secret) => {
            format!(r#"{{"k":"{}","kty":"oct"}}"#, *Zeroizing::new(encode(secret)))
        }
    });
    provider.sha256(canonical.as_bytes())
}
