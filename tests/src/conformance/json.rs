//! JSON that keeps every digit and the order of members, and its canonical text (RFC 8785).

use std::fmt::Write;

use counterseal::core::json::{self, Bounds, Kind, Value};

/// A JSON value. Numbers are as they were written, and compared by their canonical text: integers as
/// their digits, whatever their size; others as RFC 8785 section 3.2.2.3 writes them.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names are JSON's own")]
pub enum Json {
    Null,
    Boolean(bool),
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Case files are the project's own: their depth is bounded, their size is not.
const BOUNDS: Bounds = Bounds { depth: 32, values: 1 << 24 };

impl Json {
    /// Reads an object.
    pub fn parse(text: &str) -> Result<Json, String> {
        let document = json::parse(text.as_bytes().to_vec(), BOUNDS)
            .map_err(|fault| format!("{} at byte {}", fault.code, fault.offset))?;
        Ok(Json::from_value(document.root()))
    }

    /// What the core hands out.
    pub fn from_value(value: Value<'_>) -> Json {
        match value.kind() {
            Kind::Null => Json::Null,
            Kind::False => Json::Boolean(false),
            Kind::True => Json::Boolean(true),
            Kind::Number => Json::Number(value.as_number().unwrap_or_default().to_owned()),
            Kind::String => Json::string(value.as_str().unwrap_or_default()),
            Kind::Array => {
                Json::Array(value.as_array().into_iter().flatten().map(Json::from_value).collect())
            }
            Kind::Object => Json::Object(
                value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, value)| (name.to_owned(), Json::from_value(value)))
                    .collect(),
            ),
        }
    }

    /// A value that serde made.
    pub fn from_serde(value: &serde_json::Value) -> Json {
        match value {
            serde_json::Value::Null => Json::Null,
            serde_json::Value::Bool(boolean) => Json::Boolean(*boolean),
            serde_json::Value::Number(lexeme) => Json::Number(lexeme.to_string()),
            serde_json::Value::String(text) => Json::string(text),
            serde_json::Value::Array(list) => Json::Array(list.iter().map(Json::from_serde).collect()),
            serde_json::Value::Object(members) => Json::Object(
                members.iter().map(|(name, value)| (name.clone(), Json::from_serde(value))).collect(),
            ),
        }
    }

    /// A string.
    pub fn string(text: impl Into<String>) -> Json {
        Json::String(text.into())
    }

    /// The string, or null.
    pub fn optional(text: Option<impl Into<String>>) -> Json {
        text.map_or(Json::Null, Json::string)
    }

    /// An integer.
    pub fn integer(number: impl Into<i128>) -> Json {
        Json::Number(number.into().to_string())
    }

    /// A list of strings.
    pub fn strings<'a>(texts: impl Iterator<Item = &'a str>) -> Json {
        Json::Array(texts.map(Json::string).collect())
    }

    /// An object of these members.
    pub fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
        Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => {
                members.iter().find(|(member, _)| member == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The canonical text: members ordered by UTF-16, no whitespace.
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.write_canonical(&mut out);
        out
    }

    fn write_canonical(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Boolean(boolean) => out.push_str(if *boolean { "true" } else { "false" }),
            Json::Number(lexeme) => out.push_str(&number(lexeme)),
            Json::String(text) => write_string(out, text, false),
            Json::Array(list) => {
                for (at, element) in list.iter().enumerate() {
                    out.push(if at == 0 { '[' } else { ',' });
                    element.write_canonical(out);
                }
                out.push_str(if list.is_empty() { "[]" } else { "]" });
            }
            Json::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
                for (at, (name, value)) in members.iter().enumerate() {
                    out.push(if at == 0 { '{' } else { ',' });
                    write_string(out, name, false);
                    out.push(':');
                    value.write_canonical(out);
                }
                out.push_str(if members.is_empty() { "{}" } else { "}" });
            }
        }
    }

    /// Where this value lacks something of `expected`: objects may have more members, everything else is
    /// equal. `{"digits": "…"}` stands for the integer of those digits, which JSON tools would round.
    pub fn lacks(&self, expected: &Json) -> Option<String> {
        self.difference(expected, &mut String::new())
    }

    fn difference(&self, expected: &Json, path: &mut String) -> Option<String> {
        let digits = |members: &[(String, Json)]| match members {
            [(name, Json::String(digits))] if name == "digits" => Some(digits.clone()),
            _ => None,
        };
        match (self, expected) {
            (Json::Number(lexeme), Json::Object(members)) if digits(members).as_ref() == Some(lexeme) => None,
            (Json::Object(_), Json::Object(members)) => members.iter().find_map(|(name, wanted)| {
                let length = path.len();
                path.push('/');
                path.push_str(name);
                let found = match self.get(name) {
                    Some(value) => value.difference(wanted, path),
                    None => Some(format!("{path}: missing, expected {}", wanted.canonical())),
                };
                path.truncate(length);
                found
            }),
            (Json::Array(list), Json::Array(wanted)) if list.len() == wanted.len() => {
                list.iter().zip(wanted).enumerate().find_map(|(at, (value, wanted))| {
                    let length = path.len();
                    let _ = write!(path, "/{at}");
                    let found = value.difference(wanted, path);
                    path.truncate(length);
                    found
                })
            }
            (one, other) if one.canonical() == other.canonical() => None,
            (one, other) => Some(format!("{path}: {}, expected {}", one.canonical(), other.canonical())),
        }
    }
}

/// Appends a JSON string; with `ascii`, other characters are escaped.
pub(super) fn write_string(out: &mut String, text: &str, ascii: bool) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            odd if ascii && (!odd.is_ascii() || odd == '\u{7f}') => {
                for unit in odd.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// A number's canonical text from the way it was written.
fn number(lexeme: &str) -> String {
    if lexeme == "-0" {
        return "0".into();
    }
    if !lexeme.contains(['.', 'e', 'E']) {
        return lexeme.into();
    }
    match lexeme.parse::<f64>() {
        Ok(float) if float.is_finite() => ecmascript(float),
        // Beyond all doubles: most languages have no more than its sign.
        Ok(float) if float < 0.0 => "-1e999".into(),
        _ => "1e999".into(),
    }
}

/// A double as ECMAScript writes it: the shortest digits that read back as the same number.
fn ecmascript(float: f64) -> String {
    if float == 0.0 {
        return "0".into();
    }
    // serde_json finds the digits: those of the standard library are not always the nearest.
    let shortest = serde_json::Value::from(float.abs()).to_string();
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let written = format!("{whole}{fraction}");
    let zeros = written.bytes().take_while(|digit| *digit == b'0').count();
    let digits = written[zeros..].trim_end_matches('0');
    // The decimal point stands behind digit number `point`.
    let point = (whole.len() as i32 - zeros as i32) + exponent.parse::<i32>().unwrap_or(0);
    let (count, exponent) = (digits.len() as i32, point - 1);
    let sign = if float < 0.0 { "-" } else { "" };
    let plain = match point {
        _ if !(-5..=21).contains(&point) => {
            let fraction = if count > 1 { format!(".{}", &digits[1..]) } else { String::new() };
            let plus = if exponent > 0 { "+" } else { "" };
            format!("{}{fraction}e{plus}{exponent}", &digits[..1])
        }
        _ if point >= count => format!("{digits}{}", "0".repeat((point - count) as usize)),
        _ if point > 0 => format!("{}.{}", &digits[..point as usize], &digits[point as usize..]),
        _ => format!("0.{}{digits}", "0".repeat(-point as usize)),
    };
    format!("{sign}{plain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_rfc_8785_appendix_b_says() {
        for (bits, text) in [
            (0x0000_0000_0000_0000u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(ecmascript(f64::from_bits(bits)), text);
        }
    }

    #[test]
    fn integers_keep_their_digits() {
        for (lexeme, text) in [
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("-0", "0"),
            ("1.0", "1"),
            ("1E3", "1000"),
            ("1e1000", "1e999"),
            ("-1.5e400", "-1e999"),
            ("1e-999", "0"),
        ] {
            assert_eq!(number(lexeme), text);
        }
    }

    #[test]
    fn members_are_ordered_by_utf_16() {
        let text =
            "{\"\u{20ac}\":1,\"\\r\":2,\"\u{fb33}\":3,\"1\":4,\"\u{1f600}\":5,\"\u{80}\":6,\"\u{f6}\":7}";
        let canonical = Json::parse(text).unwrap().canonical();
        assert_eq!(
            canonical,
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
        );
    }

    #[test]
    fn what_is_expected_must_be_there() {
        let found = Json::parse(r#"{"a":{"b":[1,{"c":"x","d":1}]},"n":12345678901234567890123}"#).unwrap();
        let lacks = |text: &str| found.lacks(&Json::parse(text).unwrap());
        assert_eq!(lacks(r#"{"a":{"b":[1,{"c":"x"}]},"n":{"digits":"12345678901234567890123"}}"#), None);
        for other in [
            r#"{"a":{"b":[1,{"c":"y"}]}}"#,
            r#"{"a":{"b":[1]}}"#,
            r#"{"a":{"b":[{"c":"x"},1]}}"#,
            r#"{"a":[]}"#,
            r#"{"z":null}"#,
            r#"{"n":{"digits":"12345678901234567890124"}}"#,
        ] {
            assert!(lacks(other).is_some(), "{other}");
        }
    }
}
