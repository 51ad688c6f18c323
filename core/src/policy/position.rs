//! Where things stand, as people read it: paths, pointers, lines and columns.

use std::fmt::Write;

use super::tree::Step;

/// The steps as a path, such as `issuer[0].keys`.
pub(super) fn path(steps: &[&Step]) -> String {
    let mut out = String::new();
    for step in steps {
        match step {
            Step::Index(index) => {
                let _ = write!(out, "[{index}]");
            }
            Step::Name(name) => {
                let bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
                let quote = if bare && !name.is_empty() { "" } else { "\"" };
                let dot = if out.is_empty() { "" } else { "." };
                let _ = write!(out, "{dot}{quote}{}{quote}", shown(name));
            }
        }
    }
    out
}

/// The steps as a JSON Pointer.
pub(super) fn pointer(steps: &[&Step]) -> String {
    let mut out = String::new();
    for step in steps {
        let _ = match step {
            Step::Index(index) => write!(out, "/{index}"),
            Step::Name(name) => write!(out, "/{}", shown(name).replace('~', "~0").replace('/', "~1")),
        };
    }
    out
}

/// Text of the file as messages show it: without control characters, and not too long.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut out = String::new();
    for (at, character) in text.chars().enumerate() {
        if at == LONGEST {
            out.push('…');
            break;
        }
        match character {
            '"' | '\'' | '\\' => out.push(character),
            other => out.extend(other.escape_debug()),
        }
    }
    out
}

/// Turns bytes into lines and columns.
pub(super) struct Lines<'t> {
    source: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(source: &'t str) -> Self {
        let breaks = source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Lines { source, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The number of the line of this byte, counted from 0.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset) - 1
    }

    /// Line and column of a byte, counted from 1; columns in characters.
    pub(super) fn position(&self, offset: usize) -> (u32, u32) {
        let line = self.line(offset);
        let before = self.source.as_bytes().get(self.starts[line]..offset).unwrap_or_default();
        // No editor shows a byte order mark.
        let before = before.strip_prefix("\u{feff}".as_bytes()).unwrap_or(before);
        let characters = before.iter().filter(|byte| !(0x80..0xc0).contains(*byte)).count();
        (line as u32 + 1, characters as u32 + 1)
    }
}
