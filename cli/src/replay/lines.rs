//! The lines of a file of tokens, one at a time and within bounds: the file may be larger than the
//! memory.

use std::borrow::Cow;
use std::io::{self, BufRead};

use counterseal::UnixTime;
use serde::Deserialize;
use zeroize::Zeroizing;

/// The longest line that is read whole. It is many times the longest token that a policy can allow, so
/// what is cut off changes no verdict: such a token is too large either way.
pub(super) const LINE_BYTES: usize = 1024 * 1024;

/// Reads lines into one buffer.
pub(super) struct Lines<R> {
    source: R,
    buffer: Zeroizing<Vec<u8>>,
    number: u64,
}

/// A line, without the blanks around it.
pub(super) struct Line<'l> {
    /// Counted from 1.
    pub(super) number: u64,
    text: &'l [u8],
}

/// What stands in a line.
pub(super) enum Entry<'l> {
    /// A blank line or a comment.
    Nothing,
    /// A token, and the time to judge it at.
    Token {
        /// Bare or behind "Bearer ".
        token: Cow<'l, [u8]>,
        /// Where the line has one.
        now: Option<UnixTime>,
    },
    /// Neither, or a time that is none.
    Unreadable,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(source: R) -> Lines<R> {
        Lines { source, buffer: Zeroizing::new(Vec::new()), number: 0 }
    }

    /// The next line, or nothing at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let mut is_there = false;
        loop {
            let read = match self.source.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if read.is_empty() {
                break;
            }
            is_there = true;
            let end = read.iter().position(|byte| *byte == b'\n');
            let part = &read[..end.unwrap_or(read.len())];
            let room = LINE_BYTES - self.buffer.len();
            self.buffer.extend_from_slice(&part[..part.len().min(room)]);
            let used = end.map_or(read.len(), |end| end + 1);
            self.source.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !is_there {
            return Ok(None);
        }
        self.number += 1;
        let mut text = self.buffer.as_slice();
        if self.number == 1 {
            text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        }
        Ok(Some(Line { number: self.number, text: text.trim_ascii() }))
    }

    /// Why the file is no text, where its first bytes tell. Every line would be a malformed token.
    pub(super) fn no_text(&mut self) -> io::Result<Option<&'static str>> {
        Ok(match self.source.fill_buf()? {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("the file is UTF-16: write it as UTF-8"),
            [0x1f, 0x8b, ..] => {
                Some("the file is compressed: pipe it in (gunzip < … | counterseal replay -)")
            }
            _ => None,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'l> {
    #[serde(borrow)]
    token: Cow<'l, str>,
    now: Option<i64>,
}

impl<'l> Line<'l> {
    /// `TOKEN`, `SECONDS<TAB>TOKEN`, or `{"token": …, "now": …}`. No token begins with `{`, `[`, `"`
    /// or `#`, and none holds a tab.
    pub(super) fn entry(&self) -> Entry<'l> {
        let text = self.text;
        match text.first() {
            None | Some(b'#') => return Entry::Nothing,
            Some(b'{') => return written(text),
            Some(b'[' | b'"') => return Entry::Unreadable, // JSON of another form
            _ => {}
        }
        let Some(tab) = text.iter().position(|byte| *byte == b'\t') else {
            return Entry::Token { token: Cow::Borrowed(text), now: None };
        };
        let seconds = std::str::from_utf8(&text[..tab]).ok().and_then(|text| text.trim().parse().ok());
        match seconds.map(UnixTime::from_seconds) {
            Some(Ok(now)) => Entry::Token { token: Cow::Borrowed(text[tab..].trim_ascii()), now: Some(now) },
            _ => Entry::Unreadable,
        }
    }
}

fn written(text: &[u8]) -> Entry<'_> {
    let Ok(Written { token, now }) = serde_json::from_slice(text) else { return Entry::Unreadable };
    let token = match token {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    match now.map(UnixTime::from_seconds).transpose() {
        Ok(now) => Entry::Token { token, now },
        Err(_) => Entry::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    /// The lines of a text, read in pieces of a few bytes.
    fn read(text: &[u8]) -> Vec<(u64, String)> {
        let mut lines = Lines::new(BufReader::with_capacity(3, text));
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            let told = match line.entry() {
                Entry::Nothing => "-".to_owned(),
                Entry::Unreadable => "?".to_owned(),
                Entry::Token { token, now } => {
                    let now = now.map(|now| format!("@{}", now.as_seconds())).unwrap_or_default();
                    format!("{}{now}", String::from_utf8_lossy(&token))
                }
            };
            found.push((line.number, told));
        }
        found
    }

    #[test]
    fn lines_hold_tokens_in_three_forms() {
        for (line, expected) in [
            ("a.b.c", "a.b.c"),
            ("  a.b.c \r", "a.b.c"),
            ("Bearer a.b.c", "Bearer a.b.c"),
            ("5\ta.b.c", "a.b.c@5"),
            ("5 \t a.b.c", "a.b.c@5"),
            ("-5\ta.b.c", "a.b.c@-5"),
            ("{\"token\":\"a\"}", "a"),
            ("{\"now\":7,\"token\":\"\\u0061\"}", "a@7"),
            ("{\"token\":\"a\",\"now\":null}", "a"),
            ("", "-"),
            ("   ", "-"),
            ("# a.b.c", "-"),
            ("a\ta.b.c", "?"),
            ("1800000000000\ta.b.c", "?"),
            ("5\t", "5"),
            ("{\"token\":\"a\",\"time\":7}", "?"),
            ("{\"token\":\"a\",\"token\":\"b\"}", "?"),
            ("{\"token\":\"a\",\"now\":\"7\"}", "?"),
            ("{\"token\":\"a\",\"now\":1800000000000}", "?"),
            ("{\"token\":5}", "?"),
            ("{", "?"),
            ("[\"a.b.c\"]", "?"),
            ("\"a.b.c\",", "?"),
            ("{}", "?"),
        ] {
            for text in [format!("{line}\n"), line.to_owned(), format!("\u{feff}{line}\n")] {
                let expected: &[(u64, String)] =
                    if text.is_empty() { &[] } else { &[(1, expected.to_owned())] };
                assert_eq!(read(text.as_bytes()), expected, "{text:?}");
            }
        }
        assert_eq!(read(b"a\n\nb"), [(1, "a".into()), (2, "-".into()), (3, "b".into())]);
        assert_eq!(read(b""), []);
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_whole() {
        let text = format!("{}\nb\n", "a".repeat(LINE_BYTES * 2));
        let mut lines = Lines::new(BufReader::new(text.as_bytes()));
        assert_eq!(lines.next().unwrap().unwrap().text.len(), LINE_BYTES);
        let line = lines.next().unwrap().unwrap();
        assert_eq!((line.number, line.text), (2, &b"b"[..]));
        assert!(lines.next().unwrap().is_none());
        const { assert!(LINE_BYTES > 2 * counterseal::core::limits::TOKEN_BYTES_MAX) };
    }

    #[test]
    fn what_is_no_text_is_seen() {
        for (bytes, is_text) in [
            (&b"\xff\xfea\0\n\0"[..], false),
            (b"\xfe\xff\0a", false),
            (b"\x1f\x8b\x08", false),
            (b"a.b.c", true),
            (b"", true),
        ] {
            assert_eq!(Lines::new(bytes).no_text().unwrap().is_none(), is_text);
        }
    }
}
