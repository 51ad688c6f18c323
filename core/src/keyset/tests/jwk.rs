//! What a JWK must be like.

use super::*;

#[test]
fn jwk_01_a_set_is_an_object_with_a_list_of_keys() {
    for options in options(&["ES256"]) {
        let key = sample("p256");
        for (set, is_set) in [
            (format!("{{\"keys\":[{key}]}}"), true),
            (r#"{"keys":[]}"#.to_owned(), true),
            (format!("{{\"keys\":[{key}],\"other\":null}}"), true),
            (format!("[{key}]"), false),
            (key.clone(), false),
            (r#"{"keys":{}}"#.to_owned(), false),
            (r#"{"keys":null}"#.to_owned(), false),
            (format!("{{\"Keys\":[{key}]}}"), false),
            (format!("{{\"keys\":[{key}]}} x"), false),
            (format!("{{\"keys\":[{}]}}", key.replacen('{', "{\"kty\":\"EC\",", 1)), false),
            (format!("{{\"keys\":[{}]}}", key.replacen('{', "{\"a\":{\"b\":1,\"\\u0062\":1},", 1)), false),
            (String::new(), false),
        ] {
            let outcome = KeySet::from_jwks(set.as_bytes(), &options).map(|_| ());
            assert_eq!(outcome, if is_set { Ok(()) } else { Err(Code::JwksInvalid) }, "{set}");
        }
    }
}

#[test]
fn jwk_01_and_lim_06_sets_have_limits_by_origin() {
    for options in options(&["ES256"]) {
        let of = |count| set_of(&vec!["{}".to_owned(); count]);
        let outcome = |set: &[u8], options: &KeySetOptions| {
            KeySet::from_jwks(set, options).map(|set| set.skipped().len())
        };
        assert_eq!(outcome(&of(100), &fetched(options)), Ok(100));
        assert_eq!(outcome(&of(101), &fetched(options)), Err(Code::JwksInvalid));
        assert_eq!(outcome(&of(10_000), &options), Ok(10_000));
        assert_eq!(outcome(&of(10_001), &options), Err(Code::JwksInvalid));
        let long = |bytes: usize| format!("{{\"keys\":[]{}}}", " ".repeat(bytes - 11)).into_bytes();
        assert_eq!(outcome(&long(256 * 1024), &fetched(options)), Ok(0));
        assert_eq!(outcome(&long(256 * 1024 + 1), &fetched(options)), Err(Code::JwksInvalid));
        assert_eq!(outcome(&long(8 * 1024 * 1024), &options), Ok(0));
        assert_eq!(outcome(&long(8 * 1024 * 1024 + 1), &options), Err(Code::JwksInvalid));
    }
}

#[test]
fn jwk_02_unknown_kinds_are_skipped_one_by_one() {
    for options in options(&["ES256", "RS256"]) {
        let unusable = [
            r#"{"kid":"a"}"#,
            r#"{"kid":"b","kty":"AKP","alg":"ML-DSA-44","pub":"AA"}"#,
            r#"{"kty":"ec"}"#,
            r#"{"kty":7}"#,
            r#"{"kty":null}"#,
            r#"{"kty":"EC","crv":"P-192","x":"AA","y":"AA"}"#,
            r#"{"kty":"EC"}"#,
            r#"{"kty":"EC","crv":"P-256","x":"AA"}"#,
            r#"{"kty":"RSA","e":"AQAB"}"#,
            r#"{"kty":"RSA","n":"AQ==","e":"AQAB"}"#,
            r#"{"kty":"RSA","n":1,"e":"AQAB"}"#,
            r#"{"kty":"OKP","crv":"Ed448","x":"AA"}"#,
            "7",
            "null",
            "[]",
        ];
        let mut keys: Vec<String> = unusable.iter().map(|&key| key.to_owned()).collect();
        keys.push(sample_with("p256", r#""kid":"good""#));
        let set = KeySet::from_jwks(&set_of(&keys), &options).unwrap();
        assert_eq!(set.len(), 1);
        assert_eq!(set.skipped().len(), unusable.len());
        for (at, skipped) in set.skipped().iter().enumerate() {
            assert_eq!((skipped.index, skipped.reason), (at, Code::JwkSkipped), "{}", unusable[at]);
        }
        assert_eq!(set.skipped()[1].kid.as_deref(), Some("b"));
        assert_eq!(set.keys().next().map(super::super::Key::index), Some(unusable.len()));
        for alg in ["RS1", "none", "ES224", "RSA-OAEP", "es256", ""] {
            let key = sample_with("p256", &format!("\"alg\":\"{alg}\""));
            assert_eq!(verdict(&key, &options), Some(Code::JwkSkipped), "{alg}");
        }
        assert_eq!(verdict(&sample_with("p256", "\"alg\":null"), &options), Some(Code::JwkSkipped));
    }
}

#[test]
fn jwk_03_no_private_members_whatever_their_value() {
    for options in options(&["RS256", "ES256"]) {
        for options in [options, fetched(options)] {
            for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"] {
                for value in ["\"AQAB\"", "null", "[]"] {
                    let key = sample_with("p256", &format!("\"{member}\":{value}"));
                    assert_eq!(verdict(&key, &options), Some(Code::JwksPrivateKey), "{member}");
                }
            }
            assert_eq!(verdict(r#"{"kty":"AKP","priv":"AA"}"#, &options), Some(Code::JwksPrivateKey));
            assert_eq!(verdict(&sample_with("p256", "\"D\":\"AA\""), &options), None);
        }
    }
}

#[test]
fn jws_21_kid_is_printable_and_short() {
    for options in options(&["ES256"]) {
        let longest = "k".repeat(256);
        for (kid, is_valid) in [
            ("\"1\"", true),
            ("\"a b/c~\"", true),
            (&*format!("\"{longest}\""), true),
            (&*format!("\"{longest}k\""), false),
            ("\"\"", false),
            ("\"\\n\"", false),
            ("\"\\u007f\"", false),
            ("\"\\u00e9\"", false),
            ("\"\\u202e\"", false),
            ("1", false),
            ("null", false),
        ] {
            let expected = (!is_valid).then_some(Code::KidInvalid);
            assert_eq!(verdict(&sample_with("p256", &format!("\"kid\":{kid}")), &options), expected, "{kid}");
        }
    }
}

#[test]
fn jwk_05_use_is_sig() {
    for options in options(&["ES256"]) {
        for (usage, reason) in [
            ("\"sig\"", None),
            ("\"enc\"", Some(Code::KeyUse)),
            ("\"Sig\"", Some(Code::KeyUse)),
            ("\"\"", Some(Code::KeyUse)),
            ("null", Some(Code::KeyUse)),
            ("[\"sig\"]", Some(Code::KeyUse)),
        ] {
            assert_eq!(
                verdict(&sample_with("p256", &format!("\"use\":{usage}")), &options),
                reason,
                "{usage}"
            );
        }
    }
}

#[test]
fn jwk_06_operations_include_verify() {
    for options in options(&["ES256"]) {
        for (members, reason) in [
            (r#""key_ops":["verify"]"#, None),
            (r#""key_ops":["sign","verify"]"#, None),
            (r#""key_ops":["verify"],"use":"sig""#, None),
            (r#""key_ops":["verify","encrypt"]"#, None),
            (r#""key_ops":["verify","encrypt"],"use":"sig""#, Some(Code::KeyOps)),
            (r#""key_ops":["sign"]"#, Some(Code::KeyOps)),
            (r#""key_ops":["verify","verify"]"#, Some(Code::KeyOps)),
            (r#""key_ops":[]"#, Some(Code::KeyOps)),
            (r#""key_ops":"verify""#, Some(Code::KeyOps)),
            (r#""key_ops":["verify",1]"#, Some(Code::KeyOps)),
            (r#""key_ops":null"#, Some(Code::KeyOps)),
        ] {
            assert_eq!(verdict(&sample_with("p256", members), &options), reason, "{members}");
        }
    }
}

#[test]
fn jws_07_and_08_a_key_has_one_algorithm_that_fits_it() {
    let verdict_of = |listed: &[&str], key: &str, alg: &str| {
        let verdicts: Vec<_> = options(listed)
            .iter()
            .filter(|options| options.algorithms.iter().all(|listed| options.provider.supports(listed)))
            .map(|options| match alg {
                "" => verdict(&sample(key), options),
                alg => verdict(&sample_with(key, &format!("\"alg\":\"{alg}\"")), options),
            })
            .collect();
        assert!(verdicts.windows(2).all(|pair| pair[0] == pair[1]));
        verdicts.first().copied().flatten()
    };
    for (listed, key, alg, reason) in [
        (&["RS256"][..], "rsa", "", None),
        (&["RS256", "ES256"], "rsa", "", None),
        (&["RS256", "PS256"], "rsa", "", Some(Code::AlgAmbiguous)),
        (&["RS256", "PS256"], "rsa", "PS256", None),
        (&["RS256"], "rsa", "ES256", Some(Code::KeyAlgMismatch)),
        (&["RS256"], "rsa", "HS256", Some(Code::KeyAlgMismatch)),
        (&["ES256"], "p256", "", None),
        (&["ES256"], "p256", "ES256", None),
        (&["ES256"], "p256", "ES384", Some(Code::KeyAlgMismatch)),
        (&["ES256", "ES384"], "p384", "ES256", Some(Code::KeyAlgMismatch)),
        (&["ES256"], "p256", "RS256", Some(Code::KeyAlgMismatch)),
        (&["ES256"], "secp256k1", "ES256", Some(Code::KeyAlgMismatch)),
        (&["Ed25519"], "ed25519", "", None),
        (&["Ed25519"], "ed25519", "EdDSA", None),
        (&["EdDSA"], "ed25519", "Ed25519", None),
        (&["EdDSA"], "p256", "EdDSA", Some(Code::KeyAlgMismatch)),
        (&["Ed25519"], "ed25519", "ES256", Some(Code::KeyAlgMismatch)),
    ] {
        if providers().iter().any(|provider| provider.supports(algorithm(listed[0]))) {
            assert_eq!(verdict_of(listed, key, alg), reason, "{listed:?} {key} {alg}");
        }
    }
}

#[test]
fn keys_of_unlisted_algorithms_are_kept_and_never_prepared() {
    for options in options(&["Ed25519"]) {
        let keys = [sample("rsa"), sample_with("rsa", r#""alg":"RS256""#), sample("p521"), sample("ed25519")];
        let set = KeySet::from_jwks(&set_of(&keys), &options).unwrap();
        let kept: Vec<_> =
            set.keys().map(|key| (key.algorithm().map(Algorithm::name), key.is_usable())).collect();
        assert_eq!(
            kept,
            [(None, false), (Some("RS256"), false), (Some("ES512"), false), (Some("Ed25519"), true)]
        );
        assert_eq!((set.len(), set.skipped().len()), (1, 0));
    }
}
