//! `inspect`: what is in a token. Nothing is verified, and it says so before and after.

use std::collections::BTreeMap;
use std::fmt::Write;

use counterseal::UnixTime;
use counterseal::core::inbound::{Form, Segment, Unverified, inspect};
use counterseal::core::json::Value;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::answer::{Answer, Failure};
use crate::arguments::Inspect;
use crate::layout::{paragraph, row};
use crate::pretty::{self, DATES};
use crate::rejection::about;
use crate::status::Status;
use crate::terminal::{FAILED, FAINT, LOUD, STRONG};
use crate::text::{clipped, shown};
use crate::{dates, input};

const WARNING: &str =
    "anybody can write what stands here. Decide nothing by it: `counterseal verify` tells what is true.";
/// Characters of a text that is no JSON.
const LONGEST: usize = 4000;

pub(crate) fn run(arguments: &Inspect, json: bool) -> Result<Answer, Failure> {
    let token = input::token(&arguments.token)?;
    let unverified = inspect(&token);
    let now = arguments.time.now.unwrap_or_else(dates::now);
    let status = if unverified.findings().is_empty() { Status::Good } else { Status::Refused };
    if json {
        return Ok(Answer::json(status, &Inspected::of(&unverified, now)?));
    }
    Ok(Answer::text(status, told(&unverified, &token, now)))
}

/// A token taken apart, as data. The names say what the values are worth.
#[derive(Serialize)]
struct Inspected<'a> {
    verified: bool,
    warning: &'static str,
    form: &'static str,
    bytes: usize,
    unverified_header: Option<Box<RawValue>>,
    unverified_claims: Option<Box<RawValue>>,
    dates: BTreeMap<&'static str, String>,
    segments: Vec<Part<'a>>,
    problems: Vec<Problem<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    name: &'static str,
    encoded_bytes: usize,
    decoded_bytes: Option<usize>,
    /// The decoded segment where it is text and no acceptable JSON.
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct Problem<'a> {
    segment: Option<&'static str>,
    code: &'static str,
    number: u16,
    rule: &'static str,
    message: &'static str,
    subject: Option<&'a str>,
    offset: Option<usize>,
}

impl Inspected<'_> {
    fn of(token: &Unverified, now: UnixTime) -> Result<Inspected<'_>, Failure> {
        let raw = |value: Option<Value<'_>>| {
            let raw = value.map(|value| RawValue::from_string(value.to_json()));
            raw.transpose().map_err(|_| Failure::Internal)
        };
        let claims = token.unverified_claims();
        let told = |name: &'static str| Some((name, pretty::date(name, claims?.get(name)?, now)?));
        let segments = token.segments().iter().map(|segment| Part {
            name: segment.name,
            encoded_bytes: segment.encoded_bytes,
            decoded_bytes: segment.decoded_bytes,
            text: segment.text.as_deref(),
        });
        let problems = token.findings().iter().map(|finding| Problem {
            segment: finding.segment,
            code: finding.rejection.code().slug(),
            number: finding.rejection.code().number(),
            rule: finding.rejection.rule().id(),
            message: finding.rejection.code().message(),
            subject: finding.rejection.subject().as_str().filter(|name| !name.is_empty()),
            offset: finding.offset,
        });
        Ok(Inspected {
            verified: false,
            warning: WARNING,
            form: form(token.form()),
            bytes: token.bytes(),
            unverified_header: raw(token.unverified_header())?,
            unverified_claims: raw(claims)?,
            dates: DATES.into_iter().filter_map(told).collect(),
            segments: segments.collect(),
            problems: problems.collect(),
        })
    }
}

fn form(form: Form) -> &'static str {
    match form {
        Form::Signed => "jws",
        Form::Encrypted => "jwe",
        Form::Unknown => "unknown",
    }
}

fn told(unverified: &Unverified, token: &[u8], now: UnixTime) -> String {
    let mut out = format!("{LOUD} NOT VERIFIED {LOUD:#}\n");
    paragraph(&mut out, 0, &format!("Nothing was checked: {WARNING}"));
    let _ = writeln!(out, "\n{}, {} bytes\n", kind(unverified), unverified.bytes());
    for segment in unverified.segments() {
        let _ = writeln!(out, "{STRONG}{}{STRONG:#}  {FAINT}{}{FAINT:#}", title(segment), size(segment));
        let value = match segment.name {
            "header" => unverified.unverified_header(),
            "payload" => unverified.unverified_claims(),
            _ => None,
        };
        if let Some(value) = value {
            out.push_str(&pretty::object(value, now));
        } else if let Some(text) = &segment.text {
            let _ = writeln!(out, "  {}", clipped(&shown(text), LONGEST));
        }
        out.push('\n');
    }
    problems(&mut out, unverified);
    if let Some(guess) = guess(unverified, token) {
        row(&mut out, "hint", guess);
        out.push('\n');
    }
    let _ = writeln!(out, "{LOUD} NOT VERIFIED {LOUD:#}");
    out
}

fn kind(token: &Unverified) -> &'static str {
    match token.form() {
        Form::Signed => "A compact JWS",
        Form::Encrypted => "A compact JWE, whose content only its recipient can read",
        Form::Unknown if token.bytes() == 0 => "Nothing",
        Form::Unknown => "No compact JWS",
    }
}

fn title(segment: &Segment) -> String {
    let mut title = segment.name.replace('_', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

fn size(segment: &Segment) -> String {
    match (segment.encoded_bytes, segment.decoded_bytes) {
        (0, _) => "empty".to_owned(),
        (encoded, Some(decoded)) => format!("{encoded} characters for {decoded} bytes"),
        (encoded, None) => format!("{encoded} characters, not base64url"),
    }
}

fn problems(out: &mut String, token: &Unverified) {
    for finding in token.findings() {
        let (code, rule) = (finding.rejection.code(), finding.rejection.rule());
        let segment = finding.segment.map(|name| format!("{name}: ")).unwrap_or_default();
        let about = about(&finding.rejection);
        let offset = finding.offset.map(|offset| format!(", at byte {offset}")).unwrap_or_default();
        let _ = writeln!(out, "{FAILED}✗ {segment}{code}{FAILED:#} {FAINT}{rule}{FAINT:#}");
        paragraph(out, 2, &format!("{}{about}{offset}", code.message()));
        out.push('\n');
    }
}

/// What the text probably is, where it is no token.
fn guess(unverified: &Unverified, token: &[u8]) -> Option<&'static str> {
    if unverified.form() == Form::Signed && unverified.unverified_header().is_some() {
        return None;
    }
    let starts = |start: &[u8]| token.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
    Some(match () {
        () if token.is_empty() => "The input is empty.",
        () if starts(b"{") => {
            "This is JSON, perhaps the answer of a token endpoint: take the token out of it."
        }
        () if starts(b"\"") || starts(b"'") => "The token stands in quotes: take them off.",
        () if starts(b"Authorization:") => "This is a whole header line: begin at `Bearer`.",
        () if starts(b"Bearer Bearer") => "`Bearer` stands twice.",
        () if starts(b"Basic ") || starts(b"DPoP ") => "The scheme is not Bearer.",
        () if starts(b"v4.") || starts(b"v3.") || starts(b"v2.") => {
            "This looks like a PASETO, which is not read yet."
        }
        () if starts(b"-----BEGIN") => "This is PEM: `counterseal keys show` reads keys.",
        () if starts(b"\xef\xbb\xbf") => "The file begins with a byte order mark: save it without.",
        () if token.contains(&b'%') => "The token looks percent-encoded: decode it first.",
        () if unverified.form() == Form::Unknown && !token.contains(&b'.') => {
            "An opaque token, perhaps: only its issuer can tell what it stands for. A file is named with --token-file."
        }
        () => return None,
    })
}
