//! The policies of the cases: named, changed, or written out.

use std::cmp::Ordering;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use counterseal::core::crypto::Provider;
use counterseal::testing::{Surroundings, policy_in};
use counterseal::{Format, Policy, PolicyError};
use serde_json::Value;

use super::case::Load;
use super::text::Text;

impl Load {
    /// Reads the policy. Its files are the case's own, else those of `folder`; `later` is where those stand that a
    /// guard reads by itself.
    pub fn read(
        &self,
        folder: &Path,
        later: &Path,
        provider: &'static dyn Provider,
    ) -> Result<Result<Policy, PolicyError>, String> {
        self.read_with(folder, later, provider, &|path| self.file(folder, path))
    }

    /// The same with files from elsewhere.
    pub fn read_with(
        &self,
        folder: &Path,
        later: &Path,
        provider: &'static dyn Provider,
        files: &dyn Fn(&str) -> Result<Vec<u8>, String>,
    ) -> Result<Result<Policy, PolicyError>, String> {
        let (text, format) = self.text(folder)?;
        let surroundings = Surroundings {
            service: self.service.as_deref(),
            environment: &self.environment,
            files,
            folder: later,
            provider,
        };
        Ok(policy_in(&text, format, &surroundings))
    }

    /// Are lines and columns those of a text that the case writes out?
    pub fn has_lines(&self) -> bool {
        self.text.is_some()
    }

    /// The policy as text, and its format.
    pub fn text(&self, folder: &Path) -> Result<(String, Format), String> {
        if let Some(text) = &self.text {
            let text = String::from_utf8(text.bytes()?).map_err(|_| "a policy is UTF-8")?;
            let format = match self.format.as_deref() {
                Some("toml") => Format::Toml,
                Some("json") => Format::Json,
                _ => return Err("format is toml or json".into()),
            };
            return Ok((text, format));
        }
        let policy = self.value(folder)?;
        Ok((policy.to_string(), Format::Json))
    }

    /// The policy as data, changed as the case says; not where it is written out as text.
    pub fn value(&self, folder: &Path) -> Result<Value, String> {
        let mut policy = match &self.policy {
            Some(Value::String(name)) => {
                let path = folder.join(format!("{name}.json"));
                let text =
                    std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?
            }
            Some(policy) => policy.clone(),
            None => return Err("no policy".into()),
        };
        for (pointer, value) in &self.change {
            change(&mut policy, pointer, value)?;
        }
        Ok(policy)
    }

    /// Writes the case's files into a folder of their own where a guard of the policy will read one by itself.
    pub fn files_for_later(&self, folder: &Path) -> Result<Option<Folder>, String> {
        if !self.text(folder)?.0.contains("bearer_file") {
            return Ok(None);
        }
        static FOLDERS: AtomicU64 = AtomicU64::new(0);
        let number = FOLDERS.fetch_add(1, Relaxed);
        let made =
            Folder(std::env::temp_dir().join(format!("counterseal-case-{}-{number}", std::process::id())));
        std::fs::create_dir_all(&made.0).map_err(|error| error.to_string())?;
        for (name, contents) in &self.files {
            std::fs::write(made.0.join(name), contents_of(contents)?).map_err(|error| error.to_string())?;
        }
        Ok(Some(made))
    }

    /// The bytes of a file beside the policy, or why they cannot be had, in the words of the runtime.
    pub fn file(&self, folder: &Path, path: &str) -> Result<Vec<u8>, String> {
        match self.files.get(path) {
            Some(contents) => contents_of(contents),
            None => std::fs::read(folder.join(path)).map_err(|error| match error.kind() {
                ErrorKind::NotFound => format!("{path}: no such file"),
                kind => format!("{path}: {kind}"),
            }),
        }
    }
}

/// A folder that goes with its case.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The bytes of a file: text, or what stands behind `json`.
pub fn contents_of(contents: &Value) -> Result<Vec<u8>, String> {
    match contents.get("json") {
        Some(json) => Ok(json.to_string().into_bytes()),
        None => {
            let text: Text = serde_json::from_value(contents.clone()).map_err(|error| error.to_string())?;
            text.bytes()
        }
    }
}

/// Sets or (null) removes the value at a JSON Pointer. `-`, or the length of a list, appends.
fn change(policy: &mut Value, pointer: &str, value: &Value) -> Result<(), String> {
    let (parent, last) = pointer.rsplit_once('/').ok_or_else(|| format!("{pointer:?} is no pointer"))?;
    let last = last.replace("~1", "/").replace("~0", "~");
    match policy.pointer_mut(parent) {
        Some(Value::Object(members)) if value.is_null() => {
            members.remove(&last).map(drop).ok_or_else(|| format!("there is no {pointer}"))
        }
        Some(Value::Object(members)) => {
            members.insert(last, value.clone());
            Ok(())
        }
        Some(Value::Array(list)) => {
            let at =
                if last == "-" { list.len() } else { last.parse().map_err(|_| format!("{pointer}?"))? };
            match (at.cmp(&list.len()), value) {
                (Ordering::Less, Value::Null) => drop(list.remove(at)),
                (Ordering::Less, value) => list[at] = value.clone(),
                (Ordering::Equal, value) if !value.is_null() => list.push(value.clone()),
                _ => return Err(format!("there is no {pointer}")),
            }
            Ok(())
        }
        _ => Err(format!("there is no {parent:?}")),
    }
}
