//! Secrets and files. Nothing here ever puts what it reads into a message.

use zeroize::Zeroizing;

use super::Resources;
use super::problem::Fault;
use super::tree::Text;
use crate::encoding::base64url;
use crate::error::Code;

/// The bytes of a secret: of a file behind `file:`, decoded behind `base64:` and `hex:`, and
/// otherwise the text itself.
pub(super) fn read(text: &Text, resources: &dyn Resources) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let secret = text.text.as_str();
    let bytes = if let Some(path) = secret.strip_prefix("file:") {
        let mut bytes = file(path, text.from_environment, resources)
            .map_err(|reason| unreadable(Code::ConfigSecret, path, reason))?;
        strip_line_break(&mut bytes);
        bytes
    } else if let Some(encoded) = secret.strip_prefix("base64:") {
        base64(encoded).ok_or_else(|| wrong("what follows `base64:` is not standard base64".to_owned()))?
    } else if let Some(encoded) = secret.strip_prefix("hex:") {
        hex(encoded)
            .ok_or_else(|| wrong("what follows `hex:` is not an even number of hex digits".to_owned()))?
    } else {
        Zeroizing::new(secret.as_bytes().to_vec())
    };
    if bytes.is_empty() {
        return Err(wrong("the secret is empty".to_owned()));
    }
    if bytes.len() > LARGEST {
        return Err(wrong(format!("the secret is larger than {LARGEST} bytes")));
    }
    Ok(bytes)
}

/// A file's bytes, or why there are none. With `hide`, the path is not repeated.
pub(super) fn file(path: &str, hide: bool, resources: &dyn Resources) -> Result<Zeroizing<Vec<u8>>, String> {
    told(path, hide, |path| resources.read(path))
}

/// The same for a file that the guard reads again by itself.
pub(super) fn followed(
    path: &str,
    hide: bool,
    resources: &dyn Resources,
) -> Result<Zeroizing<Vec<u8>>, String> {
    told(path, hide, |path| resources.read_followed(path))
}

fn told(
    path: &str,
    hide: bool,
    read: impl Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Zeroizing<Vec<u8>>, String> {
    if path.is_empty() {
        return Err("the path is empty".to_owned());
    }
    read(path).map(Zeroizing::new).map_err(|reason| {
        let reason = if hide { reason.replace(path, "…") } else { reason };
        let reason: String = reason.chars().take(LONGEST_REASON).filter(|one| !one.is_control()).collect();
        format!("the file cannot be read: {reason}")
    })
}

/// The problem of a file that cannot be read.
pub(super) fn unreadable(code: Code, path: &str, reason: String) -> Fault {
    let fault = Fault::new(code, reason);
    let is_absolute = path.starts_with(['/', '\\']) || path.contains(':');
    if is_absolute {
        return fault;
    }
    fault.hint("relative paths start at the directory of the policy file, or at `base_dir`")
}

/// A secret beyond this is some other file.
const LARGEST: usize = 64 * 1024;
const LONGEST_REASON: usize = 300;

fn wrong(message: String) -> Fault {
    Fault::new(Code::ConfigSecret, message)
}

fn strip_line_break(bytes: &mut Vec<u8>) {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
}

/// Standard base64 (RFC 4648 section 4), padded or not.
fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let plain = match text.len() % 4 {
        0 => text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text),
        _ => text,
    };
    if plain.contains(['-', '_']) {
        return None;
    }
    let url = plain.bytes().map(|byte| match byte {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    });
    let url: Zeroizing<Vec<u8>> = Zeroizing::new(url.collect());
    base64url::decode_strict(&url).ok().map(Zeroizing::new)
}

fn hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?));
    bytes.collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_standard_padded_or_not() {
        for (text, bytes) in [
            ("Zm9v", Some(&b"foo"[..])),
            ("Zm8=", Some(b"fo")),
            ("Zm8", Some(b"fo")),
            ("Zg==", Some(b"f")),
            ("Zg", Some(b"f")),
            ("Zg=", None),
            ("Zm9v=", None),
            ("Zh==", None),
            ("+/+/", Some(b"\xfb\xff\xbf")),
            ("-_-_", None),
            ("Zm 9v", None),
            ("Zm9v\n", None),
            ("=", None),
            ("====", None),
        ] {
            assert_eq!(base64(text).as_ref().map(|bytes| bytes.as_slice()), bytes, "{text}");
        }
    }

    #[test]
    fn hex_has_pairs_of_digits() {
        for (text, bytes) in [
            ("00ffAb", Some(&b"\x00\xff\xab"[..])),
            ("0", None),
            ("0g", None),
            ("+1", None),
            ("é", None),
            ("", Some(b"")),
        ] {
            assert_eq!(hex(text).as_ref().map(|bytes| bytes.as_slice()), bytes, "{text}");
        }
    }

    #[test]
    fn one_line_break_is_stripped() {
        for (text, left) in
            [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a\r", "a\r"), ("\n", ""), ("", "")]
        {
            let mut bytes = text.as_bytes().to_vec();
            strip_line_break(&mut bytes);
            assert_eq!(bytes, left.as_bytes(), "{text:?}");
        }
    }
}
