//! Where the targets begin: committed inputs, each of which gets somewhere.

use std::path::{Path, PathBuf};

use super::world::{Entry, NOW, world};
use crate::signer::{base64url, from_base64url};

/// A public key in PEM.
pub(super) const PUBLIC_PEM: &str = include_str!("../../fuzz/seeds/pem/ed25519.pem");

/// The folder of a target's seeds.
pub fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target)
}

/// The committed seeds of a target, by name.
pub fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder(target))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap()))
        .collect();
    seeds.sort();
    seeds
}

/// The seeds of `token`, made anew: they need keys. ES256 signs differently each time.
pub fn tokens() -> Vec<(&'static str, String)> {
    let (world, exp) = (world(), NOW + 600);
    let legacy = format!(
        r#"{{"iss":"https://legacy.example.com","aud":"orders","sub":"alice","iat":{NOW},"exp":{exp},"tenant":"acme"}}"#
    );
    let access = format!(
        r#"{{"iss":"https://idp.example.com","aud":"api","sub":"alice","client_id":"web","jti":"1","iat":{NOW},"exp":{exp},"scope":"orders:read","groups":["staff"]}}"#
    );
    let id = format!(
        r#"{{"iss":"https://idp.example.com","aud":"client","sub":"alice","iat":{NOW},"exp":{exp}}}"#
    );
    let of = |entry: Entry, claims: &str| world.token(entry, claims.as_bytes());
    let by_legacy = |header: &str| world.legacy.token_with(header, &legacy);
    let plain = of(Entry::Legacy, &legacy);
    let [header, payload, signature] = plain.split('.').collect::<Vec<_>>()[..] else {
        panic!("three segments")
    };
    let p256 = |header: &str| world.p256.token_with(header, &access);
    vec![
        ("accepted_legacy", plain.clone()),
        ("accepted_access", of(Entry::Access, &access)),
        ("accepted_id", of(Entry::Id, &id)),
        ("accepted_anonymous", of(Entry::Anonymous, r#"{"sub":"job"}"#)),
        ("accepted_p256", p256(r#"{"alg":"ES256","typ":"application/AT+jwt","kid":"p256"}"#)),
        ("accepted_bearer", format!("Bearer  {plain}")),
        (
            "accepted_repeated_claims",
            by_legacy(r#"{"alg":"HS256","iss":"https://legacy.example.com","aud":"orders","other":[1]}"#),
        ),
        ("alg_none", format!("{}.{payload}.", base64url(r#"{"alg":"none"}"#))),
        (
            "alg_confusion",
            of(Entry::Access, &access).replace(
                &base64url(Entry::Access.header()),
                &base64url(r#"{"alg":"HS256","typ":"at+jwt","kid":"edwards"}"#),
            ),
        ),
        ("crit", by_legacy(r#"{"alg":"HS256","crit":["exp2"],"exp2":1}"#)),
        ("b64", by_legacy(r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#)),
        ("key_in_header", by_legacy(r#"{"alg":"HS256","jwk":{"kty":"oct"},"jku":"https://x","x5c":["AA"]}"#)),
        (
            "certificate_in_header",
            p256(
                r#"{"alg":"ES256","typ":"at+jwt","x5t#S256":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}"#,
            ),
        ),
        (
            "encrypted",
            format!("{}.AA.AA.{payload}.AA", base64url(r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#)),
        ),
        ("nested", by_legacy(r#"{"alg":"HS256","cty":"JWT","typ":null}"#)),
        (
            "no_key_of_that_name",
            of(Entry::Access, &access).replace(
                &base64url(Entry::Access.header()),
                &base64url(r#"{"alg":"Ed25519","typ":"at+jwt","kid":"../../etc/passwd"}"#),
            ),
        ),
        ("forged", format!("{header}.{payload}.{}", base64url([7; 32]))),
        ("without_signature", format!("{header}.{payload}.")),
        ("spare_bits", format!("{header}.{payload}.{}_", &signature[..42])),
        ("padded", format!("{header}.{payload}.{signature}=")),
        ("dots", format!("{header}.{payload}.{signature}.......")),
        ("json", format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#)),
        ("twice_the_same_member", by_legacy(r#"{"alg":"HS256","alg":"none"}"#)),
        ("long_header", by_legacy(&format!(r#"{{"alg":"HS256","x":"{}"}}"#, "x".repeat(5000)))),
    ]
}

/// Header and payload of a token, where they are base64url.
pub fn decoded(token: &str) -> Option<(Vec<u8>, Vec<u8>, String)> {
    let mut segments = token.splitn(3, '.');
    let header = from_base64url(segments.next()?)?;
    let payload = from_base64url(segments.next()?)?;
    Some((header, payload, segments.next()?.to_owned()))
}
