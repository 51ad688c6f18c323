//! Base64url: one spelling of every byte string, and no other (B64-01, B64-02).

use counterseal::core::keyset::{KeySetOptions, Origin};
use counterseal::crypto::aws_lc;
use counterseal::{Algorithm, AlgorithmSet, Code, KeySet, jws};
use proptest::prelude::*;

use crate::{SECRET, cases, signer};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bit by bit, as RFC 4648 section 5 describes it.
fn reference(text: &[u8]) -> Result<Vec<u8>, Code> {
    let mut bits = Vec::new();
    for byte in text {
        let Some(value) = ALPHABET.iter().position(|member| member == byte) else {
            return Err(Code::Base64Alphabet);
        };
        bits.extend((0..6).rev().map(|bit| value >> bit & 1));
    }
    let unused = bits.len() % 8;
    if unused >= 6 || bits[bits.len() - unused..].contains(&1) {
        return Err(Code::Base64Noncanonical);
    }
    Ok(bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | *bit as u8)).collect())
}

/// What the lower door makes of a payload segment that was signed as it stands.
fn payload(segment: &[u8]) -> Result<Vec<u8>, Code> {
    let algorithms = AlgorithmSet::new().with(Algorithm::HS256);
    let options = KeySetOptions { algorithms, provider: aws_lc(), origin: Origin::Static };
    let keys = KeySet::from_secret(SECRET, &options).unwrap();
    let header = counterseal_tests::signer::base64url(signer().header());
    let signed = [header.as_bytes(), b".", segment].concat();
    let signature = counterseal_tests::signer::base64url(signer().sign(&signed));
    let token = [&signed, b".".as_slice(), signature.as_bytes()].concat();
    let verified = jws::verify(&token, &keys, algorithms);
    verified.map(|verified| verified.payload().to_vec()).map_err(|rejection| rejection.code())
}

fn expected(segment: &[u8]) -> Result<Vec<u8>, Code> {
    let foreign = |byte: &u8| byte.is_ascii_whitespace() || b"{}\"'\x0b".contains(byte);
    // Empty segments and what looks like JSON are refused before the alphabet is asked.
    if segment.is_empty() || segment.iter().any(foreign) {
        Err(Code::TokenMalformed)
    } else {
        reference(segment)
    }
}

/// Mostly of the alphabet, at every length of the decoder's blocks and beside them.
fn segment() -> impl Strategy<Value = Vec<u8>> {
    let letter = prop::sample::select(ALPHABET.as_slice());
    let stray = any::<u8>().prop_filter("a dot ends the segment", |byte| *byte != b'.');
    let byte = prop_oneof![400 => letter.clone(), 1 => stray.clone(), 1 => Just(b'='), 1 => Just(b'+')];
    let spoiled = (prop::collection::vec(letter, 1..200), any::<prop::sample::Index>(), stray);
    prop_oneof![
        3 => prop::collection::vec(byte, 0..300),
        1 => spoiled.prop_map(|(mut text, at, byte)| {
            let at = at.index(text.len());
            text[at] = byte;
            text
        }),
    ]
}

proptest! {
    #![proptest_config(cases(6000))]

    #[test]
    fn a_segment_decodes_as_the_reference_does(segment in segment()) {
        prop_assert_eq!(payload(&segment), expected(&segment));
    }

    #[test]
    fn what_is_encoded_decodes(bytes in prop::collection::vec(any::<u8>(), 1..400)) {
        let text = counterseal_tests::signer::base64url(&bytes);
        prop_assert_eq!(reference(text.as_bytes()), Ok(bytes.clone()));
        prop_assert_eq!(payload(text.as_bytes()), Ok(bytes));
    }
}

#[test]
fn no_byte_outside_the_alphabet_passes_anywhere() {
    for length in [1, 2, 3, 4, 16, 47, 63, 64, 65, 66, 127, 128, 130] {
        for at in 0..length {
            for byte in (0..=255).filter(|byte| !ALPHABET.contains(byte) && *byte != b'.') {
                let mut segment = vec![b'A'; length];
                segment[at] = byte;
                assert_eq!(payload(&segment), expected(&segment), "{byte:#x} at {at} of {length}");
            }
        }
    }
}

#[test]
fn every_last_letter_has_the_unused_bits_it_should() {
    for length in 1..70 {
        for last in ALPHABET {
            let mut segment = vec![b'x'; length];
            segment[length - 1] = *last;
            assert_eq!(payload(&segment), reference(&segment), "{} of {length}", *last as char);
        }
    }
}
