//! Where metadata is, and what is believed of it (MTA-02 to MTA-05).

use super::fetch::FetchFault;
use super::url::Url;
use crate::error::Code;
use crate::json::{self, Bounds, Value};

/// The metadata of OpenID Connect: behind the issuer, one final `/` of which is dropped (MTA-04).
pub(crate) fn openid_url(issuer: &Url) -> Result<Url, &'static str> {
    let issuer = issuer.as_str();
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    Url::parse(&format!("{issuer}/.well-known/openid-configuration"))
}

/// The metadata of RFC 8414: between the host and the path of the issuer (MTA-04).
pub(crate) fn oauth_url(issuer: &Url) -> Result<Url, &'static str> {
    let path = issuer.path_and_query();
    let path = path.strip_suffix('/').unwrap_or(path);
    let origin = &issuer.as_str()[..issuer.as_str().len() - issuer.path_and_query_as_given().len()];
    Url::parse(&format!("{origin}/.well-known/oauth-authorization-server{path}"))
}

/// An issuer by which metadata can be found (MTA-03).
pub(crate) fn issuer_url(issuer: &str, is_mesh: bool) -> Result<Url, &'static str> {
    let url = Url::parse(issuer)?;
    if issuer.contains('?') {
        return Err("it has a query");
    }
    may_be_asked(&url, is_mesh)?;
    Ok(url)
}

/// https; or http to this machine, or inside a mesh (JKS-01).
pub(crate) fn may_be_asked(url: &Url, is_mesh: bool) -> Result<(), &'static str> {
    if url.is_https() || url.is_loopback() || is_mesh { Ok(()) } else { Err("it is not https") }
}

/// The `jwks_uri` of metadata that is of this issuer, byte for byte.
pub(crate) fn jwks_uri(
    metadata: Vec<u8>,
    issuer: &str,
    may_be_plain: impl Fn(&Url) -> bool,
) -> Result<Url, FetchFault> {
    let failed = |detail: &str| FetchFault::new(Code::JwksFetchFailed, detail);
    let document =
        json::parse(metadata, Bounds::OPERATOR).map_err(|_| failed("the metadata is not strict JSON"))?;
    let text = |name: &str| document.root().get(name).and_then(Value::as_str);
    if text("issuer") != Some(issuer) {
        return Err(FetchFault::new(Code::MetadataIssuerMismatch, "the metadata names another issuer"));
    }
    let invalid = |detail: &str| FetchFault::new(Code::MetadataUrlInvalid, format!("jwks_uri: {detail}"));
    let url = Url::parse(text("jwks_uri").ok_or_else(|| invalid("it is missing"))?).map_err(invalid)?;
    if url.is_https() || may_be_plain(&url) { Ok(url) } else { Err(invalid("it is not https")) }
}
