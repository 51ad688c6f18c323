//! Arguments, borrowed for the time of a call.

use std::ffi::c_char;
use std::path::Path;

use counterseal::{Code, UnixTime};

use crate::boundary::{Failure, misuse};

/// Borrowed text (UTF-8), not ended by a NUL. It lives as long as the handle that it was read from.
/// `data` is NULL where there is none, which is not the same as an empty text.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct counterseal_view {
    /// The first byte.
    pub data: *const c_char,
    /// The number of bytes.
    pub length: u64,
}

impl counterseal_view {
    pub(crate) const NONE: counterseal_view = counterseal_view { data: std::ptr::null(), length: 0 };

    pub(crate) fn of(text: &str) -> counterseal_view {
        counterseal_view { data: text.as_ptr().cast(), length: text.len() as u64 }
    }

    pub(crate) fn of_optional(text: Option<&str>) -> counterseal_view {
        text.map_or(counterseal_view::NONE, counterseal_view::of)
    }
}

/// Bytes; NULL is allowed where there are none. `name` is the argument's.
///
/// # Safety
/// `data` is NULL, or `length` bytes can be read there during the call.
#[inline]
pub(crate) unsafe fn bytes<'a>(
    data: *const c_char,
    length: u64,
    name: &'static str,
) -> Result<&'a [u8], Failure> {
    if length == 0 {
        return Ok(&[]);
    }
    // Longer slices than that do not exist, whatever a caller says.
    let length = usize::try_from(length).ok().filter(|length| isize::try_from(*length).is_ok());
    match length {
        // SAFETY: as the caller says; the length is one that a slice can have.
        Some(length) if !data.is_null() => Ok(unsafe { std::slice::from_raw_parts(data.cast(), length) }),
        _ => Err(Failure::Argument(name)),
    }
}

/// Text.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(
    data: *const c_char,
    length: u64,
    name: &'static str,
) -> Result<&'a str, Failure> {
    // SAFETY: as the caller says.
    let bytes = unsafe { bytes(data, length, name)? };
    std::str::from_utf8(bytes).map_err(|_| Failure::Argument(name))
}

/// Bytes that may be left out by NULL.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn optional_bytes<'a>(
    data: *const c_char,
    length: u64,
    name: &'static str,
) -> Result<Option<&'a [u8]>, Failure> {
    if data.is_null() && length == 0 {
        return Ok(None);
    }
    // SAFETY: as the caller says.
    unsafe { bytes(data, length, name) }.map(Some)
}

/// Text that may be left out by NULL.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn optional_text<'a>(
    data: *const c_char,
    length: u64,
    name: &'static str,
) -> Result<Option<&'a str>, Failure> {
    // SAFETY: as the caller says.
    match unsafe { optional_bytes(data, length, name)? } {
        None => Ok(None),
        Some(bytes) => std::str::from_utf8(bytes).map(Some).map_err(|_| Failure::Argument(name)),
    }
}

/// A path. An empty one, or one with a NUL, names no file.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn path<'a>(
    data: *const c_char,
    length: u64,
    name: &'static str,
) -> Result<&'a Path, Failure> {
    // SAFETY: as the caller says.
    let text = unsafe { text(data, length, name)? };
    if text.is_empty() || text.contains('\0') { Err(Failure::Argument(name)) } else { Ok(Path::new(text)) }
}

/// A time in seconds since 1970; NULL is no time.
///
/// # Safety
/// `now` is NULL or can be read.
#[inline]
pub(crate) unsafe fn time(now: *const i64) -> Result<Option<UnixTime>, Failure> {
    // SAFETY: as the caller says.
    let seconds = unsafe { now.as_ref() };
    seconds.map(|seconds| UnixTime::from_seconds(*seconds)).transpose().map_err(misuse)
}

/// The place for a result.
///
/// # Safety
/// `out` is NULL or may be written to during the call.
#[inline]
pub(crate) unsafe fn place<'o, T>(out: *mut T, name: &'static str) -> Result<Place<'o, T>, Failure> {
    if out.is_null() {
        Err(Failure::Argument(name))
    } else {
        Ok(Place { out, _lifetime: std::marker::PhantomData })
    }
}

/// A place that may be written to once.
pub(crate) struct Place<'o, T> {
    out: *mut T,
    _lifetime: std::marker::PhantomData<&'o mut T>,
}

impl<T> Place<'_, T> {
    pub(crate) fn put(self, value: T) {
        // SAFETY: `place` was told that it may be written to; what was there is not read.
        unsafe { self.out.write(value) };
    }
}

/// A misuse of time, closed objects and the like has a code of its own; everything else is this.
pub(crate) const ARGUMENT: Code = Code::MisuseArgument;
