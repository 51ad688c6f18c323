//! Writes what comes out of every case, `id → outcome`, one line of canonical JSON each: the Rust side
//! of the comparison between languages. Expectations play no part in it.

use std::process::ExitCode;

use counterseal::core::crypto::default_provider;
use counterseal_tests::conformance::{Corpus, Json, Runner, folder};

fn main() -> ExitCode {
    match run() {
        Ok(lines) => {
            print!("{}", lines.join(""));
            eprintln!("{} cases", lines.len());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Vec<String>, String> {
    let corpus = Corpus::load(&folder())?;
    let provider = default_provider().ok_or("this build has no cryptography")?;
    let runner = Runner::new(&corpus, provider);
    let line = |case| {
        let outcome = runner.outcome(case)?;
        Ok(Json::Object(vec![("id".to_owned(), Json::string(&case.id)), ("outcome".to_owned(), outcome)])
            .canonical()
            + "\n")
    };
    corpus.cases().map(line).collect()
}
