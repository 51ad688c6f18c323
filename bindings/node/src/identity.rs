//! The proof that a token passed, as text for `node/lib/identity.cjs`.
//!
//! ```text
//! 17                          the number of the proof
//! ["alice","https://…",…]     the fields, in the order of the class
//! [[["order","id"],"9…3"]]    where claims have integers that a double would round; mostly an empty line
//! {"iss":"https://…",…}       the claims, as the token has them
//! ```

use std::io::Write;

use counterseal::core::json::{Kind, Value};
use counterseal::{Identity, Requirements};
use napi::Result;
use napi_derive::napi;
use serde::Serialize;

use crate::error::{coded, thrown};
use crate::guard::{body, time};

/// How many scopes or classes of sign-in can be asked for at once.
#[napi]
pub const REQUIREMENTS: u32 = counterseal::core::limits::REQUIREMENTS as u32;

/// What an identity has that can be asked for.
#[napi(object)]
pub struct Held {
    pub scopes: Vec<String>,
    pub acr: Option<String>,
    pub auth_time: Option<i64>,
    pub leeway: i64,
}

/// What a handler asks beyond the policy.
#[napi(object)]
pub struct Asked {
    pub scopes: Vec<String>,
    pub acr: Vec<String>,
    pub max_age: Option<i64>,
    pub now: Option<f64>,
}

/// Holds an identity against what a handler asks.
#[napi]
pub fn require(held: Held, asked: Asked) -> Result<()> {
    body(|| {
        let requirements = Requirements::new(asked.scopes, asked.acr, asked.max_age).map_err(coded)?;
        let (now, acr) = (time(asked.now)?, held.acr.as_deref());
        counterseal::require_of(&held.scopes, acr, held.auth_time, held.leeway, &requirements, now)
            .map_err(|error| thrown(&error))
    })
}

/// Appends an identity.
pub(crate) fn write(out: &mut Vec<u8>, identity: &Identity) {
    let _ = write!(out, "{}\n[", identity.id()); // writing to memory does not fail
    text(out, identity.subject());
    text(out, Some(identity.issuer()));
    texts(out, identity.audience());
    texts(out, identity.scopes());
    texts(out, identity.roles());
    text(out, identity.tenant());
    text(out, identity.client_id());
    text(out, Some(identity.subject_kind().name()));
    texts(out, identity.actors());
    text(out, identity.token_id());
    json(out, &identity.issued_at());
    json(out, &identity.expires_at());
    json(out, &identity.auth_time());
    text(out, identity.acr());
    texts(out, identity.amr());
    text(out, Some(identity.profile().name()));
    text(out, identity.transaction_id());
    json(out, &identity.groups_incomplete());
    text(out, Some(identity.issuer_name()));
    json(out, &identity.leeway_seconds());
    end(out, b']');
    out.push(b'\n');
    big_integers(out, identity.claims());
    out.push(b'\n');
    out.extend_from_slice(identity.claims_text().as_bytes());
}

/// Ends a list, whose last element has a comma behind it.
fn end(out: &mut Vec<u8>, bracket: u8) {
    match out.last_mut() {
        Some(comma) if *comma == b',' => *comma = bracket,
        _ => out.push(bracket),
    }
}

fn json(out: &mut Vec<u8>, value: &impl Serialize) {
    let _ = serde_json::to_writer(&mut *out, value);
    out.push(b',');
}

fn text(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(plain) if plain.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') => {
            out.push(b'"');
            out.extend_from_slice(plain.as_bytes());
            out.extend_from_slice(b"\",");
        }
        other => json(out, &other),
    }
}

fn texts<'a>(out: &mut Vec<u8>, values: impl Iterator<Item = &'a str>) {
    out.push(b'[');
    values.for_each(|value| text(out, Some(value)));
    end(out, b']');
    out.push(b',');
}

/// Where the claims have integers that a double would round, with their digits; nothing where they have none.
fn big_integers(out: &mut Vec<u8>, claims: Value<'_>) {
    if has_big_integer(claims) {
        let mut found = Vec::new();
        find(claims, &mut Vec::new(), &mut found);
        let _ = serde_json::to_writer(out, &found);
    }
}

fn has_big_integer(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Number => value.as_number().is_some_and(is_big_integer),
        Kind::Array => value.as_array().into_iter().flatten().any(has_big_integer),
        Kind::Object => value.as_object().into_iter().flatten().any(|(_, member)| has_big_integer(member)),
        _ => false,
    }
}

#[derive(Clone, Serialize)]
#[serde(untagged)]
enum Step<'a> {
    Member(&'a str),
    Element(usize),
}

fn find<'a>(value: Value<'a>, path: &mut Vec<Step<'a>>, found: &mut Vec<(Vec<Step<'a>>, &'a str)>) {
    match value.kind() {
        Kind::Number => {
            if let Some(digits) = value.as_number().filter(|written| is_big_integer(written)) {
                found.push((path.clone(), digits));
            }
        }
        Kind::Array => {
            for (at, element) in value.as_array().into_iter().flatten().enumerate() {
                path.push(Step::Element(at));
                find(element, path, found);
                path.pop();
            }
        }
        Kind::Object => {
            for (name, member) in value.as_object().into_iter().flatten() {
                path.push(Step::Member(name));
                find(member, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn is_big_integer(written: &str) -> bool {
    const LARGEST: u64 = (1 << 53) - 1;
    written.len() > 15
        && !written.contains(['.', 'e', 'E'])
        && !written.parse::<i64>().is_ok_and(|value| value.unsigned_abs() <= LARGEST)
}
