//! The time of day.

use std::fmt;
use std::sync::Arc;

use counterseal_core::error::Code;
use counterseal_core::time::{ClockWatch, UnixTime};

/// Where a guard reads the time.
pub(crate) enum Clock {
    /// The machine's clock, watched for steps back (CLM-25).
    System(ClockWatch),
    /// A test's clock, which may show anything.
    Injected(Arc<dyn Fn() -> UnixTime + Send + Sync>),
}

impl Clock {
    pub(crate) fn system() -> Clock {
        Clock::System(ClockWatch::default())
    }

    /// The time, or [`Code::ClockUnsafe`] where no honest clock could show it.
    #[inline]
    pub(crate) fn now(&self, leeway_seconds: i64) -> Result<UnixTime, Code> {
        match self {
            Clock::System(watch) => watch.check(system_time(), leeway_seconds),
            Clock::Injected(clock) => Ok(clock()),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Clock::System(_) => "System",
            Clock::Injected(_) => "Injected",
        })
    }
}

/// To some milliseconds: dates in tokens are whole seconds, and the precise clock costs five times more.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
pub(crate) fn system_time() -> UnixTime {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    UnixTime::from_millis(time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn system_time() -> UnixTime {
    use std::time::{SystemTime, UNIX_EPOCH};
    let millis = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    UnixTime::from_millis(match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => millis(since),
        Err(before) => -millis(before.duration()),
    })
}
