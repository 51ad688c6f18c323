//! The deny file: it acts within a second of a change, without a new policy (POL-07).

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::path::{Path, PathBuf};

use common::{NOW, claims, policy, sign, token};
use counterseal::testing::{TestClock, guard_with_clock};
use counterseal::{Code, Format, Guard, Policy, UnixTime};

/// A folder of its own for each test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn clock() -> TestClock {
    TestClock::at(UnixTime::from_seconds(NOW).unwrap())
}

/// A guard whose policy names `deny.txt` in this folder.
fn guard(folder: &Path, clock: &TestClock) -> Guard {
    let text = policy("deny_file = 'deny.txt'");
    guard_with_clock(Policy::from_str(&text, Format::Toml, None, Some(folder)).unwrap(), clock)
}

fn code(guard: &Guard, token: &str) -> Option<Code> {
    guard.verify(token).err().map(|error| error.code())
}

const ISSUER: &str = "issuer https://idp.example.com\n";

#[test]
fn a_change_acts_within_a_second_out_of_the_cache_and_back() {
    let (folder, clock) = (folder("deny-change"), clock());
    let file = folder.join("deny.txt");
    std::fs::write(&file, "# nothing yet\n").unwrap();
    let (guard, token) = (guard(&folder, &clock), token(&claims("alice")));
    assert_eq!(code(&guard, &token), None);
    std::fs::write(&file, ISSUER).unwrap();
    // Not looked at again before a second has passed.
    clock.advance_millis(999);
    assert_eq!(code(&guard, &token), None);
    assert_eq!(guard.cache_counters().hits, 1);
    clock.advance_millis(1);
    assert_eq!(code(&guard, &token), Some(Code::IssDenied));
    assert_eq!(guard.status().deny_file.unwrap().denied, 1);
    std::fs::write(&file, "").unwrap();
    clock.advance_seconds(1);
    assert_eq!(code(&guard, &token), None);
    // A kid, by another file in its place.
    std::fs::write(folder.join("next.txt"), "kid k7\n").unwrap();
    std::fs::rename(folder.join("next.txt"), &file).unwrap();
    clock.advance_seconds(1);
    let named = sign(r#"{"alg":"HS256","typ":"JWT","kid":"k7"}"#, &claims("alice"));
    assert_eq!(code(&guard, &named), Some(Code::KeyDenied));
    assert_eq!(code(&guard, &token), None);
}

#[test]
fn a_broken_or_vanished_file_leaves_the_last_good_list_and_raises_an_alarm() {
    let (folder, clock) = (folder("deny-broken"), clock());
    let file = folder.join("deny.txt");
    std::fs::write(&file, ISSUER).unwrap();
    let (guard, token) = (guard(&folder, &clock), token(&claims("alice")));
    assert_eq!(code(&guard, &token), Some(Code::IssDenied));
    assert!(guard.status().alarms.is_empty());

    std::fs::write(&file, "isuer https://idp.example.com\n").unwrap();
    clock.advance_seconds(1);
    assert_eq!(code(&guard, &token), Some(Code::IssDenied));
    let status = guard.status();
    assert_eq!(status.alarms.len(), 1);
    assert_eq!(status.alarms[0].code, Code::ConfigValue);
    assert_eq!(
        status.alarms[0].message,
        "the deny file is broken: line 1: a line begins with `kid`, `issuer` or `#`"
    );
    assert_eq!(status.deny_file.unwrap().denied, 1);

    std::fs::remove_file(&file).unwrap();
    clock.advance_seconds(1);
    assert_eq!(code(&guard, &token), Some(Code::IssDenied));
    assert_eq!(guard.status().alarms[0].code, Code::ConfigFile);
    std::fs::create_dir(&file).unwrap();
    clock.advance_seconds(1);
    assert_eq!(code(&guard, &token), Some(Code::IssDenied));
    assert_eq!(guard.status().alarms[0].code, Code::ConfigFile);

    std::fs::remove_dir(&file).unwrap();
    std::fs::write(&file, "# all is well\n").unwrap();
    clock.advance_seconds(1);
    assert_eq!(code(&guard, &token), None);
    assert!(guard.status().alarms.is_empty());
}

#[test]
fn at_load_the_file_has_to_be_there_and_sound() {
    let folder = folder("deny-load");
    let load = || Policy::from_str(&policy("deny_file = 'deny.txt'"), Format::Toml, None, Some(&folder));
    assert_eq!(load().unwrap_err().problems()[0].code, Code::ConfigFile);
    std::fs::write(folder.join("deny.txt"), "nonsense").unwrap();
    assert_eq!(load().unwrap_err().problems()[0].code, Code::ConfigValue);
    std::fs::write(folder.join("deny.txt"), ISSUER).unwrap();
    assert_eq!(
        code(&guard_with_clock(load().unwrap(), &clock()), &token(&claims("alice"))),
        Some(Code::IssDenied)
    );
}

#[test]
fn a_clock_that_goes_back_does_not_stop_the_looks() {
    let (folder, clock) = (folder("deny-clock"), clock());
    let file = folder.join("deny.txt");
    std::fs::write(&file, "").unwrap();
    let (guard, token) = (guard(&folder, &clock), token(&claims("alice")));
    clock.advance_seconds(1000);
    assert_eq!(code(&guard, &token), None);
    std::fs::write(&file, ISSUER).unwrap();
    clock.advance_seconds(-500);
    assert_eq!(code(&guard, &token), Some(Code::IssDenied));
}

#[test]
fn another_policy_is_another_file_or_none() {
    let (folder, clock) = (folder("deny-other"), clock());
    std::fs::write(folder.join("deny.txt"), ISSUER).unwrap();
    std::fs::write(folder.join("other.txt"), "").unwrap();
    let (guard, token) = (guard(&folder, &clock), token(&claims("alice")));
    assert_eq!(code(&guard, &token), Some(Code::IssDenied));
    let other = |top: &str| Policy::from_str(&policy(top), Format::Toml, None, Some(&folder)).unwrap();
    guard.replace(other(""));
    clock.advance_seconds(5);
    assert_eq!(code(&guard, &token), None);
    assert!(guard.status().deny_file.is_none());
    guard.replace(other("deny_file = 'other.txt'"));
    assert_eq!(code(&guard, &token), None);
    std::fs::write(folder.join("other.txt"), ISSUER).unwrap();
    clock.advance_seconds(1);
    assert_eq!(code(&guard, &token), Some(Code::IssDenied));
}

#[test]
fn every_thread_sees_a_denial_soon() {
    let (folder, clock) = (folder("deny-threads"), clock());
    let file = folder.join("deny.txt");
    std::fs::write(&file, "").unwrap();
    let (guard, token) = (guard(&folder, &clock), token(&claims("alice")));
    assert_eq!(code(&guard, &token), None);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| while code(&guard, &token).is_none() {});
        }
        std::fs::write(&file, ISSUER).unwrap();
        clock.advance_seconds(1);
    });
    assert_eq!(code(&guard, &token), Some(Code::IssDenied));
}
