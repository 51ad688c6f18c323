//! The guard: one call into the runtime, and the rules of the GIL.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use counterseal::testing::{guard_with_clock, guard_with_network};
use counterseal::{Answer, Code, Error, Outside, UnixTime};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::completions::{Completions, Flight, duration};
use crate::identity::Identity;
use crate::outcome::Outcome;
use crate::panic::{detached, guarded};
use crate::policy::{Policy, wrong};
use crate::table::Table;
use crate::testing::Live;
use crate::{error, report, time, token, value};

/// How long a thread waits before it looks whether somebody pressed Ctrl-C.
const SLICE: Duration = Duration::from_millis(50);

/// Counts the forks that made this process.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// Called in a child process: the guards notice on their next use (DRV-02).
#[pyfunction(name = "_after_fork")]
pub(crate) fn after_fork() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// What `counterseal.Guard` is made of.
#[pyclass(frozen, subclass, weakref, module = "counterseal._counterseal")]
pub(crate) struct Guard {
    inner: counterseal::Guard,
    table: Table,
    forks: AtomicU64,
    closed: AtomicBool,
    _live: Live<Guard>,
}

/// Misses and fetches run with the GIL let go of.
#[derive(Clone, Copy)]
struct Detached<'py>(Python<'py>);

impl Outside for Detached<'_> {
    #[inline]
    fn run<T: Send>(self, work: impl FnOnce() -> T + Send) -> T {
        detached(self.0, work)
    }
}

/// What the runtime says, as Python objects.
enum Answered<'py> {
    Verified(Bound<'py, Identity>),
    Pending(counterseal::Flight),
}

#[pymethods]
impl Guard {
    #[new]
    fn new(py: Python<'_>, policy: &Bound<'_, PyAny>) -> PyResult<Guard> {
        guarded(py, || {
            let policy = policy.cast::<Policy>().map_err(|_| wrong(py, "policy is a counterseal.Policy"))?;
            let Policy { inner, clock, network } = policy.get();
            let inner = match (clock, network) {
                (None, _) => counterseal::Guard::new(inner.clone()),
                (Some(clock), None) => guard_with_clock(inner.clone(), clock),
                (Some(clock), Some(network)) => guard_with_network(inner.clone(), clock, network),
            };
            Ok(Guard {
                table: Table::new(inner.cache_capacity()),
                inner,
                forks: AtomicU64::new(FORKS.load(Ordering::Relaxed)),
                closed: AtomicBool::new(false),
                _live: Live::new(),
            })
        })
    }

    /// Verifies a token, `str` or `bytes`, bare or behind "Bearer ", and returns its `Identity`.
    ///
    /// Raises `TokenRejectedError` with the code of the first check that failed, and `UnavailableError`
    /// where nobody can decide now. Waits up to `fetch.wait` for keys that are on their way, unless this
    /// thread runs an event loop: then such a wait raises, and `verify_async` is the way. `now` (seconds
    /// or an aware datetime) judges the claims at another time, past the cache.
    ///
    /// >>> from counterseal.testing import issuer
    /// >>> idp = issuer()
    /// >>> guard = idp.guard()
    /// >>> guard.verify("Bearer " + idp.token(sub="alice")).subject
    /// 'alice'
    /// >>> guard.verify(idp.wrong_audience())
    /// Traceback (most recent call last):
    ///     ...
    /// counterseal.errors.TokenRejectedError: aud_mismatch: the token is not for this service …
    #[pyo3(signature = (token, now=None))]
    fn verify<'py>(
        slf: &Bound<'py, Self>,
        token: &Bound<'py, PyAny>,
        now: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        guarded(py, || match slf.get().answer(py, token, time::argument(now)?)? {
            Ok(Answered::Verified(identity)) => Ok(identity.into_any()),
            Ok(Answered::Pending(flight)) => settle(slf, token, now, flight, py.None().into_bound(py)),
            Err(error) => Err(error::exception(py, &error)),
        })
    }

    /// As `verify`, but returns an `Outcome` instead of raising, and never waits: keys that are not there
    /// yet are an outage.
    #[pyo3(signature = (token, now=None))]
    fn try_verify<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
        now: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, Outcome>> {
        guarded(py, || {
            let verified = match self.answer(py, token, time::argument(now)?)? {
                Ok(Answered::Verified(identity)) => Ok(identity),
                Ok(Answered::Pending(flight)) => Err(self.inner.keys_unavailable(Some(flight))),
                Err(error) => Err(error),
            };
            Outcome::new(py, verified)
        })
    }

    /// Verifies many tokens at one reading of the clock and returns an `Outcome` for each, in order. Waits
    /// once for all of them. The GIL is let go of once: other threads run meanwhile.
    ///
    /// >>> from counterseal.testing import issuer
    /// >>> idp = issuer()
    /// >>> outcomes = idp.guard().verify_many([idp.token(sub="alice"), idp.tampered()])
    /// >>> [outcome.error.code if outcome.error else outcome.identity.subject for outcome in outcomes]
    /// ['alice', 'signature_invalid']
    #[pyo3(signature = (tokens, now=None))]
    fn verify_many<'py>(
        slf: &Bound<'py, Self>,
        tokens: &Bound<'py, PyAny>,
        now: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Vec<Bound<'py, Outcome>>> {
        let py = slf.py();
        guarded(py, || {
            let guard = slf.get();
            let inner = guard.open(py)?;
            let time = time::argument(now)?;
            let tokens = list(tokens)?;
            let bytes = tokens.iter().map(token::bytes).collect::<PyResult<Vec<_>>>()?;
            let answers = detached(py, || inner.answer_many(&bytes, time));
            let deadline = py.None().into_bound(py).into_any();
            let mut settling = Settling { guard: slf, now, deadline };
            let each = tokens.iter().zip(&bytes).zip(answers);
            each.map(|((token, bytes), answer)| settling.outcome(token, bytes, answer)).collect()
        })
    }

    /// The same verification as a `Report` of every check, for people. It costs several times as much and
    /// changes nothing.
    ///
    /// >>> from counterseal.testing import issuer
    /// >>> idp = issuer()
    /// >>> report = idp.guard().explain(idp.expired())
    /// >>> report.verdict, report.code, report.checks[-1].rule
    /// ('rejected', 'token_expired', 'CLM-08')
    #[pyo3(signature = (token, now=None))]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
        now: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || {
            let (inner, bytes, now) = (self.open(py)?, token::bytes(token)?, time::argument(now)?);
            let explained = detached(py, || match now {
                None => inner.explain(&bytes),
                Some(time) => Ok(inner.explain_at(&bytes, time)),
            });
            report::to_python(py, &explained.map_err(|error| error::exception(py, &error))?)
        })
    }

    /// How the guard is doing, as plain values: the policy in force and its reloads, each issuer with its
    /// keys and what became of its tokens, the cache, and `alarms`, which is empty when all is well.
    ///
    /// >>> from counterseal.testing import issuer
    /// >>> idp = issuer()
    /// >>> guard = idp.guard()
    /// >>> guard.try_verify(idp.expired()).error.code
    /// 'token_expired'
    /// >>> guard.status()["issuers"][0]["decisions"]["refused"]
    /// [{'code': 'token_expired', 'enforced': True, 'count': 1}]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        guarded(py, || value::data(py, &self.open(py)?.status()))
    }

    /// The numbers of `status` as Prometheus text.
    fn metrics(&self, py: Python<'_>) -> PyResult<String> {
        guarded(py, || {
            let inner = self.open(py)?;
            Ok(detached(py, || inner.metrics()))
        })
    }

    /// What `ready` would wait for: a Flight, or None.
    fn _readiness(&self, py: Python<'_>) -> PyResult<Option<Flight>> {
        guarded(py, || {
            let inner = self.open(py)?;
            let awaited = detached(py, || inner.readiness()).map_err(|error| error::exception(py, &error))?;
            Ok(awaited.map(|inner| Flight { inner }))
        })
    }

    /// Reads the policy file again and swaps the whole policy at once. Raises `PolicyError` where the new
    /// one has mistakes; the old one stays then.
    fn reload(&self, py: Python<'_>) -> PyResult<()> {
        guarded(py, || {
            let inner = self.open(py)?;
            detached(py, || inner.reload()).map_err(|error| error::exception(py, &error))
        })
    }

    /// Puts another policy in place of this one, for `counterseal.testing.replace`.
    fn _replace(&self, py: Python<'_>, policy: &Bound<'_, Policy>) -> PyResult<()> {
        guarded(py, || {
            let (inner, policy) = (self.open(py)?, policy.get().inner.clone());
            detached(py, || inner.replace(policy));
            Ok(())
        })
    }

    /// Refuses every later call with `MisuseError`, and so ends every wait. Verifications under way end as
    /// they would; identities stay valid objects.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        guarded(py, || {
            self.closed.store(true, Ordering::Release);
            self.table.clear();
            self.inner.end_watches();
            Ok(())
        })
    }

    /// `verify` without waiting: an Identity, or the Flight to be waited for.
    #[pyo3(signature = (token, now=None))]
    fn _answer<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
        now: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || match self.answer(py, token, time::argument(now)?)? {
            Ok(Answered::Verified(identity)) => Ok(identity.into_any()),
            Ok(Answered::Pending(inner)) => Ok(Bound::new(py, Flight { inner })?.into_any()),
            Err(error) => Err(error::exception(py, &error)),
        })
    }

    /// Waits, without the GIL, until the flight is over (True) or the time is (False). Ctrl-C ends it.
    fn _wait(&self, py: Python<'_>, flight: &Flight, seconds: f64) -> PyResult<bool> {
        guarded(py, || {
            let inner = self.open(py)?;
            let deadline = Instant::now().checked_add(duration(py, seconds)?);
            let completions = counterseal::Completions::new();
            inner.watch(flight.inner, 0, &completions).map_err(|error| error::exception(py, &error))?;
            loop {
                let left =
                    deadline.map_or(SLICE, |deadline| deadline.saturating_duration_since(Instant::now()));
                let landed = detached(py, || completions.next(&mut [0], Some(left.min(SLICE)))) != 0;
                if landed || left.is_zero() {
                    inner.unwatch(0, &completions);
                    return Ok(landed);
                }
                py.check_signals().inspect_err(|_| inner.unwatch(0, &completions))?;
            }
        })
    }

    /// Puts the ticket into the queue once the flight is over.
    fn _watch(
        &self,
        py: Python<'_>,
        flight: &Flight,
        ticket: u64,
        completions: &Completions,
    ) -> PyResult<()> {
        guarded(py, || {
            let watched = self.open(py)?.watch(flight.inner, ticket, &completions.inner);
            watched.map_err(|error| error::exception(py, &error))
        })
    }

    /// Forgets the ticket.
    fn _unwatch(&self, py: Python<'_>, ticket: u64, completions: &Completions) -> PyResult<()> {
        guarded(py, || {
            self.inner.unwatch(ticket, &completions.inner);
            Ok(())
        })
    }

    /// Seconds that a caller may wait for keys in all (`fetch.wait`).
    #[getter]
    fn _wait_seconds(&self, py: Python<'_>) -> PyResult<f64> {
        guarded(py, || Ok(self.open(py)?.wait().as_secs_f64()))
    }

    /// The `UnavailableError` for a caller who has waited long enough.
    fn _keys_unavailable(&self, py: Python<'_>, flight: &Flight) -> PyResult<Py<PyAny>> {
        guarded(py, || {
            let outage = self.inner.keys_unavailable(Some(flight.inner));
            Ok(error::exception(py, &outage).into_value(py).into_any())
        })
    }
}

impl Guard {
    /// The runtime's guard, unless this one is closed. The first call in a child process gives it locks of
    /// its own.
    #[inline]
    pub(crate) fn open(&self, py: Python<'_>) -> PyResult<&counterseal::Guard> {
        if self.closed.load(Ordering::Acquire) {
            return Err(error::misuse(py, Code::MisuseClosed, "the guard is closed"));
        }
        let forks = FORKS.load(Ordering::Relaxed);
        if self.forks.load(Ordering::Relaxed) != forks {
            self.renew(forks);
        }
        Ok(&self.inner)
    }

    /// The GIL is held from before the comparison until after this: one thread does it.
    #[cold]
    fn renew(&self, forks: u64) {
        self.inner.after_fork();
        self.forks.store(forks, Ordering::Relaxed);
    }

    #[inline]
    fn answer<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
        now: Option<UnixTime>,
    ) -> PyResult<Result<Answered<'py>, Error>> {
        let inner = self.open(py)?;
        let bytes = token::bytes(token)?;
        self.answered(py, &bytes, inner.answer_outside(&bytes, now, Detached(py)))
    }

    /// The Python object for an answer: the same for the same proof.
    #[inline]
    fn answered<'py>(
        &self,
        py: Python<'py>,
        token: &[u8],
        answer: Result<Answer, Error>,
    ) -> PyResult<Result<Answered<'py>, Error>> {
        match answer {
            Ok(Answer::Known(id)) => match self.table.get(py, id) {
                Some(identity) => Ok(Ok(Answered::Verified(identity))),
                None => self.rebuilt(py, token),
            },
            Ok(Answer::Verified(proof)) => self.remember(py, proof).map(Ok),
            Ok(Answer::Pending(flight)) => Ok(Ok(Answered::Pending(flight))),
            Err(error) => Ok(Err(error)),
        }
    }

    /// The table lost the object of a token that the core still knows.
    #[cold]
    fn rebuilt<'py>(&self, py: Python<'py>, token: &[u8]) -> PyResult<Result<Answered<'py>, Error>> {
        match self.inner.try_verify(token) {
            Ok(proof) => self.remember(py, proof).map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    fn remember<'py>(&self, py: Python<'py>, proof: counterseal::Identity) -> PyResult<Answered<'py>> {
        let identity = Identity::new(py, proof)?;
        self.table.put(&identity);
        Ok(Answered::Verified(identity))
    }
}

/// The answers of a batch as outcomes; those that wait share one deadline.
struct Settling<'a, 'py> {
    guard: &'a Bound<'py, Guard>,
    now: Option<&'a Bound<'py, PyAny>>,
    deadline: Bound<'py, PyAny>,
}

impl<'py> Settling<'_, 'py> {
    fn outcome(
        &mut self,
        token: &Bound<'py, PyAny>,
        bytes: &[u8],
        answer: Result<Answer, Error>,
    ) -> PyResult<Bound<'py, Outcome>> {
        let py = self.guard.py();
        match self.guard.get().answered(py, bytes, answer)? {
            Ok(Answered::Verified(identity)) => Outcome::new(py, Ok(identity)),
            Err(error) => Outcome::new(py, Err(error)),
            Ok(Answered::Pending(flight)) => {
                if self.deadline.is_none() {
                    let deadline = completions(py)?.getattr(intern!(py, "deadline"))?;
                    self.deadline = deadline.call1((self.guard,))?;
                }
                Outcome::of(py, settle(self.guard, token, self.now, flight, self.deadline.clone()))
            }
        }
    }
}

/// Waits for keys in the way that suits this thread; `counterseal/_completions.py` knows it.
#[cold]
fn settle<'py>(
    guard: &Bound<'py, Guard>,
    token: &Bound<'py, PyAny>,
    now: Option<&Bound<'py, PyAny>>,
    flight: counterseal::Flight,
    deadline: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = guard.py();
    let flight = Bound::new(py, Flight { inner: flight })?;
    completions(py)?.getattr(intern!(py, "settle"))?.call1((guard, token, now, flight, deadline))
}

fn completions<'py>(py: Python<'py>) -> PyResult<&'py Bound<'py, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    Ok(MODULE.get_or_try_init(py, || py.import("counterseal._completions").map(Bound::unbind))?.bind(py))
}

/// The elements of an iterable of tokens. One token is no list of tokens, although it can be iterated.
fn list<'py>(tokens: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let wrong = || wrong(tokens.py(), "tokens is an iterable of str or bytes");
    if tokens.is_instance_of::<PyString>() || tokens.is_instance_of::<PyBytes>() {
        return Err(wrong());
    }
    tokens.try_iter().map_err(|_| wrong())?.collect()
}
