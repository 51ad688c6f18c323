//! The verdict of jsonwebtoken, used as its documentation shows: the key by `kid`, then `decode`.

use counterseal_tests::signer::Signer;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

use crate::{AUDIENCE, ISSUER, LEEWAY};

pub(crate) struct Oracle {
    keys: JwkSet,
    validation: Validation,
}

impl Oracle {
    pub(crate) fn new(signer: &Signer) -> Oracle {
        // It knows Ed25519 by its old name alone.
        let name = signer.algorithm.name().replace("Ed25519", "EdDSA");
        let algorithm: Algorithm = name.parse().unwrap();
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        let jwks = signer.jwks().replace("\"alg\":\"Ed25519\"", "\"alg\":\"EdDSA\"");
        Oracle { keys: serde_json::from_str(&jwks).unwrap(), validation }
    }

    pub(crate) fn accepts(&self, token: &[u8]) -> bool {
        let Ok(header) = decode_header(token) else { return false };
        let key = match &header.kid {
            Some(kid) => self.keys.find(kid),
            None => self.keys.keys.first(),
        };
        let Some(key) = key.map(|key| DecodingKey::from_jwk(key).unwrap()) else { return false };
        decode::<Value>(token, &key, &self.validation).is_ok()
    }
}
