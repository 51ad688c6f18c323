//! Which interface this library has.

use std::ffi::c_char;

/// The version of this interface. It changes when a program that was compiled with an earlier header
/// would no longer work.
pub const COUNTERSEAL_ABI_VERSION: u32 = 1;

/// The interface version of the library. Compare it with `COUNTERSEAL_ABI_VERSION` once, at start-up.
#[unsafe(no_mangle)]
pub extern "C" fn counterseal_abi_version() -> u32 {
    COUNTERSEAL_ABI_VERSION
}

/// The version of Counterseal, such as "0.1.0". A constant: never free it.
#[unsafe(no_mangle)]
pub extern "C" fn counterseal_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
