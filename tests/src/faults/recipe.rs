//! How a fault is made.

use counterseal::testing::Issuer;

use crate::fault_server::{Answer, Certificate, Server};

/// How a fault is made. What is not said is as it should be.
pub(super) struct Recipe {
    pub(super) name: &'static str,
    pub(super) certificate: Certificate,
    pub(super) keys: Keys,
    /// Lines for `[fetch]`.
    pub(super) settings: &'static str,
    /// What is wrong, by path.
    pub(super) answers: Vec<(&'static str, Make)>,
    /// Is it served over HTTP to this machine, without TLS?
    pub(super) is_plain: bool,
    /// Can keys be had before it?
    pub(super) has_before: bool,
    /// Is its answer so large that it could fill the memory?
    pub(super) is_heavy: bool,
}

/// Makes an answer for the issuer of that server.
pub(super) type Make = Box<dyn Fn(&Server, &Issuer) -> Answer>;

/// Where the policy finds the keys.
#[derive(Clone, Copy)]
pub(super) enum Keys {
    /// At `/jwks` of the server.
    Uri,
    /// By metadata.
    Discovery,
    /// There.
    Elsewhere(&'static str),
}

/// Where the metadata of the issuers is.
pub(super) const METADATA: &str = "/realm/.well-known/openid-configuration";

impl Recipe {
    pub(super) fn good(name: &'static str) -> Recipe {
        Recipe {
            name,
            certificate: Certificate::Good,
            keys: Keys::Uri,
            settings: "",
            answers: Vec::new(),
            is_plain: false,
            has_before: true,
            is_heavy: false,
        }
    }

    /// The server answers so when it is asked for the keys.
    pub(super) fn answers(name: &'static str, make: impl Fn(&Server, &Issuer) -> Answer + 'static) -> Recipe {
        Recipe::good(name).at("/jwks", make)
    }

    /// The server answers so when it is asked for the metadata.
    pub(super) fn metadata(
        name: &'static str,
        make: impl Fn(&Server, &Issuer) -> Answer + 'static,
    ) -> Recipe {
        Recipe { keys: Keys::Discovery, ..Recipe::good(name).at(METADATA, make) }
    }

    /// Metadata whose `jwks_uri` is that.
    pub(super) fn jwks_uri(name: &'static str, uri: &'static str) -> Recipe {
        Recipe::metadata(name, move |_, issuer| metadata(issuer.issuer(), uri))
    }

    pub(super) fn at(
        mut self,
        path: &'static str,
        make: impl Fn(&Server, &Issuer) -> Answer + 'static,
    ) -> Recipe {
        self.answers.push((path, Box::new(make)));
        self
    }

    /// It takes until the timeout, which comes soon.
    pub(super) fn hangs(self) -> Recipe {
        self.with("timeout = \"1s\"")
    }

    pub(super) fn with(self, settings: &'static str) -> Recipe {
        Recipe { settings, ..self }
    }

    pub(super) fn heavy(self) -> Recipe {
        Recipe { is_heavy: true, ..self }
    }
}

/// Metadata that names these keys.
pub(super) fn metadata(issuer: &str, jwks_uri: &str) -> Answer {
    Answer::json(format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks_uri}"}}"#))
}
