//! Any bytes as a shared secret.

use counterseal::core::keyset::{KeySetOptions, Origin};
use counterseal::crypto::{aws_lc, ring};
use counterseal::{Algorithm, AlgorithmSet, Code, KeySet, jws};

use super::{ACCEPTED, Ending, cost};
use crate::signer::{Signer, base64url};

/// Loads any bytes as a secret: directly, and as the `k` of a JWK. One that is taken verifies what it
/// signed; one that is too short or is a public key never is.
pub fn secret(data: &[u8]) -> Ending {
    cost::in_proportion(32 * data.len(), || {
        let mut ending = "";
        for (algorithm, shortest) in [(Algorithm::HS512, 64), (Algorithm::HS384, 48), (Algorithm::HS256, 32)]
        {
            let outcomes = [aws_lc(), ring()].map(|provider| {
                let algorithms = AlgorithmSet::new().with(algorithm);
                let options = KeySetOptions { algorithms, provider, origin: Origin::Static };
                let direct = KeySet::from_secret(data, &options);
                let jwk = format!(r#"{{"kty":"oct","k":"{}"}}"#, base64url(data));
                let as_jwk = KeySet::from_jwk(jwk.as_bytes(), &options);
                let fetched = KeySetOptions { origin: Origin::Fetched, ..options };
                assert_eq!(KeySet::from_secret(data, &fetched).err(), Some(Code::JwksSymmetricKey));
                let sets = [direct, as_jwk].map(|set| set.map(|set| check(&set, algorithm, data)));
                assert_eq!(sets[0], sets[1], "{algorithm}: one secret, judged in two ways");
                sets[0]
            });
            assert_eq!(outcomes[0], outcomes[1]);
            ending = match outcomes[0] {
                Ok(()) => ACCEPTED,
                Err(code) => {
                    super::loading_code(code);
                    code.slug()
                }
            };
            if data.len() < shortest {
                assert!(outcomes[0].is_err(), "{} bytes for {algorithm}", data.len());
            }
            if is_public(data) {
                assert_eq!(outcomes[0], Err(Code::HmacKeyIsPublic));
            }
        }
        ending
    })
}

fn check(set: &KeySet, algorithm: Algorithm, data: &[u8]) {
    let token =
        Signer::with_secret(algorithm, "", data).token_with(format!(r#"{{"alg":"{algorithm}"}}"#), b"x");
    let algorithms = AlgorithmSet::new().with(algorithm);
    assert_eq!(jws::verify(token.as_bytes(), set, algorithms).unwrap().payload(), b"x");
    let key = set.keys().next().unwrap();
    assert_eq!((key.describe().bits(), key.thumbprint()), (Some(8 * data.len()), None));
    let shown = format!("{set:?} {key:?}");
    assert!(shown.len() < 250, "{shown}");
}

/// What is a public key beyond doubt (JWK-14).
fn is_public(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let is_jwk =
        serde_json::from_slice::<serde_json::Value>(data).is_ok_and(|json| json.get("kty").is_some());
    text.contains("-----BEGIN PUBLIC KEY-----") || text.starts_with("ssh-ed25519 AAAA") || is_jwk
}
