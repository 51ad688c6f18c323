//! The fetching of one entry's keys, a step at a time, for whoever wants to know where it goes wrong.

use std::cell::RefCell;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use counterseal_core::keys::answer::Head;
use counterseal_core::keys::fetch::{FetchFault, Request, Response};
use counterseal_core::keys::url::Url;
use zeroize::Zeroizing;

use super::client::Client;
use super::handshake::{Handshake, shake};
use super::hops::{Answer, Carrier, get};
use super::resolver::addresses_of;
use super::{bearer, fault};

/// The network of this machine, as a guard uses it: the same client, limits, proxies and checks of addresses.
pub struct Steps {
    client: Client,
}

/// An address of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// What kind of address it is, where it may not be connected to (JKS-03). One such address of a host is
    /// enough for none to be asked.
    pub blocked: Option<&'static str>,
}

/// What came of getting a document.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Got {
    /// The answers on the way: redirects, and the last one.
    pub answers: Vec<Answered>,
    /// The document, or why it did not come.
    pub outcome: Result<Response, FetchFault>,
    /// How long it took.
    pub took: Duration,
}

/// The head of an answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answered {
    /// Where it came from.
    pub url: Url,
    /// The status and headers.
    pub head: Head,
    /// The length of its body, where the server says it.
    pub length: Option<u64>,
}

impl Default for Steps {
    fn default() -> Steps {
        Steps::new()
    }
}

impl Steps {
    /// With the proxies that the environment names now.
    pub fn new() -> Steps {
        Steps { client: Client::of_this_machine() }
    }

    /// The addresses of a request's host; the system's resolver takes the time that it takes.
    ///
    /// # Errors
    /// `jwks_fetch_failed` where the host is not known.
    pub fn addresses(&self, request: &Request) -> Result<Vec<Address>, FetchFault> {
        let judged = |address: IpAddr| Address { address, blocked: request.may_connect(address).err() };
        if let Some(address) = request.url.address() {
            return Ok(vec![judged(address)]);
        }
        let found = addresses_of(request.url.host(), request.url.port());
        let found: Vec<Address> = found.into_iter().flatten().map(|one| judged(one.ip())).collect();
        if found.is_empty() { Err(fault::failed("host not found")) } else { Ok(found) }
    }

    /// The proxy that leads to a URL: scheme, host and port, never its user or password.
    pub fn proxy(&self, url: &Url) -> Option<String> {
        let proxy = self.client.proxies.towards(url)?;
        let (scheme, rest) = proxy.split_once("://").unwrap_or(("http", proxy));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        Some(format!("{scheme}://{host}"))
    }

    /// Can the credential of a request be read (MTA-14)? It is forgotten at once.
    ///
    /// # Errors
    /// `jwks_fetch_failed` with the reason.
    pub fn credential(&self, request: &Request) -> Result<(), FetchFault> {
        request.bearer_file.as_deref().map_or(Ok(()), |path| bearer::authorization(path).map(drop))
    }

    /// Connects, shakes hands by TLS and hangs up. Nothing is sent behind the handshake.
    pub fn handshake(&self, request: &Request) -> Handshake {
        shake(&self.client, request)
    }

    /// Gets a document as a guard does, within the same time.
    pub fn get(&self, request: &Request) -> Got {
        let carrier = Observed { client: &self.client, answers: RefCell::default() };
        let begun = Instant::now();
        let outcome = get(request, &carrier);
        Got { answers: carrier.answers.into_inner(), outcome, took: begun.elapsed() }
    }
}

impl std::fmt::Debug for Steps {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Steps").finish_non_exhaustive()
    }
}

/// The client, with a record of its answers.
struct Observed<'c> {
    client: &'c Client,
    answers: RefCell<Vec<Answered>>,
}

impl Carrier for Observed<'_> {
    fn carry(
        &self,
        request: &Request,
        credential: Option<Zeroizing<String>>,
        deadline: Instant,
    ) -> Result<Answer, FetchFault> {
        let answer = self.client.carry(request, credential, deadline)?;
        let (url, head, length) = (request.url.clone(), answer.head.clone(), answer.length);
        self.answers.borrow_mut().push(Answered { url, head, length });
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::proxies::Proxies;

    #[test]
    fn a_proxy_is_told_without_its_credentials() {
        let url = Url::parse("https://idp.example.com/").unwrap();
        for (proxy, told) in [
            ("http://user:secret@proxy:3128/", "http://proxy:3128"),
            ("http://us@er:sec@ret@proxy", "http://proxy"),
            ("proxy:3128", "http://proxy:3128"),
            ("secret@proxy:3128?x=secret", "http://proxy:3128"),
        ] {
            let proxies = Proxies::of(|name| (name == "https_proxy").then(|| proxy.to_owned()));
            let steps = Steps { client: Client { proxies } };
            assert_eq!(steps.proxy(&url).as_deref(), Some(told));
        }
    }
}
