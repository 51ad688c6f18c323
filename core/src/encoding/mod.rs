//! Text forms of bytes, each accepted in its one canonical spelling, and what keys are wrapped in.

pub(crate) mod base64;
pub(crate) mod base64url;
pub(crate) mod der;
pub(crate) mod pem;
