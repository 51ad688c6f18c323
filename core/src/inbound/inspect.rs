//! A token taken apart and **not** verified, for people who want to see what is in it.

use std::fmt;

use super::verify::without_scheme;
use crate::algorithm::{Algorithm, AlgorithmSet};
use crate::claims::{
    Claim, Claims, Rounding, Widened, check_case_variants, check_issuer_shape, check_shapes, read_date,
};
use crate::encoding::base64url;
use crate::error::{Code, Rejection};
use crate::json::{Bounds, Document, Value, parse};
use crate::jws::{Header, HeaderUse, read_header, split};
use crate::limits;
use crate::record::Silent;
use crate::rule::Rule;

/// What a text says about itself. **Nothing of it is known to be true**: anybody can write such a text.
///
/// It is for showing to people. There is no way from here to an [`Identity`](crate::identity::Identity).
pub struct Unverified {
    bytes: usize,
    form: Form,
    segments: Vec<Segment>,
    header: Option<Document>,
    claims: Option<Claims>,
    findings: Vec<Finding>,
}

/// What kind of text it is, by its segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Three segments: a compact JWS.
    Signed,
    /// Five segments: a compact JWE.
    Encrypted,
    /// Anything else.
    Unknown,
}

/// What stands between two dots.
#[derive(Clone, PartialEq, Eq)]
pub struct Segment {
    /// What stands there in a token of this form.
    pub name: &'static str,
    /// Characters of the token.
    pub encoded_bytes: usize,
    /// What they stand for, if they can be read as base64url at all.
    pub decoded_bytes: Option<usize>,
    /// The decoded header or payload where it is text and no acceptable JSON.
    pub text: Option<String>,
}

/// Something that every policy would refuse, or that is larger than a policy admits by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The segment it is about; `None` for the token as a whole.
    pub segment: Option<&'static str>,
    /// The code and rule of the refusal, and the claim or header.
    pub rejection: Rejection,
    /// The byte of the decoded segment at which it was noticed.
    pub offset: Option<usize>,
}

impl Unverified {
    /// Bytes of the token.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What kind of text it is.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The segments in order; none where the token is too large to be looked at, six at most.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The header, if it is acceptable JSON.
    pub fn unverified_header(&self) -> Option<Value<'_>> {
        self.header.as_ref().map(Document::root)
    }

    /// The payload, if it is acceptable JSON.
    pub fn unverified_claims(&self) -> Option<Value<'_>> {
        self.claims.as_ref().map(Claims::root)
    }

    /// What is wrong with it, as far as that can be told without a policy and a key: for each part
    /// the first rule that it breaks.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn note(&mut self, segment: Option<&'static str>, rejection: Rejection, offset: Option<usize>) {
        self.findings.push(Finding { segment, rejection, offset });
    }

    fn note_unless<T>(&mut self, result: Result<T, Rejection>, segment: &'static str) {
        if let Err(rejection) = result {
            self.note(Some(segment), rejection, None);
        }
    }
}

impl fmt::Debug for Unverified {
    /// Shows sizes only.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Unverified").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl fmt::Debug for Segment {
    /// Shows sizes only.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Segment")
            .field("name", &self.name)
            .field("encoded_bytes", &self.encoded_bytes)
            .finish_non_exhaustive()
    }
}

const SIGNED: [&str; 6] = ["header", "payload", "signature", "fourth", "fifth", "sixth"];
const ENCRYPTED: [&str; 5] = ["header", "encrypted_key", "initialization_vector", "ciphertext", "tag"];

/// Takes a token apart, bare or behind "Bearer ". It **verifies nothing** and never fails: what
/// cannot be read is a finding.
///
/// A token larger than any policy may admit is not looked at, so the cost is bounded.
pub fn inspect(token: &[u8]) -> Unverified {
    let token = without_scheme(token);
    let mut shown = Unverified {
        bytes: token.len(),
        form: Form::Unknown,
        segments: Vec::new(),
        header: None,
        claims: None,
        findings: Vec::new(),
    };
    let structure = split(token, limits::TOKEN_BYTES, limits::HEADER_BYTES, |_| false, &mut Silent);
    if let Err(rejection) = structure
        && !matches!(rejection.code(), Code::Base64Alphabet | Code::Base64Noncanonical)
    {
        shown.note(None, rejection, None);
    }
    if token.len() > limits::TOKEN_BYTES_MAX || token.starts_with(b"{") {
        return shown;
    }
    let texts: Vec<&[u8]> = token.split(|byte| *byte == b'.').take(SIGNED.len()).collect();
    shown.form = match texts.len() {
        3 => Form::Signed,
        5 => Form::Encrypted,
        _ => Form::Unknown,
    };
    let names: &[&'static str] = if shown.form == Form::Encrypted { &ENCRYPTED } else { &SIGNED };
    for (at, (name, text)) in names.iter().zip(texts).enumerate() {
        let document = shown.take_segment(name, text, at == 0 || *name == "payload");
        match (at, *name) {
            (0, _) => shown.header = document,
            (_, "payload") => shown.claims = document.map(Claims::new),
            _ => {}
        }
    }
    if shown.form != Form::Encrypted {
        shown.check_header();
        shown.check_claims();
    }
    shown
}

impl Unverified {
    /// Decodes a segment, and parses it where it should be JSON.
    fn take_segment(&mut self, name: &'static str, text: &[u8], is_json: bool) -> Option<Document> {
        if let Err((rule, code)) = base64url::check(text) {
            self.note(Some(name), Rejection::new(rule, code), None);
        }
        let decoded = decode_leniently(text);
        let decoded_bytes = decoded.as_ref().map(Vec::len);
        let (mut document, mut unparsed) = (None, None);
        if let Some(decoded) = decoded.filter(|decoded| is_json && !decoded.is_empty()) {
            match parse(decoded.clone(), Bounds::TOKEN) {
                Ok(parsed) => document = Some(parsed),
                Err(fault) => {
                    self.note(Some(name), Rejection::new(fault.rule, fault.code), Some(fault.offset));
                    unparsed = String::from_utf8(decoded).ok();
                }
            }
        }
        self.segments.push(Segment { name, encoded_bytes: text.len(), decoded_bytes, text: unparsed });
        document
    }

    fn check_header(&mut self) {
        let Some(header) = self.header.take() else { return };
        self.note_unless(check_case_variants(&header, &mut Silent), "header");
        let every: AlgorithmSet = Algorithm::ALL.into_iter().collect();
        let kind = if self.claims.is_some() { HeaderUse::Jwt } else { HeaderUse::AnyPayload };
        self.note_unless(read_header(&header, every, kind, &[], &mut Silent), "header");
        if let Some(claims) = &self.claims {
            let repeated = Header::check_repeated(&header, claims.document(), &mut Silent);
            self.note_unless(repeated, "header");
        }
        self.header = Some(header);
    }

    fn check_claims(&mut self) {
        let Some(claims) = self.claims.take() else { return };
        self.note_unless(check_case_variants(claims.document(), &mut Silent), "payload");
        let shapes = check_issuer_shape(&claims, &mut Silent)
            .and_then(|()| check_shapes(&claims, Widened::default(), &mut Silent));
        self.note_unless(shapes, "payload");
        for date in [Claim::Exp, Claim::Nbf, Claim::Iat] {
            if let Some(Err((rule, code))) = claims.get(date).map(|value| read_date(value, Rounding::Down))
                && rule != Rule::Clm11
            {
                self.note(Some("payload"), Rejection::about(rule, code, date.name()), None);
            }
        }
        self.claims = Some(claims);
    }
}

/// What a segment was meant to say: padding, the other alphabet of base64 and line breaks are read
/// over. `None` where it holds anything else.
fn decode_leniently(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain: Vec<u8> = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    while plain.last() == Some(&b'=') {
        plain.pop();
    }
    match base64url::check(&plain) {
        Err((_, Code::Base64Alphabet)) => None,
        _ => Some(base64url::decode(&plain)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", base64url::encode(header.as_bytes()), base64url::encode(payload.as_bytes()))
    }

    fn codes(token: &str) -> Vec<(Option<&'static str>, Code)> {
        let shown = inspect(token.as_bytes());
        shown.findings().iter().map(|finding| (finding.segment, finding.rejection.code())).collect()
    }

    #[test]
    fn shows_a_sound_token() {
        let text = format!("Bearer {}", token(r#"{"alg":"RS256"}"#, r#"{"sub":"alice"}"#));
        let shown = inspect(text.as_bytes());
        assert_eq!(shown.form(), Form::Signed);
        assert_eq!(shown.bytes(), text.len() - "Bearer ".len());
        let claim = shown.unverified_claims().and_then(|claims| claims.get("sub")?.as_str());
        assert_eq!(claim, Some("alice"));
        let sizes: Vec<_> = shown.segments().iter().map(|one| (one.name, one.decoded_bytes)).collect();
        assert_eq!(sizes, [("header", Some(15)), ("payload", Some(15)), ("signature", Some(3))]);
        assert_eq!(shown.findings(), []);
    }

    #[test]
    fn says_what_is_wrong_and_shows_the_rest() {
        let (alg, ok) = (r#"{"alg":"RS256"}"#, r#"{"a":1}"#);
        let header = |code| vec![(Some("header"), code)];
        let payload = |code| vec![(Some("payload"), code)];
        for (text, expected) in [
            (token(r#"{"alg":"none"}"#, ok), header(Code::AlgNotAllowed)),
            (token(r#"{"alg":"RS256","jwk":{}}"#, ok), header(Code::HeaderEmbeddedKey)),
            (token(r#"{"alg":"RS256","Kid":"x"}"#, ok), header(Code::NameCaseVariant)),
            (token(r#"{"alg":"RS256","sub":"a"}"#, r#"{"sub":"b"}"#), header(Code::HeaderClaimMismatch)),
            (token(alg, "plain text"), payload(Code::JsonInvalid)),
            (token(alg, r#"{"a":1,"a":2}"#), payload(Code::JsonDuplicateMember)),
            (token(alg, r#"{"iss":7}"#), payload(Code::IssInvalid)),
            (token(alg, r#"{"exp":"7"}"#), payload(Code::ClaimWrongType)),
            (token(alg, r#"{"exp":-7}"#), payload(Code::DateOutOfRange)),
            (format!("{}=", token(alg, ok)), vec![(Some("signature"), Code::Base64Alphabet)]),
            (token(alg, ok).replace(".c2ln", ""), vec![(None, Code::TokenMalformed)]),
        ] {
            assert_eq!(codes(&text), expected, "{text}");
        }
    }

    #[test]
    fn shows_text_that_is_no_json_with_the_place_of_the_fault() {
        let shown = inspect(token(r#"{"alg":"RS256"}"#, r#"{"a":1,"a":2}"#).as_bytes());
        assert!(shown.unverified_claims().is_none());
        assert_eq!(shown.segments()[1].text.as_deref(), Some(r#"{"a":1,"a":2}"#));
        assert_eq!(shown.findings()[0].offset, Some(7));
    }

    #[test]
    fn an_encrypted_token_shows_its_header_alone() {
        let header = base64url::encode(br#"{"alg":"dir","enc":"A128GCM"}"#);
        let shown = inspect(format!("{header}..aXY.Y2lwaGVy.dGFn").as_bytes());
        assert_eq!(shown.form(), Form::Encrypted);
        assert!(shown.unverified_header().is_some_and(|header| header.get("enc").is_some()));
        let names: Vec<_> = shown.segments().iter().map(|segment| segment.name).collect();
        assert_eq!(names, ENCRYPTED);
        assert_eq!(shown.findings().len(), 1);
        assert_eq!(shown.findings()[0].rejection.code(), Code::TokenEncrypted);
    }

    #[test]
    fn anything_at_all_can_be_inspected() {
        for text in
            ["", ".", "..", "a", "....", "{\"payload\":\"\"}", "\u{0}.\u{0}.\u{0}", "é.é.é", "Bearer "]
        {
            let shown = inspect(text.as_bytes());
            assert!(!shown.findings().is_empty(), "{text:?}");
            assert!(shown.segments().len() <= SIGNED.len());
        }
        let dots = ".".repeat(limits::TOKEN_BYTES_MAX);
        assert_eq!(inspect(dots.as_bytes()).segments().len(), SIGNED.len());
        let huge = vec![b'a'; limits::TOKEN_BYTES_MAX + 1];
        assert_eq!(inspect(&huge).segments(), []);
        assert_eq!(inspect(&huge).findings()[0].rejection.code(), Code::TokenTooLarge);
    }

    #[test]
    fn debug_shows_sizes_alone() {
        let shown = inspect(token(r#"{"alg":"RS256"}"#, "canary-payload").as_bytes());
        let text = format!("{shown:?} {:?} {:?}", shown.segments(), shown.findings());
        assert!(!text.contains("canary"), "{text}");
    }
}
