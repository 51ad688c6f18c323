//! A token's three segments.

use crate::encoding::base64url;
use crate::error::{Code, Rejection};
use crate::record::Recorder;
use crate::rule::Rule;

/// The segments of a compact JWS, checked to be canonical base64url, not decoded yet.
#[derive(Clone, Copy)]
pub(crate) struct Segments<'t> {
    pub(crate) header: &'t [u8],
    pub(crate) payload: &'t [u8],
    pub(crate) signature: &'t [u8],
    /// What was signed: the received bytes up to the second dot (JWS-25).
    pub(crate) signed: &'t [u8],
}

/// Splits a token. Refuses by LIM-01, JWE-01, JWS-01, JWS-02, B64-04, LIM-02, B64-01 and B64-02, in
/// this order and without allocating; reads no further than the sixth dot (LIM-04).
///
/// `known_header` tells whether a header segment was checked before.
#[inline]
pub(crate) fn split<'t, R: Recorder>(
    token: &'t [u8],
    token_bytes: usize,
    header_bytes: usize,
    known_header: impl FnOnce(&[u8]) -> bool,
    recorder: &mut R,
) -> Result<Segments<'t>, Rejection> {
    recorder.check(Rule::Lim01, Code::TokenTooLarge, token.len() <= token_bytes)?;
    recorder.detail(|| format!("{} of at most {token_bytes} bytes", token.len()));
    let Some(segments) = outer_segments(token) else {
        return Err(
            structure(token, recorder).unwrap_or_else(|| Rejection::new(Rule::Jws01, Code::TokenMalformed))
        );
    };
    // Everything below holds for nearly every token; where it does not, the token is looked at again
    // from the start, so that the first rule broken gives the code.
    let header_fits = base64url::decoded_len(segments.header.len()) <= header_bytes;
    let encoding = if known_header(segments.header) { Ok(()) } else { base64url::check(segments.header) };
    let encoding = encoding
        .and_then(|()| base64url::check(segments.payload))
        .and_then(|()| base64url::check(segments.signature));
    let empty = segments.header.is_empty() || segments.payload.is_empty();
    if (empty || !header_fits || encoding.is_err())
        && let Some(rejection) = structure(token, recorder)
    {
        return Err(rejection);
    }
    for rule in [Rule::Lim04, Rule::Jwe01, Rule::Jws01, Rule::Jws02, Rule::B6404] {
        recorder.judge(rule, true);
    }
    recorder.check(Rule::Lim02, Code::HeaderTooLarge, header_fits)?;
    encoding.map_err(|(rule, code)| recorder.refuse(Rejection::new(rule, code)))?;
    recorder.judge(Rule::B6401, true);
    recorder.judge(Rule::B6402, true);
    Ok(segments)
}

/// Header up to the first dot, signature from the last one. Dots between them are found by the
/// payload's own check.
fn outer_segments(token: &[u8]) -> Option<Segments<'_>> {
    let first = memchr::memchr(b'.', token)?;
    let last = memchr::memrchr(b'.', token)?;
    (first < last).then(|| Segments {
        header: &token[..first],
        payload: &token[first + 1..last],
        signature: &token[last + 1..],
        signed: &token[..last],
    })
}

/// The first structural rule that a token breaks, if it breaks one.
#[cold]
fn structure<R: Recorder>(token: &[u8], recorder: &mut R) -> Option<Rejection> {
    let mut dots = [0; 6];
    let found = dots.iter_mut().zip(memchr::memchr_iter(b'.', token)).map(|(dot, at)| *dot = at).count();
    let (rule, code) = match found {
        6 => (Rule::Lim04, Code::TokenMalformed),
        4 if !has_foreign(token) => (Rule::Jwe01, Code::TokenEncrypted),
        2 if has_foreign(token) => (Rule::Jws02, Code::TokenMalformed),
        2 if dots[0] == 0 || dots[0] + 1 == dots[1] => (Rule::B6404, Code::TokenMalformed),
        2 => return None,
        _ => (Rule::Jws01, Code::TokenMalformed),
    };
    if rule.is_off() {
        return None;
    }
    Some(recorder.refuse(Rejection::new(rule, code)))
}

/// Is there white space or what JSON has around it: another serialization (JWS-02)?
fn has_foreign(token: &[u8]) -> bool {
    let is_foreign = |byte: u8| {
        (byte.wrapping_sub(b'\t') < 5) | (byte == b' ') | matches!(byte, b'{' | b'}' | b'"' | b'\'')
    };
    // No early end, so that the compiler makes vector code of it.
    token.iter().fold(false, |found, byte| found | is_foreign(*byte))
}

impl Segments<'_> {
    /// Decodes the signature into `buffer`. One that does not fit is cut off where the buffer ends,
    /// and has a length that no key takes.
    pub(crate) fn decode_signature<'b>(&self, buffer: &'b mut [u8; SIGNATURE_BYTES]) -> &'b [u8] {
        let text = &self.signature[..self.signature.len().min((SIGNATURE_BYTES * 4).div_ceil(3))];
        let signature = &mut buffer[..base64url::decoded_len(text.len())];
        base64url::decode_into(text, signature);
        signature
    }
}

/// The longest signature, RSA of 8192 bits, and one byte more.
pub(crate) const SIGNATURE_BYTES: usize = 1024 + 1;
