//! The guard with a clock: decides, and waits where the core would have its caller wait.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use counterseal_core::cache::CacheCounters;
use counterseal_core::error::{Code, Rejection};
use counterseal_core::guard::{self, Decision};
use counterseal_core::identity::Identity;
use counterseal_core::inbound::Report;
use counterseal_core::keys::Flight;
use counterseal_core::rule::Rule;
use counterseal_core::time::{Now, UnixTime};

use crate::clock::Clock;
use crate::deny::DenyWatch;
use crate::policy::Origin;
use crate::status::{PolicyStatus, Status};
use crate::{Error, Policy, metrics};

/// How often a caller waits for keys and decides again, before the answer is 503.
const WAITS: usize = 2;

/// Verifies tokens by a policy. Build it once and share it: every method takes `&self`.
#[derive(Debug)]
pub struct Guard {
    core: guard::Guard,
    clock: Clock,
    origin: Mutex<Option<Origin>>,
    deny: DenyWatch,
    reloads: Mutex<Reloads>,
    landings: Landings,
}

/// Attempts to load the policy again.
#[derive(Debug, Default)]
struct Reloads {
    status: PolicyStatus,
    /// Why the last one failed.
    fault: Option<String>,
}

/// Wakes those who wait for keys.
#[derive(Debug, Default)]
struct Landings {
    count: Mutex<u64>,
    changed: Condvar,
}

impl Guard {
    /// A guard for a policy that was loaded before.
    pub fn new(policy: Policy) -> Guard {
        Guard::with_clock(policy, Clock::system())
    }

    /// Loads a policy file and builds its guard; see [`Policy::load`].
    ///
    /// # Errors
    /// [`Error::Policy`] with every mistake in the file.
    pub fn load(path: impl AsRef<Path>, service: Option<&str>) -> Result<Guard, Error> {
        Ok(Guard::new(Policy::load(path, service)?))
    }

    pub(crate) fn with_clock(policy: Policy, clock: Clock) -> Guard {
        // RandomState is seeded by the operating system, once for each process.
        let secret = RandomState::new().build_hasher().finish();
        let (deny_file, denied) = policy.deny_file();
        let Policy { inner, origin, .. } = policy;
        Guard {
            core: guard::Guard::new(inner, secret),
            clock,
            origin: Mutex::new(origin),
            deny: DenyWatch::new(deny_file, denied),
            reloads: Mutex::default(),
            landings: Landings::default(),
        }
    }

    /// Verifies a token, bare or behind "Bearer ". Waits up to `fetch.wait` for keys that are on
    /// their way; otherwise it answers at once.
    ///
    /// # Errors
    /// [`Error::TokenRejected`] with the code of the first check that failed, [`Error::Unavailable`]
    /// where nobody can decide now.
    #[inline]
    pub fn verify(&self, token: impl AsRef<[u8]>) -> Result<Identity, Error> {
        let token = token.as_ref();
        match self.core.decide(token, self.now()?) {
            Decision::Verified(identity) => Ok(identity),
            Decision::Rejected(rejection) => Err(Error::from_rejection(rejection)),
            Decision::Pending(flight) => self.wait_and_decide(token, None, flight),
        }
    }

    /// The same at a time of the caller's choosing, which judges the claims only: no cache, no fetch
    /// (CAC-08).
    ///
    /// # Errors
    /// As [`Guard::verify`].
    pub fn verify_at(&self, token: impl AsRef<[u8]>, now: UnixTime) -> Result<Identity, Error> {
        let token = token.as_ref();
        match self.core.decide(token, Now::Given(now)) {
            Decision::Verified(identity) => Ok(identity),
            Decision::Rejected(rejection) => Err(Error::from_rejection(rejection)),
            Decision::Pending(flight) => self.wait_and_decide(token, Some(now), flight),
        }
    }

    /// As [`Guard::verify`], but never waits: keys that are not there yet are an outage.
    ///
    /// # Errors
    /// As [`Guard::verify`].
    pub fn try_verify(&self, token: impl AsRef<[u8]>) -> Result<Identity, Error> {
        let now = self.now()?;
        self.answer_at_once(token.as_ref(), now)
    }

    /// [`Guard::try_verify`] at a time of the caller's choosing.
    ///
    /// # Errors
    /// As [`Guard::verify`].
    pub fn try_verify_at(&self, token: impl AsRef<[u8]>, now: UnixTime) -> Result<Identity, Error> {
        self.answer_at_once(token.as_ref(), Now::Given(now))
    }

    /// [`Guard::verify`] for many tokens at one reading of the clock, each with its own outcome.
    pub fn verify_many<T: AsRef<[u8]>>(&self, tokens: &[T]) -> Vec<Result<Identity, Error>> {
        tokens.iter().map(|token| self.verify(token)).collect()
    }

    /// The same verification as a report of every check, for people. It costs several times as much
    /// and changes nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the clock is not to be trusted.
    pub fn explain(&self, token: impl AsRef<[u8]>) -> Result<Report, Error> {
        Ok(self.core.explain(token.as_ref(), self.now()?))
    }

    /// [`Guard::explain`] at a time of the caller's choosing.
    pub fn explain_at(&self, token: impl AsRef<[u8]>, now: UnixTime) -> Report {
        self.core.explain(token.as_ref(), Now::Given(now))
    }

    /// Reads the policy file again and swaps the whole policy at once. The old one stays where the
    /// new one has mistakes, which the status shows until another attempt succeeds (POL-06). Issuers that
    /// stay as they were keep their keys.
    ///
    /// # Errors
    /// [`Error::Policy`] with the mistakes; [`Error::Misuse`] where the policy came from text.
    pub fn reload(&self) -> Result<(), Error> {
        let origin = self.origin.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match origin.ok_or(Error::Misuse(Code::MisuseClosed))?.load() {
            Ok(policy) => {
                self.replace(policy);
                self.note_reload(None);
                Ok(())
            }
            Err(error) => {
                let first = error.problems().first().map(ToString::to_string).unwrap_or_default();
                let count = error.problems().len();
                self.note_reload(Some(format!("mistakes in the policy: {count}, the first at {first}")));
                Err(Error::Policy(error))
            }
        }
    }

    /// Puts another policy in place of this one, at once and whole.
    pub fn replace(&self, policy: Policy) {
        let (deny_file, denied) = policy.deny_file();
        let Policy { inner, origin, .. } = policy;
        let mut held = self.origin.lock().unwrap_or_else(PoisonError::into_inner);
        self.deny.follow(deny_file, denied, || self.core.replace(inner));
        *held = origin;
        drop(held);
        self.reloads.lock().unwrap_or_else(PoisonError::into_inner).fault = None;
        self.landings.wake();
    }

    /// How the guard is doing: its policy, issuers and keys, what became of tokens, and alarms.
    pub fn status(&self) -> Status {
        let reloads = self.reloads.lock().unwrap_or_else(PoisonError::into_inner);
        let policy = PolicyStatus { generation: self.core.policy_generation(), ..reloads.status };
        Status::new(
            policy,
            reloads.fault.clone(),
            self.core.issuers(),
            self.core.strangers(),
            self.core.cache_counters(),
            self.deny.status(),
        )
    }

    /// The numbers of [`Guard::status`] as Prometheus text.
    pub fn metrics(&self) -> String {
        metrics::prometheus(&self.status())
    }

    /// What the verified-token cache did.
    pub fn cache_counters(&self) -> CacheCounters {
        self.core.cache_counters()
    }

    /// The core's guard, for those who drive it themselves.
    pub fn core(&self) -> &guard::Guard {
        &self.core
    }

    pub(crate) fn landed(&self) {
        self.landings.wake();
    }

    #[inline]
    fn now(&self) -> Result<Now, Error> {
        match self.clock.now(self.core.leeway_seconds()) {
            Ok(time) => {
                if self.deny.is_due(time) {
                    self.deny.look(time, &self.core);
                }
                Ok(Now::Driver(time))
            }
            Err(code) => Err(self.outage(Rule::Clm25, code, None)),
        }
    }

    fn answer_at_once(&self, token: &[u8], now: Now) -> Result<Identity, Error> {
        match self.core.decide(token, now) {
            Decision::Verified(identity) => Ok(identity),
            Decision::Rejected(rejection) => Err(Error::from_rejection(rejection)),
            Decision::Pending(flight) => Err(self.outage(Rule::Jks12, Code::KeysUnavailable, Some(flight))),
        }
    }

    #[cold]
    fn wait_and_decide(
        &self,
        token: &[u8],
        given: Option<UnixTime>,
        flight: Flight,
    ) -> Result<Identity, Error> {
        let deadline = Instant::now() + Duration::from_millis(self.core.wait_millis());
        let mut flight = flight;
        for _ in 0..WAITS {
            if !self.landings.wait_until(deadline, || self.core.has_landed(flight)) {
                break;
            }
            let now = given.map_or_else(|| self.now(), |given| Ok(Now::Given(given)))?;
            match self.core.decide(token, now) {
                Decision::Verified(identity) => return Ok(identity),
                Decision::Rejected(rejection) => return Err(Error::from_rejection(rejection)),
                Decision::Pending(next) => flight = next,
            }
        }
        Err(self.outage(Rule::Jks12, Code::KeysUnavailable, Some(flight)))
    }

    #[cold]
    fn outage(&self, rule: Rule, code: Code, flight: Option<Flight>) -> Error {
        let rejection: Rejection = self.core.unavailable(rule, code, flight);
        Error::from_rejection(rejection)
    }

    fn note_reload(&self, fault: Option<String>) {
        let now = self.clock.now(self.core.leeway_seconds()).ok();
        let mut reloads = self.reloads.lock().unwrap_or_else(PoisonError::into_inner);
        reloads.status.failed_reloads += u64::from(fault.is_some());
        reloads.status.last_reload_succeeded = Some(fault.is_none());
        reloads.status.last_reload_at = now.map(UnixTime::as_seconds);
        reloads.fault = fault;
    }
}

impl Landings {
    fn wake(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// Waits until `landed` holds; `false` where the deadline comes first.
    fn wait_until(&self, deadline: Instant, landed: impl Fn() -> bool) -> bool {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        while !landed() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            count = self.changed.wait_timeout(count, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}
