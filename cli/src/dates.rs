//! Dates as people read them.

use std::time::{SystemTime, UNIX_EPOCH};

use counterseal::UnixTime;
use counterseal::core::limits::LATEST_DATE;

/// The machine's time, for saying how long ago something was. Guards have their own clock.
pub(crate) fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// "2026-11-22T12:00:00Z, in 4 min", or nothing for what is no date before the year 10000.
pub(crate) fn told(seconds: i64, now: UnixTime) -> Option<String> {
    let date = (0..=LATEST_DATE).contains(&seconds).then(|| UnixTime::from_millis(seconds * 1000))?;
    let left = seconds.saturating_sub(now.as_seconds());
    let span = span(left.unsigned_abs());
    Some(match left {
        0 => format!("{date}, now"),
        1.. => format!("{date}, in {span}"),
        _ => format!("{date}, {span} ago"),
    })
}

/// "4 min", rounded down.
pub(crate) fn span(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        seconds if seconds < 2 * MINUTE => format!("{seconds} s"),
        seconds if seconds < 2 * HOUR => format!("{} min", seconds / MINUTE),
        seconds if seconds < 2 * DAY => format!("{} h", seconds / HOUR),
        seconds if seconds < 730 * DAY => format!("{} days", seconds / DAY),
        seconds => format!("{} years", seconds / (365 * DAY)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_from_now() {
        let now = UnixTime::from_seconds(1_800_000_000).unwrap();
        for (seconds, expected) in [
            (1_800_000_000, "2027-01-15T08:00:00Z, now"),
            (1_800_000_119, "2027-01-15T08:01:59Z, in 119 s"),
            (1_799_999_000, "2027-01-15T07:43:20Z, 16 min ago"),
            (1_800_100_000, "2027-01-16T11:46:40Z, in 27 h"),
            (0, "1970-01-01T00:00:00Z, 57 years ago"),
        ] {
            assert_eq!(told(seconds, now).as_deref(), Some(expected));
        }
        for none in [-1, LATEST_DATE + 1, i64::MAX, i64::MIN] {
            assert_eq!(told(none, now), None);
        }
    }
}
