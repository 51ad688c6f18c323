//! A network without sockets: what each URL answers is what a test says.

use std::collections::HashMap;
use std::fmt;
use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use counterseal_core::error::Code;
use counterseal_core::keys::answer::Head;
use counterseal_core::keys::fetch::{FetchFault, Request};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::fetch::hops::{self, Answer, Carrier};

/// A network for tests: what is behind each URL, and what was asked for.
///
/// Everything but the sockets is real: redirects, media types, sizes, addresses and credentials are judged as they
/// are of a server. A guard with such a network ([`guard_with_network`](super::guard_with_network)) begins no thread:
/// what is due is fetched by [`fetch_due`](super::fetch_due), or, where the policy says `mode = "inline"`, by the call
/// that needs it. A call that waits for keys (`verify`) waits for another thread to call it; `try_verify` does not wait.
///
/// ```
/// use counterseal::testing::{Issuer, Network, Reply, fetch_due, guard_with_network};
/// use counterseal::{Format, Policy};
///
/// let idp = Issuer::new()?.named("https://idp.example.com").for_audience("orders");
/// let policy = Policy::from_str(
///     r#"version = 1
///        [[issuer]]
///        issuer = "https://idp.example.com"
///        profile = "access_token"
///        audience = "orders"
///        algorithms = ["ES256"]
///        keys = { jwks_uri = "https://idp.example.com/jwks" }"#,
///     Format::Toml, None, None,
/// )?;
/// let network = Network::new();
/// network.answer("https://idp.example.com/jwks", Reply::json(idp.jwks()?));
/// let guard = guard_with_network(policy, idp.clock(), &network);
///
/// assert!(guard.try_verify(idp.token().sign()?).is_err()); // it waits for keys: 503
/// fetch_due(&guard);
/// assert!(guard.try_verify(idp.token().sign()?).is_ok());
/// assert_eq!(network.requests(), ["https://idp.example.com/jwks"]);
/// # Ok::<(), counterseal::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Network {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    replies: HashMap<String, Reply>,
    asked: Vec<String>,
}

/// What a URL answers.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(Box<str>, Vec<u8>)>,
    body: Arc<[u8]>,
    address: Option<IpAddr>,
    bearer: Option<Box<str>>,
    fault: Option<Fault>,
}

/// What can go wrong before there is an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing comes within `timeout`.
    Timeout,
    /// No connection within `connect_timeout`.
    ConnectTimeout,
    /// The host has no address.
    HostNotFound,
    /// Nobody listens.
    Refused,
    /// The connection breaks.
    Reset,
    /// It ends before the answer does.
    Closed,
    /// The server's certificate is not one to believe.
    Certificate,
}

impl Fault {
    const ALL: [(Fault, &'static str, &'static str); 7] = [
        (Fault::Timeout, "timeout", "timeout"),
        (Fault::ConnectTimeout, "connect_timeout", "timeout while connecting"),
        (Fault::HostNotFound, "host_not_found", "host not found"),
        (Fault::Refused, "refused", "connection refused"),
        (Fault::Reset, "reset", "connection reset"),
        (Fault::Closed, "closed", "connection closed too early"),
        (Fault::Certificate, "certificate", "tls: invalid certificate"),
    ];

    /// By its name, such as `host_not_found`.
    pub fn from_name(name: &str) -> Option<Fault> {
        Fault::ALL.iter().find(|(_, known, _)| *known == name).map(|(fault, ..)| *fault)
    }

    fn detail(self) -> &'static str {
        Fault::ALL
            .iter()
            .find(|(fault, ..)| *fault == self)
            .map_or("connection failed", |(.., detail)| detail)
    }
}

impl From<Fault> for Reply {
    fn from(fault: Fault) -> Reply {
        Reply { fault: Some(fault), ..Reply::json("") }
    }
}

impl Reply {
    /// Status 200 and the media type `application/json`, from a public address.
    pub fn json(body: impl Into<Vec<u8>>) -> Reply {
        let body = Arc::from(body.into());
        Reply { status: 200, headers: Vec::new(), body, address: None, bearer: None, fault: None }
    }

    /// Another status.
    #[must_use]
    pub fn status(self, status: u16) -> Reply {
        Reply { status, ..self }
    }

    /// One header more, such as Cache-Control. Content-Type takes the place of `application/json`.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_ascii_lowercase().into(), value.into()));
        self
    }

    fn head(&self) -> Head {
        let mut headers = self.headers.clone();
        if !headers.iter().any(|(name, _)| **name == *"content-type") {
            headers.push(("content-type".into(), b"application/json".to_vec()));
        }
        Head { status: self.status, headers }
    }

    /// The address that the host has by then. One that stands in the URL is what it is.
    #[must_use]
    pub fn address(self, address: IpAddr) -> Reply {
        Reply { address: Some(address), ..self }
    }

    /// The credential that it asks for: to others it answers 401, as it does without to those who bring one.
    #[must_use]
    pub fn bearer(self, credential: &str) -> Reply {
        Reply { bearer: Some(credential.into()), ..self }
    }

    /// From a description in JSON: `{"status": 200, "headers": [["Cache-Control", "no-store"]], "address": "10.0.0.1",
    /// "bearer": "…"}`, or `{"fault": "timeout"}`. Each member may be left out.
    ///
    /// # Errors
    /// [`Code::MisuseArgument`]
    pub fn from_description(description: &str, body: &[u8]) -> Result<Reply, Code> {
        let told: Description = serde_json::from_str(description).map_err(|_| Code::MisuseArgument)?;
        let mut reply = Reply::json(body);
        for (name, value) in &told.headers {
            reply = reply.header(name, value);
        }
        let address = told.address.map(|text| text.parse().map_err(|_| Code::MisuseArgument)).transpose()?;
        let fault = told.fault.map(|name| Fault::from_name(&name).ok_or(Code::MisuseArgument)).transpose()?;
        let bearer = told.bearer.map(String::into_boxed_str);
        Ok(Reply { status: told.status.unwrap_or(200), address, bearer, fault, ..reply })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    status: Option<u16>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    address: Option<String>,
    bearer: Option<String>,
    fault: Option<String>,
}

impl Network {
    /// A network where no host is found.
    pub fn new() -> Network {
        Network::default()
    }

    /// From now on this is what the URL answers: a [`Reply`], or a [`Fault`].
    pub fn answer(&self, url: &str, reply: impl Into<Reply>) {
        self.lock().replies.insert(url.to_owned(), reply.into());
    }

    /// The URLs that were asked for since the last time, in order.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().asked)
    }

    pub(super) fn at(&self) -> crate::driver::Network {
        let network = self.clone();
        crate::driver::Network::by_hand(move |request| hops::get(request, &network))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Carrier for Network {
    fn carry(
        &self,
        request: &Request,
        credential: Option<Zeroizing<String>>,
        _: Instant,
    ) -> Result<Answer, FetchFault> {
        let url = &request.url;
        let reply = {
            let mut state = self.lock();
            state.asked.push(url.to_string());
            state.replies.get(url.as_str()).cloned()
        };
        let reply = reply.unwrap_or_else(|| Reply::from(Fault::HostNotFound));
        if reply.fault == Some(Fault::HostNotFound) {
            return Err(failed(Fault::HostNotFound));
        }
        // One in the URL was judged already.
        let usual = Ipv4Addr::from(if url.is_loopback() { [127, 0, 0, 1] } else { [1, 1, 1, 1] });
        if url.address().is_none() {
            request.may_connect(reply.address.unwrap_or(usual.into())).map_err(hops::blocked)?;
        }
        if let Some(fault) = reply.fault {
            return Err(failed(fault));
        }
        let mut head = reply.head();
        let asked = reply.bearer.map(|bearer| format!("Bearer {bearer}"));
        if asked.as_deref() != credential.as_deref().map(String::as_str) {
            head.status = 401;
        }
        Ok(Answer {
            head,
            length: None,
            body: Box::new(Cursor::new(reply.body)),
            fault: |_| failed(Fault::Closed),
        })
    }
}

fn failed(fault: Fault) -> FetchFault {
    FetchFault::new(Code::JwksFetchFailed, fault.detail())
}

impl fmt::Debug for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Network").field("urls", &self.lock().replies.len()).finish_non_exhaustive()
    }
}
