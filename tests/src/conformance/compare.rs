//! Holds what each language made of the cases against what Rust made of them: the same bytes.

use std::fs;
use std::path::Path;

use super::json::Json;
use super::prepare;

/// The language that the others are held against.
const FIRST: &str = "rust";
/// Differences that are shown for each language.
const SHOWN: usize = 5;
/// Characters of a value that are shown.
const LONGEST: usize = 300;

/// A line for each language with the number of its cases and differences, then the first of these.
/// Fails where there are any, or where a language has not exactly the cases of the folder, in order.
pub fn compare(folder: &Path, languages: &[&str]) -> Result<String, String> {
    let ids = prepare::ids(folder)?;
    let read = |language: &str| {
        let path = folder.join(format!("{language}.jsonl"));
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let rust = read(FIRST)?;
    let mut out = String::new();
    let mut is_same = true;
    for language in [&[FIRST], languages].concat() {
        let differences = differences(&ids, &rust, &read(language)?);
        is_same &= differences.is_empty();
        let judged = match differences.len() {
            0 if language == FIRST => "what the others are held against".to_owned(),
            0 => "identical".to_owned(),
            count => format!("{count} DIFFERENT"),
        };
        out += &format!("{language:8} {} cases, {judged}\n", ids.len());
        differences.iter().take(SHOWN).for_each(|difference| out += &format!("    {difference}\n"));
    }
    if is_same && !ids.is_empty() { Ok(out) } else { Err(out) }
}

/// Every case that is missing, too much, in another place, or has another outcome.
fn differences(ids: &[String], rust: &str, other: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = [rust.split_terminator('\n'), other.split_terminator('\n')];
    for id in ids {
        let begin = format!("{{\"id\":{},", Json::string(id).canonical());
        let [ours, theirs] = lines.each_mut().map(Iterator::next);
        match (ours, theirs) {
            (Some(ours), _) if !ours.starts_with(&begin) => found.push(format!("{id}: rust has another")),
            (_, Some(theirs)) if !theirs.starts_with(&begin) => found.push(format!("{id}: not in its place")),
            (Some(ours), Some(theirs)) if ours == theirs => {}
            (Some(ours), Some(theirs)) => found.push(format!("{id}: {}", difference(ours, theirs))),
            _ => found.push(format!("{id}: missing")),
        }
    }
    let more = lines.map(Iterator::count);
    if more != [0, 0] {
        found.push(format!("{} lines too many", more[0] + more[1]));
    }
    if found.is_empty() && rust != other {
        found.push("line breaks differ".into());
    }
    found
}

/// The first step that differs, and where.
fn difference(ours: &str, theirs: &str) -> String {
    let (ours, theirs) = match (Json::parse(ours), Json::parse(theirs)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (_, Err(error)) => return format!("no JSON: {error}"),
        (Err(error), _) => return format!("rust has no JSON: {error}"),
    };
    let steps = [&ours, &theirs].map(|line| match line.get("outcome") {
        Some(Json::Array(steps)) => steps.as_slice(),
        _ => &[],
    });
    if steps[0].len() != steps[1].len() {
        return format!("rust has {} steps, found {}", steps[0].len(), steps[1].len());
    }
    let pairs = steps[0].iter().zip(steps[1]).enumerate();
    let mut differing = pairs.filter(|(_, (ours, theirs))| ours.canonical() != theirs.canonical());
    match differing.next() {
        Some((at, (ours, theirs))) => format!("step {at}: {}", place(ours, theirs)),
        None => "the same, but not in canonical form".into(),
    }
}

/// Both values where they part.
fn place(ours: &Json, theirs: &Json) -> String {
    match (ours, theirs) {
        (Json::Object(one), Json::Object(_)) => {
            let parting = one.iter().find_map(|(name, ours)| match theirs.get(name) {
                Some(theirs) if ours.canonical() == theirs.canonical() => None,
                Some(theirs) => Some(format!("{name}/{}", place(ours, theirs))),
                None => Some(format!("{name}: only rust has it\n        found {}", shown(theirs))),
            });
            parting.unwrap_or_else(|| format!("rust {}\n        found {}", shown(ours), shown(theirs)))
        }
        (Json::Array(one), Json::Array(other)) if one.len() == other.len() => {
            let mut pairs = one.iter().zip(other).enumerate();
            let parting = pairs.find(|(_, (ours, theirs))| ours.canonical() != theirs.canonical());
            parting.map_or_else(String::new, |(at, (ours, theirs))| format!("{at}/{}", place(ours, theirs)))
        }
        _ => format!("\n        rust  {}\n        found {}", shown(ours), shown(theirs)),
    }
}

fn shown(value: &Json) -> String {
    let text = value.canonical();
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUST: &str =
        "{\"id\":\"a\",\"outcome\":[null,{\"x\":[1,{\"y\":2}]}]}\n{\"id\":\"b\",\"outcome\":[]}\n";

    fn found(other: &str) -> Vec<String> {
        differences(&["a".into(), "b".into()], RUST, other)
    }

    #[test]
    fn the_same_is_the_same() {
        assert!(found(RUST).is_empty());
    }

    #[test]
    fn whatever_differs_is_named() {
        let (first, second) = RUST.split_at(RUST.find('\n').unwrap() + 1);
        for (other, told) in [
            (RUST.replace("\"y\":2", "\"y\":3"), "a: step 1: x/1/y/"),
            (RUST.replace("\"y\":2", "\"y\":2.0"), "a: the same, but not in canonical form"),
            (RUST.replace("{\"y\":2}", "{}"), "a: step 1: x/1/y: only rust has it"),
            (RUST.replace("{\"y\":2}", "{\"y\":2,\"z\":3}"), "a: step 1: x/1/rust"),
            (RUST.replace("[null,", "["), "a: rust has 2 steps, found 1"),
            (RUST.replace("[null,", "[nil,"), "a: no JSON"),
            (first.to_owned(), "b: missing"),
            (second.to_owned(), "a: not in its place"),
            (format!("{second}{first}"), "a: not in its place"),
            (format!("{RUST}{second}"), "1 lines too many"),
            (RUST.trim_end().to_owned(), "line breaks differ"),
            (RUST.replace('\n', "\r\n"), "a: "),
            (String::new(), "a: missing"),
        ] {
            let found = found(&other);
            assert!(found[0].starts_with(told), "{told}: {found:?}");
        }
    }
}
