//! Loading the policy again (POL-06), and what the status says of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::path::{Path, PathBuf};

use common::{NOW, claims, policy, token};
use counterseal::testing::{TestClock, answer_keys, guard_with_clock, load_policy};
use counterseal::{Code, Error, Format, Guard, Policy, UnixTime};

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder.join("counterseal.toml")
}

fn guard(path: &Path) -> Guard {
    let clock = TestClock::at(UnixTime::from_seconds(NOW).unwrap());
    guard_with_clock(Policy::load(path, None).unwrap(), &clock)
}

#[test]
fn a_failed_reload_keeps_the_old_policy_and_raises_an_alarm_until_one_succeeds() {
    let path = file("reload-failed");
    std::fs::write(&path, policy("")).unwrap();
    let (guard, token) = (guard(&path), token(&claims("alice")));
    guard.verify(&token).unwrap();
    let status = guard.status();
    assert_eq!((status.policy.generation, status.policy.failed_reloads), (0, 0));
    assert_eq!((status.policy.last_reload_succeeded, status.alarms.len()), (None, 0));

    let mistakes = [
        policy("").replace("generic", "genric"),
        policy("").replace("secret", "secrets"),
        policy("a_later_setting = 1"),
        policy("").replace("version = 1", "version = 2"),
        "version = ".to_owned(),
        String::new(),
    ];
    for (at, text) in mistakes.iter().enumerate() {
        std::fs::write(&path, text).unwrap();
        let Err(Error::Policy(error)) = guard.reload() else { panic!("{text}") };
        assert!(!error.problems().is_empty());
        // The old policy stays, its cache with it.
        guard.verify(&token).unwrap();
        let status = guard.status();
        assert_eq!(status.policy.failed_reloads, at as u64 + 1);
        assert_eq!((status.policy.last_reload_succeeded, status.policy.generation), (Some(false), 0));
        assert_eq!(status.policy.last_reload_at, Some(NOW));
        assert_eq!(status.alarms[0].code, Code::PolicyReloadFailed);
        assert!(!status.alarms[0].message.contains(common::SECRET));
    }
    assert_eq!(guard.cache_counters().hits, mistakes.len() as u64);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(guard.reload().unwrap_err().code(), Code::ConfigFile);

    std::fs::write(&path, policy("x-note = 'settings of your own are ignored'")).unwrap();
    guard.reload().unwrap();
    let status = guard.status();
    assert_eq!((status.policy.generation, status.policy.last_reload_succeeded), (1, Some(true)));
    assert_eq!((status.policy.failed_reloads, status.alarms.len()), (7, 0));
    guard.verify(&token).unwrap();
}

#[test]
fn a_policy_from_text_cannot_be_read_again_and_that_is_no_alarm() {
    let clock = TestClock::at(UnixTime::from_seconds(NOW).unwrap());
    let guard = guard_with_clock(Policy::from_str(&policy(""), Format::Toml, None, None).unwrap(), &clock);
    assert!(matches!(guard.reload(), Err(Error::Misuse(Code::MisuseClosed))));
    assert!(guard.status().alarms.is_empty());
}

#[test]
fn scripted_keys_are_for_tests_alone_also_after_a_reload() {
    let path = file("scripted");
    let entry =
        "profile = 'generic'\naudience = 'orders'\nalgorithms = ['ES256']\nkeys = { scripted = true }";
    let text =
        format!("version = 1\n[[issuer]]\nname = 'main'\nissuer = 'https://idp.example.com'\n{entry}\n");
    std::fs::write(&path, text).unwrap();
    let refused = Policy::load(&path, None).unwrap_err();
    assert_eq!(refused.problems()[0].code, Code::ConfigNotSupported);
    let guard = Guard::new(load_policy(&path, None).unwrap());
    guard.reload().unwrap();
    assert_eq!(answer_keys(&guard, "main", Some(b"{}")), Err(Code::JwksInvalid));
}

#[test]
fn another_policy_by_hand_ends_the_alarm() {
    let path = file("reload-by-hand");
    std::fs::write(&path, policy("")).unwrap();
    let guard = guard(&path);
    std::fs::write(&path, "").unwrap();
    guard.reload().unwrap_err();
    guard.replace(Policy::from_str(&policy(""), Format::Toml, None, None).unwrap());
    let status = guard.status();
    assert_eq!((status.alarms.len(), status.policy.failed_reloads), (0, 1));
}
