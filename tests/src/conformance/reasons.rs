//! `reasons.json`: what the corpus leaves out, and why.

use std::collections::{BTreeMap, BTreeSet};

use counterseal::Rule;
use serde::Deserialize;

use super::case::Kind;
use super::corpus::{Corpus, read_json};

/// Everything that needs a reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reasons {
    /// Rules of the catalogue that no check is named by, with what stands for them.
    pub beyond: BTreeMap<String, String>,
    /// For a rule the kinds of case that it lacks, with the reason.
    pub without: BTreeMap<String, BTreeMap<Kind, String>>,
    /// Rules without which every case still comes out as it should, with the reason.
    pub mutants: BTreeMap<String, String>,
}

impl Reasons {
    /// Those of a corpus.
    pub fn of(corpus: &Corpus) -> Result<Reasons, String> {
        read_json(&corpus.path("reasons.json"))
    }

    /// All rules that cases may name.
    pub fn rules(&self) -> BTreeSet<&str> {
        Rule::ALL.iter().map(|rule| rule.id()).chain(self.beyond.keys().map(String::as_str)).collect()
    }
}
