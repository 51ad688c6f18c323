//! The one place that writes: styles, the width, the answer.

use std::io::{self, ErrorKind, IsTerminal, Write};

use clap::builder::styling::{AnsiColor, Effects, Style};

use crate::answer::Answer;
use crate::status::Status;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().effects(Effects::BOLD);
pub(crate) const BAD: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);
pub(crate) const LOUD: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD.insert(Effects::INVERT));
pub(crate) const PASSED: Style = AnsiColor::Green.on_default();
pub(crate) const FAILED: Style = AnsiColor::Red.on_default();
pub(crate) const WARNED: Style = AnsiColor::Yellow.on_default();
pub(crate) const STRONG: Style = Style::new().effects(Effects::BOLD);
pub(crate) const FAINT: Style = Style::new().effects(Effects::DIMMED);

const NARROWEST: usize = 64;
const WIDEST: usize = 100;

/// Columns to write in, within what reads well: those of COLUMNS, or of the terminal.
pub(crate) fn width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let seen = || terminal_size::terminal_size().map(|(columns, _)| usize::from(columns.0));
    told.or_else(seen).unwrap_or(WIDEST).clamp(NARROWEST, WIDEST)
}

/// Is the standard output a terminal, on which bytes act?
pub(crate) fn is_output_a_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Is the standard input a terminal, at which somebody would have to type?
pub(crate) fn is_input_a_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Writes the answer, and returns the status to end with. Colours are left out where no terminal
/// shows them or NO_COLOR asks for none. A reader that went away is no error.
pub(crate) fn write(answer: &Answer) -> Status {
    let written = write_all(&mut anstream::stdout(), answer.output.as_bytes())
        .and_then(|()| write_all(&mut io::stdout(), &answer.payload));
    let _ = write_all(&mut anstream::stderr(), answer.notes.as_bytes());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let text = format!("counterseal: the answer cannot be written: {}\n", error.kind());
            let _ = write_all(&mut anstream::stderr(), text.as_bytes());
            Status::Output
        }
        _ => answer.status,
    }
}

/// Says where the program broke, and nothing of what it was working on.
pub(crate) fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        let text = format!("counterseal: an error inside Counterseal{place}; please report it\n");
        let _ = write_all(&mut anstream::stderr(), text.as_bytes());
    }));
}

fn write_all(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    out.write_all(bytes)?;
    out.flush()
}
