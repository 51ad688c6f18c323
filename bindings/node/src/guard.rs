//! The guard of one environment: the hot calls are in `answer.rs`, and the rest is here.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use counterseal::testing::{guard_with_clock, guard_with_network};
use counterseal::{Answer, Code, Flight, UnixTime};
use napi::bindgen_prelude::{Array, FromNapiValue, JsValue, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use crate::answer::{self, Told};
use crate::completions::Completions;
use crate::error::{self, coded, thrown};
use crate::panic::guarded;
use crate::policy::Policy;
use crate::token;

/// What the functions of a guard share. One thread uses it: that of its environment.
pub(crate) struct Shared {
    /// None once it is closed.
    guard: RefCell<Option<counterseal::Guard>>,
    /// The keys that the last answer waits for.
    pub(crate) pending: Cell<Option<Flight>>,
    /// The text of the last answer; kept for its memory.
    pub(crate) text: RefCell<Vec<u8>>,
}

impl Shared {
    /// Calls the runtime's guard, unless it is closed.
    #[inline]
    pub(crate) fn with<T>(
        &self,
        call: impl FnOnce(&counterseal::Guard) -> T,
    ) -> std::result::Result<T, Code> {
        match &*self.guard.borrow() {
            Some(guard) => Ok(call(guard)),
            None => Err(Code::MisuseClosed),
        }
    }

    /// Writes the text of an answer.
    pub(crate) fn write(&self, write: impl FnOnce(&mut Vec<u8>)) -> Told {
        let mut text = self.text.borrow_mut();
        text.clear();
        write(&mut text);
        Told::Text
    }
}

/// What `counterseal.Guard` is made of.
#[napi]
pub struct Guard {
    shared: Rc<Shared>,
}

#[napi]
impl Guard {
    /// A guard for a policy.
    #[napi(constructor)]
    pub fn new(policy: &Policy) -> Result<Guard> {
        body(|| {
            let guard = match (&policy.clock, &policy.network) {
                (None, _) => counterseal::Guard::new(policy.inner.clone()),
                (Some(clock), None) => guard_with_clock(policy.inner.clone(), clock),
                (Some(clock), Some(network)) => guard_with_network(policy.inner.clone(), clock, network),
            };
            let text = RefCell::new(Vec::with_capacity(4096));
            let shared = Shared { guard: RefCell::new(Some(guard)), pending: Cell::new(None), text };
            Ok(Guard { shared: Rc::new(shared) })
        })
    }

    /// `[answer, recall]`
    #[napi]
    pub fn functions(&self, env: Env) -> Result<Vec<Unknown<'static>>> {
        body(|| {
            let functions = answer::functions(env.raw(), &self.shared).map_err(coded)?;
            // SAFETY: values of this call, which are returned from it.
            functions
                .map(|function| unsafe { Unknown::from_napi_value(env.raw(), function) })
                .into_iter()
                .collect()
        })
    }

    /// Answers for many tokens at one reading of the clock.
    #[napi]
    pub fn answer_many(&self, env: Env, tokens: Array, now: Option<f64>) -> Result<Vec<Unknown<'static>>> {
        body(|| {
            let now = time(now)?;
            let mut bytes = Vec::with_capacity(tokens.len() as usize);
            for at in 0..tokens.len() {
                let token: Unknown = tokens.get(at)?.ok_or_else(|| coded(Code::MisuseArgument))?;
                bytes.push(self.bytes(&env, &token)?);
            }
            let answers = self.shared.with(|guard| guard.answer_many(&bytes, now)).map_err(coded)?;
            let value = |answer| answer::value(env.raw(), &self.shared, answer::tell(&self.shared, answer));
            // SAFETY: values of this call, which are returned from it.
            answers
                .into_iter()
                .map(|answer| unsafe { Unknown::from_napi_value(env.raw(), value(answer)) })
                .collect()
        })
    }

    /// The report of every check, as JSON.
    #[napi]
    pub fn explain(&self, env: Env, token: Unknown, now: Option<f64>) -> Result<String> {
        body(|| {
            let (bytes, now) = (self.bytes(&env, &token)?, time(now)?);
            let explained = self.shared.with(|guard| match now {
                None => guard.explain(&bytes),
                Some(now) => Ok(guard.explain_at(&bytes, now)),
            });
            let report = explained.map_err(coded)?.map_err(|error| thrown(&error))?;
            Ok(serde_json::to_string(&report).unwrap_or_default())
        })
    }

    /// How it is doing, as JSON.
    #[napi]
    pub fn status(&self) -> Result<String> {
        body(|| {
            let status = self.open(counterseal::Guard::status)?;
            serde_json::to_string(&status).map_err(|_| coded(Code::Internal))
        })
    }

    /// The same as Prometheus text.
    #[napi]
    pub fn metrics(&self) -> Result<String> {
        body(|| self.open(counterseal::Guard::metrics))
    }

    /// Is there a key to be waited for? Then `watch` waits for it.
    #[napi]
    pub fn readiness(&self) -> Result<bool> {
        body(|| {
            let awaited = self.open(counterseal::Guard::readiness)?.map_err(|error| thrown(&error))?;
            self.shared.pending.set(awaited);
            Ok(awaited.is_some())
        })
    }

    /// Puts another policy in place of this one.
    #[napi]
    pub fn replace(&self, policy: &Policy) -> Result<()> {
        body(|| self.open(|guard| guard.replace(policy.inner.clone())))
    }

    /// Reads the policy file again.
    #[napi]
    pub fn reload(&self) -> Result<()> {
        body(|| self.shared.with(counterseal::Guard::reload).map_err(coded)?.map_err(|error| thrown(&error)))
    }

    /// Lets go of everything.
    #[napi]
    pub fn close(&self) -> Result<()> {
        body(|| {
            drop(self.shared.guard.take());
            Ok(())
        })
    }

    /// Puts the ticket into the queue once the keys are there, or not to be had, that the last answer waits for.
    #[napi]
    pub fn watch(&self, ticket: f64, completions: &Completions) -> Result<()> {
        body(|| {
            let flight = self.shared.pending.take().ok_or_else(|| coded(Code::MisuseClosed))?;
            let watched = self.shared.with(|guard| guard.watch(flight, ticket as u64, &completions.queue()));
            watched.map_err(coded)?.map_err(|error| thrown(&error))
        })
    }

    /// Forgets the ticket.
    #[napi]
    pub fn unwatch(&self, ticket: f64, completions: &Completions) -> Result<()> {
        body(|| {
            // A guard that is closed has forgotten all of them.
            let _ = self.shared.with(|guard| guard.unwatch(ticket as u64, &completions.queue()));
            Ok(())
        })
    }

    /// Milliseconds that a caller may wait for keys in all (`fetch.wait`).
    #[napi]
    pub fn wait(&self) -> Result<f64> {
        body(|| Ok(self.open(counterseal::Guard::wait)?.as_secs_f64() * 1000.0))
    }

    /// The outage for the keys that the last answer waits for, as text.
    #[napi]
    pub fn keys_unavailable(&self) -> Result<String> {
        body(|| {
            let flight = self.shared.pending.take();
            Ok(error::text(&self.open(|guard| guard.keys_unavailable(flight))?))
        })
    }

    /// Is it not closed?
    #[napi]
    pub fn is_open(&self) -> bool {
        self.shared.guard.borrow().is_some()
    }

    /// For tests: does a token wait for keys?
    #[napi]
    pub fn is_pending(&self, token: String) -> Result<bool> {
        body(|| {
            Ok(matches!(self.open(|guard| guard.answer(token.as_bytes(), None))?, Ok(Answer::Pending(_))))
        })
    }

    /// How many tokens the cache holds at most (`cache.entries`).
    #[napi]
    pub fn cache_capacity(&self) -> Result<f64> {
        body(|| Ok(self.open(counterseal::Guard::cache_capacity)? as f64))
    }
}

impl Guard {
    /// Calls the runtime's guard.
    pub(crate) fn open<T>(&self, call: impl FnOnce(&counterseal::Guard) -> T) -> Result<T> {
        self.shared.with(call).map_err(coded)
    }

    fn bytes(&self, env: &Env, token: &Unknown) -> Result<zeroize::Zeroizing<Vec<u8>>> {
        token::with(env.raw(), token.raw(), |bytes| bytes.to_vec().into()).map_err(coded)
    }
}

/// Runs a body that may throw.
pub(crate) fn body<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    guarded(body).unwrap_or_else(|code| Err(coded(code)))
}

/// A time from outside.
pub(crate) fn time(now: Option<f64>) -> Result<Option<UnixTime>> {
    now.map(UnixTime::from_fractional_seconds).transpose().map_err(coded)
}
