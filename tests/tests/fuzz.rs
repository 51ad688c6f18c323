//! Every fuzz target over its committed seeds and over seeded changes of them: the same inputs on every
//! run. `make fuzz` looks for new ones; what it finds becomes a seed with a name.

use std::collections::BTreeMap;
use std::time::Instant;

use counterseal_tests::fuzz::{ACCEPTED, TARGETS, Target, mutate, seeds, tokens};
use counterseal_tests::random::Random;
use counterseal_tests::say;

/// Runs the seeds and so many changes of them, and shows how they ended. At least `endings` different
/// ends must be reached: a target that everything bounces off tests nothing.
fn run(name: &str, changes: usize, endings: usize) {
    let target: Target = *TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = seeds(name);
    assert!(!seeds.is_empty());
    let start = Instant::now();
    let mut ended: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, seed) in &seeds {
        *ended.entry((target.run)(seed)).or_default() += 1;
    }
    let mut random = Random::new(0xc0de);
    for _ in 0..changes {
        let (seed, other) = (&random.pick(&seeds).1, &random.pick(&seeds).1);
        let input = mutate(target.kind, seed, other, &mut random);
        let ending = std::panic::catch_unwind(|| (target.run)(&input)).unwrap_or_else(|_| {
            panic!("{name}: save this input as a seed and mend what it shows: {}", input.escape_ascii())
        });
        *ended.entry(ending).or_default() += 1;
    }
    let accepted = ended.get(ACCEPTED).copied().unwrap_or(0);
    say(format!(
        "fuzz {name}: {changes} changes of {} seeds, {accepted} accepted, {} ends, in {:.1} s",
        seeds.len(),
        ended.len(),
        start.elapsed().as_secs_f32()
    ));
    println!(
        "  {}",
        ended.iter().map(|(code, count)| format!("{code} {count}")).collect::<Vec<_>>().join(", ")
    );
    assert!(accepted * 100 >= changes, "{name}: only {accepted} of {changes} were accepted");
    assert!(ended.len() >= endings, "{name}: only {} different ends: {ended:?}", ended.len());
}

#[test]
fn token() {
    run("token", 25_000, 40);
}

#[test]
fn claims() {
    run("claims", 25_000, 30);
}

#[test]
fn jwks() {
    run("jwks", 8_000, 12);
}

#[test]
fn policy_toml() {
    run("policy_toml", 8_000, 14);
}

#[test]
fn policy_json() {
    run("policy_json", 8_000, 11);
}

#[test]
fn pem() {
    run("pem", 25_000, 7);
}

#[test]
fn secret() {
    run("secret", 10_000, 3);
}

#[test]
fn nothing_at_all_is_an_input_too() {
    for target in TARGETS {
        (target.run)(b"");
    }
}

#[test]
fn the_seeds_of_tokens_are_those_that_are_made() {
    let (made, held) = (tokens(), seeds("token"));
    assert!(made.iter().all(|(name, _)| held.iter().any(|(file, _)| file == name)), "run the binary `seeds`");
    let target = TARGETS.iter().find(|target| target.name == "token").unwrap();
    for (name, token) in &made {
        let (_, file) = held.iter().find(|(file, _)| file == name).unwrap();
        let ending = (target.run)(token.as_bytes());
        assert_eq!((target.run)(file), ending, "{name}");
        assert_eq!(ending == ACCEPTED, name.starts_with("accepted"), "{name}: {ending}");
    }
}

#[test]
fn every_seed_of_claims_that_should_be_accepted_is() {
    let target = TARGETS.iter().find(|target| target.name == "claims").unwrap();
    for (name, seed) in seeds("claims") {
        let ending = (target.run)(&seed);
        let expected = match name.as_str() {
            "access_bound" => "binding_missing",
            "access_lacks_scope" => "insufficient_scope",
            "id_with_mark" => "token_kind_mismatch",
            "expired" => "token_expired",
            "future" => "token_not_yet_valid",
            "overage" => ACCEPTED,
            "duplicate" => "json_duplicate_member",
            "look_alike" => "name_case_variant",
            "surrogate" => "json_invalid_utf8",
            _ => ACCEPTED,
        };
        assert_eq!(ending, expected, "{name}");
    }
}
