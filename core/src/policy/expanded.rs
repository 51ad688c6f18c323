//! A policy written out as one service sees it: services merged, variables put in, secrets redacted.

use std::fmt::Write;

use super::position::path;
use super::schema::{self, Setting, Shape};
use super::tree::{Member, Node, Places, Step, Text, Value};
use super::variables::Origins;

/// Stands where a secret would.
const REDACTED: &str = "(redacted)";

/// Writes a merged and checked tree as TOML. Behind what does not stand at its own place in the file, a
/// comment says where it came from.
pub(super) fn write(root: &Node, places: &Places, variables: &Origins) -> String {
    let mut writer = Writer { places, variables, out: String::new() };
    writer.table(root, "", "", None);
    writer.out
}

struct Writer<'a> {
    places: &'a Places,
    variables: &'a Origins,
    out: String,
}

impl Writer<'_> {
    /// The settings of a table: values first, then the tables in it, each under its header.
    fn table(&mut self, table: &Node, path: &str, header: &str, origin: Option<&str>) {
        let setting = |member: &Member| schema::find(path, &member.name);
        let is_table = |member: &Member| {
            matches!(setting(member).map(|one| one.shape), Some(Shape::Table | Shape::Tables))
        };
        for member in table.members().iter().filter(|member| !is_table(member)) {
            if let Some(setting) = setting(member) {
                self.value(member, setting, origin);
            }
        }
        for member in table.members().iter().filter(|member| is_table(member)) {
            let Some(setting) = setting(member) else {
                continue;
            };
            let dot = if header.is_empty() { "" } else { "." };
            let header = format!("{header}{dot}{}", setting.name());
            let brackets = if matches!(setting.shape, Shape::Tables) { ("[[", "]]") } else { ("[", "]") };
            for entry in member.node.elements() {
                let blank = if self.out.is_empty() { "" } else { "\n" };
                let _ = write!(self.out, "{blank}{}{header}{}", brackets.0, brackets.1);
                let from = self.origin(entry, setting.name());
                self.comment(from.as_deref().filter(|from| Some(*from) != origin), &[]);
                self.table(entry, setting.path, &header, from.as_deref());
            }
        }
    }

    fn value(&mut self, member: &Member, setting: &Setting, origin: Option<&str>) {
        let _ = write!(self.out, "{} = ", setting.name());
        self.shown(&member.node, setting);
        let from = self.origin(&member.node, setting.name());
        let mut names = Vec::new();
        self.variables_in(&member.node, &mut names);
        self.comment(from.as_deref().filter(|from| Some(*from) != origin), &names);
    }

    fn shown(&mut self, node: &Node, setting: &Setting) {
        match (&node.value, setting.shape) {
            (Value::Text(text), Shape::Secret) if !names_file(text) => write_string(&mut self.out, REDACTED),
            (Value::Text(_), Shape::KeyDocument) => write_string(&mut self.out, REDACTED),
            (Value::Text(text), _) if text.from_environment && is_near_secrets(setting.path) => {
                write_string(&mut self.out, REDACTED);
            }
            (Value::Text(text), _) => write_string(&mut self.out, &text.text.replace("${", "$${")),
            (Value::List(elements), _) => {
                self.out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    self.out.push_str(if at == 0 { "" } else { ", " });
                    self.shown(element, setting);
                }
                self.out.push(']');
            }
            (Value::Table(_), _) => write_public(&mut self.out, node, true),
            _ => write_scalar(&mut self.out, node),
        }
    }

    /// What changed or added this value, where that is not the place where it is shown.
    fn origin(&self, node: &Node, name: &str) -> Option<String> {
        let steps = self.places.steps(node.place);
        let service = match steps.as_slice() {
            [Step::Name(top), of @ Step::Name(_), ..] if &**top == "service" => Some(path(&[steps[0], of])),
            _ => None,
        };
        let last = steps.iter().rev().find_map(|step| match step {
            Step::Name(name) => Some(name.to_string()),
            Step::Index(_) => None,
        });
        // A preset's settings stand where the preset is named.
        let parts: Vec<String> = service.into_iter().chain(last.filter(|last| last != name)).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn variables_in(&self, node: &Node, names: &mut Vec<String>) {
        for name in self.variables.get(&node.place).into_iter().flatten() {
            let name = format!("${{{name}}}");
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if let Value::List(elements) = &node.value {
            elements.iter().for_each(|element| self.variables_in(element, names));
        }
    }

    /// Ends a line, with where its value came from.
    fn comment(&mut self, from: Option<&str>, names: &[String]) {
        let parts: Vec<&str> = from.into_iter().chain(names.iter().map(String::as_str)).collect();
        if !parts.is_empty() {
            let _ = write!(self.out, "  # {}", parts.join(", "));
        }
        self.out.push('\n');
    }
}

/// The path of a file with a secret is none.
fn names_file(text: &Text) -> bool {
    text.text.starts_with("file:") && !text.from_environment
}

/// Is it about keys or credentials? What the environment says there stays hidden, whatever it is.
fn is_near_secrets(path: &str) -> bool {
    path.split('.').any(|step| matches!(step, "keys" | "auth" | "credential"))
}

/// Members of a JWK or a JWK Set that anybody may see.
const PUBLIC: [&str; 17] = [
    "keys", "kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e", "x5u", "x5c", "x5t",
    "x5t#S256", "exp", "iat",
];

/// A JWK Set without what could be private in it.
fn write_public(out: &mut String, node: &Node, is_public: bool) {
    match &node.value {
        _ if !is_public => write_string(out, REDACTED),
        Value::Text(text) if text.from_environment => write_string(out, REDACTED),
        Value::Text(text) => write_string(out, &text.text.replace("${", "$${")),
        Value::List(elements) => {
            out.push('[');
            for (at, element) in elements.iter().filter(|one| is_writable(one)).enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write_public(out, element, true);
            }
            out.push(']');
        }
        Value::Table(members) => {
            let members: Vec<&Member> = members.iter().filter(|one| is_writable(&one.node)).collect();
            out.push_str(if members.is_empty() { "{" } else { "{ " });
            for (at, member) in members.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write_name(out, &member.name);
                out.push_str(" = ");
                // The symmetric key `k` and the private `d` are no part of the list.
                write_public(out, &member.node, PUBLIC.contains(&&*member.name));
            }
            out.push_str(if members.is_empty() { "}" } else { " }" });
        }
        _ => write_scalar(out, node),
    }
}

/// TOML has no null, and what a date or a large number says is not kept.
fn is_writable(node: &Node) -> bool {
    !matches!(node.value, Value::Null | Value::Date | Value::HugeNumber)
}

fn write_scalar(out: &mut String, node: &Node) {
    let _ = match &node.value {
        Value::Boolean(boolean) => write!(out, "{boolean}"),
        Value::Integer(integer) => write!(out, "{integer}"),
        Value::Float(float) => write!(out, "{float:?}"),
        _ => write!(out, "\"\""),
    };
}

fn write_name(out: &mut String, name: &str) {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !name.is_empty() && name.bytes().all(is_bare) {
        out.push_str(name);
    } else {
        write_string(out, name);
    }
}

/// A basic string of TOML.
fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
