//! Files that change while a guard runs: the policy itself, and the keys and secrets that it names (POL-06).

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use counterseal::testing::{Issuer, guard_with_clock};
use counterseal::{Code, Guard, Policy};

struct World {
    issuer: Issuer,
    folder: PathBuf,
}

impl World {
    fn new() -> World {
        static FOLDERS: AtomicU64 = AtomicU64::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("counterseal-watch-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let world = World { issuer: Issuer::new().unwrap().for_audience("orders"), folder };
        world.write("policy.toml", &world.policy("orders", ""));
        world.write("keys.json", &world.issuer.jwks().unwrap());
        world
    }

    fn policy(&self, audience: &str, top: &str) -> String {
        format!(
            "version = 1\n{top}\n[[issuer]]\nname = \"main\"\nissuer = \"{}\"\nprofile = \"access_token\"\n\
             audience = \"{audience}\"\nalgorithms = [\"ES256\"]\nkeys = {{ jwks_file = \"keys.json\" }}\n",
            self.issuer.issuer()
        )
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }

    fn guard(&self) -> Guard {
        guard_with_clock(Policy::load(self.folder.join("policy.toml"), None).unwrap(), self.issuer.clock())
    }

    fn verify(&self, guard: &Guard) -> Result<(), Code> {
        guard.try_verify(self.issuer.token().sign().unwrap()).map(drop).map_err(|error| error.code())
    }

    fn later(&self, seconds: i64) {
        self.issuer.clock().advance_seconds(seconds);
    }

    fn generation(guard: &Guard) -> u64 {
        guard.status().policy.generation
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn another_policy_is_in_force_within_seconds() {
    let world = World::new();
    let guard = world.guard();
    assert_eq!(world.verify(&guard), Ok(()));
    world.write("policy.toml", &world.policy("billing", ""));
    assert_eq!(world.verify(&guard), Ok(()), "nobody looks twice within a second");
    world.later(1);
    assert_eq!(world.verify(&guard), Err(Code::AudMismatch));
    assert_eq!(World::generation(&guard), 1);
    for _ in 0..5 {
        world.later(1);
        let _ = world.verify(&guard);
    }
    assert_eq!(World::generation(&guard), 1, "once for each change");
    world.write("policy.toml", &world.policy("billing", ""));
    world.later(1);
    let _ = world.verify(&guard);
    assert_eq!(World::generation(&guard), 1, "the same text is no change");
}

#[test]
fn another_key_file_as_well() {
    let world = World::new();
    let guard = world.guard();
    let old = world.issuer.token().sign().unwrap();
    assert!(guard.try_verify(&old).is_ok());
    world.issuer.rotate().unwrap();
    world.issuer.retire();
    assert_eq!(world.verify(&guard), Err(Code::KidUnknown));
    world.write("keys.json", &world.issuer.jwks().unwrap());
    world.later(1);
    assert_eq!(world.verify(&guard), Ok(()));
    assert_eq!(guard.try_verify(&old).unwrap_err().code(), Code::KidUnknown, "out of the cache, too");
}

#[test]
fn mistakes_leave_the_old_policy_and_an_alarm() {
    let world = World::new();
    let guard = world.guard();
    let is_alarmed =
        |guard: &Guard| guard.status().alarms.iter().any(|alarm| alarm.code == Code::PolicyReloadFailed);
    world.write("policy.toml", "version = 1\n[[issuer");
    world.later(1);
    assert_eq!(world.verify(&guard), Ok(()));
    assert!(is_alarmed(&guard));
    assert_eq!(guard.status().policy.failed_reloads, 1);
    world.later(1);
    assert_eq!(world.verify(&guard), Ok(()));
    assert_eq!(guard.status().policy.failed_reloads, 1, "the same mistake is read once, for a while");
    world.write("policy.toml", &world.policy("orders", ""));
    world.later(1);
    assert_eq!(world.verify(&guard), Ok(()));
    assert!(!is_alarmed(&guard));
}

#[test]
fn a_file_that_comes_late_is_found() {
    let world = World::new();
    let guard = world.guard();
    world.write("policy.toml", &world.policy("billing", "").replace("keys.json", "new.json"));
    world.later(1);
    assert_eq!(world.verify(&guard), Ok(()), "its keys are not there");
    world.write("new.json", &world.issuer.jwks().unwrap());
    world.later(9);
    assert_eq!(world.verify(&guard), Ok(()));
    world.later(1);
    assert_eq!(world.verify(&guard), Err(Code::AudMismatch));
}

#[test]
fn a_file_that_vanishes_and_comes_back() {
    let world = World::new();
    let guard = world.guard();
    std::fs::remove_file(world.folder.join("policy.toml")).unwrap();
    world.later(1);
    assert_eq!(world.verify(&guard), Ok(()));
    assert_eq!(guard.status().policy.failed_reloads, 1);
    world.write("policy.toml", &world.policy("billing", ""));
    world.later(1);
    assert_eq!(world.verify(&guard), Err(Code::AudMismatch));
}

#[test]
fn nothing_is_watched_where_the_policy_says_so() {
    let world = World::new();
    world.write("policy.toml", &world.policy("orders", "watch = false"));
    let guard = world.guard();
    world.write("policy.toml", &world.policy("billing", ""));
    world.later(60);
    assert_eq!(world.verify(&guard), Ok(()));
    guard.reload().unwrap();
    assert_eq!(world.verify(&guard), Err(Code::AudMismatch));
    world.write("policy.toml", &world.policy("orders", ""));
    world.later(1);
    assert_eq!(world.verify(&guard), Ok(()), "the one in force does not say so");
}

#[test]
fn a_deny_file_is_no_reason_to_load_the_policy_again() {
    let world = World::new();
    world.write("deny.txt", "");
    world.write("policy.toml", &world.policy("orders", "deny_file = \"deny.txt\""));
    let guard = world.guard();
    assert_eq!(world.verify(&guard), Ok(()));
    world.write("deny.txt", &format!("kid {}\n", world.issuer.kid().unwrap()));
    world.later(1);
    assert_eq!(world.verify(&guard), Err(Code::KeyDenied));
    assert_eq!(World::generation(&guard), 0);
}

#[test]
fn a_child_process_looks_for_itself() {
    let world = World::new();
    let guard = world.guard();
    world.write("policy.toml", &world.policy("billing", ""));
    guard.after_fork();
    assert_eq!(world.verify(&guard), Err(Code::AudMismatch));
}

/// Kubernetes swaps a whole folder by one symbolic link.
#[cfg(unix)]
#[test]
fn folders_that_are_swapped_whole() {
    use std::os::unix::fs::symlink;
    let world = World::new();
    let versions = ["orders", "billing"];
    for version in versions {
        std::fs::create_dir(world.folder.join(version)).unwrap();
        world.write(&format!("{version}/policy.toml"), &world.policy(version, ""));
        world.write(&format!("{version}/keys.json"), &world.issuer.jwks().unwrap());
    }
    for name in ["policy.toml", "keys.json"] {
        std::fs::remove_file(world.folder.join(name)).unwrap();
        symlink(format!("..data/{name}"), world.folder.join(name)).unwrap();
    }
    let swap = |version: &str| {
        symlink(version, world.folder.join("..next")).unwrap();
        std::fs::rename(world.folder.join("..next"), world.folder.join("..data")).unwrap();
    };
    swap("orders");
    let guard = world.guard();
    for version in versions.iter().rev().chain(&versions).chain(&versions) {
        swap(version);
        world.later(1);
        let expected = if *version == "orders" { Ok(()) } else { Err(Code::AudMismatch) };
        assert_eq!(world.verify(&guard), expected, "{version}");
    }
}

/// Policies that both admit a token: whichever is in force, and while one takes the other's place, it is verified.
#[test]
fn no_request_is_dropped_while_files_change() {
    let world = World::new();
    let guard = world.guard();
    let token = world.issuer.token().sign().unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    guard.try_verify(&token).unwrap();
                }
            });
        }
        for round in 0..100 {
            world.issuer.clock().advance_millis(1000);
            let beside = world.folder.join("beside");
            std::fs::write(&beside, world.policy("orders", &format!("# {round}"))).unwrap();
            std::fs::rename(&beside, world.folder.join("policy.toml")).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert_eq!(guard.status().policy.failed_reloads, 0);
    assert!(World::generation(&guard) > 20, "{}", World::generation(&guard));
}
