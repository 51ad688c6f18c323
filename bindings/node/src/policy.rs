//! Policies from files and text.

use std::path::Path;

use counterseal::testing::{Network as TestNetwork, TestClock};
use counterseal::{Code, Error, Format, PolicyError};
use napi::Result;
use napi_derive::napi;

use crate::error::{coded, thrown};
use crate::guard::body;
use crate::testing::{Clock, Network};

/// What `counterseal.Policy` is made of.
#[napi]
pub struct Policy {
    pub(crate) inner: counterseal::Policy,
    /// For tests: the clock that a guard of this policy goes by.
    pub(crate) clock: Option<TestClock>,
    /// For tests: the network that it fetches over.
    pub(crate) network: Option<TestNetwork>,
}

#[napi]
impl Policy {
    /// Reads a policy file and what it names.
    #[napi(factory)]
    pub fn load(path: String, service: Option<String>) -> Result<Policy> {
        body(|| read(counterseal::Policy::load(path, service.as_deref())))
    }

    /// Reads a policy from text in `toml` or `json`.
    #[napi(factory)]
    pub fn parse(
        text: String,
        format: String,
        service: Option<String>,
        base_dir: Option<String>,
    ) -> Result<Policy> {
        body(|| {
            let format = match format.as_str() {
                "toml" => Format::Toml,
                "json" => Format::Json,
                _ => return Err(coded(Code::MisuseArgument)),
            };
            let base_dir = base_dir.as_deref().map(Path::new);
            read(counterseal::Policy::from_str(&text, format, service.as_deref(), base_dir))
        })
    }

    /// For tests: the same for a file whose keys are handed in.
    #[napi(factory)]
    pub fn load_scripted(path: String, service: Option<String>) -> Result<Policy> {
        body(|| read(counterseal::testing::load_policy(path, service.as_deref())))
    }

    /// For tests: the same policy, whose guard goes by that clock and fetches over that network.
    #[napi]
    pub fn with_clock(&self, clock: &Clock, network: Option<&Network>) -> Result<Policy> {
        let network = network.map(|network| network.inner.clone());
        body(|| Ok(Policy { inner: self.inner.clone(), clock: Some(clock.inner.clone()), network }))
    }

    /// How many issuers it trusts.
    #[napi]
    pub fn issuers(&self) -> u32 {
        self.inner.core().issuers().len() as u32
    }
}

fn read(read: std::result::Result<counterseal::Policy, PolicyError>) -> Result<Policy> {
    match read {
        Ok(inner) => Ok(Policy { inner, clock: None, network: None }),
        Err(error) => Err(thrown(&Error::Policy(error))),
    }
}

/// The steps of a JSON Pointer or name; nothing where it is neither.
#[napi]
pub fn pointer(text: String) -> Option<Vec<String>> {
    let pointer = counterseal::core::json::Pointer::parse(&text)?;
    Some(pointer.steps().map(str::to_owned).collect())
}
