//! The credential for a key server, such as the token of a Kubernetes service account (MTA-14).

use std::path::Path;

use counterseal_core::error::Code;
use counterseal_core::keys::fetch::FetchFault;
use zeroize::Zeroizing;

use crate::resources::read_bounded;

/// Largest file.
const BYTES: usize = 64 * 1024;

/// The value of the header Authorization, from a file whose contents may have changed since the last time.
pub(super) fn authorization(path: &str) -> Result<Zeroizing<String>, FetchFault> {
    let fault = |reason: &str| FetchFault::new(Code::JwksFetchFailed, format!("bearer_file: {reason}"));
    let bytes = Zeroizing::new(read_bounded(Path::new(path), BYTES).map_err(|reason| fault(&reason))?);
    let text = std::str::from_utf8(&bytes).map_err(|_| fault("not ASCII"))?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    match text.bytes().all(|byte| byte.is_ascii_graphic()) {
        _ if text.is_empty() => Err(fault("empty")),
        true => Ok(Zeroizing::new(format!("Bearer {text}"))),
        false => Err(fault("holds a byte that no credential has")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_visible_ascii() {
        let path = std::env::temp_dir().join(format!("counterseal-bearer-{}", std::process::id()));
        let long = "x".repeat(BYTES + 1);
        for (contents, expected) in [
            ("secret", Ok("Bearer secret")),
            ("secret\n", Ok("Bearer secret")),
            ("secret\r\n", Ok("Bearer secret")),
            ("secret\n\n", Err("bearer_file: holds a byte that no credential has")),
            ("secret\r", Err("bearer_file: holds a byte that no credential has")),
            ("a b", Err("bearer_file: holds a byte that no credential has")),
            ("a\r\nHost: b", Err("bearer_file: holds a byte that no credential has")),
            ("", Err("bearer_file: empty")),
            ("\n", Err("bearer_file: empty")),
            (&long, Err("bearer_file: larger than 65536 bytes")),
        ] {
            std::fs::write(&path, contents).unwrap();
            let found = authorization(path.to_str().unwrap());
            let found = found.as_ref().map(|value| value.as_str()).map_err(|fault| &*fault.detail);
            assert_eq!(found, expected, "{contents:.20}");
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(&*authorization(path.to_str().unwrap()).unwrap_err().detail, "bearer_file: no such file");
    }
}
