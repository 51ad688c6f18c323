//! Documents over HTTPS: each over a connection of its own, which is closed when it is there (DRV-01).

#[cfg(feature = "fetch")]
mod bearer;
#[cfg(feature = "fetch")]
mod client;
#[cfg(feature = "fetch")]
mod fault;
#[cfg(feature = "fetch")]
mod proxies;
#[cfg(feature = "fetch")]
mod resolver;
#[cfg(feature = "fetch")]
mod trust;

use std::sync::Arc;

use crate::driver::Network;

/// The network of this machine. Proxies are those that the environment names now: later its variables may be
/// written while they are read.
#[cfg(feature = "fetch")]
pub(crate) fn network() -> Network {
    let proxies = proxies::Proxies::of(|name| std::env::var(name).ok());
    Arc::new(move |request| client::fetch(request, &proxies))
}

#[cfg(not(feature = "fetch"))]
pub(crate) fn network() -> Network {
    use counterseal_core::error::Code;
    use counterseal_core::keys::fetch::FetchFault;
    Arc::new(|_| Err(FetchFault::new(Code::JwksFetchFailed, "this build has no network (feature fetch)")))
}
