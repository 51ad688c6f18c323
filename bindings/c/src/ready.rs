//! Waiting until the keys of every issuer are there: at start-up, or for a readiness probe.

use std::ptr::null_mut;
use std::time::{Duration, Instant};

use counterseal::Completions;

use crate::arguments::place;
use crate::boundary::run;
use crate::error::counterseal_error;
use crate::guard::{counterseal_flight, counterseal_guard};
use crate::handle::{borrow, hand_out};
use crate::pending::COUNTERSEAL_NO_TIMEOUT;

/// Waits until the keys of every issuer are there, at most so long (`COUNTERSEAL_NO_TIMEOUT`: without a limit).
/// Fails with `keys_unavailable` where they cannot be had or do not arrive in time, and with `misuse_closed`
/// where the guard is closed meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_ready(
    guard: *const counterseal_guard,
    timeout_milliseconds: u64,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let guard = unsafe { borrow(guard, "guard")? };
        let deadline = match timeout_milliseconds {
            COUNTERSEAL_NO_TIMEOUT => None,
            limit => Instant::now().checked_add(Duration::from_millis(limit)),
        };
        let queue = Completions::new();
        loop {
            let open = guard.held()?;
            let Some(flight) = open.readiness()? else { return Ok(()) };
            open.watch(flight, 0, &queue)?;
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if queue.next(&mut [0], left) == 0 {
                open.unwatch(0, &queue);
                return Err(open.keys_unavailable(Some(flight)).into());
            }
        }
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// What `counterseal_guard_ready` would wait for now, for hosts whose callers do not block: `flight` becomes
/// NULL where the keys of every issuer are there, and else is yours to watch with `counterseal_pending_watch`,
/// to free, and to ask again after. Fails with `keys_unavailable` where some could not be had.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_readiness(
    guard: *const counterseal_guard,
    flight: *mut *mut counterseal_flight,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let open = unsafe { borrow(guard, "guard")? }.open()?;
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(flight, "flight")? };
        let awaited = open.guard()?.readiness()?;
        out.put(awaited.map_or(null_mut(), |flight| hand_out(counterseal_flight(flight))));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}
