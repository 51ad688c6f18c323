//! Keys on disk for the next process (SNP-01): what is taken, what is not, and who may write.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use counterseal::testing::{Fault, Issuer, Network, Reply, fetch_due, guard_with_network};
use counterseal::{Code, Format, Guard, KeyState, Policy};
use serde_json::{Value, json};

const KEYS: &str = "https://keys.example.com/jwks";

struct World {
    issuer: Issuer,
    network: Network,
    folder: PathBuf,
}

impl World {
    fn new() -> World {
        static FOLDERS: AtomicU64 = AtomicU64::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::SeqCst);
        let folder =
            std::env::temp_dir().join(format!("counterseal-snapshot-{}-{number}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
        let world =
            World { issuer: Issuer::new().unwrap().for_audience("orders"), network: Network::new(), folder };
        world.publish();
        world
    }

    fn publish(&self) {
        let keys = Reply::json(self.issuer.jwks().unwrap());
        self.network.answer(KEYS, keys.header("Cache-Control", "max-age=600"));
    }

    fn file(&self) -> PathBuf {
        self.folder.join("keys.snapshot")
    }

    /// A guard as a process that starts now has it.
    fn start(&self, more: &str) -> Guard {
        let text = format!(
            "version = 1\n[[issuer]]\nissuer = \"{}\"\nprofile = \"access_token\"\naudience = \"orders\"\n\
             algorithms = [\"ES256\"]\nkeys = {{ jwks_uri = \"{KEYS}\" }}\n[fetch]\nsnapshot = \"keys.snapshot\"\n{more}\n",
            self.issuer.issuer()
        );
        let policy = Policy::from_str(&text, Format::Toml, None, Some(&self.folder)).unwrap();
        guard_with_network(policy, self.issuer.clock(), &self.network)
    }

    /// One process has fetched, and is gone.
    fn left_behind() -> World {
        let world = World::new();
        let guard = world.start("");
        assert_eq!(world.verify(&guard), Err(Code::KeysUnavailable));
        fetch_due(&guard);
        assert_eq!(world.verify(&guard), Ok(()));
        world
    }

    fn verify(&self, guard: &Guard) -> Result<(), Code> {
        guard.try_verify(self.issuer.token().sign().unwrap()).map(drop).map_err(|error| error.code())
    }

    fn change(&self, change: impl FnOnce(&mut Value)) {
        let mut contents: Value = serde_json::from_slice(&std::fs::read(self.file()).unwrap()).unwrap();
        change(&mut contents);
        std::fs::write(self.file(), contents.to_string()).unwrap();
    }

    /// The next process finds nothing it believes, says why where it is told, and asks the key server.
    #[track_caller]
    fn assert_ignored(&self, reason: Option<&str>) {
        let guard = self.start("");
        let alarms = guard.status().alarms;
        let alarm = alarms.iter().find(|alarm| alarm.code == Code::SnapshotInvalid);
        assert_eq!(
            alarm.map(|alarm| alarm.message.strip_prefix("fetch.snapshot is not used: ").unwrap()),
            reason
        );
        assert_eq!(self.verify(&guard), Err(Code::KeysUnavailable));
        fetch_due(&guard);
        assert_eq!(self.verify(&guard), Ok(()));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::set_permissions(&self.folder, PermissionsExt::from_mode(0o700));
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn the_next_process_begins_with_the_keys_and_fetches_them_at_once() {
    let world = World::left_behind();
    world.network.requests();
    world.issuer.clock().advance_seconds(599);
    let guard = world.start("");
    assert_eq!(world.verify(&guard), Ok(()));
    let status = guard.status();
    let issuer = &status.issuers[0];
    assert_eq!((issuer.key_state, issuer.fetch.as_ref().unwrap().key_age), (KeyState::Fresh, Some(599)));
    assert!(world.network.requests().is_empty());
    fetch_due(&guard);
    assert_eq!(world.network.requests(), [KEYS]);
    assert_eq!(guard.status().issuers[0].fetch.as_ref().unwrap().key_age, Some(0));
    fetch_due(&guard);
    assert!(world.network.requests().is_empty());
}

#[test]
fn an_inline_guard_fetches_with_the_first_call() {
    let world = World::left_behind();
    let guard = world.start("mode = \"inline\"");
    // Other settings: not the same source.
    assert!(guard.verify(world.issuer.token().sign().unwrap()).is_ok());
    world.network.answer(KEYS, Fault::Reset);
    let guard = world.start("mode = \"inline\"");
    world.network.requests();
    assert_eq!(world.verify(&guard), Ok(()), "kept keys are better than none");
    assert_eq!(world.network.requests(), [KEYS]);
    assert_eq!(world.verify(&guard), Ok(()));
    assert!(world.network.requests().is_empty());
}

#[test]
fn kept_keys_grow_old_as_if_the_process_had_gone_on() {
    let world = World::left_behind();
    world.network.answer(KEYS, Fault::Reset);
    world.issuer.clock().advance_seconds(600);
    assert_eq!(world.start("").status().issuers[0].key_state, KeyState::Stale);
    world.issuer.clock().advance_seconds(3599);
    let guard = world.start("");
    assert_eq!(world.verify(&guard), Ok(()));
    world.issuer.clock().advance_seconds(1);
    assert_eq!(world.verify(&guard), Err(Code::KeysUnavailable));
    assert_eq!(world.verify(&world.start("")), Err(Code::KeysUnavailable));
}

#[test]
fn a_key_that_is_gone_is_gone_from_the_file() {
    let world = World::left_behind();
    let old = world.issuer.token().sign().unwrap();
    let guard = world.start("");
    world.issuer.rotate().unwrap();
    world.issuer.retire();
    world.publish();
    assert!(guard.try_verify(&old).is_ok());
    fetch_due(&guard);
    assert!(guard.try_verify(&old).is_err());
    world.network.answer(KEYS, Fault::Reset);
    let guard = world.start("");
    assert_eq!(world.verify(&guard), Ok(()));
    assert_eq!(guard.try_verify(&old).unwrap_err().code(), Code::KeysUnavailable, "until a fetch says so");
}

#[test]
fn a_later_answer_of_another_process_stays() {
    let world = World::left_behind();
    world.change(|contents| {
        let at = contents["keys"][0]["fetched_at"].as_i64().unwrap();
        contents["keys"][0]["fetched_at"] = json!(at + 1);
        contents["keys"][0]["jwks"] = json!("{\"keys\":[]}");
    });
    let before = std::fs::read(world.file()).unwrap();
    let guard = world.start("");
    assert_eq!(world.verify(&guard), Err(Code::KeysUnavailable), "an empty set is not believed");
    fetch_due(&guard);
    assert_eq!(world.verify(&guard), Ok(()));
    assert_eq!(std::fs::read(world.file()).unwrap(), before);
    // But a clock that was set back does not freeze the file.
    world.change(|contents| {
        let at = contents["keys"][0]["fetched_at"].as_i64().unwrap();
        contents["keys"][0]["fetched_at"] = json!(at + 86_400_000);
    });
    world.assert_ignored(None);
    assert_eq!(world.verify(&world.start("")), Ok(()));
}

#[test]
fn times_that_cannot_be_are_not_believed() {
    for (name, change) in
        [("fetched_at", 1), ("fresh_for", -540_001), ("fresh_for", 86_400_001), ("fetched_at", i64::MIN / 2)]
    {
        let world = World::left_behind();
        world.change(|contents| {
            let before = contents["keys"][0][name].as_i64().unwrap();
            contents["keys"][0][name] = json!(before.saturating_add(change));
        });
        world.assert_ignored(None);
    }
}

#[test]
fn keys_of_another_issuer_url_or_policy_are_not_taken() {
    let world = World::left_behind();
    for more in ["ttl = \"11m\"", "max_keys = 99"] {
        assert_eq!(world.verify(&world.start(more)), Err(Code::KeysUnavailable), "{more}");
    }
    world.change(|contents| contents["keys"][0]["source"] = json!("00"));
    world.assert_ignored(None);
}

#[test]
fn sets_that_would_not_be_fetched_are_not_taken() {
    for jwks in ["", "[]", "{\"keys\":[]}", "{\"keys\":[],\"keys\":[]}"] {
        let world = World::left_behind();
        world.change(|contents| contents["keys"][0]["jwks"] = json!(jwks));
        world.assert_ignored(None);
    }
}

#[test]
fn a_file_that_is_none_is_ignored_with_an_alarm_and_written_anew() {
    for text in ["", "{", "[]", "{\"version\":1}", "{\"version\":1,\"keys\":[],\"more\":1}", "\u{0}"] {
        let world = World::left_behind();
        std::fs::write(world.file(), text).unwrap();
        world.assert_ignored(Some("not a key snapshot"));
        assert_eq!(world.verify(&world.start("")), Ok(()), "written anew");
    }
    let world = World::left_behind();
    std::fs::write(world.file(), "{\"version\":2,\"keys\":[]}").unwrap();
    world.assert_ignored(Some("of another version"));
}

#[test]
fn others_can_neither_read_nor_write_it() {
    let world = World::left_behind();
    assert_eq!(world.file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    for mode in [0o640, 0o604, 0o620, 0o602, 0o666] {
        std::fs::set_permissions(world.file(), PermissionsExt::from_mode(mode)).unwrap();
        world.assert_ignored(Some("others can read or write it"));
        assert_eq!(world.file().metadata().unwrap().permissions().mode() & 0o777, 0o600, "another file");
    }
}

#[test]
fn nothing_is_kept_where_others_can_put_a_file() {
    for mode in [0o720, 0o702, 0o1777] {
        let world = World::left_behind();
        std::fs::set_permissions(&world.folder, PermissionsExt::from_mode(mode)).unwrap();
        world.assert_ignored(Some("others can write to its folder"));
        assert!(!world.file().exists(), "no key that may be gone is left behind");
    }
}

#[test]
fn a_folder_in_its_place_is_no_file_and_keys_still_come() {
    let world = World::new();
    std::fs::create_dir(world.file()).unwrap();
    let guard = world.start("");
    assert_eq!(world.verify(&guard), Err(Code::KeysUnavailable));
    fetch_due(&guard);
    assert_eq!(world.verify(&guard), Ok(()));
    assert!(guard.status().alarms.iter().any(|alarm| alarm.code == Code::SnapshotInvalid));
}

#[test]
fn entries_of_one_policy_share_a_file_and_no_temporary_file_stays() {
    let world = World::left_behind();
    let guard = world.start("ttl = \"11m\"");
    assert_eq!(world.verify(&guard), Err(Code::KeysUnavailable));
    fetch_due(&guard);
    world.network.answer(KEYS, Fault::Reset);
    assert_eq!(world.verify(&world.start("")), Ok(()));
    assert_eq!(world.verify(&world.start("ttl = \"11m\"")), Ok(()));
    let mut names: Vec<_> =
        std::fs::read_dir(&world.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["keys.snapshot", "keys.snapshot.lock"]);
}

#[test]
fn a_reload_takes_kept_keys_as_a_start_does() {
    let world = World::left_behind();
    world.network.answer(KEYS, Fault::Reset);
    let guard = world.issuer.guard().unwrap();
    let text = format!(
        "version = 1\n[[issuer]]\nissuer = \"{}\"\nprofile = \"access_token\"\naudience = \"orders\"\n\
         algorithms = [\"ES256\"]\nkeys = {{ jwks_uri = \"{KEYS}\" }}\n[fetch]\nsnapshot = \"keys.snapshot\"\n\n",
        world.issuer.issuer()
    );
    guard.replace(Policy::from_str(&text, Format::Toml, None, Some(&world.folder)).unwrap());
    assert_eq!(guard.status().issuers[0].key_state, KeyState::Fresh);
}
