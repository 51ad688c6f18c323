//! Files that a guard follows while it runs: when to look at them, and how to tell that one has changed.
//!
//! Whoever verifies looks, once a second at most, so that no thread is needed and a child process goes on by itself.

use std::fs::Metadata;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use counterseal_core::limits::STATIC_JWKS_BYTES;
use counterseal_core::time::UnixTime;
use zeroize::Zeroizing;

use crate::resources::read_bounded;

/// Milliseconds between two looks.
const INTERVAL: i64 = 1000;

/// Milliseconds after which a policy with mistakes is read again: a file that it names may have come.
const RETRY: i64 = 10_000;

/// Coarser than the clock of any usual file system.
const SETTLING: Duration = Duration::from_secs(3);

/// When it is time to look.
#[derive(Debug)]
pub(crate) struct Gate {
    is_on: AtomicBool,
    last: AtomicI64,
}

impl Gate {
    /// Closed until there is something to look at.
    pub(crate) fn new() -> Gate {
        Gate { is_on: AtomicBool::new(false), last: AtomicI64::new(i64::MIN) }
    }

    /// Is there anything to look at from now on? The first time is one interval from `now`; at once without it.
    pub(crate) fn set(&self, is_on: bool, now: Option<UnixTime>) {
        self.last.store(now.map_or(i64::MIN, UnixTime::as_millis), Ordering::Relaxed);
        self.is_on.store(is_on, Ordering::Relaxed);
    }

    /// Is it time to look? A clock that went back makes it so.
    #[inline]
    pub(crate) fn is_due(&self, now: UnixTime) -> bool {
        self.is_on.load(Ordering::Relaxed) && {
            let since = now.as_millis().wrapping_sub(self.last.load(Ordering::Relaxed));
            !(0..INTERVAL).contains(&since)
        }
    }

    /// The time of this look: others find nothing to do for an interval.
    pub(crate) fn pass(&self, now: UnixTime) {
        self.last.store(now.as_millis(), Ordering::Relaxed);
    }

    pub(crate) fn after_fork(&self) {
        self.last.store(i64::MIN, Ordering::Relaxed);
    }
}

/// The files that the policy in force was read from.
#[derive(Debug, Default)]
pub(crate) struct PolicyFiles {
    read: ArcSwap<Vec<ReadFile>>,
    is_busy: AtomicBool,
    /// A policy with mistakes was found: when, in milliseconds since 1970.
    failed_at: AtomicI64,
}

/// A file as it was when it was read.
#[derive(Clone, Debug)]
pub(crate) struct ReadFile {
    path: PathBuf,
    /// None where it was not there, or could be written again without a new stamp.
    stamp: Option<Stamp>,
    /// Of its bytes; None where it could not be read.
    contents: Option<u64>,
}

impl PolicyFiles {
    pub(crate) fn follow(&self, files: Vec<ReadFile>) {
        self.read.store(Arc::new(files));
        self.failed_at.store(0, Ordering::Relaxed);
    }

    /// Loads the policy again where a file has changed, unless somebody does so now. `load` says whether it could.
    pub(crate) fn look(&self, now: UnixTime, load: impl FnOnce() -> bool) {
        if self.is_busy.swap(true, Ordering::Acquire) {
            return;
        }
        let _busy = Busy(&self.is_busy);
        let now = now.as_millis();
        let failed_at = self.failed_at.load(Ordering::Relaxed);
        let is_retry = failed_at != 0 && !(0..RETRY).contains(&now.wrapping_sub(failed_at));
        let before = self.read.load_full();
        let files: Vec<ReadFile> = before.iter().map(ReadFile::again).collect();
        let has_changed = files.iter().zip(before.iter()).any(|(new, old)| new.contents != old.contents);
        self.read.store(Arc::new(files));
        if (has_changed || is_retry) && !load() {
            self.failed_at.store(now.max(1), Ordering::Relaxed);
        }
    }

    pub(crate) fn after_fork(&self) {
        self.is_busy.store(false, Ordering::Release);
    }
}

struct Busy<'b>(&'b AtomicBool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl ReadFile {
    /// The bytes of a file, and what to know it by. What changes behind the stamp is seen at the next look.
    pub(crate) fn read(path: PathBuf, limit: usize) -> (ReadFile, Result<Vec<u8>, String>) {
        let stamp = Stamp::of(&path).ok().filter(Stamp::is_settled);
        let bytes = read_bounded(&path, limit);
        let contents = bytes.as_ref().ok().map(|bytes| digest(bytes));
        (ReadFile { path, stamp, contents }, bytes)
    }

    fn again(&self) -> ReadFile {
        match Stamp::of(&self.path) {
            Ok(stamp) if self.stamp.as_ref() == Some(&stamp) => self.clone(),
            _ => {
                let (file, bytes) = ReadFile::read(self.path.clone(), STATIC_JWKS_BYTES);
                drop(bytes.map(Zeroizing::new));
                file
            }
        }
    }
}

/// Keyed, and of this process only: files that differ are told apart, and nobody can make two that are not.
fn digest(bytes: &[u8]) -> u64 {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    KEY.hash_one(bytes)
}

/// What changes when a file does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: [i64; 4],
}

impl Stamp {
    /// Of the file that a path leads to now.
    pub(crate) fn of(path: &Path) -> Result<Stamp, String> {
        let metadata = std::fs::metadata(path).map_err(|error| error.kind().to_string())?;
        Ok(Stamp { modified: metadata.modified().ok(), length: metadata.len(), inode: inode(&metadata) })
    }

    /// A file that was written just now may be written again without a new stamp.
    pub(crate) fn is_settled(&self) -> bool {
        let age = self.modified.and_then(|modified| modified.elapsed().ok());
        age.is_some_and(|age| age > SETTLING)
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> [i64; 4] {
    use std::os::unix::fs::MetadataExt;
    [metadata.dev() as i64, metadata.ino() as i64, metadata.ctime(), metadata.ctime_nsec()]
}

#[cfg(not(unix))]
fn inode(_metadata: &Metadata) -> [i64; 4] {
    [0; 4]
}
