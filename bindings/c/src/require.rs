//! What one handler asks beyond the policy.

use std::ffi::c_char;

use counterseal::Requirements;

use crate::arguments::{counterseal_view, text, time};
use crate::boundary::{Failure, misuse, run};
use crate::error::counterseal_error;
use crate::handle::borrow;
use crate::identity::{counterseal_identity, counterseal_list};
use crate::structs::{Sized64, read_in};

/// What `counterseal_identity_require` asks. Set `struct_size` to the size of this struct; what is zero is not
/// asked, but something must be.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct counterseal_requirements {
    /// `sizeof(counterseal_requirements)`
    pub struct_size: u64,
    /// All of these scopes.
    pub scopes: counterseal_list,
    /// One of these classes of sign-ins (`acr`).
    pub acr: counterseal_list,
    /// A sign-in (`auth_time`) at most so many seconds ago; NULL asks for none.
    pub max_age: *const i64,
}

// SAFETY: repr(C), `struct_size` is first, and zeros are numbers and NULL.
unsafe impl Sized64 for counterseal_requirements {
    const SMALLEST: u64 = size_of::<counterseal_requirements>() as u64;

    fn set_size(&mut self, size: u64) {
        self.struct_size = size;
    }
}

/// Holds an identity against what one handler asks beyond the policy, at `now` or (NULL) by the machine's
/// clock. Fails as a verification does: `insufficient_scope` (403), or `acr_unmet` and `auth_too_old` (401,
/// with the challenge of RFC 9470).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_identity_require(
    identity: *const counterseal_identity,
    requirements: *const counterseal_requirements,
    now: *const i64,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let identity = unsafe { borrow(identity, "identity")? };
        // SAFETY: the header asks for a struct that begins with its size, or NULL.
        let asked = unsafe { read_in(requirements, "requirements")? };
        // SAFETY: the header asks for lists of readable texts.
        let scopes = unsafe { texts(asked.scopes, "scopes")? };
        // SAFETY: as above.
        let acr = unsafe { texts(asked.acr, "acr")? };
        // SAFETY: the header asks for a readable number, or NULL.
        let max_age = unsafe { asked.max_age.as_ref() }.copied();
        // SAFETY: as above.
        let now = unsafe { time(now)? };
        let requirements = Requirements::new(scopes, acr, max_age).map_err(misuse)?;
        Ok(counterseal::require(identity.proof(), &requirements, now)?)
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// # Safety
/// `list` has as many views as it says, each of readable bytes.
unsafe fn texts<'a>(list: counterseal_list, name: &'static str) -> Result<Vec<&'a str>, Failure> {
    if list.count == 0 {
        return Ok(Vec::new());
    }
    let count = usize::try_from(list.count).ok();
    let fits = count.filter(|count| *count <= isize::MAX as usize / size_of::<counterseal_view>());
    let (Some(count), false) = (fits, list.items.is_null()) else { return Err(Failure::Argument(name)) };
    // SAFETY: as the caller says; it is not NULL and not too long.
    let views = unsafe { std::slice::from_raw_parts(list.items, count) };
    // SAFETY: as the caller says.
    views.iter().map(|view| unsafe { text(view.data.cast::<c_char>(), view.length, name) }).collect()
}
