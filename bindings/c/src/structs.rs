//! Structs that the caller allocates. Their first member is their size, so that a program that was
//! compiled with an earlier, shorter form gets exactly the members that it knows.

use crate::boundary::Failure;

/// A struct whose first member is its size.
///
/// # Safety
/// The type is `repr(C)`, its first member is the `u64` that [`Sized64::set_size`] sets, and every bit
/// pattern of zeros is a value of it.
pub(crate) unsafe trait Sized64: Copy {
    /// The size of the first form that was released; a smaller struct is a mistake.
    const SMALLEST: u64;

    fn set_size(&mut self, size: u64);
}

/// Writes as much of `value` as the caller's struct has room for; `name` is the argument's.
///
/// # Safety
/// `out` is NULL, or points to a struct that is as long as its first member says and may be written to.
#[inline]
pub(crate) unsafe fn write_out<T: Sized64>(out: *mut T, value: T, name: &'static str) -> Result<(), Failure> {
    // SAFETY: as the caller says.
    let size = unsafe { check_size(out, name)? };
    // SAFETY: as the caller says; it is not NULL.
    unsafe { write_sized(out, value, size) };
    Ok(())
}

/// The same for a struct whose size is known.
///
/// # Safety
/// `out` points to `size` bytes that may be written to, which [`check_size`] did not refuse.
#[inline]
pub(crate) unsafe fn write_sized<T: Sized64>(out: *mut T, mut value: T, size: u64) {
    value.set_size(size);
    if size >= size_of::<T>() as u64 {
        // SAFETY: the struct is as long as ours or longer.
        unsafe { out.write_unaligned(value) };
    } else {
        // SAFETY: `size` bytes are there on both sides, and the two do not overlap: one is ours.
        unsafe { out.cast::<u8>().copy_from_nonoverlapping((&raw const value).cast(), size as usize) };
    }
}

/// Reads the caller's struct: members that it does not have are zero, and those that we do not know are left.
///
/// # Safety
/// `from` is NULL, or points to a struct that is as long as its first member says.
pub(crate) unsafe fn read_in<T: Sized64>(from: *const T, name: &'static str) -> Result<T, Failure> {
    // SAFETY: as the caller says.
    let size = unsafe { check_size(from.cast_mut(), name)? };
    let known = usize::try_from(size).unwrap_or(usize::MAX).min(size_of::<T>());
    let mut value = std::mem::MaybeUninit::<T>::zeroed();
    // SAFETY: so many bytes are there on both sides, and the two do not overlap: one is ours.
    unsafe { value.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(from.cast(), known) };
    // SAFETY: every bit pattern of zeros is a value, and the rest the caller says.
    Ok(unsafe { value.assume_init() })
}

/// The size of the caller's struct, where it is one.
///
/// # Safety
/// `out` is NULL, or points to a struct that begins with its size.
#[inline]
pub(crate) unsafe fn check_size<T: Sized64>(out: *mut T, name: &'static str) -> Result<u64, Failure> {
    if out.is_null() {
        return Err(Failure::Argument(name));
    }
    // SAFETY: it is not NULL, so it begins with its size.
    let size = unsafe { out.cast::<u64>().read_unaligned() };
    if size < T::SMALLEST { Err(Failure::Argument(name)) } else { Ok(size) }
}
