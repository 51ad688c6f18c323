//! How deeply a TOML text is nested, told without building anything, so that a hostile one costs
//! a walk over its bytes and no stack.

use super::read::DEEPEST;

/// The byte at which a TOML text nests more deeply than [`DEEPEST`]: in brackets, or in the dots of
/// one key. Strings and comments are skipped by the same rules as those of the TOML lexer.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut brackets, mut dots) = (0, 0usize, 0usize);
    while let Some(byte) = bytes.get(at) {
        let next = match byte {
            b'"' => basic_string(bytes, at),
            b'\'' => literal_string(bytes, at),
            b'#' => find(bytes, at, |byte| byte == b'\n' || byte == b'\r'),
            _ => at + 1,
        };
        match byte {
            b'.' => dots += 1,
            b'[' | b'{' => brackets += 1,
            b']' | b'}' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        if matches!(byte, b'\n' | b'\r' | b'=' | b',' | b'[' | b']' | b'{' | b'}') {
            dots = 0;
        }
        // The double bracket of `[[issuer]]` counts as two, and nothing is nested in it.
        if brackets > DEEPEST || dots >= DEEPEST {
            return Some(at);
        }
        at = next;
    }
    None
}

fn basic_string(bytes: &[u8], at: usize) -> usize {
    let multiline = bytes[at..].starts_with(b"\"\"\"");
    let mut at = at + if multiline { 3 } else { 1 };
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if matches!(bytes.get(at + 1), Some(b'\\' | b'"')) => at += 2,
            b'"' if !multiline => return at + 1,
            b'\n' if !multiline => return at,
            b'"' if bytes[at..].starts_with(b"\"\"\"") => {
                return at + 3 + closing_quotes(bytes, at + 3, b'"');
            }
            _ => at += 1,
        }
    }
    at
}

fn literal_string(bytes: &[u8], at: usize) -> usize {
    if !bytes[at..].starts_with(b"'''") {
        let end = find(bytes, at + 1, |byte| byte == b'\'' || byte == b'\n');
        return end + usize::from(bytes.get(end) == Some(&b'\''));
    }
    let mut at = at + 3;
    while at < bytes.len() && !bytes[at..].starts_with(b"'''") {
        at += 1;
    }
    let end = (at + 3).min(bytes.len());
    end + closing_quotes(bytes, end, b'\'')
}

/// Up to two quotes right before the delimiter of a multi-line string belong to it.
fn closing_quotes(bytes: &[u8], at: usize, quote: u8) -> usize {
    bytes[at..].iter().take(2).take_while(|byte| **byte == quote).count()
}

fn find(bytes: &[u8], from: usize, is_end: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().position(|byte| is_end(*byte)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_dots_count_and_strings_do_not() {
        for (text, deep) in [
            ("[[issuer]]\nkeys = { jwks = { keys = [{ x5c = ['a'] }] } }\n".to_owned(), false),
            ("a = '[[[[[[[[[[[[[[[[[[[['\n".repeat(3), false),
            ("a = \"\\\"[[[[[[[[[[[[[[[[[[[[\"\n".repeat(3), false),
            ("a = '''\n[[[[[[[[[[[[[[[[[[[[''''\n".repeat(3), false),
            ("a = \"\"\"\n[[[[[[[[[[[[[[[\\\"\"\"[[[[[\"\"\"\"\n".repeat(3), false),
            ("# [[[[[[[[[[[[[[[[[[[[[[[[\n".to_owned(), false),
            ("[a]\nb.c = 1.5\n".repeat(40), false),
            (format!("a = {}1{}", "[".repeat(16), "]".repeat(16)), false),
            ("a = [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]".to_owned(), true),
            (format!("{}a = 1", "a.".repeat(16)), true),
            (format!("[{}a]", "a.".repeat(16)), true),
            (format!("a = {}", "{a=".repeat(17)), true),
        ] {
            assert_eq!(too_deep(&text).is_some(), deep, "{text}");
        }
    }
}
