//! `tests/oracles/differences.json`: every difference, by the rule that explains it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::conformance::{Json, layout};

/// The committed list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differences {
    /// When the counts were taken.
    pub date: String,
    /// The libraries, in the order of the columns.
    pub libraries: Vec<Library>,
    /// How many tokens were judged.
    pub judged: usize,
    /// How many of them we accept.
    pub accepted: usize,
    /// Verifications that mean nothing to such a library: how many, by reason.
    pub left_out: BTreeMap<String, usize>,
    /// By the rule of our refusal: what others accept.
    pub we_refuse: BTreeMap<String, Difference>,
    /// By the rule that the case is about: what we accept and others refuse.
    pub we_accept: BTreeMap<String, Difference>,
    /// Rules by which we refuse tokens that everybody refuses: how many.
    pub all_refuse: BTreeMap<String, usize>,
}

/// A library that judges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// The name of its file of verdicts.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The version that judged, with what it takes keys from.
    pub version: String,
    /// How it was configured, in one line.
    pub configuration: String,
}

/// What differs by one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The token, in plain words.
    #[serde(default)]
    pub token: String,
    /// Why the verdicts differ, in one line.
    #[serde(default)]
    pub why: String,
    /// 1: others admit a forgery or two readings; 2: a standard forbids it; 3: our own strictness or left
    /// to the caller.
    #[serde(default)]
    pub weight: u8,
    /// Does it stand in the short table?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub short: bool,
    /// How many tokens we judge by this rule.
    pub of: usize,
    /// The cases, by library: how many steps of each differ.
    pub cases: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Difference {
    /// How many verdicts of a library differ.
    pub fn count(&self, library: &str) -> usize {
        self.cases.get(library).map_or(0, |cases| cases.values().sum())
    }
}

impl Differences {
    /// Reads the committed list.
    pub fn load() -> Result<Differences, String> {
        let path = Self::path();
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Writes it.
    pub fn store(&self) -> Result<(), String> {
        let value = serde_json::to_value(self).map_err(|error| error.to_string())?;
        std::fs::write(Self::path(), layout(&Json::from_serde(&value))).map_err(|error| error.to_string())
    }

    fn path() -> PathBuf {
        folder().join("differences.json")
    }
}

/// `tests/oracles`
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("oracles")
}
