//! The one border that a panic does not cross.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use counterseal::Code;
use pyo3::prelude::*;

use crate::error;

/// Set by a test: the next body panics.
static NEXT: AtomicBool = AtomicBool::new(false);

/// Runs the body of a function that Python calls. A panic becomes `InternalError`: without this it would
/// become pyo3's `PanicException`, which `except Exception` does not catch.
#[inline]
pub(crate) fn guarded<T>(py: Python<'_>, body: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let body = || {
        if NEXT.load(Ordering::Relaxed) {
            injected();
        }
        body()
    };
    // Unwind safe: whatever the body borrows is guarded by locks that outlive a panic.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(caught(py)))
}

#[cold]
fn caught(py: Python<'_>) -> PyErr {
    error::internal(py, Code::Internal)
}

#[cold]
fn injected() {
    if NEXT.swap(false, Ordering::SeqCst) {
        // Not `panic!`, whose hook would print a message.
        resume_unwind(Box::new(Injected));
    }
}

struct Injected;

/// For tests: the next function of this module that is called panics inside.
#[pyfunction(name = "_panic_next")]
pub(crate) fn panic_next() {
    NEXT.store(true, Ordering::SeqCst);
}
