//! One public key, from a JWK (RFC 7517) or a DER structure, checked by the rules of JWK-02 to
//! JWK-16 and bound to its one algorithm. Sets of keys are made in [`crate::keyset`].

mod certificate;
mod curve;
mod field;
mod material;
mod members;
mod public;
mod secret;
mod spki;
mod thumbprint;

pub(crate) use material::bit_length;
pub(crate) use members::is_kid;
pub use public::public_jwk;
pub(crate) use thumbprint::thumbprint;

use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, AlgorithmSet, Family};
use crate::crypto::{Material, Provider};
use crate::encoding::pem;
use crate::error::Code;
use crate::json::Value;
use crate::rule::Rule;

/// Where keys came from decides what they may hold (JWK-03, JWK-04, LIM-06).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From the policy file or a file that it names.
    Static,
    /// From the network.
    Fetched,
    /// From the network, under limits of the policy's own.
    FetchedWithin {
        /// Largest set in bytes.
        most_bytes: usize,
        /// Most keys.
        most_keys: usize,
    },
}

/// What a key is read for.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// The algorithms listed for the issuer.
    pub(crate) algorithms: AlgorithmSet,
    pub(crate) provider: &'static dyn Provider,
    pub(crate) origin: Origin,
}

/// A key that passed every check.
pub(crate) struct Jwk {
    pub(crate) kid: Option<Box<str>>,
    pub(crate) material: Material,
    /// The algorithm it is bound to (JWS-07); `None` for an RSA key that names none where the policy
    /// lists no RSA algorithm either.
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) certificate_sha256: Option<[u8; 32]>,
}

impl Jwk {
    /// Reads one JWK. Fails with the code of the first rule that it breaks, in the order JWK-03,
    /// JWS-21, JWK-02 (`kty`), JWK-04, 05, 06, JWS-07 and 08, JWK-09 to 14, JWK-16.
    pub(crate) fn from_json(jwk: Value<'_>, terms: Terms) -> Result<Jwk, Code> {
        members::refuse_private(jwk)?;
        let kid = members::kid(jwk)?;
        let kty = members::text(jwk, "kty")?.ok_or(Code::JwkSkipped)?;
        if !["RSA", "EC", "OKP", "oct"].contains(&kty) {
            return Err(Code::JwkSkipped);
        }
        if kty == "oct" {
            admit_secrets(terms)?;
        }
        members::check_use(jwk)?;
        members::check_operations(jwk)?;
        let named = members::algorithm(jwk)?;
        let unbound = material::Shape::from_json(jwk, kty)?;
        let algorithm = bind(unbound.family(), unbound.pinned(), named, terms.algorithms)?;
        let material = unbound.read(jwk, algorithm)?;
        let certificate_sha256 = certificate::check(jwk, &material, terms.provider)?;
        Ok(Jwk { kid: kid.map(Into::into), material, algorithm, certificate_sha256 })
    }

    /// Takes the key of a PEM block: `PUBLIC KEY`, `RSA PUBLIC KEY` or `CERTIFICATE`. The same checks
    /// as for a JWK without `kid` and `alg`; any other block is `jwk_skipped`.
    pub(crate) fn from_pem(block: &pem::Block<'_>, terms: Terms) -> Result<Jwk, Code> {
        let material = match block.label {
            "PUBLIC KEY" => spki::read(&block.bytes),
            "RSA PUBLIC KEY" => spki::read_rsa(&block.bytes),
            pem::CERTIFICATE => spki::read_certificate(&block.bytes),
            _ => Err(Code::JwkSkipped),
        }?;
        let (family, pinned) = match &material {
            Material::Ec { curve, .. } => (Family::Ec, Some(curve.algorithm())),
            Material::Ed25519 { .. } => (Family::Okp, Some(Algorithm::Ed25519)),
            _ => (Family::Rsa, None),
        };
        let certificate_sha256 =
            (block.label == pem::CERTIFICATE).then(|| terms.provider.sha256(&block.bytes));
        let algorithm = bind(family, pinned, None, terms.algorithms)?;
        Ok(Jwk { kid: None, material, algorithm, certificate_sha256 })
    }

    /// Takes a shared secret for the one MAC algorithm that is listed. Fails with `alg_ambiguous`
    /// where several are, and by JWK-04, JWK-13 and JWK-14.
    pub(crate) fn from_secret(secret: &[u8], terms: Terms) -> Result<Jwk, Code> {
        admit_secrets(terms)?;
        let algorithm = bind(Family::Mac, None, None, terms.algorithms)?;
        let material = secret::material(Zeroizing::new(secret.to_vec()), algorithm)?;
        Ok(Jwk { kid: None, material, algorithm, certificate_sha256: None })
    }
}

/// Secrets are for static sets of issuers with MAC algorithms (JWK-04).
fn admit_secrets(terms: Terms) -> Result<(), Code> {
    let lists_macs = terms.algorithms.iter().any(|algorithm| algorithm.family() == Family::Mac);
    let is_admitted = terms.origin == Origin::Static && lists_macs || Rule::Jwk04.is_off();
    if is_admitted { Ok(()) } else { Err(Code::JwksSymmetricKey) }
}

/// The `kid` of a JWK that need not be sound otherwise, if it is printable.
pub(crate) fn printable_kid(jwk: Value<'_>) -> Option<&str> {
    members::kid(jwk).ok().flatten()
}

/// The one algorithm of a key (JWS-07, JWS-08): the one that it names, if the key fits it; else the
/// one that its curve pins; else the only listed one of its family.
fn bind(
    family: Family,
    pinned: Option<Algorithm>,
    named: Option<Algorithm>,
    listed: AlgorithmSet,
) -> Result<Option<Algorithm>, Code> {
    match (named, pinned) {
        _ if Rule::Jws08.is_off() && named.is_some() => Ok(named),
        (Some(named), Some(pinned)) if named != pinned => Err(Code::KeyAlgMismatch),
        (Some(named), _) if named.family() != family => Err(Code::KeyAlgMismatch),
        (Some(algorithm), _) | (None, Some(algorithm)) => Ok(Some(algorithm)),
        (None, None) => match listed.only(family) {
            None if Rule::Jws07.is_off() => Ok(listed.iter().find(|algorithm| algorithm.family() == family)),
            None if listed.iter().any(|algorithm| algorithm.family() == family) => Err(Code::AlgAmbiguous),
            only => Ok(only),
        },
    }
}
