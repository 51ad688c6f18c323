//! Types, lengths and counts of the claims that are evaluated, whether or not their check is on (CLM-17).

use super::{Claim, Claims, Date, Rounding, read_date};
use crate::error::{Code, Rejection};
use crate::json::{Kind, Value};
use crate::limits;
use crate::record::Recorder;
use crate::rule::Rule;

/// Types that an issuer's entry in the policy admits besides the usual ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Widened {
    /// `amr` may be anything.
    pub(crate) amr: bool,
    /// `scope` may be a list of strings (CLM-19).
    pub(crate) scope: bool,
}

/// The issuer is looked up before anything else is read, so its shape is checked first (CLM-01).
pub(crate) fn check_issuer_shape<R: Recorder>(claims: &Claims, recorder: &mut R) -> Result<(), Rejection> {
    let Some(value) = claims.get(Claim::Iss) else { return Ok(()) };
    let null = value.is_null();
    recorder.check_about(Rule::Jsn04, Code::ClaimWrongType, "iss", !null)?;
    let Some(iss) = value.as_str() else {
        return recorder.check_about(Rule::Clm01, Code::IssInvalid, "iss", false);
    };
    recorder.check_about(Rule::Lim05, Code::ClaimTooLong, "iss", iss.len() <= limits::ISSUER_BYTES)?;
    recorder.check_about(Rule::Jsn07, Code::ClaimControlChar, "iss", !has_control(iss))
}

/// Applies JSN-04, CLM-11, CLM-17, JSN-07, LIM-05, LIM-06, CLM-19 and XCH-03, in this order.
pub(crate) fn check_shapes<R: Recorder>(
    claims: &Claims,
    widened: Widened,
    recorder: &mut R,
) -> Result<(), Rejection> {
    let first = FirstFaults::of(claims, widened);
    recorder.check_about(Rule::Jsn04, Code::ClaimWrongType, name(first.null), first.null.is_none())?;
    recorder.check_about(Rule::Clm11, Code::ClaimWrongType, name(first.date), first.date.is_none())?;
    recorder.check_about(Rule::Clm17, Code::ClaimWrongType, name(first.wrong), first.wrong.is_none())?;
    recorder.check_about(
        Rule::Jsn07,
        Code::ClaimControlChar,
        name(first.control),
        first.control.is_none(),
    )?;
    recorder.check_about(Rule::Lim05, Code::ClaimTooLong, name(first.long), first.long.is_none())?;
    check_counts(claims, recorder)?;
    let is_sound = |scope: Value<'_>| match scope.as_str() {
        Some(text) => is_scope(text),
        None => widened.scope && is_string_list(scope) && strings(scope).all(is_scope),
    };
    let scope = claims.get(Claim::Scope).is_none_or(is_sound);
    recorder.check_about(Rule::Clm19, Code::ScopeInvalid, "scope", scope)?;
    check_actors(claims, recorder)?;
    date_of(claims, Claim::AuthTime, Rounding::Up, recorder).map(drop)
}

/// The date of a claim, if it is there.
#[inline]
pub(crate) fn date_of<R: Recorder>(
    claims: &Claims,
    claim: Claim,
    rounding: Rounding,
    recorder: &mut R,
) -> Result<Option<Date>, Rejection> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    match read_date(value, rounding) {
        Ok(date) => Ok(Some(date)),
        Err((rule, _)) if rule.is_off() => Ok(None),
        Err((rule, code)) => Err(recorder.refuse(Rejection::about(rule, code, claim.name()))),
    }
}

/// For each rule the first claim of the list that breaks it, found in one pass.
#[derive(Default)]
struct FirstFaults {
    null: Option<Claim>,
    date: Option<Claim>,
    wrong: Option<Claim>,
    control: Option<Claim>,
    long: Option<Claim>,
}

impl FirstFaults {
    fn of(claims: &Claims, widened: Widened) -> FirstFaults {
        let mut first = FirstFaults::default();
        // Strict JSON has C0 controls as escapes only, and ASCII has no C1.
        let may_hold_controls = !claims.document().is_plain_ascii();
        for (claim, value) in claims.known().take_while(|(claim, _)| is_typed(*claim)) {
            if value.is_null() {
                first.null.get_or_insert(claim);
            } else if is_date(claim) {
                if value.kind() != Kind::Number {
                    first.date.get_or_insert(claim);
                }
            } else if claim == Claim::Amr && widened.amr {
                continue;
            } else if !has_type(claim, value) {
                first.wrong.get_or_insert(claim);
            } else {
                if may_hold_controls && names_somebody(claim) && strings(value).any(has_control) {
                    first.control.get_or_insert(claim);
                }
                if longest(claim).is_some_and(|cap| is_longer(value, cap)) {
                    first.long.get_or_insert(claim);
                }
            }
        }
        first
    }
}

fn name(claim: Option<Claim>) -> &'static str {
    claim.map_or("", Claim::name)
}

/// The closed list of CLM-17 is the known claims up to `status`. iss, sub, aud, scope and act keep the
/// code of their own rule.
fn is_typed(claim: Claim) -> bool {
    claim as u8 <= Claim::Status as u8
}

fn is_date(claim: Claim) -> bool {
    matches!(claim, Claim::Exp | Claim::Nbf | Claim::Iat | Claim::AuthTime)
}

fn has_type(claim: Claim, value: Value<'_>) -> bool {
    match claim {
        Claim::Jti | Claim::Azp | Claim::ClientId | Claim::Acr | Claim::Nonce | Claim::Txn | Claim::Sid => {
            value.kind() == Kind::String
        }
        Claim::Cnf | Claim::MayAct | Claim::Events | Claim::Status => value.kind() == Kind::Object,
        Claim::Amr => is_string_list(value),
        _ => true,
    }
}

/// Is it a list of strings alone?
pub(crate) fn is_string_list(value: Value<'_>) -> bool {
    value.as_array().is_some_and(|mut list| list.all(|element| element.kind() == Kind::String))
}

/// Claims that end up in headers and logs (JSN-07).
fn names_somebody(claim: Claim) -> bool {
    use Claim::{Aud, Azp, ClientId, Iss, Jti, Scope, Sid, Sub, Txn};
    matches!(claim, Iss | Sub | Aud | Azp | ClientId | Scope | Jti | Txn | Sid)
}

fn longest(claim: Claim) -> Option<usize> {
    match claim {
        Claim::Iss | Claim::Aud => Some(limits::ISSUER_BYTES),
        Claim::Sub => Some(limits::SUBJECT_BYTES),
        Claim::Jti => Some(limits::JTI_BYTES),
        _ => None,
    }
}

/// C0 and C1 controls, U+0000 among them.
fn has_control(text: &str) -> bool {
    let suspicious = text.bytes().any(|byte| byte < 0x20 || byte == 0xc2);
    suspicious && text.chars().any(|character| character < ' ' || ('\u{80}'..'\u{a0}').contains(&character))
}

/// The string, or the strings of the list.
fn strings(value: Value<'_>) -> impl Iterator<Item = &str> {
    value.as_str().into_iter().chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

/// Is the string, or one of the list, longer than that?
fn is_longer(value: Value<'_>, cap: usize) -> bool {
    match value.as_str() {
        Some(text) => text.len() > cap,
        None => strings(value).any(|text| text.len() > cap),
    }
}

fn check_counts<R: Recorder>(claims: &Claims, recorder: &mut R) -> Result<(), Rejection> {
    let audiences = claims.get(Claim::Aud).and_then(Value::as_array).map_or(0, Iterator::count);
    // Shorter texts cannot hold too many.
    let long = claims.string(Claim::Scope).filter(|scope| scope.len() >= 2 * limits::SCOPES);
    let scopes = long.map_or(0, |scope| scope_tokens(scope).count());
    let actors = actor_chain(claims).take(limits::ACTORS + 1).count();
    let over = match () {
        () if audiences > limits::AUDIENCES => Some("aud"),
        () if scopes > limits::SCOPES => Some("scope"),
        () if actors > limits::ACTORS => Some("act"),
        () => None,
    };
    recorder.check_about(Rule::Lim06, Code::TooManyValues, over.unwrap_or_default(), over.is_none())
}

/// The outermost act and those inside it.
fn actor_chain(claims: &Claims) -> impl Iterator<Item = Value<'_>> {
    std::iter::successors(claims.get(Claim::Act), |act| act.get("act"))
}

/// Every act is an object that names a subject; what else it holds is not read (XCH-03).
fn check_actors<R: Recorder>(claims: &Claims, recorder: &mut R) -> Result<(), Rejection> {
    let sound = actor_chain(claims).all(|act| {
        let named = |member: &str| {
            act.get(member).is_none_or(|value| value.as_str().is_some_and(|text| !has_control(text)))
        };
        act.get("sub")
            .and_then(Value::as_str)
            .is_some_and(|sub| !sub.is_empty() && sub.len() <= limits::SUBJECT_BYTES && !has_control(sub))
            && named("iss")
            && named("client_id")
    });
    recorder.check_about(Rule::Xch03, Code::ActInvalid, "act", sound)
}

/// Scope tokens joined by single spaces (RFC 6749 section 3.3); the empty string is no scopes.
pub(crate) fn is_scope(scope: &str) -> bool {
    let bytes = scope.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return true };
    // No early ends, so that the compiler makes vector code of it.
    let outside = |byte: u8| !(0x20..=0x7e).contains(&byte) | (byte == b'"') | (byte == b'\\');
    let foreign = bytes.iter().fold(false, |found, byte| found | outside(*byte));
    let pairs = bytes.iter().zip(&bytes[1..]);
    let gap = pairs.fold(false, |found, (one, next)| found | ((*one == b' ') & (*next == b' ')));
    !foreign && !gap && *first != b' ' && *last != b' '
}

/// The tokens of a well-formed scope.
pub(crate) fn scope_tokens(scope: &str) -> impl Iterator<Item = &str> {
    let ends = memchr::memchr_iter(b' ', scope.as_bytes()).chain(std::iter::once(scope.len()));
    let mut start = 0;
    ends.map(move |end| &scope[std::mem::replace(&mut start, end + 1)..end]).filter(|token| !token.is_empty())
}
