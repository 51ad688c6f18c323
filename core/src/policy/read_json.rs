//! JSON, by the strict parser of tokens. Where that refuses a text, `json_mistakes` says why.

use super::json_mistakes;
use super::problem::Fault;
use super::read::{Reading, float, too_deep};
use super::tree::{Member, Node, Place, Places, Step, Text, Value};
use crate::error::Code;
use crate::json::{self, Bounds, Kind};

/// Reads a JSON text. `Err` where it is nested too deeply.
pub(super) fn read(text: &str) -> Result<Reading, (usize, Fault)> {
    let document = match json::parse(text.as_bytes().to_vec(), Bounds::OPERATOR) {
        Ok(document) => document,
        Err(fault) if fault.code == Code::JsonTooComplex => return Err(too_deep(fault.offset)),
        Err(fault) => {
            let mut reading = json_mistakes::read(text)?;
            if reading.faults.is_empty() {
                let unexplained = Fault::new(Code::ConfigSyntax, "the text is no JSON from here on");
                reading.faults.push((fault.offset, unexplained));
                reading.is_complete = false;
            }
            return Ok(reading);
        }
    };
    let mut places = Places::new();
    let value = value(document.root(), Place::ROOT, &mut places);
    document.wipe();
    Ok(Reading::sound(Node { place: Place::ROOT, value }, places))
}

fn value(value: json::Value<'_>, place: Place, places: &mut Places) -> Value {
    match value.kind() {
        Kind::Null => Value::Null,
        Kind::False => Value::Boolean(false),
        Kind::True => Value::Boolean(true),
        Kind::String => Value::Text(Text::new(value.as_str().unwrap_or_default().to_owned())),
        Kind::Number => number(value.as_number().unwrap_or_default()),
        Kind::Array => Value::List(list(value, place, places)),
        Kind::Object => Value::Table(members(value, place, places)),
    }
}

fn list(list: json::Value<'_>, place: Place, places: &mut Places) -> Vec<Node> {
    let element = |(index, element): (usize, json::Value<'_>)| {
        let offset = start(element);
        let place = places.add(place, Step::Index(index), offset, offset);
        Node { place, value: value(element, place, places) }
    };
    list.as_array().into_iter().flatten().enumerate().map(element).collect()
}

fn members(object: json::Value<'_>, place: Place, places: &mut Places) -> Vec<Member> {
    let member = |(name, member): (&str, json::Value<'_>)| {
        let name_offset = member.name_offset().saturating_sub(1);
        let place = places.add(place, Step::Name(name.into()), name_offset, start(member));
        Member { name: name.into(), node: Node { place, value: value(member, place, places) } }
    };
    object.as_object().into_iter().flatten().map(member).collect()
}

/// Where a value begins: a string at its quote.
fn start(value: json::Value<'_>) -> usize {
    value.offset().saturating_sub(usize::from(value.kind() == Kind::String))
}

pub(super) fn number(text: &str) -> Value {
    if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return float(text);
    }
    text.parse().map_or(Value::HugeNumber, Value::Integer)
}
