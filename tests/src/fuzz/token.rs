//! Any bytes as a token.

use counterseal::jws;

use super::world::world;
use super::{Ending, silence, verdict};

/// Judges any bytes as a token: by the guard, and by the lower door with each provider.
pub fn token(data: &[u8]) -> Ending {
    let verdict = verdict::verdict(data);
    let bare = lower_door(data);
    if verdict.is_ok() {
        // A token that a guard accepts has a valid signature; "Bearer " is not a part of it.
        let has_scheme = data.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "));
        assert!(bare || has_scheme, "accepted without a valid signature");
    }
    verdict::ending(&verdict)
}

/// Is the signature valid, by any key of the world? Both providers say the same.
fn lower_door(data: &[u8]) -> bool {
    let mut is_valid = false;
    for (algorithms, keys) in &world().key_sets {
        let outcomes = keys.each_ref().map(|keys| match jws::verify(data, keys, *algorithms) {
            Ok(verified) => {
                silence::no_canary(&format!("{verified:?}"));
                assert!(algorithms.contains(verified.algorithm()));
                Ok(verified.payload().to_vec())
            }
            Err(rejection) => {
                silence::rejection(&rejection);
                Err((rejection.code(), rejection.rule()))
            }
        });
        assert_eq!(outcomes[0], outcomes[1], "{algorithms:?}: two providers, two verdicts");
        is_valid |= outcomes[0].is_ok();
    }
    is_valid
}
