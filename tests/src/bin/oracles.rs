//! The corpus for other libraries, and what they made of it. `tests/oracles/run` calls it.

use std::path::Path;
use std::process::ExitCode;

use counterseal_tests::conformance::{Corpus, folder};
use counterseal_tests::oracles::{Differences, compare, export};

const USAGE: &str = "\
oracles export                     the steps that a library can judge, one line of JSON each
oracles compare FOLDER             hold the verdicts in FOLDER against ours and differences.json
oracles write FOLDER DATE          take their counts over into differences.json";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["export"] => steps(),
        ["compare", folder] => judge(Path::new(folder), None),
        ["write", folder, date] => judge(Path::new(folder), Some(date)),
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

fn steps() -> Result<(), String> {
    let export = export(&Corpus::load(&folder())?)?;
    for step in &export.steps {
        println!("{}", serde_json::to_string(step).map_err(|error| error.to_string())?);
    }
    eprintln!("{} tokens to judge; not for other libraries:", export.steps.len());
    export.left_out.iter().for_each(|(reason, count)| eprintln!("{count:7}  {reason}"));
    Ok(())
}

fn judge(verdicts: &Path, date: Option<&str>) -> Result<(), String> {
    let export = export(&Corpus::load(&folder())?)?;
    let mut comparison = compare(&export, &Differences::load()?, verdicts)?;
    let list = verdicts.join("differences.txt");
    std::fs::write(&list, comparison.lines.join("\n") + "\n").map_err(|error| error.to_string())?;
    for library in &comparison.found.libraries {
        let is_absent = comparison.absent.contains(&library.id);
        let counted = |what: &str| {
            let mark = format!(" {} ", library.id);
            comparison.lines.iter().filter(|line| line.starts_with(what) && line.contains(&mark)).count()
        };
        match is_absent {
            true => println!("left out: {}", library.name),
            false => println!(
                "{:14} {:32} of {} tokens accepts {} that we refuse, refuses {} that we accept",
                library.name,
                library.version,
                export.steps.len(),
                counted("we refuse"),
                counted("we accept")
            ),
        }
    }
    if let Some(date) = date {
        if !comparison.absent.is_empty() {
            return Err("nothing is written where a library was left out".into());
        }
        comparison.found.date = date.to_owned();
        comparison.found.store()?;
        println!("written: differences.json; run `make generate` for the page");
        return Ok(());
    }
    match comparison.faults.as_slice() {
        [] => {
            println!("{} differences, each listed with its rule", comparison.lines.len());
            Ok(())
        }
        faults => Err(format!("{}\nsee {}", faults.join("\n"), list.display())),
    }
}
