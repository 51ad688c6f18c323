//! A strict reader of PEM (RFC 7468).

use super::base64;

/// One block of a PEM text.
pub(crate) struct Block<'a> {
    /// What stands between `BEGIN` and the dashes.
    pub(crate) label: &'a str,
    pub(crate) bytes: Vec<u8>,
}

/// The label of an X.509 certificate.
pub(crate) const CERTIFICATE: &str = "CERTIFICATE";

/// Does a block begin that holds a private key, well formed or not?
pub(crate) fn holds_private_key(text: &str) -> bool {
    text.lines().any(|line| line.contains("-----BEGIN ") && line.contains("PRIVATE KEY"))
}

/// The blocks in their order; `None` if any is malformed.
///
/// Text between blocks is allowed (RFC 7468 section 2), but none with dashes: a block with a
/// misspelled boundary is an error, not a comment. Headers inside a block are refused.
pub(crate) fn blocks(text: &str) -> Option<Vec<Block<'_>>> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim_end);
    while let Some(line) = lines.next() {
        if !line.contains("---") {
            continue;
        }
        let label = line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")?;
        let mut base64_text = String::new();
        loop {
            let line = lines.next()?;
            if let Some(end) = line.strip_prefix("-----END ") {
                if end.strip_suffix("-----") != Some(label) {
                    return None;
                }
                break;
            }
            base64_text.push_str(line);
        }
        let bytes = base64::decode_strict(base64_text.as_bytes()).filter(|bytes| !bytes.is_empty())?;
        blocks.push(Block { label, bytes });
    }
    Some(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(String, Vec<u8>)>> {
        Some(blocks(text)?.into_iter().map(|block| (block.label.to_owned(), block.bytes)).collect())
    }

    #[test]
    fn reads_blocks_and_skips_text_between_them() {
        let text = "issuer: x\r\n-----BEGIN A B-----\r\nZm9v\r\nZg==\r\n-----END A B-----\r\n\n-----BEGIN C-----\nZg==\n-----END C-----";
        let expected = vec![("A B".to_owned(), b"foof".to_vec()), ("C".to_owned(), b"f".to_vec())];
        assert_eq!(read(text), Some(expected));
        assert_eq!(read("nothing here"), Some(vec![]));
    }

    #[test]
    fn refuses_what_is_not_quite_pem() {
        for text in [
            "-----BEGIN A-----\nZg==\n",
            "-----BEGIN A-----\nZg==\n-----END B-----",
            "-----BEGIN A-----\n-----END A-----",
            "-----BEGIN A-----\nZh==\n-----END A-----",
            "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nZg==\n-----END A-----",
            "----BEGIN A-----\nZg==\n-----END A-----",
            "-----END A-----",
            "-----BEGIN A-----Zg==-----END A-----",
            " -----BEGIN A-----\nZg==\n-----END A-----",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
