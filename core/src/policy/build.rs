//! From a checked tree to the policy that the verifier reads.

use std::sync::Arc;

use super::issuer::{self, Draft};
use super::model::{Issuer, Notice, Policy};
use super::problem::{Fault, Problems};
use super::source::Sources;
use super::tree::{Node, Place};
use super::{PolicyOptions, deny, open_issuer, overlap, values};
use crate::error::Code;
use crate::limits;

/// What the steps of building share.
pub(super) struct Context<'a, 't> {
    pub(super) options: &'a PolicyOptions<'a>,
    pub(super) problems: Problems<'t>,
    pub(super) notices: Vec<Notice>,
}

impl Context<'_, '_> {
    /// Something to know that is no mistake.
    pub(super) fn notice(&mut self, place: Place, message: impl Into<String>) {
        self.notices.push(Notice { path: self.problems.path(place), message: message.into() });
    }
}

/// Builds the policy of a merged and checked tree. `None` where a mistake was reported, now or before.
pub(super) fn build(root: &Node, context: &mut Context<'_, '_>) -> Option<Policy> {
    if root.get("version").is_none() {
        context.problems.missing(Place::ROOT, "version", "write version = 1");
    }
    let entries = root.get("issuer").map(Node::elements).unwrap_or_default();
    if entries.is_empty() {
        context.problems.missing(Place::ROOT, "issuer", "add [[issuer]]: without one no token is accepted");
    }
    let shared = shared_audience(root, entries, context);
    let drafts: Vec<Draft<'_>> = entries.iter().map(|entry| issuer::draft(entry, shared, context)).collect();
    overlap::check(&drafts, &mut context.problems);
    open_issuer::check(&drafts, &mut context.problems);
    let mut sources = Sources::new(&drafts, root.get("fetch"), context);
    let leeway = millis(root, "limits", "leeway").map_or(limits::LEEWAY, |millis| millis as i64 / 1000);
    let issuers: Vec<Option<Issuer>> =
        drafts.into_iter().enumerate().map(|(at, draft)| draft.finish(sources.of(at), leeway)).collect();
    let (denied, deny_file) = (deny::listed(root, context), deny::file(root, context));
    let issuers: Option<Vec<Arc<Issuer>>> = issuers.into_iter().map(|issuer| issuer.map(Arc::new)).collect();
    if !context.problems.is_empty() {
        return None;
    }
    let issuers = issuers?;
    let known = issuers.iter().flat_map(|issuer| issuer.spellings()).collect();
    deny::list_unknown(root, &known, context);
    Some(Policy {
        issuers: issuers.clone(),
        key_sources: sources.take(),
        leeway,
        token_bytes: count(root, "limits", "token_bytes").unwrap_or(limits::TOKEN_BYTES),
        header_bytes: count(root, "limits", "header_bytes").unwrap_or(limits::HEADER_BYTES),
        cache_entries: count(root, "cache", "entries").unwrap_or(limits::CACHE_ENTRIES),
        fetches_inline: root
            .get("fetch")
            .and_then(|fetch| fetch.get("mode"))
            .is_some_and(|mode| mode.as_str() == "inline"),
        fetch_wait_millis: millis(root, "fetch", "wait").unwrap_or(limits::FETCH_WAIT_MILLIS),
        denied,
        deny_file,
        notices: std::mem::take(&mut context.notices),
        provider: context.options.provider,
    })
}

/// The audience at top level, which only a single issuer may use (CLM-06).
fn shared_audience<'a>(
    root: &'a Node,
    entries: &[Node],
    context: &mut Context<'_, '_>,
) -> SharedAudience<'a> {
    let audience = root.get("audience");
    let place = audience.map(|node| node.place);
    let excused = context.problems.is_excused(Place::ROOT, "audience");
    match (place, entries) {
        (Some(place), [_, _, ..]) => {
            let fault = Fault::new(Code::ConfigAudienceShared, "one audience for several issuers");
            context.problems.at_name(place, fault.hint("give each issuer its own `audience`"));
            SharedAudience { node: None, excused: true }
        }
        (Some(place), [entry]) if entry.get("audience").is_some() => {
            let fault = Fault::new(Code::ConfigAudienceShared, "the audience stands twice");
            context.problems.at_name(place, fault.hint("keep it here or in the issuer"));
            SharedAudience { node: None, excused: true }
        }
        _ => SharedAudience { node: audience, excused },
    }
}

/// What the top level says about the audience.
#[derive(Clone, Copy)]
pub(super) struct SharedAudience<'a> {
    pub(super) node: Option<&'a Node>,
    /// A mistake in it was reported: no issuer lacks it.
    pub(super) excused: bool,
}

fn count(root: &Node, table: &str, name: &str) -> Option<usize> {
    usize::try_from(root.get(table)?.get(name)?.as_integer()).ok()
}

/// A duration that was checked before.
fn millis(root: &Node, table: &str, name: &str) -> Option<u64> {
    // A lower bound of 1 admits every unit, one of 0 admits zero.
    let text = root.get(table)?.get(name)?.as_str();
    values::duration(text, 1, u64::MAX).or_else(|_| values::duration(text, 0, u64::MAX)).ok()
}
