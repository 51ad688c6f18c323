//! The guard with a clock: decides, and waits where the core would have its caller wait.

use std::cell::OnceCell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use counterseal_core::cache::CacheCounters;
use counterseal_core::error::{Code, Rejection};
use counterseal_core::guard::{self, Decision, Here, Outside};
use counterseal_core::identity::Identity;
use counterseal_core::inbound::Report;
use counterseal_core::keys::Flight;
use counterseal_core::rule::Rule;
use counterseal_core::time::{Now, UnixTime};

use crate::clock::Clock;
use crate::deny::DenyWatch;
use crate::driver::{Driver, Network};
use crate::landings::{Completions, Landings};
use crate::policy::Origin;
use crate::status::{PolicyStatus, Status};
use crate::{Error, Policy, metrics};

/// How often a caller waits for keys and decides again, before the answer is 503. For hosts that wait
/// in their own way, within [`Guard::wait`] in all.
pub const WAITS: usize = 2;

/// Verifies tokens by a policy. Build it once and share it: every method takes `&self`.
#[derive(Debug)]
pub struct Guard {
    shared: Arc<Shared>,
    origin: ArcSwapOption<Origin>,
    deny: DenyWatch,
    reloads: ArcSwap<Reloads>,
    driver: Driver,
}

/// What a guard shares with the threads that fetch its keys.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) core: guard::Guard,
    clock: Clock,
    landings: ArcSwap<Landings>,
}

impl Shared {
    /// The driver's time.
    #[inline]
    pub(crate) fn time(&self) -> Result<UnixTime, Code> {
        self.clock.now(self.core.leeway_seconds())
    }

    /// Wakes everybody whose keys came, or could not be had.
    pub(crate) fn landed(&self) {
        self.landings.load().wake(|flight| self.core.has_landed(flight));
    }
}

/// Attempts to load the policy again.
#[derive(Clone, Debug, Default)]
struct Reloads {
    status: PolicyStatus,
    /// Why the last one failed.
    fault: Option<String>,
}

/// What [`Guard::answer`] says: for hosts that keep an object of their own for each proof.
#[derive(Clone, Debug)]
#[must_use = "an answer that nobody reads protects nothing"]
pub enum Answer {
    /// The token passed before and still does: the [`Identity::id`] of its proof. A host that no
    /// longer has the object asks [`Guard::try_verify`].
    Known(u64),
    /// The token passed.
    Verified(Identity),
    /// The issuer's keys are on their way: [`Guard::watch`] the flight and ask again, at most twice.
    Pending(Flight),
}

impl Guard {
    /// A guard for a policy that was loaded before.
    pub fn new(policy: Policy) -> Guard {
        Guard::with_clock(policy, Clock::system(), crate::fetch::network())
    }

    /// Loads a policy file and builds its guard; see [`Policy::load`].
    ///
    /// # Errors
    /// [`Error::Policy`] with every mistake in the file.
    pub fn load(path: impl AsRef<Path>, service: Option<&str>) -> Result<Guard, Error> {
        Ok(Guard::new(Policy::load(path, service)?))
    }

    pub(crate) fn with_clock(policy: Policy, clock: Clock, network: Network) -> Guard {
        // RandomState is seeded by the operating system, once for each process.
        let secret = RandomState::new().build_hasher().finish();
        let (deny_file, denied) = policy.deny_file();
        let Policy { inner, origin, .. } = policy;
        let driver = Driver::new(inner.fetches_inline(), network);
        let core = guard::Guard::new(inner, secret);
        Guard {
            shared: Arc::new(Shared { core, clock, landings: ArcSwap::default() }),
            origin: ArcSwapOption::new(origin.map(Arc::new)),
            deny: DenyWatch::new(deny_file, denied),
            reloads: ArcSwap::default(),
            driver,
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
        self.decide_or_wait(token.as_ref(), self.now()?, &OnceCell::new())
    }

    /// The same at a time of the caller's choosing, which judges the claims only: no cache, no fetch
    /// (CAC-08).
    ///
    /// # Errors
    /// As [`Guard::verify`].
    pub fn verify_at(&self, token: impl AsRef<[u8]>, now: UnixTime) -> Result<Identity, Error> {
        self.decide_or_wait(token.as_ref(), Now::Given(now), &OnceCell::new())
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

    /// [`Guard::verify`] for many tokens at one reading of the clock, each with its own outcome. Waits
    /// once for all of them.
    pub fn verify_many<T: AsRef<[u8]>>(&self, tokens: &[T]) -> Vec<Result<Identity, Error>> {
        let now = self.now();
        // One wait for all of them: keys that do not come hold a batch up once.
        let deadline = OnceCell::new();
        tokens.iter().map(|token| self.decide_or_wait(token.as_ref(), now.clone()?, &deadline)).collect()
    }

    /// Answers at once, for hosts that keep an object of their own for each proof: a token seen before
    /// gives a number, which costs no reference count. At `now`, where it is given (CAC-08).
    ///
    /// # Errors
    /// As [`Guard::verify`].
    #[inline]
    pub fn answer(&self, token: &[u8], now: Option<UnixTime>) -> Result<Answer, Error> {
        self.answer_outside(token, now, Here)
    }

    /// [`Guard::answer`] for hosts that have something to let go of, such as a lock, where a token was not
    /// seen before: that part runs `outside`.
    ///
    /// # Errors
    /// As [`Guard::verify`].
    #[inline]
    pub fn answer_outside(
        &self,
        token: &[u8],
        now: Option<UnixTime>,
        outside: impl Outside,
    ) -> Result<Answer, Error> {
        let now = now.map_or_else(|| self.now(), |time| Ok(Now::Given(time)))?;
        self.answer_at(token, now, outside)
    }

    /// [`Guard::answer`] for many tokens at one reading of the clock, each with its own outcome.
    pub fn answer_many<T: AsRef<[u8]>>(
        &self,
        tokens: &[T],
        now: Option<UnixTime>,
    ) -> Vec<Result<Answer, Error>> {
        let now = now.map_or_else(|| self.now(), |time| Ok(Now::Given(time)));
        tokens.iter().map(|token| self.answer_at(token.as_ref(), now.clone()?, Here)).collect()
    }

    #[inline]
    fn answer_at(&self, token: &[u8], now: Now, outside: impl Outside) -> Result<Answer, Error> {
        match self.shared.core.answer(token, now, outside) {
            guard::Answer::Known(id) => Ok(Answer::Known(id)),
            guard::Answer::Decided(Decision::Verified(identity)) => Ok(Answer::Verified(identity)),
            guard::Answer::Decided(Decision::Pending(flight)) => {
                self.driver.wake(&self.shared);
                Ok(Answer::Pending(flight))
            }
            guard::Answer::Decided(Decision::Rejected(rejection)) => Err(Error::from_rejection(rejection)),
        }
    }

    /// Puts `ticket` into `completions` once the flight is over, or the guard is gone.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where too many callers wait already.
    pub fn watch(&self, flight: Flight, ticket: u64, completions: &Arc<Completions>) -> Result<(), Error> {
        let landed = |flight| self.shared.core.has_landed(flight);
        match self.shared.landings.load().watch(flight, ticket, completions, landed) {
            true => Ok(()),
            false => Err(self.keys_unavailable(Some(flight))),
        }
    }

    /// Forgets a ticket whose caller went away. It may be in the queue already.
    pub fn unwatch(&self, ticket: u64, completions: &Arc<Completions>) {
        self.shared.landings.load().unwatch(ticket, completions);
    }

    /// Puts every ticket that is watched into its queue: whoever waits asks again at once. For hosts that
    /// close a guard of theirs.
    pub fn end_watches(&self) {
        self.shared.landings.load().wake(|_| true);
    }

    /// How long a caller may wait for keys in all (`fetch.wait`).
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.shared.core.wait_millis())
    }

    /// The outage that a caller is told of who has waited long enough, for `flight` where it is known.
    pub fn keys_unavailable(&self, flight: Option<Flight>) -> Error {
        self.outage(Rule::Jks12, Code::KeysUnavailable, flight)
    }

    /// The same verification as a report of every check, for people. It costs several times as much
    /// and changes nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the clock is not to be trusted.
    pub fn explain(&self, token: impl AsRef<[u8]>) -> Result<Report, Error> {
        Ok(self.shared.core.explain(token.as_ref(), self.now()?))
    }

    /// [`Guard::explain`] at a time of the caller's choosing.
    pub fn explain_at(&self, token: impl AsRef<[u8]>, now: UnixTime) -> Report {
        self.shared.core.explain(token.as_ref(), Now::Given(now))
    }

    /// Reads the policy file again and swaps the whole policy at once. The old one stays where the
    /// new one has mistakes, which the status shows until another attempt succeeds (POL-06). Issuers that
    /// stay as they were keep their keys.
    ///
    /// # Errors
    /// [`Error::Policy`] with the mistakes; [`Error::Misuse`] where the policy came from text.
    pub fn reload(&self) -> Result<(), Error> {
        let origin = self.origin.load_full().ok_or(Error::Misuse(Code::MisuseClosed))?;
        match Origin::clone(&origin).load() {
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
        let is_inline = inner.fetches_inline();
        self.deny.follow(deny_file, denied, || {
            self.shared.core.replace(inner);
            self.origin.store(origin.map(Arc::new));
        });
        self.reloads.rcu(|held| Reloads { fault: None, ..Reloads::clone(held) });
        self.landed();
        self.driver.follow(is_inline, &self.shared);
    }

    /// To be called in a child process that was made by `fork`, before anything else; bindings do it for
    /// their users. Locks that threads of the parent held are left behind with what they guarded, the
    /// cache is empty, and the keys are the same (DRV-02).
    pub fn after_fork(&self) {
        std::mem::forget(self.shared.landings.swap(Arc::default()));
        self.driver.after_fork();
        self.deny.after_fork();
        self.shared.core.after_fork();
    }

    /// Waits until the keys of every issuer are there: for the start of a service, and its readiness probe.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where they could not be had, or not within `timeout`.
    pub fn ready(&self, timeout: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + timeout;
        while let Some(flight) = self.readiness()? {
            if !self
                .shared
                .landings
                .load_full()
                .wait(flight, deadline, |flight| self.shared.core.has_landed(flight))
            {
                return Err(self.keys_unavailable(Some(flight)));
            }
        }
        Ok(())
    }

    /// What [`Guard::ready`] would wait for now, for hosts that wait in their own way; `None` where the
    /// keys of every issuer are there.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where some could not be had.
    pub fn readiness(&self) -> Result<Option<Flight>, Error> {
        let now = self.now()?.time();
        let readiness = self.shared.core.readiness(now);
        self.driver.wake(&self.shared);
        readiness.map_err(|()| self.keys_unavailable(None))
    }

    /// How the guard is doing: its policy, issuers and keys, what became of tokens, and alarms.
    pub fn status(&self) -> Status {
        let reloads = self.reloads.load();
        let policy = PolicyStatus { generation: self.shared.core.policy_generation(), ..reloads.status };
        Status::new(
            policy,
            reloads.fault.clone(),
            self.shared.core.issuers(self.shared.time().ok()),
            self.shared.core.strangers(),
            self.shared.core.cache_counters(),
            self.deny.status(),
        )
    }

    /// The numbers of [`Guard::status`] as Prometheus text.
    pub fn metrics(&self) -> String {
        metrics::prometheus(&self.status())
    }

    /// How many tokens the verified-token cache holds at most (`cache.entries`).
    pub fn cache_capacity(&self) -> usize {
        self.shared.core.cache_capacity()
    }

    /// What the verified-token cache did.
    pub fn cache_counters(&self) -> CacheCounters {
        self.shared.core.cache_counters()
    }

    /// The core's guard, for those who drive it themselves.
    pub fn core(&self) -> &guard::Guard {
        &self.shared.core
    }

    pub(crate) fn landed(&self) {
        self.shared.landed();
    }

    #[inline]
    fn now(&self) -> Result<Now, Error> {
        match self.shared.time() {
            Ok(time) => {
                if self.deny.is_due(time) {
                    self.deny.look(time, &self.shared.core);
                }
                if self.driver.is_due(time) {
                    self.driver.wake(&self.shared);
                }
                Ok(Now::Driver(time))
            }
            Err(code) => Err(self.outage(Rule::Clm25, code, None)),
        }
    }

    #[inline]
    fn decide_or_wait(
        &self,
        token: &[u8],
        now: Now,
        deadline: &OnceCell<Instant>,
    ) -> Result<Identity, Error> {
        match self.shared.core.decide(token, now) {
            Decision::Verified(identity) => Ok(identity),
            Decision::Rejected(rejection) => Err(Error::from_rejection(rejection)),
            Decision::Pending(flight) => {
                self.driver.wake(&self.shared);
                let deadline = *deadline.get_or_init(|| Instant::now() + self.wait());
                self.wait_and_decide(token, now, flight, deadline)
            }
        }
    }

    fn answer_at_once(&self, token: &[u8], now: Now) -> Result<Identity, Error> {
        match self.shared.core.decide(token, now) {
            Decision::Verified(identity) => Ok(identity),
            Decision::Rejected(rejection) => Err(Error::from_rejection(rejection)),
            Decision::Pending(flight) => {
                self.driver.wake(&self.shared);
                Err(self.keys_unavailable(Some(flight)))
            }
        }
    }

    #[cold]
    fn wait_and_decide(
        &self,
        token: &[u8],
        now: Now,
        flight: Flight,
        deadline: Instant,
    ) -> Result<Identity, Error> {
        let mut flight = flight;
        for _ in 0..WAITS {
            if !self
                .shared
                .landings
                .load_full()
                .wait(flight, deadline, |flight| self.shared.core.has_landed(flight))
            {
                break;
            }
            let now = match now {
                Now::Driver(_) => self.now()?, // time has passed
                given => given,
            };
            match self.shared.core.decide(token, now) {
                Decision::Verified(identity) => return Ok(identity),
                Decision::Rejected(rejection) => return Err(Error::from_rejection(rejection)),
                Decision::Pending(next) => {
                    self.driver.wake(&self.shared);
                    flight = next;
                }
            }
        }
        Err(self.keys_unavailable(Some(flight)))
    }

    #[cold]
    fn outage(&self, rule: Rule, code: Code, flight: Option<Flight>) -> Error {
        let rejection: Rejection = self.shared.core.unavailable(rule, code, flight);
        Error::from_rejection(rejection)
    }

    fn note_reload(&self, fault: Option<String>) {
        let now = self.shared.time().ok();
        self.reloads.rcu(|held| Reloads {
            status: PolicyStatus {
                failed_reloads: held.status.failed_reloads + u64::from(fault.is_some()),
                last_reload_succeeded: Some(fault.is_none()),
                last_reload_at: now.map(UnixTime::as_seconds),
                ..held.status
            },
            fault: fault.clone(),
        });
    }
}
