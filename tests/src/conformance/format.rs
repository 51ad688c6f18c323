//! The one way a case file is laid out: what fits stands on one line, everything else has a line for
//! each member. Characters beyond ASCII are escaped, so that look-alikes show.

use super::json::{Json, write_string};

const WIDTH: usize = 118;
const INDENT: usize = 2;

/// Lays an object out.
pub fn layout(json: &Json) -> String {
    let mut out = String::new();
    write(&mut out, json, 0, 0);
    out.push('\n');
    out
}

/// `used` is what stands on the line already, `tail` is not counted.
fn write(out: &mut String, json: &Json, indent: usize, used: usize) {
    let line = one_line(json);
    if used.max(indent) + line.len() < WIDTH {
        out.push_str(&line);
        return;
    }
    let inner = indent + INDENT;
    match json {
        Json::Array(list) => {
            out.push('[');
            for (at, element) in list.iter().enumerate() {
                new_line(out, at, inner);
                write(out, element, inner, inner);
            }
            new_line(out, 0, indent);
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (at, (name, value)) in members.iter().enumerate() {
                new_line(out, at, inner);
                let start = out.len();
                write_string(out, name, true);
                out.push_str(": ");
                let used = inner + out.len() - start;
                write(out, value, inner, used);
            }
            new_line(out, 0, indent);
            out.push('}');
        }
        _ => out.push_str(&line),
    }
}

fn new_line(out: &mut String, at: usize, indent: usize) {
    if at != 0 {
        out.push(',');
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

fn one_line(json: &Json) -> String {
    let mut out = String::new();
    match json {
        Json::String(text) => write_string(&mut out, text, true),
        Json::Array(list) => {
            let elements: Vec<String> = list.iter().map(one_line).collect();
            out = format!("[{}]", elements.join(", "));
        }
        Json::Object(members) if members.is_empty() => out.push_str("{}"),
        Json::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| {
                    let mut member = String::new();
                    write_string(&mut member, name, true);
                    format!("{member}: {}", one_line(value))
                })
                .collect();
            out = format!("{{{}}}", members.join(", "));
        }
        Json::Number(lexeme) => out.push_str(lexeme),
        scalar => out = scalar.canonical(),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laying_out_twice_changes_nothing() {
        let long = "x".repeat(100);
        let text = format!(r#"{{"a":[1,2,{{"b":"{long}","c":[]}}],"\u017fub":{{}},"d":"{long}{long}"}}"#);
        let once = layout(&Json::parse(&text).unwrap());
        assert_eq!(layout(&Json::parse(&once).unwrap()), once);
        assert!(once.contains("\"\\u017fub\": {}"));
        assert!(once.lines().count() > 3);
    }
}
