//! Which key a token picks (JWK-07, JWK-08, JWS-07, JWS-32).

use std::time::{Duration, Instant};

use super::*;

const MISMATCH: Option<(&str, Code)> = Some(("JWS-07", Code::KeyAlgMismatch));
const UNKNOWN: Option<(&str, Code)> = Some(("JWK-08", Code::KidUnknown));
const AMBIGUOUS: Option<(&str, Code)> = Some(("JWS-32", Code::KeyAmbiguous));

fn set(keys: &[String], options: &KeySetOptions) -> KeySet {
    KeySet::from_jwks(&set_of(keys), options).unwrap()
}

/// The reasons by place.
fn reasons(set: &KeySet) -> Vec<(usize, Code)> {
    set.skipped().iter().map(|skipped| (skipped.index, skipped.reason)).collect()
}

#[test]
fn jwk_08_a_kid_of_the_set_picks_its_key() {
    for options in options(&["RS256", "ES256"]) {
        let keys = [
            sample_with("rsa", r#""kid":"r""#),
            sample_with("p256", r#""kid":"e""#),
            sample_with("ed25519", r#""kid":"unlisted""#),
        ];
        let set = set(&keys, &options);
        assert_eq!(set.pick(Some("r"), Algorithm::RS256).unwrap().kid(), Some("r"));
        assert_eq!(set.pick(Some("e"), Algorithm::ES256).unwrap().kid(), Some("e"));
        assert_eq!(refusal(set.pick(Some("e"), Algorithm::RS256)), MISMATCH);
        assert_eq!(refusal(set.pick(Some("r"), Algorithm::PS256)), MISMATCH);
        assert_eq!(refusal(set.pick(Some("unlisted"), Algorithm::ES256)), MISMATCH);
        assert_eq!(refusal(set.pick(Some("unlisted"), Algorithm::Ed25519)), MISMATCH);
        assert_eq!(refusal(set.pick(Some("E"), Algorithm::ES256)), UNKNOWN);
        assert_eq!(refusal(set.pick(Some(""), Algorithm::ES256)), UNKNOWN);
    }
}

#[test]
fn jwk_08_keys_without_kid_are_candidates_for_any() {
    for options in options(&["RS256", "ES256"]) {
        let named = sample_with("p256", r#""kid":"e""#);
        let one = set(&[sample("rsa"), named.clone()], &options);
        assert_eq!(one.pick(Some("other"), Algorithm::RS256).unwrap().kid(), None);
        assert_eq!(refusal(one.pick(Some("other"), Algorithm::ES256)), UNKNOWN);
        let two = set(&[sample("rsa"), sample("rsa_other"), named], &options);
        assert_eq!(refusal(two.pick(Some("other"), Algorithm::RS256)), AMBIGUOUS);
        assert_eq!(two.pick(Some("e"), Algorithm::ES256).unwrap().kid(), Some("e"));
        let repeated = set(&[sample("rsa"), sample("rsa")], &options);
        assert!(repeated.pick(Some("other"), Algorithm::RS256).is_ok());
    }
}

#[test]
fn jws_32_a_token_without_kid_needs_one_eligible_key() {
    for options in options(&["RS256", "ES256"]) {
        let keys = [sample_with("rsa", r#""kid":"1""#), sample_with("p256", r#""kid":"2""#)];
        let one = set(&keys, &options);
        assert_eq!(one.pick(None, Algorithm::RS256).unwrap().kid(), Some("1"));
        assert_eq!(refusal(one.pick(None, Algorithm::PS256)), MISMATCH);
        let two = set(&[keys[0].clone(), sample("rsa_other")], &options);
        assert_eq!(refusal(two.pick(None, Algorithm::RS256)), AMBIGUOUS);
        assert_eq!(refusal(set(&[], &options).pick(None, Algorithm::RS256)), UNKNOWN);
        assert_eq!(refusal(set(&[], &options).pick(Some("1"), Algorithm::RS256)), UNKNOWN);
        let unlisted = set(&[sample("ed25519")], &options);
        assert_eq!(refusal(unlisted.pick(None, Algorithm::RS256)), MISMATCH);
        assert!(unlisted.is_empty());
    }
}

#[test]
fn jwk_07_one_kid_names_one_key() {
    for options in options(&["RS256", "PS256", "ES256"]) {
        let rsa = |name, alg| sample_with(name, &format!(r#""kid":"1","alg":"{alg}""#));
        let (first, other) = (rsa("rsa", "RS256"), rsa("rsa_other", "RS256"));
        let bystander = sample_with("p256", r#""kid":"2""#);
        let dropped =
            |places: &[usize]| places.iter().map(|place| (*place, Code::KidDuplicate)).collect::<Vec<_>>();
        for (keys, expected, usable) in [
            (vec![&first, &bystander, &other], dropped(&[0, 2]), 1),
            (vec![&first, &first, &bystander], dropped(&[]), 2),
            (vec![&first, &first, &other], dropped(&[0, 1, 2]), 0),
            (vec![&first, &other, &first], dropped(&[0, 1, 2]), 0),
            (vec![&first, &sample_with("p256", r#""kid":"1""#)], dropped(&[0, 1]), 0),
            // One key under two algorithms would have two meanings.
            (vec![&first, &rsa("rsa", "PS256")], dropped(&[0, 1]), 0),
            // After filtering by use and alg: what cannot be used is in nobody's way.
            (vec![&first, &other.replacen('{', r#"{"use":"enc","#, 1)], vec![(1, Code::KeyUse)], 1),
            (vec![&first, &rsa("rsa_other", "RSA-OAEP")], vec![(1, Code::JwkSkipped)], 1),
            (vec![&rsa("rsa_other", "RS512"), &first], dropped(&[]), 1),
        ] {
            let keys: Vec<String> = keys.into_iter().cloned().collect();
            let set = set(&keys, &options);
            assert_eq!((reasons(&set), set.len()), (expected, usable), "{keys:?}");
            let picked = set.pick(Some("1"), Algorithm::RS256).map(|key| key.is_usable());
            assert_eq!(picked.is_ok(), set.keys().any(|key| key.kid() == Some("1")), "{keys:?}");
        }
    }
}

#[test]
fn a_provider_without_the_algorithm_skips_its_keys() {
    for options in options(&["ES256", "ES512"]) {
        let set = set(&[sample_with("p521", r#""kid":"5""#), sample("p256")], &options);
        if options.provider.supports(Algorithm::ES512) {
            assert_eq!(set.len(), 2);
        } else {
            assert_eq!(reasons(&set), [(0, Code::ConfigAlgUnsupported)]);
            assert_eq!(set.skipped()[0].kid.as_deref(), Some("5"));
        }
    }
}

#[test]
fn ten_thousand_keys_are_picked_as_fast_as_ten() {
    for options in options(&["HS256"]) {
        let of = |count: usize| {
            let secrets = (0..count).map(|n| options.provider.sha256(&n.to_be_bytes()));
            let keys = secrets.enumerate().map(|(n, secret)| {
                let k = crate::encoding::base64url::encode(&secret);
                format!(r#"{{"kty":"oct","kid":"key-{n}","k":"{k}"}}"#)
            });
            set(&keys.collect::<Vec<_>>(), &options)
        };
        let (few, many) = (of(10), of(10_000));
        assert_eq!(many.len(), 10_000);
        assert_eq!(many.pick(Some("key-9999"), Algorithm::HS256).unwrap().kid(), Some("key-9999"));
        assert_eq!(refusal(many.pick(None, Algorithm::HS256)), AMBIGUOUS);
        let time = |set: &KeySet, kid: Option<&str>| {
            let fastest = (0..20).map(|_| {
                let start = Instant::now();
                for _ in 0..200 {
                    let _ = std::hint::black_box(set.pick(std::hint::black_box(kid), Algorithm::HS256));
                }
                start.elapsed()
            });
            fastest.min().unwrap_or_default()
        };
        for kid in [Some("key-7"), Some("unknown"), None] {
            // A walk over the keys would cost a thousand times as much.
            assert!(time(&many, kid) < 20 * time(&few, kid) + Duration::from_micros(50), "{kid:?}");
        }
    }
}
