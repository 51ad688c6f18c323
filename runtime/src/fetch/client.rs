//! One document: asked for, judged by its head, and read within its limits (JKS-01 to JKS-04).

use std::io::Read;
use std::time::{Duration, Instant};

use counterseal_core::error::Code;
use counterseal_core::keys::fetch::{Document, FetchFault, Request, Response};
use counterseal_core::keys::url::Url;
use ureq::config::Config;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use ureq::tls::TlsConfig;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, Proxy};

use super::proxies::Proxies;
use super::resolver::Checked;
use super::{bearer, fault, trust};

/// Largest head of an answer.
const HEAD_BYTES: usize = 16 * 1024;

/// Gets a document.
pub(super) fn fetch(request: &Request, proxies: &Proxies) -> Result<Response, FetchFault> {
    let deadline = Instant::now() + request.settings.timeout;
    let mut request = request.clone();
    let mut followed = 0;
    loop {
        let answer = ask(&request, proxies, deadline)?;
        let status = answer.status();
        if !is_redirect(status) {
            return read(&request, answer);
        }
        if followed == request.settings.redirects {
            let detail = if followed == 0 { "redirects are off" } else { "too many redirects" };
            return Err(FetchFault::new(Code::JwksRedirect, detail));
        }
        followed += 1;
        request.url = target(&request.url, answer.headers())?;
    }
}

fn ask(
    request: &Request,
    proxies: &Proxies,
    deadline: Instant,
) -> Result<ureq::http::Response<Body>, FetchFault> {
    let (url, settings) = (&request.url, &request.settings);
    // The core asks for no other; but a credential hangs on it.
    let may_be_plain = url.is_loopback() || (settings.is_mesh && request.is_named);
    if !url.is_https() && !may_be_plain {
        return Err(FetchFault::new(Code::JwksUrlInvalid, "plain HTTP"));
    }
    let host = Checked::host_of(request);
    if let Some(address) = url.address() {
        host.check(address).map_err(|reason| fault::blocked(reason.0))?;
    }
    let tls = if url.is_https() { trust::tls(settings)? } else { TlsConfig::default() };
    let proxy = proxies.towards(url).map(proxy).transpose()?;
    let resolver = if proxy.is_some() { Checked::proxy() } else { host };
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(fault::failed("timeout"));
    }
    let config = config(proxy, tls, settings.connect_timeout.min(left), left);
    let agent = Agent::with_parts(config, DefaultConnector::new(), resolver);
    let accept = match request.document {
        Document::Metadata => "application/json",
        Document::Keys => "application/jwk-set+json, application/json",
    };
    let mut call = agent.get(url.as_str()).header(header::ACCEPT, accept).header(header::CONNECTION, "close");
    if let Some(path) = &request.bearer_file {
        let authorization = bearer::authorization(path)?;
        let mut value = HeaderValue::from_str(&authorization).map_err(|_| fault::failed("bearer_file"))?;
        value.set_sensitive(true);
        call = call.header(header::AUTHORIZATION, value);
    }
    call.call().map_err(fault::of)
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

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a redirect leads: nowhere but within the same origin (JKS-02).
fn target(from: &Url, head: &HeaderMap) -> Result<Url, FetchFault> {
    let fault = |detail: &str| FetchFault::new(Code::JwksRedirect, detail);
    let place = single(head, &header::LOCATION).map_err(|()| fault("no usable target"))?;
    let place = place.ok_or_else(|| fault("no usable target"))?;
    let whole = match place.starts_with('/') && !place.starts_with("//") {
        true => {
            let origin = from.as_str().strip_suffix(from.path_and_query());
            format!("{}{place}", origin.unwrap_or(from.as_str()))
        }
        false => place.to_owned(),
    };
    let url = Url::parse(&whole).map_err(|_| fault("no usable target"))?;
    if url.has_origin_of(from) { Ok(url) } else { Err(fault("to another origin")) }
}

/// A header that may be there once.
fn single<'h>(head: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, ()> {
    let mut values = head.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
        _ => Err(()),
    }
}

fn read(request: &Request, answer: ureq::http::Response<Body>) -> Result<Response, FetchFault> {
    let (head, body) = answer.into_parts();
    if head.status != StatusCode::OK {
        return Err(fault::failed(format!("status {}", head.status.as_u16())));
    }
    let head = head.headers;
    let media = single(&head, &header::CONTENT_TYPE).ok().flatten().unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_keys = request.document == Document::Keys;
    if media != "application/json" && !(is_keys && media == "application/jwk-set+json") {
        return Err(fault::failed("not JSON by its media type"));
    }
    let mut encodings = head.get_all(header::CONTENT_ENCODING).iter();
    if encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(fault::failed("the body is compressed, which was not asked for"));
    }
    let most = request.settings.max_bytes;
    let too_large = || fault::failed(format!("larger than {most} bytes"));
    if body.content_length().is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let all = body.into_reader().take(most as u64 + 1).read_to_end(&mut bytes);
    all.map_err(|error| fault::of(ureq::Error::from(error)))?;
    if bytes.len() > most {
        return Err(too_large());
    }
    let directives: Vec<_> =
        head.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()).collect();
    Ok(Response {
        body: bytes,
        cache_control: (!directives.is_empty()).then(|| directives.join(", ")),
        age: single(&head, &header::AGE).ok().flatten().and_then(|age| age.trim().parse().ok()),
    })
}
