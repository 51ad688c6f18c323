//! Strict base64url without padding (RFC 7515 section 2, RFC 4648 section 3.5).
//!
//! First [`check`], which touches no memory of its own, then [`decode`], which cannot fail: a
//! malformed token is refused before anything is allocated. Both are written so that the compiler
//! turns them into vector code.

use crate::error::Code;
use crate::rule::Rule;

/// Is every byte in the alphabet (B64-01), and is this the one spelling of its bytes (B64-02)?
pub(crate) fn check(text: &[u8]) -> Result<(), (Rule, Code)> {
    let mut outside = 0u8;
    for byte in text {
        outside |= u8::from(!is_in_alphabet(*byte));
    }
    if outside != 0 {
        return Err((Rule::B6401, Code::Base64Alphabet));
    }
    let unused = match (text.len() % 4, text.last()) {
        (0, _) | (_, None) => 0,
        (1, _) => 0x3f,
        (2, Some(last)) => sextet(*last) & 0x0f,
        (_, Some(last)) => sextet(*last) & 0x03,
    };
    if unused != 0 || text.len() % 4 == 1 {
        return Err((Rule::B6402, Code::Base64Noncanonical));
    }
    Ok(())
}

/// Bytes that a text of this length stands for.
pub(crate) const fn decoded_len(text_len: usize) -> usize {
    text_len / 4 * 3
        + match text_len % 4 {
            0 | 1 => 0,
            2 => 1,
            _ => 2,
        }
}

/// Decodes a checked text. Bytes outside the alphabet would give wrong bytes, never a panic.
pub(crate) fn decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; decoded_len(text.len())];
    decode_into(text, &mut bytes);
    bytes
}

/// Checks and decodes.
pub(crate) fn decode_strict(text: &[u8]) -> Result<Vec<u8>, (Rule, Code)> {
    check(text)?;
    Ok(decode(text))
}

/// Decodes a checked text into a buffer of exactly [`decoded_len`] bytes.
pub(crate) fn decode_into(text: &[u8], bytes: &mut [u8]) {
    let mut blocks = text.chunks_exact(BLOCK_TEXT);
    let mut outputs = bytes.chunks_exact_mut(BLOCK_BYTES);
    for (block, output) in (&mut blocks).zip(&mut outputs) {
        let mut sextets = [0u8; BLOCK_TEXT];
        for (sextet_out, byte) in sextets.iter_mut().zip(block) {
            *sextet_out = sextet(*byte);
        }
        for (three, four) in output.chunks_exact_mut(3).zip(sextets.chunks_exact(4)) {
            let word = pack(four);
            three.copy_from_slice(&word.to_be_bytes()[..3]);
        }
    }
    let rest = blocks.remainder();
    let output = outputs.into_remainder();
    for (three, four) in output.chunks_mut(3).zip(rest.chunks(4)) {
        let mut sextets = [0u8; 4];
        for (sextet_out, byte) in sextets.iter_mut().zip(four) {
            *sextet_out = sextet(*byte);
        }
        three.copy_from_slice(&pack(&sextets).to_be_bytes()[..three.len()]);
    }
}

/// Encodes without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let mut word = [0u8; 4];
        word[..three.len()].copy_from_slice(three);
        let word = u32::from_be_bytes(word);
        for at in 0..=three.len() {
            text.push(ALPHABET[(word >> (26 - 6 * at)) as usize & 63] as char);
        }
    }
    text
}

const BLOCK_TEXT: usize = 64;
const BLOCK_BYTES: usize = 48;

#[inline(always)]
fn is_in_alphabet(byte: u8) -> bool {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let digit = byte.wrapping_sub(b'0') < 10;
    letter | digit | (byte == b'-') | (byte == b'_')
}

/// The value of a byte of the alphabet, by arithmetic alone.
#[inline(always)]
fn sextet(byte: u8) -> u8 {
    let upper = if byte >= b'A' { b'A' } else { b'0'.wrapping_sub(52) };
    let lower = if byte >= b'a' { b'a' - 26 } else { upper };
    let minus = if byte == b'-' { b'-'.wrapping_sub(62) } else { lower };
    let base = if byte == b'_' { b'_' - 63 } else { minus };
    byte.wrapping_sub(base)
}

/// Four sextets as the upper 24 bits of a word.
#[inline(always)]
fn pack(four: &[u8]) -> u32 {
    (four[0] as u32) << 26 | (four[1] as u32) << 20 | (four[2] as u32) << 14 | (four[3] as u32) << 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_is_exactly_64_bytes() {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for byte in 0..=255u8 {
            let place = ALPHABET.iter().position(|member| *member == byte);
            assert_eq!(is_in_alphabet(byte), place.is_some(), "{byte}");
            if let Some(place) = place {
                assert_eq!(usize::from(sextet(byte)), place, "{byte}");
            }
        }
    }

    #[test]
    fn b64_01_and_02_one_spelling_only() {
        for (text, code) in [
            (&b""[..], None),
            (b"Zg", None),
            (b"Zm8", None),
            (b"Zm9v", None),
            (b"Zg==", Some(Code::Base64Alphabet)),
            (b"Zm8=", Some(Code::Base64Alphabet)),
            (b"Zm9v+", Some(Code::Base64Alphabet)),
            (b"Zm9/", Some(Code::Base64Alphabet)),
            (b"Zm9\n", Some(Code::Base64Alphabet)),
            (b"Zm9\xff", Some(Code::Base64Alphabet)),
            (b"Zh", Some(Code::Base64Noncanonical)),
            (b"Zm9", Some(Code::Base64Noncanonical)),
            (b"Zm9vZ", Some(Code::Base64Noncanonical)),
            (b"A", Some(Code::Base64Noncanonical)),
        ] {
            assert_eq!(check(text).err().map(|(_, code)| code), code, "{text:?}");
        }
    }

    #[test]
    fn decodes_what_it_encodes_at_every_length() {
        let bytes: Vec<u8> = (0..300u32).map(|n| (n * 7 + n / 13) as u8).collect();
        for length in 0..bytes.len() {
            let text = encode(&bytes[..length]);
            assert_eq!(decode_strict(text.as_bytes()).as_deref(), Ok(&bytes[..length]), "{length}");
        }
    }
}
