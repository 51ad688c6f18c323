//! `policy presets`: what the vendor presets set, and which pages they rest on.

use std::fmt::Write;

use counterseal::core::policy::{Document, Preset, presets};
use serde::Serialize;

use crate::answer::{Answer, Failure};
use crate::arguments::Presets;
use crate::layout::{paragraph, row, row_of};
use crate::status::Status;
use crate::terminal::{FAINT, STRONG};
use crate::text::shown;

pub(crate) fn run(arguments: &Presets, json: bool) -> Result<Answer, Failure> {
    let Some(name) = &arguments.name else {
        let all: Vec<Preset> = presets().collect();
        return Ok(if json { as_json(&all) } else { Answer::text(Status::Good, list(&all)) });
    };
    // What was typed is not repeated: it could be a token in the wrong place.
    let Some(preset) = presets().find(|preset| preset.name() == name) else {
        let names: Vec<&str> = presets().map(|preset| preset.name()).collect();
        return Err(Failure::Usage(format!("there is no such preset; there are {}", names.join(", "))));
    };
    Ok(if json { as_json(&[preset]) } else { Answer::text(Status::Good, sheet(&preset)) })
}

#[derive(Serialize)]
struct Listed<'a> {
    presets: Vec<Sheet<'a>>,
}

#[derive(Serialize)]
struct Sheet<'a> {
    name: &'static str,
    title: &'a str,
    settings: &'static str,
    /// Where the issuer is open to anyone: a rule has to name one of these.
    owner_claims: &'static [&'static str],
    notes: &'a [String],
    documents: Vec<Page<'a>>,
}

#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    url: &'a str,
    date: &'a str,
}

impl Page<'_> {
    fn of(document: &Document) -> Page<'_> {
        Page { title: &document.title, url: &document.url, date: &document.date }
    }
}

fn as_json(all: &[Preset]) -> Answer {
    let sheets = all.iter().map(|preset| Sheet {
        name: preset.name(),
        title: preset.title(),
        settings: preset.settings(),
        owner_claims: preset.owner_claims(),
        notes: preset.notes(),
        documents: preset.documents().iter().map(Page::of).collect(),
    });
    Answer::json(Status::Good, &Listed { presets: sheets.collect() })
}

/// One line for each.
fn list(all: &[Preset]) -> String {
    let widest = all.iter().map(|preset| preset.name().len()).max().unwrap_or_default();
    let mut out = String::new();
    for preset in all {
        let first = preset.documents().first();
        let date = first.map(|page| format!("  {FAINT}{}{FAINT:#}", shown(&page.date))).unwrap_or_default();
        let name = preset.name();
        let _ = writeln!(out, "{STRONG}{name:widest$}{STRONG:#}  {}{date}", shown(preset.title()));
    }
    out.push_str("\n`counterseal policy presets NAME` shows one whole, with every page and its date.\n");
    out
}

fn sheet(preset: &Preset) -> String {
    let mut out = format!("{STRONG}{}{STRONG:#}  {}\n\n", preset.name(), shown(preset.title()));
    for line in preset.settings().lines() {
        let _ = writeln!(out, "{:indent$}{}", "", shown(line), indent = if line.is_empty() { 0 } else { 4 });
    }
    out.push('\n');
    for note in preset.notes() {
        paragraph(&mut out, 2, &shown(note));
        out.push('\n');
    }
    row_of(&mut out, "needs a rule", preset.owner_claims().iter().map(|claim| (*claim).to_owned()));
    for document in preset.documents() {
        row(&mut out, "page", format!("{} ({})", shown(&document.title), shown(&document.date)));
        row(&mut out, "", shown(&document.url));
    }
    out
}
