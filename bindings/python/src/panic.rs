//! The one border that a panic does not cross.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use counterseal::Code;
use pyo3::prelude::*;

use crate::error;

/// Set by a test: the next body panics.
static NEXT: AtomicBool = AtomicBool::new(false);

/// The same for what runs without the GIL.
static NEXT_DETACHED: AtomicBool = AtomicBool::new(false);

/// Runs the body of a function that Python calls. A panic becomes `InternalError`: without this it would
/// become pyo3's `PanicException`, which `except Exception` does not catch.
#[inline]
pub(crate) fn guarded<T>(py: Python<'_>, body: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let body = || {
        inject(&NEXT);
        body()
    };
    // Unwind safe: whatever the body borrows is guarded by locks that outlive a panic.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(caught(py)))
}

#[cold]
fn caught(py: Python<'_>) -> PyErr {
    error::internal(py, Code::Internal)
}

/// Runs without the GIL: 45 ns, which a miss is worth and a hit is not.
#[inline]
pub(crate) fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    py.detach(|| {
        inject(&NEXT_DETACHED);
        work()
    })
}

#[inline]
fn inject(next: &AtomicBool) {
    if next.load(Ordering::Relaxed) && next.swap(false, Ordering::SeqCst) {
        // Not `panic!`, whose hook would print a message.
        resume_unwind(Box::new("a test asked for this"));
    }
}

/// For tests: the next function of this module that is called panics inside, or what it does without the
/// GIL.
#[pyfunction(name = "_panic_next", signature = (detached=false))]
pub(crate) fn panic_next(detached: bool) {
    let next = if detached { &NEXT_DETACHED } else { &NEXT };
    next.store(true, Ordering::SeqCst);
}
