//! Whose certificates are believed: those of the machine's authorities, and those that the policy adds.

use std::sync::Arc;

use counterseal_core::keys::fetch::{FetchFault, Settings};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::fault;

/// How TLS is spoken for a fetch.
pub(super) fn tls(settings: &Settings) -> Result<TlsConfig, FetchFault> {
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots(settings)?)))
        .unversioned_rustls_crypto_provider(provider())
        .build())
}

/// Never the provider of the process, which is the host's to choose.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Read anew for each fetch, as authorities come and go while a service runs.
pub(super) fn roots(settings: &Settings) -> Result<Vec<Certificate<'static>>, FetchFault> {
    let mut roots: Vec<Certificate<'static>> = Vec::new();
    if let Some(pem) = &settings.ca_pem {
        for item in parse_pem(pem) {
            match item {
                Ok(PemItem::Certificate(certificate)) => roots.push(certificate),
                Ok(_) => {}
                Err(_) => return Err(fault::failed("ca_file: not PEM")),
            }
        }
        if roots.is_empty() {
            return Err(fault::failed("ca_file: no certificate"));
        }
    }
    let machine = rustls_native_certs::load_native_certs().certs;
    roots.extend(machine.iter().map(|one| Certificate::from_der(one).to_owned()));
    if roots.is_empty() {
        return Err(fault::failed("tls: this machine trusts no authority, and there is no ca_file"));
    }
    Ok(roots)
}
