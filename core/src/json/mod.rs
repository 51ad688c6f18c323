//! Strict JSON (JSN-*): one pass over the text that refuses duplicates at any depth.
//!
//! A [`Document`] owns its text and a flat list of nodes that point into it. Strings are borrowed
//! from the text; those written with escapes are unescaped once, behind the text. Numbers stay as
//! they were written (JSN-08).
//!
//! ```text
//! text   {"iss":"a","n":[1]}            nodes   0 object  next=6
//!                                               1 key "iss"   2 string "a"
//!                                               3 key "n"     4 array next=6   5 number "1"
//! ```

mod parse;
mod pointer;
mod write;

pub(crate) use write::write_string;

pub use parse::{Bounds, Fault, parse};
pub use pointer::Pointer;

use std::fmt;
use std::ops::Range;

use zeroize::Zeroize;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are JSON's own")]
pub enum Kind {
    Null = 0,
    False = 1,
    True = 2,
    Number = 3,
    String = 4,
    Array = 5,
    Object = 6,
}

impl Kind {
    /// The kind with its article, for messages.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::False | Kind::True => "a boolean",
            Kind::Number => "a number",
            Kind::String => "a string",
            Kind::Array => "a list",
            Kind::Object => "an object",
        }
    }
}

/// One value or member name: where it stands in the text, its kind, and the node after its subtree.
#[derive(Clone, Copy)]
struct Node {
    start: u32,
    end: u32,
    kind_and_next: u32,
}

const NEXT_BITS: u32 = 29;

impl Node {
    fn new(kind: Kind, start: usize, end: usize, next: usize) -> Node {
        Node { start: start as u32, end: end as u32, kind_and_next: (kind as u32) << NEXT_BITS | next as u32 }
    }

    fn kind(self) -> Kind {
        match self.kind_and_next >> NEXT_BITS {
            0 => Kind::Null,
            1 => Kind::False,
            2 => Kind::True,
            3 => Kind::Number,
            4 => Kind::String,
            5 => Kind::Array,
            _ => Kind::Object,
        }
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    fn bytes(self) -> usize {
        (self.end - self.start) as usize
    }

    fn next(self) -> usize {
        (self.kind_and_next & ((1 << NEXT_BITS) - 1)) as usize
    }
}

/// The first eight bytes of a name as one number, zeros behind its end: most names are told apart by it.
pub(crate) const fn first_eight(name: &[u8]) -> u64 {
    let (mut word, mut at) = (0, if name.len() < 8 { name.len() } else { 8 });
    while at > 0 {
        at -= 1;
        word = word << 8 | name[at] as u64;
    }
    word
}

/// The same of a name inside a text, which costs less where eight bytes can be read.
#[inline(always)]
fn first_eight_in(text: &[u8], name: Range<usize>) -> u64 {
    let Some(chunk) = text.get(name.start..).and_then(|rest| rest.first_chunk()) else {
        return first_eight(&text[name]);
    };
    let word = u64::from_le_bytes(*chunk);
    if name.len() < 8 { word & !(u64::MAX << (8 * name.len())) } else { word }
}

/// Parsed JSON text whose outermost value is an object.
pub struct Document {
    text: String,
    source_bytes: usize,
    nodes: Vec<Node>,
    /// Where strings with escapes stood in the source: (node, offset), ordered by node.
    escaped: Vec<(u32, u32)>,
}

impl Document {
    /// The outermost object.
    pub fn root(&self) -> Value<'_> {
        self.value(0)
    }

    /// The text as it was parsed.
    pub fn source(&self) -> &str {
        &self.text[..self.source_bytes]
    }

    /// Is every character ASCII and written as it is, without an escape?
    pub(crate) fn is_plain_ascii(&self) -> bool {
        self.escaped.is_empty() && self.text.is_ascii()
    }

    /// Overwrites the text, where it held a secret.
    pub(crate) fn wipe(mut self) {
        self.text.zeroize();
    }

    /// Bytes held, for reports on memory.
    pub fn memory_bytes(&self) -> usize {
        self.text.capacity() + self.nodes.capacity() * size_of::<Node>() + self.escaped.capacity() * 8
    }

    /// The value of an index that [`Value::index`] gave.
    pub(crate) fn value(&self, index: usize) -> Value<'_> {
        Value { document: self, index }
    }

    fn text(&self, node: Node) -> &str {
        &self.text[node.range()]
    }

    fn offset(&self, index: usize) -> usize {
        match self.escaped.binary_search_by_key(&(index as u32), |(node, _)| *node) {
            Ok(at) => self.escaped[at].1 as usize,
            Err(_) => self.nodes[index].start as usize,
        }
    }
}

impl fmt::Debug for Document {
    /// Shows the size only: the text may be a token's.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Document").field("bytes", &self.source_bytes).finish_non_exhaustive()
    }
}

/// A value inside a [`Document`].
#[derive(Clone, Copy)]
pub struct Value<'a> {
    document: &'a Document,
    index: usize,
}

impl<'a> Value<'a> {
    fn node(self) -> Node {
        self.document.nodes[self.index]
    }

    /// Its place in the document, for keeping without borrowing.
    pub(crate) fn index(self) -> usize {
        self.index
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.node().kind()
    }

    /// Is it null?
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The boolean, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// The string, unescaped, if it is one. Costs nothing.
    pub fn as_str(self) -> Option<&'a str> {
        let node = self.node();
        (node.kind() == Kind::String).then(|| self.document.text(node))
    }

    /// The number as it was written, if it is one.
    pub fn as_number(self) -> Option<&'a str> {
        let node = self.node();
        (node.kind() == Kind::Number).then(|| self.document.text(node))
    }

    /// The number, if it is written as an integer of 64 bits.
    pub fn as_i64(self) -> Option<i64> {
        self.as_number()?.parse().ok()
    }

    /// The elements, if it is a list.
    pub fn as_array(self) -> Option<Elements<'a>> {
        let node = self.node();
        (node.kind() == Kind::Array).then(|| Elements {
            document: self.document,
            at: self.index + 1,
            end: node.next(),
        })
    }

    /// The members in the order of the text, if it is an object.
    pub fn as_object(self) -> Option<Members<'a>> {
        let node = self.node();
        (node.kind() == Kind::Object).then(|| Members {
            document: self.document,
            at: self.index + 1,
            end: node.next(),
        })
    }

    /// The member of that exact name, if it is an object that has one. Costs a walk over the members.
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        let Members { document, mut at, end } = self.as_object()?;
        let text = document.text.as_bytes();
        while let Some([member, value, ..]) = document.nodes.get(at..end) {
            if member.bytes() == name.len() && text[member.range()] == *name.as_bytes() {
                return Some(document.value(at + 1));
            }
            at = value.next();
        }
        None
    }

    /// Where it stands in the source, in bytes.
    pub fn offset(self) -> usize {
        self.document.offset(self.index)
    }

    /// The name of this member, for a value that [`Members`] gave.
    pub(crate) fn name(self) -> Name<'a> {
        Name { document: self.document, node: self.document.nodes[self.index - 1] }
    }

    /// The values of the members, if it is an object.
    pub(crate) fn member_values(self) -> impl Iterator<Item = Value<'a>> {
        let Members { document, mut at, end } =
            self.as_object().unwrap_or(Members { document: self.document, at: 0, end: 0 });
        std::iter::from_fn(move || {
            let value = document.nodes.get(at + 1).filter(|_| at < end)?;
            let index = std::mem::replace(&mut at, value.next()) + 1;
            Some(Value { document, index })
        })
    }

    /// Where the name of this member stands in the source, for a value that [`Members`] gave.
    pub(crate) fn name_offset(self) -> usize {
        self.document.offset(self.index.saturating_sub(1))
    }

    /// The value as compact JSON: members in their order, numbers as they were written.
    pub fn to_json(self) -> String {
        let mut text = String::new();
        self.write_json(&mut text);
        text
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Value({})", self.kind().noun())
    }
}

/// The name of a member, which is told from most others without being looked at as a whole.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a> {
    document: &'a Document,
    node: Node,
}

impl<'a> Name<'a> {
    #[inline(always)]
    pub(crate) fn bytes(self) -> usize {
        self.node.bytes()
    }

    /// See the function of that name.
    #[inline(always)]
    pub(crate) fn first_eight(self) -> u64 {
        first_eight_in(self.document.text.as_bytes(), self.node.range())
    }

    pub(crate) fn as_str(self) -> &'a str {
        self.document.text(self.node)
    }
}

/// The elements of a list.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    document: &'a Document,
    at: usize,
    end: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if self.at >= self.end {
            return None;
        }
        let value = self.document.value(self.at);
        self.at = value.node().next();
        Some(value)
    }
}

/// The members of an object.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    document: &'a Document,
    at: usize,
    end: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let name = self.document.text(self.document.nodes[self.at]);
        let value = self.document.value(self.at + 1);
        self.at = value.node().next();
        Some((name, value))
    }
}
