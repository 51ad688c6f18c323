//! The comparison between languages: cases for every runner, what Rust makes of them, and whether all
//! make the same of them. `tests/conformance/run` calls it.

use std::path::Path;
use std::process::ExitCode;

use counterseal_tests::conformance::{Case, Corpus, Runner, compare, folder, fuzz_cases, prepare};

const USAGE: &str = "\
conformance prepare FOLDER                        the corpus for runners: FOLDER/cases.jsonl and its policies
conformance rust                                  what Rust makes of the corpus, a line for each case
conformance fuzz FOLDER --seed N --count M        M cases of changed tokens for runners, and what Rust makes of them
conformance compare FOLDER LANGUAGE…              hold FOLDER/LANGUAGE.jsonl against FOLDER/rust.jsonl";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["prepare", folder] => prepared(Path::new(folder)),
        ["rust"] => corpus().and_then(|corpus| outcomes(&corpus, corpus.cases())),
        ["fuzz", folder, "--seed", seed, "--count", count] => fuzz(Path::new(folder), seed, count),
        ["compare", folder, languages @ ..] => compare(Path::new(folder), languages),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", error.trim_end());
            ExitCode::FAILURE
        }
    }
}

fn corpus() -> Result<Corpus, String> {
    Corpus::load(&folder())
}

fn prepared(folder: &Path) -> Result<String, String> {
    let corpus = corpus()?;
    let count = prepare(&corpus, corpus.cases(), folder)?;
    Ok(format!("{count} cases\n"))
}

fn fuzz(folder: &Path, seed: &str, count: &str) -> Result<String, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
    let corpus = corpus()?;
    let cases = fuzz_cases(&corpus, number(seed)?, number(count)? as usize)?;
    let count = prepare(&corpus, cases.iter(), folder)?;
    let outcomes = outcomes(&corpus, cases.iter())?;
    std::fs::write(folder.join("rust.jsonl"), &outcomes).map_err(|error| error.to_string())?;
    let verified = outcomes.matches("{\"verified\":").count();
    let tokens: usize = cases.iter().map(|case| case.tokens.len()).sum();
    Ok(format!("{count} cases, {tokens} tokens, {verified} times verified\n"))
}

fn outcomes<'c>(corpus: &Corpus, cases: impl Iterator<Item = &'c Case>) -> Result<String, String> {
    Runner::with_default_provider(corpus)?.lines(cases)
}
