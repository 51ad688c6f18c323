//! Text forms of bytes, each accepted in its one canonical spelling.

pub(crate) mod base64url;
