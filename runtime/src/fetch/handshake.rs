//! A TLS handshake and nothing behind it: what a server shows, whether it is believed or not.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use counterseal_core::keys::fetch::{FetchFault, Request};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector, RustlsConnector, TcpConnector, Transport,
    TransportAdapter,
};

use super::client::Client;
use super::{fault, trust};

/// What a server showed of itself.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Handshake {
    /// Such as "TLS 1.3", where it came so far.
    pub version: Option<&'static str>,
    /// Its certificates in DER, its own first. They are believed only where nothing went wrong.
    pub certificates: Vec<Vec<u8>>,
    /// What went wrong: with the same words as in a fetch.
    pub fault: Option<FetchFault>,
}

/// Connects as a fetch does, shakes hands and hangs up.
pub(super) fn shake(client: &Client, request: &Request) -> Handshake {
    let seen = Arc::new(Mutex::new(Handshake::default()));
    let fault = attempt(client, request, &seen).err();
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Handshake { fault, ..seen }
}

fn attempt(client: &Client, request: &Request, seen: &Arc<Mutex<Handshake>>) -> Result<(), FetchFault> {
    let witness =
        Witness { config: config(request, seen)?, host: request.url.host().into(), seen: Arc::clone(seen) };
    // The chain of a fetch, with a witness before the TLS that is left for a proxy.
    let connector =
        ().chain(ConnectProxyConnector::default())
            .chain(TcpConnector::default())
            .chain(witness)
            .chain(RustlsConnector::default());
    let deadline = Instant::now() + request.settings.timeout;
    match client.agent(request, deadline, connector)?.get(request.url.as_str()).call() {
        Err(ureq::Error::Other(inner)) if inner.is::<Done>() => Ok(()),
        Err(error) => Err(fault::of(error)),
        Ok(_) => Err(fault::failed("tls: no connection")),
    }
}

fn config(request: &Request, seen: &Arc<Mutex<Handshake>>) -> Result<Arc<ClientConfig>, FetchFault> {
    let mut roots = RootCertStore::empty();
    let trusted = trust::roots(&request.settings)?;
    roots.add_parsable_certificates(trusted.iter().map(|one| CertificateDer::from(one.der())));
    let provider = trust::provider();
    let none = |_| fault::failed("tls: no authority can be used");
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let verifier = Verifier { inner: inner.build().map_err(none)?, seen: Arc::clone(seen) };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|_| fault::failed("tls: no version"))?;
    // It judges as ever, and remembers what it judged.
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// The handshake is over.
#[derive(Debug)]
struct Done;

impl fmt::Display for Done {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the handshake is over")
    }
}

impl std::error::Error for Done {}

/// Shakes hands with the host, and lets connections to a proxy pass.
struct Witness {
    config: Arc<ClientConfig>,
    host: Box<str>,
    seen: Arc<Mutex<Handshake>>,
}

impl fmt::Debug for Witness {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Witness").finish_non_exhaustive()
    }
}

impl<In: Transport> Connector<In> for Witness {
    type Out = In;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<In>, ureq::Error> {
        let is_target = details.needs_tls() && details.uri.host() == Some(&*self.host);
        let transport = match chained {
            Some(transport) if is_target && !transport.is_tls() => transport,
            other => return Ok(other),
        };
        let bare = self.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(|_| ureq::Error::Tls("name"))?;
        let mut connection = ClientConnection::new(Arc::clone(&self.config), name)?;
        let mut socket = TransportAdapter::new(transport, Arc::clone(&details.current_time));
        socket.set_timeout(details.timeout);
        let outcome = connection.complete_io(&mut socket);
        let version = connection.protocol_version().and_then(|version| match version {
            rustls::ProtocolVersion::TLSv1_3 => Some("TLS 1.3"),
            rustls::ProtocolVersion::TLSv1_2 => Some("TLS 1.2"),
            _ => None,
        });
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).version = version;
        outcome?;
        Err(ureq::Error::Other(Box::new(Done)))
    }
}

/// Judges certificates as a fetch does, and remembers them.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    seen: Arc<Mutex<Handshake>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let all = std::iter::once(end_entity).chain(intermediates).map(|one| one.to_vec()).collect();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).certificates = all;
        self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
