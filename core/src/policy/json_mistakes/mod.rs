//! Reads a text that is no JSON as if it were, and says each time what is wrong with it.
//!
//! Nothing is accepted here: this runs only where the strict parser has refused the text, and whatever
//! it lets pass is reported.

mod strings;

use std::collections::HashSet;

use super::problem::Fault;
use super::read::{DEEPEST, Reading, too_deep};
use super::read_json::number;
use super::tree::{Member, Node, Place, Places, Step, Text, Value};
use crate::error::Code;
use strings::is_curly;

/// Reads as much as there is to read. `Err` where it is nested too deeply.
pub(super) fn read(text: &str) -> Result<Reading, (usize, Fault)> {
    // A bracket that closes another than the last one: was one forgotten, or is it the wrong one? The
    // guess that leaves fewer mistakes is the better one.
    let forgotten = read_with(text, true)?;
    if forgotten.faults.len() < 2 {
        return Ok(forgotten);
    }
    let wrong = read_with(text, false)?;
    Ok(if wrong.faults.len() < forgotten.faults.len() { wrong } else { forgotten })
}

fn read_with(text: &str, is_forgotten: bool) -> Result<Reading, (usize, Fault)> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        places: Places::new(),
        faults: Vec::new(),
        damaged: HashSet::new(),
        is_complete: true,
        open: Vec::new(),
        has_ended: false,
        is_forgotten,
        has_swallowed: false,
    };
    let value = reader.document()?;
    let Reader { places, faults, damaged, is_complete, .. } = reader;
    let root = Node { place: Place::ROOT, value };
    Ok(Reading { faults, damaged, is_complete, ..Reading::sound(root, places) })
}

/// A text with more mistakes than this is something else.
const MOST: usize = 100;

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    places: Places,
    faults: Vec<(usize, Fault)>,
    damaged: HashSet<Place>,
    is_complete: bool,
    /// What would close the brackets that are open.
    open: Vec<u8>,
    /// Was it reported that the text ends too soon?
    has_ended: bool,
    /// Is a bracket that does not close the last one taken for that of another?
    is_forgotten: bool,
    /// Did a string that is not closed end with its line, with the comma in it?
    has_swallowed: bool,
}

/// `Err` where it is nested too deeply.
type Read<T> = Result<T, (usize, Fault)>;

impl Reader<'_> {
    fn document(&mut self) -> Read<Value> {
        if self.text.starts_with('\u{feff}') {
            self.report(0, "the text begins with a byte order mark", "save the file as UTF-8 without it");
            self.at = '\u{feff}'.len_utf8();
        }
        self.skip_blank();
        if self.peek() != Some(b'{') {
            self.report(self.at, "a policy in JSON is one object", "begin with { and end with }");
            self.is_complete = false;
            return Ok(Value::Table(Vec::new()));
        }
        let value = self.object(Place::ROOT, 1)?;
        self.skip_blank();
        if self.at < self.bytes.len() {
            self.report(self.at, "something stands behind the end of the object", "leave it out");
        }
        Ok(value)
    }

    fn value(&mut self, place: Place, depth: usize) -> Read<Value> {
        let start = self.at;
        match self.peek() {
            Some(b'{' | b'[') if depth == DEEPEST => Err(too_deep(start)),
            Some(b'{') => self.object(place, depth + 1),
            Some(b'[') => self.list(place, depth + 1),
            Some(b'"') => {
                let (text, is_sound) = self.string();
                Ok(self.judged(place, is_sound, Value::Text(Text::new(text))))
            }
            Some(b'\'') => {
                self.quoted_otherwise('\'');
                Ok(self.judged(place, false, Value::Null))
            }
            _ => Ok(self.word(place)),
        }
    }

    /// What is in no quotes and brackets: numbers, true, false, null, and what people take for them.
    fn word(&mut self, place: Place) -> Value {
        let start = self.at;
        let rest = &self.text[start..];
        let is_end = |one: char| one.is_whitespace() || ",:]}[{\"".contains(one);
        let word = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        if let Some(quote) = rest.chars().next().filter(|one| is_curly(*one)) {
            self.quoted_otherwise(quote);
            return self.judged(place, false, Value::Null);
        }
        self.at += word.len();
        match word {
            "true" => return Value::Boolean(true),
            "false" => return Value::Boolean(false),
            "null" => return Value::Null,
            _ if is_number(word) => return number(word),
            "" => self.report(start, "a value is missing here", "write one"),
            "True" | "False" | "TRUE" | "FALSE" | "yes" | "no" => {
                self.report(start, "this is no boolean", "write true or false");
            }
            "None" | "nil" | "undefined" | "NULL" | "Null" | "NaN" => {
                let hint = "where nothing is meant, leave the setting out";
                self.report(start, "this is no value of JSON", hint);
            }
            _ if word.trim_start_matches(['+', '0']).bytes().all(|byte| byte.is_ascii_digit()) => {
                self.report(start, "a number does not begin with 0 or +", "leave it out");
            }
            _ if word.starts_with(|one: char| one.is_ascii_digit() || "+-.".contains(one)) => {
                let hint = "put strings and durations in quotes, such as \"30s\"";
                self.report(start, "this is no number", hint);
            }
            _ => self.report(start, "a string has no quotes", "put it in double quotes: \"…\""),
        }
        self.judged(place, false, Value::Null)
    }

    fn list(&mut self, place: Place, depth: usize) -> Read<Value> {
        let begun = self.begin(b']');
        let mut elements = Vec::new();
        while self.goes_on(begun, b']', !elements.is_empty()) {
            let start = self.at;
            let place = self.places.add(place, Step::Index(elements.len()), start, start);
            let value = self.value(place, depth)?;
            self.skip_junk(start);
            if matches!(value, Value::Text(_)) && self.is_before_colon() {
                // A name: the list has ended before it.
                self.report_open(begun, b']');
                self.open.pop();
                self.at = start;
                self.has_swallowed = true;
                break;
            }
            elements.push(Node { place, value });
        }
        Ok(Value::List(elements))
    }

    fn is_before_colon(&self) -> bool {
        self.bytes[self.at..].trim_ascii_start().starts_with(b":")
    }

    fn object(&mut self, place: Place, depth: usize) -> Read<Value> {
        let begun = self.begin(b'}');
        let mut members: Vec<Member> = Vec::new();
        let mut names: HashSet<Box<str>> = HashSet::new();
        let mut has_member = false;
        while self.goes_on(begun, b'}', has_member) {
            has_member = true;
            let name_offset = self.at;
            let Some(name) = self.name() else {
                self.is_complete = false;
                self.skip_junk(name_offset);
                if self.bytes[name_offset] == b':' {
                    self.skip_blank();
                    let nowhere = self.places.add(place, Step::Name("".into()), name_offset, self.at);
                    self.value(nowhere, depth)?;
                }
                continue;
            };
            self.separator();
            let member = self.places.add(place, Step::Name(name.clone()), name_offset, self.at);
            let value = self.value(member, depth)?;
            if names.insert(name.clone()) {
                members.push(Member { name, node: Node { place: member, value } });
            } else {
                self.report(name_offset, "the name stands twice in its object", "keep one of the two");
            }
        }
        Ok(Value::Table(members))
    }

    fn begin(&mut self, end: u8) -> usize {
        self.open.push(end);
        self.at += 1;
        self.at - 1
    }

    /// Goes to the next element or member; `false` where the list or object ends.
    fn goes_on(&mut self, begun: usize, end: u8, is_behind: bool) -> bool {
        let goes_on = self.next_begins(begun, end, is_behind);
        if !goes_on {
            self.open.pop();
        }
        goes_on
    }

    fn next_begins(&mut self, begun: usize, end: u8, is_behind: bool) -> bool {
        let behind_last = self.at;
        let mut comma = std::mem::take(&mut self.has_swallowed).then_some(behind_last);
        loop {
            self.skip_blank();
            if self.faults.len() >= MOST {
                self.is_complete = false;
                self.at = self.bytes.len();
                return false;
            }
            match self.peek() {
                Some(b',') => {
                    if comma.is_some() || !is_behind {
                        self.report(self.at, "there is one comma too many", "leave it out");
                    }
                    comma = Some(self.at);
                    self.at += 1;
                }
                Some(byte) if byte == end => {
                    if let Some(comma) = comma.filter(|_| is_behind) {
                        self.report(comma, "a comma stands behind the last one", "leave it out");
                    }
                    self.at += 1;
                    return false;
                }
                Some(byte @ (b']' | b'}')) => {
                    if self.is_forgotten && self.open.contains(&byte) {
                        self.report_open(begun, end);
                    } else {
                        let message = "another bracket closes this than opened it";
                        self.report(begun, message, "close [ with ] and { with }");
                        self.at += 1;
                    }
                    return false;
                }
                None => {
                    // The brackets around it are open for the same reason.
                    if !self.has_ended {
                        self.report_open(begun, end);
                    }
                    self.has_ended = true;
                    return false;
                }
                Some(_) => {
                    if is_behind && comma.is_none() {
                        self.report(behind_last, "a comma is missing here", "put commas between the values");
                    }
                    return true;
                }
            }
        }
    }

    fn report_open(&mut self, begun: usize, end: u8) {
        let (what, sign) = if end == b']' { ("list", ']') } else { ("object", '}') };
        let message = format!("the {what} that begins here is not closed");
        self.report(begun, &message, &format!("write `{sign}` at its end"));
    }

    /// The name of a member, in whatever quotes.
    fn name(&mut self) -> Option<Box<str>> {
        let start = self.at;
        match self.text[start..].chars().next() {
            Some('"') => return Some(self.string().0.into()),
            Some(quote) if quote == '\'' || is_curly(quote) => {
                return Some(self.quoted_otherwise(quote).into());
            }
            _ => {}
        }
        let is_part = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '.');
        let rest = &self.text[start..];
        let name = &rest[..rest.find(|one| !is_part(one)).unwrap_or(rest.len())];
        if name.is_empty() {
            self.report(start, "a name in double quotes belongs here", "write \"NAME\": VALUE");
            return None;
        }
        self.at += name.len();
        self.report(start, "the name has no quotes", "put it in double quotes");
        Some(name.into())
    }

    /// The colon between name and value.
    fn separator(&mut self) {
        let behind_name = self.at;
        self.skip_blank();
        match self.peek() {
            Some(b':') => self.at += 1,
            Some(b'=') => {
                self.report(self.at, "`=` stands where a colon belongs", "write \"NAME\": VALUE");
                self.at += 1;
            }
            _ => self.report(behind_name, "a colon is missing here", "write \"NAME\": VALUE"),
        }
        self.skip_blank();
    }

    /// Blanks, and comments, which JSON does not have.
    fn skip_blank(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            let rest = &self.text[self.at..];
            let end = match rest {
                _ if rest.starts_with("//") || rest.starts_with('#') => rest.find('\n').unwrap_or(rest.len()),
                _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
                _ => return,
            };
            let hint = "leave it out, name it \"x-note\", or write the policy in TOML";
            self.report(self.at, "JSON has no comments", hint);
            self.at += end;
        }
    }

    /// Behind something that could not be read at all, one character goes.
    fn skip_junk(&mut self, start: usize) {
        if self.at == start {
            self.at += self.text[start..].chars().next().map_or(0, char::len_utf8);
        }
    }

    fn judged(&mut self, place: Place, is_sound: bool, value: Value) -> Value {
        if !is_sound {
            self.damaged.insert(place);
        }
        value
    }

    fn report(&mut self, at: usize, message: &str, hint: &str) {
        if self.faults.len() < MOST {
            self.faults.push((at, Fault::new(Code::ConfigSyntax, message).hint(hint)));
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

/// RFC 8259 section 6.
fn is_number(word: &str) -> bool {
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (integer, fraction) = match mantissa.split_once('.') {
        Some((integer, fraction)) => (integer, Some(fraction)),
        None => (mantissa, None),
    };
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(integer)
        && (integer == "0" || !integer.starts_with('0'))
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(|exponent| is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}
