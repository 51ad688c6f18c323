//! Fetched keys on disk, so that a process can begin while a key server is down (SNP-01).
//!
//! Whoever can write the file decides which keys are believed. So it must belong to this user alone, in a folder
//! where nobody else can put another in its place.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use counterseal_core::error::Code;
use counterseal_core::guard;
use counterseal_core::keys::kept::Kept;
use counterseal_core::limits::SNAPSHOT_BYTES;
use counterseal_core::time::UnixTime;
use serde::{Deserialize, Serialize};

use crate::status::Alarm;

/// Most sets of keys in a file: those of policies that are gone stay until newer ones need the room.
const SETS: usize = 256;

/// Longest wait for another process that writes.
const LOCK_WAIT: Duration = Duration::from_millis(500);

/// Two readings of one machine's clock differ by less, in milliseconds.
const CLOCK_STEP: i64 = 60_000;

/// The snapshot of the policy in force, if it names one. Nothing here is a lock: a fork may happen at any time.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    path: ArcSwapOption<PathBuf>,
    fault: ArcSwapOption<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    version: u32,
    keys: Vec<Kept>,
}

impl Snapshot {
    /// Follows the file of another policy from now on.
    pub(crate) fn follow(&self, path: Option<PathBuf>) {
        self.path.store(path.map(Arc::new));
        self.fault.store(None);
    }

    /// Hands the guard what is kept, and says whether it took any. Where there is no file yet nothing is wrong.
    pub(crate) fn resume(&self, core: &guard::Guard, now: UnixTime) -> bool {
        let Some(path) = self.path.load_full() else { return false };
        match read(&path) {
            Ok(keys) => core.resume(now, &keys) > 0,
            Err(reason) => {
                self.fault.store(Some(Arc::new(reason)));
                false
            }
        }
    }

    /// Is there a file to keep keys in?
    pub(crate) fn is_on(&self) -> bool {
        self.path.load().is_some()
    }

    /// Puts keys into the file.
    pub(crate) fn keep(&self, kept: Kept) {
        let Some(path) = self.path.load_full() else { return };
        let fault = write(&path, kept).err().map(|reason| {
            // A key that is gone must not come back with the next process.
            let _ = fs::remove_file(&*path);
            Arc::new(reason)
        });
        self.fault.store(fault);
    }

    /// Why the file was not read or written last.
    pub(crate) fn alarm(&self) -> Option<Alarm> {
        let reason = self.fault.load_full()?;
        Some(Alarm { code: Code::SnapshotInvalid, message: format!("fetch.snapshot is not used: {reason}") })
    }
}

fn read(path: &Path) -> Result<Vec<Kept>, String> {
    owner::check_folder(path)?;
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.kind().to_string()),
    };
    owner::check_file(&file)?;
    let mut text = Vec::new();
    let read = file.take(SNAPSHOT_BYTES as u64 + 1).read_to_end(&mut text);
    read.map_err(|error| error.kind().to_string())?;
    if text.len() > SNAPSHOT_BYTES {
        return Err(format!("larger than {SNAPSHOT_BYTES} bytes"));
    }
    match serde_json::from_slice(&text) {
        Ok(Contents { version: 1, keys }) => Ok(keys),
        Ok(_) => Err("of another version".into()),
        Err(_) => Err("not a key snapshot".into()),
    }
}

/// Reads, changes and replaces the file whole, one process after the other.
fn write(path: &Path, kept: Kept) -> Result<(), String> {
    let _lock = lock(path);
    // What cannot be read is written anew.
    let mut keys = read(path).unwrap_or_default();
    owner::check_folder(path)?;
    let of_source = keys.iter().find(|other| other.source == kept.source);
    // Two processes fetch at about the same time: the later answer stays.
    let is_later = |other: &Kept| (1..CLOCK_STEP).contains(&other.fetched_at.saturating_sub(kept.fetched_at));
    if of_source.is_some_and(is_later) {
        return Ok(());
    }
    keys.retain(|other| other.source != kept.source);
    keys.push(kept);
    keys.sort_by_key(|kept| std::cmp::Reverse(kept.fetched_at));
    keys.truncate(SETS);
    let text = serde_json::to_vec(&Contents { version: 1, keys }).map_err(|error| error.to_string())?;
    if text.len() > SNAPSHOT_BYTES {
        return Err(format!("larger than {SNAPSHOT_BYTES} bytes"));
    }
    replace(path, &text).map_err(|error| error.kind().to_string())
}

fn replace(path: &Path, text: &[u8]) -> std::io::Result<()> {
    static NUMBERS: AtomicU64 = AtomicU64::new(0);
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    let beside = beside(path, &format!("{}-{number}.tmp", std::process::id()));
    // Left by a process that had this number and died.
    let _ = fs::remove_file(&beside);
    let written = owner::create(&beside).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_data()?;
        fs::rename(&beside, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Held by whoever writes. Without it, after a while, things go on: better two writers than none.
fn lock(path: &Path) -> Option<File> {
    let path = beside(path, "lock");
    let file = owner::create(&path).or_else(|_| fs::OpenOptions::new().write(true).open(&path)).ok()?;
    let begun = Instant::now();
    while file.try_lock().is_err() && begun.elapsed() < LOCK_WAIT {
        std::thread::sleep(Duration::from_millis(5));
    }
    Some(file)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(unix)]
mod owner {
    use std::fs::{File, OpenOptions};
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    use std::path::Path;

    const OTHERS_WRITE: u32 = 0o022;
    const OTHERS: u32 = 0o077;

    pub(super) fn check_folder(path: &Path) -> Result<(), String> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.metadata().map_err(|error| format!("its folder: {}", error.kind()))?;
        if folder.mode() & OTHERS_WRITE != 0 {
            return Err("others can write to its folder".into());
        }
        match folder.uid() {
            0 => Ok(()),
            owner if owner == this_user() => Ok(()),
            _ => Err("its folder belongs to somebody else".into()),
        }
    }

    pub(super) fn check_file(file: &File) -> Result<(), String> {
        let file = file.metadata().map_err(|error| error.kind().to_string())?;
        match file.uid() == this_user() {
            _ if !file.is_file() => Err("not a file".into()),
            false => Err("it belongs to somebody else".into()),
            true if file.mode() & OTHERS != 0 => Err("others can read or write it".into()),
            true => Ok(()),
        }
    }

    pub(super) fn create(path: &Path) -> std::io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
    }

    fn this_user() -> u32 {
        rustix::process::geteuid().as_raw()
    }
}

/// Who may write a file cannot be asked in the same way here, so nothing is kept.
#[cfg(not(unix))]
mod owner {
    use std::fs::File;
    use std::path::Path;

    pub(super) fn check_folder(_: &Path) -> Result<(), String> {
        Err("snapshots need a system where files have owners".into())
    }

    pub(super) fn check_file(_: &File) -> Result<(), String> {
        check_folder(Path::new(""))
    }

    pub(super) fn create(path: &Path) -> std::io::Result<File> {
        std::fs::OpenOptions::new().write(true).create_new(true).open(path)
    }
}
