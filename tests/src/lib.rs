//! What the tests of the whole project share.

pub mod conformance;
pub mod fuzz;
pub mod random;
pub mod reference;
pub mod shared;
pub mod signer;
