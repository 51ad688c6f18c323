//! The keys of each issuer at run time.

pub mod address;
mod desk;
pub mod fetch;
pub(crate) mod metadata;
pub(crate) mod plan;
mod slots;
pub(crate) mod source;
pub mod url;

pub(crate) use desk::Come;
pub use desk::Order;
pub use plan::Counts;
pub(crate) use slots::{Clock, KeySlots, SlotKeys, Snapshot, Waiting};
pub use slots::{FetchStatus, Flight, KeyState};
