//! The command-line tool: verifies, explains and inspects tokens, checks policies, shows and fetches keys.
//!
//! A command turns its arguments into one [`Answer`](answer::Answer), which is written at once. Only
//! the crate `counterseal` decides; what stands here reads and shows.

mod answer;
mod arguments;
mod dates;
mod diagnose;
mod explain;
mod hints;
mod identity;
mod input;
mod inspect;
mod jws;
mod key_file;
mod key_place;
mod keys;
mod keys_fetch;
mod layout;
mod output_file;
mod policy;
mod presets;
mod pretty;
mod problems;
mod quote;
mod rejection;
mod replay;
mod said;
mod status;
mod terminal;
mod text;
mod usage;
mod verify;

use std::ffi::OsString;
use std::panic::catch_unwind;
use std::process::ExitCode;

use clap::Parser;

use answer::{Answer, Failure};
use arguments::{Arguments, Command, JwsCommand, KeysCommand, PolicyCommand};

fn main() -> ExitCode {
    terminal::report_panics();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    // A panic has said where it happened; the answer is then the one of an internal error.
    let json = usage::wants_json(&arguments);
    let answer = catch_unwind(|| answer(&arguments)).unwrap_or_else(|_| Failure::Internal.answer(json));
    terminal::write(&answer).into()
}

fn answer(arguments: &[OsString]) -> Answer {
    match Arguments::try_parse_from(arguments) {
        Ok(parsed) => {
            let json = parsed.json;
            run(parsed).unwrap_or_else(|failure| failure.answer(json))
        }
        Err(error) => usage::answer(&error, arguments),
    }
}

fn run(arguments: Arguments) -> Result<Answer, Failure> {
    let json = arguments.json;
    match arguments.command {
        Command::Verify(arguments) => verify::run(&arguments, json),
        Command::Explain(arguments) => explain::run(&arguments, json),
        Command::Replay(arguments) => replay::run(&arguments, json),
        Command::Inspect(arguments) => inspect::run(&arguments, json),
        Command::Jws(JwsCommand::Verify(arguments)) => jws::run(&arguments, json),
        Command::Policy(PolicyCommand::Check(arguments)) => policy::run(&arguments, json),
        Command::Policy(PolicyCommand::Schema) => Ok(policy::schema()),
        Command::Policy(PolicyCommand::Presets(arguments)) => presets::run(&arguments, json),
        Command::Keys(KeysCommand::Show(arguments)) => keys::run(&arguments, json),
        Command::Keys(KeysCommand::Fetch(arguments)) => keys_fetch::run(&arguments, json),
        Command::Keys(KeysCommand::Diagnose(arguments)) => diagnose::run(&arguments, json),
    }
}
