//! The published examples: signatures of RFC 7515, 7520 and 8037, thumbprints of RFC 7638 and 8037.

use super::*;
use crate::encoding::base64url::decode_strict;

#[test]
fn the_signatures_of_the_rfcs_are_valid_and_of_nothing_else() {
    let examples = json::parse(include_bytes!("samples/published.json").to_vec(), Bounds::OPERATOR).unwrap();
    let mut verified = 0;
    for example in examples.root().get("examples").unwrap().as_array().unwrap() {
        let text = |name| example.get(name).unwrap().as_str().unwrap();
        let (source, algorithm) = (text("source"), algorithm(text("algorithm")));
        let (message, signature) = text("token").rsplit_once('.').unwrap();
        let mut signature = decode_strict(signature.as_bytes()).unwrap();
        let kid =
            example.get("jwks").unwrap().get("keys").unwrap().as_array().unwrap().next().unwrap().get("kid");
        let kid = kid.and_then(|kid| kid.as_str());
        for options in options(&[algorithm.name()]) {
            if !options.provider.supports(algorithm) {
                continue;
            }
            let jwks = example.get("jwks").unwrap().to_json();
            let set = KeySet::from_jwks(jwks.as_bytes(), &options).unwrap();
            let key = set.pick(kid, algorithm).unwrap();
            assert_eq!(refusal(key.verify(message.as_bytes(), &signature)), None, "{source}");
            let other = format!("{message}A");
            assert_eq!(
                refusal(key.verify(other.as_bytes(), &signature)).map(|(_, code)| code),
                Some(Code::SignatureInvalid),
                "{source}"
            );
            signature[7] ^= 1;
            assert!(key.verify(message.as_bytes(), &signature).is_err(), "{source}");
            signature[7] ^= 1;
            verified += 1;
        }
    }
    assert!(verified >= 7, "{verified}");
}

#[test]
fn jwk_17_the_thumbprints_of_the_rfcs() {
    const RFC_7638: &str = concat!(
        r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuh"#,
        r#"DR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"#,
        r#"FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZ"#,
        r#"u0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","#,
        r#""kid":"2011-04-29"}"#,
    );
    const RFC_8037: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    for options in options(&["RS256", "EdDSA"]) {
        let thumbprint = |jwk: &str| {
            let set = KeySet::from_jwk(jwk.as_bytes(), &options).unwrap();
            set.keys().next().unwrap().thumbprint()
        };
        assert_eq!(thumbprint(RFC_7638).as_deref(), Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
        assert_eq!(thumbprint(RFC_8037).as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    }
}
