//! What the tests of the whole project share.

pub mod conformance;
pub mod fault_server;
pub mod fuzz;
pub mod generated;
pub mod oracles;
pub mod random;
pub mod reference;
pub mod shared;
pub mod signer;

/// Shows a line even where a test passes: what was left out, what was counted.
pub fn say(line: impl AsRef<str>) {
    use std::io::Write;
    // Unlike println, this is not captured by the test runner. In one piece: tests run side by side.
    let _ = std::io::stderr().write_all(format!("{}\n", line.as_ref()).as_bytes());
}
