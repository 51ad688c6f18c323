//! The keys of each issuer at run time.

mod slots;

pub use slots::{Flight, KeyState};
pub(crate) use slots::{KeySlots, SlotKeys, Waiting};
