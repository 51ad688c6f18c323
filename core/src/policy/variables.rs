//! Environment variables, put into the strings that name them.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::Resources;
use super::position::shown;
use super::problem::{Fault, Problems};
use super::tree::{Node, Place, Text, Value};
use super::values;
use crate::error::Code;
use crate::limits;

/// Puts environment variables into every string, and says which went where. A string that cannot be
/// made is reported and taken out. What comes from the environment is not looked at again.
pub(super) fn put_in(root: &mut Node, resources: &dyn Resources, problems: &mut Problems<'_>) -> Origins {
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
