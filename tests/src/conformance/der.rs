//! As much DER as RSA keys and ECDSA signatures need.

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// A sequence of these non-negative numbers, big-endian.
pub fn integers(numbers: &[&[u8]]) -> Vec<u8> {
    let content: Vec<u8> = numbers.iter().flat_map(|number| element(INTEGER, &positive(number))).collect();
    element(SEQUENCE, &content)
}

/// The numbers of the RSAPrivateKey inside a PKCS #8 document, without leading zeros.
pub fn rsa_numbers(pkcs8: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (SEQUENCE, outer, _) = read(pkcs8)? else { return None };
    let (_, _version, rest) = read(outer)?;
    let (_, _algorithm, rest) = read(rest)?;
    let (OCTET_STRING, key, _) = read(rest)? else { return None };
    let (SEQUENCE, mut numbers, _) = read(key)? else { return None };
    let mut found = Vec::new();
    while !numbers.is_empty() {
        let (INTEGER, number, rest) = read(numbers)? else { return None };
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        found.push(number[zeros..].to_vec());
        numbers = rest;
    }
    Some(found)
}

fn positive(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let mut number = number[zeros..].to_vec();
    if number.first().is_none_or(|first| first & 0x80 != 0) {
        number.insert(0, 0);
    }
    number
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..128 => out.push(short as u8),
        long => {
            let length: Vec<u8> = long.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | length.len() as u8);
            out.extend(length);
        }
    }
    out.extend(content);
    out
}

/// Tag, content and what follows.
fn read(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, length, rest) = match bytes {
        [tag, short @ 0..128, rest @ ..] => (*tag, usize::from(*short), rest),
        [tag, count, rest @ ..] => {
            let (length, rest) = rest.split_at_checked(usize::from(count & 0x7f))?;
            (*tag, length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}
