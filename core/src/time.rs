//! Time as a value. The core never reads a clock.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::error::Code;

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime {
    millis: i64,
}

/// Seconds above this are taken for milliseconds given by mistake (design: `now` > 1e11 is misuse).
const LARGEST_SECONDS: i64 = 100_000_000_000;

impl UnixTime {
    /// From whole seconds; values beyond ±10^11 are a mistake of unit ([`Code::MisuseTime`]).
    pub fn from_seconds(seconds: i64) -> Result<Self, Code> {
        if seconds.unsigned_abs() > LARGEST_SECONDS.unsigned_abs() {
            return Err(Code::MisuseTime);
        }
        Ok(UnixTime { millis: seconds * 1000 })
    }

    /// From seconds with a fraction, of which the milliseconds count. What is not a finite number is a
    /// mistake too.
    pub fn from_fractional_seconds(seconds: f64) -> Result<Self, Code> {
        if seconds.is_nan() || seconds.abs() > LARGEST_SECONDS as f64 {
            return Err(Code::MisuseTime);
        }
        Ok(UnixTime { millis: (seconds * 1000.0).floor() as i64 })
    }

    /// From milliseconds, for clocks.
    pub const fn from_millis(millis: i64) -> Self {
        UnixTime { millis }
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.millis
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.millis.div_euclid(1000)
    }

    /// This time and `seconds` more, kept within range.
    pub(crate) const fn plus_seconds(self, seconds: i64) -> Self {
        UnixTime { millis: self.millis.saturating_add(seconds.saturating_mul(1000)) }
    }
}

impl fmt::Display for UnixTime {
    /// RFC 3339 in UTC, to the second.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.as_seconds();
        let (day, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Civil date from a day number, in eras of 400 years that begin on 1 March.
        let z = day + 719_468;
        let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        write!(out, "{year:04}-{month:02}-{day_of_month:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// The time a decision is made for, and where it comes from (CAC-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Now {
    /// The driver's clock.
    Driver(UnixTime),
    /// Given by the caller: it judges claims only, bypasses the cache and never drives keys.
    Given(UnixTime),
}

impl Now {
    /// The time itself.
    pub fn time(self) -> UnixTime {
        match self {
            Now::Driver(time) | Now::Given(time) => time,
        }
    }
}

/// No honest clock shows an earlier time than the day this version was released (CLM-25).
pub const RELEASED: UnixTime = UnixTime::from_millis(1_795_305_600_000); // 2026-11-22

/// Watches the driver's clock (CLM-25): not before the release, never back by more than the leeway.
#[derive(Debug)]
pub struct ClockWatch {
    latest_second: AtomicI64,
}

impl Default for ClockWatch {
    fn default() -> Self {
        ClockWatch { latest_second: AtomicI64::new(RELEASED.as_seconds()) }
    }
}

impl ClockWatch {
    /// `now`, or [`Code::ClockUnsafe`]. One shared read; one write a second.
    pub fn check(&self, now: UnixTime, leeway_seconds: i64) -> Result<UnixTime, Code> {
        let second = now.as_seconds();
        let latest = self.latest_second.load(Ordering::Relaxed);
        if second > latest {
            self.latest_second.fetch_max(second, Ordering::Relaxed);
        } else if second < RELEASED.as_seconds() || second < latest - leeway_seconds {
            return Err(Code::ClockUnsafe);
        }
        Ok(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_347_296, "2026-11-22T11:34:56Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(UnixTime::from_millis(seconds * 1000).to_string(), text);
        }
    }

    #[test]
    fn clm_25_clock_may_not_precede_the_release_or_step_back() {
        let watch = ClockWatch::default();
        let at = |offset: i64| UnixTime::from_millis((RELEASED.as_seconds() + offset) * 1000);
        assert_eq!(watch.check(at(-1), 30), Err(Code::ClockUnsafe));
        assert_eq!(watch.check(at(0), 30), Ok(at(0)));
        assert_eq!(watch.check(at(1000), 30), Ok(at(1000)));
        assert_eq!(watch.check(at(970), 30), Ok(at(970)));
        assert_eq!(watch.check(at(969), 30), Err(Code::ClockUnsafe));
    }

    #[test]
    fn seconds_that_are_milliseconds_are_misuse() {
        assert!(UnixTime::from_seconds(100_000_000_000).is_ok());
        assert_eq!(UnixTime::from_seconds(100_000_000_001), Err(Code::MisuseTime));
        assert_eq!(UnixTime::from_seconds(i64::MIN), Err(Code::MisuseTime));
        let millis = |seconds| UnixTime::from_fractional_seconds(seconds).map(UnixTime::as_millis);
        assert_eq!((millis(1.5), millis(-0.0001), millis(1e11)), (Ok(1500), Ok(-1), Ok(100_000_000_000_000)));
        for wrong in [1e11 + 1.0, -1e12, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(millis(wrong), Err(Code::MisuseTime), "{wrong}");
        }
    }
}
