//! Any claims behind a valid signature: what is accepted satisfies the policy by a second reading.

use counterseal::{Code, Identity};
use serde_json::Value;

use super::world::{Entry, LEEWAY, NOW, world};
use super::{Ending, verdict};

/// Signs any bytes as claims and judges the token. The first byte chooses the policy's entry.
pub fn claims(data: &[u8]) -> Ending {
    let (first, payload) = data.split_first().unwrap_or((&0, b""));
    let entry = Entry::ALL[usize::from(*first) % Entry::ALL.len()];
    let token = world().token(entry, payload);
    let verdict = verdict::verdict(token.as_bytes());
    match &verdict {
        Ok(identity) => check(entry, payload, identity),
        Err(code) => assert!(
            !matches!(code, Code::SignatureInvalid | Code::SignatureMalformed | Code::KidUnknown),
            "a genuine token was refused with {code}"
        ),
    }
    verdict::ending(&verdict)
}

fn check(entry: Entry, payload: &[u8], identity: &Identity) {
    let claims: Value = match serde_json::from_slice(payload) {
        Ok(claims) => claims,
        // serde_json has no room for numbers beyond a float; they may stand where nobody reads them.
        Err(error) if error.to_string().contains("number out of range") => return,
        Err(error) => panic!("accepted, and serde_json says {error}"),
    };
    check_dates(&claims, entry, identity);
    check_names(&claims, entry, identity);
    check_authorization(&claims, entry);
    let shown: Value = serde_json::from_str(&identity.to_json()).unwrap();
    assert_eq!(shown["claims"], claims, "the identity shows other claims");
    assert_eq!(shown["subject"], claims.get("sub").cloned().unwrap_or_default());
}

fn check_dates(claims: &Value, entry: Entry, identity: &Identity) {
    let date = |name: &str| claims.get(name).map(|date| date.as_f64().unwrap());
    let (now, slack) = (NOW as f64, LEEWAY as f64);
    match date("exp") {
        Some(exp) => {
            assert!(exp > now - slack, "expired");
            assert_eq!(identity.expires_at(), Some(exp.floor() as i64));
            let hours = if entry == Entry::Access { 2.0 } else { 24.0 };
            let from = date("iat").unwrap_or(now);
            assert!(exp - from < hours * 3600.0 + 1.0, "lives too long");
        }
        None => assert_eq!(entry, Entry::Anonymous, "without expiry"),
    }
    for name in ["nbf", "iat"] {
        assert!(date(name).is_none_or(|date| date <= now + slack), "{name} in the future");
        assert!(date(name).is_none_or(|from| date("exp").is_none_or(|exp| from < exp)), "{name} behind exp");
    }
    let ends = [date("exp"), date("nbf"), date("iat"), date("auth_time")];
    assert!(ends.into_iter().flatten().all(|date| (0.0..=253_402_300_800.0).contains(&date)));
}

fn check_names(claims: &Value, entry: Entry, identity: &Identity) {
    let iss = claims.get("iss").map(|iss| iss.as_str().unwrap());
    let audiences: Vec<&str> = match claims.get("aud") {
        None => Vec::new(),
        Some(Value::String(one)) => vec![one],
        Some(list) => list.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect(),
    };
    assert!(identity.audience().eq(audiences.iter().copied()));
    let is_for = |names: &[&str]| audiences.iter().any(|one| names.contains(one));
    let named = |name: &str| claims.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    match entry {
        Entry::Legacy => {
            assert!(matches!(iss, Some("https://legacy.example.com" | "legacy.example.com")));
            assert!(is_for(&["orders", "https://orders.example.com"]));
        }
        Entry::Access => {
            assert_eq!(iss, Some("https://idp.example.com"));
            assert!(is_for(&["api"]) && named("sub") && named("client_id") && named("jti"));
            assert!(["nonce", "at_hash", "c_hash", "events"].iter().all(|mark| claims.get(mark).is_none()));
        }
        Entry::Id => {
            assert_eq!(iss, Some("https://idp.example.com"));
            assert!(is_for(&["client"]) && audiences.iter().all(|one| *one == "client") && named("sub"));
        }
        Entry::Anonymous => assert_eq!(iss, None),
    }
    assert_eq!(
        identity.issuer_name(),
        match entry {
            Entry::Legacy => "legacy",
            Entry::Access => "main",
            Entry::Id => "identity",
            Entry::Anonymous => "anonymous",
        }
    );
    assert!(claims.get("cnf").is_none(), "bound to its sender, and no proof came with it");
}

fn check_authorization(claims: &Value, entry: Entry) {
    let scopes = claims.get("scope").map_or("", |scope| scope.as_str().unwrap());
    let actor = claims.get("act").map(|act| act["sub"].as_str().unwrap());
    match entry {
        Entry::Access => {
            assert!(scopes.split(' ').any(|scope| scope == "orders:read"));
            assert!(claims["groups"].as_array().unwrap().contains(&"staff".into()));
            assert!(actor.is_none_or(|actor| actor == "gateway"));
        }
        Entry::Legacy => {
            let tenant = &claims["tenant"];
            assert!(*tenant == "acme" || *tenant == "globex", "the tenant is mapped, so it is a string");
            assert_eq!(actor, None);
        }
        Entry::Id => {
            assert!(claims.pointer("/deep/er").is_none());
            assert_eq!(actor, None);
        }
        Entry::Anonymous => assert_eq!(actor, None),
    }
}
