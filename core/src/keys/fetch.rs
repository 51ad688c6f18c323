//! What to fetch, under which limits, and what came of it. Whoever has a network does it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::address::Network;
use super::url::Url;
use crate::error::Code;

/// One document to be fetched.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where it is.
    pub url: Url,
    /// What it is.
    pub document: Document,
    /// Does the policy file itself name the host? Only then private addresses are no surprise (JKS-03).
    pub is_named: bool,
    /// A credential for the host, read anew for each fetch: the path of its file (MTA-14).
    pub bearer_file: Option<Arc<str>>,
    /// The limits.
    pub settings: Arc<Settings>,
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// Metadata of OpenID Connect or OAuth (RFC 8414), as `application/json`.
    Metadata,
    /// A JWK Set, as `application/jwk-set+json` or `application/json`.
    Keys,
}

/// `[fetch]`, with what an entry says instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Longest time to connect (JKS-04).
    pub connect_timeout: Duration,
    /// Longest time for the whole fetch, redirects included (JKS-04).
    pub timeout: Duration,
    /// Largest body in bytes, after decoding.
    pub max_bytes: usize,
    /// Most redirects, all within one origin (JKS-02).
    pub redirects: u32,
    /// Certificates of further authorities, in PEM.
    pub ca_pem: Option<Arc<[u8]>>,
    /// Private addresses that may be fetched from (JKS-03).
    pub allow_addresses: Vec<Network>,
    /// May hosts that the file names be asked without TLS? (`plaintext = "mesh"`, JKS-01)
    pub is_mesh: bool,
}

/// A document that came: status 200 and the right media type.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// Its bytes.
    pub body: Vec<u8>,
    /// The header Cache-Control.
    pub cache_control: Option<String>,
    /// The header Age, in seconds.
    pub age: Option<u64>,
}

/// Why a document did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchFault {
    /// `jwks_fetch_failed`, `jwks_redirect` or `jwks_address_blocked`, or the document's own fault.
    pub code: Code,
    /// In a few words for operators, such as "status 500": no credential, no body.
    pub detail: Box<str>,
}

impl FetchFault {
    /// A fault.
    pub fn new(code: Code, detail: impl Into<Box<str>>) -> FetchFault {
        FetchFault { code, detail: detail.into() }
    }
}

impl fmt::Display for FetchFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code.slug(), self.detail)
    }
}
