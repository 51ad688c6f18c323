//! Addresses of hosts, each checked before it is connected to (JKS-03).

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;

use counterseal_core::keys::address::may_connect;
use counterseal_core::keys::fetch::{Request, Settings};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::fault::Blocked;

/// Most addresses that are tried.
const ADDRESSES: usize = 16;

/// Resolves the host of one request, or its proxy. On the thread of the fetch, as others may not be there
/// (DRV-03).
#[derive(Debug)]
pub(super) struct Checked {
    is_named: bool,
    /// What is called this machine must be it: without TLS nothing else proves it.
    must_be_loopback: bool,
    settings: Option<Arc<Settings>>,
}

impl Checked {
    pub(super) fn host_of(request: &Request) -> Checked {
        Checked {
            is_named: request.is_named,
            must_be_loopback: !request.url.is_https() && request.url.is_loopback(),
            settings: Some(Arc::clone(&request.settings)),
        }
    }

    /// The environment names it, as trusted as the policy file.
    pub(super) fn proxy() -> Checked {
        Checked { is_named: true, must_be_loopback: false, settings: None }
    }

    pub(super) fn check(&self, address: IpAddr) -> Result<(), Blocked> {
        if self.must_be_loopback && !address.to_canonical().is_loopback() {
            return Err(Blocked("localhost is another machine"));
        }
        let allowed = self.settings.as_ref().map(|settings| &*settings.allow_addresses);
        may_connect(address, self.is_named, allowed.unwrap_or_default()).map_err(Blocked)
    }
}

impl Resolver for Checked {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?;
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let found = (host, port).to_socket_addrs().map_err(|_| ureq::Error::HostNotFound)?;
        let mut addresses = self.empty();
        // One address that may not be asked speaks against all: a name that is public and private is a trap.
        for address in found.take(ADDRESSES) {
            self.check(address.ip()).map_err(|blocked| ureq::Error::Other(Box::new(blocked)))?;
            addresses.push(address);
        }
        if addresses.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(addresses) }
    }
}
