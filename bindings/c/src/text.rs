//! Texts that the library makes: reports, identities as JSON.

use crate::arguments::{counterseal_view, place};
use crate::boundary::{quietly, run};
use crate::handle::{borrow, free};

/// A text of the library's. Read it with `counterseal_text_read` and free it with `counterseal_text_free`.
pub struct counterseal_text(pub(crate) String);

/// The text. The view lives as long as the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_text_read(
    text: *const counterseal_text,
    view: *mut counterseal_view,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let text = unsafe { borrow(text, "text")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        unsafe { place(view, "view")? }.put(counterseal_view::of(&text.0));
        Ok(())
    };
    // SAFETY: no details are asked for.
    unsafe { run(std::ptr::null_mut(), body) }
}

/// Frees a text. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_text_free(text: *mut counterseal_text) {
    // SAFETY: the header asks for a handle that nobody uses any more, or NULL.
    quietly(|| unsafe { free(text) });
}
