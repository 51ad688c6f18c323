//! Strings, in the quotes of JSON and in others.

use super::Reader;

impl Reader<'_> {
    /// A string in double quotes, and whether it is sound. One that is not closed ends with its line.
    pub(super) fn string(&mut self) -> (String, bool) {
        let begun = self.at;
        let known = self.faults.len();
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|one: char| one == '"' || one == '\\' || one < ' ').unwrap_or(rest.len());
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    break;
                }
                Some(b'\\') => self.escape(&mut out),
                Some(b'\n' | b'\r') | None => {
                    self.report(begun, "the string that begins here is not closed", "write \" at its end");
                    self.has_swallowed = true;
                    break;
                }
                Some(_) => {
                    let hint = "take it out, or write it as \\u and four digits";
                    self.report(self.at, "a control character stands in the string", hint);
                    self.at += 1;
                }
            }
        }
        (out, self.faults.len() == known)
    }

    fn escape(&mut self, out: &mut String) {
        let start = self.at;
        let escaped = self.bytes.get(start + 1).copied().unwrap_or_default();
        self.at += 2;
        match escaped {
            b'"' | b'\\' | b'/' => out.push(char::from(escaped)),
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => self.unicode(start, out),
            _ => {
                self.at = start + 1;
                let message = "the backslash begins an escape that does not exist";
                self.report(start, message, "write \\\\ for a backslash");
            }
        }
    }

    fn unicode(&mut self, start: usize, out: &mut String) {
        let unit = |at: usize| {
            let digits = self.text.get(at..at + 4)?;
            let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
        };
        let Some(first) = unit(self.at) else {
            self.report(start, "four hex digits belong behind \\u", "write such as \\u00e9");
            return;
        };
        let second = unit(self.at + 6).filter(|_| self.bytes[self.at + 4..].starts_with(b"\\u"));
        let units = [Some(first), second].into_iter().flatten();
        match char::decode_utf16(units).next() {
            Some(Ok(character)) => {
                self.at += if character.len_utf16() == 2 { 10 } else { 4 };
                out.push(character);
            }
            _ => {
                self.at += 4;
                self.report(start, "half of a surrogate pair", "write the character itself");
            }
        }
    }

    /// A string in quotes that JSON does not have, up to the end of its line at most.
    pub(super) fn quoted_otherwise(&mut self, quote: char) -> String {
        let (wrong, hint) = match quote {
            '\'' => ("strings of JSON are in double quotes", "write \"…\""),
            _ => ("curly quotes are no quotes", "type straight ones, \"; word processors change them"),
        };
        self.report(self.at, wrong, hint);
        let inside = &self.text[self.at + quote.len_utf8()..];
        let is_end = |one: char| if quote == '\'' { one == '\'' } else { is_curly(one) || one == '"' };
        let end = inside.find(|one| is_end(one) || one == '\n').unwrap_or(inside.len());
        let closing = inside[end..].chars().next().filter(|one| is_end(*one)).map_or(0, char::len_utf8);
        let text = inside[..end].to_owned();
        self.at += quote.len_utf8() + end + closing;
        text
    }
}

pub(super) fn is_curly(one: char) -> bool {
    matches!(one, '\u{2018}'..='\u{201f}' | '«' | '»' | '`' | '´')
}
