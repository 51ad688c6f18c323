//! What the shapes of settings are made of, and what they are called.

use std::fmt::Write;

use super::schema::Shape;
use super::values::spell;
use crate::algorithm::Algorithm;

impl Shape {
    /// What the elements are, of a shape that may be a list of single values.
    pub(super) fn element(self) -> Option<Shape> {
        Some(match self {
            Shape::Texts | Shape::TextOrTexts => Shape::Text,
            Shape::Choices(known) => Shape::Choice(known, &[]),
            Shape::Algorithms | Shape::Types | Shape::Scopes => self,
            Shape::Claims => Shape::Claim,
            Shape::Pointers(_) => Shape::Pointer,
            Shape::Scalars => Shape::Scalar,
            _ => return None,
        })
    }

    /// Must it be a list?
    pub(super) fn is_list_only(self) -> bool {
        self.element().is_some() && !matches!(self, Shape::TextOrTexts | Shape::Pointers(_))
    }

    /// The fewest and the most elements of a list.
    pub(super) fn count(self) -> (usize, usize) {
        match self {
            Shape::Types | Shape::Scalars | Shape::TextOrTexts => (1, usize::MAX),
            Shape::Pointers(most) => (0, most),
            _ => (0, usize::MAX),
        }
    }

    /// Is it written as a string, as far as it is no list?
    pub(super) fn takes_text(self) -> bool {
        use Shape::{Boolean, Integer, Scalar, Services, Table, Tables, True, Version};
        !matches!(self, Version | Integer { .. } | Boolean | True | Table | Tables | Services | Scalar)
    }

    /// What belongs there, with an article, for messages.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Shape::Version | Shape::Integer { .. } => "an integer",
            Shape::Duration { .. } => "a duration such as \"30s\"",
            Shape::TextOrTexts | Shape::Pointers(_) => "a string or a list of strings",
            Shape::Scalar => "a string, number or boolean",
            Shape::Boolean => "true or false",
            Shape::True => "true",
            Shape::KeyDocument => "a table or a string",
            Shape::Table | Shape::Services => "a table",
            Shape::Tables => "a list of tables",
            _ => "a string",
        }
    }

    /// The same of a shape that must be a list.
    pub(super) fn list_noun(self) -> &'static str {
        match self {
            Shape::Scalars => "a list of strings, numbers or booleans",
            _ => "a list of strings",
        }
    }

    /// What may be written, in a few words of Markdown, for the reference.
    pub fn describe(self) -> String {
        match self {
            Shape::Version => "`1`".to_owned(),
            Shape::Integer { least, most } => format!("integer, {least} to {most}"),
            Shape::Duration { least, most } => {
                format!("duration, `\"{}\"` to `\"{}\"`", spell(least), spell(most))
            }
            Shape::Text => "string".to_owned(),
            Shape::Texts => "list of strings".to_owned(),
            Shape::TextOrTexts => "string, or list of strings".to_owned(),
            Shape::Choice(known, _) => words(known, "or"),
            Shape::Choices(known) => format!("list of {}", words(known, "and")),
            Shape::Algorithms => {
                let names: Vec<&str> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
                format!("list of {}", words(&names, "and"))
            }
            Shape::Types => "list of media types, or `\"none\"`".to_owned(),
            Shape::Scopes => "list of scopes".to_owned(),
            Shape::Claim => "claim".to_owned(),
            Shape::Claims => "list of claims".to_owned(),
            Shape::Pointer | Shape::Pointers(1) => "pointer".to_owned(),
            Shape::Pointers(most) => format!("pointer, or list of up to {most}"),
            Shape::Scalar => "string, number or boolean".to_owned(),
            Shape::Scalars => "list of strings, numbers and booleans".to_owned(),
            Shape::Boolean => "`true` or `false`".to_owned(),
            Shape::True => "`true`".to_owned(),
            Shape::Path => "path".to_owned(),
            Shape::Secret => "secret".to_owned(),
            Shape::KeyDocument => "table, or JSON in a string".to_owned(),
            Shape::Table => "table".to_owned(),
            Shape::Tables => "list of tables".to_owned(),
            Shape::Services => "tables by service".to_owned(),
        }
    }
}

/// `"a"`, `"b"` or `"c"`.
fn words(known: &[&str], conjunction: &str) -> String {
    let mut out = String::new();
    for (at, word) in known.iter().enumerate() {
        let separator = match at {
            0 => "",
            at if at + 1 == known.len() => &format!(" {conjunction} "),
            _ => ", ",
        };
        let _ = write!(out, "{separator}`\"{word}\"`");
    }
    out
}
