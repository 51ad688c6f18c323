//! Fetches the keys that the core asks for: one thread that watches the clock, begun with the first fetch, and one
//! for each fetch under way; or none at all (DRV-03).

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use counterseal_core::error::Code;
use counterseal_core::keys::Order;
use counterseal_core::keys::fetch::{FetchFault, Request, Response};
use counterseal_core::keys::url::Url;
use counterseal_core::time::UnixTime;

use crate::guard::Shared;

type IsProxied = dyn Fn(&Url) -> bool + Send + Sync;
type Fetch = dyn Fn(&Request) -> Result<Response, FetchFault> + Send + Sync;

/// Who has a network: the machine, or a test.
#[derive(Clone)]
pub(crate) struct Network {
    fetch: Arc<Fetch>,
    is_by_hand: bool,
    is_proxied: Option<Arc<IsProxied>>,
}

impl Network {
    /// Documents are fetched when they are due.
    pub(crate) fn at_work(
        fetch: impl Fn(&Request) -> Result<Response, FetchFault> + Send + Sync + 'static,
    ) -> Network {
        Network { fetch: Arc::new(fetch), is_by_hand: false, is_proxied: None }
    }

    /// Nothing is fetched but by [`Driver::fetch_due`], or inline where the policy says so.
    pub(crate) fn by_hand(
        fetch: impl Fn(&Request) -> Result<Response, FetchFault> + Send + Sync + 'static,
    ) -> Network {
        Network { is_by_hand: true, ..Network::at_work(fetch) }
    }

    /// Some URLs are asked through proxies.
    #[cfg(feature = "fetch")]
    pub(crate) fn with_proxies(self, is_proxied: impl Fn(&Url) -> bool + Send + Sync + 'static) -> Network {
        Network { is_proxied: Some(Arc::new(is_proxied)), ..self }
    }

    /// Is it asked through a proxy?
    pub(crate) fn is_proxied(&self, url: &Url) -> bool {
        self.is_proxied.as_ref().is_some_and(|is_proxied| is_proxied(url))
    }

    pub(crate) fn is_by_hand(&self) -> bool {
        self.is_by_hand
    }
}

/// Longest sleep: a clock that was set is noticed within it.
const NAP: Duration = Duration::from_secs(60);

/// The driver of one guard.
pub(crate) struct Driver {
    network: Network,
    is_inline: AtomicBool,
    /// Where no thread watches the clock: when a caller is to wake us, in milliseconds since 1970.
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
        self.is_due_now();
        if self.bell.load().lock().has_thread {
            self.wake(shared);
        }
    }

    /// Has the time of a fetch come that no thread watches for?
    #[inline]
    pub(crate) fn is_due(&self, now: UnixTime) -> bool {
        self.due_at.load(Ordering::Relaxed) <= now.as_millis()
    }

    /// The next caller is to wake us.
    pub(crate) fn is_due_now(&self) {
        self.due_at.store(i64::MIN, Ordering::Relaxed);
    }

    /// Somebody waits for keys, or may be the first to notice that a fetch is due. Without a thread it is made here:
    /// `true` where that was done.
    #[cold]
    pub(crate) fn wake(&self, shared: &Arc<Shared>) -> bool {
        self.due_at.store(i64::MAX, Ordering::Relaxed);
        if !shared.core.has_remote_keys() {
            return false;
        }
        if self.is_inline.load(Ordering::Relaxed) {
            return self.fetch_here(shared);
        }
        if self.network.is_by_hand {
            return false;
        }
        let bell = self.bell.load_full();
        let mut ring = bell.lock();
        ring.is_rung = true;
        bell.rung.notify_one();
        if !ring.has_thread {
            let (weak, seat, network) = (Arc::downgrade(shared), Arc::clone(&bell), self.network.clone());
            let begun = named("counterseal").spawn(move || watch(&weak, &seat, &network));
            ring.has_thread = begun.is_ok();
            drop(ring);
            if begun.is_err() {
                return self.fetch_here(shared);
            }
        }
        false
    }

    /// Is it asked through a proxy?
    pub(crate) fn is_proxied(&self, url: &Url) -> bool {
        self.network.is_proxied(url)
    }

    /// Makes every fetch that is due now, on this thread.
    pub(crate) fn fetch_due(&self, shared: &Shared) {
        let Ok(now) = shared.time() else { return };
        let (orders, _) = shared.core.orders(now);
        orders.into_iter().for_each(|order| carry_out(shared, &self.network, order));
    }

    fn fetch_here(&self, shared: &Arc<Shared>) -> bool {
        let Ok(now) = shared.time() else { return false };
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
        any
    }

    /// In a child process the thread is not there, and its lock may be held for ever (DRV-02).
    pub(crate) fn after_fork(&self) {
        std::mem::forget(self.bell.swap(Arc::default()));
        self.is_due_now();
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
                let (guard, seat, network) = (Arc::clone(&guard), Arc::clone(bell), network.clone());
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
                    guard.core.fetched(lost, now, Err(fault), None);
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
        let outcome = catch_unwind(AssertUnwindSafe(|| (network.fetch)(&order.request)))
            .unwrap_or_else(|_| Err(FetchFault::new(Code::JwksFetchFailed, "the fetch broke off")));
        // Where the clock is not to be trusted, nobody can say how long keys are good.
        let (now, outcome) = match shared.time() {
            Ok(now) => (now, outcome),
            Err(code) => (UnixTime::from_millis(0), Err(FetchFault::new(code, code.message()))),
        };
        let keep = |kept| shared.snapshot.keep(kept);
        next = shared.core.fetched(order, now, outcome, shared.snapshot.is_on().then_some(&keep));
    }
    shared.landed();
}
