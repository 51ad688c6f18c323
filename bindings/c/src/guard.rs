//! Guards: they verify tokens.

use std::ffi::c_char;
use std::ptr::null_mut;
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard as Loaded};
use counterseal::{Answer, Code, Flight, Guard};

use crate::arguments::{bytes, optional_text, path, place, time};
use crate::boundary::{Failure, misuse, quietly, run};
use crate::error::counterseal_error;
use crate::handle::{borrow, free, hand_out};
use crate::identity::counterseal_identity;
use crate::policy::counterseal_policy;
use crate::structs::{Sized64, check_size, write_out, write_sized};
use crate::text::counterseal_text;

/// Verifies tokens by a policy. Make one at start-up and share it between all threads. Close it with
/// `counterseal_guard_close` whenever you like; free it with `counterseal_guard_free` when no call is
/// under way any more.
pub struct counterseal_guard {
    /// Empty once it is closed. Calls under way keep what they have.
    open: ArcSwapOption<Guard>,
}

/// Keys that are on their way. It holds no token. Free it with `counterseal_flight_free`.
pub struct counterseal_flight(pub(crate) Flight);

/// `counterseal_answer.kind`: the token passed before and still does; `id` is the number of its proof.
pub const COUNTERSEAL_ANSWER_KNOWN: u32 = 1;
/// `counterseal_answer.kind`: the token passed; `identity` is yours to free.
pub const COUNTERSEAL_ANSWER_VERIFIED: u32 = 2;
/// `counterseal_answer.kind`: the issuer's keys are on their way; `flight` is yours to free.
pub const COUNTERSEAL_ANSWER_PENDING: u32 = 3;

/// What `counterseal_guard_answer` tells. Set `struct_size` to the size of this struct first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct counterseal_answer {
    /// `sizeof(counterseal_answer)`
    pub struct_size: u64,
    /// The number of the proof, for `COUNTERSEAL_ANSWER_KNOWN` and `COUNTERSEAL_ANSWER_VERIFIED`.
    pub id: u64,
    /// One of `COUNTERSEAL_ANSWER_*`.
    pub kind: u32,
    /// Always 0.
    pub reserved: u32,
    /// How long a caller may wait for keys in all, for `COUNTERSEAL_ANSWER_PENDING`.
    pub wait_milliseconds: u64,
    /// For `COUNTERSEAL_ANSWER_VERIFIED`, else NULL.
    pub identity: *mut counterseal_identity,
    /// For `COUNTERSEAL_ANSWER_PENDING`, else NULL.
    pub flight: *mut counterseal_flight,
}

// SAFETY: repr(C), `struct_size` is first, and zeros are numbers and NULL.
unsafe impl Sized64 for counterseal_answer {
    const SMALLEST: u64 = size_of::<counterseal_answer>() as u64;

    fn set_size(&mut self, size: u64) {
        self.struct_size = size;
    }
}

impl counterseal_guard {
    pub(crate) fn new(guard: Guard) -> *mut counterseal_guard {
        hand_out(counterseal_guard { open: ArcSwapOption::from_pointee(guard) })
    }

    /// The guard, unless it is closed.
    #[inline]
    pub(crate) fn open(&self) -> Result<Open, Failure> {
        let loaded = self.open.load();
        if loaded.is_some() { Ok(Open(loaded)) } else { Err(misuse(Code::MisuseClosed)) }
    }

    /// The same for calls that may take long.
    pub(crate) fn held(&self) -> Result<Arc<Guard>, Failure> {
        self.open.load_full().ok_or_else(|| misuse(Code::MisuseClosed))
    }
}

/// A guard that is open for as long as this lives.
pub(crate) struct Open(Loaded<Option<Arc<Guard>>>);

impl Open {
    #[inline]
    pub(crate) fn guard(&self) -> Result<&Guard, Failure> {
        self.0.as_deref().ok_or_else(|| misuse(Code::MisuseClosed))
    }
}

/// A guard for a policy. The policy stays yours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_new(
    policy: *const counterseal_policy,
    guard: *mut *mut counterseal_guard,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let policy = unsafe { borrow(policy, "policy")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(guard, "guard")? };
        out.put(counterseal_guard::new(Guard::new(policy.0.clone())));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Loads a policy file and makes its guard: `counterseal_policy_load` and `counterseal_guard_new` in one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_load(
    path_data: *const c_char,
    path_length: u64,
    service_data: *const c_char,
    service_length: u64,
    guard: *mut *mut counterseal_guard,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(guard, "guard")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let path = unsafe { path(path_data, path_length, "path")? };
        // SAFETY: as above.
        let service = unsafe { optional_text(service_data, service_length, "service")? };
        out.put(counterseal_guard::new(Guard::load(path, service)?));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Verifies a token, bare or behind "Bearer ". Waits up to `fetch.wait` for keys that are on their way;
/// otherwise it answers at once. `now` is NULL, or a time in seconds since 1970 that judges the claims in
/// place of the clock's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_verify(
    guard: *const counterseal_guard,
    token_data: *const c_char,
    token_length: u64,
    now: *const i64,
    identity: *mut *mut counterseal_identity,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let guard = unsafe { borrow(guard, "guard")? }.held()?;
        // SAFETY: the header asks for readable bytes, or NULL.
        let token = unsafe { bytes(token_data, token_length, "token")? };
        // SAFETY: the header asks for a readable number, or NULL.
        let now = unsafe { time(now)? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(identity, "identity")? };
        let verified = match now {
            None => guard.verify(token)?,
            Some(time) => guard.verify_at(token, time)?,
        };
        out.put(counterseal_identity::new(verified));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// As `counterseal_guard_verify`, but never waits: keys that are not there yet are an outage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_try_verify(
    guard: *const counterseal_guard,
    token_data: *const c_char,
    token_length: u64,
    now: *const i64,
    identity: *mut *mut counterseal_identity,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let guard = unsafe { borrow(guard, "guard")? }.open()?;
        // SAFETY: the header asks for readable bytes, or NULL.
        let token = unsafe { bytes(token_data, token_length, "token")? };
        // SAFETY: the header asks for a readable number, or NULL.
        let now = unsafe { time(now)? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(identity, "identity")? };
        let verified = match now {
            None => guard.guard()?.try_verify(token)?,
            Some(time) => guard.guard()?.try_verify_at(token, time)?,
        };
        out.put(counterseal_identity::new(verified));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Verifies many tokens at one reading of the clock, and waits for keys once for all of them. `tokens`
/// has them one behind the other without anything between, and `lengths` the length of each. The call
/// itself succeeds; then either `identities[i]` or `errors[i]` is set and yours to free, the other is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_verify_many(
    guard: *const counterseal_guard,
    tokens: *const c_char,
    lengths: *const u64,
    count: u64,
    identities: *mut *mut counterseal_identity,
    errors: *mut *mut counterseal_error,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let guard = unsafe { borrow(guard, "guard")? }.held()?;
        // SAFETY: the header asks for `lengths` and `tokens` that belong together, or NULL.
        let tokens = unsafe { split(tokens, lengths, count)? };
        if !tokens.is_empty() && (identities.is_null() || errors.is_null()) {
            return Err(Failure::Argument(if errors.is_null() { "errors" } else { "identities" }));
        }
        for (at, outcome) in guard.verify_many(&tokens).into_iter().enumerate() {
            let (identity, error) = match outcome {
                Ok(identity) => (counterseal_identity::new(identity), null_mut()),
                Err(error) => (null_mut(), hand_out(counterseal_error::new(error.into()))),
            };
            // SAFETY: the header asks for `count` places in each.
            unsafe { identities.add(at).write(identity) };
            // SAFETY: as above.
            unsafe { errors.add(at).write(error) };
        }
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Answers at once, for hosts that keep an object of their own for each proof: a token seen before gives
/// the number of its proof alone. A host that no longer has the object asks
/// `counterseal_guard_try_verify`. Where keys are on their way, `counterseal_pending_watch` tells when to
/// ask again, at most `COUNTERSEAL_PENDING_WAITS` times.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_answer(
    guard: *const counterseal_guard,
    token_data: *const c_char,
    token_length: u64,
    now: *const i64,
    answer: *mut counterseal_answer,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let open = unsafe { borrow(guard, "guard")? }.open()?;
        // SAFETY: the header asks for readable bytes, or NULL.
        let token = unsafe { bytes(token_data, token_length, "token")? };
        // SAFETY: the header asks for a readable number, or NULL.
        let now = unsafe { time(now)? };
        // SAFETY: the header asks for a struct that begins with its size, or NULL.
        unsafe { check_size(answer, "answer")? };
        let guard = open.guard()?;
        let answered = answer_of(guard, guard.answer(token, now)?);
        // SAFETY: as above.
        unsafe { write_out(answer, answered, "answer") }
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// `counterseal_guard_answer` for many tokens at one reading of the clock; `tokens` and `lengths` are as in
/// `counterseal_guard_verify_many`. The call itself succeeds; then `errors[i]` is set and yours to free, or
/// it is NULL and `answers[i]` is the answer. The size of the first struct stands for all of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_answer_many(
    guard: *const counterseal_guard,
    tokens: *const c_char,
    lengths: *const u64,
    count: u64,
    now: *const i64,
    answers: *mut counterseal_answer,
    errors: *mut *mut counterseal_error,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let open = unsafe { borrow(guard, "guard")? }.open()?;
        // SAFETY: the header asks for `lengths` and `tokens` that belong together, or NULL.
        let tokens = unsafe { split(tokens, lengths, count)? };
        // SAFETY: the header asks for a readable number, or NULL.
        let now = unsafe { time(now)? };
        if tokens.is_empty() {
            return Ok(());
        }
        // SAFETY: the header asks for structs of which the first begins with its size, or NULL.
        let size = unsafe { check_size(answers, "answers")? } as usize;
        if errors.is_null() {
            return Err(Failure::Argument("errors"));
        }
        let guard = open.guard()?;
        for (at, outcome) in guard.answer_many(&tokens, now).into_iter().enumerate() {
            let error = match outcome {
                Ok(answer) => {
                    // SAFETY: the header asks for `count` structs of that size.
                    let place = unsafe { answers.byte_add(at * size) };
                    // SAFETY: as above; the size is that of the first.
                    unsafe { write_sized(place, answer_of(guard, answer), size as u64) };
                    null_mut()
                }
                Err(error) => hand_out(counterseal_error::new(error.into())),
            };
            // SAFETY: the header asks for `count` places.
            unsafe { errors.add(at).write(error) };
        }
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// The outage that a caller is told of who has waited for the keys of `flight` long enough (NULL where it
/// is not known): `error` gets its details, and its number is the status.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_keys_unavailable(
    guard: *const counterseal_guard,
    flight: *const counterseal_flight,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let open = unsafe { borrow(guard, "guard")? }.open()?;
        // SAFETY: as above.
        let flight = unsafe { flight.as_ref() }.map(|flight| flight.0);
        Err(open.guard()?.keys_unavailable(flight).into())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// The same verification as a report of every check, in JSON, for people: the members are verdict, code,
/// checks (rule, name, stage, outcome, detail) and not_reached. It costs several times as much and
/// changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_explain(
    guard: *const counterseal_guard,
    token_data: *const c_char,
    token_length: u64,
    now: *const i64,
    report: *mut *mut counterseal_text,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let open = unsafe { borrow(guard, "guard")? }.open()?;
        // SAFETY: the header asks for readable bytes, or NULL.
        let token = unsafe { bytes(token_data, token_length, "token")? };
        // SAFETY: the header asks for a readable number, or NULL.
        let now = unsafe { time(now)? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(report, "report")? };
        let explained = match now {
            None => open.guard()?.explain(token)?,
            Some(time) => open.guard()?.explain_at(token, time),
        };
        let json = serde_json::to_string(&explained).map_err(|_| misuse(Code::Internal))?;
        out.put(hand_out(counterseal_text(json)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// How the guard is doing, as a JSON object: its policy, issuers and keys, what became of tokens, the cache,
/// and alarms. Nothing in it comes from a token.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_status(
    guard: *const counterseal_guard,
    json: *mut *mut counterseal_text,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let open = unsafe { borrow(guard, "guard")? }.open()?;
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(json, "json")? };
        let status = serde_json::to_string(&open.guard()?.status()).map_err(|_| misuse(Code::Internal))?;
        out.put(hand_out(counterseal_text(status)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// The numbers of `counterseal_guard_status` as Prometheus text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_metrics(
    guard: *const counterseal_guard,
    text: *mut *mut counterseal_text,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let open = unsafe { borrow(guard, "guard")? }.open()?;
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(text, "text")? };
        out.put(hand_out(counterseal_text(open.guard()?.metrics())));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Reads the policy file again and swaps the whole policy at once. The old one stays where the new one
/// has mistakes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_reload(
    guard: *const counterseal_guard,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let guard = unsafe { borrow(guard, "guard")? }.held()?;
        Ok(guard.reload()?)
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Closes a guard, also while it is in use: later calls fail with `misuse_closed`, the tickets of those who
/// wait go into their queues, and when the calls under way are done its keys and caches are gone. A second
/// time changes nothing. The handle still has to be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_close(
    guard: *const counterseal_guard,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let closed = unsafe { borrow(guard, "guard")? }.open.swap(None);
        if let Some(guard) = closed {
            guard.end_watches();
        }
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// To be called in a child process that was made by `fork`, before anything else with this guard: locks
/// that threads of the parent held are left behind with what they guarded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_after_fork(
    guard: *const counterseal_guard,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        unsafe { borrow(guard, "guard")? }.open()?.guard()?.after_fork();
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Frees a guard, closing it first. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_guard_free(guard: *mut counterseal_guard) {
    // SAFETY: the header asks for a handle that nobody uses any more, or NULL.
    quietly(|| unsafe { free(guard) });
}

/// Frees a flight. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_flight_free(flight: *mut counterseal_flight) {
    // SAFETY: the header asks for a handle that nobody uses any more, or NULL.
    quietly(|| unsafe { free(flight) });
}

#[inline]
fn answer_of(guard: &Guard, answer: Answer) -> counterseal_answer {
    let nothing = counterseal_answer {
        struct_size: 0,
        id: 0,
        kind: 0,
        reserved: 0,
        wait_milliseconds: 0,
        identity: null_mut(),
        flight: null_mut(),
    };
    match answer {
        Answer::Known(id) => counterseal_answer { kind: COUNTERSEAL_ANSWER_KNOWN, id, ..nothing },
        Answer::Verified(identity) => counterseal_answer {
            kind: COUNTERSEAL_ANSWER_VERIFIED,
            id: identity.id(),
            identity: counterseal_identity::new(identity),
            ..nothing
        },
        Answer::Pending(flight) => counterseal_answer {
            kind: COUNTERSEAL_ANSWER_PENDING,
            wait_milliseconds: u64::try_from(guard.wait().as_millis()).unwrap_or(u64::MAX),
            flight: hand_out(counterseal_flight(flight)),
            ..nothing
        },
    }
}

/// # Safety
/// `lengths` is NULL or has `count` numbers, and `tokens` is NULL or has as many bytes as they add up to.
unsafe fn split<'a>(
    tokens: *const c_char,
    lengths: *const u64,
    count: u64,
) -> Result<Vec<&'a [u8]>, Failure> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let count = usize::try_from(count).ok().filter(|count| *count <= isize::MAX as usize / size_of::<u64>());
    let (Some(count), false) = (count, lengths.is_null()) else { return Err(Failure::Argument("lengths")) };
    // SAFETY: as the caller says; it is not NULL and not too long.
    let lengths = unsafe { std::slice::from_raw_parts(lengths, count) };
    let total = lengths.iter().try_fold(0_u64, |sum, length| sum.checked_add(*length));
    // SAFETY: as the caller says.
    let mut rest = unsafe { bytes(tokens, total.ok_or(Failure::Argument("lengths"))?, "tokens")? };
    let split = lengths.iter().map(|length| {
        let (token, after) = rest.split_at(*length as usize);
        rest = after;
        token
    });
    Ok(split.collect())
}
