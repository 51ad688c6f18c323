//! The status as Prometheus text (exposition format 0.0.4). Labels hold names of the policy and codes,
//! never anything of a token.

use std::fmt::{Display, Write};

use counterseal_core::error::Class;
use counterseal_core::inbound::Decisions;
use counterseal_core::keys::Counts;

use crate::status::Status;

/// Everything that is counted.
pub(crate) fn prometheus(status: &Status) -> String {
    let mut out = Exposition { text: String::with_capacity(4096) };
    decisions(status, &mut out);
    cache(status, &mut out);
    out.family("counterseal_issuer_keys", "gauge", "Keys that can be used, by issuer.");
    for issuer in &status.issuers {
        let labels = [("issuer", issuer.name.as_str()), ("state", issuer.key_state.name())];
        out.sample("counterseal_issuer_keys", &labels, issuer.keys);
    }
    fetches(status, &mut out);
    out.single(
        "counterseal_policy_generation",
        "gauge",
        "Policies before the one in force.",
        status.policy.generation,
    );
    out.single(
        "counterseal_policy_reload_failures_total",
        "counter",
        "Attempts to load the policy again that failed.",
        status.policy.failed_reloads,
    );
    if let Some(file) = &status.deny_file {
        out.single("counterseal_denied", "gauge", "Keys and issuers that the deny file denies.", file.denied);
    }
    out.family("counterseal_alarm", "gauge", "1 for each thing that an operator should look at.");
    let mut codes: Vec<&str> = status.alarms.iter().map(|alarm| alarm.code.slug()).collect();
    codes.sort_unstable();
    codes.dedup();
    for code in codes {
        out.sample("counterseal_alarm", &[("code", code)], 1);
    }
    out.text
}

fn decisions(status: &Status, out: &mut Exposition) {
    const NAME: &str = "counterseal_decisions_total";
    out.family(
        NAME,
        "counter",
        "Decisions by issuer, outcome and code; tokens of no known issuer have an empty one. Answers from the cache are in counterseal_cache_hits_total.",
    );
    let issuers = status.issuers.iter().map(|issuer| (issuer.name.as_str(), &issuer.decisions));
    for (issuer, decisions) in issuers.chain([("", &status.unknown_issuer)]) {
        let Decisions { verified, pending, refused, .. } = decisions;
        let mut sample = |outcome: &str, code: &str, enforced: bool, count: u64| {
            let enforced = if enforced { "true" } else { "false" };
            let labels = [("issuer", issuer), ("outcome", outcome), ("code", code), ("enforced", enforced)];
            out.sample(NAME, &labels, count);
        };
        if !issuer.is_empty() {
            sample("verified", "", true, *verified);
            sample("pending", "", true, *pending);
        }
        for refusals in refused {
            let outage = refusals.code.class() == Class::Unavailable;
            let outcome = if outage { "unavailable" } else { "rejected" };
            sample(outcome, refusals.code.slug(), refusals.enforced, refusals.count);
        }
    }
}

fn fetches(status: &Status, out: &mut Exposition) {
    let fetched =
        || status.issuers.iter().filter_map(|issuer| Some((issuer.name.as_str(), issuer.fetch.as_ref()?)));
    if fetched().next().is_none() {
        return;
    }
    out.family(
        "counterseal_issuer_key_age_seconds",
        "gauge",
        "Seconds since the keys of an issuer were fetched.",
    );
    for (issuer, fetch) in fetched() {
        if let Some(age) = fetch.key_age {
            out.sample("counterseal_issuer_key_age_seconds", &[("issuer", issuer)], age);
        }
    }
    type Count = fn(&Counts) -> u64;
    let families: [(&str, &str, Count); 4] = [
        ("counterseal_fetches_total", "Fetches of keys that were begun.", |counts| counts.attempts),
        ("counterseal_refreshes_total", "Fetches that brought keys.", |counts| counts.refreshes),
        ("counterseal_fetch_failures_total", "Fetches that did not.", |counts| counts.failures),
        ("counterseal_unknown_kids_total", "Tokens that named a key which was not there.", |counts| {
            counts.unknown_kids
        }),
    ];
    for (name, help, count) in families {
        out.family(name, "counter", help);
        for (issuer, fetch) in fetched() {
            out.sample(name, &[("issuer", issuer)], count(&fetch.counts));
        }
    }
}

fn cache(status: &Status, out: &mut Exposition) {
    let cache = status.cache;
    for (name, help, count) in [
        ("counterseal_cache_hits_total", "Verified tokens answered from the cache.", cache.hits),
        ("counterseal_cache_misses_total", "Tokens that were not in the cache.", cache.misses),
        ("counterseal_cache_inserts_total", "Tokens put into the cache.", cache.inserts),
        ("counterseal_cache_evictions_total", "Tokens that made room for others.", cache.evictions),
    ] {
        out.single(name, "counter", help, count);
    }
    out.single("counterseal_cache_entries", "gauge", "Tokens in the cache.", cache.entries);
}

struct Exposition {
    text: String,
}

impl Exposition {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            self.text.push(if at == 0 { '{' } else { ',' });
            self.text.push_str(label);
            self.text.push_str("=\"");
            escape(text, &mut self.text);
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }
}

/// Label values escape backslash, quote and line feed.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}
