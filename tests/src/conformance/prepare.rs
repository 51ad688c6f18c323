//! Cases with everything written out, for runners in any language: bytes in base64, policies as files in
//! folders of their own. `tests/conformance/README.md` describes the form.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal::Format;
use counterseal::core::crypto::default_provider;
use serde_json::{Value, json};

use super::case::{Case, Load, Require, Step};
use super::corpus::Corpus;
use super::text::to_hex;

/// The cases, in a folder.
pub const CASES: &str = "cases.jsonl";

/// Integers that every language has.
const LARGEST: i64 = (1 << 53) - 1;

/// Writes cases to `folder/cases.jsonl`, and their policies below `folder/policies`. Says how many.
pub fn prepare<'c>(
    corpus: &Corpus,
    cases: impl Iterator<Item = &'c Case>,
    folder: &Path,
) -> Result<usize, String> {
    let mut lines = String::new();
    let mut count = 0;
    for case in cases {
        let steps = case.steps.iter().map(|one| step(corpus, case, one, folder));
        let steps = steps.collect::<Result<Vec<_>, _>>().map_err(|error| format!("{}: {error}", case.id))?;
        lines += &json!({ "id": case.id, "steps": steps }).to_string();
        lines.push('\n');
        count += 1;
    }
    write(&folder.join(CASES), lines.as_bytes())?;
    Ok(count)
}

/// The ids of the cases of a folder, in order.
pub fn ids(folder: &Path) -> Result<Vec<String>, String> {
    let path = folder.join(CASES);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let id = |line: &str| {
        let case: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        case["id"].as_str().map(str::to_owned).ok_or_else(|| "a case without an id".to_owned())
    };
    text.lines().map(id).collect()
}

fn step(corpus: &Corpus, case: &Case, step: &Step, folder: &Path) -> Result<Value, String> {
    let token = |name: &str| corpus.token(case, name).map(|bytes| STANDARD.encode(bytes));
    Ok(match step {
        Step { at: Some(seconds), .. } => json!({ "at": exact(*seconds)? }),
        Step { advance: Some(seconds), .. } => json!({ "advance": exact(*seconds)? }),
        Step { load: Some(load), .. } => json!({ "load": policy(corpus, load, folder)? }),
        Step { reload: Some(load), .. } => json!({ "reload": policy(corpus, load, folder)? }),
        Step { network: Some(answer), .. } => {
            let (description, body) = corpus.reply(answer)?;
            json!({ "network": { "url": answer.url, "answer": description, "body": STANDARD.encode(body) } })
        }
        Step { fetch: Some(_), .. } => json!({ "fetch": true }),
        Step { ready: Some(_), .. } => json!({ "ready": true }),
        Step { status: Some(_), .. } => json!({ "status": true }),
        Step { keys: Some(keys), .. } => {
            let jwks = keys.jwks.as_ref().map(|jwks| corpus.jwks(jwks)).transpose()?;
            json!({ "keys": { "issuer": keys.issuer, "jwks": jwks.map(|jwks| STANDARD.encode(jwks)) } })
        }
        Step { verify: Some(verify), .. } => {
            let now = verify.now.map(exact).transpose()?;
            json!({ "verify": { "token": token(&verify.token)?, "now": now } })
        }
        Step { require: Some(require), .. } => {
            let Require { token: name, scopes, acr, max_age } = require;
            let max_age = max_age.map(exact).transpose()?;
            json!({ "require": { "token": token(name)?, "scopes": scopes, "acr": acr, "max_age": max_age } })
        }
        Step { explain: Some(explain), .. } => json!({ "explain": { "token": token(&explain.token)? } }),
        Step { counters: Some(_), .. } => json!({ "counters": true }),
        Step { key_set: Some(_), .. } | Step { jws_verify: Some(_), .. } => json!({ "skip": true }),
        _ => return Err("a step does one thing".into()),
    })
}

fn exact(number: i64) -> Result<i64, String> {
    let is_exact = (-LARGEST..=LARGEST).contains(&number);
    is_exact.then_some(number).ok_or_else(|| format!("{number} is not an exact integer in every language"))
}

/// Lays a policy and the files that it names out in a folder whose name follows from what is in it.
fn policy(corpus: &Corpus, load: &Load, folder: &Path) -> Result<Value, String> {
    let policies = corpus.policies();
    let (text, format) = load.text(&policies)?;
    let name = if format == Format::Json { "policy.json" } else { "policy.toml" };
    let named = RefCell::new(BTreeMap::from([(name.to_owned(), text.clone().into_bytes())]));
    let record = |path: &str| {
        let bytes = load.file(&policies, path)?;
        named.borrow_mut().insert(path.to_owned(), bytes.clone());
        Ok(bytes)
    };
    let provider = default_provider().ok_or("this build has no cryptography")?;
    // What it comes to is the runners' business; here it is read for the files that it asks for.
    let _ = load.read_with(&policies, Path::new(""), provider, &record)?;

    let named = named.into_inner();
    let below = format!("policies/{}", address(&named));
    for (path, bytes) in &named {
        write(&folder.join(&below).join(inside(path)?), bytes)?;
    }
    Ok(json!({
        "folder": below,
        "file": name,
        "service": load.service,
        "environment": load.environment,
        "scripted": text.contains("scripted"),
    }))
}

/// A name for these files and no others.
fn address(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut all = Vec::new();
    for (path, bytes) in files {
        all.extend(format!("{}:{path}{}:", path.len(), bytes.len()).into_bytes());
        all.extend(bytes);
    }
    to_hex(&digest(&SHA256, &all).as_ref()[..10])
}

fn inside(path: &str) -> Result<&Path, String> {
    let is_inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    is_inside.then_some(Path::new(path)).ok_or_else(|| format!("{path} leaves the folder of the policy"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let parent = path.parent().map(PathBuf::from).unwrap_or_default();
    fs::create_dir_all(&parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}
