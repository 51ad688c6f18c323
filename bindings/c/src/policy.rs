//! Policies: what a service accepts, checked.

use std::ffi::c_char;

use counterseal::{Format, Policy};

use crate::arguments::{optional_text, path, place, text};
use crate::boundary::{Failure, quietly, run};
use crate::error::counterseal_error;
use crate::handle::{free, hand_out};

/// A checked policy: data, for any number of guards. Free it with `counterseal_policy_free`; guards do
/// not need it any more.
pub struct counterseal_policy(pub(crate) Policy);

/// The text of a policy is TOML.
pub const COUNTERSEAL_FORMAT_TOML: u32 = 1;
/// The text of a policy is JSON.
pub const COUNTERSEAL_FORMAT_JSON: u32 = 2;

/// Reads a policy file, TOML or (`.json`) JSON, and the key files and secrets that it names.
///
/// `service` chooses the overlay `[service.NAME]`; where it is NULL, the environment variable
/// `COUNTERSEAL_SERVICE` does. Relative paths in the file start at its directory. A policy with mistakes
/// is an error that lists all of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_policy_load(
    path_data: *const c_char,
    path_length: u64,
    service_data: *const c_char,
    service_length: u64,
    policy: *mut *mut counterseal_policy,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(policy, "policy")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let path = unsafe { path(path_data, path_length, "path")? };
        // SAFETY: as above.
        let service = unsafe { optional_text(service_data, service_length, "service")? };
        out.put(hand_out(counterseal_policy(Policy::load(path, service)?)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Reads a policy from text in `COUNTERSEAL_FORMAT_TOML` or `COUNTERSEAL_FORMAT_JSON`.
///
/// `service` chooses the overlay `[service.NAME]`; NULL chooses none. Relative paths start at
/// `base_dir`, or at the working directory where that is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_policy_parse(
    text_data: *const c_char,
    text_length: u64,
    format: u32,
    service_data: *const c_char,
    service_length: u64,
    base_dir_data: *const c_char,
    base_dir_length: u64,
    policy: *mut *mut counterseal_policy,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(policy, "policy")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let text = unsafe { text(text_data, text_length, "text")? };
        let format = self::format(format)?;
        // SAFETY: as above.
        let service = unsafe { optional_text(service_data, service_length, "service")? };
        let base_dir = match base_dir_data.is_null() && base_dir_length == 0 {
            true => None,
            // SAFETY: as above.
            false => Some(unsafe { path(base_dir_data, base_dir_length, "base_dir")? }),
        };
        out.put(hand_out(counterseal_policy(Policy::from_str(text, format, service, base_dir)?)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Frees a policy. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_policy_free(policy: *mut counterseal_policy) {
    // SAFETY: the header asks for a handle that nobody uses any more, or NULL.
    quietly(|| unsafe { free(policy) });
}

pub(crate) fn format(number: u32) -> Result<Format, Failure> {
    match number {
        COUNTERSEAL_FORMAT_TOML => Ok(Format::Toml),
        COUNTERSEAL_FORMAT_JSON => Ok(Format::Json),
        _ => Err(Failure::Argument("format")),
    }
}
