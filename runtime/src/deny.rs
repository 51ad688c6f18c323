//! The deny file: looked at once a second at most, by whoever verifies then, without a thread (POL-07).

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, ArcSwapOption};
use counterseal_core::error::Code;
use counterseal_core::guard;
use counterseal_core::limits::DENY_FILE_BYTES;
use counterseal_core::policy::DenyList;
use counterseal_core::time::UnixTime;

use crate::resources::read_bounded;
use crate::status::{Alarm, DenyFileStatus};

/// Milliseconds between two looks.
const INTERVAL: i64 = 1000;

/// Coarser than the clock of any usual file system.
const SETTLING: Duration = Duration::from_secs(3);

/// Follows the deny file of the policy in force, if it names one.
#[derive(Debug)]
pub(crate) struct DenyWatch {
    is_on: AtomicBool,
    last_look: AtomicI64,
    path: ArcSwapOption<PathBuf>,
    file: ArcSwap<Mutex<Option<Watched>>>,
}

/// A file as it was last seen.
#[derive(Debug)]
struct Watched {
    path: PathBuf,
    /// `None`: to be read at the next look.
    seen: Option<Stamp>,
    denied: usize,
    fault: Option<(Code, String)>,
}

/// What changes when a file does.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: [i64; 4],
}

impl DenyWatch {
    pub(crate) fn new(path: Option<PathBuf>, denied: usize) -> DenyWatch {
        let watch = DenyWatch {
            is_on: AtomicBool::new(false),
            last_look: AtomicI64::new(i64::MIN),
            path: ArcSwapOption::empty(),
            file: ArcSwap::default(),
        };
        watch.follow(path, denied, || ());
        watch
    }

    /// Follows another file from now on. `swap` puts its policy in force; no look falls between the two.
    pub(crate) fn follow(&self, path: Option<PathBuf>, denied: usize, swap: impl FnOnce()) {
        let file = self.file.load();
        let mut file = lock(&file);
        swap();
        self.path.store(path.clone().map(Arc::new));
        self.is_on.store(path.is_some(), Ordering::Relaxed);
        self.last_look.store(i64::MIN, Ordering::Relaxed);
        *file = path.map(|path| Watched { path, seen: None, denied, fault: None });
    }

    /// Is it time to look? A clock that went back makes it so.
    #[inline]
    pub(crate) fn is_due(&self, now: UnixTime) -> bool {
        self.is_on.load(Ordering::Relaxed) && {
            let since = now.as_millis().wrapping_sub(self.last_look.load(Ordering::Relaxed));
            !(0..INTERVAL).contains(&since)
        }
    }

    /// Looks at the file, unless somebody does so now, and denies what it says. A file that is gone or
    /// broken leaves the last good list in force and raises an alarm.
    #[cold]
    pub(crate) fn look(&self, now: UnixTime, core: &guard::Guard) {
        let file = self.file.load();
        let mut file = match file.try_lock() {
            Ok(file) => file,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        self.last_look.store(now.as_millis(), Ordering::Relaxed);
        if let Some(watched) = file.as_mut() {
            watched.look(core);
        }
    }

    pub(crate) fn status(&self) -> Option<DenyFileStatus> {
        let file = self.file.load();
        let watched = lock(&file);
        watched.as_ref().map(|watched| DenyFileStatus {
            path: watched.path.display().to_string(),
            denied: watched.denied,
            alarm: watched
                .fault
                .as_ref()
                .map(|(code, message)| Alarm { code: *code, message: message.clone() }),
        })
    }

    /// Leaves the lock behind, which a thread of the parent process may hold: the file is read again at
    /// the next look (DRV-02).
    pub(crate) fn after_fork(&self) {
        let path = self.path.load_full().map(|path| PathBuf::clone(&path));
        let watched = path.map(|path| Watched { path, seen: None, denied: 0, fault: None });
        std::mem::forget(self.file.swap(Arc::new(Mutex::new(watched))));
        self.last_look.store(i64::MIN, Ordering::Relaxed);
    }
}

fn lock(file: &Mutex<Option<Watched>>) -> MutexGuard<'_, Option<Watched>> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watched {
    fn look(&mut self, core: &guard::Guard) {
        // The stamp is read first: what changes behind it is seen at the next look.
        let stamp = match Stamp::of(&self.path) {
            Ok(stamp) => stamp,
            Err(reason) => return self.is_gone(&reason),
        };
        if self.seen.as_ref() == Some(&stamp) {
            return;
        }
        let bytes = match read_bounded(&self.path, DENY_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(reason) => return self.is_gone(&reason),
        };
        self.fault = match DenyList::from_file(&bytes) {
            Ok(list) => {
                self.denied = list.len();
                core.deny(list);
                None
            }
            Err(fault) => Some((Code::ConfigValue, format!("the deny file is broken: {fault}"))),
        };
        self.seen = Some(stamp).filter(Stamp::is_settled);
    }

    fn is_gone(&mut self, reason: &str) {
        self.seen = None;
        self.fault = Some((Code::ConfigFile, format!("the deny file cannot be read: {reason}")));
    }
}

impl Stamp {
    fn of(path: &Path) -> Result<Stamp, String> {
        let metadata = std::fs::metadata(path).map_err(|error| error.kind().to_string())?;
        Ok(Stamp { modified: metadata.modified().ok(), length: metadata.len(), inode: inode(&metadata) })
    }

    /// A file that was written just now may be written again without a new stamp.
    fn is_settled(&self) -> bool {
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
