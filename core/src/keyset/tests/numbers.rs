//! What the numbers of a key must be like (JWK-09 to JWK-12).

use super::*;
use crate::encoding::base64url::encode;

#[test]
fn jwk_09_rsa_moduli() {
    let modulus = |bits: usize| {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] = 0xff >> (8 * n.len() - bits);
        n
    };
    let key = |n: &[u8]| format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, encode(n));
    for options in options(&["RS256"]) {
        for (bits, reason) in [
            (0, Some(Code::RsaKeyWeak)),
            (1024, Some(Code::RsaKeyWeak)),
            (2047, Some(Code::RsaKeyWeak)),
            (2048, None),
            (2049, None),
            (4096, None),
            (8192, None),
            (8193, Some(Code::RsaKeyWeak)),
        ] {
            let n = if bits == 0 { Vec::new() } else { modulus(bits) };
            assert_eq!(verdict(&key(&n), &options), reason, "{} {bits}", options.provider.name());
        }
        let mut even = modulus(2048);
        even[255] = 0xfe;
        assert_eq!(verdict(&key(&even), &options), Some(Code::RsaKeyWeak));
        let padded = [&[0], &modulus(2048)[..]].concat();
        assert_eq!(verdict(&key(&padded), &options), Some(Code::RsaKeyWeak));
    }
}

#[test]
fn jwk_10_rsa_exponents() {
    for options in options(&["RS256"]) {
        for (e, reason) in [
            (&[1, 0, 1][..], None),
            (&[1, 0, 3], None),
            (&[0xff, 0xff, 0xff, 0xff], None),
            (&[], Some(Code::RsaExponent)),
            (&[1], Some(Code::RsaExponent)),
            (&[3], Some(Code::RsaExponent)),
            (&[0xff, 0xff], Some(Code::RsaExponent)),
            (&[1, 0, 0], Some(Code::RsaExponent)),
            (&[1, 0, 2], Some(Code::RsaExponent)),
            (&[0, 1, 0, 1], Some(Code::RsaExponent)),
            (&[1, 0, 0, 0, 0], Some(Code::RsaExponent)),
            (&[1, 0, 0, 0, 1], Some(Code::RsaExponent)),
            (&[1, 0, 0, 0, 0, 0, 1, 0, 1], Some(Code::RsaExponent)),
        ] {
            let key = sample("rsa").replace("AQAB", &encode(e));
            assert_eq!(verdict(&key, &options), reason, "{e:?}");
        }
    }
}

#[test]
fn jwk_11_and_12_points() {
    for options in options(&["ES256", "Ed25519"]) {
        let short = encode(&[1; 31]);
        let zero = encode(&[0; 32]);
        for key in [
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{zero}","y":"{zero}"}}"#),
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{short}","y":"{zero}"}}"#),
            r#"{"kty":"EC","crv":"P-256","x":"","y":""}"#.to_owned(),
        ] {
            assert_eq!(verdict(&key, &options), Some(Code::EcPointInvalid), "{key}");
        }
        for key in [
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{zero}"}}"#),
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{short}"}}"#),
            r#"{"kty":"OKP","crv":"Ed25519","x":""}"#.to_owned(),
            sample("ed25519").replace("Ed25519", "X25519"),
            sample("ed25519").replace("Ed25519", "X448"),
        ] {
            assert_eq!(verdict(&key, &options), Some(Code::OkpInvalid), "{key}");
        }
    }
}
