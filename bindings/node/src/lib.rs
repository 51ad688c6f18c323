//! The native module of the npm package `counterseal`: borrow the arguments, one call into the runtime,
//! convert the result. Nothing is decided here, and nothing here is an interface: that is the package in
//! `node/`.
//!
//! | rule | where |
//! |---|---|
//! | a panic in Rust becomes `InternalError` | [`panic::guarded`] stands around every body |
//! | a hit costs one crossing that allocates nothing | [`answer`], a bare Node-API function |
//! | a truncated string is never verified | [`token`] |
//! | threads end before their environment does | [`completions`], and [`pin`] keeps the code in memory |

#![expect(
    unreachable_pub,
    missing_debug_implementations,
    reason = "what `#[napi]` exports is public for its macro, and nobody prints it"
)]
#![cfg_attr(test, allow(dead_code, reason = "the macro exports nothing where Rust's tests are built"))]

mod answer;
mod completions;
mod error;
mod guard;
mod identity;
mod panic;
mod pin;
mod policy;
mod testing;
mod token;

/// How often a caller waits for keys and asks again.
#[napi_derive::napi]
pub const WAITS: u32 = counterseal::WAITS as u32;

#[napi_derive::module_init]
fn init() {
    panic::be_silent();
    pin::pin();
}
