#![deny(unsafe_code)]
//! The native module `counterseal._counterseal`: borrow the arguments, one call into the runtime, convert
//! the result. Nothing is decided here, and nothing here is an interface: that is the package in `python/`.
//!
//! | rule | where |
//! |---|---|
//! | a panic in Rust becomes `InternalError` | [`panic::guarded`] stands around every body |
//! | the GIL is held on a hit, and let go of on a miss, around a batch and while waiting | [`guard`] |
//! | the same token gives the same Python object, and never another's | [`table`] |
//! | one interpreter per process | [`interpreter`], with the only unsafe code |

mod completions;
mod error;
mod guard;
mod identity;
mod interpreter;
mod known;
mod outcome;
mod panic;
mod policy;
mod report;
mod table;
mod testing;
mod time;
mod token;
mod value;

use pyo3::prelude::*;

/// Counterseal's native module. Import `counterseal`, not this.
#[pymodule(gil_used = true)]
mod _counterseal {
    #[pymodule_export]
    use super::completions::{Completions, Flight};
    #[pymodule_export]
    use super::error::misuse_for_python;
    #[pymodule_export]
    use super::guard::{Guard, after_fork};
    #[pymodule_export]
    use super::identity::Identity;
    #[pymodule_export]
    use super::outcome::Outcome;
    #[pymodule_export]
    use super::panic::panic_next;
    #[pymodule_export]
    use super::policy::Policy;
    #[pymodule_export]
    use super::testing::{Clock, Issuer, Network, answer_keys, fetch_due, live_objects, load_policy};

    /// How often a caller waits for keys and asks again.
    #[pymodule_export]
    const WAITS: usize = counterseal::WAITS;

    #[pymodule_init]
    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        super::interpreter::only_one(module.py())
    }
}
