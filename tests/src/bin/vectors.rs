//! The tool for the conformance corpus: makes tokens and keys, lays files out, and finds faults.

use std::process::ExitCode;

use counterseal_tests::conformance::{Corpus, Json, PrivateKey, folder, layout};

const USAGE: &str = "\
vectors fmt              make tokens and public keys, lay case files out
vectors lint             check the corpus
vectors new RULE-ID      begin a case file
vectors explain CASE-ID  a case for people
vectors key NAME         make a test key, such as rs2048-a";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["fmt"] => format(),
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
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        written += 1;
    }
    println!("{} cases; {written} files written", corpus.cases().count());
    Ok(())
}

fn key(name: &str) -> Result<(), String> {
    let path = folder().join("keys").join(format!("{name}.json"));
    if path.exists() {
        return Err(format!("{} is there already", path.display()));
    }
    let text = layout(&Json::from_serde(&PrivateKey::generate(name)?.to_value()));
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}
