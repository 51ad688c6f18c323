//! What the TOML parser finds wrong, in words for people who do not know its grammar.

use super::problem::Fault;
use crate::error::Code;

/// What a mistake makes unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nothing beyond its own name.
    Name,
    /// The value that it stands in.
    Value,
    /// A whole setting or table, whose name is not known either.
    Setting,
    /// Everything behind it.
    Rest,
}

/// Where the mistake is, what to say about it, and what it reaches. It repeats nothing of the text:
/// there may be a secret in it.
pub(super) fn explain(text: &str, offset: usize, message: &str) -> (usize, Fault, Reach) {
    let offset = (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let place = Place { text, offset };
    let (kind, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let (at, wrong, hint, reach) = match kind {
        "duplicate key" if place.is_header() => {
            (offset, "the table is already defined", "put its settings under one header", Reach::Setting)
        }
        "duplicate key" => (offset, "the name stands twice in its table", "keep one of the two", Reach::Name),
        "string values must be quoted" => return place.bare_value(),
        "invalid boolean" => {
            (offset, "true and false are written in lower case", "write true or false", Reach::Value)
        }
        "invalid float" if place.word().starts_with(['n', 'N']) => return place.null(),
        "missing opening quote" => return place.bare_value(),
        "unexpected leading zero" => (
            offset,
            "a number does not begin with 0",
            "leave the zero out, or put a string in quotes",
            Reach::Value,
        ),
        "key with no value" | "invalid key-value pair" | "missing table open" => {
            let (wrong, hint, _) = no_setting(place.line());
            (place.line_start(), wrong, hint, Reach::Setting)
        }
        "extra `=`" => (offset, "there is one `=` too many", "write NAME = VALUE", Reach::Value),
        "unexpected key or value" | "unexpected content" => return place.behind_value(),
        "invalid unquoted key" => return place.bare_name(),
        "unquoted keys cannot be empty" if place.is_header() => {
            (offset, "the table has no name", "write such as [limits] or [[issuer]]", Reach::Setting)
        }
        "unquoted keys cannot be empty" => {
            (offset, "there is no name before the value", "write NAME = VALUE", Reach::Setting)
        }
        "unclosed table" | "unclosed array table" | "invalid table" => (
            offset,
            "this is not the header of a table",
            "write such as [limits] or [[issuer]]",
            Reach::Setting,
        ),
        "missing comma between array elements" => {
            (place.behind_last(), "a comma is missing here", "put commas between the elements", Reach::Value)
        }
        "missing comma between key-value pairs" | "extra assignment between key-value pairs" => {
            (offset, "a comma is missing before this", "put commas between the settings", Reach::Value)
        }
        "missing assignment between key-value pairs" => {
            (offset, "`=` is missing here", "write NAME = VALUE", Reach::Value)
        }
        "extra comma in array" | "extra comma in inline table" => {
            (offset, "there is one comma too many", "leave it out", Reach::Value)
        }
        "unclosed array" | "unclosed inline table" | "unexpected `=` in array" => (
            offset,
            "a bracket is not closed before here",
            "close each [ with ] and each { with }",
            Reach::Rest,
        ),
        "carriage return must be followed by newline" => (
            offset,
            "a carriage return alone does not end a line",
            "save the file with line ends LF or CRLF",
            Reach::Rest,
        ),
        _ if kind.starts_with("invalid multi-line") && expected.starts_with(['`', '\'']) => (
            place.opening_of(if kind.contains("literal") { "'''" } else { "\"\"\"" }),
            "the string that begins here is not closed",
            "close it with the three quotes that it begins with",
            Reach::Rest,
        ),
        "invalid basic string" | "invalid literal string" if expected.starts_with(['`', '\'']) => (
            place.opening(),
            "the string that begins here is not closed",
            "write the same quote at its end",
            Reach::Value,
        ),
        "missing escaped value" | "too few unicode value digits" | "invalid value" => (
            place.backslash(),
            "the backslash begins an escape that does not exist",
            "write \\\\ for a backslash, or put the string in 'single quotes'",
            Reach::Value,
        ),
        _ if kind.starts_with("invalid") && kind.ends_with("string") => (
            offset,
            "a control character stands in the string",
            "take it out, or write it as \\u and four digits",
            Reach::Value,
        ),
        _ if kind.starts_with("cannot extend value") => (
            offset,
            "the name has a value already, and settings of its own besides",
            "keep one of the two",
            Reach::Name,
        ),
        "invalid float" | "invalid integer number" | "redundant numeric sign" | "invalid mantissa" => {
            (offset, "not a number", "put strings in quotes", Reach::Value)
        }
        _ if kind.starts_with("invalid date") || kind.starts_with("invalid time") => {
            (offset, "not a date", "put strings in quotes", Reach::Value)
        }
        _ => (offset, kind, "", if kind.starts_with("invalid ") { Reach::Value } else { Reach::Rest }),
    };
    let fault = syntax(wrong);
    (at, if hint.is_empty() { fault } else { fault.hint(hint) }, reach)
}

/// A mistake of syntax.
pub(super) fn syntax(message: &str) -> Fault {
    Fault::new(Code::ConfigSyntax, message)
}

const COMMENT: (&str, &str) = ("`//` begins no comment in TOML", "begin comments with #");
const CURLY: (&str, &str) =
    ("curly quotes are no quotes", "type straight ones, \" or '; word processors change them");

/// A byte of the text.
struct Place<'t> {
    text: &'t str,
    offset: usize,
}

impl Place<'_> {
    fn before(&self) -> &str {
        &self.text[self.line_start()..self.offset]
    }

    fn rest(&self) -> &str {
        self.text[self.offset..].lines().next().unwrap_or_default()
    }

    fn line_start(&self) -> usize {
        self.text[..self.offset].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line(&self) -> &str {
        self.text[self.line_start()..].lines().next().unwrap_or_default()
    }

    fn is_header(&self) -> bool {
        self.before().trim_start().starts_with('[')
    }

    /// The run of characters that begins here.
    fn word(&self) -> &str {
        self.rest().split([' ', '\t', ',', ']', '}', '#', '=']).next().unwrap_or_default()
    }

    /// Behind the last thing before here.
    fn behind_last(&self) -> usize {
        self.text[..self.offset].trim_end().len()
    }

    /// The quote of the string that is still open here, on this line.
    fn opening(&self) -> usize {
        let mut open: Option<(usize, char)> = None;
        let mut characters = self.before().char_indices();
        while let Some((at, one)) = characters.next() {
            match open {
                Some((_, '"')) if one == '\\' => drop(characters.next()),
                Some((_, quote)) if quote == one => open = None,
                None if matches!(one, '"' | '\'') => open = Some((at, one)),
                _ => {}
            }
        }
        open.map_or(self.offset, |(at, _)| self.line_start() + at)
    }

    /// The three quotes of the string that is still open here.
    fn opening_of(&self, quotes: &str) -> usize {
        self.text[..self.offset].rfind(quotes).unwrap_or(self.offset)
    }

    fn backslash(&self) -> usize {
        self.before().rfind('\\').map_or(self.offset, |at| self.line_start() + at)
    }

    /// A value that is in no quotes and is nothing else either.
    fn bare_value(&self) -> (usize, Fault, Reach) {
        let word = self.word();
        let (wrong, hint) = match word {
            "" => ("the value is missing", "write one behind the `=`"),
            "yes" | "no" | "on" | "off" | "Yes" | "No" => ("this is no boolean", "write true or false"),
            "None" | "nil" | "undefined" | "Null" | "NULL" => return self.null(),
            _ if word.starts_with(is_curly) => CURLY,
            _ if word.starts_with(is_invisible) => INVISIBLE,
            _ if word.starts_with("//") || self.rest().contains(" //") => COMMENT,
            _ if word.starts_with('$') => ("a string has no quotes", "put it in quotes: \"${NAME}\""),
            _ if word.bytes().all(|byte| byte.is_ascii_digit()) => BEHIND,
            _ if word.starts_with(|one: char| one.is_ascii_digit()) => {
                ("this is no number", "put strings and durations in quotes, such as \"30s\"")
            }
            _ => ("a string has no quotes", "put it in quotes: \"…\""),
        };
        (self.offset, syntax(wrong).hint(hint), Reach::Value)
    }

    fn null(&self) -> (usize, Fault, Reach) {
        let fault = syntax("TOML has no null").hint("where nothing is meant, leave the setting out");
        (self.offset, fault, Reach::Value)
    }

    /// Something that stands behind a value.
    fn behind_value(&self) -> (usize, Fault, Reach) {
        let rest = self.rest();
        let (wrong, hint) = match rest.chars().next() {
            Some(',') => ("no comma follows a setting", "leave it out"),
            Some(';') => ("no semicolon follows a setting", "leave it out"),
            Some('/') => COMMENT,
            Some(one) if is_invisible(one) => INVISIBLE,
            Some(one) if is_curly(one) => CURLY,
            _ if self.is_header() => ("the header of a table ends before here", "leave the rest out"),
            _ => {
                ("the value ends before here", "put strings in quotes and each setting on a line of its own")
            }
        };
        let reach = if self.is_header() { Reach::Name } else { Reach::Value };
        (self.offset, syntax(wrong).hint(hint), reach)
    }

    fn bare_name(&self) -> (usize, Fault, Reach) {
        let (wrong, hint) = match self.rest().chars().next() {
            Some('/') => COMMENT,
            Some(one) if is_invisible(one) => INVISIBLE,
            Some(one) if is_curly(one) => CURLY,
            _ => ("a name holds the letters a to z, digits, - and _ alone", "put other names in quotes"),
        };
        (self.offset, syntax(wrong).hint(hint), Reach::Name)
    }
}

/// What to say about a line that is no setting, and whether it can have been meant as one.
pub(super) fn no_setting(line: &str) -> (&'static str, &'static str, bool) {
    let line = line.trim_start();
    let ((wrong, hint), is_meant) = match line {
        _ if line.starts_with("//") || line.starts_with("/*") => (COMMENT, false),
        _ if line.starts_with(['{', '}']) => {
            (("this looks like JSON", "let the name of a JSON file end in .json"), true)
        }
        _ if line.starts_with('-') => {
            (("this looks like YAML", "policies are written in TOML or JSON"), true)
        }
        _ if line.contains(is_curly) => (CURLY, true),
        _ if line.chars().any(|one| one != ' ' && is_invisible(one) && !one.is_ascii()) => (INVISIBLE, true),
        _ => (("this line is no setting", "write NAME = VALUE, or [TABLE]"), true),
    };
    (wrong, hint, is_meant)
}

const BEHIND: (&str, &str) =
    ("something stands behind the value", "put strings in quotes, and each setting on a line of its own");
const INVISIBLE: (&str, &str) =
    ("an invisible character stands here that is no plain space", "delete it and type a space");

fn is_curly(one: char) -> bool {
    matches!(one, '\u{2018}'..='\u{201f}' | '«' | '»' | '`' | '´')
}

fn is_invisible(one: char) -> bool {
    one.is_whitespace() || matches!(one, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}
