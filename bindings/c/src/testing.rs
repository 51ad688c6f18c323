//! For tests of programs that verify tokens, and of this library itself: a clock that shows what it is
//! told, keys that arrive when they are told, and what is left over at the end.

use std::ffi::c_char;

use counterseal::testing::{self, Network, Reply, TestClock};
use counterseal::{Code, UnixTime};

use crate::arguments::{bytes, optional_bytes, optional_text, path, place, text};
use crate::boundary::{inject_panics, misuse, quietly, run};
use crate::error::counterseal_error;
use crate::guard::{counterseal_flight, counterseal_guard};
use crate::handle::{borrow, free, hand_out, live};
use crate::policy::{counterseal_policy, format};
use crate::text::counterseal_text;

/// A clock that stands until it is moved. Free it with `counterseal_testing_clock_free`; guards that go
/// by it keep it alive.
pub struct counterseal_testing_clock(pub(crate) TestClock);

/// A clock that shows `now`, in seconds since 1970.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_clock_new(
    now: i64,
    clock: *mut *mut counterseal_testing_clock,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(clock, "clock")? };
        let now = UnixTime::from_seconds(now).map_err(misuse)?;
        out.put(hand_out(counterseal_testing_clock(TestClock::at(now))));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Moves a clock by so many seconds, back where they are negative. `now` becomes what it shows then; NULL
/// is not written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_clock_advance(
    clock: *const counterseal_testing_clock,
    seconds: i64,
    now: *mut i64,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let clock = unsafe { borrow(clock, "clock")? };
        // Seconds that are milliseconds are misuse here as elsewhere.
        UnixTime::from_seconds(seconds).map_err(misuse)?;
        clock.0.advance_seconds(seconds);
        // SAFETY: the header asks for a place to write to, or NULL.
        if let Ok(out) = unsafe { place(now, "now") } {
            out.put(clock.0.now().as_seconds());
        }
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Sets a clock to `now`, in seconds since 1970.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_clock_set(
    clock: *const counterseal_testing_clock,
    now: i64,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let clock = unsafe { borrow(clock, "clock")? };
        clock.0.set(UnixTime::from_seconds(now).map_err(misuse)?);
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Frees a clock. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_clock_free(clock: *mut counterseal_testing_clock) {
    // SAFETY: the header asks for a handle that nobody uses any more, or NULL.
    quietly(|| unsafe { free(clock) });
}

/// As `counterseal_policy_parse`, but keys may be `{ scripted = true }`: they arrive when a test says so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_policy_parse(
    text_data: *const c_char,
    text_length: u64,
    format: u32,
    policy: *mut *mut counterseal_policy,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(policy, "policy")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let text = unsafe { text(text_data, text_length, "text")? };
        out.put(hand_out(counterseal_policy(testing::scripted_policy(text, self::format(format)?)?)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// As `counterseal_policy_load`, but keys may be `{ scripted = true }`: they arrive when a test says so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_policy_load(
    path_data: *const c_char,
    path_length: u64,
    service_data: *const c_char,
    service_length: u64,
    policy: *mut *mut counterseal_policy,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(policy, "policy")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let path = unsafe { path(path_data, path_length, "path")? };
        // SAFETY: as above.
        let service = unsafe { optional_text(service_data, service_length, "service")? };
        out.put(hand_out(counterseal_policy(testing::load_policy(path, service)?)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// A guard that goes by `clock`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_guard_new(
    policy: *const counterseal_policy,
    clock: *const counterseal_testing_clock,
    guard: *mut *mut counterseal_guard,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for live handles or NULL.
        let (policy, clock) = unsafe { (borrow(policy, "policy")?, borrow(clock, "clock")?) };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(guard, "guard")? };
        out.put(counterseal_guard::new(testing::guard_with_clock(policy.0.clone(), &clock.0)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// A network without sockets, for guards whose keys are fetched: what is behind each URL is what
/// `counterseal_testing_network_answer` says. Free it with `counterseal_testing_network_free`; guards that use it
/// keep it alive.
pub struct counterseal_testing_network(pub(crate) Network);

/// A network where no host is found.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_network_new(
    network: *mut *mut counterseal_testing_network,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(network, "network")? };
        out.put(hand_out(counterseal_testing_network(Network::new())));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// From now on this is what the URL answers: the body, behind what `reply` says as a JSON object. Its members may be
/// left out: `status` (200), `headers` (a list of pairs; Content-Type is application/json where it is not there),
/// `address` (what the host has as address; a public one), `bearer` (the credential that is asked for; none), and
/// `fault`, which comes instead: `timeout`, `connect_timeout`, `host_not_found`, `refused`, `reset`, `closed` or
/// `certificate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_network_answer(
    network: *const counterseal_testing_network,
    url_data: *const c_char,
    url_length: u64,
    reply_data: *const c_char,
    reply_length: u64,
    body_data: *const c_char,
    body_length: u64,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let network = unsafe { borrow(network, "network")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let url = unsafe { text(url_data, url_length, "url")? };
        // SAFETY: as above.
        let reply = unsafe { optional_text(reply_data, reply_length, "reply")? };
        // SAFETY: as above.
        let body = unsafe { optional_bytes(body_data, body_length, "body")? };
        let reply =
            Reply::from_description(reply.unwrap_or("{}"), body.unwrap_or_default()).map_err(misuse)?;
        network.0.answer(url, reply);
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// The URLs that guards asked for since the last time, in order, as a JSON array.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_network_requests(
    network: *const counterseal_testing_network,
    json: *mut *mut counterseal_text,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let network = unsafe { borrow(network, "network")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(json, "json")? };
        let urls = serde_json::to_string(&network.0.requests()).map_err(|_| misuse(Code::Internal))?;
        out.put(hand_out(counterseal_text(urls)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Frees a network. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_network_free(network: *mut counterseal_testing_network) {
    // SAFETY: the header asks for a handle that nobody uses any more, or NULL.
    quietly(|| unsafe { free(network) });
}

/// A guard that goes by `clock` and fetches keys over `network`: when `counterseal_testing_fetch_due` says so, or, where
/// the policy says `mode = "inline"`, when they are needed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_guard_with_network(
    policy: *const counterseal_policy,
    clock: *const counterseal_testing_clock,
    network: *const counterseal_testing_network,
    guard: *mut *mut counterseal_guard,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for live handles or NULL.
        let (policy, clock) = unsafe { (borrow(policy, "policy")?, borrow(clock, "clock")?) };
        // SAFETY: as above.
        let network = unsafe { borrow(network, "network")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(guard, "guard")? };
        let guard = testing::guard_with_network(policy.0.clone(), &clock.0, &network.0);
        out.put(counterseal_guard::new(guard));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Fetches in this thread what the guard would fetch now by itself, and wakes those who wait for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_fetch_due(
    guard: *const counterseal_guard,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let open = unsafe { borrow(guard, "guard")? }.open()?;
        testing::fetch_due(open.guard()?);
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Puts another policy in place of the guard's, at once and whole, as `counterseal_guard_reload` does with a
/// changed file. The policy stays yours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_guard_replace(
    guard: *const counterseal_guard,
    policy: *const counterseal_policy,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for live handles or NULL.
        let (guard, policy) = unsafe { (borrow(guard, "guard")?, borrow(policy, "policy")?) };
        guard.open()?.guard()?.replace(policy.0.clone());
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Hands a JWK Set to the guard's issuer of that name in the policy, or (NULL) tells that its keys cannot be
/// had: the answer that tokens wait for, or else a new set in place of the old one. Fails with the code of what
/// is wrong with the set, or with `misuse_closed` where nothing waits for a failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_keys_answer(
    guard: *const counterseal_guard,
    issuer_name_data: *const c_char,
    issuer_name_length: u64,
    jwks_data: *const c_char,
    jwks_length: u64,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let open = unsafe { borrow(guard, "guard")? }.open()?;
        // SAFETY: the header asks for readable bytes, or NULL.
        let name = unsafe { text(issuer_name_data, issuer_name_length, "issuer_name")? };
        // SAFETY: as above.
        let jwks = unsafe { optional_bytes(jwks_data, jwks_length, "jwks")? };
        testing::answer_keys(open.guard()?, name, jwks).map_err(misuse)
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Ends a flight with a JWK Set and wakes those who wait for it. A set that is unusable fails with its
/// code, and so has the flight.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_keys_deliver(
    guard: *const counterseal_guard,
    flight: *const counterseal_flight,
    jwks_data: *const c_char,
    jwks_length: u64,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for live handles or NULL.
        let (guard, flight) = unsafe { (borrow(guard, "guard")?, borrow(flight, "flight")?) };
        // SAFETY: the header asks for readable bytes, or NULL.
        let jwks = unsafe { bytes(jwks_data, jwks_length, "jwks")? };
        testing::deliver_keys(guard.open()?.guard()?, flight.0, jwks).map_err(misuse)
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Ends a flight without keys, which is an outage, and wakes those who wait for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_keys_fail(
    guard: *const counterseal_guard,
    flight: *const counterseal_flight,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for live handles or NULL.
        let (guard, flight) = unsafe { (borrow(guard, "guard")?, borrow(flight, "flight")?) };
        testing::fail_keys(guard.open()?.guard()?, flight.0).map_err(misuse)
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Handles of all kinds that were handed out and not freed yet: 0 at the end of a program without leaks.
#[unsafe(no_mangle)]
pub extern "C" fn counterseal_testing_live_handles() -> i64 {
    live()
}

/// Makes the next so many calls fail inside as if Counterseal itself were broken, so that a test sees
/// that this becomes an error (`internal`) and nothing worse. It concerns all threads.
#[unsafe(no_mangle)]
pub extern "C" fn counterseal_testing_panic(calls: u32) {
    inject_panics(calls);
}

/// Verifies a token so many times without leaving the library, for benchmarks of what a host adds to it;
/// `nanoseconds` becomes the time that all of them took. Fails as the verification does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_measure(
    guard: *const counterseal_guard,
    token_data: *const c_char,
    token_length: u64,
    times: u64,
    nanoseconds: *mut u64,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let open = unsafe { borrow(guard, "guard")? }.open()?;
        // SAFETY: the header asks for readable bytes, or NULL.
        let token = unsafe { bytes(token_data, token_length, "token")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(nanoseconds, "nanoseconds")? };
        let guard = open.guard()?;
        let begun = std::time::Instant::now();
        for _ in 0..times {
            std::hint::black_box(guard.verify(std::hint::black_box(token))?);
        }
        out.put(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}
