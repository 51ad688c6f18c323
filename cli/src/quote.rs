//! Lines of a policy as far as they are certain to hold no secret.
//!
//! A secret can stand where nobody expects it: under a misspelled name, beside the mistake on the same
//! line, behind a comment sign. So the value of a line is shown only where the line is one setting that
//! the schema knows, whose values are no secrets, and nothing else. Otherwise the name alone is.

use counterseal::core::policy::{SETTINGS, Shape};

/// A line, or the beginning of one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Quoted {
    text: String,
}

impl Quoted {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Characters before the caret, where the column is shown.
    pub(crate) fn caret(&self, column: u32) -> Option<usize> {
        let before = column.checked_sub(1)? as usize;
        (before < self.text.chars().count()).then_some(before)
    }
}

/// Names longer than this may be something else in the wrong place.
const LONGEST_NAME: usize = 40;
const LONGEST_LINE: usize = 200;

/// The part of `line` that may be shown for a problem with the setting at `path`.
pub(crate) fn quote(line: &str, path: &str) -> Option<Quoted> {
    let line = line.trim_end().replace('\t', " ");
    if is_table_header(&line) {
        return Some(Quoted { text: line });
    }
    let is_open = is_open(path);
    let Some((name, separator)) = name_and_separator(&line) else {
        // An element of a list that has lines of its own.
        let text = plain_values(&line).filter(|text| is_open && path.ends_with(']') && !text.is_empty())?;
        return Some(Quoted { text: text.to_owned() });
    };
    if name.chars().count() > LONGEST_NAME {
        return None;
    }
    let (start, value) = line.split_at(separator + 1);
    let value = plain_values(value).filter(|_| is_open && name == last_name(path));
    Some(Quoted { text: format!("{start}{}", value.unwrap_or(" …")) })
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
        assert_eq!(text("secret = \"canary\"", "issuer[0].keys.secret").as_deref(), Some("secret = …"));
    }

    #[test]
    fn the_caret_stands_where_the_column_is_shown() {
        let quoted = quote("secret = \"canary\"", "issuer[0].keys.secret").unwrap();
        assert_eq!((quoted.caret(1), quoted.caret(10), quoted.caret(11)), (Some(0), Some(9), None));
        assert_eq!(quoted.caret(0), None);
    }
}
