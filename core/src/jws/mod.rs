//! Compact JWS (RFC 7515): split, decoded and read strictly; nothing is trusted here yet.

mod door;
mod header;
mod segments;
mod sign;

pub use door::{SignatureOnly, verify};
pub(crate) use header::{Header, HeaderUse, Typ, read_header};
pub(crate) use segments::{SIGNATURE_BYTES, Segments, split};
pub use sign::sign;
