//! From text to tree: TOML or JSON, with the place of everything.

use toml::de::{DeTable, DeValue};

use super::Format;
use super::nesting::{self, DEEPEST};
use super::position::line_start;
use super::problem::Fault;
use super::tree::{Member, Node, Place, Places, Step, Text, Value};
use crate::error::Code;
use crate::json::{self, Bounds, Kind};
use crate::limits;

/// What a text says, as far as it can be read.
pub(super) struct Reading {
    pub(super) root: Node,
    pub(super) places: Places,
    /// Mistakes of syntax, each at a byte.
    pub(super) faults: Vec<(usize, Fault)>,
    /// What stands from this byte on was not understood.
    pub(super) reliable_until: usize,
}

/// Reads a policy. `Err` where it is larger or nested more deeply than its limit, or not readable at all.
pub(super) fn read(text: &str, format: Format) -> Result<Reading, (usize, Fault)> {
    if text.len() > limits::POLICY_BYTES {
        let message = format!("the policy is larger than {} bytes", limits::POLICY_BYTES);
        return Err((0, Fault::new(Code::ConfigTooLarge, message)));
    }
    match format {
        Format::Toml => from_toml(text),
        Format::Json => from_json(text),
    }
}

fn too_deep(offset: usize) -> (usize, Fault) {
    let message = format!("tables and lists are nested more than {DEEPEST} deep");
    (offset, Fault::new(Code::ConfigTooLarge, message))
}

fn from_toml(text: &str) -> Result<Reading, (usize, Fault)> {
    if let Some(offset) = nesting::too_deep(text) {
        return Err(too_deep(offset));
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut places = Places::new();
    let value = toml_table(root.into_inner(), Place::ROOT, &mut places, 1)?;
    let mut faults: Vec<(usize, &str)> = errors
        .iter()
        .map(|error| (error.span().map_or(text.len(), |span| span.start), error.message()))
        .collect();
    faults.sort_by_key(|(offset, _)| *offset);
    let structural = faults.iter().position(|(_, message)| !is_local(message));
    let reliable_until = structural.map_or(text.len() + 1, |at| line_start(text, faults[at].0));
    faults.truncate(structural.map_or(faults.len(), |at| at + 1));
    // What stands behind a mistake on its line is mostly a consequence of it.
    let mut line_end = 0;
    faults.retain(|(offset, _)| {
        let is_first = *offset >= line_end;
        if is_first {
            let rest = text.as_bytes().get(*offset..).unwrap_or_default();
            line_end = offset + 1 + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        }
        is_first
    });
    let faults = faults.into_iter().map(|(offset, message)| (offset, toml_fault(message))).collect();
    Ok(Reading { root: Node { place: Place::ROOT, value }, places, faults, reliable_until })
}

/// Is this a mistake inside one value or name? The parser goes on behind it as if nothing had
/// happened; behind any other it guesses.
fn is_local(message: &str) -> bool {
    const LOCAL: [&str; 5] = [
        "duplicate key",
        "invalid ",
        "string values must be quoted",
        "unexpected leading zero",
        "missing escaped value",
    ];
    LOCAL.iter().any(|start| message.starts_with(start))
}

fn toml_fault(message: &str) -> Fault {
    let fault = Fault::new(Code::ConfigSyntax, message);
    match message {
        "duplicate key" => {
            Fault::new(Code::ConfigSyntax, "the name stands twice in its table").hint("keep one of the two")
        }
        _ if message.starts_with("string values must be quoted") => {
            Fault::new(Code::ConfigSyntax, "no TOML value").hint("put strings in quotes")
        }
        _ => fault,
    }
}

fn toml_table(
    table: DeTable<'_>,
    place: Place,
    places: &mut Places,
    depth: usize,
) -> Result<Value, (usize, Fault)> {
    if depth > DEEPEST {
        return Err(too_deep(places.offset(place)));
    }
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    let mut members = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let (name_offset, offset) = (name.span().start, value.span().start);
        let name: Box<str> = name.into_inner().into();
        let place = places.add(place, Step::Name(name.clone()), name_offset, offset);
        let value = toml_value(value.into_inner(), place, places, depth + 1)?;
        members.push(Member { name, node: Node { place, value } });
    }
    Ok(Value::Table(members))
}

fn toml_value(
    value: DeValue<'_>,
    place: Place,
    places: &mut Places,
    depth: usize,
) -> Result<Value, (usize, Fault)> {
    Ok(match value {
        DeValue::String(text) => Value::Text(Text::new(text.into_owned())),
        DeValue::Boolean(boolean) => Value::Boolean(boolean),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::HugeNumber, Value::Integer)
        }
        DeValue::Float(number) => float(number.as_str()),
        DeValue::Table(table) => toml_table(table, place, places, depth)?,
        DeValue::Array(_) if depth > DEEPEST => return Err(too_deep(places.offset(place))),
        DeValue::Array(array) => {
            let mut elements = Vec::with_capacity(array.len());
            for (index, element) in array.into_iter().enumerate() {
                let offset = element.span().start;
                let place = places.add(place, Step::Index(index), offset, offset);
                let value = toml_value(element.into_inner(), place, places, depth + 1)?;
                elements.push(Node { place, value });
            }
            Value::List(elements)
        }
    })
}

fn float(text: &str) -> Value {
    text.parse().ok().filter(|float: &f64| float.is_finite()).map_or(Value::HugeNumber, Value::Float)
}

fn from_json(text: &str) -> Result<Reading, (usize, Fault)> {
    let document =
        json::parse(text.as_bytes().to_vec(), Bounds::OPERATOR).map_err(|fault| match fault.code {
            Code::JsonTooComplex => too_deep(fault.offset),
            code => (fault.offset, Fault::new(Code::ConfigSyntax, json_message(code))),
        })?;
    let mut places = Places::new();
    let value = json_value(document.root(), Place::ROOT, &mut places);
    let root = Node { place: Place::ROOT, value };
    Ok(Reading { root, places, faults: Vec::new(), reliable_until: text.len() })
}

fn json_message(code: Code) -> &'static str {
    match code {
        Code::JsonDuplicateMember => "the name stands twice in its object",
        Code::JsonInvalidUtf8 => "a byte order mark or half of a surrogate pair is no JSON",
        _ => "the text is not one JSON object from here on",
    }
}

fn json_value(value: json::Value<'_>, place: Place, places: &mut Places) -> Value {
    match value.kind() {
        Kind::Null => Value::Null,
        Kind::False => Value::Boolean(false),
        Kind::True => Value::Boolean(true),
        Kind::String => Value::Text(Text::new(value.as_str().unwrap_or_default().to_owned())),
        Kind::Number => json_number(value.as_number().unwrap_or_default()),
        Kind::Array => Value::List(
            value
                .as_array()
                .into_iter()
                .flatten()
                .enumerate()
                .map(|(index, element)| {
                    let offset = start(element);
                    let place = places.add(place, Step::Index(index), offset, offset);
                    Node { place, value: json_value(element, place, places) }
                })
                .collect(),
        ),
        Kind::Object => Value::Table(
            value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| {
                    let step = Step::Name(name.into());
                    let place = places.add(place, step, value.name_offset().saturating_sub(1), start(value));
                    Member {
                        name: name.into(),
                        node: Node { place, value: json_value(value, place, places) },
                    }
                })
                .collect(),
        ),
    }
}

/// Where a value begins: a string at its quote.
fn start(value: json::Value<'_>) -> usize {
    value.offset().saturating_sub(usize::from(value.kind() == Kind::String))
}

fn json_number(text: &str) -> Value {
    if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return float(text);
    }
    text.parse().map_or(Value::HugeNumber, Value::Integer)
}
