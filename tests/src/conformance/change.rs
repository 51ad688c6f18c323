//! What is done to a signed token: the tampering of the cases.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};

use super::case::{Change, Numbers};
use super::der;
use super::text::from_hex;

/// Applies the changes in their order and joins the segments.
pub fn apply(changes: &[Change], segments: [Vec<u8>; 3]) -> Result<Vec<u8>, String> {
    let mut segments = segments;
    let mut whole: Option<Vec<u8>> = None;
    for change in changes {
        match change.segment {
            Some(at) if whole.is_none() => {
                let segment = segments.get_mut(at).ok_or("there are three segments")?;
                *segment = of_segment(change, segment)?;
            }
            Some(_) => return Err("segments are changed before the whole".into()),
            None => {
                let before = whole.unwrap_or_else(|| segments.join(&b'.'));
                whole = Some(of_text(change, before)?);
            }
        }
    }
    Ok(whole.unwrap_or_else(|| segments.join(&b'.')))
}

/// Replaces a text that stands exactly once.
pub fn replace_once(bytes: &[u8], from: &[u8], to: &[u8]) -> Result<Vec<u8>, String> {
    let places: Vec<usize> = bytes
        .windows(from.len().max(1))
        .enumerate()
        .filter(|(_, window)| *window == from)
        .map(|(at, _)| at)
        .collect();
    match places.as_slice() {
        [at] => Ok([&bytes[..*at], to, &bytes[at + from.len()..]].concat()),
        _ => Err(format!("{:?} stands {} times", String::from_utf8_lossy(from), places.len())),
    }
}

fn of_segment(change: &Change, segment: &[u8]) -> Result<Vec<u8>, String> {
    let decoded = || URL_SAFE_NO_PAD.decode(segment).map_err(|_| "the segment does not decode".to_owned());
    let encoded = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes).into_bytes();
    if let Some(text) = &change.text {
        return text.bytes();
    }
    if let Some(bytes) = &change.bytes {
        return Ok(encoded(bytes.bytes()?));
    }
    if let Some(bit) = change.flip {
        let mut bytes = decoded()?;
        *bytes.get_mut(bit / 8).ok_or("there is no such bit")? ^= 0x80 >> (bit % 8);
        return Ok(encoded(bytes));
    }
    if let Some(length) = change.cut {
        let mut bytes = decoded()?;
        bytes.truncate(length);
        return Ok(encoded(bytes));
    }
    if let Some(bits) = change.unused_bits {
        return set_unused_bits(segment, bits);
    }
    if let Some(numbers) = change.numbers {
        return Ok(encoded(arithmetic(numbers, decoded()?)?));
    }
    of_text(change, segment.to_vec())
}

fn of_text(change: &Change, text: Vec<u8>) -> Result<Vec<u8>, String> {
    match (&change.prepend, &change.append, &change.replace) {
        (Some(before), None, None) => Ok([before.bytes()?, text].concat()),
        (None, Some(behind), None) => Ok([text, behind.bytes()?].concat()),
        (None, None, Some((from, to))) => replace_once(&text, from.as_bytes(), &to.bytes()?),
        _ => Err("a change says one thing".into()),
    }
}

/// Another spelling of the same bytes, for lenient decoders.
fn set_unused_bits(segment: &[u8], bits: u8) -> Result<Vec<u8>, String> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut spelled = segment.to_vec();
    let last = spelled.last_mut().ok_or("the segment is empty")?;
    let value = ALPHABET.iter().position(|letter| letter == last).ok_or("the segment is no base64url")?;
    *last = ALPHABET[value | usize::from(bits)];
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone);
    let lenient = GeneralPurpose::new(&alphabet::URL_SAFE, config);
    let same = lenient.decode(&spelled).ok() == URL_SAFE_NO_PAD.decode(segment).ok();
    if same && spelled != segment { Ok(spelled) } else { Err(format!("{bits} are no unused bits here")) }
}

fn arithmetic(numbers: Numbers, signature: Vec<u8>) -> Result<Vec<u8>, String> {
    /// Orders by the length of a signature: P-256, P-384, P-521, and of edwards25519.
    const P256: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    const P384: &str =
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
    const P521: &str = "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";
    const L: &str = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";
    let half = signature.len() / 2;
    let (r, s) = signature.split_at(half);
    match numbers {
        Numbers::Der => Ok(der::integers(&[r, s])),
        Numbers::Twin => {
            let order = match signature.len() {
                64 => P256,
                96 => P384,
                132 => P521,
                _ => return Err("no signature of ECDSA".into()),
            };
            let order = from_hex(order).ok_or("no order")?;
            Ok([r, &subtract(&order, s)].concat())
        }
        Numbers::PlusOrder => {
            let order = from_hex(L).ok_or("no order")?;
            let little: Vec<u8> = order.into_iter().rev().collect();
            Ok([r, &add_little_endian(s, &little)].concat())
        }
    }
}

/// Big-endian numbers of one length, the first not the smaller one.
fn subtract(from: &[u8], number: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut difference = from.to_vec();
    for (digit, other) in difference.iter_mut().zip(number).rev() {
        let wide = i16::from(*digit) - i16::from(*other) - borrow;
        borrow = i16::from(wide < 0);
        *digit = wide.rem_euclid(256) as u8;
    }
    difference
}

fn add_little_endian(one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let digits = one.iter().zip(other).map(|(a, b)| {
        let sum = u16::from(*a) + u16::from(*b) + carry;
        carry = sum >> 8;
        sum as u8
    });
    digits.collect()
}
