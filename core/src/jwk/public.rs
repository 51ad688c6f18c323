//! A public key written as a JWK. The members come from a closed list, so a private one cannot slip in
//! (SGN-02).

use crate::algorithm::Algorithm;
use crate::crypto::Material;
use crate::encoding::base64url::encode;
use crate::error::Code;
use crate::json::write_string;

/// The public key as a JWK for signatures by `algorithm`, under that `kid` where one is given. Fails
/// with `jwks_symmetric_key` for a secret, which has no public half.
pub fn public_jwk(material: &Material, algorithm: Algorithm, kid: Option<&str>) -> Result<String, Code> {
    let mut jwk = match material {
        Material::Rsa { n, e } => format!(r#"{{"kty":"RSA","n":"{}","e":"{}""#, encode(n), encode(e)),
        Material::Ec { curve, x, y } => {
            format!(r#"{{"kty":"EC","crv":"{}","x":"{}","y":"{}""#, curve.name(), encode(x), encode(y))
        }
        Material::Ed25519 { x } => format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}""#, encode(x)),
        Material::Secret(_) => return Err(Code::JwksSymmetricKey),
    };
    jwk.push_str(",\"alg\":");
    write_string(&mut jwk, algorithm.name());
    jwk.push_str(",\"use\":\"sig\"");
    if let Some(kid) = kid {
        jwk.push_str(",\"kid\":");
        write_string(&mut jwk, kid);
    }
    jwk.push('}');
    Ok(jwk)
}
