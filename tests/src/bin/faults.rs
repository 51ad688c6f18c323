//! What Rust makes of every fault, and whether every language made what it should. `tests/faults/run` calls it.

use std::path::Path;
use std::process::ExitCode;

use counterseal_tests::faults::{compare, run};

const USAGE: &str = "\
faults rust FOLDER              runs the cases of FOLDER/rust.json and writes FOLDER/rust.jsonl
faults compare FOLDER SEAT…     holds each SEAT.jsonl against matrix.json";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["rust", folder] => run(Path::new(folder)).map(|()| true),
        ["compare", folder, seats @ ..] => compare(Path::new(folder), seats),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{}", error.trim_end());
            ExitCode::FAILURE
        }
    }
}
