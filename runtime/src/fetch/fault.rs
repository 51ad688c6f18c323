//! What went wrong, in few words: never a body, a credential or a query.

use std::fmt;

use counterseal_core::error::Code;
use counterseal_core::keys::fetch::FetchFault;
use rustls::CertificateError;

/// An address that may not be connected to.
#[derive(Debug)]
pub(super) struct Blocked(pub(super) &'static str);

impl fmt::Display for Blocked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

impl std::error::Error for Blocked {}

pub(super) fn failed(detail: impl Into<Box<str>>) -> FetchFault {
    FetchFault::new(Code::JwksFetchFailed, detail)
}

pub(super) fn blocked(reason: &str) -> FetchFault {
    FetchFault::new(Code::JwksAddressBlocked, reason)
}

pub(super) fn of(error: ureq::Error) -> FetchFault {
    use ureq::{Error, Timeout};
    failed(match error {
        Error::Other(inner) => match inner.downcast_ref::<Blocked>() {
            Some(Blocked(reason)) => return blocked(reason),
            None => "connection failed",
        },
        Error::Timeout(Timeout::Connect) => "timeout while connecting",
        Error::Timeout(_) => "timeout",
        Error::HostNotFound => "host not found",
        Error::Rustls(error) => tls(&error),
        Error::Io(error) => of_socket(&error),
        Error::Tls(_) | Error::TlsRequired | Error::Pem(_) => "tls: no connection",
        Error::Protocol(_) | Error::BodyStalled | Error::Http(_) => "the answer is not HTTP",
        Error::LargeResponseHeader(..) => "the header of the answer is too large",
        Error::ConnectProxyFailed(_) => "the proxy refused",
        Error::InvalidProxyUrl => "the proxy's URL is invalid",
        _ => "connection failed",
    })
}

fn of_socket(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls(error);
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
            "connection reset"
        }
        ErrorKind::UnexpectedEof => "connection closed too early",
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "timeout",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "host unreachable",
        _ => "connection failed",
    }
}

fn tls(error: &rustls::Error) -> &'static str {
    use rustls::Error;
    match error {
        Error::InvalidCertificate(error) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "tls: expired certificate",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "tls: certificate not valid yet"
            }
            CertificateError::UnknownIssuer => "tls: unknown issuer of the certificate",
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "tls: certificate of another host"
            }
            CertificateError::BadSignature => "tls: certificate with a false signature",
            CertificateError::Revoked => "tls: revoked certificate",
            _ => "tls: invalid certificate",
        },
        Error::NoCertificatesPresented => "tls: no certificate",
        Error::InvalidMessage(_) => "tls: the server does not speak TLS",
        Error::PeerIncompatible(_) => "tls: no common version or cipher",
        Error::AlertReceived(_) => "tls: the server broke off",
        _ => "tls: handshake failed",
    }
}
