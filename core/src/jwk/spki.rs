//! Public keys in DER: SubjectPublicKeyInfo (RFC 5280, 5480, 8410), RSAPublicKey (RFC 8017).

use super::material;
use crate::crypto::{Curve, Material};
use crate::encoding::der::{self, PublicKeyInfo};
use crate::error::Code;

const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
const ED25519: &[u8] = b"\x2b\x65\x70";
const X25519: &[u8] = b"\x2b\x65\x6e";
const X448: &[u8] = b"\x2b\x65\x6f";
const P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384: &[u8] = b"\x2b\x81\x04\x00\x22";
const P521: &[u8] = b"\x2b\x81\x04\x00\x23";
const SECP256K1: &[u8] = b"\x2b\x81\x04\x00\x0a";

/// The checked key of a SubjectPublicKeyInfo; `jwk_skipped` if its kind is not known (JWK-02).
pub(super) fn read(bytes: &[u8]) -> Result<Material, Code> {
    let info = der::public_key_info(bytes).ok_or(Code::JwkSkipped)?;
    match info.algorithm {
        RSA if has_null(&info) => read_rsa(info.key),
        EC => read_point(&info),
        ED25519 if info.parameters.is_none() => material::ed25519(info.key),
        X25519 | X448 => Err(Code::OkpInvalid),
        _ => Err(Code::JwkSkipped),
    }
}

/// The checked key of an RSAPublicKey.
pub(super) fn read_rsa(bytes: &[u8]) -> Result<Material, Code> {
    let (n, e) = der::rsa_numbers(bytes).ok_or(Code::JwkSkipped)?;
    material::rsa(n.to_vec(), e.to_vec())
}

/// The checked key of a certificate. Nothing else of the certificate counts (JWK-16).
pub(super) fn read_certificate(bytes: &[u8]) -> Result<Material, Code> {
    read(der::certificate_public_key_info(bytes).ok_or(Code::JwkSkipped)?)
}

fn has_null(info: &PublicKeyInfo<'_>) -> bool {
    info.parameters.is_some_and(|parameters| parameters.tag == der::NULL && parameters.content.is_empty())
}

/// Named curves and uncompressed points only (RFC 5480 sections 2.1.1 and 2.2).
fn read_point(info: &PublicKeyInfo<'_>) -> Result<Material, Code> {
    let name = info.parameters.filter(|parameters| parameters.tag == der::OBJECT_IDENTIFIER);
    let curve = match name.ok_or(Code::JwkSkipped)?.content {
        P256 => Curve::P256,
        P384 => Curve::P384,
        P521 => Curve::P521,
        SECP256K1 => Curve::Secp256k1,
        _ => return Err(Code::JwkSkipped),
    };
    match info.key.split_first() {
        Some((4, point)) if point.len() == 2 * curve.coordinate_bytes() => {
            let (x, y) = point.split_at(curve.coordinate_bytes());
            material::ec(curve, x.to_vec(), y.to_vec())
        }
        _ => Err(Code::EcPointInvalid),
    }
}
