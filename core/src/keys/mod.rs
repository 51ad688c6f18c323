//! The keys of each issuer at run time.

mod slots;

pub use slots::Flight;
pub(crate) use slots::{KeySlots, Waiting};
