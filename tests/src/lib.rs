//! What the tests of the whole project share.

pub mod conformance;
pub mod fuzz;
pub mod random;
pub mod shared;
pub mod signer;
