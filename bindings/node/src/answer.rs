//! The hot calls, as bare Node-API functions: generated glue would cost more than the answer.
//!
//! An answer is a number or a text. A number above 0 is a proof that was given before; 0 is keys that are on
//! their way; below 0 is the number of an error of the call itself. A text that begins with a digit is an
//! identity, and any other an error.

use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

use counterseal::{Answer, Code, Error, UnixTime};
use napi::sys;

use crate::guard::Shared;
use crate::panic::guarded;
use crate::{error, identity, token};

/// Numbers up to here are exact in JavaScript.
const LARGEST_NUMBER: u64 = (1 << 53) - 1;

pub(crate) enum Told {
    Number(f64),
    /// Stands in the buffer of the guard.
    Text,
}

impl Told {
    fn code(code: Code) -> Told {
        Told::Number(-f64::from(code.number()))
    }
}

type Body = fn(&Shared, sys::napi_env, &Arguments) -> Told;

/// What JavaScript handed over; what it did not is `undefined`.
struct Arguments {
    token: sys::napi_value,
    /// `NaN` in place of what is no number, which is no time either.
    now: Option<f64>,
}

/// The functions of a guard: `answer(token, now)` verifies, and `recall(token)` gives the identity of a token
/// whose number is known and whose object is gone.
pub(crate) fn functions(env: sys::napi_env, shared: &Rc<Shared>) -> Result<[sys::napi_value; 2], Code> {
    Ok([function(env, answer_callback, shared)?, function(env, recall_callback, shared)?])
}

unsafe extern "C" fn answer_callback(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: Node calls this with the data that `function` gave it.
    unsafe { call(env, info, answer) }
}

unsafe extern "C" fn recall_callback(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as above.
    unsafe { call(env, info, recall) }
}

#[inline]
fn answer(shared: &Shared, env: sys::napi_env, arguments: &Arguments) -> Told {
    let now = match arguments.now.map(UnixTime::from_fractional_seconds).transpose() {
        Ok(now) => now,
        Err(code) => return Told::code(code),
    };
    let told = shared
        .with(|guard| token::with(env, arguments.token, |token| tell(shared, guard.answer(token, now))));
    told.and_then(|told| told).unwrap_or_else(Told::code)
}

#[cold]
fn recall(shared: &Shared, env: sys::napi_env, arguments: &Arguments) -> Told {
    let told = shared.with(|guard| {
        token::with(env, arguments.token, |token| tell(shared, guard.try_verify(token).map(Answer::Verified)))
    });
    told.and_then(|told| told).unwrap_or_else(Told::code)
}

/// What the runtime answered, for JavaScript.
#[inline]
pub(crate) fn tell(shared: &Shared, answer: Result<Answer, Error>) -> Told {
    match answer {
        // A number that JavaScript cannot hold is told as an error of ours rather than as another's.
        Ok(Answer::Known(id)) if id > LARGEST_NUMBER => Told::code(Code::Internal),
        Ok(Answer::Known(id)) => Told::Number(id as f64),
        Ok(Answer::Verified(proof)) => shared.write(|out| identity::write(out, &proof)),
        Ok(Answer::Pending(flight)) => {
            shared.pending.set(Some(flight));
            Told::Number(0.0)
        }
        Err(error) => shared.write(|out| error::write(out, &error)),
    }
}

#[inline]
unsafe fn call(env: sys::napi_env, info: sys::napi_callback_info, body: Body) -> sys::napi_value {
    let (mut count, mut values) = (2, [ptr::null_mut(); 2]);
    let mut data = ptr::null_mut::<c_void>();
    // SAFETY: the places are valid, and there are `count` of them for the arguments.
    let status = unsafe {
        sys::napi_get_cb_info(env, info, &mut count, values.as_mut_ptr(), ptr::null_mut(), &mut data)
    };
    if status != sys::Status::napi_ok || data.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: `function` made it of an `Rc` that lives as long as the function that is being called.
    let shared = unsafe { &*data.cast::<Shared>() };
    let told = guarded(|| {
        let arguments = Arguments { token: values[0], now: number(env, count, values[1]) };
        body(shared, env, &arguments)
    });
    value(env, shared, told.unwrap_or_else(Told::code))
}

#[inline]
fn number(env: sys::napi_env, count: usize, value: sys::napi_value) -> Option<f64> {
    if count < 2 {
        return None;
    }
    let mut number = f64::NAN;
    // SAFETY: `value` is an argument of this call. Where it is no number, nothing is written.
    unsafe { sys::napi_get_value_double(env, value, &mut number) };
    Some(number)
}

/// The value for JavaScript; null, which is `undefined` there, where Node cannot make one.
#[inline]
pub(crate) fn value(env: sys::napi_env, shared: &Shared, told: Told) -> sys::napi_value {
    let mut value = ptr::null_mut();
    match told {
        // SAFETY: the place is valid.
        Told::Number(number) => unsafe {
            sys::napi_create_double(env, number, &mut value);
        },
        Told::Text => {
            let text = shared.text.borrow();
            let (start, length) = (text.as_ptr().cast(), text.len() as isize);
            // SAFETY: the text is valid for the call, which copies it. ASCII is Latin-1 too, which costs less.
            unsafe {
                match text.is_ascii() {
                    true => sys::napi_create_string_latin1(env, start, length, &mut value),
                    false => sys::napi_create_string_utf8(env, start, length, &mut value),
                };
            }
        }
    }
    value
}

fn function(
    env: sys::napi_env,
    callback: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value,
    shared: &Rc<Shared>,
) -> Result<sys::napi_value, Code> {
    let data = Rc::into_raw(Rc::clone(shared)).cast_mut().cast::<c_void>();
    let mut function = ptr::null_mut();
    // SAFETY: the data belongs to the function from here on and is let go of when the function is collected,
    // or below where there is none.
    unsafe {
        let made = sys::napi_create_function(env, c"".as_ptr(), 0, Some(callback), data, &mut function)
            == sys::Status::napi_ok
            && sys::napi_add_finalizer(env, function, data, Some(finalize), ptr::null_mut(), ptr::null_mut())
                == sys::Status::napi_ok;
        if !made {
            // A function without a finalizer is never handed out, so it is never called.
            drop(Rc::from_raw(data.cast::<Shared>()));
            return Err(Code::Internal);
        }
    }
    Ok(function)
}

unsafe extern "C" fn finalize(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: the `Rc` that `function` gave away, on the thread that made it.
    let shared = unsafe { Rc::from_raw(data.cast::<Shared>()) };
    let _ = guarded(|| drop(shared));
}
