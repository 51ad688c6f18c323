//! Keys that are fetched: `discovery`, `discovery_url` and `jwks_uri`, with the settings of `[fetch]` and what an
//! entry says instead.

use std::sync::Arc;
use std::time::Duration;

use super::build::Context;
use super::problem::Fault;
use super::secret;
use super::tree::{Member, Node};
use super::values;
use crate::error::Code;
use crate::keys::address::Network;
use crate::keys::fetch::Settings;
use crate::keys::metadata;
use crate::keys::plan::Terms;
use crate::keys::source::{Begin, RemoteSource};
use crate::keys::url::Url;
use crate::limits;

/// The sources of this kind.
pub(super) const NAMES: [&str; 3] = ["discovery", "discovery_url", "jwks_uri"];

/// Settings that stand beside such a source alone.
pub(super) fn is_term(name: &str) -> bool {
    !NAMES.contains(&name) && !matches!(name, "jwks_file" | "jwks" | "pem_file" | "secret" | "scripted")
}

/// A setting of the entry's `keys`, else of `[fetch]`.
struct Fetch<'n> {
    keys: &'n Node,
    shared: Option<&'n Node>,
}

impl<'n> Fetch<'n> {
    fn get(&self, name: &str) -> Option<&'n Node> {
        self.keys.get(name).or_else(|| self.shared?.get(name))
    }

    fn millis(&self, name: &str, default: u64) -> u64 {
        let written = self.get(name).map(|node| values::duration(node.as_str(), 1, u64::MAX));
        written.and_then(Result::ok).unwrap_or(default)
    }

    fn count(&self, name: &str, default: usize) -> usize {
        self.get(name).and_then(|node| usize::try_from(node.as_integer()).ok()).unwrap_or(default)
    }
}

/// Reads such a source; what is wrong with it is reported.
pub(super) fn read(
    issuer: Option<&Arc<str>>,
    (keys, shared): (&Node, Option<&Node>),
    source: &Member,
    identity: String,
    context: &mut Context<'_, '_>,
) -> Option<RemoteSource> {
    let fetch = Fetch { keys, shared };
    let is_mesh = fetch.get("plaintext").is_some();
    let settings = settings(&fetch, is_mesh, context);
    let issuer = issuer?;
    let begin = begin(issuer, &source.name, &source.node, is_mesh).map_err(|fault| {
        context.problems.at(source.node.place, fault);
    });
    let (begin, mut named) = begin.ok()?;
    named.extend(Url::parse(issuer).ok().map(|url| url.host().into()));
    let bearer_file = match keys.get("bearer_file") {
        None => None,
        // It is read for each fetch; here once, so that a wrong path is told at the start.
        Some(node) => match secret::file(node.as_str(), false, context.options.resources) {
            Ok(_) => Some(Arc::from(context.options.resources.absolute(node.as_str()))),
            Err(reason) => {
                context.problems.at(node.place, secret::unreadable(Code::ConfigFile, node.as_str(), reason));
                return None;
            }
        },
    };
    let terms = Terms {
        ttl: fetch.millis("ttl", limits::FETCH_TTL_MILLIS) as i64,
        ttl_min: fetch.millis("ttl_min", limits::FETCH_TTL_MIN_MILLIS) as i64,
        ttl_max: fetch.millis("ttl_max", limits::FETCH_TTL_MAX_MILLIS) as i64,
        cooldown: fetch.millis("cooldown", limits::FETCH_COOLDOWN_MILLIS) as i64,
        stale: fetch.millis("stale", limits::FETCH_STALE_MILLIS) as i64,
    };
    if terms.ttl_min > terms.ttl_max {
        let place =
            fetch.get("ttl_min").or_else(|| fetch.get("ttl_max")).map_or(keys.place, |node| node.place);
        context.problems.at(place, Fault::value("ttl_min is longer than ttl_max"));
        return None;
    }
    Some(RemoteSource {
        identity: identity.into(),
        issuer: Arc::clone(issuer),
        begin,
        named,
        bearer_file,
        settings: settings?,
        terms,
        max_keys: fetch.count("max_keys", limits::KEYS),
        wait: fetch.millis("wait", limits::FETCH_WAIT_MILLIS),
    })
}

fn begin(issuer: &str, name: &str, node: &Node, is_mesh: bool) -> Result<(Begin, Vec<Box<str>>), Fault> {
    let by_issuer = |reason: &str| {
        Fault::new(Code::IssuerUrlInvalid, format!("no metadata can be found by this issuer: {reason}"))
            .hint("name the metadata by `discovery_url`, or the keys by `jwks_uri`")
    };
    let by_url = |reason: &str| {
        Fault::new(Code::JwksUrlInvalid, format!("keys cannot be fetched from there: {reason}"))
    };
    match name {
        "discovery" => {
            let issuer = metadata::issuer_url(issuer, is_mesh).map_err(by_issuer)?;
            let place = if node.as_str() == "oidc" { metadata::openid_url } else { metadata::oauth_url };
            Ok((Begin::Metadata(place(&issuer).map_err(by_issuer)?), Vec::new()))
        }
        _ => {
            let url = Url::parse(node.as_str()).map_err(by_url)?;
            metadata::may_be_asked(&url, is_mesh)
                .map_err(|reason| by_url(reason).hint("inside a service mesh, write plaintext = \"mesh\""))?;
            let named = vec![url.host().into()];
            Ok((if name == "jwks_uri" { Begin::Keys(url) } else { Begin::Metadata(url) }, named))
        }
    }
}

fn settings(fetch: &Fetch<'_>, is_mesh: bool, context: &mut Context<'_, '_>) -> Option<Arc<Settings>> {
    let mut allow_addresses = Vec::new();
    for node in fetch.get("allow_addresses").map(Node::elements).unwrap_or_default() {
        match Network::parse(node.as_str()) {
            Some(network) => allow_addresses.push(network),
            None => {
                let fault = Fault::value("not an address or a range of addresses");
                context
                    .problems
                    .at(node.place, fault.hint("write \"10.0.0.0/8\", with zeros behind the prefix"));
                return None;
            }
        }
    }
    let ca_pem = match fetch.get("ca_file") {
        None => None,
        Some(node) => match secret::file(node.as_str(), false, context.options.resources) {
            Ok(bytes) if bytes.len() <= limits::CA_FILE_BYTES => Some(Arc::from(bytes.as_slice())),
            Ok(_) => {
                let message = format!("the file is larger than {} bytes", limits::CA_FILE_BYTES);
                context.problems.at(node.place, Fault::new(Code::ConfigFile, message));
                return None;
            }
            Err(reason) => {
                context.problems.at(node.place, secret::unreadable(Code::ConfigFile, node.as_str(), reason));
                return None;
            }
        },
    };
    Some(Arc::new(Settings {
        connect_timeout: Duration::from_millis(fetch.millis("connect_timeout", limits::FETCH_CONNECT_MILLIS)),
        timeout: Duration::from_millis(fetch.millis("timeout", limits::FETCH_TIMEOUT_MILLIS)),
        max_bytes: fetch.count("max_bytes", limits::JWKS_BYTES),
        redirects: fetch.count("redirects", 0) as u32,
        ca_pem,
        allow_addresses,
        is_mesh,
    }))
}
