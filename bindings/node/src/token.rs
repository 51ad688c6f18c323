//! Tokens as Node hands them over.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::{ptr, slice};

use counterseal::Code;
use counterseal::core::limits::TOKEN_BYTES_MAX;
use napi::sys;
use zeroize::Zeroizing;

/// Room on the stack. V8 writes three times faster where it need not look for the end of the room, and it
/// need not where there are three bytes for each character: so it is for tokens of up to 5,400 characters.
const ROOM: usize = 16 * 1024;

/// Room for a longer one. What is longer still is too large under any policy, whatever stands in it.
const LARGE_ROOM: usize = 1024 * 1024;

/// A character that does not fit is left out whole: text has been cut only if it ends this close to the end
/// of the room. One byte is for the NUL behind it.
const EDGE: usize = 1 + 4;

/// Stands for a token that no policy can allow: the core refuses it by its size alone.
static TOO_LARGE: [u8; TOKEN_BYTES_MAX + 1] = [b'.'; TOKEN_BYTES_MAX + 1];

/// Hands the bytes of a token to `read`: the UTF-8 of a string, or those of a `Uint8Array`, in place. The
/// core refuses what is no token, so every string goes through; a lone surrogate becomes U+FFFD.
#[inline]
pub(crate) fn with<T>(
    env: sys::napi_env,
    token: sys::napi_value,
    read: impl FnOnce(&[u8]) -> T,
) -> Result<T, Code> {
    let mut room = [MaybeUninit::<u8>::uninit(); ROOM];
    match write_utf8(env, token, &mut room) {
        Some(text) if text.0.len() < ROOM - EDGE => Ok(read(text.0)),
        Some(_) => long(env, token, read),
        None => bytes(env, token, read),
    }
}

#[cold]
fn long<T>(env: sys::napi_env, token: sys::napi_value, read: impl FnOnce(&[u8]) -> T) -> Result<T, Code> {
    let mut room = Zeroizing::new(vec![0u8; LARGE_ROOM]);
    // SAFETY: bytes that are initialized may stand where that is not asked for; only bytes are written.
    let maybe = unsafe { slice::from_raw_parts_mut(room.as_mut_ptr().cast::<MaybeUninit<u8>>(), LARGE_ROOM) };
    match write_utf8(env, token, maybe) {
        Some(text) if text.0.len() < LARGE_ROOM - EDGE => Ok(read(text.0)),
        Some(_) => Ok(read(&TOO_LARGE)),
        None => Err(Code::MisuseArgument),
    }
}

/// The bytes of a `Uint8Array`, which a `Buffer` is. Memory that is shared with other threads is refused:
/// they could change the token while it is looked at.
#[cold]
fn bytes<T>(env: sys::napi_env, token: sys::napi_value, read: impl FnOnce(&[u8]) -> T) -> Result<T, Code> {
    let (mut is_typed_array, mut kind, mut length) = (false, 0, 0);
    let (mut data, mut buffer) = (ptr::null_mut::<c_void>(), ptr::null_mut());
    let mut is_own = false;
    // SAFETY: `token` is a value of this call, and the places are valid. The array and its memory stay as
    // they are during the call: no JavaScript runs, and no other thread can reach memory that is not shared.
    unsafe {
        if sys::napi_is_typedarray(env, token, &mut is_typed_array) != sys::Status::napi_ok
            || !is_typed_array
            || sys::napi_get_typedarray_info(
                env,
                token,
                &mut kind,
                &mut length,
                &mut data,
                &mut buffer,
                ptr::null_mut(),
            ) != sys::Status::napi_ok
            || sys::napi_is_arraybuffer(env, buffer, &mut is_own) != sys::Status::napi_ok
            || !is_own
            || kind != sys::TypedarrayType::uint8_array
        {
            return Err(Code::MisuseArgument);
        }
        let bytes = if data.is_null() { &[] } else { slice::from_raw_parts(data.cast::<u8>(), length) };
        Ok(read(bytes))
    }
}

/// Text in room of ours, which is wiped when it is no longer needed.
struct Text<'r>(&'r mut [u8]);

impl Drop for Text<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.fill(0);
        std::hint::black_box(&mut *self.0); // or the compiler sees that nobody reads it and leaves it out
    }
}

/// As much of a string as fits; `None` where the value is no string.
#[inline]
fn write_utf8<'r>(
    env: sys::napi_env,
    value: sys::napi_value,
    room: &'r mut [MaybeUninit<u8>],
) -> Option<Text<'r>> {
    let mut length = 0;
    // SAFETY: `value` is a value of this call, and at most `room.len()` bytes are written; `length` of them
    // are initialized then.
    unsafe {
        let start = room.as_mut_ptr();
        match sys::napi_get_value_string_utf8(env, value, start.cast(), room.len(), &mut length) {
            sys::Status::napi_ok => Some(Text(slice::from_raw_parts_mut(start.cast(), length))),
            _ => None,
        }
    }
}
