//! Where the keys of an issuer are fetched from.

use std::sync::Arc;

use super::fetch::{Document, FetchFault, Request, Settings};
use super::plan::Terms;
use super::url::Url;
use crate::mutants::is_off;

/// Where the keys of an issuer are fetched from, and how.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RemoteSource {
    /// What tells it from others: where all of it is the same in another policy, its keys stay (POL-06).
    pub(crate) identity: Box<str>,
    /// The same as a digest, in hex digits: under it its keys are kept for another process (SNP-01).
    pub(crate) digest: Box<str>,
    /// As metadata must name it, byte for byte (MTA-02).
    pub(crate) issuer: Arc<str>,
    pub(crate) begin: Begin,
    /// Hosts that the policy file names itself (JKS-03).
    pub(crate) named: Vec<Box<str>>,
    pub(crate) bearer_file: Option<Arc<str>>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) terms: Terms,
    pub(crate) max_keys: usize,
    /// Milliseconds that a caller waits.
    pub(crate) wait: u64,
}

/// What is fetched first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    Metadata(Url),
    Keys(Url),
}

impl RemoteSource {
    /// The first request of a fetch.
    pub(crate) fn first(&self) -> Request {
        match &self.begin {
            Begin::Metadata(url) => self.request(url.clone(), Document::Metadata),
            Begin::Keys(url) => self.request(url.clone(), Document::Keys),
        }
    }

    /// The request for one of its documents. The credential goes to a host that the file names, and no other.
    pub(crate) fn request(&self, url: Url, document: Document) -> Request {
        let is_named = self.names(&url);
        Request {
            bearer_file: self.bearer_file.clone().filter(|_| is_named || is_off("MTA-14")),
            is_named,
            url,
            document,
            settings: Arc::clone(&self.settings),
        }
    }

    /// The request for the keys that metadata names, where it is this issuer's.
    pub(crate) fn read_metadata(&self, metadata: Vec<u8>) -> Result<Request, FetchFault> {
        self.read_metadata_of(metadata, &self.issuer)
    }

    /// The same for an issuer whose name is not known from the policy file. That names no host: what such metadata
    /// leads to is judged as all that is learned from a document (JKS-03).
    pub(crate) fn read_metadata_of(&self, metadata: Vec<u8>, issuer: &str) -> Result<Request, FetchFault> {
        let is_mesh = self.settings.is_mesh;
        let may_be_plain = |url: &Url| url.is_loopback() || (is_mesh && self.names(url));
        let url = super::metadata::jwks_uri(metadata, issuer, may_be_plain)?;
        Ok(self.request(url, Document::Keys))
    }

    /// Does the policy file name this host itself?
    pub(crate) fn names(&self, url: &Url) -> bool {
        self.named.iter().any(|host| **host == *url.host())
    }
}
