//! Tickets of waits that are over, brought to the environment that waits.
//!
//! One thread for each environment that ever waited takes them out of the runtime's queue and hands them to
//! a thread-safe function. That function keeps the process alive only while somebody waits. Before the
//! environment goes, whether its script ends, its worker is terminated or the process exits, the queue is
//! closed and the thread joined.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;

use counterseal::Code;
use napi::bindgen_prelude::{JsValue, Unknown};
use napi::{Env, Result, sys};
use napi_derive::napi;

use crate::error::coded;
use crate::guard::body;
use crate::panic::guarded;

/// Tickets taken out at once.
const AT_ONCE: usize = 64;

/// What `node/lib/completions.cjs` waits with: one in an environment.
#[napi]
pub struct Completions {
    shared: Rc<Shared>,
}

struct Shared {
    queue: Arc<counterseal::Completions>,
    function: sys::napi_threadsafe_function,
    thread: RefCell<Option<JoinHandle<()>>>,
}

/// May be called from any thread: that is what it is for.
struct Caller(sys::napi_threadsafe_function);

// SAFETY: Node-API allows calls and releases of a thread-safe function from any thread.
unsafe impl Send for Caller {}

#[napi]
impl Completions {
    /// Calls `landed` with the tickets that are over, until the environment goes.
    #[napi(constructor)]
    pub fn new(env: Env, landed: Unknown) -> Result<Completions> {
        body(|| {
            let function = threadsafe(env.raw(), landed.raw()).map_err(coded)?;
            let queue = counterseal::Completions::new();
            let (taken, caller) = (Arc::clone(&queue), Caller(function));
            let thread =
                std::thread::Builder::new().name("counterseal".into()).spawn(move || drain(&taken, caller));
            let thread = RefCell::new(Some(thread.map_err(|_| coded(Code::Internal))?));
            let shared = Rc::new(Shared { queue, function, thread });
            let kept = Rc::into_raw(Rc::clone(&shared)).cast_mut().cast::<c_void>();
            // SAFETY: the hook runs once, on this thread, with what it is given here. Hooks run in reverse
            // order: before the one by which Node ends the function.
            unsafe { sys::napi_add_env_cleanup_hook(env.raw(), Some(end), kept) };
            Ok(Completions { shared })
        })
    }

    /// Somebody waits: the process stays.
    #[napi]
    pub fn hold(&self, env: Env) {
        // SAFETY: the function lives as long as its environment, in which this runs.
        unsafe { sys::napi_ref_threadsafe_function(env.raw(), self.shared.function) };
    }

    /// Nobody waits: the process may end.
    #[napi]
    pub fn release(&self, env: Env) {
        // SAFETY: as above.
        unsafe { sys::napi_unref_threadsafe_function(env.raw(), self.shared.function) };
    }
}

impl Completions {
    pub(crate) fn queue(&self) -> Arc<counterseal::Completions> {
        Arc::clone(&self.shared.queue)
    }
}

/// The body of the thread.
fn drain(queue: &counterseal::Completions, caller: Caller) {
    let mut tickets = [0; AT_ONCE];
    loop {
        let count = queue.next(&mut tickets, None);
        if count == 0 {
            break; // closed
        }
        let landed: Vec<f64> = tickets[..count].iter().map(|ticket| *ticket as f64).collect();
        let data = Box::into_raw(Box::new(landed));
        // SAFETY: the function was not released yet. It takes the data over where it says so.
        let status = unsafe {
            sys::napi_call_threadsafe_function(
                caller.0,
                data.cast(),
                sys::ThreadsafeFunctionCallMode::nonblocking,
            )
        };
        if status != sys::Status::napi_ok {
            // SAFETY: nobody took it over.
            drop(unsafe { Box::from_raw(data) });
        }
        if status == sys::Status::napi_closing {
            return; // the function is no longer this thread's to use
        }
    }
    // SAFETY: the one release of this thread.
    unsafe { sys::napi_release_threadsafe_function(caller.0, sys::ThreadsafeFunctionReleaseMode::release) };
}

fn threadsafe(
    env: sys::napi_env,
    landed: sys::napi_value,
) -> std::result::Result<sys::napi_threadsafe_function, Code> {
    let (mut name, mut function) = (ptr::null_mut(), ptr::null_mut());
    let label = c"counterseal".as_ptr();
    // SAFETY: the places are valid, and `landed` is a value of this call.
    unsafe {
        let made = sys::napi_create_string_utf8(env, label, 11, &mut name) == sys::Status::napi_ok
            && sys::napi_create_threadsafe_function(
                env,
                landed,
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::null_mut(),
                None,
                ptr::null_mut(),
                Some(call),
                &mut function,
            ) == sys::Status::napi_ok
            && sys::napi_unref_threadsafe_function(env, function) == sys::Status::napi_ok;
        if made { Ok(function) } else { Err(Code::MisuseArgument) }
    }
}

/// Hands tickets to JavaScript, on its thread.
unsafe extern "C" fn call(
    env: sys::napi_env,
    landed: sys::napi_value,
    _context: *mut c_void,
    data: *mut c_void,
) {
    // SAFETY: the box that `drain` gave away.
    let tickets = unsafe { Box::from_raw(data.cast::<Vec<f64>>()) };
    if env.is_null() {
        return; // the environment goes: nobody waits any more
    }
    let _ = guarded(|| {
        let (mut list, mut nothing) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: values of this call.
        unsafe {
            sys::napi_create_array_with_length(env, tickets.len(), &mut list);
            for (at, ticket) in tickets.iter().enumerate() {
                let mut number = ptr::null_mut();
                sys::napi_create_double(env, *ticket, &mut number);
                sys::napi_set_element(env, list, at as u32, number);
            }
            sys::napi_get_undefined(env, &mut nothing);
            sys::napi_call_function(env, nothing, landed, 1, &list, ptr::null_mut());
        }
    });
}

/// The environment goes.
unsafe extern "C" fn end(kept: *mut c_void) {
    // SAFETY: the `Rc` that the constructor gave away, on the thread that made it.
    let shared = unsafe { Rc::from_raw(kept.cast::<Shared>()) };
    let _ = guarded(|| {
        shared.queue.close();
        if let Some(thread) = shared.thread.take() {
            let _ = thread.join();
        }
    });
}
