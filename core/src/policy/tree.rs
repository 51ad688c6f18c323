//! The policy as a tree in which every value knows its place, whether it was written in TOML or JSON.
//!
//! Nothing here can be printed: a tree holds secrets.

use zeroize::Zeroizing;

use crate::json;

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What a value is.
#[derive(Clone)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    /// A number that 64 bits do not hold.
    HugeNumber,
    Date,
    Text(Text),
    List(Vec<Node>),
    Table(Vec<Member>),
}

/// A string: perhaps a secret, so it is wiped when it goes.
#[derive(Clone)]
pub(super) struct Text {
    pub(super) text: Zeroizing<String>,
    /// Have its variables been put in?
    pub(super) is_expanded: bool,
    /// Did a part of it come from the environment? Then no message may show it.
    pub(super) from_environment: bool,
}

/// A setting of a table.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) name: Box<str>,
    pub(super) node: Node,
}

impl Node {
    /// The members; empty where it is no table.
    pub(super) fn members(&self) -> &[Member] {
        match &self.value {
            Value::Table(members) => members,
            _ => &[],
        }
    }

    /// The elements of a list; anything else counts as a list of itself.
    pub(super) fn elements(&self) -> &[Node] {
        match &self.value {
            Value::List(elements) => elements,
            _ => std::slice::from_ref(self),
        }
    }

    /// The member of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.members().iter().find(|member| &*member.name == name).map(|member| &member.node)
    }

    /// The member of that name, to be changed.
    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        match &mut self.value {
            Value::Table(members) => {
                members.iter_mut().find(|member| &*member.name == name).map(|member| &mut member.node)
            }
            _ => None,
        }
    }

    /// The string, if it is one.
    pub(super) fn text(&self) -> Option<&Text> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The characters of a string; empty where it is none.
    pub(super) fn as_str(&self) -> &str {
        self.text().map_or("", |text| &text.text)
    }

    /// The integer; 0 where it is none.
    pub(super) fn as_integer(&self) -> i64 {
        match self.value {
            Value::Integer(integer) => integer,
            _ => 0,
        }
    }

    /// What it is, with an article, for messages.
    pub(super) fn noun(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Boolean(_) => "a boolean",
            Value::Integer(_) | Value::HugeNumber => "a number",
            Value::Float(_) => "a number with a fraction or exponent",
            Value::Date => "a date",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// Do both say the same? The order of members does not matter, their places neither.
    pub(super) fn same(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::Null, Value::Null) => true,
            (Value::Boolean(a), Value::Boolean(b)) => a == b,
            (Value::Integer(a), Value::Integer(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a.text == b.text,
            (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Value::Table(a), Value::Table(b)) => {
                let (a, b) = (sorted(a), sorted(b));
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name && a.node.same(&b.node))
            }
            _ => false,
        }
    }

    /// The value as JSON; what JSON cannot say becomes null.
    pub(super) fn to_json(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::new());
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        match &self.value {
            Value::Null | Value::HugeNumber | Value::Date => out.push_str("null"),
            Value::Boolean(boolean) => out.push_str(if *boolean { "true" } else { "false" }),
            Value::Integer(integer) => out.push_str(&integer.to_string()),
            Value::Float(float) if float.is_finite() => out.push_str(&format!("{float:?}")),
            Value::Float(_) => out.push_str("null"),
            Value::Text(text) => json::write_string(out, &text.text),
            Value::List(elements) => {
                let separators = std::iter::once('[').chain(std::iter::repeat(','));
                elements.iter().zip(separators).for_each(|(element, separator)| {
                    out.push(separator);
                    element.write_json(out);
                });
                out.push_str(if elements.is_empty() { "[]" } else { "]" });
            }
            Value::Table(members) => {
                let separators = std::iter::once('{').chain(std::iter::repeat(','));
                members.iter().zip(separators).for_each(|(member, separator)| {
                    out.push(separator);
                    json::write_string(out, &member.name);
                    out.push(':');
                    member.node.write_json(out);
                });
                out.push_str(if members.is_empty() { "{}" } else { "}" });
            }
        }
    }
}

/// By name, so that comparing takes no square of the time.
fn sorted(members: &[Member]) -> Vec<&Member> {
    let mut sorted: Vec<&Member> = members.iter().collect();
    sorted.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    sorted
}

impl Text {
    /// A string as the file has it.
    pub(super) fn new(text: String) -> Text {
        Text { text: Zeroizing::new(text), is_expanded: false, from_environment: false }
    }
}

/// The identity of a value of the file: it stays the same when trees are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place(u32);

impl Place {
    /// The outermost table.
    pub(super) const ROOT: Place = Place(0);
}

/// Where every value stands: in the file and in the tree.
pub(super) struct Places {
    entries: Vec<Entry>,
}

struct Entry {
    parent: Place,
    step: Step,
    name_offset: u32,
    offset: u32,
}

/// One step from a table or list to a value in it.
#[derive(Clone)]
pub(super) enum Step {
    Name(Box<str>),
    Index(usize),
}

impl Places {
    /// With the outermost table alone.
    pub(super) fn new() -> Places {
        let root = Entry { parent: Place::ROOT, step: Step::Index(0), name_offset: 0, offset: 0 };
        Places { entries: vec![root] }
    }

    /// A new place inside `parent`; offsets are in bytes.
    pub(super) fn add(&mut self, parent: Place, step: Step, name_offset: usize, offset: usize) -> Place {
        let place = Place(self.entries.len() as u32);
        self.entries.push(Entry { parent, step, name_offset: name_offset as u32, offset: offset as u32 });
        place
    }

    /// Where the value begins.
    pub(super) fn offset(&self, place: Place) -> usize {
        self.entries[place.0 as usize].offset as usize
    }

    /// Where the name of the setting begins; for an element of a list, where the element does.
    pub(super) fn name_offset(&self, place: Place) -> usize {
        self.entries[place.0 as usize].name_offset as usize
    }

    /// Every place with the bytes at which its name and its value begin.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, usize, usize)> {
        let with_place = |(at, entry): (usize, &Entry)| {
            (Place(at as u32), entry.name_offset as usize, entry.offset as usize)
        };
        self.entries.iter().enumerate().skip(1).map(with_place)
    }

    /// The steps from the outermost table to it.
    pub(super) fn steps(&self, mut place: Place) -> Vec<&Step> {
        let mut steps = Vec::new();
        while place != Place::ROOT {
            let entry = &self.entries[place.0 as usize];
            steps.push(&entry.step);
            place = entry.parent;
        }
        steps.reverse();
        steps
    }
}
