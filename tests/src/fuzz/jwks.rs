//! Any bytes as a JWK Set, and as a JWK.

use counterseal::core::keyset::{KeySetOptions, Origin};
use counterseal::core::limits;
use counterseal::crypto::{aws_lc, ring};
use counterseal::{Algorithm, AlgorithmSet, Code, KeySet, jws};

use super::world::{Entry, world};
use super::{ACCEPTED, Ending, cost, silence};

/// Loads any bytes as a set of keys and as one key, for both kinds of algorithm, from both origins, by
/// both providers.
pub fn jwks(data: &[u8]) -> Ending {
    cost::in_proportion(16 * data.len(), || {
        let mut ending = Code::JwksInvalid.slug();
        for algorithms in [signatures(), AlgorithmSet::new().with(Algorithm::HS256)] {
            for origin in [Origin::Static, Origin::Fetched] {
                let sets = [aws_lc(), ring()].map(|provider| {
                    let options = KeySetOptions { algorithms, provider, origin };
                    (summary(KeySet::from_jwks(data, &options)), summary(KeySet::from_jwk(data, &options)))
                });
                // Keys are judged by our own rules, so both providers take the same ones.
                assert_eq!(sets[0], sets[1], "{origin:?}: two providers, two sets of keys");
                let [(set, _), _] = sets;
                match &set {
                    Ok(set) if set.usable > 0 => ending = ACCEPTED,
                    Ok(set) if ending != ACCEPTED => {
                        ending = set.skipped.first().map_or(ending, |(_, _, reason)| reason.slug());
                    }
                    _ => {}
                }
                if let (Origin::Fetched, Ok(set)) = (origin, set) {
                    assert!(set.usable <= limits::KEYS, "more keys than a fetched set may have");
                    assert_eq!(set.secrets, 0, "a secret from the network");
                }
            }
        }
        ending
    })
}

/// All that both providers can do.
fn signatures() -> AlgorithmSet {
    let listed =
        Algorithm::ALL.into_iter().filter(|one| one.signature_bytes().is_none() || one.name() == "Ed25519");
    listed.collect::<AlgorithmSet>().with(Algorithm::ES256).with(Algorithm::ES384)
}

/// What can be seen of a set.
#[derive(Debug, PartialEq)]
struct Summary {
    usable: usize,
    secrets: usize,
    keys: Vec<String>,
    skipped: Vec<(usize, Option<String>, Code)>,
}

fn summary(set: Result<KeySet, Code>) -> Result<Summary, Code> {
    let set = match set {
        Ok(set) => set,
        Err(code) => {
            super::loading_code(code);
            return Err(code);
        }
    };
    let shown = format!("{set:?}");
    assert!(shown.len() < 100 && shown.starts_with("KeySet { keys: "), "{shown}");
    assert!(set.keys().len() >= set.len());
    for skipped in set.skipped() {
        super::loading_code(skipped.reason);
        let is_kid = |kid: &str| {
            !kid.is_empty() && kid.len() <= limits::KID_BYTES && !kid.chars().any(char::is_control)
        };
        assert!(skipped.kid.as_deref().is_none_or(is_kid), "a kid that must not be shown");
    }
    let keys = set.keys().map(|key| {
        assert_eq!(key.thumbprint().is_none(), key.describe().kty() == "oct", "a digest of a secret");
        format!("{key:?} {} {:?} {:?}", key.describe(), key.thumbprint(), key.certificate_sha256())
    });
    let summary = Summary {
        usable: set.len(),
        secrets: set.keys().filter(|key| key.describe().kty() == "oct").count(),
        keys: keys.collect(),
        skipped: set.skipped().iter().map(|key| (key.index, key.kid.clone(), key.reason)).collect(),
    };
    forge(&set);
    Ok(summary)
}

/// Keys from anywhere are usable without a panic; a key that is not the signer's accepts nothing of his.
fn forge(set: &KeySet) {
    let world = world();
    for entry in [Entry::Legacy, Entry::Access] {
        let token = world.token(entry, b"{}");
        let signer = if entry == Entry::Legacy { &world.legacy } else { &world.edwards };
        let algorithms = AlgorithmSet::new().with(signer.algorithm);
        match jws::verify(token.as_bytes(), set, algorithms) {
            Ok(_) => assert!(holds_public_key_of_the_world(set), "a stranger's key accepted a token"),
            Err(rejection) => silence::rejection(&rejection),
        }
    }
}

/// The Ed25519 key of the world stands in some seeds.
fn holds_public_key_of_the_world(set: &KeySet) -> bool {
    let ours = world().key_sets[2].1[0].keys().next().and_then(|key| key.thumbprint());
    set.keys().any(|key| key.thumbprint() == ours || key.thumbprint().is_none())
}
