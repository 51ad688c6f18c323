//! The conformance corpus: rule cases as data, how their tokens are made, and how they are run.
//!
//! `tests/conformance/README.md` is the description of the format.

mod case;
mod change;
mod compare;
mod corpus;
mod der;
mod explain;
mod format;
mod fuzz;
mod json;
mod keys;
mod lint;
mod outcome;
mod policy;
mod prepare;
mod reasons;
mod recipe;
mod run;
mod text;

pub use case::{Case, Kind, Load, Recipe, RuleFile, Step, Token};
pub use compare::compare;
pub use corpus::{Corpus, folder};
pub use explain::explain;
pub use format::layout;
pub use fuzz::cases as fuzz_cases;
pub use json::Json;
pub use keys::PrivateKey;
pub use lint::lint;
pub use prepare::prepare;
pub use reasons::Reasons;
pub use run::{Outcome, Runner};
pub use text::Text;
