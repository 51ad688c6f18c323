//! What a guard is after `fork`, as the child sees it (DRV-02). Real forks, with threads that hold locks,
//! are tested where a language forks: python/tests/test_fork.py.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use counterseal::testing::Issuer;
use counterseal::{Answer, Code, Completions, Guard, Profile};

fn id(guard: &Guard, token: &str) -> u64 {
    match guard.answer(token.as_bytes(), None) {
        Ok(Answer::Known(id)) => id,
        Ok(Answer::Verified(identity)) => identity.id(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_child_has_the_same_keys_and_an_empty_cache() {
    let issuer = Issuer::new().unwrap();
    let (guard, token) = (issuer.guard().unwrap(), issuer.token().sign().unwrap());
    let before = id(&guard, &token);
    assert_eq!((id(&guard, &token), guard.cache_counters().entries), (before, 1));
    guard.after_fork();
    assert_eq!(guard.cache_counters().entries, 0);
    let after = id(&guard, &token);
    assert_ne!(before, after, "numbers of proofs are never used again (CAC-10)");
    assert_eq!(id(&guard, &token), after);
    issuer.rotate().unwrap();
    issuer.retire();
    issuer.publish(&guard).unwrap();
    assert_eq!(guard.verify(&token).unwrap_err().code(), Code::KidUnknown);
}

#[test]
fn a_child_does_not_wait_for_what_its_parent_waits_for() {
    let issuer = Issuer::new().unwrap();
    let guard = issuer.pending_guard_for(Profile::AccessToken, "").unwrap();
    let token = issuer.token().sign().unwrap();
    let Ok(Answer::Pending(flight)) = guard.answer(token.as_bytes(), None) else { panic!() };
    let parents = Completions::new();
    guard.watch(flight, 1, &parents).unwrap();
    guard.after_fork();
    let childs = Completions::new();
    guard.watch(flight, 2, &childs).unwrap();
    let mut tickets = [0; 2];
    assert_eq!((childs.next(&mut tickets, None), tickets[0]), (1, 2), "the flight is over");
    issuer.publish(&guard).unwrap();
    guard.verify(&token).unwrap();
    assert_eq!(parents.next(&mut tickets, Some(std::time::Duration::ZERO)), 0);
}
