//! Names that are not known where they stand, or not built yet.

use super::problem::{Fault, Problems};
use super::schema::{self, SETTINGS, Setting, Shape};
use super::tree::{Member, Node, Place, Value};
use super::values;
use crate::error::Code;

/// One report for the setting, and one for each name in it that not even a later version would know.
pub(super) fn report_planned(member: &Member, setting: &Setting, problems: &mut Problems<'_>) {
    let fault = Fault::new(Code::ConfigNotSupported, "this setting is not supported in this version");
    problems.at_name(member.node.place, fault);
    report_unknown_within(&member.node, setting, problems);
}

fn report_unknown_within(node: &Node, setting: &Setting, problems: &mut Problems<'_>) {
    match (setting.shape, &node.value) {
        (Shape::Tables, Value::List(entries)) => {
            let entry = Setting { shape: Shape::Table, ..*setting };
            entries.iter().for_each(|node| report_unknown_within(node, &entry, problems));
        }
        (Shape::Table, Value::Table(members)) => {
            let settings: Vec<&Setting> = schema::children(setting.path).collect();
            for member in members.iter().filter(|member| !is_note(&member.name)) {
                match settings.iter().find(|setting| setting.name() == &*member.name) {
                    Some(setting) => report_unknown_within(&member.node, setting, problems),
                    None => report(member, node.place, &settings, problems),
                }
            }
        }
        _ => {}
    }
}

/// Notes of the operator's own are nobody else's business (POL-06).
pub(super) fn is_note(name: &str) -> bool {
    name.starts_with("x-")
}

/// Reports a setting that its table does not have, with where it belongs or what was meant.
pub(super) fn report(
    member: &Member,
    table: Place,
    settings: &[&'static Setting],
    problems: &mut Problems<'_>,
) {
    let names = settings.iter().map(|setting| setting.name());
    // Behind the last mistake that is listed, nobody reads a hint.
    let nearest = if problems.is_full() { None } else { values::nearest(&member.name, names) };
    if let Some(name) = nearest {
        problems.excuse(table, name);
    }
    let hint = match (elsewhere(&member.name), nearest) {
        (Some(hint), _) => hint,
        (None, Some(name)) => format!("did you mean `{name}`?"),
        (None, None) => near_elsewhere(member, problems).unwrap_or_else(|| NOTE.to_owned()),
    };
    let fault = Fault::new(Code::ConfigUnknownKey, "unknown setting");
    problems.at_name(member.node.place, fault.hint(hint));
}

const NOTE: &str = "leave it out, or begin its name with `x-` for a note of your own";

/// Where settings of exactly this name belong.
fn elsewhere(name: &str) -> Option<String> {
    const NAMED: usize = 3;
    let known = || SETTINGS.iter().filter(|setting| setting.name() == name);
    let is_any_built = known().any(|setting| setting.built);
    let places: Vec<String> =
        known().filter(|setting| setting.built || !is_any_built).map(place_of).take(NAMED).collect();
    (!places.is_empty()).then(|| format!("it belongs {}", places.join(", or ")))
}

/// Where a setting of nearly this name belongs.
fn near_elsewhere(member: &Member, problems: &Problems<'_>) -> Option<String> {
    if problems.is_full() {
        return None;
    }
    let built = SETTINGS.iter().filter(|setting| setting.built);
    let all = built.chain(SETTINGS.iter().filter(|setting| !setting.built));
    let name = values::nearest(&member.name, all.clone().map(Setting::name))?;
    let setting = all.clone().find(|setting| setting.name() == name)?;
    Some(format!("did you mean `{name}`? It belongs {}", place_of(setting)))
}

fn place_of(setting: &Setting) -> String {
    let name = setting.name();
    match (setting.path.rsplit_once('.'), setting.shape) {
        (Some((table, _)), _) => format!("in `{}`", table.replace("[]", "")),
        (None, Shape::Tables) => format!("at the top level, in TOML as [[{name}]]"),
        (None, Shape::Table | Shape::Services) => format!("at the top level, in TOML as [{name}]"),
        (None, _) => "at the top of the file, in TOML before the first [table]".to_owned(),
    }
}
