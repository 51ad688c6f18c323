//! Whatever is changed in a valid token, it is no valid token any more.

use std::collections::BTreeMap;

use counterseal::{Algorithm, Code, Format, Guard, Policy};
use counterseal_tests::signer::Signer;

use crate::decide;

const NOW: i64 = 1_800_000_000;
const CLAIMS: &str =
    r#"{"iss":"https://idp.example.com","aud":"orders","sub":"alice","iat":1800000000,"exp":1800000600}"#;

fn guard(signer: &Signer) -> Guard {
    let text = format!(
        "version = 1\n[[issuer]]\nissuer = \"https://idp.example.com\"\nprofile = \"generic\"\n\
         audience = \"orders\"\nalgorithms = [\"{}\"]\nkeys = {{ jwks = '{}' }}\n",
        signer.algorithm,
        signer.jwks()
    );
    Guard::new(Policy::from_str(&text, Format::Toml, None, None).unwrap())
}

#[test]
fn no_single_byte_may_change() {
    for algorithm in Algorithm::ALL {
        let signer = Signer::new(algorithm, "k");
        let (guard, token) = (guard(&signer), signer.token(CLAIMS));
        assert!(decide(&guard, &token, NOW).is_ok(), "{algorithm}");
        let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
        for at in 0..=token.len() {
            for changed in changes(token.as_bytes(), at) {
                match guard.try_verify_at(&changed, counterseal::UnixTime::from_millis(NOW * 1000)) {
                    Ok(_) => panic!("{algorithm}: byte {at} of {} changed, and still valid", token.len()),
                    Err(error) => *codes.entry(error.code().slug()).or_default() += 1,
                }
            }
        }
        let forged = codes.get("signature_invalid").copied().unwrap_or(0);
        // Most changes of the payload and of the signature are still base64url and JSON.
        assert!(forged > 400, "{algorithm}: {codes:?}");
    }
}

/// The token with this byte replaced in several ways, left out, doubled, moved, or the rest cut off.
fn changes(token: &[u8], at: usize) -> Vec<Vec<u8>> {
    let mut changed = Vec::new();
    let with = |byte: u8| [&token[..at], &[byte], token.get(at + 1..).unwrap_or_default()].concat();
    let insert = |byte: u8| [&token[..at], &[byte], &token[at..]].concat();
    if let Some(byte) = token.get(at) {
        for other in [byte ^ 1, byte ^ 2, byte ^ 0x20, byte.wrapping_add(1), b'A', b'_', b'.', 0] {
            changed.push(with(other));
        }
        changed.push([&token[..at], &token[at + 1..]].concat());
        changed.push(token[..at].to_vec());
        changed.push(insert(*byte));
        let mut swapped = token.to_vec();
        swapped.swap(at, (at + 1) % token.len());
        changed.push(swapped);
    }
    changed.extend([b'A', b'=', b'.', b' ', b'\n'].map(insert));
    changed.retain(|other| other != token);
    changed
}

#[test]
fn a_signature_of_another_algorithm_of_the_same_key_is_none() {
    let signers: Vec<Signer> = Algorithm::ALL.iter().map(|one| Signer::new(*one, "k")).collect();
    for ours in &signers {
        let guard = guard(ours);
        for theirs in &signers {
            if theirs.algorithm == ours.algorithm {
                continue;
            }
            let named_as_theirs = decide(&guard, &theirs.token(CLAIMS), NOW).err();
            assert_eq!(named_as_theirs, Some(Code::AlgNotAllowed), "{} {}", ours.algorithm, theirs.algorithm);
            let named_as_ours = theirs.token_with(ours.header(), CLAIMS);
            let code = decide(&guard, &named_as_ours, NOW).unwrap_err();
            assert!(matches!(code, Code::SignatureInvalid | Code::SignatureMalformed), "{code}");
        }
    }
}
