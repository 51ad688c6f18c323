//! Python strings for texts that come again and again: names of claims, issuers, scopes.
//!
//! A bounded table that everybody shares. Whoever finds it taken makes a string of his own: nobody waits.

use std::sync::{Mutex, MutexGuard};

use pyo3::prelude::*;
use pyo3::types::PyString;

const PLACES: usize = 512;
/// Longer texts are seldom the same again.
const LONGEST: usize = 64;

static KNOWN: Mutex<[Option<Py<PyString>>; PLACES]> = Mutex::new([const { None }; PLACES]);

/// The table for a while, if nobody else has it.
pub(crate) struct Known<'py> {
    py: Python<'py>,
    places: Option<MutexGuard<'static, [Option<Py<PyString>>; PLACES]>>,
}

impl<'py> Known<'py> {
    pub(crate) fn open(py: Python<'py>) -> Known<'py> {
        Known { py, places: KNOWN.try_lock().ok() }
    }

    /// A string with this text: the one that was made before, where it is still there.
    pub(crate) fn text(&mut self, text: &str) -> Bound<'py, PyString> {
        let py = self.py;
        let Some(places) = self.places.as_mut().filter(|_| text.len() <= LONGEST) else {
            return PyString::new(py, text);
        };
        let place = &mut places[place(text.as_bytes())];
        match place {
            Some(held) if held.bind(py).to_str().is_ok_and(|held| held == text) => held.bind(py).clone(),
            _ => {
                let made = PyString::new(py, text);
                *place = Some(made.clone().unbind());
                made
            }
        }
    }
}

/// Where a text belongs, by its length, its beginning and its end. Texts that fall together take turns,
/// which costs no more than a new string.
#[inline]
fn place(text: &[u8]) -> usize {
    let (begin, end) = match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0),
    };
    let mixed = (begin ^ end.rotate_left(29) ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize % PLACES
}
