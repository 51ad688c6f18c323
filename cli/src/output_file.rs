//! Files that a command writes.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use crate::answer::Failure;

/// Writes the file that the argument `name` gives. Its name is not repeated: it could be a token in the wrong place.
pub(crate) fn output_file(name: &str, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = File::create(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| {
        Failure::Output(format!("the file given as {name} cannot be written: {}", error.kind()))
    })
}
