//! Any bytes as a PEM file of public keys.

use counterseal::core::keyset::{KeySetOptions, Origin};
use counterseal::crypto::{aws_lc, ring};
use counterseal::{Algorithm, AlgorithmSet, Code, KeySet};

use super::{ACCEPTED, Ending, cost};

/// Loads any bytes as PEM, by both providers.
pub fn pem(data: &[u8]) -> Ending {
    cost::in_proportion(4 * data.len(), || {
        let listed = [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::Ed25519];
        let algorithms: AlgorithmSet = listed.into_iter().collect();
        let sets = [aws_lc(), ring()].map(|provider| {
            let options = KeySetOptions { algorithms, provider, origin: Origin::Static };
            KeySet::from_pem(data, &options).map(|set| check(&set, data))
        });
        assert_eq!(sets[0], sets[1], "two providers, two sets of keys");
        match &sets[0] {
            Ok(keys) if keys.is_empty() => Code::JwkSkipped.slug(),
            Ok(_) => ACCEPTED,
            Err(code) => {
                super::loading_code(*code);
                code.slug()
            }
        }
    })
}

fn check(set: &KeySet, data: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(data).unwrap();
    assert!(!text.contains("PRIVATE KEY-----\n"), "a private key among them");
    assert!(text.contains("-----BEGIN "));
    for key in set.skipped() {
        super::loading_code(key.reason);
        assert_eq!(key.kid, None);
    }
    assert!(set.keys().all(|key| key.kid().is_none() && key.describe().kty() != "oct"));
    let usable = set.keys().filter(|key| key.is_usable());
    usable.map(|key| format!("{key:?} {:?}", key.thumbprint())).collect()
}
