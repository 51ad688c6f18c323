//! Vendor presets: what a vendor puts where, as data in the policy's own schema. A preset's settings
//! are put under those of the entry that names it: explicit ones win, lists replace (POL-05).

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Table, Value as TomlValue};

use super::open_issuer::{self, OpenIssuer};
use super::problem::{Fault, Problems};
use super::remote;
use super::tree::{Member, Node, Place, Text, Value};
use crate::error::Code;
use crate::mutants::is_off;

macro_rules! presets {
    ($( $name:literal ),* $(,)?) => {
        /// Every preset by name.
        pub(super) const NAMES: &[&str] = &[ $( $name, )* ];
        const TEXTS: &[&str] = &[ $( include_str!(concat!("presets/", $name, ".toml")), )* ];
    };
}

presets! {
    "auth0", "auth0-rfc9068", "clerk", "cloudflare-access", "cognito", "dex", "entra-b2c", "entra-v1",
    "entra-v2", "firebase", "github-actions", "gitlab", "google", "keycloak", "kubernetes", "okta",
    "sap-xsuaa", "supabase", "zitadel",
}

/// Known by name, and not built: the tokens of AWS load balancers have padded segments, no audience, and
/// a key for each `kid` at an address that all customers of a region share.
pub(super) const PLANNED: &[&str] = &["aws-alb"];

/// A vendor preset, for documentation: what it rests on and what it sets.
#[derive(Clone, Debug)]
pub struct Preset {
    name: &'static str,
    text: &'static str,
    sheet: Sheet,
}

/// A page of a vendor that a preset rests on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// What the page is called.
    pub title: String,
    /// Where it stands.
    pub url: String,
    /// Its own date, or when it was read.
    pub date: String,
}

/// Every preset, by name.
pub fn presets() -> impl Iterator<Item = Preset> {
    NAMES.iter().zip(TEXTS).filter_map(|(name, text)| {
        let sheet = toml::from_str(text).ok()?;
        Some(Preset { name, text, sheet })
    })
}

impl Preset {
    /// The name in the policy file.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The vendor and the tokens.
    pub fn title(&self) -> &str {
        &self.sheet.title
    }

    /// The pages it rests on.
    pub fn documents(&self) -> &[Document] {
        &self.sheet.document
    }

    /// What it sets and why, and what it does not.
    pub fn notes(&self) -> &[String] {
        &self.sheet.notes
    }

    /// Its settings as TOML: for every profile under `[issuer]`, for one under `[profile.NAME]`.
    pub fn settings(&self) -> &'static str {
        let at = self.text.find("\n[issuer]").map_or(0, |at| at + 1);
        self.text[at..].trim_end()
    }

    /// Claims of which a rule has to name one, where the issuer is open to anyone (POL-01).
    pub fn owner_claims(&self) -> &'static [&'static str] {
        open_issuer::of_preset(self.name).map_or(&[], OpenIssuer::claims)
    }
}

/// A preset's file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    title: String,
    notes: Vec<String>,
    document: Vec<Document>,
    /// Settings of an entry.
    issuer: Table,
    /// More of them, by the entry's profile; these come before the others.
    #[serde(default)]
    profile: BTreeMap<String, Table>,
}

/// The preset's own spelling of its name.
pub(super) fn name(text: &str) -> Option<&'static str> {
    NAMES.iter().find(|name| **name == text).copied()
}

/// Puts the settings of presets under those of the entries that name them.
pub(super) fn put_under(root: &mut Node, problems: &mut Problems<'_>) {
    let Some(entries) = root.get_mut("issuer") else { return };
    let Value::List(entries) = &mut entries.value else { return };
    for entry in entries {
        let Some(preset) = entry.get("preset") else { continue };
        let (place, name) = (preset.place, preset.as_str());
        let Some(at) = NAMES.iter().position(|known| *known == name) else { continue };
        match toml::from_str::<Sheet>(TEXTS[at]) {
            Ok(sheet) => apply(&sheet, entry, place, problems),
            Err(_) => problems.at(place, Fault::new(Code::Internal, "the preset cannot be read")),
        }
    }
}

fn apply(sheet: &Sheet, entry: &mut Node, place: Place, problems: &Problems<'_>) {
    let written = entry.get("profile").map(|profile| profile.as_str().to_owned());
    let default = || sheet.issuer.get("profile").and_then(TomlValue::as_str).map(str::to_owned);
    let of_profile = written.or_else(default).and_then(|profile| sheet.profile.get(&profile));
    // An opt-out that is spelled out beats what a preset says on the same matter.
    let opted_out: Vec<&str> = entry
        .get("dangerous")
        .map(Node::elements)
        .unwrap_or_default()
        .iter()
        .filter_map(|opt_out| match opt_out.as_str() {
            "any_type" => Some("types"),
            "no_issuer" => Some("issuer_aliases"),
            "no_audience" => Some("audience_claim"),
            _ => None,
        })
        .collect();
    // Keys are one choice: a source that is written takes the place of the preset's with all that belongs to it.
    let has_keys = entry
        .get("keys")
        .is_some_and(|keys| keys.members().iter().any(|member| !remote::is_term(&member.name)));
    for settings in of_profile.into_iter().chain([&sheet.issuer]) {
        let is_written = |name: &str| opted_out.contains(&name) || (has_keys && name == "keys");
        let settings = settings.iter().filter(|(name, _)| !is_written(name));
        merge_under(entry, settings, place, problems);
    }
}

/// Adds what is not there; tables merge. A setting that was reported stays as it is.
fn merge_under<'s>(
    table: &mut Node,
    settings: impl Iterator<Item = (&'s String, &'s TomlValue)>,
    place: Place,
    problems: &Problems<'_>,
) {
    let table_place = table.place;
    let Value::Table(members) = &mut table.value else { return };
    for (name, value) in settings {
        match (members.iter_mut().find(|member| *member.name == **name), value) {
            (Some(member), TomlValue::Table(inner)) => {
                merge_under(&mut member.node, inner.iter(), place, problems);
            }
            (Some(member), _) if is_off("POL-05") => member.node = to_node(value, place),
            (Some(_), _) => {}
            (None, _) if problems.is_excused(table_place, name) => {}
            (None, _) => {
                members.push(Member { name: name.as_str().into(), node: to_node(value, place) });
            }
        }
    }
}

/// Everything in it stands where the preset is named: there a mistake is reported.
fn to_node(value: &TomlValue, place: Place) -> Node {
    let value = match value {
        TomlValue::String(text) => Value::Text(Text { is_expanded: true, ..Text::new(text.clone()) }),
        TomlValue::Integer(integer) => Value::Integer(*integer),
        TomlValue::Float(float) => Value::Float(*float),
        TomlValue::Boolean(boolean) => Value::Boolean(*boolean),
        TomlValue::Datetime(_) => Value::Date,
        TomlValue::Array(elements) => {
            Value::List(elements.iter().map(|element| to_node(element, place)).collect())
        }
        TomlValue::Table(members) => Value::Table(
            members
                .iter()
                .map(|(name, value)| Member { name: name.as_str().into(), node: to_node(value, place) })
                .collect(),
        ),
    };
    Node { place, value }
}
