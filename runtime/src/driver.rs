//! Fetches the keys that the core asks for: one thread that watches the clock, begun with the first fetch, and one
//! for each fetch under way; or none at all (DRV-03).

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use counterseal_core::error::Code;
use counterseal_core::keys::Order;
use counterseal_core::keys::fetch::{FetchFault, Request, Response};
use counterseal_core::time::UnixTime;

use crate::guard::Shared;

/// Who has a network: the machine, or a test.
pub(crate) type Network = Arc<dyn Fn(&Request) -> Result<Response, FetchFault> + Send + Sync>;

/// Longest sleep: a clock that was set is noticed within it.
const NAP: Duration = Duration::from_secs(60);

/// The driver of one guard.
pub(crate) struct Driver {
    network: Network,
    is_inline: AtomicBool,
    /// In inline mode: when the next fetch is due, in milliseconds since 1970.
    due_at: AtomicI64,
    bell: ArcSwap<Bell>,
}

/// Wakes the thread.
#[derive(Default)]
struct Bell {
    state: Mutex<Ring>,
    rung: Condvar,
}

#[derive(Default)]
struct Ring {
    has_thread: bool,
    is_rung: bool,
    is_closed: bool,
}

impl Driver {
    pub(crate) fn new(is_inline: bool, network: Network) -> Driver {
        Driver {
            network,
            is_inline: AtomicBool::new(is_inline),
            due_at: AtomicI64::new(i64::MAX),
            bell: ArcSwap::default(),
        }
    }

    /// Another policy is in force.
    pub(crate) fn follow(&self, is_inline: bool, shared: &Arc<Shared>) {
        self.is_inline.store(is_inline, Ordering::Relaxed);
        // What was kept of the policy before may be due.
        self.due_at.store(i64::MIN, Ordering::Relaxed);
        if self.bell.load().lock().has_thread {
            self.wake(shared);
        }
    }

    /// Without a thread: has the time of a fetch come?
    #[inline]
    pub(crate) fn is_due(&self, now: UnixTime) -> bool {
        self.due_at.load(Ordering::Relaxed) <= now.as_millis() && self.is_inline.load(Ordering::Relaxed)
    }

    /// Somebody waits for keys, or may be the first to notice that a fetch is due. Without a thread it is made here.
    #[cold]
    pub(crate) fn wake(&self, shared: &Arc<Shared>) {
        if !shared.core.has_remote_keys() {
            return;
        }
        if self.is_inline.load(Ordering::Relaxed) {
            return self.fetch_here(shared);
        }
        let bell = self.bell.load_full();
        let mut ring = bell.lock();
        ring.is_rung = true;
        bell.rung.notify_one();
        if !ring.has_thread {
            let (weak, seat, network) =
                (Arc::downgrade(shared), Arc::clone(&bell), Arc::clone(&self.network));
            let begun = named("counterseal").spawn(move || watch(&weak, &seat, &network));
            ring.has_thread = begun.is_ok();
            drop(ring);
            if begun.is_err() {
                self.fetch_here(shared);
            }
        }
    }

    fn fetch_here(&self, shared: &Arc<Shared>) {
        let Ok(now) = shared.time() else { return };
        let (orders, next) = shared.core.orders(now);
        let next = next.map_or(i64::MAX, UnixTime::as_millis);
        self.due_at.store(next, Ordering::Relaxed);
        let any = !orders.is_empty();
        orders.into_iter().for_each(|order| carry_out(shared, &self.network, order));
        if any && let Ok(now) = shared.time() {
            // What came of them moved the next one.
            let (orders, next) = shared.core.orders(now);
            self.due_at.store(next.map_or(i64::MAX, UnixTime::as_millis), Ordering::Relaxed);
            orders.into_iter().for_each(|order| carry_out(shared, &self.network, order));
        }
    }

    /// In a child process the thread is not there, and its lock may be held for ever (DRV-02).
    pub(crate) fn after_fork(&self) {
        std::mem::forget(self.bell.swap(Arc::default()));
        self.due_at.store(i64::MIN, Ordering::Relaxed);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let bell = self.bell.load();
        bell.lock().is_closed = true;
        bell.rung.notify_one();
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Driver").field("is_inline", &self.is_inline).finish_non_exhaustive()
    }
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until it is rung, or so long. `false`: the guard is gone.
    fn wait(&self, longest: Duration) -> bool {
        let ring = self.lock();
        let (mut ring, _) = self
            .rung
            .wait_timeout_while(ring, longest, |ring| !ring.is_rung && !ring.is_closed)
            .unwrap_or_else(PoisonError::into_inner);
        ring.is_rung = false;
        !ring.is_closed
    }
}

fn named(name: &str) -> thread::Builder {
    thread::Builder::new().name(name.to_owned())
}

/// The thread: begins what is due, and sleeps until the next is.
fn watch(shared: &Weak<Shared>, bell: &Arc<Bell>, network: &Network) {
    loop {
        let Some(guard) = shared.upgrade() else { return };
        let mut longest = NAP;
        if let Ok(now) = guard.time() {
            let (orders, next) = guard.core.orders(now);
            for order in orders {
                let (guard, seat, network) = (Arc::clone(&guard), Arc::clone(bell), Arc::clone(network));
                let lost = order.clone();
                let fetch = named("counterseal-fetch").spawn({
                    let guard = Arc::clone(&guard);
                    move || {
                        carry_out(&guard, &network, order);
                        seat.lock().is_rung = true;
                        seat.rung.notify_one();
                    }
                });
                if fetch.is_err() {
                    let fault = FetchFault::new(Code::JwksFetchFailed, "no thread can be begun");
                    guard.core.fetched(lost, now, Err(fault));
                    guard.landed();
                }
            }
            if let Some(next) = next {
                let millis = next.as_millis().saturating_sub(now.as_millis()).max(1);
                longest = longest.min(Duration::from_millis(millis as u64));
            }
        }
        drop(guard);
        if !bell.wait(longest) {
            return;
        }
    }
}

/// One fetch to its end, with the documents that lead to each other.
fn carry_out(shared: &Shared, network: &Network, order: Order) {
    let mut next = Some(order);
    while let Some(order) = next {
        let outcome = network(&order.request);
        // Where the clock is not to be trusted, nobody can say how long keys are good.
        let (now, outcome) = match shared.time() {
            Ok(now) => (now, outcome),
            Err(code) => (UnixTime::from_millis(0), Err(FetchFault::new(code, code.message()))),
        };
        next = shared.core.fetched(order, now, outcome);
    }
    shared.landed();
}
