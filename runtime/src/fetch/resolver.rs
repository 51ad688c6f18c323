//! Addresses of hosts, each checked before it is connected to (JKS-03).

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use counterseal_core::keys::address::may_connect;
use counterseal_core::keys::fetch::Request;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::fault::Blocked;

/// Most addresses that are tried.
const ADDRESSES: usize = 16;

/// Resolves a host on the thread of the fetch, as others may not be there (DRV-03).
#[derive(Debug)]
pub(super) enum Checked {
    /// That of a request.
    Host(Request),
    /// That of a proxy: the environment names it, as trusted as the policy file.
    Proxy,
}

/// The addresses of a host that are tried; `None` where it is not known.
pub(super) fn addresses_of(host: &str, port: u16) -> Option<impl Iterator<Item = SocketAddr>> {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some((host, port).to_socket_addrs().ok()?.take(ADDRESSES))
}

impl Checked {
    fn check(&self, address: IpAddr) -> Result<(), Blocked> {
        let checked = match self {
            Checked::Host(request) => request.may_connect(address),
            Checked::Proxy => may_connect(address, true, &[]),
        };
        checked.map_err(Blocked)
    }
}

impl Resolver for Checked {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?;
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let found = addresses_of(host, port).ok_or(ureq::Error::HostNotFound)?;
        let mut addresses = self.empty();
        // One address that may not be asked speaks against all: a name that is public and private is a trap.
        for address in found {
            self.check(address.ip()).map_err(|blocked| ureq::Error::Other(Box::new(blocked)))?;
            addresses.push(address);
        }
        if addresses.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(addresses) }
    }
}
