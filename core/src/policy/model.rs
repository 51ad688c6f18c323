//! The policy as the verifier reads it: built once, immutable, every list already checked.

use std::sync::Arc;

use super::deny::{DenyFile, DenyList};
use crate::algorithm::AlgorithmSet;
use crate::claims::{Claim, Widened};
use crate::crypto::Provider;
use crate::json::Pointer;
use crate::jws::Typ;
use crate::keys::source::RemoteSource;
use crate::keyset::KeySet;

/// What kind of token an issuer entry accepts (BIS 3.12: each token fits exactly one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// A JWT access token of RFC 9068.
    AccessToken,
    /// An ID token at the client it was issued to (OpenID Connect Core).
    IdToken,
    /// An ID token accepted as an API credential, by name only (IDT-10).
    IdTokenApi,
    /// Anything with `iss`, `aud` and `exp`.
    Generic,
}

impl Profile {
    /// The profile of that name.
    pub fn from_name(name: &str) -> Option<Profile> {
        [Profile::AccessToken, Profile::IdToken, Profile::IdTokenApi, Profile::Generic]
            .into_iter()
            .find(|profile| profile.name() == name)
    }

    /// The name in the policy file.
    pub fn name(self) -> &'static str {
        match self {
            Profile::AccessToken => "access_token",
            Profile::IdToken => "id_token",
            Profile::IdTokenApi => "id_token_api",
            Profile::Generic => "generic",
        }
    }

    /// Both kinds of ID token.
    pub fn is_id_token(self) -> bool {
        matches!(self, Profile::IdToken | Profile::IdTokenApi)
    }
}

/// The accepted values of the `typ` header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Types {
    /// In lower case, without `application/`.
    pub(crate) named: Vec<Box<str>>,
    /// Is an absent `typ` accepted (`"none"` in the policy)?
    pub(crate) absent: bool,
    /// `dangerous = ["any_type"]`
    pub(crate) any: bool,
}

impl Types {
    /// Is a token with this `typ` of the right type (JWS-14, JWS-15)?
    #[inline]
    pub(crate) fn admit(&self, typ: &Typ) -> bool {
        self.any
            || match typ {
                Typ::Absent => self.absent,
                Typ::Named(name) => self.named.contains(name),
                Typ::NotAString => false,
            }
    }
}

/// The `dangerous` opt-outs of an issuer (POL-03), all off by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dangerous {
    pub(crate) no_issuer: bool,
    pub(crate) no_audience: bool,
    pub(crate) no_expiry: bool,
    pub(crate) any_type: bool,
}

/// Where the fields of an identity come from; several pointers are joined in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IdentityMap {
    pub(crate) roles: Vec<Pointer>,
    /// Objects whose member names are roles.
    pub(crate) role_keys: Vec<Pointer>,
    /// Empty: the `scope` claim, which is a string. Elsewhere a list is accepted too (CLM-19).
    pub(crate) scopes: Vec<Pointer>,
    pub(crate) tenant: Option<Pointer>,
    /// Absent: the `client_id` claim.
    pub(crate) client_id: Option<Pointer>,
    /// Absent: the `jti` claim.
    pub(crate) token_id: Option<Pointer>,
}

/// How a token tells whether it stands for a user or for a client (CLM-21).
#[derive(Clone, Debug, Default)]
pub(crate) struct SubjectKindRules {
    /// Any of these: the client itself.
    pub(crate) client: Vec<ClaimRule>,
    /// Any of these, and none of a client: a user.
    pub(crate) user: Vec<ClaimRule>,
    /// What follows the client in the `sub` of its own tokens; with it, any other `sub` is a user.
    pub(crate) client_suffix: Option<Box<str>>,
}

/// Claims of RFC 9068 that an issuer's access tokens may lack (ACT-03).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OptionalClaims {
    pub(crate) client_id: bool,
    pub(crate) jti: bool,
}

/// A rule on one claim (POL-08).
#[derive(Clone, Debug)]
pub(crate) struct ClaimRule {
    pub(crate) claim: Pointer,
    /// The pointer as written, for messages.
    pub(crate) name: Arc<str>,
    pub(crate) test: RuleTest,
}

/// What a claim rule asks. Comparison is by JSON type and value.
#[derive(Clone, Debug)]
pub(crate) enum RuleTest {
    Equals(Constant),
    OneOf(Vec<Constant>),
    Contains(Constant),
    Present,
    Absent,
}

/// A scalar in a claim rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Constant {
    String(Box<str>),
    Integer(i64),
    Float(f64),
    Boolean(bool),
}

/// A claim that must be there, and not null, `""` or `[]`.
#[derive(Clone, Debug)]
pub(crate) struct RequiredClaim {
    pub(crate) claim: Pointer,
    pub(crate) name: Arc<str>,
}

/// Where an issuer's keys come from.
#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    /// From the policy, a file or a secret: loaded with the policy, never changed.
    Static(Arc<KeySet>),
    /// Fetched when they are needed.
    Remote(Arc<RemoteSource>),
    /// Handed in by a test, at a time of its choosing.
    Scripted {
        /// The issuer, the settings and what the keys are prepared for: where all of that is the same
        /// in another policy, the keys can stay (POL-06).
        identity: Box<str>,
    },
}

impl KeySource {
    /// The keys, where they are loaded with the policy.
    pub(crate) fn fixed(&self) -> Option<Arc<KeySet>> {
        match self {
            KeySource::Static(keys) => Some(Arc::clone(keys)),
            KeySource::Remote(_) | KeySource::Scripted { .. } => None,
        }
    }

    /// Where they are fetched from.
    pub(crate) fn remote(&self) -> Option<&Arc<RemoteSource>> {
        match self {
            KeySource::Remote(source) => Some(source),
            KeySource::Static(_) | KeySource::Scripted { .. } => None,
        }
    }

    /// What tells the source from others, where its keys come later.
    pub(crate) fn identity(&self) -> Option<&str> {
        match self {
            KeySource::Static(_) => None,
            KeySource::Remote(source) => Some(&source.identity),
            KeySource::Scripted { identity } => Some(identity),
        }
    }
}

/// One `[[issuer]]` of the policy.
#[derive(Debug)]
pub struct Issuer {
    pub(crate) name: Arc<str>,
    /// The vendor preset under its settings.
    pub(crate) preset: Option<&'static str>,
    /// The exact `iss`, or `local:<name>` where `no_issuer` is spelled out.
    pub(crate) issuer: Arc<str>,
    pub(crate) aliases: Vec<Box<str>>,
    pub(crate) profile: Profile,
    pub(crate) audience: Vec<Box<str>>,
    /// Where the audience stands; absent: the `aud` claim.
    pub(crate) audience_claim: Option<RequiredClaim>,
    pub(crate) algorithms: AlgorithmSet,
    pub(crate) types: Types,
    /// Index into [`Policy::key_sources`]: entries of one issuer share their keys.
    pub(crate) keys: usize,
    /// Values of `jku` that are let pass, and never fetched (JWS-17).
    pub(crate) key_urls: Vec<Box<str>>,
    /// Seconds.
    pub(crate) max_lifetime: i64,
    /// Seconds that clocks may differ by: the policy's, for what is judged without it.
    pub(crate) leeway: i64,
    pub(crate) required_claims: Vec<RequiredClaim>,
    pub(crate) optional_claims: OptionalClaims,
    pub(crate) widened: Widened,
    /// Marks of ID tokens that its access tokens bear, too (ACT-05).
    pub(crate) allowed_marks: Vec<Claim>,
    pub(crate) required_scopes: Vec<Box<str>>,
    /// The required scopes joined by spaces, for challenges.
    pub(crate) required_scope: Arc<str>,
    pub(crate) actors: Vec<Box<str>>,
    pub(crate) authorized_parties: Vec<Box<str>>,
    pub(crate) identity: IdentityMap,
    /// Absent: by comparing `sub` with the client.
    pub(crate) subject_kind: Option<SubjectKindRules>,
    /// What tells this kind of token from others of its issuer (POL-04).
    pub(crate) discriminators: Vec<ClaimRule>,
    pub(crate) rules: Vec<ClaimRule>,
    pub(crate) dangerous: Dangerous,
    /// Does a refusal count, or is it reported alone?
    pub(crate) enforce: bool,
    /// Is the service ready only when its keys are there?
    pub(crate) required: bool,
}

impl Issuer {
    /// The issuer and its aliases.
    pub(crate) fn spellings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.issuer).chain(self.aliases.iter().map(|alias| &**alias))
    }
}

/// A whole policy for one service. A clone shares issuers and keys with it.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) issuers: Vec<Arc<Issuer>>,
    pub(crate) key_sources: Vec<KeySource>,
    /// Seconds.
    pub(crate) leeway: i64,
    pub(crate) token_bytes: usize,
    pub(crate) header_bytes: usize,
    pub(crate) cache_entries: usize,
    /// Milliseconds a caller waits for a flight.
    pub(crate) fetch_wait_millis: u64,
    /// Are keys fetched without a thread of their own?
    pub(crate) fetches_inline: bool,
    /// `deny_kid` and `deny_issuer`.
    pub(crate) denied: DenyList,
    pub(crate) deny_file: Option<DenyFile>,
    /// What an operator should know though it is no mistake: opt-outs, skipped keys.
    pub(crate) notices: Vec<Notice>,
    /// Who computes signatures.
    pub(crate) provider: &'static dyn Provider,
}

/// Something that `policy check` lists: a dangerous opt-out, or a key that was skipped and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The setting, as a path such as `issuer[0].dangerous`.
    pub path: String,
    /// What to know about it. Never a secret or a key.
    pub message: String,
}
