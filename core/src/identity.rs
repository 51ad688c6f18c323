//! The proof that a token passed.

use std::fmt;
use std::sync::Arc;

use crate::claims::{Claim, Claims, Date, scope_tokens};
use crate::json::{Kind, Pointer, Value, write_string};
use crate::policy::{Issuer, Profile};

/// Who the subject of a token is (CLM-21).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubjectKind {
    /// A person: the subject is not the client that asked for the token, or it is an ID token's.
    User,
    /// The client itself.
    Client,
    /// The token does not say.
    Unknown,
}

impl SubjectKind {
    /// The kind in lower case.
    pub fn name(self) -> &'static str {
        match self {
            SubjectKind::User => "user",
            SubjectKind::Client => "client",
            SubjectKind::Unknown => "unknown",
        }
    }
}

/// A verified token's identity. There is no way to make one but to verify a token.
///
/// It is a cheap handle (one reference count) that stays valid after its cache entry, its policy or
/// its guard is gone. It does not hold the token, and its `Debug` shows no claim. Fields are read
/// from the claims on access: each costs a walk over a few members and allocates nothing.
#[derive(Clone)]
pub struct Identity {
    inner: Arc<Inner>,
}

struct Inner {
    id: u64,
    claims: Claims,
    issuer: Arc<Issuer>,
    expires_at: Option<Date>,
    not_before: Option<Date>,
    issued_at: Option<Date>,
    subject_kind: SubjectKind,
    groups_incomplete: bool,
}

/// The dates of a token that passed, in whole seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dates {
    pub(crate) expires_at: Option<Date>,
    pub(crate) not_before: Option<Date>,
    pub(crate) issued_at: Option<Date>,
}

impl Identity {
    /// The one constructor, called where a verification ends.
    pub(crate) fn proven(
        id: u64,
        claims: Claims,
        issuer: Arc<Issuer>,
        dates: Dates,
        subject_kind: SubjectKind,
    ) -> Identity {
        let groups_incomplete = lists_are_elsewhere(&claims);
        let Dates { expires_at, not_before, issued_at } = dates;
        Identity {
            inner: Arc::new(Inner {
                id,
                claims,
                issuer,
                expires_at,
                not_before,
                issued_at,
                subject_kind,
                groups_incomplete,
            }),
        }
    }

    /// The number of this proof: one guard never gives the same to two verifications. A host that
    /// keeps an object for each proof finds it by this number and compares it (CAC-10). It says
    /// nothing about the token, and identities that are equal have different ones.
    pub fn id(&self) -> u64 {
        self.inner.id
    }

    /// Reads the reference count, so that a clone that follows finds it in the processor's cache.
    #[inline]
    pub(crate) fn prefetch(&self) {
        std::hint::black_box(Arc::strong_count(&self.inner));
    }

    /// `sub`. Together with [`Identity::issuer`] it names the principal (CLM-20); alone it does not.
    pub fn subject(&self) -> Option<&str> {
        self.inner.claims.string(Claim::Sub)
    }

    /// The issuer as the policy spells it, or `local:<name>` for one without `iss`.
    pub fn issuer(&self) -> &str {
        &self.inner.issuer.issuer
    }

    /// The name of the issuer's entry in the policy.
    pub fn issuer_name(&self) -> &str {
        &self.inner.issuer.name
    }

    /// The profile under which the token was accepted.
    pub fn profile(&self) -> Profile {
        self.inner.issuer.profile
    }

    /// The audiences, in the token's order.
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        audience(&self.inner.claims, &self.inner.issuer).into_iter().flat_map(strings)
    }

    /// The scopes, in the token's order.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        scopes(&self.inner.claims, &self.inner.issuer)
    }

    /// Was exactly this scope granted?
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|granted| granted == scope)
    }

    /// The roles from where the policy says they are, joined in order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let (claims, issuer) = (&self.inner.claims, &*self.inner.issuer);
        let keys = role_key_values(claims, issuer).flat_map(member_names);
        role_values(claims, issuer).flat_map(strings).chain(keys)
    }

    /// Is exactly this role among them?
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|held| held == role)
    }

    /// The tenant from where the policy says it is.
    pub fn tenant(&self) -> Option<&str> {
        self.inner.issuer.identity.tenant.as_ref()?.find(self.inner.claims.root())?.as_str()
    }

    /// The client that the token was issued to.
    pub fn client_id(&self) -> Option<&str> {
        client_id(&self.inner.claims, &self.inner.issuer)
    }

    /// Person or client (CLM-21).
    pub fn subject_kind(&self) -> SubjectKind {
        self.inner.subject_kind
    }

    /// The actors of a delegated token, outermost first. Only the first feeds decisions (XCH-04).
    pub fn actors(&self) -> impl Iterator<Item = &str> {
        let chain = std::iter::successors(self.inner.claims.get(Claim::Act), |act| act.get("act"));
        chain.filter_map(|act| act.get("sub")?.as_str())
    }

    /// `jti`, or what the policy says instead.
    pub fn token_id(&self) -> Option<&str> {
        token_id(&self.inner.claims, &self.inner.issuer)
    }

    /// `iat` in seconds since 1970, a fraction rounded up.
    pub fn issued_at(&self) -> Option<i64> {
        self.inner.issued_at
    }

    /// `exp` in seconds since 1970, a fraction dropped.
    pub fn expires_at(&self) -> Option<i64> {
        self.inner.expires_at
    }

    /// `nbf` in seconds since 1970, a fraction rounded up.
    pub fn not_before(&self) -> Option<i64> {
        self.inner.not_before
    }

    /// `auth_time` in seconds since 1970: when the person signed in.
    pub fn auth_time(&self) -> Option<i64> {
        let auth_time = self.inner.claims.get(Claim::AuthTime)?;
        crate::claims::read_date(auth_time, crate::claims::Rounding::Up).ok()
    }

    /// Seconds that clocks may differ by, as the policy says.
    pub fn leeway_seconds(&self) -> i64 {
        self.inner.issuer.leeway
    }

    /// `acr`: the class of the authentication.
    pub fn acr(&self) -> Option<&str> {
        self.inner.claims.string(Claim::Acr)
    }

    /// `amr`: the methods of the authentication.
    pub fn amr(&self) -> impl Iterator<Item = &str> {
        self.inner.claims.get(Claim::Amr).into_iter().flat_map(strings)
    }

    /// `txn`: the transaction that the token belongs to.
    pub fn transaction_id(&self) -> Option<&str> {
        self.inner.claims.string(Claim::Txn)
    }

    /// Did the provider leave group lists out because they were too long? Then an empty list of
    /// roles means nothing.
    pub fn groups_incomplete(&self) -> bool {
        self.inner.groups_incomplete
    }

    /// All claims.
    pub fn claims(&self) -> Value<'_> {
        self.inner.claims.root()
    }

    /// The JSON text of the claims, as the token has it.
    pub fn claims_text(&self) -> &str {
        self.inner.claims.document().source()
    }

    /// One claim by JSON Pointer, or by name.
    pub fn claim(&self, pointer: &str) -> Option<Value<'_>> {
        Pointer::parse(pointer)?.find(self.inner.claims.root())
    }

    /// The identity as JSON: its fields by name, and the claims. Never the token.
    pub fn to_json(&self) -> String {
        let mut out = Fields { text: String::from("{") };
        out.string("subject", self.subject());
        out.string("issuer", Some(self.issuer()));
        out.strings("audience", self.audience());
        out.strings("scopes", self.scopes());
        out.strings("roles", self.roles());
        out.string("tenant", self.tenant());
        out.string("client_id", self.client_id());
        out.string("subject_kind", Some(self.subject_kind().name()));
        out.strings("actors", self.actors());
        out.string("token_id", self.token_id());
        out.number("issued_at", self.issued_at());
        out.number("expires_at", self.expires_at());
        out.number("auth_time", self.auth_time());
        out.string("acr", self.acr());
        out.strings("amr", self.amr());
        out.string("profile", Some(self.profile().name()));
        out.string("transaction_id", self.transaction_id());
        out.raw("groups_incomplete", if self.groups_incomplete() { "true" } else { "false" });
        out.raw("claims", &self.claims().to_json());
        out.text.push('}');
        out.text
    }

    /// Bytes that this identity holds, for reports on memory.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Inner>() + 16 + self.inner.claims.document().memory_bytes()
    }
}

impl PartialEq for Identity {
    /// By value: the same policy entry and the same claims.
    fn eq(&self, other: &Identity) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
            || (self.issuer() == other.issuer()
                && self.profile() == other.profile()
                && self.inner.claims.document().source() == other.inner.claims.document().source())
    }
}

impl Eq for Identity {}

impl fmt::Debug for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Identity").field("issuer", &self.issuer_name()).finish_non_exhaustive()
    }
}

/// Where the audience is: `aud`, or what `audience_claim` names (CLM-05).
pub(crate) fn audience<'a>(claims: &'a Claims, issuer: &Issuer) -> Option<Value<'a>> {
    match &issuer.audience_claim {
        None => claims.get(Claim::Aud),
        Some(named) => named.claim.find(claims.root()),
    }
}

/// The string, or the strings of the list.
pub(crate) fn strings(value: Value<'_>) -> impl Iterator<Item = &str> {
    value.as_str().into_iter().chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

/// The scopes from `scope`, or from where the policy says they are.
pub(crate) fn scopes<'a>(claims: &'a Claims, issuer: &'a Issuer) -> impl Iterator<Item = &'a str> {
    let standard = if issuer.identity.scopes.is_empty() { claims.get(Claim::Scope) } else { None };
    let mapped = issuer.identity.scopes.iter().filter_map(|pointer| pointer.find(claims.root()));
    standard.into_iter().chain(mapped).flat_map(strings).flat_map(scope_tokens)
}

/// The values that hold roles: where the policy says, else the `roles` of an access token
/// (RFC 9068 section 2.2.3.1).
pub(crate) fn role_values<'a>(claims: &'a Claims, issuer: &'a Issuer) -> impl Iterator<Item = Value<'a>> {
    let map = &issuer.identity;
    let by_default =
        map.roles.is_empty() && map.role_keys.is_empty() && issuer.profile == Profile::AccessToken;
    let standard = if by_default { claims.get(Claim::Roles) } else { None };
    let mapped = issuer.identity.roles.iter().filter_map(|pointer| pointer.find(claims.root()));
    standard.into_iter().chain(mapped)
}

/// `client_id`, or what the policy says instead.
pub(crate) fn client_id<'a>(claims: &'a Claims, issuer: &Issuer) -> Option<&'a str> {
    match &issuer.identity.client_id {
        None => claims.string(Claim::ClientId),
        Some(pointer) => pointer.find(claims.root())?.as_str(),
    }
}

/// `jti`, or what the policy says instead.
pub(crate) fn token_id<'a>(claims: &'a Claims, issuer: &Issuer) -> Option<&'a str> {
    match &issuer.identity.token_id {
        None => claims.string(Claim::Jti),
        Some(pointer) => pointer.find(claims.root())?.as_str(),
    }
}

/// The values whose member names are roles.
pub(crate) fn role_key_values<'a>(claims: &'a Claims, issuer: &'a Issuer) -> impl Iterator<Item = Value<'a>> {
    issuer.identity.role_keys.iter().filter_map(|pointer| pointer.find(claims.root()))
}

/// Is it an object, or a list of objects?
pub(crate) fn is_named_objects(value: Value<'_>) -> bool {
    let is_object = |value: Value<'_>| value.kind() == Kind::Object;
    is_object(value) || value.as_array().is_some_and(|mut list| list.all(is_object))
}

/// The names of an object's members, or of those of every object in a list.
fn member_names(value: Value<'_>) -> impl Iterator<Item = &str> {
    let objects = value.as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
    value.as_object().into_iter().flatten().chain(objects).map(|(name, _)| name)
}

/// Groups overage: the provider left lists out (`_claim_names` or `hasgroups`).
pub(crate) fn lists_are_elsewhere(claims: &Claims) -> bool {
    let names = claims.get(Claim::DistributedNames);
    let named = names.is_some_and(|names| names.get("groups").is_some() || names.get("roles").is_some());
    named || claims.get(Claim::HasGroups).and_then(Value::as_bool) == Some(true)
}

struct Fields {
    text: String,
}

impl Fields {
    fn raw(&mut self, name: &str, json: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        write_string(&mut self.text, name);
        self.text.push(':');
        self.text.push_str(json);
    }

    fn string(&mut self, name: &str, value: Option<&str>) {
        let mut json = String::new();
        match value {
            None => json.push_str("null"),
            Some(value) => write_string(&mut json, value),
        }
        self.raw(name, &json);
    }

    fn strings<'a>(&mut self, name: &str, values: impl Iterator<Item = &'a str>) {
        let mut json = String::from("[");
        for (at, value) in values.enumerate() {
            if at != 0 {
                json.push(',');
            }
            write_string(&mut json, value);
        }
        json.push(']');
        self.raw(name, &json);
    }

    fn number(&mut self, name: &str, value: Option<i64>) {
        self.raw(name, &value.map_or_else(|| "null".to_owned(), |value| value.to_string()));
    }
}

/// Is the value worth requiring? null, `""` and `[]` count as missing (POL-08).
pub(crate) fn is_empty(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Null => true,
        Kind::String => value.as_str() == Some(""),
        Kind::Array => value.as_array().is_some_and(|mut list| list.next().is_none()),
        _ => false,
    }
}
