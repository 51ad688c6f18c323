//! Whose keys are meant, as a policy says where they are. Where no policy is named, it is the shortest one that
//! anybody would write for that issuer or URL: so limits and checks are those of a guard.

use counterseal::core::json::{Bounds, Value, parse};
use counterseal::core::keys::fetch::{Document, FetchFault, Request};
use counterseal::core::keys::url::Url;
use counterseal::core::keyset::KeySetOptions;
use counterseal::core::limits::CA_FILE_BYTES;
use counterseal::diagnose::Fetching;
use counterseal::{Algorithm, AlgorithmSet, Code, Policy, Profile};
use serde_json::json;

use crate::answer::Failure;
use crate::arguments::{KeyPlace, PolicyFile};
use crate::{input, keys, policy};

/// Where the keys of an issuer are fetched from.
pub(crate) struct Place {
    pub(crate) fetching: Fetching,
    /// As metadata must name it; absent where nobody said.
    pub(crate) issuer: Option<String>,
    /// The entry of a policy file; absent where there is none.
    pub(crate) entry: Option<Entry>,
    /// The only metadata is the one that is found by the issuer.
    pub(crate) discovery: Option<&'static str>,
    /// Seconds that clocks may differ by.
    pub(crate) leeway: i64,
}

/// What an entry says of its tokens.
pub(crate) struct Entry {
    pub(crate) profile: Profile,
    pub(crate) algorithms: AlgorithmSet,
}

/// Why keys cannot be fetched from there.
pub(crate) struct Refused {
    pub(crate) code: Code,
    pub(crate) message: String,
}

/// How a place without a policy is to be understood.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Issuer(&'static str),
    Metadata,
    Keys,
}

impl Place {
    /// The place that is meant. The inner error is one of the place itself, the outer one of the command line.
    pub(crate) fn find(arguments: &KeyPlace) -> Result<Result<Place, Refused>, Failure> {
        if let Some(path) = &arguments.policy {
            let file = PolicyFile { path: path.clone(), service: arguments.service.clone() };
            return of_entry(&policy::load(&file)?, &arguments.place).map(Ok);
        }
        if let Some(path) = &arguments.ca_file {
            input::file("--ca-file", path, CA_FILE_BYTES)?;
        }
        of_url(arguments)
    }

    /// The issuer that metadata must name: the one that is known, else the one that it says it is of.
    pub(crate) fn issuer_for(&self, metadata: &[u8]) -> String {
        let named = || {
            let document = parse(metadata.to_vec(), Bounds::OPERATOR).ok()?;
            document.root().get("issuer").and_then(Value::as_str).map(str::to_owned)
        };
        self.issuer.clone().or_else(named).unwrap_or_default()
    }

    /// The request for the keys that metadata names.
    pub(crate) fn follow(&self, metadata: &[u8]) -> Result<Request, FetchFault> {
        self.fetching.read_metadata(metadata.to_vec(), &self.issuer_for(metadata))
    }

    /// How a set is read: for the algorithms of the policy, or where there is none for those that its keys name.
    pub(crate) fn key_set_options(&self, jwks: &[u8]) -> KeySetOptions {
        let options = self.fetching.key_set_options();
        match (&self.entry, parse(jwks.to_vec(), Bounds::OPERATOR)) {
            (None, Ok(document)) => {
                let named =
                    |key: Value<'_>| key.get("alg").and_then(Value::as_str).and_then(Algorithm::from_name);
                let named: Vec<Algorithm> = keys::elements(&document).into_iter().filter_map(named).collect();
                KeySetOptions { algorithms: all_of(&named), ..options }
            }
            _ => options,
        }
    }
}

/// The signatures that are named, and those that a key without `alg` leaves no choice about.
fn all_of(named: &[Algorithm]) -> AlgorithmSet {
    use counterseal::core::algorithm::Family;
    let is_rsa = |algorithm: &Algorithm| algorithm.family() == Family::Rsa;
    let rsa = (!named.iter().any(is_rsa)).then_some(Algorithm::RS256);
    let named = named.iter().copied().filter(|algorithm| algorithm.family() != Family::Mac);
    named.chain(rsa).chain(CURVES).collect()
}

const CURVES: [Algorithm; 5] =
    [Algorithm::ES256, Algorithm::ES384, Algorithm::ES512, Algorithm::ES256K, Algorithm::Ed25519];

fn of_entry(policy: &Policy, place: &str) -> Result<Place, Failure> {
    let core = policy.core();
    let is_meant = |issuer: &&counterseal::core::policy::Issuer| {
        issuer.name() == place || issuer.issuer() == place || issuer.aliases().any(|alias| alias == place)
    };
    // What was typed is not repeated: it could be a token in the wrong place.
    let Some(issuer) = core.issuers().find(is_meant) else {
        let names: Vec<&str> = core.issuers().map(|issuer| issuer.name()).collect();
        return Err(Failure::Usage(format!("the policy has no such entry; it has {}", names.join(", "))));
    };
    let Some(fetching) = core.fetching(issuer) else {
        let message = "the keys of this entry come with the policy: nothing is fetched";
        return Err(Failure::Usage(message.to_owned()));
    };
    Ok(Place {
        issuer: Some(fetching.issuer().to_owned()),
        fetching,
        entry: Some(Entry { profile: issuer.profile(), algorithms: issuer.algorithms() }),
        discovery: None,
        leeway: core.leeway(),
    })
}

fn of_url(arguments: &KeyPlace) -> Result<Result<Place, Refused>, Failure> {
    let kind = kind(arguments);
    let code = if matches!(kind, Kind::Issuer(_)) { Code::IssuerUrlInvalid } else { Code::JwksUrlInvalid };
    let url = match Url::parse(&arguments.place) {
        Ok(url) => url,
        Err(reason) => return Ok(Err(Refused { code, message: reason.to_owned() })),
    };
    let ca_file = arguments.ca_file.as_ref().map(|path| path.to_string_lossy());
    // The host is one that the user named; nothing more is known of the issuer.
    let origin = url.origin();
    let (issuer, source) = match kind {
        Kind::Issuer(discovery) => (url.as_str(), json!({ "discovery": discovery })),
        Kind::Metadata => (origin.as_str(), json!({ "discovery_url": url.as_str() })),
        Kind::Keys => (origin.as_str(), json!({ "jwks_uri": url.as_str() })),
    };
    let algorithms: Vec<&str> = all_of(&[]).iter().map(Algorithm::name).collect();
    let mut policy = json!({
        "version": 1,
        "issuer": [{
            "name": "keys", "issuer": issuer, "profile": "generic", "audience": "keys",
            "algorithms": algorithms, "keys": source,
        }],
    });
    if let Some(path) = ca_file {
        policy["fetch"] = json!({ "ca_file": path });
    }
    let policy = match Policy::from_dict(&policy.to_string(), None, None) {
        Ok(policy) => policy,
        Err(error) => {
            let Some(problem) = error.problems().first() else { return Err(Failure::Internal) };
            if problem.pointer.starts_with("/fetch") {
                let message = format!("what is given as --ca-file cannot be used: {}", problem.message);
                return Err(Failure::Usage(message));
            }
            let message = match problem.message.split_once(": ") {
                Some((_, reason)) => reason.to_owned(),
                None => problem.message.clone(),
            };
            return Ok(Err(Refused { code: problem.code, message }));
        }
    };
    let core = policy.core();
    let fetching = core.issuers().next().and_then(|issuer| core.fetching(issuer)).ok_or(Failure::Internal)?;
    let (issuer, discovery) = match kind {
        Kind::Issuer(discovery) => (Some(url.as_str().to_owned()), Some(discovery)),
        Kind::Metadata | Kind::Keys => (None, None),
    };
    Ok(Ok(Place { fetching, issuer, entry: None, discovery, leeway: core.leeway() }))
}

fn kind(arguments: &KeyPlace) -> Kind {
    let path = arguments.place.split(['?', '#']).next().unwrap_or_default();
    match arguments {
        KeyPlace { metadata: true, .. } => Kind::Metadata,
        KeyPlace { jwks: true, .. } => Kind::Keys,
        KeyPlace { discovery: Some(discovery), .. } => Kind::Issuer(discovery),
        _ if path.ends_with("/.well-known/jwks.json") => Kind::Keys,
        _ if path.contains("/.well-known/") => Kind::Metadata,
        _ => Kind::Issuer("oidc"),
    }
}

/// A URL for people: a query may hold a secret.
pub(crate) fn told_url(url: &Url) -> String {
    without_query(url.as_str())
}

/// The same for what should be one.
pub(crate) fn without_query(text: &str) -> String {
    match text.split_once('?') {
        Some((before, _)) => format!("{before}?…"),
        None => text.to_owned(),
    }
}

/// What a document is called.
pub(crate) fn noun(document: Document) -> &'static str {
    match document {
        Document::Metadata => "metadata",
        Document::Keys => "keys",
    }
}
