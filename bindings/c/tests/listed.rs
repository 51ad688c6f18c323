//! What the header declares is what the list of all languages says: no more and no less.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// Exports that are nobody's concept, and why they are there.
const PLUMBING: [(&str, &str); 38] = [
    ("counterseal_abi_version", "does the library fit the header"),
    ("counterseal_status_name", "the name of a status without an error"),
    ("counterseal_policy_free", "C frees what it holds"),
    ("counterseal_guard_free", "C frees what it holds"),
    ("counterseal_identity_free", "C frees what it holds"),
    ("counterseal_flight_free", "C frees what it holds"),
    ("counterseal_error_free", "C frees what it holds"),
    ("counterseal_text_free", "C frees what it holds"),
    ("counterseal_pending_free", "C frees what it holds"),
    ("counterseal_testing_issuer_free", "C frees what it holds"),
    ("counterseal_testing_clock_free", "C frees what it holds"),
    ("counterseal_testing_network_free", "C frees what it holds"),
    ("counterseal_text_read", "the bytes of a text that the library made"),
    ("counterseal_identity_read", "fills counterseal_identity_fields"),
    ("counterseal_identity_tape", "claims for bindings, without JSON between"),
    ("counterseal_identity_equal", "C has no operator for it"),
    ("counterseal_guard_answer_many", "verify_many for bindings that keep objects of their own"),
    ("counterseal_guard_keys_unavailable", "the outage of a binding that waited"),
    ("counterseal_guard_readiness", "ready for callers that do not block"),
    ("counterseal_guard_after_fork", "a binding calls it where its language forks"),
    ("counterseal_pending_new", "waiting for callers that do not block"),
    ("counterseal_pending_watch", "waiting for callers that do not block"),
    ("counterseal_pending_next", "waiting for callers that do not block"),
    ("counterseal_pending_cancel", "waiting for callers that do not block"),
    ("counterseal_pending_close", "waiting for callers that do not block"),
    ("counterseal_testing_guard_with_network", "guard with a clock and a network"),
    ("counterseal_testing_policy_parse", "load_policy from text"),
    ("counterseal_testing_keys_deliver", "answer_keys to one flight, for tests of this library"),
    ("counterseal_testing_keys_fail", "answer_keys to one flight, for tests of this library"),
    ("counterseal_testing_live_handles", "for tests of bindings"),
    ("counterseal_testing_panic", "for tests of bindings"),
    ("counterseal_testing_measure", "for benchmarks of bindings"),
    ("counterseal_error_fields.struct_size", "how the struct grows"),
    ("counterseal_error_fields.message", "for people"),
    ("counterseal_identity_fields.struct_size", "how the struct grows"),
    ("counterseal_identity_fields.id", "what CAC-10 compares"),
    ("counterseal_identity_fields.issuer_name", "the entry that accepted the token"),
    ("counterseal_identity_fields.not_before", "nbf"),
];

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Exports, and the members of the structs that are read for their own sake.
fn exported() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = read("symbols.txt").lines().map(str::to_owned).collect();
    let header = read("include/counterseal.h");
    for structure in ["counterseal_error_fields", "counterseal_identity_fields"] {
        let (_, after) = header.split_once(&format!("typedef struct {structure} {{")).unwrap();
        let (members, _) = after.split_once('}').unwrap();
        for line in members.lines().map(str::trim).filter(|line| line.ends_with(';')) {
            let name = line.trim_end_matches(';').rsplit([' ', '*']).next().unwrap();
            if name != "reserved" {
                names.insert(format!("{structure}.{name}"));
            }
        }
    }
    names
}

#[test]
fn the_list_says_what_is_declared() {
    let exported = exported();
    assert!(exported.len() > 80, "the header was not understood");
    let list: serde_json::Map<String, Value> =
        serde_json::from_str(&read("../../tests/surface/c.json")).unwrap();
    let listed: BTreeSet<String> = list.values().filter_map(Value::as_str).map(str::to_owned).collect();
    let plumbing: BTreeSet<String> = PLUMBING.iter().map(|(name, _)| (*name).to_owned()).collect();
    let gone: Vec<_> = listed.union(&plumbing).filter(|name| !exported.contains(*name)).collect();
    let twice: Vec<_> = listed.intersection(&plumbing).collect();
    let missing: Vec<_> =
        exported.iter().filter(|name| !listed.contains(*name) && !plumbing.contains(*name)).collect();
    assert!(gone.is_empty() && twice.is_empty() && missing.is_empty(), "{gone:?} {twice:?} {missing:?}");
    assert!(PLUMBING.iter().all(|(_, why)| !why.is_empty()));
}

#[test]
fn members_of_structs_are_understood() {
    let exported = exported();
    for name in ["counterseal_error_fields.enforced", "counterseal_identity_fields.amr"] {
        assert!(exported.contains(name), "{name}");
    }
}
