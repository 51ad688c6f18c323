//! Strict plain base64 with padding (RFC 4648 section 4), as `x5c` and PEM have it.

use zeroize::Zeroizing;

use super::base64url;

/// Decodes; `None` for anything but the one padded spelling of its bytes.
pub(crate) fn decode_strict(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    if !text.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let unpadded: Zeroizing<Vec<u8>> = text[..text.len() - padding]
        .iter()
        .map(|byte| match byte {
            b'+' => Some(b'-'),
            b'/' => Some(b'_'),
            b'-' | b'_' => None,
            other => Some(*other),
        })
        .collect::<Option<Vec<u8>>>()?
        .into();
    base64url::decode_strict(&unpadded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_one_padded_spelling_only() {
        for (text, bytes) in
            [("", &b""[..]), ("Zg==", b"f"), ("Zm8=", b"fo"), ("Zm9v", b"foo"), ("+/+/", b"\xfb\xff\xbf")]
        {
            assert_eq!(decode_strict(text.as_bytes()).as_deref(), Some(bytes), "{text}");
        }
        for text in
            ["Zg", "Zg=", "Zh==", "Zm9=", "Zm8", "Zg===", "=", "====", "Zm 9v", "Zm9v\n", "-_-_", "Z=g="]
        {
            assert_eq!(decode_strict(text.as_bytes()), None, "{text}");
        }
    }
}
