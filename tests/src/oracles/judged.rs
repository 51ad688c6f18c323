//! The part of a policy that a library for JWTs can be told: one issuer, its keys, algorithms, audience,
//! leeway, required claims. A policy that asks more is left out, with the reason.

use std::path::Path;

use counterseal::core::limits;
use serde::Serialize;
use serde_json::{Value, json};

use crate::conformance::Load;

/// What a library is configured with.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    jwks: Value,
    algorithms: Vec<String>,
    issuer: String,
    audience: Vec<String>,
    /// Seconds.
    leeway: i64,
    /// The longest time between `iat` and `exp`, in seconds.
    max_lifetime: i64,
    /// Claims that must be there.
    required: Vec<String>,
    /// The one `typ` that is accepted, for profiles that name one.
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
}

/// Settings that say nothing, or what a library can be told too.
const SHARED: [&str; 8] =
    ["name", "issuer", "profile", "audience", "algorithms", "keys", "types", "required_claims"];

impl Judged {
    /// Reads a policy that was loaded. Fails with why the steps under it are left out.
    pub fn read(load: &Load, folder: &Path) -> Result<Judged, String> {
        if load.text.is_some() {
            return Err("the policy is written out as text".into());
        }
        let policy = load.value(folder)?;
        if let Some(name) = names(&policy).find(|name| !["version", "issuer", "limits"].contains(name)) {
            return Err(format!("the policy sets {name}"));
        }
        let leeway = match &policy["limits"] {
            Value::Null => limits::LEEWAY,
            limits => leeway(limits).ok_or("the policy sets limits on sizes")?,
        };
        let issuer = match policy["issuer"].as_array().map(Vec::as_slice) {
            Some([issuer]) => issuer,
            _ => return Err("several issuers".into()),
        };
        if let Some(name) = names(issuer).find(|name| !SHARED.contains(name)) {
            return Err(format!("the issuer sets {name}"));
        }
        let (mut required, typ) = profile(issuer["profile"].as_str().unwrap_or("access_token"))?;
        required.extend(strings(&issuer["required_claims"]));
        if required.iter().any(|claim| claim.starts_with('/')) {
            return Err("a required claim is nested".into());
        }
        let typ = match strings(&issuer["types"]).as_slice() {
            [] => typ,
            [one] => Some(one.clone()),
            _ => return Err("several types".into()),
        };
        Ok(Judged {
            jwks: keys(&issuer["keys"], load, folder)?,
            algorithms: strings(&issuer["algorithms"]),
            issuer: issuer["issuer"].as_str().ok_or("no issuer")?.to_owned(),
            audience: strings(&issuer["audience"]),
            leeway,
            max_lifetime: limits::LIFETIME,
            required,
            typ,
        })
    }
}

/// The claims that a profile requires, and its `typ`.
fn profile(name: &str) -> Result<(Vec<String>, Option<String>), String> {
    let (claims, typ): (&[&str], _) = match name {
        "access_token" => (&["iss", "aud", "exp", "iat", "sub", "client_id", "jti"], Some("at+jwt")),
        "id_token" | "id_token_api" => (&["iss", "aud", "exp", "iat", "sub"], None),
        "generic" => (&["iss", "aud", "exp"], None),
        _ => return Err(format!("no profile {name}")),
    };
    Ok((claims.iter().map(|claim| (*claim).to_owned()).collect(), typ.map(str::to_owned)))
}

/// The issuer's keys as a set.
fn keys(keys: &Value, load: &Load, folder: &Path) -> Result<Value, String> {
    let set = match (&keys["jwks"], keys["jwks_file"].as_str()) {
        (Value::Null, Some(path)) => {
            let bytes = load.file(folder, path)?;
            serde_json::from_slice(&bytes).map_err(|_| "the keys are no JWK Set")?
        }
        (Value::Object(set), None) => Value::Object(set.clone()),
        (Value::String(text), None) => serde_json::from_str(text).map_err(|_| "the keys are no JWK Set")?,
        _ => {
            let from = names(keys).next().unwrap_or("nothing").to_owned();
            return Err(format!("the keys come from {from}"));
        }
    };
    Ok(if set.get("keys").is_some() { set } else { json!({ "keys": [set] }) })
}

fn leeway(limits: &Value) -> Option<i64> {
    let mut names = names(limits);
    match (names.next(), names.next(), limits["leeway"].as_str()?) {
        (Some("leeway"), None, "0s") => Some(0),
        (Some("leeway"), None, "5m") => Some(300),
        _ => None,
    }
}

fn names(value: &Value) -> impl Iterator<Item = &str> {
    value.as_object().into_iter().flatten().map(|(name, _)| name.as_str())
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
