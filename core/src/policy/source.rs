//! The `keys` of an entry: which source, and the set of keys that it gives.

use std::collections::HashMap;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::build::Context;
use super::issuer::Draft;
use super::model::KeySource;
use super::position::shown;
use super::problem::Fault;
use super::tree::{Member, Node};
use super::{remote, secret};
use crate::algorithm::{AlgorithmSet, Family};
use crate::error::Code;
use crate::json::{self, Bounds};
use crate::keyset::{KeySet, KeySetOptions, Origin};
use crate::limits;
use crate::mutants::is_off;

/// The key sources of a policy: entries of one issuer share theirs.
pub(super) struct Sources {
    sources: Vec<KeySource>,
    /// For each entry, its source.
    of_entry: Vec<Option<usize>>,
}

impl Sources {
    /// Loads every source once and reports what is wrong with it.
    pub(super) fn new(drafts: &[Draft<'_>], fetch: Option<&Node>, context: &mut Context<'_, '_>) -> Sources {
        let groups = groups(drafts, context);
        let mut sources = Sources { sources: Vec::new(), of_entry: vec![None; drafts.len()] };
        let mut bytes_left = limits::KEY_FILES_BYTES;
        for group in groups {
            if let Some(source) = load(&group, fetch, &mut bytes_left, context) {
                for entry in group.entries {
                    sources.of_entry[entry] = Some(sources.sources.len());
                }
                sources.sources.push(source);
            }
        }
        sources
    }

    /// The source of an entry; `None` where it was reported.
    pub(super) fn of(&self, entry: usize) -> Option<usize> {
        self.of_entry[entry]
    }

    pub(super) fn take(&mut self) -> Vec<KeySource> {
        std::mem::take(&mut self.sources)
    }
}

/// Entries of one issuer.
struct Group<'a> {
    issuer: Option<Arc<str>>,
    keys: &'a Node,
    source: &'a Member,
    /// Of all its entries; `None` where one was reported.
    algorithms: Option<AlgorithmSet>,
    entries: Vec<usize>,
}

fn groups<'a>(drafts: &[Draft<'a>], context: &mut Context<'_, '_>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut by_issuer: HashMap<Arc<str>, usize> = HashMap::new();
    for (entry, draft) in drafts.iter().enumerate() {
        let Some((keys, source)) = source(draft, context) else {
            continue;
        };
        let known = draft.issuer.as_ref().and_then(|issuer| by_issuer.get(issuer).copied());
        match known {
            Some(at) if groups[at].keys.same(keys) => join(&mut groups[at], entry, draft, context),
            Some(_) => {
                let fault =
                    Fault::new(Code::ConfigProfileOverlap, "the same issuer has other keys in another entry");
                context.problems.at(keys.place, fault.hint("write the same `keys` in both (POL-04)"));
            }
            None => {
                by_issuer.extend(draft.issuer.clone().map(|issuer| (issuer, groups.len())));
                groups.push(Group {
                    issuer: draft.issuer.clone(),
                    keys,
                    source,
                    algorithms: draft.algorithms,
                    entries: vec![entry],
                });
            }
        }
    }
    groups
}

/// The one source that an entry names, if it is one that its other settings admit.
fn source<'a>(draft: &Draft<'a>, context: &mut Context<'_, '_>) -> Option<(&'a Node, &'a Member)> {
    let problems = &mut context.problems;
    let Some(keys) = draft.node.get("keys") else {
        problems.missing(draft.place, "keys", CHOICES);
        return None;
    };
    let is_source = |member: &&Member| !remote::is_term(&member.name);
    let sources: Vec<&Member> = keys.members().iter().filter(is_source).collect();
    let [source, others @ ..] = sources.as_slice() else {
        if !problems.is_any_excused(keys.place) {
            problems
                .at(keys.place, Fault::new(Code::ConfigMissing, "no source of keys is named").hint(CHOICES));
        }
        return None;
    };
    if let [second, ..] = others {
        let fault = Fault::value("the keys come from two sources");
        problems.at_name(second.node.place, fault.hint("keep one of them"));
        return None;
    }
    let is_scripted = &*source.name == "scripted";
    let comes_later = is_scripted || remote::NAMES.contains(&&*source.name);
    if is_scripted && !context.options.scripted_keys {
        let fault = Fault::new(Code::ConfigNotSupported, "keys can be scripted in tests only");
        problems.at_name(source.node.place, fault.hint(CHOICES));
        return None;
    }
    if let (true, Some(list)) = (
        comes_later && !is_off("POL-03"),
        draft.node.get("dangerous").filter(|list| !list.elements().is_empty()),
    ) {
        let fault =
            Fault::new(Code::ConfigDangerous, "an opt-out needs keys from the policy, a file or a secret");
        problems.at(list.place, fault.hint("name static keys, or leave `dangerous` out (POL-03)"));
    }
    let is_mac = draft.algorithms.map(|algorithms| algorithms.iter().all(|one| one.family() == Family::Mac));
    let fault = match (&*source.name, is_mac) {
        ("secret", Some(false)) => Fault::value("a shared secret goes with HS algorithms alone")
            .hint("list HS256, HS384 or HS512, or name public keys"),
        ("pem_file" | "discovery" | "discovery_url" | "jwks_uri", Some(true)) => {
            Fault::value("HS algorithms need a shared secret").hint("write keys = { secret = \"file:…\" }")
        }
        _ => {
            let mut terms = keys.members().iter().filter(|member| remote::is_term(&member.name));
            match terms.next() {
                Some(term) if !remote::NAMES.contains(&&*source.name) => {
                    let fault = Fault::value("this goes with keys that are fetched");
                    problems.at_name(term.node.place, fault.hint("leave it out"));
                    return None;
                }
                _ => return Some((keys, source)),
            }
        }
    };
    problems.at_name(source.node.place, fault);
    None
}

const CHOICES: &str = "write one of { discovery }, { discovery_url }, { jwks_uri }, { jwks_file }, { jwks }, { pem_file }, { secret }";

fn join(group: &mut Group<'_>, entry: usize, draft: &Draft<'_>, context: &mut Context<'_, '_>) {
    group.entries.push(entry);
    group.algorithms = group.algorithms.zip(draft.algorithms).map(|(these, those)| these.union(those));
    if group.algorithms.is_some_and(AlgorithmSet::mixes_mac_and_signatures) {
        group.algorithms = None;
        let place = draft.node.get("algorithms").map_or(draft.place, |list| list.place);
        let fault =
            Fault::new(Code::ConfigAlgMixed, "another entry of this issuer has the other kind of algorithm");
        context
            .problems
            .at(place, fault.hint("one issuer uses HS algorithms or signatures, not both (JWS-06)"));
    }
}

fn load(
    group: &Group<'_>,
    fetch: Option<&Node>,
    bytes_left: &mut usize,
    context: &mut Context<'_, '_>,
) -> Option<KeySource> {
    let Member { name, node } = group.source;
    if &**name == "scripted" || remote::NAMES.contains(&&**name) {
        let provider = context.options.provider.name();
        let shared = fetch.map(|fetch| fetch.to_json().to_string()).unwrap_or_default();
        let told_apart = |issuer: &str, algorithms| {
            format!("{issuer}\n{algorithms:?}\n{provider}\n{}\n{shared}", *group.keys.to_json())
        };
        let identity = group
            .issuer
            .as_deref()
            .zip(group.algorithms)
            .map(|(issuer, algorithms)| told_apart(issuer, algorithms));
        return match &**name {
            "scripted" => Some(KeySource::Scripted { identity: identity?.into() }),
            _ => {
                let source = remote::read(
                    group.issuer.as_ref(),
                    (group.keys, fetch),
                    group.source,
                    identity.unwrap_or_default(),
                    context,
                );
                Some(KeySource::Remote(Arc::new(source?)))
            }
        };
    }
    let bytes = match bytes(name, node, context) {
        Ok(bytes) => bytes,
        Err(fault) => {
            context.problems.at(node.place, fault);
            return None;
        }
    };
    let Some(left) = bytes_left.checked_sub(bytes.len()) else {
        let message = format!("the keys of the policy are larger than {} bytes", limits::KEY_FILES_BYTES);
        context.problems.at(node.place, Fault::new(Code::ConfigTooLarge, message));
        return None;
    };
    *bytes_left = left;
    let options = KeySetOptions {
        algorithms: group.algorithms?,
        provider: context.options.provider,
        origin: Origin::Static,
    };
    let set = match key_set(name, &bytes, &options) {
        Ok(set) => set,
        Err(code) => {
            let is_no_pem = &**name == "pem_file" && code == Code::JwksInvalid;
            let fault = Fault::new(code, if is_no_pem { "the file is not PEM" } else { code.message() });
            context.problems.at(
                node.place,
                match hint(name, code) {
                    Some(hint) => fault.hint(hint),
                    None => fault,
                },
            );
            return None;
        }
    };
    list_skipped(&set, node, context);
    let is_plain = node.text().is_some_and(|text| !text.from_environment && !text.text.starts_with("file:"));
    if &**name == "secret" && is_plain {
        context.notice(
            node.place,
            "the secret stands in the policy file; `file:PATH` or `${NAME}` keeps it out",
        );
    }
    match set.len() {
        0 => {
            context.problems.at(group.keys.place, unusable(&set));
            None
        }
        _ => Some(KeySource::Static(Arc::new(set))),
    }
}

/// What to do about a source that gives no keys.
fn hint(source: &str, code: Code) -> Option<&'static str> {
    Some(match code {
        Code::HmacKeyShort => {
            "HS256 needs at least 32 bytes, HS384 48 and HS512 64; make them with `openssl rand -base64 64`"
        }
        Code::HmacKeyIsPublic => {
            "anybody can know it: name it as jwks_file or pem_file, with the algorithm the issuer signs with"
        }
        Code::JwksInvalid if source == "pem_file" => "a PEM file has a line -----BEGIN PUBLIC KEY-----",
        Code::JwksInvalid => "a JWK Set is {\"keys\": [ … ]}",
        Code::JwksPrivateKey => "a service verifies with public keys: take the private ones out of its reach",
        _ => return None,
    })
}

/// The one place where key sets are made.
fn key_set(source: &str, bytes: &[u8], options: &KeySetOptions) -> Result<KeySet, Code> {
    match source {
        "secret" => KeySet::from_secret(bytes, options),
        "pem_file" => KeySet::from_pem(bytes, options),
        _ if is_single_key(bytes) => KeySet::from_jwk(bytes, options),
        _ => KeySet::from_jwks(bytes, options),
    }
}

/// A JWK where a JWK Set is expected: nothing else has `kty` and no `keys`.
fn is_single_key(bytes: &[u8]) -> bool {
    json::parse(bytes.to_vec(), Bounds::OPERATOR)
        .is_ok_and(|document| document.root().get("kty").is_some() && document.root().get("keys").is_none())
}

fn bytes(source: &str, node: &Node, context: &Context<'_, '_>) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let resources = context.options.resources;
    match (source, node.text()) {
        ("secret", Some(text)) => secret::read(text, resources),
        ("jwks", Some(text)) => Ok(Zeroizing::new(text.text.as_bytes().to_vec())),
        ("jwks", None) => Ok(Zeroizing::new(node.to_json().as_bytes().to_vec())),
        (_, text) => {
            let (path, hide) = text.map_or(("", true), |text| (text.text.as_str(), text.from_environment));
            let bytes = secret::file(path, hide, resources)
                .map_err(|reason| secret::unreadable(Code::ConfigFile, path, reason))?;
            if bytes.len() > limits::STATIC_JWKS_BYTES {
                let message = format!("the file is larger than {} bytes", limits::STATIC_JWKS_BYTES);
                return Err(Fault::new(Code::ConfigFile, message));
            }
            Ok(bytes)
        }
    }
}

fn list_skipped(set: &KeySet, node: &Node, context: &mut Context<'_, '_>) {
    for key in set.skipped() {
        let kid = key.kid.as_deref().map(|kid| format!(" (kid \"{}\")", shown(kid))).unwrap_or_default();
        let reason = format!("{}, {}", key.reason.slug(), key.reason.message());
        context.notice(node.place, format!("key {}{kid} is not used: {reason}", key.index));
    }
}

fn unusable(set: &KeySet) -> Fault {
    let mut reasons: Vec<&str> = set.skipped().iter().map(|key| key.reason.slug()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    match set.skipped().first() {
        None => Fault::value("no key is of a listed algorithm")
            .hint("see that `algorithms` lists what the keys are for"),
        Some(first) => Fault::value(format!("no key can be used: {}", reasons.join(", "))).hint(format!(
            "of key {}: {}",
            first.index,
            first.reason.message()
        )),
    }
}
