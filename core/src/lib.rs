#![forbid(unsafe_code)]
//! Strict token validation without I/O, clock or globals: the core of Counterseal.
//!
//! A [`Policy`](policy::Policy) is data, a [`Guard`](guard::Guard) decides by it, an
//! [`Identity`](identity::Identity) is the proof that a token passed, and an
//! [`error::Rejection`] says why one did not. Time and secrets are arguments; whoever wants
//! files and a clock uses the crate `counterseal`.
//!
//! The modules are rings; none imports from a ring above its own:
//!
//! | ring | modules |
//! |---|---|
//! | 0 | [`error`], [`rule`], [`limits`], [`time`], `mutants` |
//! | 1 | `encoding`, [`json`], [`algorithm`], `record` |
//! | 2 | [`crypto`], the only one that names a crypto crate |
//! | 3 | [`jwk`], [`keyset`], [`jws`], `claims` |
//! | 4 | [`keys`] |
//! | 5 | [`policy`], [`identity`], [`requirements`] |
//! | 6 | [`cache`] |
//! | 7 | [`inbound`] |
//! | 8 | [`guard`] |

pub mod algorithm;
pub mod cache;
mod claims;
pub mod crypto;
mod encoding;
pub mod error;
pub mod guard;
pub mod identity;
pub mod inbound;
pub mod json;
pub mod jwk;
pub mod jws;
pub mod keys;
pub mod keyset;
pub mod limits;
#[cfg(not(feature = "mutants"))]
mod mutants;
#[cfg(feature = "mutants")]
#[doc(hidden)]
pub mod mutants;
pub mod policy;
mod record;
pub mod requirements;
pub mod rule;
pub mod time;
