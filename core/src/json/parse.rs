//! The parser: iterative, bounded, and strict.

use super::{Document, Kind, NEXT_BITS, Node, first_eight_in};
use crate::error::Code;
use crate::limits;
use crate::rule::Rule;

/// How deep and how large a document may be (LIM-03).
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Deepest nesting; the outermost object counts as one. At most [`limits::JSON_DEPTH`].
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
    let text = match String::from_utf8(text) {
        Ok(text) => text,
        Err(error) if Rule::Jsn02.is_off() => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            return Err(Fault { rule: Rule::Jsn02, code: Code::JsonInvalidUtf8, offset });
        }
    };
    if text.starts_with('\u{feff}') {
        return Err(Fault { rule: Rule::Jsn02, code: Code::JsonInvalidUtf8, offset: 0 });
    }
    let mut parser = Parser {
        bytes: text.as_bytes(),
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

/// Its methods take the place in the text where they begin and give the one behind what they read.
struct Parser<'a> {
    bytes: &'a [u8],
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

/// What stands where a value is expected.
enum Begun {
    /// A scalar, read whole.
    Scalar(usize),
    /// An object or list, opened.
    Open { is_object: bool },
}

impl<'a> Parser<'a> {
    fn document(&mut self, deepest: usize) -> Result<(), Fault> {
        let mut around = [Frame::default(); DEEPEST];
        let (mut frame, mut depth) = (Frame::default(), 0);
        let mut at = self.skip_whitespace(0);
        if self.peek(at) != Some(b'{') {
            return Err(self.invalid(at));
        }
        loop {
            // A value begins here, in an object behind its name.
            if frame.is_object {
                at = self.name(at, &mut frame)?;
            }
            at = self.skip_whitespace(at);
            match self.value(at)? {
                Begun::Scalar(end) => at = self.skip_whitespace(end),
                Begun::Open { is_object } => {
                    if depth == deepest {
                        return Err(self.too_complex(at));
                    }
                    around[depth] = frame;
                    let node = self.nodes.len() as u32 - 1;
                    frame = Frame { node, is_object, ..Frame::default() };
                    depth += 1;
                    at = self.skip_whitespace(at + 1);
                    if self.peek(at) != Some(if is_object { b'}' } else { b']' }) {
                        continue;
                    }
                }
            }
            // A value has ended, or an object or list is about to.
            loop {
                if depth == 0 {
                    let is_whole = at == self.bytes.len() || Rule::Jsn03.is_off();
                    return if is_whole { Ok(()) } else { Err(self.invalid(at)) };
                }
                match self.peek(at) {
                    Some(b',') => {
                        at = self.skip_whitespace(at + 1);
                        break;
                    }
                    Some(b'}') if frame.is_object => self.close(at + 1, frame)?,
                    Some(b']') if !frame.is_object => self.close(at + 1, frame)?,
                    _ => return Err(self.invalid(at)),
                }
                at = self.skip_whitespace(at + 1);
                depth -= 1;
                frame = around[depth];
            }
        }
    }

    fn close(&mut self, end: usize, frame: Frame) -> Result<(), Fault> {
        let index = frame.node as usize;
        let open = self.nodes[index];
        if frame.members > COMPARED_EACH && !Rule::Jsn01.is_off() {
            self.compare_sorted(index)?;
        }
        self.nodes[index] = Node::new(open.kind(), open.start as usize, end, self.nodes.len());
        Ok(())
    }

    /// Reads a scalar whole, or the bracket of an object or list.
    #[inline(always)]
    fn value(&mut self, at: usize) -> Result<Begun, Fault> {
        self.values_left = match self.values_left.checked_sub(1) {
            Some(left) => left,
            None if Rule::Lim03.is_off() => 0,
            None => return Err(self.too_complex(at)),
        };
        let end = match self.peek(at) {
            Some(b'"') => self.string(at)?,
            Some(b'-' | b'0'..=b'9') => self.number(at)?,
            Some(b'{') => return Ok(self.open(at, Kind::Object)),
            Some(b'[') => return Ok(self.open(at, Kind::Array)),
            Some(b't') => self.word(at, b"true", Kind::True)?,
            Some(b'f') => self.word(at, b"false", Kind::False)?,
            Some(b'n') => self.word(at, b"null", Kind::Null)?,
            _ => return Err(self.invalid(at)),
        };
        Ok(Begun::Scalar(end))
    }

    fn open(&mut self, at: usize, kind: Kind) -> Begun {
        self.push(kind, at, at + 1);
        Begun::Open { is_object: kind == Kind::Object }
    }

    fn word(&mut self, at: usize, word: &[u8], kind: Kind) -> Result<usize, Fault> {
        if !self.bytes[at..].starts_with(word) {
            return Err(self.invalid(at));
        }
        self.push(kind, at, at + word.len());
        Ok(at + word.len())
    }

    #[inline]
    fn number(&mut self, start: usize) -> Result<usize, Fault> {
        let mut at = start + usize::from(self.peek(start) == Some(b'-'));
        at = match self.peek(at) {
            Some(b'0') => at + 1,
            _ => self.digits(at)?,
        };
        if self.peek(at) == Some(b'.') {
            at = self.digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = self.peek(at) {
            let sign = matches!(self.peek(at + 1), Some(b'+' | b'-'));
            at = self.digits(at + 1 + usize::from(sign))?;
        }
        self.push(Kind::Number, start, at);
        Ok(at)
    }

    #[inline]
    fn digits(&mut self, start: usize) -> Result<usize, Fault> {
        let mut at = start;
        while let Some(b'0'..=b'9') = self.peek(at) {
            at += 1;
        }
        if at == start { Err(self.invalid(at)) } else { Ok(at) }
    }

    /// Reads a member's name, compares it with those before it, and reads the colon.
    #[inline(always)]
    fn name(&mut self, at: usize, frame: &mut Frame) -> Result<usize, Fault> {
        if self.peek(at) != Some(b'"') {
            return Err(self.invalid(at));
        }
        let index = self.nodes.len();
        let end = self.string(at)?;
        frame.members += 1;
        if frame.members <= COMPARED_EACH {
            let bit = 1u64 << self.hash_of_name(index);
            if frame.seen & bit != 0 && self.named_before(frame.node as usize, index) && !Rule::Jsn01.is_off()
            {
                return Err(Fault { rule: Rule::Jsn01, code: Code::JsonDuplicateMember, offset: at });
            }
            frame.seen |= bit;
        }
        let colon = self.skip_whitespace(end);
        if self.peek(colon) == Some(b':') { Ok(colon + 1) } else { Err(self.invalid(colon)) }
    }

    /// One of 64 numbers. It tells most names apart; equality decides.
    #[inline(always)]
    fn hash_of_name(&self, index: usize) -> u64 {
        let name = self.nodes[index].range();
        let word = match name.start.checked_sub(self.bytes.len()) {
            None => first_eight_in(self.bytes, name.clone()),
            Some(behind) => first_eight_in(&self.unescaped, behind..behind + name.len()),
        };
        (word ^ name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58
    }

    fn named_before(&self, object: usize, index: usize) -> bool {
        let name = self.string_at(index);
        let mut at = object + 1;
        while at < index {
            if self.nodes[at].bytes() == name.len() && self.string_at(at) == name {
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

    /// Reads a string that begins with the quote at `quote`.
    #[inline(always)]
    fn string(&mut self, quote: usize) -> Result<usize, Fault> {
        let end = plain_end(self.bytes, quote + 1);
        match self.peek(end) {
            Some(b'"') => {
                self.push(Kind::String, quote + 1, end);
                Ok(end + 1)
            }
            Some(b'\\') => self.string_with_escapes(quote + 1, end),
            _ => Err(self.invalid(end)),
        }
    }

    #[cold]
    fn string_with_escapes(&mut self, start: usize, first_escape: usize) -> Result<usize, Fault> {
        let begins = self.unescaped.len();
        let (mut copied, mut at) = (start, first_escape);
        loop {
            self.unescaped.extend_from_slice(&self.bytes[copied..at]);
            match self.peek(at) {
                Some(b'"') => break,
                Some(b'\\') => copied = self.escape(at)?,
                _ => return Err(self.invalid(at)),
            }
            at = plain_end(self.bytes, copied);
        }
        self.escaped.push((self.nodes.len() as u32, start as u32));
        let source = self.bytes.len();
        self.push(Kind::String, source + begins, source + self.unescaped.len());
        Ok(at + 1)
    }

    fn escape(&mut self, at: usize) -> Result<usize, Fault> {
        let byte = match self.peek(at + 1) {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode_escape(at + 2),
            _ => return Err(self.invalid(at + 2)),
        };
        self.unescaped.push(byte);
        Ok(at + 2)
    }

    /// Reads the digits of an escape, and the second half of a surrogate pair.
    fn unicode_escape(&mut self, at: usize) -> Result<usize, Fault> {
        let lone = Fault { rule: Rule::Jsn02, code: Code::JsonInvalidUtf8, offset: at };
        let (mut point, mut end) = (self.four_hex_digits(at)?, at + 4);
        if (0xd800..0xdc00).contains(&point) {
            if !self.bytes[end..].starts_with(b"\\u") {
                return Err(lone);
            }
            let low = self.four_hex_digits(end + 2)?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(lone);
            }
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
            end += 6;
        }
        let character = char::from_u32(point).ok_or(lone)?;
        self.unescaped.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(end)
    }

    fn four_hex_digits(&self, at: usize) -> Result<u32, Fault> {
        let mut value = 0;
        for at in at..at + 4 {
            let digit = self.peek(at).and_then(|byte| (byte as char).to_digit(16));
            value = value << 4 | digit.ok_or_else(|| self.invalid(at))?;
        }
        Ok(value)
    }

    #[inline(always)]
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = self.nodes.len() + 1;
        self.nodes.push(Node::new(kind, start, end, next));
    }

    #[inline(always)]
    fn peek(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    #[inline(always)]
    fn skip_whitespace(&self, at: usize) -> usize {
        match self.peek(at) {
            Some(byte) if byte <= b' ' => self.behind_whitespace(at),
            _ => at,
        }
    }

    fn behind_whitespace(&self, mut at: usize) -> usize {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek(at) {
            at += 1;
        }
        at
    }

    #[cold]
    fn invalid(&self, at: usize) -> Fault {
        Fault { rule: Rule::Jsn03, code: Code::JsonInvalid, offset: at.min(self.bytes.len()) }
    }

    #[cold]
    fn too_complex(&self, at: usize) -> Fault {
        Fault { rule: Rule::Lim03, code: Code::JsonTooComplex, offset: at }
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
