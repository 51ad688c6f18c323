//! Values of JSON as a flat tape; `counterseal_identity_tape` says how it is written.

use std::mem::MaybeUninit;

use counterseal::core::json::{Kind, Value};

/// Writes `value` as far as there is room, and gives the length of the whole.
pub(crate) fn write(value: Value<'_>, room: &mut [MaybeUninit<u8>]) -> usize {
    let mut tape = Tape { room, length: 0 };
    tape.value(value);
    tape.length
}

struct Tape<'b> {
    room: &'b mut [MaybeUninit<u8>],
    length: usize,
}

impl Tape<'_> {
    /// Not deep: the core bounds how deeply claims are nested (LIM-03).
    fn value(&mut self, value: Value<'_>) {
        match value.kind() {
            Kind::Null => self.bytes(b"n"),
            Kind::False => self.bytes(b"f"),
            Kind::True => self.bytes(b"t"),
            Kind::Number => self.text(b'#', value.as_number().unwrap_or_default()),
            Kind::String => self.text(b'"', value.as_str().unwrap_or_default()),
            Kind::Array => {
                let Some(elements) = value.as_array() else { return };
                self.bytes(&head(b'[', elements.clone().count()));
                elements.for_each(|element| self.value(element));
            }
            Kind::Object => {
                let Some(members) = value.as_object() else { return };
                self.bytes(&head(b'{', members.clone().count()));
                members.for_each(|(name, value)| {
                    self.text(b'"', name);
                    self.value(value);
                });
            }
        }
    }

    fn text(&mut self, mark: u8, text: &str) {
        self.bytes(&head(mark, text.len()));
        self.bytes(text.as_bytes());
    }

    #[inline(always)]
    fn bytes(&mut self, bytes: &[u8]) {
        if let Some(place) = self.room.get_mut(self.length..self.length + bytes.len()) {
            // SAFETY: the place is as long as `bytes`, and the two do not overlap: one may be written to.
            unsafe { place.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        }
        self.length += bytes.len();
    }
}

/// Lengths fit: a token has at most 64 KiB.
#[inline(always)]
fn head(mark: u8, number: usize) -> [u8; 5] {
    let [a, b, c, d] = (number as u32).to_le_bytes();
    [mark, a, b, c, d]
}
