//! The file as one service sees it: its overlay merged in, its variables put in.

use std::collections::{HashMap, HashSet};

use zeroize::Zeroizing;

use super::Resources;
use super::position::shown;
use super::problem::{Fault, Problems};
use super::schema::{self, Overlay, Setting};
use super::tree::{Member, Node, Place, Text, Value};
use super::values;
use crate::error::Code;
use crate::limits;

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

/// Puts environment variables into every string, and says which went where. A string that cannot be
/// made is reported and taken out. What comes from the environment is not looked at again.
pub(super) fn put_in_variables(
    root: &mut Node,
    resources: &dyn Resources,
    problems: &mut Problems<'_>,
) -> Origins {
    let mut variables =
        Variables { resources, bytes_left: Some(limits::VARIABLE_BYTES), origins: Origins::new() };
    variables.put_into(root, problems);
    variables.origins
}

/// The variables of each string that has any.
pub(super) type Origins = HashMap<Place, Vec<Box<str>>>;

struct Variables<'a> {
    resources: &'a dyn Resources,
    /// A variable may be put in often, but the policy stays bounded. `None`: it was too much.
    bytes_left: Option<usize>,
    origins: Origins,
}

impl Variables<'_> {
    /// False where a string in a list or the value itself is gone.
    fn put_into(&mut self, node: &mut Node, problems: &mut Problems<'_>) -> bool {
        let place = node.place;
        match &mut node.value {
            Value::Text(text) => match self.expand(text, place) {
                Ok(()) => true,
                Err(fault) => {
                    if let Some(fault) = fault {
                        problems.at(place, fault);
                    }
                    false
                }
            },
            Value::List(elements) => {
                let mut is_whole = true;
                elements.retain_mut(|element| {
                    let is_table = matches!(element.value, Value::Table(_));
                    let is_sound = self.put_into(element, problems);
                    is_whole &= is_sound || is_table;
                    is_sound
                });
                is_whole
            }
            Value::Table(members) => {
                members.retain_mut(|member| {
                    let is_sound = self.put_into(&mut member.node, problems);
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

    /// Fails without a fault where the mistake was reported elsewhere.
    fn expand(&mut self, text: &mut Text, place: Place) -> Result<(), Option<Fault>> {
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
                return Err(Some(fault.hint("write ${NAME}, or $${ where two characters `${` are meant")));
            };
            let value = self.value(name)?;
            out.push_str(&rest[..at]);
            out.push_str(&value);
            text.from_environment = true;
            self.origins.entry(place).or_default().push(name.into());
            rest = &rest[at + 3 + name.len()..];
        }
        out.push_str(rest);
        text.text = out;
        Ok(())
    }

    fn value(&mut self, name: &str) -> Result<Zeroizing<String>, Option<Fault>> {
        let Some(bytes_left) = self.bytes_left else {
            return Err(None);
        };
        let value = self.resources.environment(name).map(Zeroizing::new).filter(|value| !value.is_empty());
        let Some(value) = value else {
            let message = format!("the environment variable {} is not set, or empty", shown(name));
            let hint = format!("set {}, or write the value here", shown(name));
            return Err(Some(Fault::new(Code::ConfigSecret, message).hint(hint)));
        };
        self.bytes_left = bytes_left.checked_sub(value.len());
        if self.bytes_left.is_none() {
            let message =
                format!("environment variables add more than {} bytes to the policy", limits::VARIABLE_BYTES);
            let fault = Fault::new(Code::ConfigTooLarge, message);
            return Err(Some(fault.hint("put large values into files")));
        }
        Ok(value)
    }
}

fn is_variable(name: &str) -> bool {
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}
