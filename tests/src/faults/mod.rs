//! Each fault of a key server, in each language: what is served, what became of it, and what should have.
//! `tests/faults/README.md` says how the parts meet.

mod compare;
mod kinds;
mod outcome;
mod recipe;
mod runner;
mod serve;

use std::path::{Path, PathBuf};

pub use compare::compare;
pub use outcome::{Case, Outcome, Seat, Step};
pub use runner::run;
pub use serve::Served;

/// `tests/faults`.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("faults")
}
