//! The lower door: a signature over any payload, and nothing else.

use std::fmt;

use super::segments::SIGNATURE_BYTES;
use super::{HeaderUse, read_header, split};
use crate::algorithm::{Algorithm, AlgorithmSet};
use crate::encoding::base64url;
use crate::error::{Code, Rejection};
use crate::json::{Bounds, parse};
use crate::keyset::KeySet;
use crate::limits;
use crate::record::{Recorder, Silent};
use crate::rule::Rule;

/// A payload whose signature was checked. Nothing else was: not its issuer, audience, type or dates.
pub struct SignatureOnly {
    payload: Vec<u8>,
    algorithm: Algorithm,
    kid: Option<Box<str>>,
}

impl SignatureOnly {
    /// The bytes that were signed, decoded.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The algorithm that the key and the header agreed on.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid` of the header.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

impl fmt::Debug for SignatureOnly {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SignatureOnly").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Checks the signature of a compact JWS over any payload, for webhooks and test vectors.
///
/// **Nothing but the signature is checked**: use a `Guard` for tokens. The header's rules (JWS-03 to
/// JWS-32) hold; `typ` and `cty` are not looked at. Keys must have been loaded for `algorithms`.
///
/// # Errors
/// A [`Rejection`] whose code is that of the first rule broken, in the order of ORD-01.
pub fn verify(token: &[u8], keys: &KeySet, algorithms: AlgorithmSet) -> Result<SignatureOnly, Rejection> {
    let recorder = &mut Silent;
    let segments = split(token, limits::TOKEN_BYTES, limits::HEADER_BYTES, |_| false, recorder)?;
    let header = recorder.parsed(&[], parse(base64url::decode(segments.header), Bounds::TOKEN))?;
    let header = read_header(&header, algorithms, HeaderUse::AnyPayload, &[], recorder)?;
    let key = keys.pick(header.kid.as_deref(), header.algorithm)?;
    let same = header.x5t_sha256.is_none_or(|digest| key.certificate_sha256() == Some(&digest));
    recorder.check_about(Rule::Jws20, Code::HeaderX5tMismatch, "x5t#S256", same)?;
    let mut buffer = [0; SIGNATURE_BYTES];
    key.verify(segments.signed, segments.decode_signature(&mut buffer))?;
    Ok(SignatureOnly {
        payload: base64url::decode(segments.payload),
        algorithm: header.algorithm,
        kid: header.kid,
    })
}
