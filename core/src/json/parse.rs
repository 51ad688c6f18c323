//! The parser: iterative, bounded, and strict.

use super::{Document, Kind, NEXT_BITS, Node};
use crate::error::Code;
use crate::limits;
use crate::rule::Rule;

/// How deep and how large a document may be (LIM-03).
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Deepest nesting; the outermost object counts as one. At most 32.
    pub depth: usize,
    /// Most values: objects, lists and scalars, names not counted.
    pub values: usize,
}

impl Bounds {
    /// For tokens.
    pub const TOKEN: Bounds = Bounds { depth: limits::JSON_DEPTH, values: limits::JSON_VALUES };
    /// For documents of the operator: key sets and policies. Their size in bytes bounds them.
    pub const OPERATOR: Bounds = Bounds { depth: limits::JSON_DEPTH, values: 1 << (NEXT_BITS - 2) };
}

/// Why a text is not acceptable JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule that it breaks.
    pub rule: Rule,
    /// The code of the rejection.
    pub code: Code,
    /// The byte at which it was noticed.
    pub offset: usize,
}

const DEEPEST: usize = 32;
/// Objects with more members than this are compared by sorting when they end.
const COMPARED_EACH: u32 = 32;

/// Parses a text whose outermost value is an object. Time grows with n log n of its size.
pub fn parse(text: Vec<u8>, bounds: Bounds) -> Result<Document, Fault> {
    if text.len() > u32::MAX as usize / 2 {
        return Err(Fault { rule: Rule::Lim03, code: Code::JsonTooComplex, offset: 0 });
    }
    let text = String::from_utf8(text).map_err(|error| Fault {
        rule: Rule::Jsn02,
        code: Code::JsonInvalidUtf8,
        offset: error.utf8_error().valid_up_to(),
    })?;
    if text.starts_with('\u{feff}') {
        return Err(Fault { rule: Rule::Jsn02, code: Code::JsonInvalidUtf8, offset: 0 });
    }
    let mut parser = Parser {
        bytes: text.as_bytes(),
        at: 0,
        nodes: Vec::with_capacity(8 + text.len() / 14),
        unescaped: Vec::new(),
        escaped: Vec::new(),
        values_left: bounds.values,
    };
    parser.document(bounds.depth.min(DEEPEST))?;
    let Parser { nodes, unescaped, escaped, .. } = parser;
    let source_bytes = text.len();
    let mut text = text;
    if !unescaped.is_empty() {
        text.push_str(std::str::from_utf8(&unescaped).map_err(|_| Fault {
            rule: Rule::Jsn02,
            code: Code::JsonInvalidUtf8,
            offset: 0,
        })?);
    }
    Ok(Document { text, source_bytes, nodes, escaped })
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    /// Strings that were written with escapes; their nodes point behind the source.
    unescaped: Vec<u8>,
    escaped: Vec<(u32, u32)>,
    values_left: usize,
}

/// An object or list that is still open.
#[derive(Clone, Copy, Default)]
struct Frame {
    node: u32,
    /// Of an object, read so far.
    members: u32,
    /// One bit for each hash of a member's name.
    seen: u64,
    is_object: bool,
}

impl<'a> Parser<'a> {
    fn document(&mut self, deepest: usize) -> Result<(), Fault> {
        let mut frames = [Frame::default(); DEEPEST];
        let mut depth = 0;
        if self.token() != Some(b'{') {
            return Err(self.invalid());
        }
        loop {
            // A value begins here.
            if let Some(kind) = self.value()? {
                if depth == deepest {
                    return Err(self.too_complex());
                }
                let is_object = kind == Kind::Object;
                let node = self.nodes.len() as u32 - 1;
                frames[depth] = Frame { node, is_object, ..Frame::default() };
                depth += 1;
                if self.token() != Some(if is_object { b'}' } else { b']' }) {
                    if is_object {
                        self.name(&mut frames[depth - 1])?;
                    }
                    continue;
                }
            }
            // A value has ended, or an object or list is about to.
            loop {
                if depth == 0 {
                    return self.end();
                }
                let frame = &mut frames[depth - 1];
                match self.token() {
                    Some(b',') => {
                        self.at += 1;
                        if frame.is_object {
                            self.token();
                            self.name(frame)?;
                        }
                        break;
                    }
                    Some(b'}') if frame.is_object => self.close(*frame)?,
                    Some(b']') if !frame.is_object => self.close(*frame)?,
                    _ => return Err(self.invalid()),
                }
                depth -= 1;
            }
        }
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.token();
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.invalid()) }
    }

    fn close(&mut self, frame: Frame) -> Result<(), Fault> {
        self.at += 1;
        let index = frame.node as usize;
        let open = self.nodes[index];
        if frame.members > COMPARED_EACH {
            self.compare_sorted(index)?;
        }
        self.nodes[index] = Node::new(open.kind(), open.start as usize, self.at, self.nodes.len());
        Ok(())
    }

    /// Reads a scalar whole, or the bracket of an object or list, whose kind is given.
    #[inline]
    fn value(&mut self) -> Result<Option<Kind>, Fault> {
        let first = self.token();
        self.values_left = self.values_left.checked_sub(1).ok_or_else(|| self.too_complex())?;
        match first {
            Some(b'"') => {
                self.string()?;
                Ok(None)
            }
            Some(b'{') => Ok(Some(self.open(Kind::Object))),
            Some(b'[') => Ok(Some(self.open(Kind::Array))),
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                Ok(None)
            }
            Some(b't') => self.word(b"true", Kind::True),
            Some(b'f') => self.word(b"false", Kind::False),
            Some(b'n') => self.word(b"null", Kind::Null),
            _ => Err(self.invalid()),
        }
    }

    fn open(&mut self, kind: Kind) -> Kind {
        self.push(kind, self.at, self.at + 1);
        self.at += 1;
        kind
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Result<Option<Kind>, Fault> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.invalid());
        }
        self.push(kind, self.at, self.at + word.len());
        self.at += word.len();
        Ok(None)
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.invalid()),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        self.push(Kind::Number, start, self.at);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.invalid()) } else { Ok(()) }
    }

    /// Reads a member's name, compares it with those before it, and reads the colon.
    #[inline]
    fn name(&mut self, frame: &mut Frame) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.invalid());
        }
        let at = self.at;
        let index = self.nodes.len();
        self.string()?;
        frame.members += 1;
        if frame.members <= COMPARED_EACH {
            let name = self.string_at(index);
            let bit = 1u64 << (hash(name) & 63);
            if frame.seen & bit != 0 && self.named_before(frame.node as usize, index) {
                return Err(Fault { rule: Rule::Jsn01, code: Code::JsonDuplicateMember, offset: at });
            }
            frame.seen |= bit;
        }
        if self.token() != Some(b':') {
            return Err(self.invalid());
        }
        self.at += 1;
        Ok(())
    }

    fn named_before(&self, object: usize, index: usize) -> bool {
        let name = self.string_at(index);
        let mut at = object + 1;
        while at < index {
            if self.string_at(at) == name {
                return true;
            }
            at = self.nodes[at + 1].next();
        }
        false
    }

    /// Compares the names of a large object without quadratic work.
    fn compare_sorted(&self, object: usize) -> Result<(), Fault> {
        let mut names = Vec::new();
        let mut at = object + 1;
        while at < self.nodes.len() {
            names.push((self.string_at(at), at));
            at = self.nodes[at + 1].next();
        }
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            None => Ok(()),
            Some(pair) => Err(Fault {
                rule: Rule::Jsn01,
                code: Code::JsonDuplicateMember,
                offset: self.source_offset(pair[1].1),
            }),
        }
    }

    fn source_offset(&self, index: usize) -> usize {
        let found = self.escaped.binary_search_by_key(&(index as u32), |(node, _)| *node);
        found.map_or(self.nodes[index].start as usize, |at| self.escaped[at].1 as usize)
    }

    fn string_at(&self, index: usize) -> &[u8] {
        let (start, end) = (self.nodes[index].start as usize, self.nodes[index].end as usize);
        match start.checked_sub(self.bytes.len()) {
            None => &self.bytes[start..end],
            Some(behind) => &self.unescaped[behind..end - self.bytes.len()],
        }
    }

    #[inline(always)]
    fn string(&mut self) -> Result<(), Fault> {
        let start = self.at + 1;
        let end = plain_end(self.bytes, start);
        match self.bytes.get(end) {
            Some(b'"') => {
                self.push(Kind::String, start, end);
                self.at = end + 1;
                Ok(())
            }
            Some(b'\\') => self.string_with_escapes(start, end),
            _ => {
                self.at = end;
                Err(self.invalid())
            }
        }
    }

    #[cold]
    fn string_with_escapes(&mut self, start: usize, first_escape: usize) -> Result<(), Fault> {
        let begins = self.unescaped.len();
        let mut copied = start;
        self.at = first_escape;
        loop {
            self.unescaped.extend_from_slice(&self.bytes[copied..self.at]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return Err(self.invalid()),
            }
            copied = self.at;
            self.at = plain_end(self.bytes, self.at);
        }
        self.at += 1;
        self.escaped.push((self.nodes.len() as u32, start as u32));
        let source = self.bytes.len();
        self.push(Kind::String, source + begins, source + self.unescaped.len());
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let escaped = self.bytes.get(self.at + 1).copied();
        self.at += 2;
        let byte = match escaped {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.invalid()),
        };
        self.unescaped.push(byte);
        Ok(())
    }

    fn unicode_escape(&mut self) -> Result<(), Fault> {
        let lone = Fault { rule: Rule::Jsn02, code: Code::JsonInvalidUtf8, offset: self.at };
        let mut point = self.four_hex_digits()?;
        if (0xd800..0xdc00).contains(&point) {
            if !self.bytes[self.at..].starts_with(b"\\u") {
                return Err(lone);
            }
            self.at += 2;
            let low = self.four_hex_digits()?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(lone);
            }
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        }
        let character = char::from_u32(point).ok_or(lone)?;
        self.unescaped.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn four_hex_digits(&mut self) -> Result<u32, Fault> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| (byte as char).to_digit(16));
            value = value << 4 | digit.ok_or_else(|| self.invalid())?;
            self.at += 1;
        }
        Ok(value)
    }

    #[inline]
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = self.nodes.len() + 1;
        self.nodes.push(Node::new(kind, start, end, next));
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte that is no whitespace; the parser stands on it.
    #[inline(always)]
    fn token(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    #[cold]
    fn invalid(&self) -> Fault {
        Fault { rule: Rule::Jsn03, code: Code::JsonInvalid, offset: self.at.min(self.bytes.len()) }
    }

    #[cold]
    fn too_complex(&self) -> Fault {
        Fault { rule: Rule::Lim03, code: Code::JsonTooComplex, offset: self.at }
    }
}

/// Tells most names apart; equality decides.
#[inline]
fn hash(name: &[u8]) -> usize {
    match name {
        [] => 0,
        [first, .., last] => {
            name.len()
                ^ (*first as usize).wrapping_mul(7)
                ^ (*last as usize).wrapping_mul(29)
                ^ (name[name.len() / 2] as usize).wrapping_mul(3)
        }
        [only] => *only as usize,
    }
}

/// The first byte from `start` on that ends a run of plain characters: a quote, a backslash or a
/// control.
#[inline(always)]
fn plain_end(bytes: &[u8], start: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (chunks, rest) = bytes.get(start..).unwrap_or_default().as_chunks::<8>();
    let mut at = start;
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk);
        // With its second bit turned a quote is 0x20, and so the next behind the controls.
        let quotes_and_controls = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21) & !word;
        let slashes = word ^ (ONES * b'\\' as u64);
        let found = (quotes_and_controls | slashes.wrapping_sub(ONES) & !slashes) & HIGH;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    at + rest.iter().position(ends).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<Code> {
        parse(text.as_bytes().to_vec(), Bounds::TOKEN).err().map(|fault| fault.code)
    }

    #[test]
    fn jsn_03_one_object_and_nothing_else() {
        for good in [
            "{}",
            " { } ",
            "{\"a\":[]}",
            "{\"a\":[1,{}],\"b\":null,\"\":-0.5e+3}",
            "{\"a\":true,\"b\":false}",
        ] {
            assert_eq!(code(good), None, "{good}");
        }
        for bad in [
            "",
            " ",
            "[]",
            "1",
            "\"a\"",
            "null",
            "{}{}",
            "{} x",
            "{\"a\":1,}",
            "{,}",
            "{\"a\":[1,]}",
            "{\"a\":[,1]}",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":NaN}",
            "{\"a\":Infinity}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":1e}",
            "{\"a\":-}",
            "{\"a\":tru}",
            "{\"a\":1",
            "{\"a\":[1}",
            "{\"a\":[1]]",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":\"x",
            "// c\n{}",
            "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
        ] {
            assert_eq!(code(bad), Some(Code::JsonInvalid), "{bad}");
        }
    }

    #[test]
    fn jsn_01_duplicates_at_any_depth_after_unescaping() {
        for bad in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"b":1,"c":2,"b":3}}"#,
            r#"{"x":[{"b":1,"b":1}]}"#,
            r#"{"":1,"":2}"#,
            r#"{"a\/b":1,"a/b":2}"#,
        ] {
            assert_eq!(code(bad), Some(Code::JsonDuplicateMember), "{bad}");
        }
        assert_eq!(code(r#"{"a":{"a":1},"b":{"a":1},"A":1}"#), None);
        let many = |last: &str| {
            let members: Vec<String> = (0..200).map(|n| format!("\"n{n}\":{n}")).collect();
            format!("{{{},\"{last}\":0}}", members.join(","))
        };
        assert_eq!(code(&many("n200")), None);
        for earlier in [0, 31, 32, 33, 199] {
            assert_eq!(code(&many(&format!("n{earlier}"))), Some(Code::JsonDuplicateMember));
        }
    }

    #[test]
    fn jsn_02_strict_utf_8() {
        let bytes = |middle: &[u8]| {
            let text = [b"{\"a\":\"".as_slice(), middle, b"\"}"].concat();
            parse(text, Bounds::TOKEN).err().map(|fault| fault.code)
        };
        for bad in [
            &b"\xff"[..],
            b"\xc0\x80",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\\ud800",
            b"\\udc00",
            b"\\ud800\\u0041",
            b"\\ud800x",
        ] {
            assert_eq!(bytes(bad), Some(Code::JsonInvalidUtf8), "{bad:?}");
        }
        for good in ["é".as_bytes(), "😀".as_bytes(), b"\\ud83d\\ude00", b"\\u0000"] {
            assert_eq!(bytes(good), None);
        }
        assert_eq!(
            parse(b"\xef\xbb\xbf{}".to_vec(), Bounds::TOKEN).err().map(|f| f.code),
            Some(Code::JsonInvalidUtf8)
        );
    }

    #[test]
    fn lim_03_depth_and_size() {
        let nested = |depth: usize| format!("{}{}", "{\"a\":".repeat(depth - 1) + "{", "}".repeat(depth));
        assert_eq!(code(&nested(16)), None);
        assert_eq!(code(&nested(17)), Some(Code::JsonTooComplex));
        let lists = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert_eq!(code(&lists(16)), None);
        assert_eq!(code(&lists(17)), Some(Code::JsonTooComplex));
        let wide = |values: usize| format!("{{\"a\":[{}]}}", vec!["0"; values - 2].join(","));
        assert_eq!(code(&wide(2048)), None);
        assert_eq!(code(&wide(2049)), Some(Code::JsonTooComplex));
    }

    #[test]
    fn strings_are_unescaped_once_and_keep_their_place() {
        let document =
            parse(br#"{"k\u00e9y":"a\"\\\/\b\f\n\r\tz\ud83d\ude00","plain":"p"}"#.to_vec(), Bounds::TOKEN)
                .unwrap();
        let value = document.root().get("kéy").unwrap();
        assert_eq!(value.as_str(), Some("a\"\\/\u{8}\u{c}\n\r\tz😀"));
        assert_eq!(value.offset(), 13);
        assert_eq!(document.root().get("plain").unwrap().as_str(), Some("p"));
    }
}
