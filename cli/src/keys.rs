//! `keys show`: what keys a file holds, and what is wrong with the others.

use std::collections::BTreeSet;
use std::fmt::Write;

use clap::builder::styling::Style;
use counterseal::core::json::{Document, Value};
use counterseal::core::keyset::{Key, KeyKind, SkippedKey};
use counterseal::{Code, KeySet};
use serde::Serialize;

use crate::answer::{Answer, Failure};
use crate::arguments::ShowKeys;
use crate::key_file::{Format, KeyFile};
use crate::layout::{paragraph, row, row_if};
use crate::status::Status;
use crate::terminal::{BAD, FAILED, FAINT, GOOD, LOUD, PASSED, STRONG};
use crate::text::{shown, word};

pub(crate) fn run(arguments: &ShowKeys, json: bool) -> Result<Answer, Failure> {
    let file = KeyFile::read("FILE", &arguments.file)?;
    let set = file.survey()?;
    let (format, written) = match file.format() {
        Format::Jwk(document) => ("jwk", vec![document.root()]),
        Format::JwkSet(document) => ("jwk_set", elements(document)),
        Format::Pem => ("pem", Vec::new()),
    };
    let listing = Listing::of(format, &written, &set);
    let status = listing.status();
    Ok(if json { Answer::json(status, &listing) } else { Answer::text(status, listing.told()) })
}

/// The keys of a set as they are written.
pub(crate) fn elements(set: &Document) -> Vec<Value<'_>> {
    set.root().get("keys").and_then(Value::as_array).into_iter().flatten().collect()
}

const PRIVATE: &str = "Whoever can read this can sign tokens. Keep public keys alone in it, and replace \
                       those keys that somebody could read.";

/// What the file holds. Never a private member, nor a number of a key.
#[derive(Serialize)]
pub(crate) struct Listing<'a> {
    format: &'static str,
    holds_private_keys: bool,
    holds_secrets: bool,
    keys: Vec<Sound<'a>>,
    skipped: Vec<Skipped<'a>>,
    /// Keys that stand in the set before.
    repeated: Vec<usize>,
}

/// A key that can be used.
#[derive(Serialize)]
struct Sound<'a> {
    index: usize,
    kid: Option<&'a str>,
    kty: &'static str,
    crv: Option<&'static str>,
    bits: Option<usize>,
    /// What the key itself names, or what its curve leaves no choice about.
    alg: Option<&'a str>,
    r#use: Option<&'a str>,
    thumbprint: Option<String>,
}

/// A key that is left out.
#[derive(Serialize)]
struct Skipped<'a> {
    index: usize,
    kid: Option<&'a str>,
    code: &'static str,
    message: &'static str,
}

impl<'a> Listing<'a> {
    pub(crate) fn of(format: &'static str, written: &[Value<'a>], set: &'a KeySet) -> Listing<'a> {
        let known: BTreeSet<usize> =
            set.keys().map(Key::index).chain(set.skipped().iter().map(|key| key.index)).collect();
        Listing {
            format,
            holds_private_keys: set.skipped().iter().any(|key| key.reason == Code::JwksPrivateKey),
            holds_secrets: set.keys().any(|key| matches!(key.describe(), KeyKind::Secret { .. })),
            keys: set.keys().map(|key| Sound::of(key, written.get(key.index()).copied())).collect(),
            skipped: set.skipped().iter().map(Skipped::of).collect(),
            repeated: (0..written.len()).filter(|index| !known.contains(index)).collect(),
        }
    }

    /// A file of public keys that gives a private one away must not pass any check.
    pub(crate) fn status(&self) -> Status {
        let is_sound = !self.keys.is_empty() && !self.holds_private_keys;
        if is_sound { Status::Good } else { Status::Policy }
    }

    pub(crate) fn told(&self) -> String {
        let mut out = String::new();
        if self.holds_private_keys {
            let _ = writeln!(out, "{LOUD} PRIVATE KEYS {LOUD:#}");
            paragraph(&mut out, 0, PRIVATE);
            out.push('\n');
        }
        if self.holds_secrets {
            let _ = writeln!(out, "{LOUD} SECRETS {LOUD:#}");
            paragraph(&mut out, 0, "Whoever can read this file can make tokens.");
            out.push('\n');
        }
        let sound = self.keys.iter().map(|key| (key.index, key.told()));
        let skipped = self.skipped.iter().map(|key| (key.index, key.told()));
        let repeated = self.repeated.iter().map(|index| (*index, repetition(*index)));
        let mut entries: Vec<(usize, String)> = sound.chain(skipped).chain(repeated).collect();
        entries.sort_by_key(|(index, _)| *index);
        out.extend(entries.into_iter().map(|(_, told)| told));
        let (sound, skipped) = (self.keys.len(), self.skipped.len());
        let style = if sound == 0 || self.holds_private_keys { BAD } else { GOOD };
        let _ = writeln!(
            out,
            "\n{style}{sound} of {} keys can be used{style:#}",
            sound + skipped + self.repeated.len()
        );
        out
    }
}

impl<'a> Sound<'a> {
    fn of(key: &'a Key, written: Option<Value<'a>>) -> Sound<'a> {
        let kind = key.describe();
        let member = |name| written.and_then(|jwk| jwk.get(name)).and_then(Value::as_str);
        let pinned = key.algorithm().filter(|_| kind.curve().is_some()).map(counterseal::Algorithm::name);
        Sound {
            index: key.index(),
            kid: key.kid(),
            kty: kind.kty(),
            crv: kind.curve(),
            bits: kind.bits(),
            alg: member("alg").or(pinned),
            r#use: member("use"),
            thumbprint: key.thumbprint(),
        }
    }

    fn told(&self) -> String {
        let mut out = heading(PASSED, '✓', self.index, self.kid);
        let kind = match (self.crv, self.bits) {
            (Some(curve), _) => curve.to_owned(),
            (None, bits) => format!("{} bits", bits.unwrap_or_default()),
        };
        row(&mut out, "type", format!("{}, {kind}", self.kty));
        row(
            &mut out,
            "alg",
            self.alg.map_or_else(|| "not named: a policy may list only one of its kind".to_owned(), shown),
        );
        row_if(&mut out, "use", self.r#use.map(shown));
        row_if(&mut out, "thumbprint", self.thumbprint.as_deref());
        out
    }
}

impl Skipped<'_> {
    fn of(key: &SkippedKey) -> Skipped<'_> {
        Skipped {
            index: key.index,
            kid: key.kid.as_deref(),
            code: key.reason.slug(),
            message: key.reason.message(),
        }
    }

    fn told(&self) -> String {
        let mut out = heading(FAILED, '✗', self.index, self.kid);
        row(&mut out, "not used", format!("{}: {}", self.code, self.message));
        out
    }
}

fn heading(style: Style, mark: char, index: usize, kid: Option<&str>) -> String {
    let kid = kid.map_or_else(|| format!("{FAINT}without kid{FAINT:#}"), word);
    format!("{style}{mark}{style:#} {STRONG}key {index}{STRONG:#}  {kid}\n")
}

fn repetition(index: usize) -> String {
    format!("{FAINT}· key {index}  the same key as one before{FAINT:#}\n")
}
