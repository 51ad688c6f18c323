//! The keys of each issuer at run time.

pub mod address;
pub mod fetch;
mod slots;
pub mod url;

pub use slots::{Flight, KeyState};
pub(crate) use slots::{KeySlots, SlotKeys, Waiting};
