//! For tests of programs that verify tokens: an issuer with real keys, whose tokens a real guard accepts.

use std::ffi::c_char;

use counterseal::testing::{Issuer, Oddity, Request};
use counterseal::{Algorithm, Profile};

use crate::arguments::{bytes, optional_text, place};
use crate::boundary::{Failure, quietly, run};
use crate::error::counterseal_error;
use crate::guard::counterseal_guard;
use crate::handle::{borrow, free, hand_out};
use crate::policy::counterseal_policy;
use crate::testing::counterseal_testing_clock;
use crate::text::counterseal_text;

/// Issues tokens that a real guard accepts, and odd ones that it refuses. Its keys never leave it. Free it
/// with `counterseal_testing_issuer_free`.
pub struct counterseal_testing_issuer(Issuer);

/// A new issuer with a new key. Whatever is NULL has a default: the algorithm is ES256.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_new(
    algorithm_data: *const c_char,
    algorithm_length: u64,
    name_data: *const c_char,
    name_length: u64,
    audience_data: *const c_char,
    audience_length: u64,
    client_id_data: *const c_char,
    client_id_length: u64,
    issuer: *mut *mut counterseal_testing_issuer,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(issuer, "issuer")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let algorithm = unsafe { optional_text(algorithm_data, algorithm_length, "algorithm")? };
        // SAFETY: as above.
        let name = unsafe { optional_text(name_data, name_length, "name")? };
        // SAFETY: as above.
        let audience = unsafe { optional_text(audience_data, audience_length, "audience")? };
        // SAFETY: as above.
        let client_id = unsafe { optional_text(client_id_data, client_id_length, "client_id")? };
        let made = match algorithm {
            None => Issuer::new()?,
            Some(name) => {
                Issuer::with_algorithm(Algorithm::from_name(name).ok_or(Failure::Argument("algorithm"))?)?
            }
        };
        let made = name.into_iter().fold(made, Issuer::named);
        let made = audience.into_iter().fold(made, Issuer::for_audience);
        let made = client_id.into_iter().fold(made, Issuer::for_client);
        out.put(hand_out(counterseal_testing_issuer(made)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// A token, right in everything but what is asked for. `profile` is "access_token" (so is NULL) or
/// "id_token"; `claims` and `header` are JSON objects whose members take the place of the defaults;
/// `remove` names claims that the token does not have, one a line; `oddity` is what is wrong with it:
/// "expired", "not_yet_valid", "wrong_audience", "wrong_issuer", "wrong_key", "tampered", "unsigned".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_token(
    issuer: *const counterseal_testing_issuer,
    profile_data: *const c_char,
    profile_length: u64,
    claims_data: *const c_char,
    claims_length: u64,
    header_data: *const c_char,
    header_length: u64,
    remove_data: *const c_char,
    remove_length: u64,
    oddity_data: *const c_char,
    oddity_length: u64,
    token: *mut *mut counterseal_text,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let issuer = unsafe { borrow(issuer, "issuer")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(token, "token")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let profile = profile(unsafe { optional_text(profile_data, profile_length, "profile")? })?;
        // SAFETY: as above.
        let claims = unsafe { optional_text(claims_data, claims_length, "claims")? };
        // SAFETY: as above.
        let header = unsafe { optional_text(header_data, header_length, "header")? };
        // SAFETY: as above.
        let remove = unsafe { optional_text(remove_data, remove_length, "remove")? };
        // SAFETY: as above.
        let oddity = unsafe { optional_text(oddity_data, oddity_length, "oddity")? };
        let oddity =
            oddity.map(|name| Oddity::from_name(name).ok_or(Failure::Argument("oddity"))).transpose()?;
        let remove: Vec<&str> = remove.map(|names| names.lines().collect()).unwrap_or_default();
        let (claims, header) = (claims.unwrap_or("{}"), header.unwrap_or("{}"));
        let issued = issuer.0.issue(&Request { profile, claims, remove: &remove, header, oddity })?;
        out.put(hand_out(counterseal_text(issued)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Signs any payload under any header with the current key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_sign(
    issuer: *const counterseal_testing_issuer,
    header_data: *const c_char,
    header_length: u64,
    payload_data: *const c_char,
    payload_length: u64,
    token: *mut *mut counterseal_text,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let issuer = unsafe { borrow(issuer, "issuer")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(token, "token")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let header = unsafe { bytes(header_data, header_length, "header")? };
        // SAFETY: as above.
        let payload = unsafe { bytes(payload_data, payload_length, "payload")? };
        out.put(hand_out(counterseal_text(issuer.0.sign(header, payload)?)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// What an issuer is called, as a JSON object: issuer, audience, client_id, algorithm, kid, jwks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_json(
    issuer: *const counterseal_testing_issuer,
    json: *mut *mut counterseal_text,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let issuer = &unsafe { borrow(issuer, "issuer")? }.0;
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(json, "json")? };
        let names = serde_json::json!({
            "issuer": issuer.issuer(),
            "audience": issuer.audience(),
            "client_id": issuer.client_id(),
            "algorithm": issuer.algorithm().name(),
            "kid": issuer.kid()?,
            "jwks": issuer.jwks()?,
        });
        out.put(hand_out(counterseal_text(names.to_string())));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// The clock that dates the issuer's tokens and that its guards go by.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_clock(
    issuer: *const counterseal_testing_issuer,
    clock: *mut *mut counterseal_testing_clock,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let issuer = unsafe { borrow(issuer, "issuer")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        unsafe { place(clock, "clock")? }.put(hand_out(counterseal_testing_clock(issuer.0.clock().clone())));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Signs with a new key from now on; the old one stays published until `counterseal_testing_issuer_retire`.
/// Guards learn of both by `counterseal_testing_issuer_publish`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_rotate(
    issuer: *const counterseal_testing_issuer,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        unsafe { borrow(issuer, "issuer")? }.0.rotate()?;
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Takes all keys but the current one out of the set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_retire(
    issuer: *const counterseal_testing_issuer,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        unsafe { borrow(issuer, "issuer")? }.0.retire();
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// A policy that accepts the tokens of this issuer by the keys that it has now. `more` is TOML behind it:
/// further settings of the issuer first, then other tables.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_policy(
    issuer: *const counterseal_testing_issuer,
    profile_data: *const c_char,
    profile_length: u64,
    more_data: *const c_char,
    more_length: u64,
    policy: *mut *mut counterseal_policy,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let issuer = unsafe { borrow(issuer, "issuer")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(policy, "policy")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let profile = profile(unsafe { optional_text(profile_data, profile_length, "profile")? })?;
        // SAFETY: as above.
        let more = unsafe { optional_text(more_data, more_length, "more")? };
        let made = issuer.0.policy_for(profile, more.unwrap_or_default())?;
        out.put(hand_out(counterseal_policy(made)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// The text of that policy, in TOML. It ends inside the table of the issuer, so that more can follow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_policy_text(
    issuer: *const counterseal_testing_issuer,
    profile_data: *const c_char,
    profile_length: u64,
    toml: *mut *mut counterseal_text,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let issuer = unsafe { borrow(issuer, "issuer")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(toml, "toml")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let profile = profile(unsafe { optional_text(profile_data, profile_length, "profile")? })?;
        out.put(hand_out(counterseal_text(issuer.0.policy_text(profile)?)));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// A guard of that policy that goes by the issuer's clock. Where `pending` is not 0, its keys have not
/// arrived: `counterseal_testing_issuer_publish` and `counterseal_testing_issuer_fail` end the wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_guard(
    issuer: *const counterseal_testing_issuer,
    profile_data: *const c_char,
    profile_length: u64,
    more_data: *const c_char,
    more_length: u64,
    pending: u32,
    guard: *mut *mut counterseal_guard,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let issuer = unsafe { borrow(issuer, "issuer")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(guard, "guard")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let profile = profile(unsafe { optional_text(profile_data, profile_length, "profile")? })?;
        // SAFETY: as above.
        let more = unsafe { optional_text(more_data, more_length, "more")? }.unwrap_or_default();
        out.put(counterseal_guard::new(match pending {
            0 => issuer.0.guard_for(profile, more)?,
            _ => issuer.0.pending_guard_for(profile, more)?,
        }));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Hands the keys that the issuer has now to a guard that it made, in place of those before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_publish(
    issuer: *const counterseal_testing_issuer,
    guard: *const counterseal_guard,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for live handles or NULL.
        let (issuer, guard) = unsafe { (borrow(issuer, "issuer")?, borrow(guard, "guard")?) };
        Ok(issuer.0.publish(guard.open()?.guard()?)?)
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Tells a guard whose keys have not arrived that they cannot be had: an outage, until they are published.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_fail(
    issuer: *const counterseal_testing_issuer,
    guard: *const counterseal_guard,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for live handles or NULL.
        let (issuer, guard) = unsafe { (borrow(issuer, "issuer")?, borrow(guard, "guard")?) };
        Ok(issuer.0.fail(guard.open()?.guard()?)?)
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Frees an issuer; its guards and clocks go on. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_testing_issuer_free(issuer: *mut counterseal_testing_issuer) {
    // SAFETY: the header asks for a handle that nobody uses any more, or NULL.
    quietly(|| unsafe { free(issuer) });
}

fn profile(name: Option<&str>) -> Result<Profile, Failure> {
    const PROFILES: [Profile; 4] =
        [Profile::AccessToken, Profile::IdToken, Profile::IdTokenApi, Profile::Generic];
    match name {
        None => Ok(Profile::AccessToken),
        Some(name) => {
            PROFILES.into_iter().find(|profile| profile.name() == name).ok_or(Failure::Argument("profile"))
        }
    }
}
