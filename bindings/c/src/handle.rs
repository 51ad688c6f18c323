//! Handles: what C holds of an object, counted.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::boundary::Failure;

/// Handles that were handed out and not freed yet.
static LIVE: AtomicI64 = AtomicI64::new(0);

pub(crate) fn live() -> i64 {
    LIVE.load(Ordering::SeqCst)
}

/// Hands an object out. [`free`] takes it back.
pub(crate) fn hand_out<T>(object: T) -> *mut T {
    LIVE.fetch_add(1, Ordering::Relaxed);
    Box::into_raw(Box::new(object))
}

/// Takes an object back; NULL is nothing.
///
/// # Safety
/// `handle` is NULL or came from [`hand_out`], and nobody uses it any more.
pub(crate) unsafe fn free<T>(handle: *mut T) {
    if !handle.is_null() {
        LIVE.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: the caller says that it came from `Box::into_raw` and is used no more.
        drop(unsafe { Box::from_raw(handle) });
    }
}

/// The object behind a handle; `name` is the argument's.
///
/// # Safety
/// `handle` is NULL, or came from [`hand_out`] and is not freed while the reference lives.
pub(crate) unsafe fn borrow<'h, T>(handle: *const T, name: &'static str) -> Result<&'h T, Failure> {
    // SAFETY: the caller says that a handle that is not NULL is alive.
    unsafe { handle.as_ref() }.ok_or(Failure::Argument(name))
}
