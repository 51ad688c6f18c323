//! What a call costs: time of this thread, allocations, and the most memory it held at once.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

/// The system's allocator, counted for each thread.
pub(crate) struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static LIVE: Cell<i64> = const { Cell::new(0) };
    static PEAK: Cell<i64> = const { Cell::new(0) };
}

fn count(allocations: u64, bytes: i64) {
    // A thread that ends has no counters any more.
    let _ = ALLOCATIONS.try_with(|counter| counter.set(counter.get() + allocations));
    let live = LIVE.try_with(|live| {
        live.set(live.get() + bytes);
        live.get()
    });
    let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.unwrap_or(0))));
}

// SAFETY: every call goes to the system's allocator as it came; the counters do not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        // SAFETY: the pointer came from `alloc` above, which took it from the system.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(1, new_size as i64 - layout.size() as i64);
        // SAFETY: as for `dealloc`; the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

/// What a call cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) time: Duration,
    pub(crate) allocations: u64,
    /// The most bytes held at once, beyond what was held before.
    pub(crate) peak: u64,
}

pub(crate) fn measure<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (allocations, live) = (ALLOCATIONS.get(), LIVE.get());
    PEAK.set(live);
    let start = thread_time();
    let result = work();
    let time = thread_time().saturating_sub(start);
    let peak = u64::try_from(PEAK.get() - live).unwrap_or(0);
    (result, Cost { time, allocations: ALLOCATIONS.get() - allocations, peak })
}

/// The time that this thread worked, however busy the machine is.
#[cfg(target_os = "linux")]
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
}

#[cfg(not(target_os = "linux"))]
fn thread_time() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

#[test]
fn the_counters_count() {
    let (kept, cost) = measure(|| {
        let passing = vec![0u8; 1000];
        drop(passing);
        vec![0u8; 300]
    });
    assert_eq!((cost.allocations, cost.peak, kept.len()), (2, 1000, 300));
    let ((), cost) = measure(|| ());
    assert_eq!((cost.allocations, cost.peak), (0, 0));
}
