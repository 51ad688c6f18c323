//! When keys are fetched, used and given up: a state machine that is told the time (JKS-05 to JKS-08).

use serde::Serialize;

use super::fetch::FetchFault;
use crate::mutants::is_off;

/// How long things last, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Keys are fresh for so long where the answer does not say.
    pub ttl: i64,
    /// At least so long, whatever the answer says.
    pub ttl_min: i64,
    /// At most so long.
    pub ttl_max: i64,
    /// In the long run, one attempt in this time; three may follow each other at once.
    pub cooldown: i64,
    /// Keys are used so long beyond their freshness when they cannot be fetched again.
    pub stale: i64,
}

impl Terms {
    /// How long keys are fresh, where the answer says `max_age` seconds (JKS-05).
    pub(crate) fn fresh_for(&self, max_age: Option<i64>) -> i64 {
        let said = max_age.map(|seconds| seconds.saturating_mul(1000));
        match is_off("JKS-05") {
            true => self.ttl,
            false => said.unwrap_or(self.ttl).clamp(self.ttl_min, self.longest()),
        }
    }

    /// When keys are fetched again that are fresh for so long; `part` of 1,000 later than the earliest (JKS-06).
    pub(crate) fn refresh_after(&self, fresh: i64, part: i64) -> i64 {
        fresh / 1000 * (750 + part)
    }

    fn longest(&self) -> i64 {
        self.ttl_max.max(self.ttl_min)
    }
}

/// Refreshes of many processes are spread over such a part of 1,000 of the keys' time.
pub(crate) const SPREAD: i64 = 50;

/// Attempts that may follow each other at once (JKS-07).
const BURST: i64 = 3;

/// The plan for the keys of one source. Times are milliseconds since 1970.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    terms: Terms,
    /// Spreads the refreshes of many processes: a part of 1,000.
    jitter: i64,
    in_flight: bool,
    /// When the budget of attempts is full again.
    budget_full: i64,
    good: Option<Good>,
    failed: bool,
    /// Not before this time by itself.
    retry_at: i64,
    pub(crate) counts: Counts,
    pub(crate) last_fault: Option<(i64, FetchFault)>,
}

/// The last refresh that succeeded.
#[derive(Clone, Copy, Debug)]
struct Good {
    fetched_at: i64,
    refresh_at: i64,
    fresh_until: i64,
}

/// What was counted since the guard was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Attempts that were begun.
    pub attempts: u64,
    /// Those that brought keys.
    pub refreshes: u64,
    /// Those that did not.
    pub failures: u64,
    /// Tokens that named a key which the set did not have.
    pub unknown_kids: u64,
}

/// How fetched keys are doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Not fetched yet.
    None,
    Fresh,
    /// Beyond their time, and still used.
    Stale,
    /// They could not be had, and what was there is too old.
    CoolingDown,
}

impl Plan {
    pub(crate) fn new(terms: Terms, seed: u64) -> Plan {
        Plan {
            terms,
            jitter: (seed % (SPREAD as u64 + 1)) as i64,
            in_flight: false,
            budget_full: i64::MIN,
            good: None,
            failed: false,
            retry_at: i64::MIN,
            counts: Counts::default(),
            last_fault: None,
        }
    }

    /// The same after a fork: what was under way is the parent's.
    pub(crate) fn renewed(&self) -> Plan {
        Plan { in_flight: false, ..self.clone() }
    }

    /// When the next attempt is to begin: by itself, or as soon as the budget allows where somebody asks for
    /// keys. `None`: nothing is to be done.
    pub(crate) fn next(&self, now: i64, asked: bool) -> Option<i64> {
        if self.in_flight {
            return None;
        }
        // A time that this plan cannot have meant is one of a clock that was set back since.
        let unless_beyond = |at: i64, most: i64| if at > now.saturating_add(most) { now } else { at };
        let longest = self.terms.longest();
        let by_itself = self.good.filter(|_| !is_off("JKS-06")).map(|good| {
            unless_beyond(good.refresh_at, longest).max(unless_beyond(self.retry_at, self.terms.cooldown))
        });
        let asked = asked.then(|| unless_beyond(self.next_allowed(), self.terms.cooldown));
        match (by_itself, asked) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// The first moment at which the budget allows an attempt (JKS-07).
    pub(crate) fn next_allowed(&self) -> i64 {
        self.budget_full.saturating_sub((BURST - 1) * self.terms.cooldown)
    }

    pub(crate) fn in_flight(&self) -> bool {
        self.in_flight
    }

    /// An attempt begins.
    pub(crate) fn begin(&mut self, now: i64) {
        self.in_flight = true;
        // A clock that was set back must not stop attempts for as long as it went back.
        let most = now + BURST * self.terms.cooldown;
        self.budget_full = self.budget_full.clamp(now, most) + self.terms.cooldown;
        self.counts.attempts += 1;
    }

    /// It brought keys, which are fresh for `max_age` seconds where the answer says so.
    pub(crate) fn succeed(&mut self, now: i64, max_age: Option<i64>) {
        let fresh = self.terms.fresh_for(max_age);
        self.in_flight = false;
        self.failed = false;
        self.counts.refreshes += 1;
        self.good = Some(Good {
            fetched_at: now,
            refresh_at: now + self.terms.refresh_after(fresh, self.jitter),
            fresh_until: now + fresh,
        });
        self.retry_at = i64::MIN;
    }

    /// Keys of a process before this one: they are used as if it had gone on, and fetched again at once. `false`
    /// where no plan with these terms can have left them so (SNP-01).
    pub(crate) fn resume(&mut self, now: i64, fetched_at: i64, fresh_for: i64) -> bool {
        let is_sound = (self.terms.ttl_min..=self.terms.longest()).contains(&fresh_for);
        let age = now.saturating_sub(fetched_at);
        let is_usable = (0..fresh_for.saturating_add(self.terms.stale)).contains(&age);
        if self.good.is_some() || !(is_off("SNP-01") || (is_sound && is_usable)) {
            return false;
        }
        self.good =
            Some(Good { fetched_at, refresh_at: now, fresh_until: fetched_at.saturating_add(fresh_for) });
        true
    }

    /// It failed: what is there stays (JKS-08).
    pub(crate) fn fail(&mut self, now: i64, fault: FetchFault) {
        self.in_flight = false;
        self.failed = true;
        self.counts.failures += 1;
        self.last_fault = Some((now, fault));
        self.retry_at = now + self.terms.cooldown;
    }

    /// Until when keys are used: their freshness, and the time for which stale ones are better than none.
    pub(crate) fn usable_until(&self) -> Option<i64> {
        let until = |good: Good| match is_off("JKS-08") {
            true => i64::MAX,
            false => good.fresh_until.saturating_add(self.terms.stale),
        };
        self.good.map(until)
    }

    pub(crate) fn freshness(&self, now: i64) -> Freshness {
        match self.good {
            Some(good) if now < good.fresh_until => Freshness::Fresh,
            Some(good) if now < good.fresh_until.saturating_add(self.terms.stale) => Freshness::Stale,
            _ if self.failed => Freshness::CoolingDown,
            _ => Freshness::None,
        }
    }

    /// Milliseconds since the keys were fetched.
    pub(crate) fn age(&self, now: i64) -> Option<i64> {
        self.good.map(|good| (now - good.fetched_at).max(0))
    }

    /// How long negative answers hold.
    pub(crate) fn cooldown(&self) -> i64 {
        self.terms.cooldown
    }
}

/// `max-age` of a Cache-Control header less the age of the answer, in seconds; 0 for `no-store` and
/// `no-cache` (JKS-05, RFC 9111 section 5.2.2).
pub(crate) fn max_age(cache_control: Option<&str>, age: Option<u64>) -> Option<i64> {
    let directives = || cache_control.into_iter().flat_map(|header| header.split(',')).map(str::trim);
    let is = |directive: &str, name: &str| {
        directive.split('=').next().is_some_and(|one| one.trim().eq_ignore_ascii_case(name))
    };
    if directives().any(|directive| is(directive, "no-store") || is(directive, "no-cache")) {
        return Some(0);
    }
    let value =
        directives().find(|directive| is(directive, "max-age"))?.split_once('=')?.1.trim().trim_matches('"');
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    // More than a number holds is as long as can be; what is no number says nothing.
    let seconds = is_number.then(|| value.parse::<i64>().unwrap_or(i64::MAX))?;
    Some(seconds.saturating_sub(age.map_or(0, |age| i64::try_from(age).unwrap_or(i64::MAX))).max(0))
}
