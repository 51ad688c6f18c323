//! Lines of a policy as far as they are certain to hold no secret.
//!
//! A secret can stand where nobody expects it: under a misspelled name, beside the mistake on the same
//! line, behind a comment sign. So the values of a line are shown only where it is one setting that the
//! schema knows, whose values are no secrets, and nothing else. Otherwise the names alone are.

use counterseal::core::policy::{SETTINGS, Shape};

/// A line as it may be shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Quoted {
    text: String,
    /// For each character of the line its place in the text.
    places: Vec<usize>,
}

impl Quoted {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Characters before the caret, where the column is shown.
    pub(crate) fn caret(&self, column: u32) -> Option<usize> {
        self.places.get(column.checked_sub(1)? as usize).copied()
    }

    /// The beginning of a line, as it is.
    fn beginning(text: &str) -> Quoted {
        Quoted { text: text.to_owned(), places: (0..text.chars().count()).collect() }
    }

    fn push(&mut self, part: &str) {
        let at = self.text.chars().count();
        self.places.extend(at..at + part.chars().count());
        self.text.push_str(part);
    }

    /// Something that may not be shown.
    fn hide(&mut self, part: &str) {
        let at = self.text.chars().count();
        self.places.extend(part.chars().map(|_| at));
        self.text.push('…');
    }
}

/// Names longer than this may be something else in the wrong place.
const LONGEST_NAME: usize = 40;
const LONGEST_LINE: usize = 200;

/// What may be shown of `line` for a problem with the setting at `path`; for one of syntax, that is
/// empty.
pub(crate) fn quote(line: &str, path: &str) -> Option<Quoted> {
    let line = line.trim_end().replace('\t', " ");
    if line.is_empty() || line.chars().count() > LONGEST_LINE {
        return None;
    }
    if is_table_header(&line) {
        return Some(Quoted::beginning(&line));
    }
    let is_open = is_open(path);
    match name_and_separator(&line) {
        // An element of a list that has lines of its own.
        None if is_open && path.ends_with(']') => plain_values(&line).map(Quoted::beginning),
        None => names_alone(&line, path),
        Some((name, separator)) => {
            let whole = plain_values(&line[separator + 1..]).filter(|_| is_open && name == last_name(path));
            match whole {
                Some(values) => Some(Quoted::beginning(&line[..separator + 1 + values.len()])),
                None => names_alone(&line, path),
            }
        }
    }
}

/// The names and signs of a line, its values hidden. A line that is not well formed ends behind its
/// first name: further names could be anything.
fn names_alone(line: &str, path: &str) -> Option<Quoted> {
    let mut quoted = Quoted::beginning("");
    let (mut rest, mut is_name_next, mut tables) = (line, true, Vec::new());
    let mut named = false;
    while let Some(first) = rest.chars().next() {
        let (part, behind) = rest.split_at(token(rest));
        rest = behind;
        match first {
            '#' => break,
            '{' | '[' => {
                tables.push(first == '{');
                is_name_next = first == '{';
                quoted.push(part);
            }
            '}' | ']' => {
                tables.pop();
                quoted.push(part);
            }
            ',' => {
                is_name_next = tables.last().copied().unwrap_or(true);
                quoted.push(part);
            }
            '=' | ':' => {
                is_name_next = false;
                quoted.push(part);
                if path.is_empty() {
                    quoted.push(" ");
                    quoted.hide(rest);
                    break;
                }
            }
            '.' | ' ' => quoted.push(part),
            _ => {
                let is_name = is_name_next && rest.trim_start().starts_with(['=', ':', '.']);
                if is_name && part.chars().count() <= LONGEST_NAME {
                    named = true;
                    quoted.push(part);
                } else {
                    quoted.hide(part);
                }
            }
        }
    }
    named.then_some(quoted)
}

/// Bytes of the first token: a sign, a string, or a run of other characters. An open string takes all.
fn token(text: &str) -> usize {
    let is_sign = |one: char| "{}[],=:#. ".contains(one);
    let mut characters = text.char_indices();
    match characters.next() {
        Some((_, quote @ ('"' | '\''))) => {
            let mut is_escaped = false;
            for (at, character) in characters {
                match character {
                    _ if is_escaped => is_escaped = false,
                    '\\' if quote == '"' => is_escaped = true,
                    end if end == quote => return at + 1,
                    _ => {}
                }
            }
            text.len()
        }
        Some((_, sign)) if is_sign(sign) => sign.len_utf8(),
        _ => text.find(|one| is_sign(one) || one == '"' || one == '\'').unwrap_or(text.len()),
    }
}

fn is_table_header(line: &str) -> bool {
    let inner = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inner =
        inner.map(|inner| inner.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(inner));
    inner.is_some_and(|name| {
        let name = name.trim();
        let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        !name.is_empty()
            && name.bytes().all(is_bare)
            && name.split('.').all(|part| part.len() <= LONGEST_NAME)
    })
}

/// The last part of the name before `=` (TOML) or `:` (JSON), and where that sign is.
fn name_and_separator(line: &str) -> Option<(&str, usize)> {
    let start = line.len() - line.trim_start().len();
    let rest = &line[start..];
    let (name, behind) = match rest.strip_prefix('"') {
        Some(quoted) => {
            let end = quoted.find(['"', '\\'])?;
            (&quoted[..end], start + end + 2)
        }
        None => {
            let end = rest.find(|one: char| !(one.is_ascii_alphanumeric() || "_-.".contains(one)))?;
            (rest[..end].rsplit('.').next()?, start + end)
        }
    };
    let after = line.get(behind..)?;
    let separator = behind + (after.len() - after.trim_start().len());
    (!name.is_empty() && line[separator..].starts_with(['=', ':'])).then_some((name, separator))
}

/// The text up to its comment, if it is made of numbers, words, strings and lists of those alone.
fn plain_values(text: &str) -> Option<&str> {
    if text.chars().count() > LONGEST_LINE || text.contains("\"\"\"") || text.contains("'''") {
        return None;
    }
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some('"'), '\\') => {
                characters.next()?;
            }
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '#') => return Some(text[..at].trim_end()),
            (None, '{' | '}' | '=' | ':') => return None,
            (None, _) => {}
        }
    }
    quote.is_none().then_some(text)
}

/// Is it a setting that the schema knows, with values that are no secrets?
fn is_open(path: &str) -> bool {
    let path = without_indices(without_service(path));
    let path = path.strip_suffix("[]").unwrap_or(&path);
    let setting = SETTINGS.iter().find(|setting| setting.path == path);
    setting.is_some_and(|setting| {
        matches!(
            setting.shape,
            Shape::Version
                | Shape::Integer { .. }
                | Shape::Duration { .. }
                | Shape::Text
                | Shape::Texts
                | Shape::TextOrTexts
                | Shape::Choice(..)
                | Shape::Choices(_)
                | Shape::Algorithms
                | Shape::Types
                | Shape::Scopes
                | Shape::Claim
                | Shape::Claims
                | Shape::Pointer
                | Shape::Pointers(_)
                | Shape::Scalar
                | Shape::Scalars
                | Shape::True
                | Shape::Path
        )
    })
}

/// `service.orders.issuer[0].name` is a setting like `issuer[0].name`. The name may be quoted.
fn without_service(path: &str) -> &str {
    let Some(rest) = path.strip_prefix("service.") else { return path };
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.rsplit_once("\".").map_or(path, |(_, setting)| setting),
        None => rest.split_once('.').map_or(path, |(_, setting)| setting),
    }
}

/// `issuer[0].algorithms[1]` as the schema writes it: `issuer[].algorithms[]`.
fn without_indices(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut is_index = false;
    for character in path.chars() {
        is_index = character == '[' || (is_index && character.is_ascii_digit());
        if !(is_index && character.is_ascii_digit()) {
            out.push(character);
        }
    }
    out
}

fn last_name(path: &str) -> &str {
    let last = path.rsplit('.').next().unwrap_or(path);
    last.split('[').next().unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &str, path: &str) -> Option<String> {
        quote(line, path).map(|quoted| quoted.text)
    }

    #[test]
    fn one_known_setting_is_shown_whole() {
        for (line, path) in [
            ("profile = \"acces_token\"", "issuer[0].profile"),
            ("  algorithms = [\"RS265\", 'x']", "issuer[0].algorithms[0]"),
            ("leeway = \"1h\"", "limits.leeway"),
            ("limits.leeway = \"1h\"", "limits.leeway"),
            ("  \"profile\": \"acces_token\",", "issuer[0].profile"),
            ("audience = \"a \\\" b\"", "service.orders.issuer[0].audience"),
            ("jwks_file = \"keys.json\"", "issuer[3].keys.jwks_file"),
            ("[[issuer]]", "issuer[0]"),
            ("[service.orders]", "service.orders"),
        ] {
            assert_eq!(text(line, path).as_deref(), Some(line));
        }
        assert_eq!(text("  \"RS265\",", "issuer[0].algorithms[1]").as_deref(), Some("  \"RS265\","));
        assert_eq!(text("leeway = \"1h\" # canary", "limits.leeway").as_deref(), Some("leeway = \"1h\""));
    }

    #[test]
    fn what_could_be_a_secret_is_not_shown() {
        for (line, path) in [
            ("secret = \"canary\"", "issuer[0].keys.secret"),
            ("secert = \"canary\"", "issuer[0].keys.secert"),
            ("client_secret = \"canary\"", "client_secret"),
            ("keys = { secret = \"canary\" }", "issuer[0].keys.secret"),
            ("keys = { secret = \"canary\", a = 1 }", "issuer[0].keys.a"),
            ("keys = { secret = \"canary\" }", "issuer[0].keys"),
            ("keys.secret = \"canary\"", "issuer[0].keys.secret"),
            ("issuer = [{ profile = \"x\", keys = { secret = \"canary\" } }]", "issuer[0].profile"),
            ("{\"profile\": \"x\", \"keys\": {\"secret\": \"canary\"}}", "issuer[0].profile"),
            ("\"profile\": \"x\", \"keys\": {\"secret\": \"canary\"}", "issuer[0].profile"),
            ("secret = \"canary", ""),
            ("profile = \"canary", "issuer[0].profile"),
            ("name = \"x\"", "issuer[0].profile"),
            ("canary", "issuer[0].profile"),
            ("\"canary\",", "issuer[0].keys.secret"),
            ("profile = \"\"\"canary", "issuer[0].profile"),
            ("eyJcanarycanarycanarycanarycanarycanarycanary = 1", ""),
            ("[eyJcanarycanarycanarycanarycanarycanarycanary]", ""),
            ("[\"canary\"]", "x"),
            ("audience1 = \"canary\"", "audience1"),
            ("token = \"canary\"", "service.\"a.b\".token"),
            ("# canary", "issuer[0].profile"),
        ] {
            let shown = text(line, path).unwrap_or_default();
            assert!(!shown.contains("canary") && !shown.contains("\"x\""), "{line}: {shown}");
        }
    }

    #[test]
    fn hidden_values_leave_the_names_and_the_caret() {
        for (line, path, expected) in [
            ("secret = \"canary\"", "issuer[0].keys.secret", "secret = …"),
            ("keys = { secert = \"canary\" }", "issuer[0].keys.secert", "keys = { secert = … }"),
            (
                "keys = { a.b = 'ca', c = [1, \"x\"] } # d",
                "issuer[0].keys",
                "keys = { a.b = …, c = […, …] } ",
            ),
            ("{\"profile\": \"x\", \"keys\": {}}", "issuer[0]", "{\"profile\": …, \"keys\": {}}"),
            ("secret = c2VjcmV0==", "", "secret = …"),
            ("secret = \"canary", "", "secret = …"),
        ] {
            assert_eq!(text(line, path).as_deref(), Some(expected));
        }
        let quoted = quote("keys = { a = \"canary\", b = 1 }", "issuer[0].keys.b").unwrap();
        assert_eq!(quoted.text(), "keys = { a = …, b = … }");
        assert_eq!(
            [1, 10, 14, 24].map(|column| quoted.caret(column)),
            [Some(0), Some(9), Some(13), Some(16)]
        );
        assert_eq!((quoted.caret(0), quoted.caret(99)), (None, None));
    }
}
