//! From text to tree: TOML or JSON, with the place of everything.

use std::collections::HashSet;

use super::problem::{Fault, Problems};
use super::tree::{Node, Place, Places, Value};
use super::{Format, read_json, read_toml};
use crate::error::Code;
use crate::limits;

/// Deepest nesting of tables and lists in a policy; the outermost table counts as one.
pub(super) const DEEPEST: usize = limits::JSON_DEPTH;

/// What a text says, as far as it can be read.
pub(super) struct Reading {
    pub(super) root: Node,
    pub(super) places: Places,
    /// Mistakes of syntax, each at a byte.
    pub(super) faults: Vec<(usize, Fault)>,
    /// Values that mistakes stand in.
    pub(super) damaged: HashSet<Place>,
    /// Lines, counted from 0, on which nothing else is reported.
    pub(super) faulty_lines: HashSet<usize>,
    /// What stands from this byte on was not understood.
    pub(super) reliable_until: usize,
    /// Is everything there but what is damaged? Otherwise nobody can say what is missing.
    pub(super) is_complete: bool,
}

/// Reads a policy. `Err` where it is larger or nested more deeply than its limit.
pub(super) fn read(text: &str, format: Format) -> Result<Reading, (usize, Fault)> {
    if text.len() > limits::POLICY_BYTES {
        let message = format!("the policy is larger than {} bytes", limits::POLICY_BYTES);
        return Err((0, Fault::new(Code::ConfigTooLarge, message)));
    }
    match format {
        Format::Toml => read_toml::read(text),
        Format::Json => read_json::read(text),
    }
}

pub(super) fn too_deep(offset: usize) -> (usize, Fault) {
    let message = format!("tables and lists are nested more than {DEEPEST} deep");
    (offset, Fault::new(Code::ConfigTooLarge, message))
}

/// The number of a text; what is not finite counts as one that 64 bits do not hold.
pub(super) fn float(text: &str) -> Value {
    text.parse().ok().filter(|float: &f64| float.is_finite()).map_or(Value::HugeNumber, Value::Float)
}

impl Reading {
    /// Without mistakes.
    pub(super) fn sound(root: Node, places: Places) -> Reading {
        Reading {
            root,
            places,
            faults: Vec::new(),
            damaged: HashSet::new(),
            faulty_lines: HashSet::new(),
            reliable_until: usize::MAX,
            is_complete: true,
        }
    }
}

/// Takes damaged values out of the tree; nothing else is said about them.
pub(super) fn take_out_damaged(node: &mut Node, damaged: &HashSet<Place>, problems: &mut Problems<'_>) {
    if damaged.is_empty() {
        return;
    }
    let place = node.place;
    match &mut node.value {
        Value::Table(members) => members.retain_mut(|member| {
            let is_whole = !is_damaged(&member.node, damaged);
            if is_whole {
                take_out_damaged(&mut member.node, damaged, problems);
            } else {
                problems.excuse_named(place, &member.name);
            }
            is_whole
        }),
        Value::List(elements) => {
            elements.iter_mut().for_each(|element| take_out_damaged(element, damaged, problems));
        }
        _ => {}
    }
}

/// A table is damaged in its settings alone, a list as a whole.
fn is_damaged(node: &Node, damaged: &HashSet<Place>) -> bool {
    match &node.value {
        Value::Table(_) => false,
        Value::List(elements) => {
            let has_tables = elements.iter().any(|element| matches!(element.value, Value::Table(_)));
            (!has_tables && damaged.contains(&node.place))
                || elements.iter().any(|element| is_damaged(element, damaged))
        }
        _ => damaged.contains(&node.place),
    }
}
