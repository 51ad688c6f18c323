#![forbid(unsafe_code)]
#![doc = "Strict token validation without I/O, clock or globals."]

pub mod algorithm;
pub mod crypto;
mod encoding;
pub mod error;
pub mod json;
mod jwk;
pub mod keyset;
pub mod limits;
pub mod policy;
pub mod rule;
pub mod time;
