//! The border between Rust and C: every function's body runs in here. A panic becomes an error, and a
//! failure becomes a number and, where the caller asks for it, an error handle.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use counterseal::{Code, Error, PolicyError};

use crate::error::counterseal_error;
use crate::handle::hand_out;

/// Why a call failed.
pub(crate) enum Failure {
    /// What the library said.
    Error(Error),
    /// The argument of that name is NULL, or of the wrong form.
    Argument(&'static str),
    /// A panic: a mistake in Counterseal, and its place in the sources.
    Panic(Option<String>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Error(error)
    }
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Failure {
        Failure::Error(error.into())
    }
}

/// A misuse that the library's tables have a code for.
pub(crate) fn misuse(code: Code) -> Failure {
    Failure::Error(Error::Misuse(code))
}

/// Runs the body of a function that can fail. Gives 0, or the number of the error, whose details go to
/// `error` unless that is NULL.
///
/// # Safety
/// `error` is NULL or may be written to.
pub(crate) unsafe fn run(
    error: *mut *mut counterseal_error,
    body: impl FnOnce() -> Result<(), Failure>,
) -> u32 {
    let failure = match guarded(body) {
        Ok(Ok(())) => return 0,
        Ok(Err(failure)) => failure,
        Err(panic) => panic,
    };
    let report = || {
        let report = counterseal_error::new(failure);
        let number = report.number();
        if !error.is_null() {
            // SAFETY: the caller says that it may be written to.
            unsafe { error.write(hand_out(report)) };
        }
        number
    };
    guarded(report).unwrap_or(u32::from(Code::Internal.number()))
}

/// Runs the body of a function that has nothing to say, such as one that frees.
pub(crate) fn quietly(body: impl FnOnce()) {
    let _ = guarded(body);
}

#[inline]
fn guarded<T>(body: impl FnOnce() -> T) -> Result<T, Failure> {
    keep_panics_quiet();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        if INJECTED.load(Ordering::Relaxed) != 0 {
            panic_once();
        }
        body()
    }));
    outcome.map_err(|payload| {
        discard(payload);
        Failure::Panic(PLACE.take())
    })
}

thread_local! {
    /// Where the last panic of this thread happened.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// A panic's message may hold what was being looked at, such as a part of a token. So it is not printed;
/// only its place in the sources is kept. The hook is the one of this library: a program's own Rust code
/// has another.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            PLACE.set(panic.location().map(|place| format!("{}:{}", place.file(), place.line())));
        }));
    });
}

/// Dropping a payload runs foreign code, which may panic as well.
#[cold]
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

/// How many calls are still to panic, for tests of this border.
static INJECTED: AtomicU32 = AtomicU32::new(0);

pub(crate) fn inject_panics(calls: u32) {
    INJECTED.store(calls, Ordering::Relaxed);
}

#[cold]
#[expect(clippy::panic, reason = "asked for by a test")]
fn panic_once() {
    let left = INJECTED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    if left.is_ok() {
        panic!("asked for by a test");
    }
}
