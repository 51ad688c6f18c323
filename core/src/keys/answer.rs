//! How an answer is judged, by what was asked: data in, a verdict out. Whoever carries requests over a network, or
//! plays one, goes by it (JKS-01 to JKS-04).

use core::net::IpAddr;

use super::address::may_connect;
use super::fetch::{Document, FetchFault, Request, Response};
use super::url::Url;
use crate::error::Code;
use crate::mutants::is_off;

/// The head of an answer: its status, and its headers with names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// In the order in which they came.
    pub headers: Vec<(Box<str>, Vec<u8>)>,
}

impl Head {
    fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.headers.iter().filter(move |(one, _)| **one == *name).map(|(_, value)| value.as_slice())
    }

    /// A header that may be there once.
    fn single(&self, name: &str) -> Result<Option<&str>, ()> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => std::str::from_utf8(value).map(Some).map_err(|_| ()),
            _ => Err(()),
        }
    }

    fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
    }

    /// The media type, in lower case and without parameters.
    fn media_type(&self) -> String {
        let whole = self.single("content-type").ok().flatten().unwrap_or_default();
        whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

impl Request {
    /// May it be sent at all? The policy and the metadata asked the same before; but a credential hangs on it.
    ///
    /// # Errors
    /// `jwks_url_invalid` where it would go without TLS to another machine (JKS-01).
    pub fn may_be_sent(&self) -> Result<(), FetchFault> {
        let may_be_plain = self.url.is_loopback() || (self.settings.is_mesh && self.is_named);
        match self.url.is_https() || may_be_plain || is_off("JKS-01") {
            true => Ok(()),
            false => Err(FetchFault::new(Code::JwksUrlInvalid, "plain HTTP")),
        }
    }

    /// May this address of its host be connected to (JKS-03)?
    ///
    /// # Errors
    /// What kind of address it is.
    pub fn may_connect(&self, address: IpAddr) -> Result<(), &'static str> {
        // What is called this machine must be it: without TLS nothing else proves it.
        let must_be_loopback = !self.url.is_https() && self.url.is_loopback();
        if must_be_loopback && !address.to_canonical().is_loopback() {
            return Err("localhost is another machine");
        }
        may_connect(address, self.is_named, &self.settings.allow_addresses)
    }

    /// The media types that it asks for.
    pub fn accepts(&self) -> &'static str {
        match self.document {
            Document::Metadata => "application/json",
            Document::Keys => "application/jwk-set+json, application/json",
        }
    }

    /// Where an answer leads: to another request, after `followed` redirects, or (`None`) to its body.
    ///
    /// # Errors
    /// `jwks_redirect` (JKS-02), or `jwks_fetch_failed` for a head that no document has (JKS-04).
    pub fn follow(&self, head: &Head, followed: u32) -> Result<Option<Request>, FetchFault> {
        if !head.is_redirect() {
            return self.check_head(head).map(|()| None);
        }
        if followed >= self.settings.redirects && !is_off("JKS-02") {
            let detail = if followed == 0 { "redirects are off" } else { "too many redirects" };
            return Err(FetchFault::new(Code::JwksRedirect, detail));
        }
        Ok(Some(Request { url: target(&self.url, head)?, ..self.clone() }))
    }

    /// A document is of status 200, JSON by its media type, and not compressed, as that was not asked for.
    fn check_head(&self, head: &Head) -> Result<(), FetchFault> {
        if is_off("JKS-04") {
            return Ok(());
        }
        if head.status != 200 {
            return Err(failed(format!("status {}", head.status)));
        }
        let media = head.media_type();
        let is_keys = self.document == Document::Keys;
        if media != "application/json" && !(is_keys && media == "application/jwk-set+json") {
            return Err(failed("not JSON by its media type"));
        }
        if head.all("content-encoding").any(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
            return Err(failed("the body is compressed, which was not asked for"));
        }
        // Whoever reads one and whoever reads the other see different bodies (RFC 9112 section 6.3).
        if head.all("content-length").next().is_some() && head.all("transfer-encoding").next().is_some() {
            return Err(failed("the answer is not HTTP"));
        }
        Ok(())
    }

    /// May a body have so many bytes? One more than [`Settings::max_bytes`](super::fetch::Settings) is enough to know.
    ///
    /// # Errors
    /// `jwks_fetch_failed` (JKS-04).
    pub fn check_length(&self, bytes: u64) -> Result<(), FetchFault> {
        let most = self.settings.max_bytes;
        if bytes > most as u64 { Err(failed(format!("larger than {most} bytes"))) } else { Ok(()) }
    }
}

impl Response {
    /// The document behind a head that was judged.
    pub fn new(head: &Head, body: Vec<u8>) -> Response {
        let directives: Vec<_> =
            head.all("cache-control").filter_map(|value| std::str::from_utf8(value).ok()).collect();
        Response {
            body,
            cache_control: (!directives.is_empty()).then(|| directives.join(", ")),
            age: head.single("age").ok().flatten().and_then(|age| age.trim().parse().ok()),
        }
    }
}

/// Where a redirect leads: nowhere but within the same origin (JKS-02).
fn target(from: &Url, head: &Head) -> Result<Url, FetchFault> {
    let fault = |detail: &str| FetchFault::new(Code::JwksRedirect, detail);
    let place = head.single("location").ok().flatten().ok_or_else(|| fault("no usable target"))?;
    let whole = match place.starts_with('/') && !place.starts_with("//") {
        true => {
            let origin = from.as_str().strip_suffix(from.path_and_query());
            format!("{}{place}", origin.unwrap_or(from.as_str()))
        }
        false => place.to_owned(),
    };
    let url = Url::parse(&whole).map_err(|_| fault("no usable target"))?;
    if url.has_origin_of(from) || is_off("JKS-02") { Ok(url) } else { Err(fault("to another origin")) }
}

fn failed(detail: impl Into<Box<str>>) -> FetchFault {
    FetchFault::new(Code::JwksFetchFailed, detail)
}
