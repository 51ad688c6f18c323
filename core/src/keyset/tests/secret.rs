//! Shared secrets (JWK-04, JWK-13, JWK-14).

use super::*;
use crate::encoding::base64url::encode;

const PEM: &str = include_str!("samples/rsa.pem");

fn of_secret(secret: &[u8], options: &KeySetOptions) -> Option<Code> {
    let outcome = KeySet::from_secret(secret, options).map(|set| set.len());
    let jwk = format!(r#"{{"kty":"oct","k":"{}"}}"#, encode(secret));
    assert_eq!(outcome, KeySet::from_jwk(jwk.as_bytes(), options).map(|set| set.len()));
    outcome.err()
}

#[test]
fn jwk_04_secrets_are_for_static_sets_of_mac_issuers() {
    let oct = format!(r#"{{"kty":"oct","k":"{}"}}"#, encode(&[7; 64]));
    for options in options(&["HS256"]) {
        assert_eq!(verdict(&oct, &options), None);
        assert_eq!(verdict(&oct, &fetched(options)), Some(Code::JwksSymmetricKey));
        assert_eq!(KeySet::from_secret(&[7; 64], &fetched(options)).err(), Some(Code::JwksSymmetricKey));
    }
    for options in options(&["RS256"]) {
        assert_eq!(verdict(&oct, &options), Some(Code::JwksSymmetricKey));
        assert_eq!(of_secret(&[7; 64], &options), Some(Code::JwksSymmetricKey));
    }
    for options in options(&["HS256", "HS512"]) {
        assert_eq!(of_secret(&[7; 64], &options), Some(Code::AlgAmbiguous));
        assert_eq!(verdict(&oct.replacen('{', r#"{"alg":"HS512","#, 1), &options), None);
        assert_eq!(
            verdict(&oct.replacen('{', r#"{"alg":"RS256","#, 1), &options),
            Some(Code::KeyAlgMismatch)
        );
    }
}

#[test]
fn jwk_13_a_secret_is_as_long_as_the_hash() {
    for (name, shortest) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        for options in options(&[name]) {
            assert_eq!(of_secret(&vec![0xa5; shortest], &options), None);
            assert_eq!(of_secret(&vec![0xa5; shortest - 1], &options), Some(Code::HmacKeyShort));
            assert_eq!(of_secret(b"", &options), Some(Code::HmacKeyShort));
        }
    }
}

#[test]
fn jwk_14_no_public_key_is_a_secret() {
    let der = |pem: &str| crate::encoding::pem::blocks(pem).unwrap().remove(0).bytes;
    let base64: String = PEM.lines().filter(|line| !line.contains('-')).collect();
    let openssh = include_str!("samples/rsa.openssh");
    let public: Vec<Vec<u8>> = vec![
        PEM.into(),
        format!("\u{feff}{PEM}").into(),
        format!(" \r\n\t{PEM}\n\n").into(),
        PEM.replace('\n', "\\n").into(),
        PEM.replace('\n', "\r\n").into(),
        PEM.replace("-----END", "").into(),
        include_str!("samples/rsa_certificate.pem").into(),
        include_str!("samples/rsa_pkcs1.pem").into(),
        include_str!("samples/ed25519.pem").into(),
        der(PEM),
        der(include_str!("samples/rsa_certificate.pem")),
        der(include_str!("samples/rsa_pkcs1.pem")),
        der(include_str!("samples/p256.pem")),
        der(include_str!("samples/ed25519.pem")),
        [&der(PEM)[..], b"\n"].concat(),
        base64.into(),
        sample("rsa").into(),
        format!("\n {} ", sample("p256")).into(),
        sample("rsa").replacen('{', "{\"kty\":\"RSA\",", 1).into(),
        sample("rsa").replace("kty", "\\u006bty").into(),
        set_of(&[sample("rsa")]),
        br#"{"keys":[],"padding":"0123456789abcdef"}"#.to_vec(),
        openssh.into(),
        format!("no-pty {openssh}").into(),
    ];
    for options in options(&["HS256"]) {
        for (at, secret) in public.iter().enumerate() {
            assert_eq!(of_secret(secret, &options), Some(Code::HmacKeyIsPublic), "{at}");
        }
    }
}

#[test]
fn jwk_14_random_secrets_and_passphrases_pass() {
    for options in options(&["HS256"]) {
        let mut seed = *b"counterseal test seed: 32 bytes.";
        for round in 0..3000usize {
            seed = options.provider.sha256(&seed);
            let secret = seed.iter().copied().cycle().take(32 + round % 300).collect::<Vec<u8>>();
            assert_eq!(KeySet::from_secret(&secret, &options).err(), None, "{secret:?}");
            assert_eq!(KeySet::from_secret(encode(&seed).as_bytes(), &options).err(), None);
        }
        for passphrase in [
            "{not json, though it begins like it: 0123}",
            "ssh-rsa is a word in this passphrase of words",
            "{\"keys\":\"of another kind, in a string, long\"}",
            "MIIBIjANBgkq is how many keys begin, not this one",
            "                                                ",
        ] {
            assert_eq!(of_secret(passphrase.as_bytes(), &options), None, "{passphrase}");
        }
    }
}

#[test]
fn nothing_shows_a_secret() {
    for options in options(&["HS256"]) {
        let set = KeySet::from_secret(b"correct horse battery staple 0123456789", &options).unwrap();
        let key = set.keys().next().unwrap();
        assert_eq!(key.thumbprint(), None);
        assert_eq!(
            format!("{key:?}"),
            "Key { kid: None, algorithm: Some(HS256), kind: Secret { bits: 312 }, usable: true, .. }"
        );
        assert_eq!(format!("{set:?}"), "KeySet { keys: 1, usable: 1, skipped: 0, .. }");
        assert_eq!(key.describe().to_string(), "oct 312");
    }
}
