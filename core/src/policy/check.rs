//! The walk over a tree along the table of settings. What it reports, it also takes out of the tree,
//! so that nothing is reported twice and all that is left has its type.

use super::position::shown;
use super::problem::{Fault, Problems};
use super::schema::{self, Overlay, Setting, Shape};
use super::tree::{Member, Node, Place, Value};
use super::{unknown, values};
use crate::algorithm::Algorithm;
use crate::error::Code;
use crate::mutants::is_off;

/// Checks the outermost table, services included. Strings that hold `${NAME}` are judged by their
/// type alone: check them again when their variables have been put in.
pub(super) fn check(root: &mut Node, problems: &mut Problems<'_>) {
    table(root, "", false, problems);
}

fn table(node: &mut Node, path: &str, is_service: bool, problems: &mut Problems<'_>) {
    let place = node.place;
    let Value::Table(members) = &mut node.value else {
        return;
    };
    let settings: Vec<&Setting> = schema::children(path)
        .filter(|setting| !(is_service && matches!(setting.shape, Shape::Version | Shape::Services)))
        .collect();
    members.retain_mut(|member| keep(member, place, &settings, problems));
}

/// Checks one setting; false where it was reported or is nobody's business.
fn keep(
    member: &mut Member,
    table: Place,
    settings: &[&'static Setting],
    problems: &mut Problems<'_>,
) -> bool {
    if unknown::is_note(&member.name) {
        return false;
    }
    let Some(setting) = settings.iter().find(|setting| setting.name() == &*member.name) else {
        unknown::report(member, table, settings, problems);
        return false;
    };
    if !setting.built {
        unknown::report_planned(member, setting, problems);
        problems.excuse(table, setting.name());
        return false;
    }
    let is_sound = value(&mut member.node, setting, problems);
    if !is_sound {
        problems.excuse(table, setting.name());
    }
    is_sound
}

/// Checks a value and what is in it; false where it cannot be used at all.
fn value(node: &mut Node, setting: &Setting, problems: &mut Problems<'_>) -> bool {
    match (setting.shape, &mut node.value) {
        (Shape::Table, Value::Table(_)) => {
            table(node, setting.path, false, problems);
            true
        }
        (Shape::Services, Value::Table(services)) => {
            services.retain_mut(|service| match &service.node.value {
                Value::Table(_) => {
                    table(&mut service.node, "", true, problems);
                    named(&service.node, problems);
                    true
                }
                _ => report(&service.node, Err(wrong_type(&service.node, Shape::Table, "a table")), problems),
            });
            true
        }
        (Shape::Tables, Value::List(entries)) => {
            entries.retain_mut(|entry| match &entry.value {
                Value::Table(_) => {
                    table(entry, setting.path, false, problems);
                    true
                }
                _ => report(entry, Err(wrong_type(entry, Shape::Table, "a table")), problems),
            });
            true
        }
        (Shape::Tables, Value::Table(_)) => {
            let name = setting.path.replace("[]", "");
            let fault = Fault::new(Code::ConfigType, "a table stands where a list of tables belongs");
            report(node, Err(fault.hint(format!("write [[{name}]] in TOML, a list in JSON"))), problems)
        }
        (shape, Value::List(elements)) if shape.element().is_some() => {
            let element = shape.element().unwrap_or(shape);
            // Every wrong element is reported, not only the first.
            let wrong = elements.iter().filter(|node| !report(node, scalar(node, element), problems)).count();
            wrong == 0 && report(node, length(node, shape), problems)
        }
        (shape, _) if shape.is_list_only() => {
            report(node, Err(wrong_type(node, shape, shape.list_noun())), problems)
        }
        // A leeway without bounds.
        _ if setting.path == "limits.leeway" && is_off("CLM-16") => true,
        (shape, _) => report(node, scalar(node, shape), problems),
    }
}

/// Entries with which a service changes others say which.
fn named(service: &Node, problems: &mut Problems<'_>) {
    for setting in schema::children("") {
        let Overlay::MergesByName(names) = setting.overlay else {
            continue;
        };
        for entry in service.get(setting.name()).map(Node::elements).unwrap_or_default() {
            let has_name = names.iter().any(|name| entry.get(name).is_some());
            if !has_name && !problems.is_any_excused(entry.place) {
                let hint = format!("name the {} that the service changes", setting.name());
                problems.missing(entry.place, "name", hint);
            }
        }
    }
}

fn report(node: &Node, result: Result<(), Fault>, problems: &mut Problems<'_>) -> bool {
    let is_sound = result.is_ok();
    if let Err(fault) = result {
        problems.at(node.place, fault);
    }
    is_sound
}

fn length(node: &Node, shape: Shape) -> Result<(), Fault> {
    let (least, most) = shape.count();
    match node.elements().len() {
        0 if least > 0 => Err(Fault::value("the list is empty")
            .hint("an empty list switches nothing off: fill it or leave it out")),
        count if count > most => {
            Err(Fault::value(format!("the list has {count} elements, and may have {most}")))
        }
        _ => Ok(()),
    }
}

/// Checks a value that is no list, or one element of a list.
fn scalar(node: &Node, shape: Shape) -> Result<(), Fault> {
    match (shape, &node.value) {
        (Shape::Version, Value::Integer(1)) | (Shape::True, Value::Boolean(true)) => Ok(()),
        (Shape::Boolean, Value::Boolean(_)) => Ok(()),
        (Shape::Version, Value::Integer(_)) => {
            Err(Fault::value("this version reads format 1 alone").hint("write 1"))
        }
        (Shape::True, Value::Boolean(false)) => {
            Err(Fault::value("only true can be written here").hint("leave the setting out"))
        }
        (Shape::Integer { least, most }, Value::Integer(integer)) if (least..=most).contains(integer) => {
            Ok(())
        }
        (Shape::Integer { least, most }, Value::Integer(_) | Value::HugeNumber) => {
            Err(Fault::value(format!("the number is not from {least} to {most}")))
        }
        (Shape::Scalar, Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_)) => Ok(()),
        (Shape::Scalar, Value::HugeNumber) => Err(Fault::value("64 bits do not hold the number")),
        (Shape::KeyDocument, Value::Table(_)) => Ok(()),
        (_, Value::Text(text)) if shape.takes_text() => {
            if !text.is_expanded && values::has_variable(&text.text) {
                return Ok(());
            }
            characters(&text.text, !text.from_environment, shape)
        }
        _ => Err(wrong_type(node, shape, shape.noun())),
    }
}

/// Checks the characters of a string. `may_show` says whether a hint may repeat them.
fn characters(text: &str, may_show: bool, shape: Shape) -> Result<(), Fault> {
    match shape {
        Shape::Duration { least, most } => values::duration(text, least, most).map(drop),
        Shape::Choice(known, planned) => choice(text, may_show, known, planned),
        Shape::Algorithms => algorithm(text, may_show),
        Shape::Types => values::media_type(text).map(drop),
        Shape::Scopes => values::scope(text),
        Shape::Claim => values::claim(text).map(drop),
        Shape::Pointer | Shape::Pointers(_) => values::pointer(text, may_show).map(drop),
        Shape::Secret | Shape::KeyDocument if text.is_empty() => Err(Fault::value("the string is empty")),
        Shape::Secret | Shape::KeyDocument => Ok(()),
        _ => values::identifier(text),
    }
}

fn choice(text: &str, may_show: bool, known: &'static [&'static str], planned: &[&str]) -> Result<(), Fault> {
    if planned.contains(&text) {
        return Err(Fault::new(Code::ConfigNotSupported, "this value is not supported in this version"));
    }
    if known.contains(&text) {
        return Ok(());
    }
    Err(values::unknown(Code::ConfigValue, &word(text, may_show), text, known.iter().copied()))
}

fn algorithm(text: &str, may_show: bool) -> Result<(), Fault> {
    if Algorithm::from_name(text).is_some() {
        return Ok(());
    }
    if text.eq_ignore_ascii_case("none") {
        let fault = Fault::value("tokens without a signature can never be accepted (JWS-05)");
        return Err(fault.hint("leave it out"));
    }
    let names = Algorithm::ALL.iter().map(|algorithm| algorithm.name());
    Err(values::unknown(Code::ConfigValue, &format!("algorithm {}", word(text, may_show)), text, names))
}

fn word(text: &str, may_show: bool) -> String {
    if may_show { format!("\"{}\"", shown(text)) } else { "value from the environment".to_owned() }
}

fn wrong_type(node: &Node, shape: Shape, wanted: &str) -> Fault {
    let fault = Fault::new(Code::ConfigType, format!("{} stands where {wanted} belongs", node.noun()));
    match (shape, &node.value) {
        (Shape::Duration { .. }, Value::Integer(count)) => {
            fault.hint(format!("a duration has a unit and quotes: write \"{count}s\" for seconds"))
        }
        (shape, Value::Text(_)) if shape.is_list_only() => fault.hint("put it in brackets: [\"…\"]"),
        (Shape::Integer { .. } | Shape::Version | Shape::Boolean | Shape::True, Value::Text(_)) => {
            fault.hint("write it without quotes")
        }
        (Shape::Scalar, Value::Null) => fault.hint("for a missing claim write absent = true"),
        (Shape::Table, Value::Text(_)) => fault.hint("write { NAME = VALUE }, or a [table] of its own"),
        (Shape::Table, Value::List(_)) => fault.hint("write [NAME] for a table; [[NAME]] makes a list"),
        (_, Value::Null) => fault.hint("where nothing is meant, leave the setting out"),
        (_, Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Date) if shape.takes_text() => {
            fault.hint("put it in quotes")
        }
        _ => fault,
    }
}
