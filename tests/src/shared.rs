//! The optional folder of published test vectors, which is not part of this repository.

use std::path::{Path, PathBuf};

/// Names the folder where it does not stand beside the project.
const VARIABLE: &str = "COUNTERSEAL_SHARED";

/// The file of that path in the shared folder: `../shared` beside the project, or what
/// `COUNTERSEAL_SHARED` names. `None` where it is not there; then one line says what is left out.
pub fn file(path: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()).map_or(beside, PathBuf::from);
    let file = folder.join(path);
    if file.is_file() {
        return Some(file);
    }
    crate::say(format!("left out: {path}, which is not there (set {VARIABLE} to the folder that holds it)"));
    None
}
