//! `docs/what-others-accept.md`, from the committed list alone.

/// The whole page.
pub fn full() -> String {
    String::new()
}

/// The rows for the README.
pub fn short() -> String {
    String::new()
}
