//! The C interface. It is dull on purpose: borrow the arguments, make one call of the crate
//! `counterseal`, convert the result. Nothing is decided here.
//!
//! What a C program may rely on stands in `include/counterseal.h`, which is generated from this crate;
//! `docs/` and comments for its users belong there, so they stand at the functions.

pub mod abi;
mod arguments;
mod boundary;
pub mod error;
pub mod guard;
mod handle;
pub mod identity;
pub mod issuer;
pub mod pending;
pub mod policy;
pub mod ready;
pub mod require;
mod structs;
mod tape;
pub mod testing;
pub mod text;
