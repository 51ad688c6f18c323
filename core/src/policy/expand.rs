//! The file as one service sees it: what it changes is merged in.

use std::collections::{HashMap, HashSet};

use super::position::shown;
use super::problem::{Fault, Problems};
use super::schema::{self, Overlay, Setting};
use super::tree::{Member, Node, Place, Value};
use super::values;
use crate::error::Code;

/// Takes the services out of the tree and merges the chosen one into the rest.
pub(super) fn choose_service(root: &mut Node, chosen: Option<&str>, problems: &mut Problems<'_>) {
    let Value::Table(members) = &mut root.value else {
        return;
    };
    let services =
        members.iter().position(|member| &*member.name == "service").map(|at| members.remove(at).node);
    if let Some(services) = &services {
        check_names(root, services, chosen, problems);
    }
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
                merge(root, node, "", problems);
            }
        }
    }
}

/// Entries that the other services change have to be there, too.
fn check_names(root: &Node, services: &Node, chosen: Option<&str>, problems: &mut Problems<'_>) {
    for setting in schema::children("") {
        let Overlay::MergesByName(names) = setting.overlay else {
            continue;
        };
        if problems.is_excused(root.place, setting.name()) {
            continue;
        }
        let known = Known::of(root.get(setting.name()).map(Node::elements).unwrap_or_default(), names);
        for service in services.members().iter().filter(|service| Some(&*service.name) != chosen) {
            for change in service.node.get(setting.name()).map(Node::elements).unwrap_or_default() {
                let key = name(change, names);
                if !key.is_empty() && !known.entries.contains_key(key) && !is_new(change, names) {
                    known.report_unknown(setting, change, key, problems);
                }
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

/// Merges what a service says into what stands at the top, as the schema says for each setting.
fn merge(base: &mut Node, overlay: Node, path: &str, problems: &mut Problems<'_>) {
    problems.excuse_merged(overlay.place, base.place);
    let (Value::Table(members), Value::Table(changes)) = (&mut base.value, overlay.value) else {
        return;
    };
    for change in changes {
        let Some(member) = members.iter_mut().find(|member| member.name == change.name) else {
            members.push(change);
            continue;
        };
        let setting = schema::find(path, &change.name);
        let overlay = setting.map_or(Overlay::Replaces, |setting| setting.overlay);
        match (&member.node.value, &change.node.value, overlay, setting) {
            (Value::Table(_), Value::Table(_), Overlay::Merges, Some(setting)) => {
                merge(&mut member.node, change.node, setting.path, problems);
            }
            (Value::List(_), Value::List(_), Overlay::MergesByName(names), Some(setting)) => {
                merge_entries(&mut member.node, change.node, setting, names, problems);
            }
            // What says the same stays where it was said first.
            _ if member.node.same(&change.node) => {}
            _ => member.node = change.node,
        }
    }
}

/// So many names are compared with one that is not known.
const COMPARED: usize = 500;

/// Merges lists of tables entry by entry.
fn merge_entries(
    base: &mut Node,
    overlay: Node,
    setting: &Setting,
    names: &[&str],
    problems: &mut Problems<'_>,
) {
    let (Value::List(entries), Value::List(changes)) = (&mut base.value, overlay.value) else {
        return;
    };
    let what = setting.name();
    let known = Known::of(entries, names);
    let mut changed = HashSet::new();
    for change in changes {
        let key = name(&change, names).to_owned();
        if key.is_empty() {
            // It was reported: as wrong, or as missing.
            continue;
        }
        if !changed.insert(key.clone()) {
            let fault =
                Fault::value(format!("an entry of `{what}` with this name stands twice in the service"));
            problems.at(change.place, fault.hint("put both into one table"));
            continue;
        }
        match known.entries.get(&key).map(Vec::as_slice) {
            Some([at]) => merge(&mut entries[*at], change, setting.path, problems),
            Some(_) => {
                let fault = Fault::value(format!("several entries of `{what}` have this name"));
                problems.at(change.place, fault.hint("give each entry a `name` of its own"));
            }
            None if is_new(&change, names) => entries.push(change),
            None => {
                // What it would have added to its entry is not there.
                problems.silence_missing();
                known.report_unknown(setting, &change, &key, problems);
            }
        }
    }
}

/// The entries of a list by name.
struct Known {
    entries: HashMap<String, Vec<usize>>,
    /// Some of the names, in the order of the file.
    names: Vec<String>,
}

impl Known {
    fn of(entries: &[Node], names: &[&str]) -> Known {
        let mut known = Known { entries: HashMap::new(), names: Vec::new() };
        for (at, entry) in entries.iter().enumerate() {
            let name = name(entry, names);
            known.entries.entry(name.to_owned()).or_default().push(at);
            if known.names.len() < COMPARED {
                known.names.push(name.to_owned());
            }
        }
        known
    }

    fn report_unknown(&self, setting: &Setting, change: &Node, key: &str, problems: &mut Problems<'_>) {
        let place = change.get("name").map_or(change.place, |name| name.place);
        let what = format!("{} \"{}\"", setting.name(), shown(key));
        let known = self.names.iter().map(String::as_str).filter(|_| !problems.is_full());
        problems.at(place, values::unknown(Code::ConfigValue, &what, key, known));
    }
}

/// The name of an entry as written: the first of these settings that is there.
fn name<'a>(entry: &'a Node, names: &[&str]) -> &'a str {
    names.iter().find_map(|name| entry.get(name)).map_or("", Node::as_str)
}

/// Does an entry say enough to be one of its own? A misspelled name of another does not.
fn is_new(entry: &Node, names: &[&str]) -> bool {
    entry.get("keys").is_some() || names.iter().skip(1).any(|name| entry.get(name).is_some())
}
