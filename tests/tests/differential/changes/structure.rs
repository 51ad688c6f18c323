//! Changes of segments, signature and the token as a whole.

use counterseal::core::algorithm::Family;

use super::{Change, accepted, refused, same};
use crate::draft::Draft;

pub(super) const CHANGES: &[Change] = &[
    same("a byte of the signature", |draft, _| {
        draft.signature.push(|signature| {
            let middle = signature.len() / 2;
            signature[middle] ^= 1;
        });
        true
    }),
    same("a signature cut short", |draft, random| {
        let cuts: [fn(&mut Vec<u8>); 3] =
            [|bytes| bytes.truncate(bytes.len() - 1), |bytes| bytes.truncate(1), Vec::clear];
        draft.signature.push(random.one_of(&cuts));
        true
    }),
    same("a longer signature", |draft, random| {
        let longer: [fn(&mut Vec<u8>); 3] =
            [|bytes| bytes.push(0), |bytes| bytes.insert(0, 0), |bytes| bytes.extend_from_within(..)];
        draft.signature.push(random.one_of(&longer));
        true
    }),
    same("a signature of zeros", |draft, _| {
        draft.signature.push(|signature| signature.fill(0));
        true
    }),
    same("an ECDSA signature in DER", |draft, _| {
        draft.signature.push(to_der);
        draft.algorithm.family() == Family::Ec
    }),
    same("the twin of an ECDSA signature", |draft, _| {
        draft.signature.push(|signature| negate_s(signature));
        draft.algorithm.family() == Family::Ec
    }),
    same("other claims behind the signature", |draft, _| {
        change_token(draft, |token| {
            let mut segments: Vec<&str> = token.split('.').collect();
            let payload = counterseal_tests::signer::from_base64url(segments[1]).unwrap_or_default();
            let forged = String::from_utf8_lossy(&payload).replace("alice", "admin");
            let forged = counterseal_tests::signer::base64url(forged + " ");
            segments[1] = &forged;
            segments.join(".")
        })
    }),
    same("padding", |draft, random| {
        let paddings: [fn(&mut [String; 2]); 2] =
            [|segments| segments[0].push('='), |segments| segments[1].push_str("==")];
        match random.below(3) {
            2 => change_token(draft, |token| token + "="),
            one => {
                draft.before_signing.push(paddings[one]);
                true
            }
        }
    }),
    same("spare bits in base64url", |draft, random| {
        match random.below(2) {
            0 => draft.before_signing.push(|segments| spare_bits(&mut segments[0])),
            _ => draft.before_signing.push(|segments| spare_bits(&mut segments[1])),
        }
        draft.header("x-length", "12");
        draft.claim("x-length", "12");
        true
    }),
    same("a byte outside the alphabet", |draft, random| {
        let changes: [fn(&mut [String; 2]); 5] = [
            |segments| insert(&mut segments[0], 4, '+'),
            |segments| insert(&mut segments[1], 4, '/'),
            |segments| insert(&mut segments[1], 8, '\n'),
            |segments| segments[1].push(' '),
            |segments| insert(&mut segments[0], 0, '\u{e9}'),
        ];
        draft.before_signing.push(random.one_of(&changes));
        true
    }),
    same("more or fewer dots", |draft, random| match random.below(5) {
        0 => change_token(draft, |token| token + "."),
        1 => change_token(draft, |token| format!(".{token}")),
        2 => change_token(draft, |token| token.replace('.', "..")),
        3 => change_token(draft, |token| token.replacen('.', "", 1)),
        _ => change_token(draft, |token| {
            token.rsplit_once('.').map_or(String::new(), |(signed, _)| signed.to_owned())
        }),
    }),
    same("empty segments", |draft, random| {
        match random.below(3) {
            0 => draft.before_signing.push(|segments| segments[0].clear()),
            1 => draft.before_signing.push(|segments| segments[1].clear()),
            _ => drop(change_token(draft, |token| {
                token.rsplit_once('.').map_or(String::new(), |(signed, _)| format!("{signed}."))
            })),
        }
        true
    }),
    same("something before or behind the token", |draft, random| match random.below(4) {
        0 => change_token(draft, |token| token + "\n"),
        1 => change_token(draft, |token| format!(" {token}")),
        2 => change_token(draft, |token| format!("\"{token}\"")),
        _ => change_token(draft, |token| token + "\0"),
    }),
    accepted(
        "behind Bearer",
        "BRR-02",
        "a guard takes the value of the Authorization header as it is",
        |draft, random| match random.below(2) {
            0 => change_token(draft, |token| format!("Bearer {token}")),
            _ => change_token(draft, |token| format!("bEARER  {token}")),
        },
    ),
    same("behind another scheme", |draft, random| match random.below(4) {
        0 => change_token(draft, |token| format!("DPoP {token}")),
        1 => change_token(draft, |token| format!("Bearer\t{token}")),
        2 => change_token(draft, |token| format!("Bearer{token}")),
        _ => change_token(draft, |token| format!("Bearer Bearer {token}")),
    }),
    refused("more than 16 KiB", &["LIM-01"], "no token is so large", |draft, _| {
        draft.claim("x-note", format!("\"{}\"", "x".repeat(16 * 1024)));
        true
    }),
    same("nearly 16 KiB", |draft, _| {
        draft.claim("x-note", format!("\"{}\"", "x".repeat(11 * 1024)));
        true
    }),
];

fn change_token(draft: &mut Draft, change: fn(String) -> String) -> bool {
    draft.token.push(Box::new(change));
    true
}

/// Inserts at that byte, or before it where a segment is too short or changed already.
fn insert(segment: &mut String, at: usize, character: char) {
    let at = (0..=at).rev().find(|at| segment.is_char_boundary(*at)).unwrap_or(0);
    segment.insert(at, character);
}

/// Sets a bit that the last letter does not use, where there is one.
fn spare_bits(segment: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if segment.len().is_multiple_of(4) {
        // Every bit is used: one letter more stands for six bits of a byte.
        segment.push('A');
        return;
    }
    let Some(last) = segment.pop() else { return };
    let value = ALPHABET.iter().position(|letter| *letter == last as u8).unwrap_or(0);
    segment.push(ALPHABET[value | 1] as char);
}

/// SEQUENCE of two INTEGERs, as X.509 has it.
fn to_der(signature: &mut Vec<u8>) {
    let integer = |bytes: &[u8]| {
        let bytes: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { &[0][..] } else { &[] };
        [&[2, (sign.len() + bytes.len()) as u8][..], sign, &bytes].concat()
    };
    let (r, s) = signature.split_at(signature.len() / 2);
    let body = [integer(r), integer(s)].concat();
    *signature = [&[0x30, body.len() as u8][..], &body].concat();
}

/// (r, n - s) is as valid as (r, s).
fn negate_s(signature: &mut [u8]) {
    const P256: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    const P384: &str =
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
    let order = match signature.len() {
        64 => P256,
        96 => P384,
        _ => return,
    };
    let order: Vec<u8> =
        (0..order.len()).step_by(2).map(|at| u8::from_str_radix(&order[at..at + 2], 16).unwrap()).collect();
    let half = signature.len() / 2;
    let mut borrow = 0;
    for at in (0..half).rev() {
        let difference = i16::from(order[at]) - i16::from(signature[half + at]) - borrow;
        borrow = i16::from(difference < 0);
        signature[half + at] = difference.rem_euclid(256) as u8;
    }
}
