//! Values written out again: compact, members in their order, numbers as they were.

use std::fmt::Write;

use super::{Kind, Value};

impl Value<'_> {
    /// Appends the value as compact JSON.
    pub fn write_json(self, out: &mut String) {
        match self.kind() {
            Kind::Null => out.push_str("null"),
            Kind::False => out.push_str("false"),
            Kind::True => out.push_str("true"),
            Kind::Number => out.push_str(self.as_number().unwrap_or_default()),
            Kind::String => write_string(out, self.as_str().unwrap_or_default()),
            Kind::Array => {
                out.push('[');
                for (at, element) in self.as_array().into_iter().flatten().enumerate() {
                    separate(out, at);
                    element.write_json(out);
                }
                out.push(']');
            }
            Kind::Object => {
                out.push('{');
                for (at, (name, value)) in self.as_object().into_iter().flatten().enumerate() {
                    separate(out, at);
                    write_string(out, name);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }
}

fn separate(out: &mut String, at: usize) {
    if at != 0 {
        out.push(',');
    }
}

/// Appends a JSON string, escaped as RFC 8785 section 3.2.2.2 says.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
