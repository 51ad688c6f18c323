//! The one border that a panic does not cross.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook};
use std::sync::atomic::{AtomicBool, Ordering};

use counterseal::Code;
use napi_derive::napi;

/// Set by a test: the next body panics.
static NEXT: AtomicBool = AtomicBool::new(false);

/// Runs the body of a function that Node calls. A panic becomes [`Code::Internal`].
#[inline]
pub(crate) fn guarded<T>(body: impl FnOnce() -> T) -> Result<T, Code> {
    let body = || {
        if NEXT.load(Ordering::Relaxed) {
            injected();
        }
        body()
    };
    // Unwind safe: whatever the body borrows is a cell or a lock that outlives a panic.
    catch_unwind(AssertUnwindSafe(body)).map_err(|_| Code::Internal)
}

/// A message of a panic could quote what it stumbled over: nothing is printed. The hook is this module's
/// own, and that of no other Rust code in the process.
pub(crate) fn be_silent() {
    set_hook(Box::new(|_| {}));
}

#[cold]
fn injected() {
    if NEXT.swap(false, Ordering::SeqCst) {
        resume_unwind(Box::new(()));
    }
}

/// For tests: the next function of this module that is called panics inside.
#[napi]
pub fn panic_next() {
    NEXT.store(true, Ordering::SeqCst);
}
