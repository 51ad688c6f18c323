//! Signatures made with fresh keys, checked by every provider (JWS-26 to JWS-30).

use super::signer::Signer;
use super::*;
use crate::keyset::Key;

const MESSAGE: &[u8] = b"eyJhbGciOiJ4In0.e30";

/// Calls with a signer of each algorithm by each provider, and the key that each provider makes of it.
fn for_each_key(algorithms: &[Algorithm], check: impl Fn(Algorithm, &Signer, &Key)) {
    let signers = algorithms.iter().flat_map(|algorithm| {
        let makers = providers().into_iter().map(|provider| (provider, Signer::new(*algorithm, provider)));
        makers.map(|(provider, signer)| (*algorithm, provider, signer))
    });
    for (algorithm, maker, signer) in signers {
        let signer = match signer {
            Ok(signer) => signer,
            Err(code) => {
                assert_eq!((maker.name(), code), ("ring", Code::ConfigAlgUnsupported), "{algorithm}");
                continue;
            }
        };
        for options in options(&[algorithm.name()]) {
            match KeySet::from_jwk(signer.jwk.as_bytes(), &options) {
                Ok(set) => check(algorithm, &signer, set.pick(None, algorithm).unwrap()),
                Err(code) => {
                    assert_eq!(code, Code::ConfigAlgUnsupported);
                    assert!(!options.provider.supports(algorithm));
                }
            }
        }
    }
}

#[test]
fn every_algorithm_verifies_its_own_signatures_only() {
    for_each_key(&Algorithm::ALL, |algorithm, signer, key| {
        let signature = signer.sign(MESSAGE);
        assert_eq!(refusal(key.verify(MESSAGE, &signature)), None, "{algorithm}");
        let rule = match algorithm.family() {
            crate::algorithm::Family::Mac => "JWS-30",
            crate::algorithm::Family::Rsa => "JWS-29",
            crate::algorithm::Family::Ec => "JWS-27",
            crate::algorithm::Family::Okp => "JWS-28",
        };
        let invalid = Some((rule, Code::SignatureInvalid));
        assert_eq!(refusal(key.verify(b"", &signature)), invalid, "{algorithm}");
        assert_eq!(refusal(key.verify(&MESSAGE[1..], &signature)), invalid, "{algorithm}");
        for at in [0, signature.len() / 2, signature.len() - 1] {
            let mut other = signature.clone();
            other[at] ^= 1;
            assert_eq!(refusal(key.verify(MESSAGE, &other)), invalid, "{algorithm} {at}");
        }
        assert_eq!(refusal(key.verify(MESSAGE, &vec![0; signature.len()])), invalid, "{algorithm}");
        assert_eq!(refusal(key.verify(MESSAGE, &vec![0xff; signature.len()])), invalid, "{algorithm}");
    });
}

#[test]
fn jws_26_to_30_signatures_have_one_length() {
    for_each_key(&Algorithm::ALL, |algorithm, signer, key| {
        let wrong_length = match algorithm.family() {
            crate::algorithm::Family::Mac => ("JWS-30", Code::SignatureInvalid),
            crate::algorithm::Family::Rsa => ("JWS-29", Code::SignatureInvalid),
            crate::algorithm::Family::Ec => ("JWS-26", Code::SignatureMalformed),
            crate::algorithm::Family::Okp => ("JWS-28", Code::SignatureInvalid),
        };
        let signature = signer.sign(MESSAGE);
        let zero_in_front = [&[0], &signature[..]].concat();
        let zero_behind = [&signature[..], &[0]].concat();
        for other in [&signature[1..], &signature[..signature.len() - 1], &zero_in_front, &zero_behind, &[0]]
        {
            assert_eq!(refusal(key.verify(MESSAGE, other)), Some(wrong_length), "{algorithm}");
        }
        let empty = Some(("B64-04", Code::SignatureMalformed));
        assert_eq!(refusal(key.verify(MESSAGE, b"")), empty, "{algorithm}");
    });
}

#[test]
fn jws_27_r_and_s_stay_below_the_order() {
    // The order of P-256 in front or behind: r = n or s = n, and s + n would not fit.
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    for_each_key(&[Algorithm::ES256], |_, signer, key| {
        let signature = signer.sign(MESSAGE);
        let (r, s) = signature.split_at(32);
        for (r, s) in [(&ORDER[..], s), (r, &ORDER[..]), (&[0; 32], s), (r, &[0; 32]), (&ORDER, &ORDER)] {
            let invalid = Some(("JWS-27", Code::SignatureInvalid));
            assert_eq!(refusal(key.verify(MESSAGE, &[r, s].concat())), invalid);
        }
        // JWS-31: n - s is as valid as s.
        let mut borrow = 0i16;
        let mut high = [0u8; 32];
        for at in (0..32).rev() {
            let difference = i16::from(ORDER[at]) - i16::from(s[at]) - borrow;
            high[at] = difference.rem_euclid(256) as u8;
            borrow = i16::from(difference < 0);
        }
        assert_eq!(refusal(key.verify(MESSAGE, &[r, &high].concat())), None);
    });
}

#[test]
fn jws_28_s_stays_below_the_order() {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    for_each_key(&[Algorithm::Ed25519], |_, signer, key| {
        let mut signature = signer.sign(MESSAGE);
        let mut carry = 0u16;
        for (byte, addend) in signature[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(addend) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
        let invalid = Some(("JWS-28", Code::SignatureInvalid));
        assert_eq!(refusal(key.verify(MESSAGE, &signature)), invalid);
    });
}

#[test]
fn a_key_of_another_algorithm_verifies_nothing() {
    let signer = Signer::new(Algorithm::RS256, crypto::aws_lc()).unwrap();
    let jwk = signer.jwk.replacen('{', r#"{"kid":"1","alg":"RS256","#, 1);
    for options in options(&["PS256"]) {
        let set = KeySet::from_jwks(&set_of(std::slice::from_ref(&jwk)), &options).unwrap();
        let key = set.keys().next().unwrap();
        assert!(!key.is_usable());
        let mismatch = Some(("JWS-07", Code::KeyAlgMismatch));
        assert_eq!(refusal(key.verify(MESSAGE, &signer.sign(MESSAGE))), mismatch);
        let bound = KeySet::from_jwk(jwk.replace("RS256", "PS256").as_bytes(), &options).unwrap();
        let key = bound.pick(Some("1"), Algorithm::PS256).unwrap();
        let invalid = Some(("JWS-29", Code::SignatureInvalid));
        assert_eq!(refusal(key.verify(MESSAGE, &signer.sign(MESSAGE))), invalid, "RS256 is not PS256");
    }
}
