//! Rows of labels and values, wrapped to the width.

use std::fmt::{Display, Write};

use crate::terminal::{self, FAINT};

const LABEL: usize = 12;

/// Appends `  label       value`, the value wrapped at its spaces.
pub(crate) fn row(out: &mut String, label: &str, value: impl Display) {
    let room = terminal::width() - LABEL - 3;
    for (at, line) in wrapped(&value.to_string(), room).iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        let _ = writeln!(out, "  {FAINT}{label:<LABEL$}{FAINT:#} {line}");
    }
}

/// The same, where there is a value.
pub(crate) fn row_if(out: &mut String, label: &str, value: Option<impl Display>) {
    if let Some(value) = value {
        row(out, label, value);
    }
}

/// The same for a list, where it is not empty.
pub(crate) fn row_of(out: &mut String, label: &str, values: impl Iterator<Item = String>) {
    let values: Vec<String> = values.collect();
    if !values.is_empty() {
        row(out, label, values.join(", "));
    }
}

/// Appends text behind an indentation, wrapped at its spaces.
pub(crate) fn paragraph(out: &mut String, indent: usize, text: &str) {
    for line in wrapped(text, terminal::width() - indent) {
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
}

/// Lines of at most so many characters where the words are not longer; at least one line.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
        used += length + usize::from(used > 0);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_at_spaces() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one two three", 80), ["one two three"]);
        assert_eq!(wrapped("enormous a b", 3), ["enormous", "a b"]);
        assert_eq!(wrapped("", 10), [""]);
    }
}
