//! The corpus through other libraries: what each of them accepts that we refuse, and the other way round,
//! with the rule that explains it. `tests/oracles/run` does it, `tests/oracles/differences.json` is the list.

mod compare;
mod differences;
mod export;
mod judged;
mod table;

pub use compare::{Comparison, compare};
pub use differences::{Differences, folder};
pub use export::{Export, export};
pub use judged::Judged;
pub use table::{full, short};
