//! The deny file: followed while the guard runs (POL-07).

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use arc_swap::{ArcSwap, ArcSwapOption};
use counterseal_core::error::Code;
use counterseal_core::guard;
use counterseal_core::limits::DENY_FILE_BYTES;
use counterseal_core::policy::DenyList;

use crate::files::Stamp;
use crate::resources::read_bounded;
use crate::status::{Alarm, DenyFileStatus};

/// Follows the deny file of the policy in force, if it names one.
#[derive(Debug)]
pub(crate) struct DenyWatch {
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

impl DenyWatch {
    pub(crate) fn new(path: Option<PathBuf>, denied: usize) -> DenyWatch {
        let watch = DenyWatch { path: ArcSwapOption::empty(), file: ArcSwap::default() };
        watch.follow(path, denied, || ());
        watch
    }

    /// Follows another file from now on. `swap` puts its policy in force; no look falls between the two.
    pub(crate) fn follow(&self, path: Option<PathBuf>, denied: usize, swap: impl FnOnce()) {
        let file = self.file.load();
        let mut file = lock(&file);
        swap();
        self.path.store(path.clone().map(Arc::new));
        *file = path.map(|path| Watched { path, seen: None, denied, fault: None });
    }

    /// Is there a file to look at?
    pub(crate) fn is_on(&self) -> bool {
        self.path.load().is_some()
    }

    /// Looks at the file, unless somebody does so now, and denies what it says. A file that is gone or
    /// broken leaves the last good list in force and raises an alarm.
    #[cold]
    pub(crate) fn look(&self, core: &guard::Guard) {
        let file = self.file.load();
        let mut file = match file.try_lock() {
            Ok(file) => file,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
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
