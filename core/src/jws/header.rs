//! The header: read once, every member that could mislead refused.

use crate::algorithm::{Algorithm, AlgorithmSet};
use crate::encoding::base64url;
use crate::error::{Code, Rejection};
use crate::json::{Document, Kind, Value};
use crate::jwk::is_kid;
use crate::limits;
use crate::record::Recorder;
use crate::rule::Rule;

/// What the rest of a verification needs of a header that passed.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Box<str>>,
    pub(crate) typ: Typ,
    pub(crate) x5t_sha256: Option<[u8; 32]>,
    /// A `jku` that some issuer of the policy lists: the token's own issuer has to be that one (JWS-17).
    pub(crate) key_url: Option<Box<str>>,
    /// Does it repeat claims (JWS-23)? Such a header is looked at again with each token.
    pub(crate) repeats_claims: bool,
}

/// The `typ` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typ {
    Absent,
    /// In lower case, without `application/` (JWS-14).
    Named(Box<str>),
    /// Present and not a string: matches nothing.
    NotAString,
}

/// A JWT has rules that other payloads do not have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderUse {
    Jwt,
    AnyPayload,
}

/// Members that mean something to this library; null is not a way to leave one out (JSN-04).
const REGISTERED: [&str; 12] =
    ["alg", "crit", "b64", "jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256", "kid", "typ", "cty"];
const JWE_ONLY: [&str; 9] = ["enc", "zip", "epk", "p2c", "p2s", "apu", "apv", "iv", "tag"];

/// Applies the header's rules in the order alg, crit, b64, JWE members, key headers, kid, cty.
///
/// `algorithms` and `key_urls` are everything that the policy lists anywhere; the issuer's own lists are
/// applied once the issuer is known.
pub(crate) fn read_header<R: Recorder>(
    document: &Document,
    algorithms: AlgorithmSet,
    header_use: HeaderUse,
    key_urls: &[Box<str>],
    recorder: &mut R,
) -> Result<Header, Rejection> {
    let root = document.root();
    let nulls = root.as_object().into_iter().flatten().filter(|(_, value)| value.is_null());
    let null = nulls.filter_map(|(name, _)| registered(name)).next();
    recorder.check_about(Rule::Jsn04, Code::ClaimWrongType, null.unwrap_or_default(), null.is_none())?;

    let algorithm = root.get("alg").and_then(Value::as_str).and_then(Algorithm::from_name);
    let algorithm = algorithm.filter(|algorithm| algorithms.contains(*algorithm) || Rule::Jws03.is_off());
    recorder.check_about(Rule::Jws03, Code::AlgNotAllowed, "alg", algorithm.is_some())?;
    let algorithm = algorithm.ok_or_else(|| Rejection::about(Rule::Jws03, Code::AlgNotAllowed, "alg"))?;
    recorder.detail(|| algorithm.name().into());

    critical(root, recorder)?;
    recorder.check_about(Rule::Jws12, Code::B64InJwt, "b64", root.get("b64").is_none())?;
    let jwe = JWE_ONLY.into_iter().find(|name| root.get(name).is_some());
    recorder.check_about(Rule::Jws22, Code::HeaderJweMember, jwe.unwrap_or_default(), jwe.is_none())?;
    let key_url = root.get("jku").and_then(Value::as_str);
    let key_url = key_url.filter(|url| key_urls.iter().any(|listed| **listed == **url));
    let is_foreign = |name: &&str| root.get(name).is_some() && !(*name == "jku" && key_url.is_some());
    let url = ["jku", "x5u"].into_iter().find(is_foreign);
    recorder.check_about(Rule::Jws17, Code::HeaderKeyUrl, url.unwrap_or_default(), url.is_none())?;
    recorder.check_about(Rule::Jws18, Code::HeaderEmbeddedKey, "jwk", root.get("jwk").is_none())?;
    recorder.check_about(Rule::Jws19, Code::HeaderX5c, "x5c", root.get("x5c").is_none())?;
    let kid = root.get("kid");
    let well_formed = kid.is_none_or(|kid| kid.as_str().is_some_and(is_kid));
    recorder.check_about(Rule::Jws21, Code::KidInvalid, "kid", well_formed)?;
    if header_use == HeaderUse::Jwt {
        recorder.check_about(Rule::Jws16, Code::NestedNotAllowed, "cty", root.get("cty").is_none())?;
    }
    Ok(Header {
        algorithm,
        kid: kid.and_then(Value::as_str).map(Box::from),
        typ: typ(root),
        x5t_sha256: thumbprint(root).map_err(|rejection| recorder.refuse(rejection))?,
        key_url: key_url.map(Box::from),
        repeats_claims: ["iss", "sub", "aud"].iter().any(|name| root.get(name).is_some()),
    })
}

fn registered(name: &str) -> Option<&'static str> {
    REGISTERED.into_iter().chain(JWE_ONLY).find(|known| *known == name)
}

/// crit is a list of distinct names of present, unregistered headers, each of them understood
/// (JWS-11). None is understood in a JWT.
fn critical<R: Recorder>(root: Value<'_>, recorder: &mut R) -> Result<(), Rejection> {
    let Some(crit) = root.get("crit") else {
        recorder.judge(Rule::Jws11, true);
        return Ok(());
    };
    let names: Option<Vec<&str>> = crit.as_array().and_then(|names| names.map(Value::as_str).collect());
    let sound = names.is_some_and(|names| {
        let distinct = names.iter().enumerate().all(|(at, name)| !names[..at].contains(name));
        let allowed =
            |name: &&str| (*name == "b64" || registered(name).is_none()) && root.get(name).is_some();
        !names.is_empty() && names.len() <= limits::AUDIENCES && distinct && names.iter().all(allowed)
    });
    recorder.check_about(Rule::Jws11, Code::CritInvalid, "crit", sound)?;
    recorder.check_about(Rule::Jws11, Code::CritUnknown, "crit", false)
}

fn typ(root: Value<'_>) -> Typ {
    match root.get("typ") {
        None => Typ::Absent,
        Some(typ) => typ.as_str().map_or(Typ::NotAString, |typ| Typ::Named(media_type(typ).into())),
    }
}

/// A media type as it is compared (JWS-14): lower case, `application/` left out.
pub(crate) fn media_type(typ: &str) -> String {
    let lower = typ.to_ascii_lowercase();
    match lower.strip_prefix("application/") {
        // "application/a/b" must not become equal to "a/b".
        Some(short) if !short.contains('/') => short.to_owned(),
        _ => lower,
    }
}

/// x5t#S256, which is refused later where it is not the key's certificate (JWS-20).
fn thumbprint(root: Value<'_>) -> Result<Option<[u8; 32]>, Rejection> {
    let Some(value) = root.get("x5t#S256") else { return Ok(None) };
    let decoded = value.as_str().and_then(|text| base64url::decode_strict(text.as_bytes()).ok());
    match decoded.map(<[u8; 32]>::try_from) {
        Some(Ok(digest)) => Ok(Some(digest)),
        _ if Rule::Jws20.is_off() => Ok(None),
        _ => Err(Rejection::about(Rule::Jws20, Code::HeaderX5tMismatch, "x5t#S256")),
    }
}

impl Header {
    /// iss, sub and aud repeated in the header equal the claims (JWS-23).
    pub(crate) fn check_repeated<R: Recorder>(
        header: &Document,
        claims: &Document,
        recorder: &mut R,
    ) -> Result<(), Rejection> {
        let differs = ["iss", "sub", "aud"].into_iter().find(|name| match header.root().get(name) {
            None => false,
            Some(repeated) => !claims.root().get(name).is_some_and(|claim| same(repeated, claim)),
        });
        recorder.check_about(
            Rule::Jws23,
            Code::HeaderClaimMismatch,
            differs.unwrap_or_default(),
            differs.is_none(),
        )
    }
}

/// Equal strings, or lists of equal strings in the same order.
fn same(one: Value<'_>, other: Value<'_>) -> bool {
    match (one.kind(), other.kind()) {
        (Kind::String, Kind::String) => one.as_str() == other.as_str(),
        (Kind::Array, Kind::Array) => {
            let strings = |value: Value<'_>| {
                value
                    .as_array()
                    .and_then(|list| list.map(|v| v.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>())
            };
            matches!((strings(one), strings(other)), (Some(one), Some(other)) if one == other)
        }
        _ => false,
    }
}
