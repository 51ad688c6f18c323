//! The files of the corpus, read and written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::case::{Answer, Case, RuleFile};
use super::format::layout;
use super::json::Json;
use super::keys::PrivateKey;
use super::policy::contents_of;
use super::recipe::Kitchen;
use super::text::Text;

/// The whole corpus.
#[derive(Debug)]
pub struct Corpus {
    root: PathBuf,
    /// What its tokens are made of.
    pub kitchen: Kitchen,
    /// Tokens that every case knows: each template as it is, by its name.
    pub plain: BTreeMap<String, Text>,
    /// The case files by their path below `cases/`, ordered.
    pub files: BTreeMap<PathBuf, RuleFile>,
}

/// `tests/conformance`
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

impl Corpus {
    /// Reads the corpus of a folder. Fails with the first file that cannot be read.
    pub fn load(root: &Path) -> Result<Corpus, String> {
        let kitchen = Kitchen {
            keys: PrivateKey::load_all(&root.join("keys"))?,
            templates: read_json(&root.join("templates.json"))?,
        };
        let plain = kitchen.plain()?;
        let mut files = BTreeMap::new();
        for path in case_files(&root.join("cases"))? {
            let relative = path.strip_prefix(root.join("cases")).unwrap_or(&path).to_owned();
            files.insert(relative, read_json(&path)?);
        }
        Ok(Corpus { root: root.to_owned(), kitchen, plain, files })
    }

    /// Every case, in the order of the files.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.files.values().flat_map(|file| &file.cases)
    }

    /// The bytes of a token that the case knows by that name.
    pub fn token(&self, case: &Case, name: &str) -> Result<Vec<u8>, String> {
        let own = case.tokens.get(name).and_then(|token| token.token.as_ref());
        own.or_else(|| self.plain.get(name)).ok_or_else(|| format!("no token {name}"))?.bytes()
    }

    /// The case of that id.
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases().find(|case| case.id == id)
    }

    /// The folder that the policies' relative paths start from.
    pub fn policies(&self) -> PathBuf {
        self.root.join("policies")
    }

    /// A set of keys: a file of `policies/keys/` by name, an object, or `{"text": …}`.
    pub fn jwks(&self, jwks: &Value) -> Result<Vec<u8>, String> {
        if let Some(name) = jwks.as_str() {
            let path = self.policies().join("keys").join(name);
            return std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()));
        }
        match jwks.get("text") {
            Some(text) => contents_of(text),
            None => Ok(jwks.to_string().into_bytes()),
        }
    }

    /// What a URL answers: its description for the testing kit, and its body.
    pub fn reply(&self, answer: &Answer) -> Result<(Value, Vec<u8>), String> {
        let body = answer.body.as_ref().map(|body| self.jwks(body)).transpose()?.unwrap_or_default();
        let mut description = serde_json::to_value(answer).map_err(|error| error.to_string())?;
        if let Some(members) = description.as_object_mut() {
            members.remove("url");
            members.remove("body");
        }
        Ok((description, body))
    }

    /// A folder or file of the corpus.
    pub fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.root.join(below)
    }

    /// Every file that follows from others, with the text it has to have: case files with their tokens
    /// made, tokens without a case, public keys, all in their one layout.
    pub fn generated(&self) -> Result<BTreeMap<PathBuf, String>, String> {
        let mut generated = BTreeMap::new();
        let plain = serde_json::to_value(&self.plain).map_err(|error| error.to_string())?;
        generated.insert(self.path("tokens.json"), layout(&Json::from_serde(&plain)));
        for (path, file) in &self.files {
            let text = self.formatted(file).map_err(|error| format!("{}: {error}", path.display()))?;
            generated.insert(self.path("cases").join(path), text);
        }
        for path in self.written_by_hand()? {
            let text =
                std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let json = Json::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            generated.insert(path, layout(&json));
        }
        let folder = self.policies().join("keys");
        for key in self.kitchen.keys.values() {
            generated.insert(folder.join(format!("{}.json", key.name)), key_set([key]));
            let text = layout(&Json::from_serde(&key.to_value()));
            generated.insert(self.path("keys").join(format!("{}.json", key.name)), text);
        }
        let sets: BTreeMap<String, Vec<String>> = read_json(&self.path("keys/sets.json"))?;
        for (name, members) in &sets {
            let keys: Option<Vec<_>> = members.iter().map(|key| self.kitchen.keys.get(key)).collect();
            let keys = keys.ok_or_else(|| format!("keys/sets.json: {name} names a key that is not there"))?;
            generated.insert(folder.join(format!("{name}.json")), key_set(keys));
        }
        Ok(generated)
    }

    /// Files that only their layout follows from.
    fn written_by_hand(&self) -> Result<Vec<PathBuf>, String> {
        let others = ["templates.json", "reasons.json", "keys/sets.json"];
        let mut files: Vec<PathBuf> = others.iter().map(|name| self.path(name)).collect();
        let entries = std::fs::read_dir(self.policies()).map_err(|error| error.to_string())?;
        let policies = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        files.extend(policies.filter(|path| path.extension().is_some_and(|extension| extension == "json")));
        Ok(files)
    }

    fn formatted(&self, file: &RuleFile) -> Result<String, String> {
        let mut file = file.clone();
        for case in &mut file.cases {
            for (name, token) in &mut case.tokens {
                let made = self.kitchen.make(token);
                made.map_err(|error| format!("{}: token {name}: {error}", case.id))?;
            }
        }
        let text = serde_json::to_string(&file).map_err(|error| error.to_string())?;
        Ok(layout(&Json::parse(&text)?))
    }
}

fn key_set<'a>(keys: impl IntoIterator<Item = &'a PrivateKey>) -> String {
    let keys: Vec<_> = keys.into_iter().map(PrivateKey::public).collect();
    layout(&Json::from_serde(&json!({ "keys": keys })))
}

/// A JSON file as data.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn case_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            found.extend(case_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    Ok(found)
}
