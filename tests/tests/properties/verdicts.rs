//! Any bytes at all: no panic, every way of judging a token says the same (EXP-01), an explanation has
//! no side effects, and a refusal shows nothing of the token. The checks are those of the fuzz targets.

use counterseal_tests::fuzz::{self, ACCEPTED};
use counterseal_tests::signer::base64url;
use proptest::prelude::*;

use crate::cases;

/// Segments that are base64url of anything, or anything.
fn segment() -> impl Strategy<Value = Vec<u8>> {
    let members = prop::sample::select(
        &[
            r#""alg":"HS256""#,
            r#""alg":"none""#,
            r#""alg":"Ed25519""#,
            r#""typ":"at+jwt""#,
            r#""kid":"edwards""#,
            r#""iss":"https://legacy.example.com""#,
            r#""iss":"https://idp.example.com""#,
            r#""crit":["x"]"#,
            r#""exp":1800000600"#,
            r#""x5t#S256":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU""#,
            r#""aud":["orders"]"#,
            r#""iss":null"#,
        ][..],
    );
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::collection::vec(any::<u8>(), 0..80).prop_map(|bytes| base64url(bytes).into_bytes()),
        prop::collection::vec(members, 0..5).prop_map(|members| base64url(format!(
            "{{{}}}",
            members.join(",")
        ))
        .into_bytes()),
    ]
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn any_bytes_are_judged_in_one_way(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_ne!(fuzz::token(&bytes), ACCEPTED);
    }

    #[test]
    fn any_segments_are_judged_in_one_way(segments in prop::collection::vec(segment(), 0..7)) {
        prop_assert_ne!(fuzz::token(&segments.join(&b'.')), ACCEPTED);
    }

    #[test]
    fn any_claims_are_judged_in_one_way(entry in 0u8..4, bytes in segment()) {
        let decoded = counterseal_tests::signer::from_base64url(&bytes).unwrap_or(bytes);
        fuzz::claims(&[&[entry], decoded.as_slice()].concat());
    }
}
