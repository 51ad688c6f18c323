//! A policy as `policy check` lists it.

use std::sync::Arc;

use super::deny::DenyList;
use super::model::{Issuer, KeySource, Notice, Policy, Profile};
use crate::algorithm::AlgorithmSet;
use crate::keyset::KeySet;

impl Policy {
    /// Are keys to be fetched without a thread (`fetch.mode = "inline"`)?
    pub fn fetches_inline(&self) -> bool {
        self.fetches_inline
    }

    /// Is it loaded again when its files change (`watch`)?
    pub fn is_watched(&self) -> bool {
        self.watch
    }

    /// Seconds that clocks may differ by (`limits.leeway`).
    pub fn leeway(&self) -> i64 {
        self.leeway
    }

    /// The path of `fetch.snapshot` as the policy has it, to be resolved against its directory.
    pub fn snapshot(&self) -> Option<&str> {
        self.snapshot.as_deref()
    }

    /// What an operator should know though it is no mistake: opt-outs, keys that are not used.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The entries in the order of the file.
    pub fn issuers(&self) -> impl ExactSizeIterator<Item = &Issuer> {
        self.issuers.iter().map(Arc::as_ref)
    }

    /// The keys of an entry of this policy, where they came with the policy.
    pub fn key_set(&self, issuer: &Issuer) -> Option<&KeySet> {
        match self.key_sources.get(issuer.keys)? {
            KeySource::Static(set) => Some(set),
            KeySource::Remote(_) | KeySource::Scripted { .. } => None,
        }
    }

    /// What the policy itself denies (`deny_kid`, `deny_issuer`), without its deny file.
    pub fn denied(&self) -> &DenyList {
        &self.denied
    }

    /// The path of `deny_file` as the policy has it, to be resolved against its directory.
    pub fn deny_file(&self) -> Option<&str> {
        self.deny_file.as_ref().map(|file| file.path.as_str())
    }

    /// How many keys and issuers `deny_file` denied when the policy was loaded.
    pub fn denied_by_file(&self) -> usize {
        self.deny_file.as_ref().map_or(0, |file| file.list.len())
    }
}

impl Issuer {
    /// The name in the policy, or the issuer where none is written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The exact `iss`, or `local:<name>` where `no_issuer` is spelled out.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Other exact spellings of it.
    pub fn aliases(&self) -> impl ExactSizeIterator<Item = &str> {
        self.aliases.iter().map(AsRef::as_ref)
    }

    /// The vendor preset under its settings.
    pub fn preset(&self) -> Option<&'static str> {
        self.preset
    }

    /// Do refusals count? Where they do not, they are reported, and another library decides.
    pub fn is_enforced(&self) -> bool {
        self.enforce
    }

    /// The kind of token.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The names of this service; empty where `no_audience` is spelled out.
    pub fn audience(&self) -> impl ExactSizeIterator<Item = &str> {
        self.audience.iter().map(AsRef::as_ref)
    }

    /// What its tokens may be signed with.
    pub fn algorithms(&self) -> AlgorithmSet {
        self.algorithms
    }

    /// Accepted values of the `typ` header, in lower case; `none` is an absent one, `any` every one.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        let absent = self.types.absent.then_some("none");
        let any = self.types.any.then_some("any");
        self.types.named.iter().map(AsRef::as_ref).chain(absent).chain(any)
    }

    /// Seconds that its tokens may live.
    pub fn max_lifetime(&self) -> i64 {
        self.max_lifetime
    }

    /// Claims that must be there, as the policy names them.
    pub fn required_claims(&self) -> impl ExactSizeIterator<Item = &str> {
        self.required_claims.iter().map(|required| &*required.name)
    }

    /// Scopes that must all be granted.
    pub fn required_scopes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.required_scopes.iter().map(AsRef::as_ref)
    }

    /// Claims that a rule is about, one for each rule.
    pub fn ruled_claims(&self) -> impl ExactSizeIterator<Item = &str> {
        self.rules.iter().map(|rule| &*rule.name)
    }

    /// The opt-outs that are spelled out, by name.
    pub fn dangerous(&self) -> impl Iterator<Item = &'static str> {
        let flags = self.dangerous;
        let all = [
            ("no_issuer", flags.no_issuer),
            ("no_audience", flags.no_audience),
            ("no_expiry", flags.no_expiry),
            ("any_type", flags.any_type),
        ];
        all.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| name)
    }
}
