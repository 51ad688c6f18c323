//! Keeps this module in memory until the process ends: a worker that ends would unload it, while a thread
//! of another environment may be inside.

use std::ffi::c_void;
use std::ptr;

/// An address inside this module.
fn here() -> *const c_void {
    pin as *const c_void
}

#[cfg(unix)]
pub(crate) fn pin() {
    let mut module = libc::Dl_info {
        dli_fname: ptr::null(),
        dli_fbase: ptr::null_mut(),
        dli_sname: ptr::null(),
        dli_saddr: ptr::null_mut(),
    };
    // SAFETY: the address is this module's own, and the name that it gives is valid while it is loaded. The
    // handle is never closed: that is what keeps the module.
    unsafe {
        if libc::dladdr(here(), &mut module) != 0 && !module.dli_fname.is_null() {
            libc::dlopen(module.dli_fname, libc::RTLD_NOW | libc::RTLD_NOLOAD | libc::RTLD_NODELETE);
        }
    }
}

#[cfg(windows)]
pub(crate) fn pin() {
    const PIN: u32 = 1;
    const FROM_ADDRESS: u32 = 4;
    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleExW(flags: u32, address: *const c_void, module: *mut *mut c_void) -> i32;
    }
    let mut module = ptr::null_mut();
    // SAFETY: the address is this module's own.
    unsafe {
        GetModuleHandleExW(PIN | FROM_ADDRESS, here(), &mut module);
    }
}
