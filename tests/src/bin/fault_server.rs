//! Serves every fault, for the tests of every language: `fault_server FOLDER SEAT…` writes the folder, says on
//! standard output that it is there, and ends with its standard input. `tests/faults/README.md` says what is in it.

use std::io::{self, Write};
use std::path::Path;

use counterseal_tests::faults::Served;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        eprintln!("fault_server FOLDER SEAT…");
        std::process::exit(2)
    };
    let folder = std::path::absolute(Path::new(&folder))?;
    let served = Served::begin(&folder, &arguments.collect::<Vec<_>>())?;
    println!("{} servers", served.count());
    io::stdout().flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
