//! Who waits for keys, and how they hear that a wait is over.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use counterseal_core::keys::Flight;

/// Watches of one guard at a time, threads not counted: beyond that a caller is told of the outage at
/// once instead of joining the queue.
pub(crate) const WATCHES: usize = 65_536;

/// Tickets of waits that are over, for hosts whose callers do not block: one thread of theirs takes
/// them out and wakes the promise, future or channel behind each. It may serve many guards.
///
/// A ticket says that deciding again is worth while, not what the decision will be.
#[derive(Default)]
pub struct Completions {
    ready: Mutex<Ready>,
    changed: Condvar,
}

#[derive(Default)]
struct Ready {
    tickets: VecDeque<u64>,
    closed: bool,
}

impl Completions {
    /// An empty queue.
    pub fn new() -> Arc<Completions> {
        Arc::new(Completions::default())
    }

    /// Waits until there are tickets and moves as many as fit into `tickets`; `None` waits without a
    /// limit. Gives 0 when the time is over or the queue is closed.
    pub fn next(&self, tickets: &mut [u64], timeout: Option<Duration>) -> usize {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut ready = self.lock();
        while ready.tickets.is_empty() && !ready.closed {
            ready = match deadline {
                None => self.changed.wait(ready).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return 0;
                    }
                    self.changed.wait_timeout(ready, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        let count = ready.tickets.len().min(tickets.len());
        for (place, ticket) in tickets.iter_mut().zip(ready.tickets.drain(..count)) {
            *place = ticket;
        }
        count
    }

    /// Closes the queue: whoever waits on it returns at once, now and later.
    pub fn close(&self) {
        let mut ready = self.lock();
        ready.closed = true;
        ready.tickets.clear();
        self.changed.notify_all();
    }

    /// Is it closed?
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn push(&self, ticket: u64) {
        let mut ready = self.lock();
        if !ready.closed {
            ready.tickets.push_back(ticket);
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Completions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Completions").finish_non_exhaustive()
    }
}

/// Those who wait for the keys of one guard: blocked threads, and tickets.
#[derive(Debug, Default)]
pub(crate) struct Landings {
    watches: Mutex<Vec<Watch>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Watch {
    flight: Flight,
    ticket: u64,
    completions: Weak<Completions>,
}

impl Landings {
    /// Blocks until `flight` is over; `false` where the deadline comes first.
    pub(crate) fn wait(&self, flight: Flight, deadline: Instant, landed: impl Fn(Flight) -> bool) -> bool {
        let mut watches = self.lock();
        while !landed(flight) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            watches = self.changed.wait_timeout(watches, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Puts `ticket` into the queue once `flight` is over; `false` where too many are waiting.
    pub(crate) fn watch(
        &self,
        flight: Flight,
        ticket: u64,
        completions: &Arc<Completions>,
        landed: impl Fn(Flight) -> bool,
    ) -> bool {
        let mut watches = self.lock();
        if landed(flight) {
            completions.push(ticket);
            return true;
        }
        if watches.len() >= WATCHES {
            watches.retain(|watch| watch.completions.strong_count() > 0);
            if watches.len() >= WATCHES {
                return false;
            }
        }
        watches.push(Watch { flight, ticket, completions: Arc::downgrade(completions) });
        true
    }

    /// Forgets a ticket whose caller went away.
    pub(crate) fn unwatch(&self, ticket: u64, completions: &Arc<Completions>) {
        let queue = Arc::as_ptr(completions);
        self.lock().retain(|watch| watch.ticket != ticket || watch.completions.as_ptr() != queue);
    }

    /// Wakes everybody whose flight is over.
    pub(crate) fn wake(&self, landed: impl Fn(Flight) -> bool) {
        let mut watches = self.lock();
        watches.retain(|watch| {
            let is_over = landed(watch.flight);
            if is_over && let Some(completions) = watch.completions.upgrade() {
                completions.push(watch.ticket);
            }
            !is_over
        });
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Watch>> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Landings {
    /// Nobody waits for a guard that is gone.
    fn drop(&mut self) {
        self.wake(|_| true);
    }
}
