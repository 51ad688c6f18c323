//! Verdicts of the libraries beside ours, and what comes out beside the committed list.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::differences::{Difference, Differences};
use super::export::Export;

/// What came out.
#[derive(Debug)]
pub struct Comparison {
    /// The list as it would be now, with the texts of the committed one.
    pub found: Differences,
    /// Every difference in one line, for people.
    pub lines: Vec<String>,
    /// Libraries without verdicts: they could not be run here.
    pub absent: Vec<String>,
    /// Where the committed list is not what was found.
    pub faults: Vec<String>,
}

/// The first line of a file of verdicts.
#[derive(Deserialize)]
struct Head {
    version: String,
}

#[derive(Deserialize)]
struct Verdict {
    id: String,
    accepts: bool,
    #[serde(default)]
    why: String,
}

type Verdicts = BTreeMap<String, Verdict>;

/// Compares the verdicts in `folder` (`<library>.jsonl`) with ours, and with the committed list.
pub fn compare(export: &Export, committed: &Differences, folder: &Path) -> Result<Comparison, String> {
    let mut found =
        Differences { judged: export.steps.len(), left_out: export.left_out.clone(), ..committed.clone() };
    found.accepted = export.steps.iter().filter(|step| step.ours.accepts).count();
    let (mut absent, mut faults, mut all) = (Vec::new(), Vec::new(), BTreeMap::new());
    for library in &mut found.libraries {
        match read(&folder.join(format!("{}.jsonl", library.id)))? {
            None => absent.push(library.id.clone()),
            Some((head, verdicts)) => {
                library.version = head.version;
                all.insert(library.id.clone(), verdicts);
            }
        }
    }
    if all.is_empty() {
        return Err("no library could be run".into());
    }
    found.we_refuse = emptied(&committed.we_refuse, &absent);
    found.we_accept = emptied(&committed.we_accept, &absent);
    found.all_refuse.clear();
    let mut lines = Vec::new();
    for step in &export.steps {
        let rule = &step.ours.rule;
        let list = if step.ours.accepts { &mut found.we_accept } else { &mut found.we_refuse };
        let difference = list.entry(rule.clone()).or_default();
        difference.of += 1;
        let case = step.id.rsplit_once('#').map_or(step.id.as_str(), |(case, _)| case);
        for (library, verdicts) in &all {
            let verdict =
                verdicts.get(&step.id).ok_or_else(|| format!("{library}: no verdict on {}", step.id))?;
            if verdict.accepts == step.ours.accepts {
                continue;
            }
            let cases = difference.cases.entry(library.clone()).or_default();
            *cases.entry(case.to_owned()).or_default() += 1;
            let what = if step.ours.accepts { "we accept" } else { "we refuse" };
            lines.push(format!("{what} {rule} {library} {} {}", step.id, verdict.why));
        }
    }
    for (rule, difference) in &found.we_refuse {
        if difference.cases.is_empty() {
            found.all_refuse.insert(rule.clone(), difference.of);
        }
    }
    found.we_refuse.retain(|_, difference| !difference.cases.is_empty());
    found.we_accept.retain(|_, difference| !difference.cases.is_empty());
    lines.sort();
    faults.extend(unexplained(&found));
    faults.extend(changes(committed, &found));
    Ok(Comparison { found, lines, absent, faults })
}

/// The texts of a list without its counts, but for those of libraries that were not run.
fn emptied(list: &BTreeMap<String, Difference>, absent: &[String]) -> BTreeMap<String, Difference> {
    let mut list = list.clone();
    for difference in list.values_mut() {
        difference.of = 0;
        difference.cases.retain(|library, _| absent.contains(library));
    }
    list
}

fn unexplained(found: &Differences) -> Vec<String> {
    let all = found.we_refuse.iter().chain(&found.we_accept);
    all.filter(|(_, difference)| difference.why.is_empty() || difference.token.is_empty())
        .map(|(rule, _)| format!("{rule}: nobody has said what differs and why"))
        .collect()
}

/// What the committed list holds and what was found, where they differ.
fn changes(committed: &Differences, found: &Differences) -> Vec<String> {
    let mut faults = Vec::new();
    for (library, now) in committed.libraries.iter().zip(&found.libraries) {
        if library.version != now.version {
            faults.push(format!("{}: {} is listed, {} was run", library.name, library.version, now.version));
        }
    }
    for (what, before, now) in [
        ("we refuse", &committed.we_refuse, &found.we_refuse),
        ("we accept", &committed.we_accept, &found.we_accept),
    ] {
        let rules: std::collections::BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        for rule in rules {
            match (before.get(rule), now.get(rule)) {
                (None, _) => faults.push(format!("{what}, {rule}: differs, and is not listed")),
                (_, None) => faults.push(format!("{what}, {rule}: listed, and does not differ any more")),
                (Some(before), Some(now)) if before != now => {
                    for library in &found.libraries {
                        let (before, now) = (before.cases.get(&library.id), now.cases.get(&library.id));
                        if before != now {
                            faults.push(format!(
                                "{what}, {rule}, {}: {before:?} listed, {now:?} found",
                                library.name
                            ));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    if faults.is_empty() && committed != found {
        faults.push("counts of tokens are not those listed: the corpus has changed".into());
    }
    faults
}

fn read(path: &Path) -> Result<Option<(Head, Verdicts)>, String> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(None) };
    let wrong = |error: serde_json::Error| format!("{}: {error}", path.display());
    let mut lines = text.lines();
    let head = serde_json::from_str(lines.next().unwrap_or_default()).map_err(wrong)?;
    let verdicts = lines.map(|line| {
        let verdict: Verdict = serde_json::from_str(line).map_err(wrong)?;
        Ok((verdict.id.clone(), verdict))
    });
    Ok(Some((head, verdicts.collect::<Result<_, String>>()?)))
}
