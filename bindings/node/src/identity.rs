//! The proof that a token passed, as text for `node/lib/identity.cjs`.
//!
//! ```text
//! 17                          the number of the proof
//! ["alice","https://…",…]     the fields, in the order of the class
//! {"iss":"https://…",…}       the claims, as the token has them
//! ```

use std::io::Write;

use counterseal::Identity;
use counterseal::core::json::{Kind, Value};
use serde::Serialize;

/// Appends an identity.
pub(crate) fn write(out: &mut Vec<u8>, identity: &Identity) {
    let _ = write!(out, "{}\n[", identity.id()); // writing to memory does not fail
    json(out, &identity.subject());
    field(out, &identity.issuer());
    fields(out, identity.audience());
    fields(out, identity.scopes());
    fields(out, identity.roles());
    field(out, &identity.tenant());
    field(out, &identity.client_id());
    field(out, &identity.subject_kind().name());
    fields(out, identity.actors());
    field(out, &identity.token_id());
    field(out, &identity.issued_at());
    field(out, &identity.expires_at());
    field(out, &identity.auth_time());
    field(out, &identity.acr());
    fields(out, identity.amr());
    field(out, &identity.profile().name());
    field(out, &identity.transaction_id());
    field(out, &identity.groups_incomplete());
    field(out, &identity.issuer_name());
    out.push(b',');
    big_integers(out, identity.claims());
    out.extend_from_slice(b"]\n");
    out.extend_from_slice(identity.claims_text().as_bytes());
}

fn json(out: &mut Vec<u8>, value: &impl Serialize) {
    let _ = serde_json::to_writer(out, value);
}

fn field(out: &mut Vec<u8>, value: &impl Serialize) {
    out.push(b',');
    json(out, value);
}

fn fields<'a>(out: &mut Vec<u8>, values: impl Iterator<Item = &'a str>) {
    out.extend_from_slice(b",[");
    for (at, value) in values.enumerate() {
        if at != 0 {
            out.push(b',');
        }
        json(out, &value);
    }
    out.push(b']');
}

#[derive(Clone, Serialize)]
#[serde(untagged)]
enum Step<'a> {
    Member(&'a str),
    Element(usize),
}

/// Where the claims have integers that a double would round, with their digits: `null`, or
/// `[[["order","id"],"9007199254740993"],…]`.
fn big_integers(out: &mut Vec<u8>, claims: Value<'_>) {
    let mut found = Vec::new();
    find(claims, &mut Vec::new(), &mut found);
    match found.is_empty() {
        true => out.extend_from_slice(b"null"),
        false => json(out, &found),
    }
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
