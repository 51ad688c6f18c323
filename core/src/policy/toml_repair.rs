//! Signs that are plainly missing from a TOML text, put in so that the rest can be read.
//!
//! This judges nothing: it runs only when the parser has found mistakes, and everything that it puts in
//! is reported as missing.

use super::problem::Fault;
use super::toml_fault::{no_setting, syntax};

/// A text with its repairs.
pub(super) struct Repaired<'t> {
    source: &'t str,
    /// Ordered, and none inside another.
    edits: Vec<Edit>,
    text: Option<String>,
    /// What was repaired, each at a byte of the source.
    pub(super) faults: Vec<(usize, Fault)>,
    /// Is everything there? Otherwise a line was left out that was meant to be something.
    pub(super) is_complete: bool,
}

struct Edit {
    at: usize,
    removed: usize,
    inserted: String,
}

impl Repaired<'_> {
    /// The text to read in place of the source.
    pub(super) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or(self.source)
    }

    /// Where in the source this byte of the text stands.
    pub(super) fn original(&self, offset: usize) -> usize {
        let mut shift = 0;
        for edit in &self.edits {
            let start = edit.at + shift;
            if offset < start {
                break;
            }
            if offset < start + edit.inserted.len() {
                return edit.at;
            }
            // Nothing removes more than it inserts.
            shift += edit.inserted.len() - edit.removed;
        }
        offset - shift
    }

    fn edit(&mut self, at: usize, removed: usize, inserted: impl Into<String>) {
        self.edits.push(Edit { at, removed, inserted: inserted.into() });
    }

    fn report(&mut self, at: usize, message: &str, hint: impl Into<String>) {
        self.faults.push((at, syntax(message).hint(hint)));
    }
}

/// Repairs are for people's slips; a text with more of them than this is something else.
const MOST: usize = 100;

/// Puts in what is missing. Costs a walk over the text.
pub(super) fn repair(source: &str) -> Repaired<'_> {
    let mut walk = Walk {
        bytes: source.as_bytes(),
        repaired: Repaired { source, edits: Vec::new(), text: None, faults: Vec::new(), is_complete: true },
    };
    let mut at = source.len() - source.trim_start_matches('\u{feff}').len();
    while at < source.len() && walk.repaired.edits.len() < MOST {
        at = match walk.bytes[at] {
            b' ' | b'\t' | b'\r' | b'\n' => at + 1,
            b'#' => walk.line_end(at),
            b'[' => walk.header(at),
            _ => walk.setting(at),
        };
    }
    let mut repaired = walk.repaired;
    if !repaired.edits.is_empty() {
        let mut text = String::with_capacity(source.len() + repaired.edits.len());
        let mut copied = 0;
        for edit in &repaired.edits {
            text.push_str(&source[copied..edit.at]);
            text.push_str(&edit.inserted);
            copied = edit.at + edit.removed;
        }
        text.push_str(&source[copied..]);
        repaired.text = Some(text);
    }
    repaired
}

struct Walk<'t> {
    bytes: &'t [u8],
    repaired: Repaired<'t>,
}

impl Walk<'_> {
    /// `[limits]` or `[[issuer]]`, with as many brackets at the end as at the beginning.
    fn header(&mut self, start: usize) -> usize {
        let end = self.line_end(start);
        let line = &self.bytes[start..end];
        let opened = line.iter().take(2).take_while(|byte| **byte == b'[').count();
        let name_end = start + opened + dotted_name(&line[opened..]);
        let closed = self.bytes[name_end..end].iter().take_while(|byte| **byte == b']').count();
        let rest = self.bytes[name_end + closed..end].trim_ascii_start();
        let is_closed = rest.is_empty() || rest[0] == b'#';
        let has_name = name_end > start + opened;
        if closed == opened && has_name {
            return end;
        }
        if !has_name || !is_closed || closed > 2 {
            // What stands under it belongs nowhere.
            self.repaired.edit(start, 0, format!("[x-{}]#", self.repaired.edits.len()));
            self.repaired.is_complete = false;
            let hint = "write such as [limits] or [[issuer]]";
            self.repaired.report(start, "this is not the header of a table", hint);
            return end;
        }
        if closed < opened {
            let behind = self.bytes[..name_end + closed].trim_ascii_end().len();
            self.repaired.edit(behind, 0, "]".repeat(opened - closed));
            let hint = format!("write `{}` behind the name", "]".repeat(opened));
            self.repaired.report(behind, "the header of a table is not closed", hint);
        } else {
            self.repaired.edit(start, 0, "[");
            let hint = "write [NAME] for a table, [[NAME]] for an entry of a list of tables";
            self.repaired.report(start, "the header of a table has more brackets at its end", hint);
        }
        end
    }

    /// `NAME = VALUE`, with the sign between them.
    fn setting(&mut self, start: usize) -> usize {
        let name_end = start + dotted_name(&self.bytes[start..]);
        let at =
            name_end + self.bytes[name_end..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let rest = &self.bytes[at..self.line_end(at)];
        let has_name = name_end > start;
        let is_value = |byte: &u8| matches!(byte, b'"' | b'\'' | b'[' | b'{' | b'0'..=b'9');
        match rest.first() {
            Some(b'=') => self.value(at + 1),
            Some(b':') if has_name => {
                self.repaired.edit(at, 1, "=");
                self.repaired.report(at, "a colon stands where `=` belongs", "write NAME = VALUE");
                self.value(at + 1)
            }
            Some(byte)
                if has_name
                    && (is_value(byte) || rest.starts_with(b"true") || rest.starts_with(b"false")) =>
            {
                self.repaired.edit(at, 0, "=");
                self.repaired.report(at, "`=` is missing here", "write NAME = VALUE");
                self.value(at)
            }
            // A name that the parser does not like.
            Some(_) if at == name_end && rest.contains(&b'=') && !rest.starts_with(b"/") => self.line_end(at),
            _ => self.leave_out(start),
        }
    }

    /// Makes a comment of a line that is no setting.
    fn leave_out(&mut self, start: usize) -> usize {
        let end = self.line_end(start);
        let (wrong, hint, is_meant) = no_setting(&self.repaired.source[start..end]);
        self.repaired.edit(start, 0, "#");
        self.repaired.report(start, wrong, hint);
        self.repaired.is_complete &= !is_meant;
        end
    }

    /// A value with all its brackets, up to the end of its line.
    fn value(&mut self, start: usize) -> usize {
        let mut open: Vec<(u8, usize)> = Vec::new();
        let (mut at, mut behind_last) = (start, start);
        loop {
            let Some(byte) = self.bytes.get(at).copied() else {
                self.close(&open, behind_last);
                return at;
            };
            match byte {
                b'"' | b'\'' => at = string_end(self.bytes, at),
                b'#' => {
                    at = self.line_end(at);
                    continue;
                }
                b'[' | b'{' => {
                    open.push((byte, at));
                    at += 1;
                }
                b']' | b'}' => {
                    match open.pop() {
                        None => return self.line_end(at),
                        Some((bracket, _)) if closing(bracket) == byte => {}
                        Some((bracket, begun)) => {
                            self.repaired.edit(at, 1, char::from(closing(bracket)));
                            let message = "another bracket closes this than opened it";
                            self.repaired.report(begun, message, "close [ with ] and { with }");
                        }
                    }
                    at += 1;
                }
                b':' if self.is_behind_name(at, &open) => {
                    self.repaired.edit(at, 1, "=");
                    self.repaired.report(at, "a colon stands where `=` belongs", "write NAME = VALUE");
                    at += 1;
                }
                b'\n' if open.is_empty() => return at,
                b'\n' => {
                    let bracket = open.last().map_or(b'[', |(bracket, _)| *bracket);
                    let is_between = matches!(self.bytes[behind_last - 1], b',' | b'{' | b'[');
                    if self.begins_anew(at + 1, bracket, is_between) {
                        self.close(&open, behind_last);
                        return at;
                    }
                    at += 1;
                    continue;
                }
                b' ' | b'\t' | b'\r' => {
                    at += 1;
                    continue;
                }
                _ => at += 1,
            }
            behind_last = at;
        }
    }

    /// Does a colon stand behind a name of an inline table?
    fn is_behind_name(&self, at: usize, open: &[(u8, usize)]) -> bool {
        let before = self.bytes[..at].trim_ascii_end().last();
        let is_name = before.is_some_and(|byte| byte.is_ascii_alphabetic() || b"\"'_".contains(byte));
        is_name && open.last().is_some_and(|(bracket, _)| *bracket == b'{')
    }

    fn close(&mut self, open: &[(u8, usize)], at: usize) {
        let Some((bracket, begun)) = open.last().copied() else {
            return;
        };
        let closing: String = open.iter().rev().map(|(bracket, _)| char::from(closing(*bracket))).collect();
        self.repaired.edit(at, 0, closing);
        let (what, sign) = if bracket == b'[' { ("list", ']') } else { ("table", '}') };
        let message = format!("the {what} that begins here is not closed");
        self.repaired.report(begun, &message, format!("write `{sign}` at its end"));
    }

    /// Is the next line a header or setting, although a bracket is open?
    fn begins_anew(&self, line: usize, bracket: u8, is_between: bool) -> bool {
        let mut at = line;
        loop {
            at += self.bytes[at..].len() - self.bytes[at..].trim_ascii_start().len();
            match self.bytes.get(at) {
                Some(b'#') => at = self.line_end(at),
                Some(_) => break,
                None => return false,
            }
        }
        let rest = &self.bytes[at..self.line_end(at)];
        if rest[0] == b'[' {
            let opened = rest.iter().take(2).take_while(|byte| **byte == b'[').count();
            let name = dotted_name(&rest[opened..]);
            let is_letter = rest.get(opened).is_some_and(u8::is_ascii_alphabetic);
            return is_letter && matches!(rest.get(opened + name), None | Some(b']' | b'\r' | b' ' | b'#'));
        }
        let name = dotted_name(rest);
        let is_setting = name > 0 && rest[name..].trim_ascii_start().starts_with(b"=");
        // In a list nothing has a name; in a table a name follows the comma behind the last setting.
        is_setting && (bracket == b'[' || !is_between)
    }

    fn line_end(&self, at: usize) -> usize {
        at + self.bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(self.bytes.len() - at)
    }
}

fn closing(bracket: u8) -> u8 {
    if bracket == b'[' { b']' } else { b'}' }
}

/// The length of `a.b."c"` at the beginning; 0 where there is none.
fn dotted_name(bytes: &[u8]) -> usize {
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let mut end = 0;
    loop {
        let start = end + bytes[end..].iter().take_while(is_blank).count();
        let length = match bytes.get(start) {
            Some(quote @ (b'"' | b'\'')) => {
                let inside = bytes[start + 1..].iter().take_while(|byte| !matches!(byte, b'\n' | b'\\'));
                inside.clone().position(|byte| byte == quote).map_or(0, |length| length + 2)
            }
            _ => bytes[start..]
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
                .count(),
        };
        if length == 0 {
            return end;
        }
        end = start + length;
        let dot = end + bytes[end..].iter().take_while(is_blank).count();
        if bytes.get(dot) != Some(&b'.') {
            return end;
        }
        end = dot + 1;
    }
}

/// The byte behind a string; one that is not closed ends with its line.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let triple = [quote; 3];
    let is_multiline = bytes[start..].starts_with(&triple);
    let mut at = start + if is_multiline { 3 } else { 1 };
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if quote == b'"' => at += 2,
            b'\n' if !is_multiline => return at,
            _ if is_multiline && bytes[at..].starts_with(&triple) => {
                let more = bytes[at + 3..].iter().take(2).take_while(|byte| **byte == quote).count();
                return at + 3 + more;
            }
            _ if !is_multiline && *byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(source: &str) -> (String, Vec<usize>) {
        let repaired = repair(source);
        (repaired.text().to_owned(), repaired.faults.iter().map(|(at, _)| *at).collect())
    }

    #[test]
    fn what_is_missing_is_put_in() {
        for (source, text, at) in [
            ("[limits\na = 1\n", "[limits]\na = 1\n", 7),
            ("[[issuer] # main\n", "[[issuer]] # main\n", 9),
            ("[[issuer\n", "[[issuer]]\n", 8),
            ("[issuer]]\n", "[[issuer]]\n", 0),
            ("a: 1\n", "a= 1\n", 1),
            ("a.\"b\" \"c\"\n", "a.\"b\" =\"c\"\n", 6),
            ("a = [\"x\" # note\nb = 1\n", "a = [\"x\"] # note\nb = 1\n", 4),
            ("a = [\"x\",\n  \"y\"\n[b]\n", "a = [\"x\",\n  \"y\"]\n[b]\n", 4),
            ("a = { b = [\"x\"\nc = 1\n", "a = { b = [\"x\"]}\nc = 1\n", 10),
            ("a = { b = 1\nc = 2\n", "a = { b = 1}\nc = 2\n", 4),
            ("a = { b = 1,\nc = 2\n[d]\n", "a = { b = 1,\nc = 2}\n[d]\n", 4),
            ("a = [\"x\"}\nb = 1", "a = [\"x\"]\nb = 1", 4),
            ("a = [1", "a = [1]", 4),
            ("a = { b: 1 }\n", "a = { b= 1 }\n", 7),
            ("a b = 1\n", "#a b = 1\n", 0),
            ("// a\n", "#// a\n", 0),
            ("]\n", "#]\n", 0),
            ("[a b]\n", "[x-0]#[a b]\n", 0),
            ("[]\n", "[x-0]#[]\n", 0),
        ] {
            assert_eq!(repaired(source), (text.to_owned(), vec![at]), "{source}");
        }
    }

    #[test]
    fn what_is_whole_is_left_alone() {
        for source in [
            "[a.\"b c\"]\n[[d]]\ne = [\n  \"x\", # [\n  [1],\n]\n",
            "a = { b = 1,\n c = 2,\n}\n",
            "a = '''\nb = [\n'''\nc = \"\"\"[\\\"\"\"\"\n",
            "a = '['\nb = \"[\\\"\"\n",
            "= b\n[a] b\nä = 1\n",
        ] {
            assert_eq!(repaired(source), (source.to_owned(), Vec::new()), "{source}");
        }
    }

    #[test]
    fn bytes_are_found_again() {
        let repaired = repair("a 1\nb: [2\n[c\nd = 3\n");
        assert_eq!(repaired.text(), "a =1\nb= [2]\n[c]\nd = 3\n");
        let original = |part: &str| repaired.original(repaired.text().find(part).unwrap());
        assert_eq!([original("1"), original("2"), original("c"), original("d")], [2, 8, 11, 13]);
    }
}
