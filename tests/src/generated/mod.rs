//! Files that are written from the tables of the core or from the sources of a binding. `make generate`
//! writes them, `make verify-generated` compares them.

pub mod c;
pub mod go;
