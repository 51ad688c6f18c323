//! Work in proportion to the size of the input.

use std::time::Duration;

/// What an input may cost besides its size: some signatures, in a build that checks memory.
const FIXED: Duration = Duration::from_millis(100);
const EACH_BYTE: Duration = Duration::from_micros(20);

/// Runs `work` and fails where it took longer than an input of so many bytes may cost.
///
/// Time is that of this thread alone, so a busy machine does not matter.
pub(super) fn in_proportion<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let start = thread_time();
    let result = work();
    let took = thread_time().saturating_sub(start);
    let may_take = FIXED + EACH_BYTE * u32::try_from(bytes).unwrap_or(u32::MAX);
    assert!(took <= may_take, "{bytes} bytes took {took:?}, more than {may_take:?}");
    result
}

#[cfg(target_os = "linux")]
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(not(target_os = "linux"))]
fn thread_time() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
