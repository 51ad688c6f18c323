//! TOML, by the parser of the `toml` crate, which goes on behind mistakes.
//!
//! Behind some it only guesses. So where it finds any, brackets and signs that are plainly missing are
//! put in (`toml_repair`), and it reads again: each mistake is then one mistake.

use std::collections::HashSet;

use toml::de::{DeTable, DeValue};

use super::nesting;
use super::position::Lines;
use super::problem::Fault;
use super::read::{DEEPEST, Reading, float, too_deep};
use super::toml_fault::{Reach, explain};
use super::toml_repair::{Repaired, repair};
use super::tree::{Member, Node, Place, Places, Step, Text, Value};

/// Reads a TOML text. `Err` where it is nested too deeply.
pub(super) fn read(text: &str) -> Result<Reading, (usize, Fault)> {
    if let Some(offset) = nesting::too_deep(text) {
        return Err(too_deep(offset));
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let (root, places) = tree(root.into_inner(), &|offset| offset)?;
        return Ok(Reading::sound(root, places));
    }
    let repaired = repair(text);
    let (root, errors) = DeTable::parse_recoverable(repaired.text());
    let (root, places) = tree(root.into_inner(), &|offset| repaired.original(offset))?;
    let mut errors: Vec<(usize, &str)> = errors
        .iter()
        .map(|error| {
            let offset = error.span().map_or(text.len(), |span| repaired.original(span.start));
            (offset, error.message())
        })
        .collect();
    errors.sort_by_key(|(offset, _)| *offset);
    let sound = Reading::sound(root, places);
    Ok(with_mistakes(text, sound, &errors, repaired))
}

fn with_mistakes(text: &str, sound: Reading, errors: &[(usize, &str)], repaired: Repaired<'_>) -> Reading {
    let lines = Lines::new(text);
    let mut reading = Reading { is_complete: repaired.is_complete, ..sound };
    let mut offsets: Vec<usize> = Vec::new();
    for (offset, fault) in repaired.faults {
        reading.faulty_lines.insert(lines.line(offset));
        reading.faults.push((offset, fault));
    }
    for (offset, message) in errors {
        // What stands on the same line is mostly a consequence.
        let line = lines.line(*offset);
        if reading.faulty_lines.contains(&line) {
            continue;
        }
        let (at, fault, reach) = explain(text, *offset, message);
        reading.faulty_lines.extend([line, lines.line(at)]);
        reading.faults.push((at, fault));
        match reach {
            Reach::Value => offsets.push(*offset),
            Reach::Name => {}
            Reach::Setting => reading.is_complete = false,
            Reach::Rest => {
                reading.is_complete = false;
                reading.reliable_until = at.min(*offset);
                break;
            }
        }
    }
    reading.damaged = damaged(&reading, &offsets, &lines);
    reading
}

/// The values on faulty lines, and those that begin on an earlier line and hold a mistake.
fn damaged(reading: &Reading, offsets: &[usize], lines: &Lines<'_>) -> HashSet<Place> {
    let mut by_offset: Vec<(usize, Place)> =
        reading.places.iter().map(|(place, _, offset)| (offset, place)).collect();
    by_offset.sort_unstable();
    let around = offsets.iter().filter_map(|offset| {
        let behind = by_offset.partition_point(|(start, _)| start <= offset);
        behind.checked_sub(1).map(|at| by_offset[at].1)
    });
    let is_faulty = |offset: usize| reading.faulty_lines.contains(&lines.line(offset));
    let on_lines = reading
        .places
        .iter()
        .filter(|(_, name, value)| is_faulty(*name) || is_faulty(*value))
        .map(|(place, ..)| place);
    on_lines.chain(around).collect()
}

/// The tree of a parsed text. `original` says where in the file a byte of the parsed text stands.
fn tree(table: DeTable<'_>, original: &dyn Fn(usize) -> usize) -> Result<(Node, Places), (usize, Fault)> {
    let mut builder = Builder { places: Places::new(), original };
    let value = builder.table(table, Place::ROOT, 1)?;
    Ok((Node { place: Place::ROOT, value }, builder.places))
}

struct Builder<'a> {
    places: Places,
    original: &'a dyn Fn(usize) -> usize,
}

impl Builder<'_> {
    fn table(&mut self, table: DeTable<'_>, place: Place, depth: usize) -> Result<Value, (usize, Fault)> {
        if depth > DEEPEST {
            return Err(too_deep(self.places.offset(place)));
        }
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let mut members = Vec::with_capacity(entries.len());
        for (name, value) in entries {
            let (name_offset, offset) =
                ((self.original)(name.span().start), (self.original)(value.span().start));
            let name: Box<str> = name.into_inner().into();
            let place = self.places.add(place, Step::Name(name.clone()), name_offset, offset);
            let value = self.value(value.into_inner(), place, depth + 1)?;
            members.push(Member { name, node: Node { place, value } });
        }
        Ok(Value::Table(members))
    }

    fn value(&mut self, value: DeValue<'_>, place: Place, depth: usize) -> Result<Value, (usize, Fault)> {
        Ok(match value {
            DeValue::String(text) => Value::Text(Text::new(text.into_owned())),
            DeValue::Boolean(boolean) => Value::Boolean(boolean),
            DeValue::Datetime(_) => Value::Date,
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::HugeNumber, Value::Integer)
            }
            DeValue::Float(number) => float(number.as_str()),
            DeValue::Table(table) => self.table(table, place, depth)?,
            DeValue::Array(_) if depth > DEEPEST => return Err(too_deep(self.places.offset(place))),
            DeValue::Array(array) => {
                let mut elements = Vec::with_capacity(array.len());
                for (index, element) in array.into_iter().enumerate() {
                    let offset = (self.original)(element.span().start);
                    let place = self.places.add(place, Step::Index(index), offset, offset);
                    let value = self.value(element.into_inner(), place, depth + 1)?;
                    elements.push(Node { place, value });
                }
                Value::List(elements)
            }
        })
    }
}
