//! The file as one service sees it: its overlay merged in, its variables put in.

use std::collections::{BTreeMap, HashSet};

use zeroize::Zeroizing;

use super::Resources;
use super::position::shown;
use super::problem::{Fault, Problems};
use super::tree::{Member, Node, Place, Text, Value};
use super::values;
use crate::error::Code;

/// Takes the services out of the tree and merges the chosen one into the rest.
pub(super) fn choose_service(root: &mut Node, chosen: Option<&str>, problems: &mut Problems<'_>) {
    let Value::Table(members) = &mut root.value else {
        return;
    };
    let services =
        members.iter().position(|member| &*member.name == "service").map(|at| members.remove(at).node);
    let Some(chosen) = chosen else {
        return;
    };
    let place = services.as_ref().map_or(Place::ROOT, |services| services.place);
    let Some(Value::Table(services)) = services.map(|services| services.value) else {
        return no_such_service(chosen, place, &[], problems);
    };
    match services.iter().position(|service| &*service.name == chosen) {
        None => no_such_service(chosen, place, &services, problems),
        Some(at) => {
            if let Some(Member { node, .. }) = services.into_iter().nth(at) {
                merge(root, node, true, problems);
            }
        }
    }
}

fn no_such_service(chosen: &str, place: Place, services: &[Member], problems: &mut Problems<'_>) {
    // The name comes from the caller or the environment, not from the file: it is not repeated.
    let fault = Fault::new(Code::ConfigMissing, "there is no service of the chosen name");
    let names = services.iter().map(|service| &*service.name);
    let hint = match values::nearest(chosen, names.clone()) {
        Some(name) => format!("did you mean `{}`?", shown(name)),
        None if services.is_empty() => "add [service.NAME], or choose none".to_owned(),
        None => format!("there are {}", names.take(10).map(shown).collect::<Vec<_>>().join(", ")),
    };
    problems.at(place, fault.hint(hint));
    // What the service would have added is not there.
    problems.silence_missing();
}

/// Tables merge and lists replace. `keys` is replaced as a whole: it names one source.
fn merge(base: &mut Node, overlay: Node, is_outermost: bool, problems: &mut Problems<'_>) {
    problems.excuse_merged(overlay.place, base.place);
    let (Value::Table(members), Value::Table(changes)) = (&mut base.value, overlay.value) else {
        return;
    };
    for change in changes {
        let Some(member) = members.iter_mut().find(|member| member.name == change.name) else {
            members.push(change);
            continue;
        };
        match (&mut member.node.value, &change.node.value) {
            (Value::Table(_), Value::Table(_)) if &*change.name != "keys" => {
                merge(&mut member.node, change.node, false, problems);
            }
            (Value::List(_), Value::List(_)) if is_outermost && &*change.name == "issuer" => {
                merge_issuers(&mut member.node, change.node, problems);
            }
            _ => member.node = change.node,
        }
    }
}

/// With so many names is an unknown one compared, to find the one that was meant.
const COMPARED: usize = 1000;

fn merge_issuers(base: &mut Node, overlay: Node, problems: &mut Problems<'_>) {
    let (Value::List(entries), Value::List(changes)) = (&mut base.value, overlay.value) else {
        return;
    };
    // Ordered, so that a message lists the same names in the same order each time.
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        by_name.entry(name(entry).to_owned()).or_default().push(at);
    }
    let mut changed = HashSet::new();
    for change in changes {
        let key = name(&change).to_owned();
        if key.is_empty() {
            // Its name was reported, or it has none.
            if !problems.is_any_excused(change.place) {
                problems.missing(change.place, "name", "name the issuer that the service changes");
            }
            continue;
        }
        if !changed.insert(key.clone()) {
            let fault = Fault::value("an issuer of this name stands twice in the service");
            problems.at(change.place, fault.hint("put both into one table"));
            continue;
        }
        match by_name.get(&key).map(Vec::as_slice) {
            Some([at]) => merge(&mut entries[*at], change, false, problems),
            Some(_) => {
                let fault = Fault::value("several issuers have this name");
                problems.at(change.place, fault.hint("give each issuer a `name` of its own"));
            }
            None if change.get("issuer").is_some() || change.get("keys").is_some() => entries.push(change),
            None => {
                // What it would have added to its issuer is not there.
                problems.silence_missing();
                let place = change.get("name").map_or(change.place, |name| name.place);
                let what = format!("issuer \"{}\"", shown(&key));
                // Each of many names beside each of many others would be quadratic.
                let compared = if problems.is_full() { 0 } else { COMPARED };
                let known = by_name.keys().map(String::as_str).take(compared);
                problems.at(place, values::unknown(Code::ConfigValue, &what, &key, known));
            }
        }
    }
}

/// The name of an issuer entry as written: `name`, or else the issuer.
fn name(entry: &Node) -> &str {
    entry.get("name").or_else(|| entry.get("issuer")).map_or("", Node::as_str)
}

/// Puts environment variables into every string. A string that cannot be made is reported and taken
/// out. What comes from the environment is not looked at again.
pub(super) fn put_in_variables(root: &mut Node, resources: &dyn Resources, problems: &mut Problems<'_>) {
    in_value(root, resources, problems);
}

/// False where a string in a list or the value itself is gone.
fn in_value(node: &mut Node, resources: &dyn Resources, problems: &mut Problems<'_>) -> bool {
    let place = node.place;
    match &mut node.value {
        Value::Text(text) => match expand(text, resources) {
            Ok(()) => true,
            Err(fault) => {
                problems.at(place, fault);
                false
            }
        },
        Value::List(elements) => {
            let mut is_whole = true;
            elements.retain_mut(|element| {
                let is_table = matches!(element.value, Value::Table(_));
                let is_sound = in_value(element, resources, problems);
                is_whole &= is_sound || is_table;
                is_sound
            });
            is_whole
        }
        Value::Table(members) => {
            members.retain_mut(|member| {
                let is_sound = in_value(&mut member.node, resources, problems);
                if !is_sound {
                    problems.excuse_named(place, &member.name);
                }
                is_sound
            });
            true
        }
        _ => true,
    }
}

fn expand(text: &mut Text, resources: &dyn Resources) -> Result<(), Fault> {
    text.is_expanded = true;
    if !values::has_variable(&text.text) {
        return Ok(());
    }
    let mut out = Zeroizing::new(String::with_capacity(text.text.len()));
    let mut rest = text.text.as_str();
    while let Some(at) = rest.find("${") {
        if let Some(before) = rest[..at].strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        let name = rest[at + 2..].split_once('}').map(|(name, _)| name).filter(|name| is_variable(name));
        let Some(name) = name else {
            let fault = Fault::value("`${` is not followed by the name of a variable and `}`");
            return Err(fault.hint("write ${NAME}, or $${ where two characters `${` are meant"));
        };
        let value = resources.environment(name).map(Zeroizing::new).filter(|value| !value.is_empty());
        let Some(value) = value else {
            let message = format!("the environment variable {} is not set or empty", shown(name));
            return Err(Fault::new(Code::ConfigSecret, message).hint(format!("set {}", shown(name))));
        };
        out.push_str(&rest[..at]);
        out.push_str(&value);
        text.from_environment = true;
        rest = &rest[at + 3 + name.len()..];
    }
    out.push_str(rest);
    text.text = out;
    Ok(())
}

fn is_variable(name: &str) -> bool {
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}
