//! Documents over HTTPS: each over a connection of its own, which is closed when it is there (DRV-01).

mod bearer;
#[cfg(feature = "fetch")]
mod client;
#[cfg(feature = "fetch")]
mod fault;
#[cfg(feature = "fetch")]
pub(crate) mod handshake;
pub(crate) mod hops;
#[cfg(feature = "fetch")]
mod proxies;
#[cfg(feature = "fetch")]
mod resolver;
#[cfg(feature = "fetch")]
pub(crate) mod steps;
#[cfg(feature = "fetch")]
mod trust;

#[cfg(feature = "fetch")]
use std::sync::Arc;

use crate::driver::Network;

/// The network of this machine.
#[cfg(feature = "fetch")]
pub(crate) fn network() -> Network {
    let client = Arc::new(client::Client::of_this_machine());
    let proxies = Arc::clone(&client);
    Network::at_work(move |request| hops::get(request, &*client))
        .with_proxies(move |url| proxies.proxies.towards(url).is_some())
}

#[cfg(not(feature = "fetch"))]
pub(crate) fn network() -> Network {
    use counterseal_core::error::Code;
    use counterseal_core::keys::fetch::FetchFault;
    Network::at_work(|_| {
        Err(FetchFault::new(Code::JwksFetchFailed, "this build has no network (feature fetch)"))
    })
}
