//! A new policy keeps the keys of issuers that stay as they were (POL-06).

use super::*;
use crate::keys::KeyState;
use Code::*;

const HEADER: &str = r#""kid":"k1","typ":"JWT""#;
const CLAIMS: &str = r#"{"iss":"https://idp.example.com","aud":"orders","sub":"alice","iat":NOW,"exp":SOON}"#;
const MAIN: &str = "version = 1\n[[issuer]]\nname = 'main'\nissuer = 'https://idp.example.com'\nprofile = 'generic'\naudience = 'orders'\nalgorithms = ['RS256']\nkeys = { scripted = true }\n";

fn state(guard: &Guard) -> KeyState {
    guard.issuers(None)[0].key_state
}

fn with_keys() -> Guard {
    let guard = guard(MAIN);
    guard.replace_keys("main", jwks("k1").as_bytes()).unwrap();
    guard
}

#[test]
fn keys_stay_where_nothing_about_them_changed() {
    let token = token(HEADER, CLAIMS);
    for next in [
        MAIN.to_owned(),
        // Other settings of the entry, another place in the file, another name.
        MAIN.replace("'orders'", "['orders', 'x']"),
        MAIN.replace("name = 'main'", "name = 'other'"),
        MAIN.replace("[[issuer]]\nname", "[[issuer]]\nissuer = 'https://b'\nprofile = 'generic'\naudience = 'b'\nalgorithms = ['RS256']\nkeys = KEYS\n[[issuer]]\nname"),
    ] {
        let guard = with_keys();
        verified(&guard, &token);
        guard.replace(policy(&next).unwrap());
        verified(&guard, &token);
        // The cache of the old policy is gone.
        assert_eq!(guard.cache_counters().hits, 0);
    }
}

#[test]
fn keys_go_where_anything_about_them_changed() {
    let token = token(HEADER, CLAIMS);
    for next in [
        MAIN.replace("https://idp.example.com", "https://idp.example.org"),
        MAIN.replace("['RS256']", "['RS256', 'RS384']"),
    ] {
        let guard = with_keys();
        guard.replace(policy(&next).unwrap());
        assert_eq!(state(&guard), KeyState::Awaited);
        assert!(!matches!(guard.decide(token.as_bytes(), now()), Decision::Verified(_)));
    }
    let guard = with_keys();
    guard.replace(policy(&MAIN.replace("{ scripted = true }", "KEYS")).unwrap());
    assert_eq!(state(&guard), KeyState::Static);
}

#[test]
fn a_flight_under_way_lands_in_the_next_policy() {
    let (guard, token) = (guard(MAIN), token(HEADER, CLAIMS));
    let Decision::Pending(flight) = guard.decide(token.as_bytes(), now()) else { panic!() };
    guard.replace(policy(&MAIN.replace("'orders'", "['orders', 'x']")).unwrap());
    assert!(!guard.has_landed(flight));
    guard.keys_arrived(flight, jwks("k1").as_bytes()).unwrap();
    assert!(guard.has_landed(flight));
    verified(&guard, &token);
    // It is over, and one of an issuer that left the policy is, too.
    assert_eq!(guard.keys_arrived(flight, jwks("k1").as_bytes()), Err(MisuseClosed));
    let guard = super::guard(MAIN);
    let Decision::Pending(flight) = guard.decide(token.as_bytes(), now()) else { panic!() };
    guard.replace(policy(&MAIN.replace("idp.example.com", "b.example.com")).unwrap());
    assert!(guard.has_landed(flight));
    assert_eq!(guard.keys_arrived(flight, jwks("k1").as_bytes()), Err(MisuseClosed));
}

#[test]
fn keys_that_could_not_be_had_are_tried_again() {
    let (guard, token) = (guard(MAIN), token(HEADER, CLAIMS));
    let Decision::Pending(flight) = guard.decide(token.as_bytes(), now()) else { panic!() };
    guard.keys_failed(flight).unwrap();
    assert_eq!(refused(&guard, &token), KeysUnavailable);
    guard.replace(policy(MAIN).unwrap());
    let Decision::Pending(next) = guard.decide(token.as_bytes(), now()) else { panic!() };
    assert_ne!(next, flight);
    assert_eq!(guard.keys_failed(flight), Err(MisuseClosed));
}

#[test]
fn cac_05_a_key_removed_after_a_reload_is_gone_from_the_cache() {
    let (guard, token) = (with_keys(), token(HEADER, CLAIMS));
    guard.replace(policy(MAIN).unwrap());
    verified(&guard, &token);
    verified(&guard, &token);
    assert_eq!(guard.cache_counters().hits, 1);
    guard.replace_keys("main", jwks("k2").as_bytes()).unwrap();
    assert_eq!(refused(&guard, &token), KidUnknown);
}
