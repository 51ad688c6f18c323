//! Strict base64url without padding (RFC 7515 section 2, RFC 4648 section 3.5).
//!
//! First [`check`], which touches no memory of its own, then [`decode`], which cannot fail: a
//! malformed token is refused before anything is allocated. Both are written so that the compiler
//! turns them into vector code.

use crate::error::Code;
use crate::rule::Rule;

/// Is every byte in the alphabet (B64-01), and is this the one spelling of its bytes (B64-02)?
pub(crate) fn check(text: &[u8]) -> Result<(), (Rule, Code)> {
    let mut outside = [false; BLOCK_TEXT];
    let mut look = |block: &[u8]| {
        for (outside, byte) in outside.iter_mut().zip(block) {
            *outside |= !is_in_alphabet(*byte);
        }
    };
    let (blocks, rest) = text.as_chunks::<BLOCK_TEXT>();
    for block in blocks {
        look(block);
    }
    // The end once more rather than byte by byte.
    look(text.last_chunk::<BLOCK_TEXT>().map_or(rest, <[u8; BLOCK_TEXT]>::as_slice));
    if outside.contains(&true) && !Rule::B6401.is_off() {
        return Err((Rule::B6401, Code::Base64Alphabet));
    }
    let unused = match (text.len() % 4, text.last()) {
        (0, _) | (_, None) => 0,
        (1, _) => 0x3f,
        (2, Some(last)) => sextet(*last) & 0x0f,
        (_, Some(last)) => sextet(*last) & 0x03,
    };
    if (unused != 0 || text.len() % 4 == 1) && !Rule::B6402.is_off() {
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
    let (blocks, rest) = text.as_chunks();
    let (outputs, output_rest) = bytes.as_chunks_mut();
    for (block, output) in blocks.iter().zip(outputs) {
        decode_block(block, output);
    }
    if !rest.is_empty() {
        let (mut block, mut output) = ([b'A'; BLOCK_TEXT], [0; BLOCK_BYTES]);
        block[..rest.len()].copy_from_slice(rest);
        decode_block(&block, &mut output);
        output_rest.copy_from_slice(&output[..output_rest.len()]);
    }
}

fn decode_block(block: &[u8; BLOCK_TEXT], output: &mut [u8; BLOCK_BYTES]) {
    let mut sextets = [0; BLOCK_TEXT];
    for (sextet_out, byte) in sextets.iter_mut().zip(block) {
        *sextet_out = sextet(*byte);
    }
    for (six, eight) in output.as_chunks_mut::<6>().0.iter_mut().zip(sextets.as_chunks().0) {
        six.copy_from_slice(&pack(*eight)[..6]);
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

const BLOCK_TEXT: usize = 32;
const BLOCK_BYTES: usize = BLOCK_TEXT / 4 * 3;

#[inline(always)]
fn is_in_alphabet(byte: u8) -> bool {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let digit = byte.wrapping_sub(b'0') < 10;
    letter | digit | (byte == b'-') | (byte == b'_')
}

/// The value of a byte of the alphabet, by arithmetic alone: how far each of its runs is from where
/// the run before would put it.
#[inline(always)]
fn sextet(byte: u8) -> u8 {
    let digit = 4;
    let upper = if byte > b'9' { 187 } else { 0 };
    let lower = if byte > b'Z' { 250 } else { 0 };
    let minus = if byte == b'-' { 13 } else { 0 };
    let underscore = if byte == b'_' { 39 } else { 0 };
    byte.wrapping_add(digit)
        .wrapping_add(upper)
        .wrapping_add(lower)
        .wrapping_add(minus)
        .wrapping_add(underscore)
}

/// Eight sextets as six bytes, and two zeros: pairs are joined to 12, 24 and 48 bits, all at once.
#[inline(always)]
fn pack(eight: [u8; 8]) -> [u8; 8] {
    const PAIRS: u64 = 0x00ff_00ff_00ff_00ff;
    const FOURS: u64 = 0x0000_ffff_0000_ffff;
    let sextets = u64::from_le_bytes(eight);
    let pairs = (sextets & PAIRS) << 6 | sextets >> 8 & PAIRS;
    let fours = (pairs & FOURS) << 12 | pairs >> 16 & FOURS;
    (fours << 40 | fours >> 32 << 16).to_be_bytes()
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
