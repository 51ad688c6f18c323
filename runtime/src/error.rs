//! What can go wrong, sorted by what the caller does about it.

use std::fmt;

use counterseal_core::error::{Class, Code, Rejection};
use counterseal_core::policy::PolicyError;

/// Seconds after which a caller may try again, for `Retry-After`.
const RETRY_AFTER_SECONDS: u32 = 5;

/// Any error of this crate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// Refuse the request: 401 or 403 with `WWW-Authenticate`.
    TokenRejected(Rejection),
    /// Nobody can decide now: 503 with `Retry-After`. Never log the user out.
    Unavailable(Unavailable),
    /// Fix the policy file.
    Policy(PolicyError),
    /// Fix the call.
    Misuse(Code),
}

/// An outage: the token was neither accepted nor refused (JKS-12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    rejection: Rejection,
}

impl Unavailable {
    /// Why.
    pub fn code(&self) -> Code {
        self.rejection.code()
    }

    /// Does it count? Where not, report it, and let the library decide that decided before
    /// (`enforce = false`).
    pub fn enforced(&self) -> bool {
        self.rejection.enforced()
    }

    /// HTTP status: 503.
    pub fn status(&self) -> u16 {
        self.rejection.status()
    }

    /// Seconds for `Retry-After`.
    pub fn retry_after(&self) -> u32 {
        RETRY_AFTER_SECONDS
    }

    /// An opaque support reference.
    pub fn reference(&self) -> String {
        self.rejection.reference()
    }
}

impl Error {
    /// The code; for a policy the one of its first problem.
    pub fn code(&self) -> Code {
        match self {
            Error::TokenRejected(rejection) => rejection.code(),
            Error::Unavailable(outage) => outage.code(),
            Error::Policy(error) => {
                error.problems().first().map_or(Code::ConfigValue, |problem| problem.code)
            }
            Error::Misuse(code) => *code,
        }
    }

    /// Does it count? Where not, the issuer's entry says `enforce = false`: report it, and let the library
    /// decide that decided before. There is no identity either way.
    pub fn enforced(&self) -> bool {
        match self {
            Error::TokenRejected(rejection) => rejection.enforced(),
            Error::Unavailable(outage) => outage.enforced(),
            Error::Policy(_) | Error::Misuse(_) => true,
        }
    }

    pub(crate) fn from_rejection(rejection: Rejection) -> Error {
        match rejection.code().class() {
            Class::Unavailable => Error::Unavailable(Unavailable { rejection }),
            _ => Error::TokenRejected(rejection),
        }
    }
}

impl From<PolicyError> for Error {
    fn from(error: PolicyError) -> Error {
        Error::Policy(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::TokenRejected(rejection) => rejection.fmt(out),
            Error::Unavailable(outage) => outage.rejection.fmt(out),
            Error::Policy(error) => error.fmt(out),
            Error::Misuse(code) => write!(out, "{code}: {}", code.message()),
        }
    }
}

impl std::error::Error for Error {}
