//! Documents over HTTPS: each over a connection of its own, which is closed when it is there (DRV-01).

mod bearer;
#[cfg(feature = "fetch")]
mod client;
#[cfg(feature = "fetch")]
mod fault;
pub(crate) mod hops;
#[cfg(feature = "fetch")]
mod proxies;
#[cfg(feature = "fetch")]
mod resolver;
#[cfg(feature = "fetch")]
mod trust;

use crate::driver::Network;

/// The network of this machine. Proxies are those that the environment names now: later its variables may be
/// written while they are read.
#[cfg(feature = "fetch")]
pub(crate) fn network() -> Network {
    let client = client::Client { proxies: proxies::Proxies::of(|name| std::env::var(name).ok()) };
    Network::at_work(move |request| hops::get(request, &client))
}

#[cfg(not(feature = "fetch"))]
pub(crate) fn network() -> Network {
    use counterseal_core::error::Code;
    use counterseal_core::keys::fetch::FetchFault;
    Network::at_work(|_| {
        Err(FetchFault::new(Code::JwksFetchFailed, "this build has no network (feature fetch)"))
    })
}
