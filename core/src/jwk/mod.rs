//! Keys.
mod field;
