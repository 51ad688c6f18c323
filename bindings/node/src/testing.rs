//! The issuer of `node/lib/testing.cjs`.

use counterseal::testing::{
    self, Issuer as Inner, Network as TestNetwork, Oddity, Reply, Request, TestClock,
};
use counterseal::{Algorithm, Code, Profile, UnixTime};
use napi::Result;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::error::{coded, thrown};
use crate::guard::{Guard, body};
use crate::policy::Policy;

/// What `counterseal.testing.Issuer` is made of.
#[napi]
pub struct Issuer {
    inner: Inner,
}

#[napi]
impl Issuer {
    /// An issuer with a fresh key.
    #[napi(constructor)]
    pub fn new(
        algorithm: String,
        issuer: Option<String>,
        audience: Option<String>,
        client_id: Option<String>,
    ) -> Result<Issuer> {
        body(|| {
            let algorithm = Algorithm::from_name(&algorithm).ok_or_else(|| coded(Code::MisuseArgument))?;
            let made = Inner::with_algorithm(algorithm).map_err(|error| thrown(&error))?;
            let named = issuer.into_iter().fold(made, Inner::named);
            let for_audience = audience.into_iter().fold(named, Inner::for_audience);
            Ok(Issuer { inner: client_id.into_iter().fold(for_audience, Inner::for_client) })
        })
    }

    /// `[issuer, audience, clientId, algorithm]`
    #[napi]
    pub fn names(&self) -> Vec<String> {
        let inner = &self.inner;
        [inner.issuer(), inner.audience(), inner.client_id(), inner.algorithm().name()]
            .map(str::to_owned)
            .to_vec()
    }

    /// The `kid` of the key that signs.
    #[napi]
    pub fn kid(&self) -> Result<String> {
        body(|| told(self.inner.kid()))
    }

    /// A token by its profile, with JSON objects of claims and header members, claims to leave out, and what
    /// is wrong with it.
    #[napi]
    pub fn issue(
        &self,
        profile: String,
        claims: String,
        remove: Vec<String>,
        header: String,
        oddity: Option<String>,
    ) -> Result<String> {
        body(|| {
            let remove: Vec<&str> = remove.iter().map(String::as_str).collect();
            let oddity = match oddity {
                None => None,
                Some(name) => Some(Oddity::from_name(&name).ok_or_else(|| coded(Code::MisuseArgument))?),
            };
            let profile = named(&profile)?;
            let request = Request { profile, claims: &claims, remove: &remove, header: &header, oddity };
            told(self.inner.issue(&request))
        })
    }

    /// Any payload under any header, signed.
    #[napi]
    pub fn sign(&self, header: Uint8Array, payload: Uint8Array) -> Result<String> {
        body(|| told(self.inner.sign(&header, &payload)))
    }

    /// The JWK Set as JSON.
    #[napi]
    pub fn jwks(&self) -> Result<String> {
        body(|| told(self.inner.jwks()))
    }

    /// Signs with a new key from now on.
    #[napi]
    pub fn rotate(&self) -> Result<String> {
        body(|| told(self.inner.rotate()))
    }

    /// Only the newest key stays.
    #[napi]
    pub fn retire(&self) -> Result<()> {
        body(|| {
            self.inner.retire();
            Ok(())
        })
    }

    /// The text of a policy that trusts it.
    #[napi]
    pub fn policy_text(&self, profile: String) -> Result<String> {
        body(|| told(self.inner.policy_text(named(&profile)?)))
    }

    /// A policy that trusts it. With `handed_in`, keys arrive by `publish` and the clock is the issuer's.
    #[napi]
    pub fn policy(&self, profile: String, more: String, handed_in: bool) -> Result<Policy> {
        body(|| {
            let profile = named(&profile)?;
            let inner = match handed_in {
                true => self.inner.pending_policy_for(profile, &more),
                false => self.inner.policy_for(profile, &more),
            };
            let clock = handed_in.then(|| self.inner.clock().clone());
            Ok(Policy { inner: told(inner)?, clock, network: None })
        })
    }

    /// Hands the keys to a guard.
    #[napi]
    pub fn publish(&self, guard: &Guard) -> Result<()> {
        body(|| told(guard.open(|guard| self.inner.publish(guard))?))
    }

    /// Tells a guard that the keys cannot be had.
    #[napi]
    pub fn fail(&self, guard: &Guard) -> Result<()> {
        body(|| told(guard.open(|guard| self.inner.fail(guard))?))
    }

    /// The clock that dates its tokens.
    #[napi]
    pub fn clock(&self) -> Result<Clock> {
        body(|| Ok(Clock { inner: self.inner.clock().clone() }))
    }
}

/// What `counterseal.testing.Clock` is made of.
#[napi]
pub struct Clock {
    pub(crate) inner: TestClock,
}

#[napi]
impl Clock {
    /// Stands at so many seconds since 1970.
    #[napi(constructor)]
    pub fn new(now: f64) -> Result<Clock> {
        body(|| Ok(Clock { inner: TestClock::at(UnixTime::from_fractional_seconds(now).map_err(coded)?) }))
    }

    /// What it shows.
    #[napi]
    pub fn now(&self) -> Result<f64> {
        body(|| Ok(self.inner.now().as_millis() as f64 / 1000.0))
    }

    /// Shows another time.
    #[napi]
    pub fn set(&self, now: f64) -> Result<()> {
        body(|| {
            self.inner.set(UnixTime::from_fractional_seconds(now).map_err(coded)?);
            Ok(())
        })
    }
}

/// What `counterseal.testing.Network` is made of.
#[napi]
pub struct Network {
    pub(crate) inner: TestNetwork,
}

#[napi]
impl Network {
    /// Where no host is found.
    #[napi(constructor)]
    #[allow(clippy::new_without_default, reason = "JavaScript has no defaults")]
    pub fn new() -> Network {
        Network { inner: TestNetwork::new() }
    }

    /// What a URL answers: a description in JSON, and the body.
    #[napi]
    pub fn answer(&self, url: String, reply: String, bytes: Uint8Array) -> Result<()> {
        body(|| {
            self.inner.answer(&url, Reply::from_description(&reply, &bytes).map_err(coded)?);
            Ok(())
        })
    }

    /// The URLs that were asked for since the last time.
    #[napi]
    pub fn requests(&self) -> Result<Vec<String>> {
        body(|| Ok(self.inner.requests()))
    }
}

/// Fetches what a guard would fetch now by itself.
#[napi]
pub fn fetch_due(guard: &Guard) -> Result<()> {
    body(|| guard.open(testing::fetch_due))
}

/// Hands keys to an entry of the policy, or tells that they cannot be had.
#[napi]
pub fn answer_keys(guard: &Guard, issuer: String, jwks: Option<Uint8Array>) -> Result<()> {
    body(|| {
        let answered = guard.open(|guard| testing::answer_keys(guard, &issuer, jwks.as_deref()))?;
        answered.map_err(coded)
    })
}

fn named(profile: &str) -> Result<Profile> {
    Profile::from_name(profile).ok_or_else(|| coded(Code::MisuseArgument))
}

fn told<T>(result: std::result::Result<T, counterseal::Error>) -> Result<T> {
    result.map_err(|error| thrown(&error))
}

/// For benchmarks: verifies these tokens so often, in Rust alone.
#[napi]
pub fn verify_all(guard: &Guard, tokens: Vec<String>, rounds: u32) -> Result<()> {
    body(|| {
        let verified = guard.open(|guard| {
            let mut tokens = (0..rounds).flat_map(|_| &tokens);
            tokens.try_for_each(|token| guard.verify(token).map(|proof| drop(std::hint::black_box(proof))))
        });
        told(verified?)
    })
}
