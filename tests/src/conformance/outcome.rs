//! What a host sees, as data: every field of the public objects, and nothing else.

use counterseal::core::keyset::{Key, KeySet};
use counterseal::{
    CacheCounters, Code, Error, Identity, PolicyError, Problem, Rejection, Report, Status, Unavailable,
};

use super::json::Json;

/// The outcome of a verification.
pub fn verification(result: &Result<Identity, Error>) -> Json {
    match result {
        Ok(identity) => Json::object([("verified", self::identity(identity))]),
        Err(Error::TokenRejected(rejection)) => Json::object([("rejected", self::rejection(rejection))]),
        Err(Error::Unavailable(outage)) => Json::object([("unavailable", self::outage(outage))]),
        Err(other) => Json::object([("error", code(other.code()))]),
    }
}

/// Every field of an identity, and its claims.
pub fn identity(identity: &Identity) -> Json {
    let number = |number: Option<i64>| number.map_or(Json::Null, Json::integer);
    Json::object([
        ("subject", Json::optional(identity.subject())),
        ("issuer", Json::string(identity.issuer())),
        ("audience", Json::strings(identity.audience())),
        ("scopes", Json::strings(identity.scopes())),
        ("roles", Json::strings(identity.roles())),
        ("tenant", Json::optional(identity.tenant())),
        ("client_id", Json::optional(identity.client_id())),
        ("subject_kind", Json::string(identity.subject_kind().name())),
        ("actors", Json::strings(identity.actors())),
        ("token_id", Json::optional(identity.token_id())),
        ("issued_at", number(identity.issued_at())),
        ("expires_at", number(identity.expires_at())),
        ("auth_time", number(identity.auth_time())),
        ("acr", Json::optional(identity.acr())),
        ("amr", Json::strings(identity.amr())),
        ("profile", Json::string(identity.profile().name())),
        ("transaction_id", Json::optional(identity.transaction_id())),
        ("groups_incomplete", Json::Boolean(identity.groups_incomplete())),
        ("claims", Json::from_value(identity.claims())),
    ])
}

/// A rejection without its reference, which is random.
pub fn rejection(rejection: &Rejection) -> Json {
    Json::object([
        ("code", code(rejection.code())),
        ("number", Json::integer(rejection.code().number())),
        ("rule", Json::string(rejection.rule().id())),
        ("status", Json::integer(rejection.status())),
        ("www_authenticate", Json::optional(rejection.www_authenticate())),
        ("enforced", Json::Boolean(rejection.enforced())),
    ])
}

fn outage(outage: &Unavailable) -> Json {
    Json::object([
        ("code", code(outage.code())),
        ("number", Json::integer(outage.code().number())),
        ("status", Json::integer(outage.status())),
        ("retry_after", Json::integer(outage.retry_after())),
        ("enforced", Json::Boolean(outage.enforced())),
    ])
}

/// Every problem of a policy, in order.
pub fn problems(error: &PolicyError) -> Json {
    let problem = |problem: &Problem| {
        Json::object([
            ("code", code(problem.code)),
            ("path", Json::string(&problem.path)),
            ("pointer", Json::string(&problem.pointer)),
            ("line", Json::integer(problem.line)),
            ("column", Json::integer(problem.column)),
            ("message", Json::string(&problem.message)),
            ("hint", Json::optional(problem.hint.as_deref())),
        ])
    };
    Json::object([("problems", Json::Array(error.problems().iter().map(problem).collect()))])
}

/// The same in order of their pointer and code: for a policy whose text the case does not write out, and
/// whose lines say nothing.
pub fn without_lines(outcome: &Json) -> Json {
    let Some(Json::Array(problems)) = outcome.get("problems") else { return outcome.clone() };
    let mut problems = problems.clone();
    let text = |problem: &Json, name: &str| problem.get(name).map(Json::canonical);
    problems.sort_by_cached_key(|problem| (text(problem, "pointer"), text(problem, "code")));
    Json::object([("problems", Json::Array(problems))])
}

/// A report of every check, as its users see it.
pub fn report(report: &Report) -> Result<Json, String> {
    let text = serde_json::to_string(report).map_err(|error| error.to_string())?;
    Ok(Json::object([("report", Json::parse(&text)?)]))
}

/// What the cache did.
pub fn counters(counters: CacheCounters) -> Json {
    let CacheCounters { hits, misses, inserts, evictions, entries } = counters;
    Json::object([
        ("hits", Json::integer(hits)),
        ("misses", Json::integer(misses)),
        ("inserts", Json::integer(inserts)),
        ("evictions", Json::integer(evictions)),
        ("entries", Json::integer(entries)),
    ])
}

/// How the issuers are doing: what their users see of it and what does not depend on the machine.
pub fn status(status: &Status) -> Result<Json, String> {
    let text = serde_json::to_string(status).map_err(|error| error.to_string())?;
    let whole = Json::parse(&text)?;
    let part = |value: &Json, names: &[&str]| {
        let members =
            names.iter().map(|name| (name.to_string(), value.get(name).cloned().unwrap_or(Json::Null)));
        Json::Object(members.collect())
    };
    let parts = |list: &str, names: &[&str]| match whole.get(list) {
        Some(Json::Array(list)) => Json::Array(list.iter().map(|value| part(value, names)).collect()),
        _ => Json::Array(Vec::new()),
    };
    let issuers = parts("issuers", &["name", "key_state", "keys", "required", "fetch"]);
    let alarms = parts("alarms", &["code", "message"]);
    Ok(Json::object([("status", Json::object([("issuers", issuers), ("alarms", alarms)]))]))
}

/// A set: which keys can be used, which are of algorithms that are not listed, which were left out.
pub fn key_set(result: &Result<KeySet, Code>) -> Json {
    let set = match result {
        Ok(set) => set,
        Err(error) => return Json::object([("error", code(*error))]),
    };
    let row = |key: &Key| {
        Json::object([
            ("kid", Json::optional(key.kid())),
            ("algorithm", Json::optional(key.algorithm().map(|algorithm| algorithm.name()))),
            ("kind", Json::string(key.describe().to_string())),
            ("thumbprint", Json::optional(key.thumbprint())),
        ])
    };
    let skipped = set.skipped().iter().map(|key| {
        Json::object([
            ("index", Json::integer(key.index as u64)),
            ("kid", Json::optional(key.kid.as_deref())),
            ("code", code(key.reason)),
        ])
    });
    Json::object([
        ("usable", Json::Array(set.keys().filter(|key| key.is_usable()).map(row).collect())),
        ("unlisted", Json::Array(set.keys().filter(|key| !key.is_usable()).map(row).collect())),
        ("skipped", Json::Array(skipped.collect())),
    ])
}

/// A code by its slug.
pub fn code(code: Code) -> Json {
    Json::string(code.slug())
}
