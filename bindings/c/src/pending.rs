//! Waiting for keys without blocking: a queue of tickets whose wait is over.

use std::sync::Arc;
use std::time::Duration;

use counterseal::Completions;

use crate::arguments::place;
use crate::boundary::{Failure, quietly, run};
use crate::error::counterseal_error;
use crate::guard::{counterseal_flight, counterseal_guard};
use crate::handle::{borrow, free, hand_out};

/// A queue of tickets, for hosts whose callers do not block: one thread takes them out and wakes whoever
/// is behind each. One queue may serve many guards. Close it to end the thread, free it afterwards.
pub struct counterseal_pending(Arc<Completions>);

/// For `counterseal_pending_next`: wait without a limit.
pub const COUNTERSEAL_NO_TIMEOUT: u64 = u64::MAX;

/// An empty queue.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_pending_new(
    queue: *mut *mut counterseal_pending,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a place to write to, or NULL.
        unsafe { place(queue, "queue")? }.put(hand_out(counterseal_pending(Completions::new())));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Puts `ticket`, a number of the caller's choosing, into the queue once the flight is over or the guard
/// is closed. It says that asking again is worth while, not what the answer will be. Fails with
/// `keys_unavailable` where too many wait already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_pending_watch(
    queue: *const counterseal_pending,
    guard: *const counterseal_guard,
    flight: *const counterseal_flight,
    ticket: u64,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for live handles or NULL.
        let (queue, guard) = unsafe { (borrow(queue, "queue")?, borrow(guard, "guard")?) };
        // SAFETY: as above.
        let flight = unsafe { borrow(flight, "flight")? };
        Ok(guard.open()?.guard()?.watch(flight.0, ticket, &queue.0)?)
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Waits until there are tickets and moves at most `capacity` of them into `tickets`; `count` becomes
/// their number, which is 0 when `timeout_milliseconds` are over or the queue is closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_pending_next(
    queue: *const counterseal_pending,
    tickets: *mut u64,
    capacity: u64,
    timeout_milliseconds: u64,
    count: *mut u64,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let queue = unsafe { borrow(queue, "queue")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(count, "count")? };
        let capacity = usize::try_from(capacity).unwrap_or(usize::MAX).min(MOST);
        if tickets.is_null() || capacity == 0 {
            return Err(Failure::Argument("tickets"));
        }
        let timeout = (timeout_milliseconds != COUNTERSEAL_NO_TIMEOUT)
            .then(|| Duration::from_millis(timeout_milliseconds));
        let mut taken = vec![0; capacity];
        let number = queue.0.next(&mut taken, timeout);
        // SAFETY: the header asks for `capacity` places, and `number` is not larger.
        unsafe { tickets.copy_from_nonoverlapping(taken.as_ptr(), number) };
        out.put(number as u64);
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Tickets in one call.
const MOST: usize = 1024;

/// Forgets a ticket whose caller went away. It may be in the queue already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_pending_cancel(
    queue: *const counterseal_pending,
    guard: *const counterseal_guard,
    ticket: u64,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for live handles or NULL.
        let (queue, guard) = unsafe { (borrow(queue, "queue")?, borrow(guard, "guard")?) };
        // A closed guard has nobody waiting any more.
        if let Ok(open) = guard.open() {
            open.guard()?.unwatch(ticket, &queue.0);
        }
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Closes a queue: whoever waits on it returns at once, now and later.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_pending_close(
    queue: *const counterseal_pending,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        unsafe { borrow(queue, "queue")? }.0.close();
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Frees a queue that no thread waits on any more. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_pending_free(queue: *mut counterseal_pending) {
    // SAFETY: the header asks for a handle that nobody uses any more, or NULL.
    quietly(|| unsafe { free(queue) });
}
