//! The guard with a clock: decides, and waits where the core would have its caller wait.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
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
use crate::files::{Gate, PolicyFiles, ReadFile};
use crate::landings::{Completions, Landings};
use crate::policy::Origin;
use crate::snapshot::Snapshot;
use crate::status::{Alarm, PolicyStatus, Status};
use crate::{Error, Policy, metrics};

/// How often a caller waits for keys and decides again, before the answer is 503. For hosts that wait
/// in their own way, within [`Guard::wait`] in all.
pub const WAITS: usize = 2;

/// Verifies tokens by a policy. Build it once and share it: every method takes `&self`.
#[derive(Debug)]
pub struct Guard {
    shared: Arc<Shared>,
    origin: ArcSwapOption<Origin>,
    /// When callers look at the files below.
    gate: Gate,
    files: PolicyFiles,
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
    pub(crate) snapshot: Snapshot,
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

impl Reloads {
    fn alarm(&self) -> Option<Alarm> {
        let message = self.fault.clone()?;
        Some(Alarm { code: Code::PolicyReloadFailed, message })
    }
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
        // RandomState is seeded by the operating system, once for each process. A network that a test plays brings
        // refreshes at the same times each time.
        let secret = if network.is_by_hand() { 0 } else { RandomState::new().build_hasher().finish() };
        let ((deny_file, denied), snapshot) = (policy.deny_file(), policy.snapshot());
        let watched = policy.watched();
        let Policy { inner, origin, .. } = policy;
        let driver = Driver::new(inner.fetches_inline(), network);
        let core = guard::Guard::new(inner, secret);
        let guard = Guard {
            shared: Arc::new(Shared {
                core,
                clock,
                landings: ArcSwap::default(),
                snapshot: Snapshot::default(),
            }),
            origin: ArcSwapOption::new(origin.map(Arc::new)),
            gate: Gate::new(),
            files: PolicyFiles::default(),
            deny: DenyWatch::new(deny_file, denied),
            reloads: ArcSwap::default(),
            driver,
        };
        guard.follow(watched);
        guard.resume(snapshot);
        guard
    }

    /// The files of the policy in force, to be looked at from now on.
    fn follow(&self, files: Vec<ReadFile>) {
        let is_on = !files.is_empty() || self.deny.is_on();
        self.files.follow(files);
        // A deny file may have changed since it was read, and acts at once.
        let now = if self.deny.is_on() { None } else { self.shared.time().ok() };
        self.gate.set(is_on, now);
    }

    /// Looks at the files of the policy, and loads it again where one has changed.
    #[cold]
    fn look(&self, now: UnixTime) {
        self.gate.pass(now);
        self.deny.look(&self.shared.core);
        self.files.look(now, || self.reload().is_ok());
    }

    /// Begins with keys that a process before this one fetched.
    fn resume(&self, snapshot: Option<PathBuf>) {
        self.shared.snapshot.follow(snapshot);
        if let Ok(now) = self.shared.time()
            && self.shared.snapshot.resume(&self.shared.core, now)
        {
            self.driver.is_due_now();
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
        self.decide_or_wait(token.as_ref(), self.now()?)
    }

    /// The same at a time of the caller's choosing, which judges the claims only: no cache, no fetch
    /// (CAC-08).
    ///
    /// # Errors
    /// As [`Guard::verify`].
    pub fn verify_at(&self, token: impl AsRef<[u8]>, now: UnixTime) -> Result<Identity, Error> {
        self.decide_or_wait(token.as_ref(), Now::Given(now))
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
        let now = match self.now() {
            Ok(now) => now,
            Err(error) => return tokens.iter().map(|_| Err(error.clone())).collect(),
        };
        // Every token asks for its keys before any waits: one fetch is for all of them, and so is one wait.
        let core = &self.shared.core;
        let decisions: Vec<_> = tokens.iter().map(|token| core.decide(token.as_ref(), now)).collect();
        if decisions.iter().any(|decision| matches!(decision, Decision::Pending(_))) {
            self.driver.wake(&self.shared);
        }
        let deadline = Instant::now() + self.wait();
        let settle = |(token, decision): (&T, Decision)| match decision {
            Decision::Verified(identity) => Ok(identity),
            Decision::Rejected(rejection) => Err(Error::from_rejection(rejection)),
            Decision::Pending(flight) => self.wait_and_decide(token.as_ref(), now, flight, deadline),
        };
        tokens.iter().zip(decisions).map(settle).collect()
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
    /// seen before or keys are fetched: that part runs `outside`.
    ///
    /// # Errors
    /// As [`Guard::verify`].
    #[inline]
    pub fn answer_outside(
        &self,
        token: &[u8],
        now: Option<UnixTime>,
        outside: impl Outside + Copy,
    ) -> Result<Answer, Error> {
        let now = now.map_or_else(|| self.now_outside(outside), |time| Ok(Now::Given(time)))?;
        self.answer_at(token, now, outside)
    }

    /// [`Guard::answer`] for many tokens at one reading of the clock, each with its own outcome.
    pub fn answer_many<T: AsRef<[u8]>>(
        &self,
        tokens: &[T],
        now: Option<UnixTime>,
    ) -> Vec<Result<Answer, Error>> {
        let now = match now.map_or_else(|| self.now(), |time| Ok(Now::Given(time))) {
            Ok(now) => now,
            Err(error) => return tokens.iter().map(|_| Err(error.clone())).collect(),
        };
        // As in `verify_many`: all ask before any fetch begins.
        let core = &self.shared.core;
        let answers: Vec<_> = tokens.iter().map(|token| core.answer(token.as_ref(), now, Here)).collect();
        let is_pending =
            |answer: &guard::Answer| matches!(answer, guard::Answer::Decided(Decision::Pending(_)));
        let has_fetched = answers.iter().any(is_pending) && self.driver.wake(&self.shared);
        let settle = |(token, answer): (&T, guard::Answer)| match answer {
            guard::Answer::Known(id) => Ok(Answer::Known(id)),
            guard::Answer::Decided(Decision::Verified(identity)) => Ok(Answer::Verified(identity)),
            guard::Answer::Decided(Decision::Rejected(rejection)) => Err(Error::from_rejection(rejection)),
            guard::Answer::Decided(Decision::Pending(_)) if has_fetched => {
                self.answer_at(token.as_ref(), now, Here)
            }
            guard::Answer::Decided(Decision::Pending(flight)) => Ok(Answer::Pending(flight)),
        };
        tokens.iter().zip(answers).map(settle).collect()
    }

    #[inline]
    fn answer_at(&self, token: &[u8], now: Now, outside: impl Outside + Copy) -> Result<Answer, Error> {
        match self.shared.core.answer(token, now, outside) {
            guard::Answer::Known(id) => Ok(Answer::Known(id)),
            guard::Answer::Decided(Decision::Verified(identity)) => Ok(Answer::Verified(identity)),
            guard::Answer::Decided(Decision::Pending(flight)) => {
                match outside.run(|| self.fetch_and_decide(token, now, flight)) {
                    Decision::Verified(identity) => Ok(Answer::Verified(identity)),
                    Decision::Pending(flight) => Ok(Answer::Pending(flight)),
                    Decision::Rejected(rejection) => Err(Error::from_rejection(rejection)),
                }
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
        let ((deny_file, denied), snapshot) = (policy.deny_file(), policy.snapshot());
        let watched = policy.watched();
        let Policy { inner, origin, .. } = policy;
        let is_inline = inner.fetches_inline();
        self.deny.follow(deny_file, denied, || {
            self.shared.core.replace(inner);
            self.origin.store(origin.map(Arc::new));
        });
        self.reloads.rcu(|held| Reloads { fault: None, ..Reloads::clone(held) });
        self.follow(watched);
        self.resume(snapshot);
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
        self.files.after_fork();
        self.gate.after_fork();
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
        let now = self.shared.time().ok();
        let mut issuers = self.shared.core.issuers(now);
        for fetch in issuers.iter_mut().filter_map(|issuer| issuer.fetch.as_mut()) {
            fetch.via_proxy = fetch.origins.iter().any(|url| self.driver.is_proxied(url));
        }
        Status::new(
            now,
            policy,
            reloads.alarm().into_iter().chain(self.shared.snapshot.alarm()),
            issuers,
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

    pub(crate) fn fetch_due(&self) {
        self.driver.fetch_due(&self.shared);
    }

    #[inline]
    fn now(&self) -> Result<Now, Error> {
        self.now_outside(Here)
    }

    #[inline]
    fn now_outside(&self, outside: impl Outside + Copy) -> Result<Now, Error> {
        match self.shared.time() {
            Ok(time) => {
                if self.gate.is_due(time) {
                    outside.run(|| self.look(time));
                }
                if self.driver.is_due(time) {
                    outside.run(|| self.driver.wake(&self.shared));
                }
                Ok(Now::Driver(time))
            }
            Err(code) => Err(self.outage(Rule::Clm25, code, None)),
        }
    }

    #[inline]
    fn decide_or_wait(&self, token: &[u8], now: Now) -> Result<Identity, Error> {
        match self.decide(token, now) {
            Decision::Verified(identity) => Ok(identity),
            Decision::Rejected(rejection) => Err(Error::from_rejection(rejection)),
            Decision::Pending(flight) => {
                self.wait_and_decide(token, now, flight, Instant::now() + self.wait())
            }
        }
    }

    fn answer_at_once(&self, token: &[u8], now: Now) -> Result<Identity, Error> {
        match self.decide(token, now) {
            Decision::Verified(identity) => Ok(identity),
            Decision::Rejected(rejection) => Err(Error::from_rejection(rejection)),
            Decision::Pending(flight) => Err(self.keys_unavailable(Some(flight))),
        }
    }

    /// Decides. `Pending` is what somebody else fetches.
    #[inline]
    fn decide(&self, token: &[u8], now: Now) -> Decision {
        match self.shared.core.decide(token, now) {
            Decision::Pending(flight) => self.fetch_and_decide(token, now, flight),
            decided => decided,
        }
    }

    /// Has the keys fetched that a decision waits for. Where that is done here there is nothing to wait for any more:
    /// it is decided again, and no fetch begins when the time of a wait is over.
    #[cold]
    fn fetch_and_decide(&self, token: &[u8], now: Now, flight: Flight) -> Decision {
        let (begun, mut flight) = (Instant::now(), flight);
        for _ in 0..WAITS {
            if !self.driver.wake(&self.shared) {
                return Decision::Pending(flight);
            }
            let now = match now {
                Now::Driver(before) => Now::Driver(self.shared.time().unwrap_or(before)), // time has passed
                given => given,
            };
            match self.shared.core.decide(token, now) {
                Decision::Pending(next) => flight = next,
                decided => return decided,
            }
            if begun.elapsed() >= self.wait() {
                break;
            }
        }
        let core = &self.shared.core;
        Decision::Rejected(core.unavailable(Rule::Jks12, Code::KeysUnavailable, Some(flight)))
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
            match self.decide(token, now) {
                Decision::Verified(identity) => return Ok(identity),
                Decision::Rejected(rejection) => return Err(Error::from_rejection(rejection)),
                Decision::Pending(next) => flight = next,
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
