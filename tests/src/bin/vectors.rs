//! The tool for the conformance corpus: makes tokens and keys, lays files out, finds faults, and shows
//! a case to people.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use counterseal::Rule;
use counterseal::core::crypto::aws_lc;
use counterseal_tests::conformance::{Corpus, Json, PrivateKey, Runner, explain, folder, layout, lint};

const USAGE: &str = "\
vectors fmt                   make tokens and public keys, lay case files out
vectors lint                  check the corpus
vectors new RULE-ID [AREA]    begin a case file
vectors explain CASE-ID       a case for people, with what comes out of it
vectors key NAME              make a test key, such as rs2048-a";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["fmt"] => format(),
        ["lint"] => check(),
        ["new", rule] => begin(rule, None),
        ["new", rule, area] => begin(rule, Some(area)),
        ["explain", id] => show(id),
        ["key", name] => key(name),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn format() -> Result<(), String> {
    let corpus = Corpus::load(&folder())?;
    let mut written = 0;
    for (path, text) in corpus.generated()? {
        if std::fs::read_to_string(&path).is_ok_and(|held| held == text) {
            continue;
        }
        write(&path, text)?;
        written += 1;
    }
    println!("{} cases; {written} files written", corpus.cases().count());
    Ok(())
}

fn check() -> Result<(), String> {
    let corpus = Corpus::load(&folder())?;
    let faults = lint(&corpus)?;
    match faults.as_slice() {
        [] => {
            println!("{} cases of {} rules and attacks: sound", corpus.cases().count(), corpus.files.len());
            Ok(())
        }
        _ => Err(format!("{}\n{} faults", faults.join("\n"), faults.len())),
    }
}

/// A file with a case of each kind, which is no sound one until it says why.
fn begin(rule: &str, area: Option<&str>) -> Result<(), String> {
    let corpus = Corpus::load(&folder())?;
    if corpus.files.values().any(|file| file.rule == rule) {
        return Err(format!("{rule} has a file already"));
    }
    let family = rule.split('-').next().unwrap_or_default();
    let neighbour = corpus.files.iter().find(|(_, file)| file.rule.starts_with(&format!("{family}-")));
    let area = match (area, neighbour.and_then(|(path, _)| path.parent())) {
        (Some(area), _) => PathBuf::from(area),
        (None, Some(parent)) => parent.to_owned(),
        (None, None) => return Err(format!("no other rule begins with {family}: name an area")),
    };
    let asks = Rule::ALL.iter().find(|known| known.id() == rule).map_or("", |known| known.asks());
    let case = |name: &str, kind: &str, expect: &str| {
        format!(
            r#"{{"id":"{rule}/{name}","rules":["{rule}"],"kind":"{kind}","why":"",
            "tokens":{{"{name}":{{"made":{{"like":"access_token"}}}}}},
            "steps":[{{"load":{{"policy":"access"}},"expect":"ok"}},{{"verify":{{"token":"{name}"}},"expect":{expect}}}]}}"#
        )
    };
    let verified = r#"{"verified":{"subject":"alice-0001"}}"#;
    let rejected = format!(r#"{{"rejected":{{"code":"","rule":"{rule}"}}}}"#);
    let cases = [
        case("good", "accept", verified),
        case("bad", "reject", &rejected),
        case("at-the-edge", "boundary", verified),
    ];
    let text = format!(r#"{{"rule":"{rule}","statement":"{asks}","cases":[{}]}}"#, cases.join(","));
    let path = corpus.path("cases").join(area).join(format!("{rule}.json"));
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).map_err(|error| error.to_string())?;
    write(&path, layout(&Json::parse(&text)?))?;
    println!("{}: fill in what is empty, then run `vectors fmt`", path.display());
    Ok(())
}

fn show(id: &str) -> Result<(), String> {
    let corpus = Corpus::load(&folder())?;
    let found =
        corpus.files.values().find_map(|file| Some((file, file.cases.iter().find(|case| case.id == id)?)));
    let (file, case) = found.ok_or_else(|| format!("no case {id}"))?;
    let outcome = Runner::new(&corpus, aws_lc()).run(case);
    print!("{}", explain(file, case, &outcome)?);
    Ok(())
}

fn key(name: &str) -> Result<(), String> {
    let path = folder().join("keys").join(format!("{name}.json"));
    if path.exists() {
        return Err(format!("{} is there already", path.display()));
    }
    write(&path, layout(&Json::from_serde(&PrivateKey::generate(name)?.to_value())))
}

fn write(path: &Path, text: String) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
