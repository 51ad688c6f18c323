//! JSON of a token, laid out for people: one member a line, dates told, nothing that acts on a terminal.

use std::fmt::Write;

use counterseal::UnixTime;
use counterseal::core::json::{Kind, Value};

use crate::dates;
use crate::terminal::{FAINT, STRONG};
use crate::text::{quoted, safe_json};

/// Claims that are dates.
pub(crate) const DATES: [&str; 5] = ["iat", "nbf", "exp", "auth_time", "updated_at"];

/// Lists and objects of at most this many characters stay on one line.
const SHORT: usize = 60;

/// The members of an object, indented.
pub(crate) fn object(value: Value<'_>, now: UnixTime) -> String {
    let mut out = String::new();
    members(&mut out, value, 2, Some(now));
    out
}

/// A date claim in words, if it is one.
pub(crate) fn date(name: &str, value: Value<'_>, now: UnixTime) -> Option<String> {
    let number = value.as_number().filter(|_| DATES.contains(&name))?;
    // A fraction or an exponent: near enough for reading.
    let seconds = number.parse().ok().or_else(|| number.parse().ok().map(|float: f64| float.floor() as i64));
    dates::told(seconds?, now)
}

fn members(out: &mut String, value: Value<'_>, indent: usize, now: Option<UnixTime>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let _ = write!(out, "{:indent$}{STRONG}{}{STRONG:#}: ", "", bare(name));
        scalar_or_block(out, value, indent);
        if let Some(told) = now.and_then(|now| date(name, value, now)) {
            let _ = write!(out, "  {FAINT}{told}{FAINT:#}");
        }
        out.push('\n');
    }
}

fn scalar_or_block(out: &mut String, value: Value<'_>, indent: usize) {
    let compact = safe_json(&value.to_json());
    let is_block = matches!(value.kind(), Kind::Object | Kind::Array);
    if !is_block || compact.chars().count() <= SHORT {
        out.push_str(&compact);
        return;
    }
    let inner = indent + 2;
    if value.kind() == Kind::Object {
        out.push_str("{\n");
        members(out, value, inner, None);
        let _ = write!(out, "{:indent$}}}", "");
    } else {
        out.push_str("[\n");
        for element in value.as_array().into_iter().flatten() {
            let _ = write!(out, "{:inner$}", "");
            scalar_or_block(out, element, inner);
            out.push('\n');
        }
        let _ = write!(out, "{:indent$}]", "");
    }
}

/// A name without its quotes where it is a plain one.
fn bare(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-#".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_plain) { name.to_owned() } else { quoted(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use counterseal::core::json::{Bounds, parse};

    fn lines(json: &str) -> Vec<String> {
        let document = parse(json.as_bytes().to_vec(), Bounds::TOKEN).unwrap();
        let text = object(document.root(), UnixTime::from_seconds(1_800_000_000).unwrap());
        let plain = anstream::adapter::strip_str(&text).to_string();
        plain.lines().map(str::to_owned).collect()
    }

    #[test]
    fn one_member_a_line_with_dates_told() {
        let text =
            r#"{"sub":"al\"ice","exp":1800000060,"n":12345678901234567890,"aud":["a","b"],"x y":null}"#;
        let expected = [
            "  sub: \"al\\\"ice\"",
            "  exp: 1800000060  2027-01-15T08:01:00Z, in 60 s",
            "  n: 12345678901234567890",
            "  aud: [\"a\",\"b\"]",
            "  \"x y\": null",
        ];
        assert_eq!(lines(text), expected);
        assert_eq!(lines(r#"{"iat":1.8e9}"#), ["  iat: 1.8e9  2027-01-15T08:00:00Z, now"]);
        assert_eq!(
            lines(r#"{"exp":1e300,"nbf":-1,"iat":"soon"}"#),
            ["  exp: 1e300", "  nbf: -1", "  iat: \"soon\""]
        );
    }

    #[test]
    fn long_lists_and_objects_are_blocks() {
        let long = "x".repeat(SHORT);
        let expected = [
            "  a: {".to_owned(),
            "    b: [".into(),
            format!("      \"{long}\""),
            "    ]".into(),
            "  }".into(),
        ];
        assert_eq!(lines(&format!(r#"{{"a":{{"b":["{long}"]}}}}"#)), expected);
    }

    #[test]
    fn names_and_values_cannot_act_on_a_terminal() {
        let text = lines("{\"\\u001b[2J\":\"\\u202e\\u009b31m\",\"a\":[\"\\u2066\"]}");
        assert_eq!(text, ["  \"\\u001b[2J\": \"\\u202e\\u009b31m\"", "  a: [\"\\u2066\"]"]);
    }
}
