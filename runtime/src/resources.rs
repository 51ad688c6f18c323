//! What a policy names: environment variables, and files beside it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use counterseal_core::limits::STATIC_JWKS_BYTES;
use counterseal_core::policy::Resources;

/// Variables of this process and files under a base directory.
#[derive(Debug)]
pub(crate) struct Machine {
    base_dir: PathBuf,
}

impl Machine {
    /// Relative paths start at `base_dir`.
    pub(crate) fn at(base_dir: impl Into<PathBuf>) -> Machine {
        Machine { base_dir: base_dir.into() }
    }
}

impl Resources for Machine {
    fn environment(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let path = self.base_dir.join(path);
        read_bounded(&path, STATIC_JWKS_BYTES).map_err(|reason| format!("{}: {reason}", path.display()))
    }

    fn absolute(&self, path: &str) -> String {
        let path = self.base_dir.join(path);
        let whole =
            std::path::absolute(&path).ok().and_then(|whole| whole.into_os_string().into_string().ok());
        // Without a working directory that is text, as it is.
        whole.unwrap_or_else(|| path.to_string_lossy().into_owned())
    }
}

/// A file's bytes, or why they cannot be had. Never more than `limit`, whatever kind of file it is.
pub(crate) fn read_bounded(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    let reason = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        kind => kind.to_string(),
    };
    let file = File::open(path).map_err(reason)?;
    if file.metadata().map_err(reason)?.is_dir() {
        return Err("is a directory".into());
    }
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(reason)?;
    if bytes.len() > limit { Err(format!("larger than {limit} bytes")) } else { Ok(bytes) }
}
