//! The issuer of `counterseal/testing.py`, and counts of live objects.

use std::hint::black_box;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicI64, Ordering};

use counterseal::testing::{
    self, Issuer as Inner, Network as TestNetwork, Oddity, Reply, Request, TestClock,
};
use counterseal::{Algorithm, Profile, UnixTime};
use pyo3::prelude::*;

use crate::guard::Guard;
use crate::identity::Identity;
use crate::panic::{detached, guarded};
use crate::policy::{Policy, path_argument, text_argument, wrong};
use crate::{error, time, token};

/// What `counterseal.testing.Issuer` is made of.
#[pyclass(frozen, subclass, module = "counterseal._counterseal")]
pub(crate) struct Issuer {
    inner: Inner,
}

#[pymethods]
impl Issuer {
    #[new]
    #[pyo3(signature = (algorithm, issuer=None, audience=None, client_id=None))]
    fn new(
        py: Python<'_>,
        algorithm: &str,
        issuer: Option<String>,
        audience: Option<String>,
        client_id: Option<String>,
    ) -> PyResult<Issuer> {
        guarded(py, || {
            let algorithm =
                Algorithm::from_name(algorithm).ok_or_else(|| wrong(py, "algorithm is one of JWS"))?;
            let made = raised(py, detached(py, || Inner::with_algorithm(algorithm)))?;
            let named = issuer.into_iter().fold(made, Inner::named);
            let for_audience = audience.into_iter().fold(named, Inner::for_audience);
            Ok(Issuer { inner: client_id.into_iter().fold(for_audience, Inner::for_client) })
        })
    }

    /// The `iss` of its tokens.
    #[getter]
    fn issuer(&self) -> &str {
        self.inner.issuer()
    }

    /// The audience of its access tokens.
    #[getter]
    fn audience(&self) -> &str {
        self.inner.audience()
    }

    /// The client that its tokens are issued to.
    #[getter]
    fn client_id(&self) -> &str {
        self.inner.client_id()
    }

    /// The algorithm of its keys.
    #[getter]
    fn algorithm(&self) -> &str {
        self.inner.algorithm().name()
    }

    /// The clock that dates its tokens and that its guards go by. Move it to make time pass.
    #[getter]
    fn clock(&self) -> Clock {
        Clock { inner: self.inner.clock().clone() }
    }

    /// The `kid` of the key that signs.
    #[getter]
    fn kid(&self, py: Python<'_>) -> PyResult<String> {
        guarded(py, || raised(py, self.inner.kid()))
    }

    /// A token by its profile, with JSON objects of claims and header members, claims to leave out, and
    /// what is wrong with it.
    fn _issue(
        &self,
        py: Python<'_>,
        profile: &str,
        claims: &str,
        remove: Vec<String>,
        header: &str,
        oddity: Option<&str>,
    ) -> PyResult<String> {
        guarded(py, || {
            let remove: Vec<&str> = remove.iter().map(String::as_str).collect();
            let oddity = match oddity {
                None => None,
                Some(name) => Some(Oddity::from_name(name).ok_or_else(|| wrong(py, "no such oddity"))?),
            };
            let request = Request { profile: named(py, profile)?, claims, remove: &remove, header, oddity };
            raised(py, self.inner.issue(&request))
        })
    }

    /// Any payload under any header, signed.
    fn _sign(&self, py: Python<'_>, header: &[u8], payload: &[u8]) -> PyResult<String> {
        guarded(py, || raised(py, self.inner.sign(header, payload)))
    }

    /// The JWK Set as JSON.
    fn _jwks(&self, py: Python<'_>) -> PyResult<String> {
        guarded(py, || raised(py, self.inner.jwks()))
    }

    fn _rotate(&self, py: Python<'_>) -> PyResult<String> {
        guarded(py, || raised(py, self.inner.rotate()))
    }

    fn _retire(&self, py: Python<'_>) -> PyResult<()> {
        guarded(py, || {
            self.inner.retire();
            Ok(())
        })
    }

    /// The text of a policy that trusts it.
    fn _policy_text(&self, py: Python<'_>, profile: &str) -> PyResult<String> {
        guarded(py, || raised(py, self.inner.policy_text(named(py, profile)?)))
    }

    /// A policy that trusts it. With `handed_in`, keys arrive by `_publish` and the clock is the issuer's.
    fn _policy(&self, py: Python<'_>, profile: &str, more: &str, handed_in: bool) -> PyResult<Policy> {
        guarded(py, || {
            let profile = named(py, profile)?;
            let inner = match handed_in {
                true => self.inner.pending_policy_for(profile, more),
                false => self.inner.policy_for(profile, more),
            };
            let clock = handed_in.then(|| self.inner.clock().clone());
            Ok(Policy { inner: raised(py, inner)?, clock, network: None })
        })
    }

    fn _publish(&self, py: Python<'_>, guard: &Bound<'_, Guard>) -> PyResult<()> {
        guarded(py, || {
            let inner = guard.get().open(py)?;
            raised(py, detached(py, || self.inner.publish(inner)))
        })
    }

    fn _fail(&self, py: Python<'_>, guard: &Bound<'_, Guard>) -> PyResult<()> {
        guarded(py, || {
            let inner = guard.get().open(py)?;
            raised(py, detached(py, || self.inner.fail(inner)))
        })
    }

    /// For benchmarks: verifies so many times in the runtime alone, without Python.
    #[pyo3(signature = (guard, token, now, rounds))]
    fn _verify_in_rust(
        &self,
        py: Python<'_>,
        guard: &Bound<'_, Guard>,
        token: &Bound<'_, PyAny>,
        now: Option<&Bound<'_, PyAny>>,
        rounds: usize,
    ) -> PyResult<()> {
        guarded(py, || {
            let (inner, bytes, now) = (guard.get().open(py)?, token::bytes(token)?, time::argument(now)?);
            for _ in 0..rounds {
                let verified = match now {
                    None => inner.verify(black_box(&bytes)),
                    Some(now) => inner.verify_at(black_box(&bytes), now),
                };
                drop(black_box(verified));
            }
            Ok(())
        })
    }
}

/// A clock that stands until it is moved, at `now`: seconds since 1970, or an aware datetime. Every issuer
/// has one, which dates its tokens and which its guards go by; `guard` builds others that go by it.
///
/// >>> from counterseal.testing import Clock
/// >>> clock = Clock(1_800_000_000)
/// >>> clock.advance(0.5)
/// >>> clock.now()
/// 1800000000.5
#[pyclass(frozen, module = "counterseal.testing")]
pub(crate) struct Clock {
    pub(crate) inner: TestClock,
}

#[pymethods]
impl Clock {
    #[new]
    fn new(py: Python<'_>, now: &Bound<'_, PyAny>) -> PyResult<Clock> {
        guarded(py, || Ok(Clock { inner: TestClock::at(time::given(now)?) }))
    }

    /// Seconds since 1970.
    fn now(&self, py: Python<'_>) -> PyResult<f64> {
        guarded(py, || Ok(self.seconds()))
    }

    /// Shows that time: seconds since 1970, or an aware datetime.
    fn set(&self, py: Python<'_>, now: &Bound<'_, PyAny>) -> PyResult<()> {
        guarded(py, || {
            self.inner.set(time::given(now)?);
            Ok(())
        })
    }

    /// Moves it on, or back.
    fn advance(&self, py: Python<'_>, seconds: f64) -> PyResult<()> {
        guarded(py, || {
            let moved = UnixTime::from_fractional_seconds(self.seconds() + seconds);
            self.inner.set(moved.map_err(|code| error::misuse(py, code, ""))?);
            Ok(())
        })
    }
}

impl Clock {
    fn seconds(&self) -> f64 {
        self.inner.now().as_millis() as f64 / 1000.0
    }
}

/// What `counterseal.testing.Network` is made of.
#[pyclass(frozen, subclass, module = "counterseal._counterseal")]
pub(crate) struct Network {
    pub(crate) inner: TestNetwork,
}

#[pymethods]
impl Network {
    #[new]
    fn new() -> Network {
        Network { inner: TestNetwork::new() }
    }

    /// The URLs that guards asked for since the last time, in order.
    fn requests(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        guarded(py, || Ok(self.inner.requests()))
    }

    /// What a URL answers: a description in JSON, and the body.
    fn _answer(&self, py: Python<'_>, url: &Bound<'_, PyAny>, reply: &str, body: &[u8]) -> PyResult<()> {
        guarded(py, || {
            let url = text_argument("url", Some(url))?.unwrap_or_default();
            let reply = Reply::from_description(reply, body);
            self.inner.answer(&url, reply.map_err(|_| wrong(py, "nothing answers like that"))?);
            Ok(())
        })
    }
}

/// For `counterseal.testing.fetch_due`.
#[pyfunction(name = "_fetch_due")]
pub(crate) fn fetch_due(py: Python<'_>, guard: &Bound<'_, Guard>) -> PyResult<()> {
    guarded(py, || {
        let inner = guard.get().open(py)?;
        detached(py, || testing::fetch_due(inner));
        Ok(())
    })
}

/// For `counterseal.testing.load_policy`.
#[pyfunction(name = "_load_policy")]
pub(crate) fn load_policy(
    py: Python<'_>,
    path: &Bound<'_, PyAny>,
    service: Option<&Bound<'_, PyAny>>,
) -> PyResult<Policy> {
    guarded(py, || {
        let (path, service) = (path_argument("path", path)?, text_argument("service", service)?);
        Policy::read(py, detached(py, || testing::load_policy(path, service.as_deref())), true)
    })
}

/// For `counterseal.testing.answer_keys`.
#[pyfunction(name = "_answer_keys")]
pub(crate) fn answer_keys(
    py: Python<'_>,
    guard: &Bound<'_, Guard>,
    issuer: &Bound<'_, PyAny>,
    jwks: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    guarded(py, || {
        let inner = guard.get().open(py)?;
        let issuer = text_argument("issuer", Some(issuer))?.unwrap_or_default();
        let jwks = jwks.map(token::bytes).transpose().map_err(|_| wrong(py, "jwks is str, bytes or None"))?;
        let answered = detached(py, || testing::answer_keys(inner, &issuer, jwks.as_deref()));
        answered.map_err(|code| error::misuse(py, code, ""))
    })
}

fn named(py: Python<'_>, profile: &str) -> PyResult<Profile> {
    Profile::from_name(profile).ok_or_else(|| wrong(py, "no such profile"))
}

fn raised<T>(py: Python<'_>, result: Result<T, counterseal::Error>) -> PyResult<T> {
    result.map_err(|error| error::exception(py, &error))
}

/// Counts the live objects of a class.
pub(crate) struct Live<T: Counted>(PhantomData<fn() -> T>);

/// A class whose objects are counted.
pub(crate) trait Counted {
    const COUNT: &'static AtomicI64;
}

impl Counted for Guard {
    const COUNT: &'static AtomicI64 = {
        static GUARDS: AtomicI64 = AtomicI64::new(0);
        &GUARDS
    };
}

impl Counted for Identity {
    const COUNT: &'static AtomicI64 = {
        static IDENTITIES: AtomicI64 = AtomicI64::new(0);
        &IDENTITIES
    };
}

impl<T: Counted> Live<T> {
    pub(crate) fn new() -> Live<T> {
        T::COUNT.fetch_add(1, Ordering::Relaxed);
        Live(PhantomData)
    }
}

impl<T: Counted> Drop for Live<T> {
    fn drop(&mut self) {
        T::COUNT.fetch_sub(1, Ordering::Relaxed);
    }
}

/// For tests: how many guards and identities there are.
#[pyfunction(name = "_live_objects")]
pub(crate) fn live_objects() -> (i64, i64) {
    (Guard::COUNT.load(Ordering::Relaxed), Identity::COUNT.load(Ordering::Relaxed))
}
