//! PEM files, and certificates in JWKs (JWK-16).

use super::*;
use crate::encoding::base64url::encode;
use crate::encoding::pem::blocks;

const RSA: &str = include_str!("samples/rsa.pem");
const RSA_PKCS1: &str = include_str!("samples/rsa_pkcs1.pem");
const RSA_CERTIFICATE: &str = include_str!("samples/rsa_certificate.pem");
const OTHER_CERTIFICATE: &str = include_str!("samples/other_certificate.pem");
const ED25519: &str = include_str!("samples/ed25519.pem");

fn of_pem(pem: &str, options: &KeySetOptions) -> Result<Vec<String>, Code> {
    let set = KeySet::from_pem(pem.as_bytes(), options)?;
    Ok(set.keys().map(|key| format!("{} {}", key.describe(), key.thumbprint().unwrap())).collect())
}

#[test]
fn a_pem_key_is_the_key_of_its_jwk() {
    for (pem, name, alg, shown) in [
        (RSA, "rsa", "RS256", "RSA 2048"),
        (RSA_PKCS1, "rsa", "PS512", "RSA 2048"),
        (RSA_CERTIFICATE, "rsa", "RS256", "RSA 2048"),
        (include_str!("samples/p256.pem"), "p256", "ES256", "EC P-256"),
        (include_str!("samples/p384.pem"), "p384", "ES384", "EC P-384"),
        (include_str!("samples/p521.pem"), "p521", "ES512", "EC P-521"),
        (include_str!("samples/secp256k1.pem"), "secp256k1", "ES256K", "EC secp256k1"),
        (ED25519, "ed25519", "Ed25519", "OKP Ed25519"),
        (include_str!("samples/ed25519_certificate.pem"), "ed25519", "Ed25519", "OKP Ed25519"),
    ] {
        for options in options(&[alg]) {
            let from_pem = of_pem(pem, &options);
            if !options.provider.supports(algorithm(alg)) {
                assert_eq!(from_pem, Err(Code::ConfigAlgUnsupported));
                continue;
            }
            let jwk = KeySet::from_jwk(sample(name).as_bytes(), &options).unwrap();
            let thumbprint = jwk.keys().next().unwrap().thumbprint().unwrap();
            assert_eq!(from_pem, Ok(vec![format!("{shown} {thumbprint}")]), "{name}");
        }
    }
}

#[test]
fn a_pem_key_goes_through_the_checks_of_a_jwk() {
    const PRIVATE: &str =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nZm9v\n-----END RSA PRIVATE KEY-----\n";
    let weak = "-----BEGIN RSA PUBLIC KEY-----\nMAYCAQ8CAQM=\n-----END RSA PUBLIC KEY-----\n";
    let trailing = RSA.replace("-----END", "AAAA\n-----END");
    for options in options(&["RS256", "ES256", "Ed25519"]) {
        for (pem, code) in [
            (weak, Code::RsaKeyWeak),
            (&*trailing, Code::JwkSkipped),
            (include_str!("samples/x25519.pem"), Code::OkpInvalid),
            (include_str!("samples/p256_compressed.pem"), Code::EcPointInvalid),
            (include_str!("samples/p256_explicit.pem"), Code::JwkSkipped),
            (include_str!("samples/p384.pem"), Code::KeyAlgMismatch),
            (PRIVATE, Code::JwksPrivateKey),
            (&*format!("{RSA}{PRIVATE}"), Code::JwksPrivateKey),
            ("-----BEGIN X509 CRL-----\nZm9v\n-----END X509 CRL-----", Code::JwkSkipped),
            ("", Code::JwksInvalid),
            ("MIIBIjAN", Code::JwksInvalid),
        ] {
            assert_eq!(of_pem(pem, &options), Err(code), "{pem}");
        }
        assert_eq!(KeySet::from_pem(b"\xff", &options).err(), Some(Code::JwksInvalid));
    }
    for options in options(&["RS256", "PS256"]) {
        assert_eq!(of_pem(RSA, &options), Err(Code::AlgAmbiguous));
    }
}

#[test]
fn several_blocks_are_several_keys_and_the_same_key_is_one() {
    for options in options(&["RS256", "Ed25519"]) {
        let file = format!("{RSA}{ED25519}{}{OTHER_CERTIFICATE}", include_str!("samples/x25519.pem"));
        let set = KeySet::from_pem(file.as_bytes(), &options).unwrap();
        assert_eq!(set.len(), 3);
        assert_eq!((set.skipped()[0].index, set.skipped()[0].reason), (2, Code::OkpInvalid));
        assert_eq!(refusal(set.pick(None, Algorithm::RS256)), Some(("JWS-32", Code::KeyAmbiguous)));
        assert!(set.pick(None, Algorithm::Ed25519).is_ok());

        let twice = KeySet::from_pem(format!("{RSA}{RSA_CERTIFICATE}").as_bytes(), &options).unwrap();
        let key = twice.pick(Some("any"), Algorithm::RS256).unwrap();
        let certificate = &blocks(RSA_CERTIFICATE).unwrap()[0].bytes;
        assert_eq!(key.certificate_sha256(), Some(&options.provider.sha256(certificate)));
        assert_eq!(twice.keys().len(), 1);
    }
}

#[test]
fn jwk_16_the_certificate_is_the_one_of_the_key() {
    let base64 = |pem: &str| pem.lines().filter(|line| !line.contains('-')).collect::<String>();
    let (own, other) = (base64(RSA_CERTIFICATE), base64(OTHER_CERTIFICATE));
    let own_bytes = &blocks(RSA_CERTIFICATE).unwrap()[0].bytes;
    for options in options(&["RS256"]) {
        let sha256 = options.provider.sha256(own_bytes);
        let (x5t256, x5t) = (encode(&sha256), encode(&options.provider.sha1(own_bytes)));
        let wrong = encode(&[0; 32]);
        let url = own.replace('+', "-").replace('/', "_");
        let nine = vec![format!("\"{other}\""); 8].join(",");
        for (members, expected) in [
            (format!(r#""x5c":["{own}"]"#), Ok(Some(sha256))),
            (format!(r#""x5c":["{own}","{other}"]"#), Ok(Some(sha256))),
            (format!(r#""x5c":["{own}"],"x5t":"{x5t}","x5t#S256":"{x5t256}""#), Ok(Some(sha256))),
            (format!(r#""x5t#S256":"{x5t256}""#), Ok(Some(sha256))),
            (r#""x5t#S256":"short","x5t":"anything""#.to_owned(), Ok(None)),
            (format!(r#""x5c":["{other}"]"#), Err(Code::JwkCertMismatch)),
            (format!(r#""x5c":["{other}","{own}"]"#), Err(Code::JwkCertMismatch)),
            (format!(r#""x5c":["{own}"],"x5t":"{x5t256}""#), Err(Code::JwkCertMismatch)),
            (format!(r#""x5c":["{own}"],"x5t#S256":"{wrong}""#), Err(Code::JwkCertMismatch)),
            (format!(r#""x5c":["{own}"],"x5t#S256":"{x5t256}=""#), Err(Code::JwkCertMismatch)),
            (format!(r#""x5c":["{}"]"#, url.trim_end_matches('=')), Err(Code::JwkCertMismatch)),
            (format!(r#""x5c":["{own}\n"]"#), Err(Code::JwkCertMismatch)),
            (format!(r#""x5c":["{own}","*"]"#), Err(Code::JwkCertMismatch)),
            (r#""x5c":[]"#.to_owned(), Err(Code::JwkCertMismatch)),
            (r#""x5c":["Zm9v"]"#.to_owned(), Err(Code::JwkCertMismatch)),
            (format!(r#""x5c":["{own}",{nine}]"#), Err(Code::JwkSkipped)),
            (format!(r#""x5c":"{own}""#), Err(Code::JwkSkipped)),
            (r#""x5c":null"#.to_owned(), Err(Code::JwkSkipped)),
            (r#""x5t":1"#.to_owned(), Err(Code::JwkSkipped)),
        ] {
            let jwk = sample_with("rsa", &members);
            let set = KeySet::from_jwk(jwk.as_bytes(), &options);
            let digest = set.map(|set| set.keys().next().unwrap().certificate_sha256().copied());
            assert_eq!(digest, expected, "{members}");
        }
    }
}
