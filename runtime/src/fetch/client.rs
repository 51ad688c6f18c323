//! One request over HTTPS, within its limits.

use std::time::{Duration, Instant};

use counterseal_core::keys::answer::Head;
use counterseal_core::keys::fetch::{FetchFault, Request};
use ureq::config::Config;
use ureq::http::{HeaderValue, header};
use ureq::tls::TlsConfig;
use ureq::unversioned::transport::{Connector, DefaultConnector};
use ureq::{Agent, Proxy};
use zeroize::Zeroizing;

use super::hops::{Answer, Carrier};
use super::proxies::Proxies;
use super::resolver::Checked;
use super::{fault, trust};

/// Largest head of an answer.
const HEAD_BYTES: usize = 16 * 1024;

/// The network of this machine.
pub(crate) struct Client {
    pub(super) proxies: Proxies,
}

impl Client {
    /// With the proxies that the environment names now: later its variables may be written while they are read.
    pub(crate) fn of_this_machine() -> Client {
        Client { proxies: Proxies::of(|name| std::env::var(name).ok()) }
    }
}

impl Carrier for Client {
    fn carry(
        &self,
        request: &Request,
        credential: Option<Zeroizing<String>>,
        deadline: Instant,
    ) -> Result<Answer, FetchFault> {
        let agent = self.agent(request, deadline, DefaultConnector::new())?;
        let mut call = agent
            .get(request.url.as_str())
            .header(header::ACCEPT, request.accepts())
            .header(header::CONNECTION, "close");
        if let Some(credential) = credential {
            let mut value = HeaderValue::from_str(&credential).map_err(|_| fault::failed("bearer_file"))?;
            value.set_sensitive(true);
            call = call.header(header::AUTHORIZATION, value);
        }
        let (head, body) = call.call().map_err(fault::of)?.into_parts();
        let headers = head.headers.iter();
        Ok(Answer {
            head: Head {
                status: head.status.as_u16(),
                headers: headers
                    .map(|(name, value)| (name.as_str().into(), value.as_bytes().into()))
                    .collect(),
            },
            length: body.content_length(),
            body: Box::new(body.into_reader()),
            fault: |error| fault::of(ureq::Error::from(error)),
        })
    }
}

impl Client {
    /// Connects within the limits of a request, and to addresses that it may connect to.
    pub(super) fn agent(
        &self,
        request: &Request,
        deadline: Instant,
        connector: impl Connector,
    ) -> Result<Agent, FetchFault> {
        let (url, settings) = (&request.url, &request.settings);
        let tls = if url.is_https() { trust::tls(settings)? } else { TlsConfig::default() };
        let proxy = self.proxies.towards(url).map(proxy).transpose()?;
        let resolver = if proxy.is_some() { Checked::Proxy } else { Checked::Host(request.clone()) };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(fault::failed("timeout"));
        }
        let config = config(proxy, tls, settings.connect_timeout.min(left), left);
        Ok(Agent::with_parts(config, connector, resolver))
    }
}

fn config(proxy: Option<Proxy>, tls: TlsConfig, connect: Duration, left: Duration) -> Config {
    Agent::config_builder()
        .proxy(proxy)
        .tls_config(tls)
        .timeout_connect(Some(connect))
        .timeout_global(Some(left))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(HEAD_BYTES)
        .max_idle_connections(0)
        .max_idle_connections_per_host(0)
        .accept_encoding("identity")
        .user_agent("counterseal")
        .build()
}

fn proxy(text: &str) -> Result<Proxy, FetchFault> {
    match text.split_once("://").map_or("http", |(scheme, _)| scheme).to_ascii_lowercase().as_str() {
        "http" | "https" => Proxy::new(text).map_err(fault::of),
        _ => Err(fault::failed("the proxy is neither http nor https")),
    }
}
