//! A token that was refused, and an outage.

use std::fmt::Write;

use counterseal::core::error::Rejection;
use counterseal::{Class, Code, Unavailable};
use serde::Serialize;

use crate::answer::Answer;
use crate::hints::hint;
use crate::layout::{paragraph, row, row_if};
use crate::status::Status;
use crate::terminal::{BAD, WARNED};
use crate::text::shown;

/// A rejection as data.
#[derive(Serialize)]
pub(crate) struct Refused<'a> {
    verdict: &'static str,
    code: &'static str,
    number: u16,
    rule: &'static str,
    class: &'static str,
    status: u16,
    /// Does it count? Not where the issuer's entry says `enforce = false`.
    enforced: bool,
    message: &'static str,
    /// The claim, header or setting that it is about.
    subject: Option<&'a str>,
    www_authenticate: Option<String>,
    reference: Option<String>,
}

impl Refused<'_> {
    pub(crate) fn new(rejection: &Rejection, reference: Option<String>) -> Refused<'_> {
        let code = rejection.code();
        Refused {
            verdict: "rejected",
            code: code.slug(),
            number: code.number(),
            rule: rejection.rule().id(),
            class: code.class().name(),
            status: rejection.status(),
            enforced: rejection.enforced(),
            message: code.message(),
            subject: rejection.subject().as_str(),
            www_authenticate: rejection.www_authenticate(),
            reference,
        }
    }
}

/// An outage as data.
#[derive(Serialize)]
struct Outage {
    verdict: &'static str,
    code: &'static str,
    number: u16,
    class: &'static str,
    status: u16,
    enforced: bool,
    message: &'static str,
    retry_after: u32,
    reference: String,
}

/// The status that a rejection ends with. Only a mistake of ours is no refusal.
pub(crate) fn status(rejection: &Rejection) -> Status {
    if rejection.code().class() == Class::Internal { Status::Internal } else { Status::Refused }
}

/// What a person needs to know about a rejection.
pub(crate) fn told(rejection: &Rejection, reference: Option<&str>) -> String {
    let code = rejection.code();
    let mut out = format!("{BAD}✗ rejected: {code} ({}){BAD:#}\n\n", code.number());
    paragraph(&mut out, 2, &format!("{}{}.", capitalized(code.message()), about(rejection)));
    out.push('\n');
    row(&mut out, "rule", format!("{}: {}", rejection.rule(), rejection.rule().asks()));
    row(&mut out, "answer", format!("HTTP {} ({})", rejection.status(), code.class().name()));
    row_if(&mut out, "", rejection.www_authenticate().map(|value| format!("WWW-Authenticate: {value}")));
    row_if(&mut out, "counts", reported_only(rejection.enforced()));
    row_if(&mut out, "reference", reference);
    row_if(&mut out, "hint", hint(code));
    out
}

/// What it means that a refusal does not count.
fn reported_only(enforced: bool) -> Option<&'static str> {
    (!enforced).then_some(
        "no: `enforce = false` reports refusals, and the library that decided before decides. \
         Counterseal verified nothing.",
    )
}

/// The answer to an outage: the token was neither accepted nor refused.
pub(crate) fn unavailable(outage: &Unavailable, json: bool) -> Answer {
    let code = outage.code();
    if json {
        let document = Outage {
            verdict: "unavailable",
            code: code.slug(),
            number: code.number(),
            class: code.class().name(),
            status: outage.status(),
            enforced: outage.enforced(),
            message: code.message(),
            retry_after: outage.retry_after(),
            reference: outage.reference(),
        };
        return Answer::json(Status::Unavailable, &document);
    }
    Answer::text(Status::Unavailable, no_verdict(code, outage.status(), Some(outage)))
}

/// What a person needs to know about an outage.
pub(crate) fn no_verdict(code: Code, status: u16, outage: Option<&Unavailable>) -> String {
    let mut out = format!("{WARNED}? no verdict: {code} ({}){WARNED:#}\n\n", code.number());
    paragraph(&mut out, 2, &format!("{}.", capitalized(code.message())));
    out.push('\n');
    row(&mut out, "answer", format!("HTTP {status} (unavailable)"));
    row_if(&mut out, "", outage.map(|outage| format!("Retry-After: {}", outage.retry_after())));
    row_if(&mut out, "counts", outage.and_then(|outage| reported_only(outage.enforced())));
    row_if(&mut out, "reference", outage.map(Unavailable::reference));
    row_if(&mut out, "hint", hint(code));
    out
}

/// The name of what a rejection is about, where its message does not say it.
pub(crate) fn about(rejection: &Rejection) -> String {
    let name = rejection.subject().as_str().filter(|name| !name.is_empty());
    let is_in_name = |one: char| one.is_ascii_alphanumeric() || "_#".contains(one);
    let mut words = rejection.code().message().split(|one| !is_in_name(one));
    let untold = name.filter(|name| !words.any(|word| word == *name));
    untold.map(|name| format!(" ({})", shown(name))).unwrap_or_default()
}

fn capitalized(sentence: &str) -> String {
    let mut out = String::with_capacity(sentence.len() + 2);
    let mut characters = sentence.chars();
    out.extend(characters.next().map(|first| first.to_ascii_uppercase()));
    let _ = write!(out, "{}", characters.as_str());
    out
}
