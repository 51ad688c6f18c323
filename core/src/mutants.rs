//! Checks that can be switched off, one rule at a time: the test of the tests (`make mutants`).
//!
//! Only that run turns the feature `mutants` on. Without it no check can be off, and what asks for that
//! is gone when the compiler is done.

use crate::rule::Rule;

impl Rule {
    /// Is its check switched off?
    #[inline(always)]
    pub(crate) fn is_off(self) -> bool {
        is_off(self.id())
    }
}

/// The same for a rule that no check of a token or a key is named by.
#[cfg(not(feature = "mutants"))]
#[inline(always)]
pub(crate) const fn is_off(_rule: &'static str) -> bool {
    false
}

#[cfg(feature = "mutants")]
pub(crate) use switch::is_off;
#[cfg(feature = "mutants")]
pub use switch::without;

#[cfg(feature = "mutants")]
mod switch {
    use std::cell::Cell;

    thread_local! {
        static OFF: Cell<Option<&'static str>> = const { Cell::new(None) };
        static WAS_ASKED: Cell<bool> = const { Cell::new(false) };
    }

    pub(crate) fn is_off(rule: &'static str) -> bool {
        let is_off = OFF.get() == Some(rule);
        if is_off {
            WAS_ASKED.set(true);
        }
        is_off
    }

    /// Does the work with the check of a rule switched off, in this thread alone. Also says whether
    /// anything asked for that check.
    pub fn without<T>(rule: &'static str, work: impl FnOnce() -> T) -> (T, bool) {
        /// Switches it on again, even behind a panic.
        struct On;
        impl Drop for On {
            fn drop(&mut self) {
                OFF.set(None);
            }
        }
        OFF.set(Some(rule));
        WAS_ASKED.set(false);
        let _on = On;
        let done = work();
        (done, WAS_ASKED.get())
    }
}
