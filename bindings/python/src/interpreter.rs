//! One interpreter per process: classes and exceptions are shared by all that is here.

use std::sync::atomic::{AtomicI64, Ordering};

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// The interpreter that imported this module first.
static FIRST: AtomicI64 = AtomicI64::new(-1);

/// Fails in every interpreter but the first that came here: the objects of one must not reach another.
/// CPython itself refuses only those with a GIL of their own, and only from 3.12 on.
pub(crate) fn only_one(_py: Python<'_>) -> PyResult<()> {
    #[expect(unsafe_code, reason = "pyo3 has no safe function for it")]
    // SAFETY: this thread is attached, so there is a current interpreter, and it outlives the call.
    let current = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    match FIRST.compare_exchange(-1, current, Ordering::SeqCst, Ordering::SeqCst) {
        Err(first) if first != current => Err(PyImportError::new_err(
            "counterseal cannot be imported in two interpreters of one process: use it in one of them \
             (mod_wsgi: WSGIApplicationGroup %{GLOBAL})",
        )),
        _ => Ok(()),
    }
}
