//! The JSON Schema of the policy file, for editors: made from the table of settings.

use std::fmt::Write;

use super::schema::{self, Overlay, SETTINGS, Setting, Shape};
use crate::algorithm::Algorithm;
use crate::json::write_string;

/// The policy file as a JSON Schema (draft 2020-12), for editors and other tools.
///
/// It knows the structure: names, types, words, ranges, what is required. A policy that loads is valid by
/// it; one that is valid can still have mistakes that only loading finds, such as a file that is not
/// there.
pub fn json_schema() -> String {
    let mut out = String::new();
    root().write(&mut out, 0);
    out.push('\n');
    out
}

fn root() -> Json {
    let top = |is_service: bool| {
        let is_in = move |setting: &&Setting| {
            !(is_service && matches!(setting.shape, Shape::Version | Shape::Services))
        };
        table(schema::children("").filter(is_in))
    };
    let service = top(true).with("description", text("What one service changes."));
    Json::object()
        .with("$schema", text("https://json-schema.org/draft/2020-12/schema"))
        .with("$id", text("urn:counterseal:policy:1"))
        .with("title", text("Counterseal policy"))
        .with("description", text("Which tokens a service accepts. The reference is docs/policy.md."))
        .join(top(false))
        .with("required", texts(["version"]))
        .with("if", Json::object().with("not", Json::object().with("required", texts(["service"]))))
        .with("then", without_services())
        .with("$defs", definitions().with("service", service))
}

/// Where no service adds anything, the top has everything.
fn without_services() -> Json {
    let required = schema::children("").filter(|setting| setting.required).map(Setting::name);
    let lists =
        schema::children("").filter(|setting| setting.built && matches!(setting.shape, Shape::Tables));
    let entries = lists.fold(Json::object(), |entries, list| {
        entries.with(list.name(), Json::object().with("items", required_of(list)))
    });
    Json::object().with("required", texts(required)).with("properties", entries)
}

/// What an entry must have, unless a preset says it.
fn required_of(list: &Setting) -> Json {
    let names = schema::children(list.path).filter(|setting| setting.required).map(Setting::name);
    let required = Json::object().with("required", texts(names));
    let has_preset = schema::find(list.path, "preset").is_some_and(|setting| setting.built);
    if has_preset {
        let preset = Json::object().with("required", texts(["preset"]));
        Json::object().with("if", Json::object().with("not", preset)).with("then", required)
    } else {
        required
    }
}

/// One definition for each table that works, without what its entry must have at the top.
fn definitions() -> Json {
    let tables = SETTINGS
        .iter()
        .filter(|setting| setting.built && matches!(setting.shape, Shape::Table | Shape::Tables));
    tables.fold(Json::object(), |definitions, setting| {
        let entry = table(schema::children(setting.path)).join(demands(setting));
        definitions.with(definition(setting), entry)
    })
}

/// What a table must have wherever it stands. Where a service's table is merged into another, nobody can
/// say of either alone.
fn demands(setting: &Setting) -> Json {
    if let Overlay::MergesByName(names) = setting.overlay {
        // A service names the entry that it changes.
        let named = names.iter().map(|name| Json::object().with("required", texts([*name])));
        return Json::object().with("anyOf", Json::List(named.collect()));
    }
    let is_merged = setting.overlay == Overlay::Merges && matches!(setting.shape, Shape::Table);
    if is_merged {
        return Json::object();
    }
    let children = || schema::children(setting.path);
    let required: Vec<&str> = children().filter(|child| child.required).map(Setting::name).collect();
    let alternatives: Vec<Json> = children()
        .filter(|child| child.alternative)
        .map(|child| Json::object().with("required", texts([child.name()])))
        .collect();
    let demands = Json::object();
    let demands = if required.is_empty() { demands } else { demands.with("required", texts(required)) };
    if alternatives.is_empty() { demands } else { demands.with("oneOf", Json::List(alternatives)) }
}

/// The name of a table's definition.
fn definition(setting: &Setting) -> String {
    setting.path.replace("[]", "")
}

fn table<'a>(settings: impl Iterator<Item = &'a Setting>) -> Json {
    let properties = settings
        .fold(Json::object(), |properties, setting| properties.with(setting.name(), property(setting)));
    Json::object()
        .with("type", text("object"))
        .with("properties", properties)
        .with("patternProperties", Json::object().with("^x-", Json::Plain("true".to_owned())))
        .with("additionalProperties", Json::Plain("false".to_owned()))
}

fn property(setting: &Setting) -> Json {
    if !setting.built {
        let description = format!("Not supported in this version: {}", setting.documentation);
        return Json::object().with("description", text(description)).with("not", Json::object());
    }
    let default = setting.default;
    let (description, default) = match default {
        "" => (setting.documentation.to_owned(), None),
        _ if is_json(default) => (setting.documentation.to_owned(), Some(default)),
        _ => (format!("{} Default: {default}.", setting.documentation), None),
    };
    let property = Json::object().with("description", text(description)).join(shape(setting));
    match default {
        Some(default) => property.with("default", Json::Plain(default.to_owned())),
        None => property,
    }
}

/// Is a default of the table a value, not a sentence?
fn is_json(default: &str) -> bool {
    matches!(default, "true" | "false" | "[]")
        || default.bytes().all(|byte| byte.is_ascii_digit())
        || default.starts_with('"')
}

fn shape(setting: &Setting) -> Json {
    let reference = || Json::object().with("$ref", text(format!("#/$defs/{}", definition(setting))));
    match setting.shape {
        Shape::Table => reference(),
        Shape::Tables => Json::object().with("type", text("array")).with("items", reference()),
        Shape::Services => Json::object()
            .with("type", text("object"))
            .with("additionalProperties", Json::object().with("$ref", text("#/$defs/service"))),
        shape => match (shape.element(), shape.is_list_only()) {
            (Some(element), true) => list(shape, element),
            (Some(element), false) => any_of([scalar(element), list(shape, element)]),
            (None, _) => scalar(shape),
        },
    }
}

fn list(shape: Shape, element: Shape) -> Json {
    let (least, most) = match shape {
        // An empty list never means any algorithm.
        Shape::Algorithms => (1, usize::MAX),
        _ => shape.count(),
    };
    let list = Json::object().with("type", text("array")).with("items", scalar(element));
    let list = if least > 0 { list.with("minItems", Json::Plain(least.to_string())) } else { list };
    if most < usize::MAX { list.with("maxItems", Json::Plain(most.to_string())) } else { list }
}

fn scalar(shape: Shape) -> Json {
    let kind = |name: &str| Json::object().with("type", text(name));
    match shape {
        Shape::Version => Json::object().with("const", Json::Plain("1".to_owned())),
        Shape::Integer { least, most } => kind("integer")
            .with("minimum", Json::Plain(least.to_string()))
            .with("maximum", Json::Plain(most.to_string())),
        Shape::Duration { least, .. } if (1..1000).contains(&least) => pattern("[0-9]+(ms|s|m|h|d)"),
        Shape::Duration { .. } => pattern("[0-9]+[smhd]"),
        Shape::Choice(known, _) => words(known.iter().copied()),
        Shape::Algorithms => words(Algorithm::ALL.iter().map(|algorithm| algorithm.name())),
        Shape::Types => pattern("[A-Za-z0-9!#$&^_.+/-]+"),
        Shape::Scopes => pattern("[!#-\\[\\]-~]+"),
        Shape::Claim => pattern("[^/].*|(/([^~/]|~[01])*)+"),
        Shape::Pointer | Shape::Pointers(_) => pattern("(/([^~/]|~[01])*)+"),
        Shape::Scalar => Json::object().with("type", texts(["string", "number", "boolean"])),
        Shape::Boolean => kind("boolean"),
        Shape::True => Json::object().with("const", Json::Plain("true".to_owned())),
        Shape::KeyDocument => {
            Json::object().with("type", texts(["object", "string"])).with("minLength", one())
        }
        _ => kind("string").with("minLength", one()),
    }
}

fn one() -> Json {
    Json::Plain("1".to_owned())
}

/// A string that matches as a whole, or takes a part from the environment.
fn pattern(pattern: &str) -> Json {
    let pattern = text(format!("^({pattern})$|\\$\\{{"));
    Json::object().with("type", text("string")).with("pattern", pattern)
}

/// One of the words, or a string that takes a part from the environment.
fn words<'a>(known: impl Iterator<Item = &'a str>) -> Json {
    let variable = Json::object().with("type", text("string")).with("pattern", text("\\$\\{"));
    any_of([Json::object().with("enum", texts(known)), variable])
}

fn any_of<const N: usize>(choices: [Json; N]) -> Json {
    Json::object().with("anyOf", Json::List(choices.into()))
}

fn text(text: impl Into<String>) -> Json {
    Json::Text(text.into())
}

fn texts<'a>(words: impl IntoIterator<Item = &'a str>) -> Json {
    Json::List(words.into_iter().map(text).collect())
}

/// JSON to be written.
enum Json {
    Text(String),
    /// A number, boolean or whole value as it is written.
    Plain(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    fn object() -> Json {
        Json::Object(Vec::new())
    }

    fn with(mut self, name: impl Into<String>, value: Json) -> Json {
        if let Json::Object(members) = &mut self {
            members.push((name.into(), value));
        }
        self
    }

    /// With the members of another object behind its own.
    fn join(self, other: Json) -> Json {
        match other {
            Json::Object(members) => {
                members.into_iter().fold(self, |object, (name, value)| object.with(name, value))
            }
            _ => self,
        }
    }

    fn write(&self, out: &mut String, depth: usize) {
        match self {
            Json::Text(text) => write_string(out, text),
            Json::Plain(plain) => out.push_str(plain),
            Json::List(elements) if elements.iter().all(|one| matches!(one, Json::Text(_))) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    element.write(out, depth);
                }
                out.push(']');
            }
            Json::List(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    line(out, if at == 0 { "[" } else { "," }, depth + 1);
                    element.write(out, depth + 1);
                }
                line(out, "", depth);
                out.push(']');
            }
            Json::Object(members) if members.is_empty() => out.push_str("{}"),
            Json::Object(members) => {
                for (at, (name, value)) in members.iter().enumerate() {
                    line(out, if at == 0 { "{" } else { "," }, depth + 1);
                    write_string(out, name);
                    out.push_str(": ");
                    value.write(out, depth + 1);
                }
                line(out, "", depth);
                out.push('}');
            }
        }
    }
}

fn line(out: &mut String, end: &str, depth: usize) {
    let _ = write!(out, "{end}\n{:indent$}", "", indent = depth * 2);
}
