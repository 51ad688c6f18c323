//! The numbers of a key, checked (JWK-09 to JWK-14). Every source of keys goes through here.

use zeroize::Zeroizing;

use super::curve::{is_ed25519_point, is_on_curve};
use super::{members, secret};
use crate::algorithm::{Algorithm, Family};
use crate::crypto::{Curve, Material};
use crate::error::Code;
use crate::json::Value;
use crate::rule::Rule;

const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
const SMALLEST_EXPONENT: u64 = 65_537;
const LARGEST_EXPONENT: u64 = 1 << 32;

/// What kind of key a JWK says it is, before its numbers are read.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Rsa,
    Ec(Curve),
    Ed25519,
    Secret,
}

impl Shape {
    /// By `kty` and `crv`: `jwk_skipped` for kinds that are not known (JWK-02), `okp_invalid` for
    /// curves that do not sign (JWK-12).
    pub(super) fn from_json(jwk: Value<'_>, kty: &str) -> Result<Shape, Code> {
        let curve = || members::text(jwk, "crv")?.ok_or(Code::JwkSkipped);
        match kty {
            "RSA" => Ok(Shape::Rsa),
            "EC" => Curve::from_name(curve()?).map(Shape::Ec).ok_or(Code::JwkSkipped),
            "OKP" => match curve()? {
                "Ed25519" => Ok(Shape::Ed25519),
                "X25519" | "X448" => Err(Code::OkpInvalid),
                _ => Err(Code::JwkSkipped),
            },
            "oct" => Ok(Shape::Secret),
            _ => Err(Code::JwkSkipped),
        }
    }

    pub(super) fn family(self) -> Family {
        match self {
            Shape::Rsa => Family::Rsa,
            Shape::Ec(_) => Family::Ec,
            Shape::Ed25519 => Family::Okp,
            Shape::Secret => Family::Mac,
        }
    }

    /// The algorithm that the curve pins (JWS-08).
    pub(super) fn pinned(self) -> Option<Algorithm> {
        match self {
            Shape::Ec(curve) => Some(curve.algorithm()),
            Shape::Ed25519 => Some(Algorithm::Ed25519),
            Shape::Rsa | Shape::Secret => None,
        }
    }

    /// Reads and checks the numbers.
    pub(super) fn read(self, jwk: Value<'_>, algorithm: Option<Algorithm>) -> Result<Material, Code> {
        let bytes = |name| members::bytes(jwk, name);
        match self {
            Shape::Rsa => rsa(bytes("n")?, bytes("e")?),
            Shape::Ec(curve) => ec(curve, bytes("x")?, bytes("y")?),
            Shape::Ed25519 => ed25519(&bytes("x")?),
            Shape::Secret => secret::material(Zeroizing::new(bytes("k")?), algorithm),
        }
    }
}

/// An RSA key by JWK-09 and JWK-10.
pub(super) fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Material, Code> {
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    let is_weak = n.first() == Some(&0) || !RSA_BITS.contains(&bit_length(&n)) || !is_odd(&n);
    if is_weak && !Rule::Jwk09.is_off() {
        return Err(Code::RsaKeyWeak);
    }
    let exponent = e.iter().take(8).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let is_short = e.len() <= 8 && e.first() != Some(&0);
    let is_sound = is_short && (SMALLEST_EXPONENT..=LARGEST_EXPONENT).contains(&exponent) && is_odd(&e);
    if !is_sound && !Rule::Jwk10.is_off() {
        return Err(Code::RsaExponent);
    }
    Ok(Material::Rsa { n, e })
}

/// An EC key by JWK-11.
pub(super) fn ec(curve: Curve, x: Vec<u8>, y: Vec<u8>) -> Result<Material, Code> {
    let is_point = is_on_curve(curve, &x, &y) || Rule::Jwk11.is_off();
    if is_point { Ok(Material::Ec { curve, x, y }) } else { Err(Code::EcPointInvalid) }
}

/// An Ed25519 key by JWK-12.
pub(super) fn ed25519(x: &[u8]) -> Result<Material, Code> {
    match <[u8; 32]>::try_from(x) {
        Ok(x) if is_ed25519_point(&x) || Rule::Jwk12.is_off() => Ok(Material::Ed25519 { x }),
        _ => Err(Code::OkpInvalid),
    }
}

/// Bits of a big-endian number.
pub(crate) fn bit_length(number: &[u8]) -> usize {
    match number.iter().position(|byte| *byte != 0) {
        None => 0,
        Some(zeros) => 8 * (number.len() - zeros) - number[zeros].leading_zeros() as usize,
    }
}
