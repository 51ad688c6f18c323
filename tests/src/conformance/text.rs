//! Bytes as a case file writes them: text, or a recipe for what JSON cannot hold or nobody wants to read.

use serde::{Deserialize, Serialize};

/// Bytes in a case file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// The UTF-8 of the string.
    Plain(String),
    /// `{"hex": "00ff"}`
    Hex(Hex),
    /// `{"repeat": "ab", "times": 3}`
    Repeat(Repeat),
    /// `{"join": ["a", {"hex": "00"}]}`
    Join(Join),
}

/// Bytes in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hex {
    hex: String,
}

/// The same bytes many times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    repeat: Box<Text>,
    times: usize,
}

/// Parts, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    join: Vec<Text>,
}

/// Tokens longer than this are searched for repetitions.
const LONG: usize = 1500;
/// A repetition of fewer bytes is written out.
const WORTHWHILE: usize = 64;
/// Longest unit that is searched for. Base64 turns units of 1, 2, 3, 4 and 6 bytes into 4 and 8 characters.
const LONGEST_UNIT: usize = 12;

impl Text {
    /// The bytes it stands for.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Text::Plain(text) => Ok(text.clone().into_bytes()),
            Text::Hex(Hex { hex }) => from_hex(hex).ok_or_else(|| format!("{hex:?} is not hexadecimal")),
            Text::Repeat(Repeat { repeat, times }) => Ok(repeat.bytes()?.repeat(*times)),
            Text::Join(Join { join }) => {
                Ok(join.iter().map(Text::bytes).collect::<Result<Vec<_>, _>>()?.concat())
            }
        }
    }

    /// The one way to write these bytes: plain where they are short text, else in parts.
    pub fn from_bytes(bytes: &[u8]) -> Text {
        match std::str::from_utf8(bytes) {
            Ok(text) if bytes.len() <= LONG => return Text::Plain(text.to_owned()),
            _ => {}
        }
        let mut parts = Vec::new();
        let mut literal = 0;
        let mut at = 0;
        while at < bytes.len() {
            match repetition(&bytes[at..]) {
                Some((unit, times)) => {
                    literals(&bytes[literal..at], &mut parts);
                    let repeat = Box::new(Text::from_bytes(&bytes[at..at + unit]));
                    parts.push(Text::Repeat(Repeat { repeat, times }));
                    at += unit * times;
                    literal = at;
                }
                None => at += 1,
            }
        }
        literals(&bytes[literal..], &mut parts);
        match parts.len() {
            1 => parts.remove(0),
            _ => Text::Join(Join { join: parts }),
        }
    }
}

impl Default for Text {
    fn default() -> Text {
        Text::Plain(String::new())
    }
}

/// The shortest unit that the bytes repeat from their start often enough, and how often.
fn repetition(bytes: &[u8]) -> Option<(usize, usize)> {
    (1..=LONGEST_UNIT.min(bytes.len())).find_map(|unit| {
        let times = bytes.chunks_exact(unit).take_while(|chunk| *chunk == &bytes[..unit]).count();
        (times > 1 && unit * times >= WORTHWHILE).then_some((unit, times))
    })
}

/// Text as text, other bytes in hexadecimal.
fn literals(mut bytes: &[u8], parts: &mut Vec<Text>) {
    while !bytes.is_empty() {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        };
        if text.is_empty() {
            let odd = bytes.iter().take_while(|byte| !byte.is_ascii()).count();
            parts.push(Text::Hex(Hex { hex: to_hex(&bytes[..odd]) }));
            bytes = &bytes[odd..];
        } else {
            parts.push(Text::Plain(text.to_owned()));
            bytes = &bytes[text.len()..];
        }
    }
}

/// Lower-case hexadecimal.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of an even number of hexadecimal digits.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_being_written() {
        let long =
            [b"eyJh".to_vec(), b"YWFh".repeat(900), b".xyz\xff\xfe".to_vec(), b"a".repeat(70)].concat();
        for bytes in [&b""[..], b"abc", b"a\xffb", b"\xff\xff", "é".as_bytes(), &long] {
            assert_eq!(Text::from_bytes(bytes).bytes().unwrap(), bytes);
        }
        let Text::Join(Join { join }) = Text::from_bytes(&long) else { panic!("not in parts") };
        assert_eq!(join.len(), 5);
        assert!(matches!(&join[1], Text::Repeat(Repeat { times: 900, .. })));
    }
}
