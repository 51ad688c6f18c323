//! Text from tokens and files on its way to a terminal: nothing in it may act, hide or reorder.

use std::fmt::Write;

/// The text, with what cannot be seen written as JSON writes it: `\n`, `\u202e`.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_plain(character) { out.push(character) } else { escape(&mut out, character) }
    }
    out
}

/// The text as a JSON string, quotes included.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            plain if is_plain(plain) => out.push(plain),
            other => escape(&mut out, other),
        }
    }
    out.push('"');
    out
}

/// The text bare where it is one plain word, quoted where its end could not be seen otherwise.
pub(crate) fn word(text: &str) -> String {
    let is_word = !text.is_empty()
        && text.chars().all(|one| is_plain(one) && !one.is_whitespace() && !matches!(one, '"' | ',' | '\\'));
    if is_word { text.to_owned() } else { quoted(text) }
}

/// JSON whose strings hold nothing that acts on a terminal. It stays the same document: whatever is
/// not ASCII in JSON stands in a string.
pub(crate) fn safe_json(json: &str) -> String {
    if json.chars().all(is_plain) { json.to_owned() } else { shown(json) }
}

/// At most so many characters, the last one `…` where some are left out.
pub(crate) fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

fn escape(out: &mut String, character: char) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        other => {
            for unit in other.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
}

/// Can the character be seen where it stands, and does it leave its neighbours alone?
///
/// Not so: controls (C0, DEL, C1), line and paragraph separators, everything that reorders or joins
/// text, what has no width, tags and variation selectors, blanks that look like a space, private
/// and unassigned planes.
fn is_plain(character: char) -> bool {
    !matches!(character,
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{a0}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3000}'
        | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{fffe}'..='\u{ffff}'
        | '\u{13430}'..='\u{1345f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{40000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_escaped() {
        for (text, expected) in [
            ("alice", "alice"),
            ("Zoë 李 😀 हिन्दी", "Zoë 李 😀 हिन्दी"),
            ("a\u{1b}[31mb", "a\\u001b[31mb"),
            ("a\nb\r\tc\u{8}", "a\\nb\\r\\tc\\u0008"),
            ("\u{7f}\u{9b}31m\u{85}", "\\u007f\\u009b31m\\u0085"),
            ("\u{202e}txt\u{2066}\u{2069}\u{200f}", "\\u202etxt\\u2066\\u2069\\u200f"),
            ("\u{2028}\u{2029}\u{feff}\u{200b}\u{ad}", "\\u2028\\u2029\\ufeff\\u200b\\u00ad"),
            ("\u{e0041}", "\\udb40\\udc41"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn every_control_and_format_character_is_escaped() {
        let sets =
            [0..=0x1f, 0x7f..=0x9f, 0x200b..=0x200f, 0x2028..=0x202e, 0x2060..=0x206f, 0xe0000..=0xe0fff];
        for point in sets.into_iter().flatten() {
            let character = char::from_u32(point).unwrap();
            assert!(shown(&character.to_string()).starts_with('\\'), "{point:x}");
        }
    }

    #[test]
    fn json_stays_the_same_document() {
        let strange = "q\"\\\u{1}\u{9b}\u{202e}\u{e0041}é";
        for json in [serde_json::to_string(strange).unwrap(), quoted(strange)] {
            let safe = safe_json(&json);
            assert!(safe.chars().all(is_plain));
            assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), strange);
        }
    }

    #[test]
    fn words_show_where_they_end() {
        for (text, expected) in [
            ("orders:read", "orders:read"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("a,b", "\"a,b\""),
            ("\n", "\"\\n\""),
        ] {
            assert_eq!(word(text), expected);
        }
        assert_eq!(clipped("abcd", 4), "abcd");
        assert_eq!(clipped("abcde", 4), "abc…");
    }
}
