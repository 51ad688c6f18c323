//! Identities: the proof that a token passed.

use std::ffi::c_char;

use counterseal::Identity;
use counterseal::core::json::Value;
use once_cell::sync::OnceCell;

use crate::arguments::{counterseal_view, optional_text, place};
use crate::boundary::{Failure, quietly, run};
use crate::error::counterseal_error;
use crate::handle::{borrow, free, hand_out};
use crate::structs::{Sized64, write_out};
use crate::tape;
use crate::text::counterseal_text;

/// Who a verified token speaks for. Only a verification makes one; it stays valid after its guard is
/// closed, and it does not hold the token. Free it with `counterseal_identity_free`.
pub struct counterseal_identity {
    identity: Identity,
    lists: OnceCell<Lists>,
}

/// In `counterseal_identity_fields`: there is no such time.
pub const COUNTERSEAL_NO_TIME: i64 = i64::MIN;

/// A list of borrowed texts.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct counterseal_list {
    /// The first of them.
    pub items: *const counterseal_view,
    /// How many there are.
    pub count: u64,
}

/// What `counterseal_identity_read` tells. Set `struct_size` to the size of this struct first. All views
/// live as long as the identity.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct counterseal_identity_fields {
    /// `sizeof(counterseal_identity_fields)`
    pub struct_size: u64,
    /// The number of this proof: one guard never gives the same to two verifications.
    pub id: u64,
    /// `sub`. Together with the issuer it names the principal; alone it does not.
    pub subject: counterseal_view,
    /// The issuer as the policy spells it.
    pub issuer: counterseal_view,
    /// The name of the issuer's entry in the policy.
    pub issuer_name: counterseal_view,
    /// The audiences, in the token's order.
    pub audience: counterseal_list,
    /// The scopes, in the token's order.
    pub scopes: counterseal_list,
    /// The roles from where the policy says they are.
    pub roles: counterseal_list,
    /// The tenant from where the policy says it is.
    pub tenant: counterseal_view,
    /// The client that the token was issued to.
    pub client_id: counterseal_view,
    /// "user", "client" or "unknown".
    pub subject_kind: counterseal_view,
    /// The actors of a delegated token, outermost first.
    pub actors: counterseal_list,
    /// `jti`
    pub token_id: counterseal_view,
    /// `iat` in seconds since 1970, or `COUNTERSEAL_NO_TIME`.
    pub issued_at: i64,
    /// `exp`, likewise.
    pub expires_at: i64,
    /// `nbf`, likewise.
    pub not_before: i64,
    /// `auth_time`, likewise: when the person signed in.
    pub auth_time: i64,
    /// `acr`: the class of the authentication.
    pub acr: counterseal_view,
    /// `amr`: the methods of the authentication.
    pub amr: counterseal_list,
    /// The profile under which the token was accepted, such as "access_token".
    pub profile: counterseal_view,
    /// `txn`: the transaction that the token belongs to.
    pub transaction_id: counterseal_view,
    /// 1 where the provider left group lists out because they were too long: then an empty list of roles
    /// means nothing.
    pub groups_incomplete: u32,
    /// Always 0.
    pub reserved: u32,
}

// SAFETY: repr(C), `struct_size` is first, and zeros are numbers and NULL.
unsafe impl Sized64 for counterseal_identity_fields {
    const SMALLEST: u64 = size_of::<counterseal_identity_fields>() as u64;

    fn set_size(&mut self, size: u64) {
        self.struct_size = size;
    }
}

/// Views into the identity, all in one piece of memory.
struct Lists {
    views: Vec<counterseal_view>,
    /// Where audience, scopes, roles, actors and amr end.
    ends: [usize; 5],
}

// SAFETY: the views point into the identity beside them, which is immutable and shared between threads.
unsafe impl Send for Lists {}
// SAFETY: as above.
unsafe impl Sync for Lists {}

impl counterseal_identity {
    pub(crate) fn new(identity: Identity) -> *mut counterseal_identity {
        hand_out(counterseal_identity { identity, lists: OnceCell::new() })
    }

    pub(crate) fn proof(&self) -> &Identity {
        &self.identity
    }

    fn claim(&self, pointer: Option<&str>) -> Option<Value<'_>> {
        match pointer {
            None => Some(self.identity.claims()),
            Some(pointer) => self.identity.claim(pointer),
        }
    }

    /// The views point into the claims, which do not move: the identity holds them behind a pointer.
    pub(crate) fn fields(&self) -> counterseal_identity_fields {
        let identity = &self.identity;
        let [audience, scopes, roles, actors, amr] = self.lists.get_or_init(|| Lists::of(identity)).slices();
        let time = |time: Option<i64>| time.unwrap_or(COUNTERSEAL_NO_TIME);
        counterseal_identity_fields {
            struct_size: 0,
            id: identity.id(),
            subject: counterseal_view::of_optional(identity.subject()),
            issuer: counterseal_view::of(identity.issuer()),
            issuer_name: counterseal_view::of(identity.issuer_name()),
            audience,
            scopes,
            roles,
            tenant: counterseal_view::of_optional(identity.tenant()),
            client_id: counterseal_view::of_optional(identity.client_id()),
            subject_kind: counterseal_view::of(identity.subject_kind().name()),
            actors,
            token_id: counterseal_view::of_optional(identity.token_id()),
            issued_at: time(identity.issued_at()),
            expires_at: time(identity.expires_at()),
            not_before: time(identity.not_before()),
            auth_time: time(identity.auth_time()),
            acr: counterseal_view::of_optional(identity.acr()),
            amr,
            profile: counterseal_view::of(identity.profile().name()),
            transaction_id: counterseal_view::of_optional(identity.transaction_id()),
            groups_incomplete: u32::from(identity.groups_incomplete()),
            reserved: 0,
        }
    }
}

impl Lists {
    fn of(identity: &Identity) -> Lists {
        let mut views: Vec<counterseal_view> = Vec::with_capacity(8);
        let mut ends = [0; 5];
        views.extend(identity.audience().map(counterseal_view::of));
        ends[0] = views.len();
        views.extend(identity.scopes().map(counterseal_view::of));
        ends[1] = views.len();
        views.extend(identity.roles().map(counterseal_view::of));
        ends[2] = views.len();
        views.extend(identity.actors().map(counterseal_view::of));
        ends[3] = views.len();
        views.extend(identity.amr().map(counterseal_view::of));
        ends[4] = views.len();
        Lists { views, ends }
    }

    fn slices(&self) -> [counterseal_list; 5] {
        let mut start = 0;
        self.ends.map(|end| {
            let part = self.views.get(start..end).unwrap_or_default();
            start = end;
            counterseal_list { items: part.as_ptr(), count: part.len() as u64 }
        })
    }
}

/// Reads the fields of an identity.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_identity_read(
    identity: *const counterseal_identity,
    fields: *mut counterseal_identity_fields,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let identity = unsafe { borrow(identity, "identity")? };
        // SAFETY: the header asks for a struct that begins with its size, or NULL.
        unsafe { write_out(fields, identity.fields(), "fields") }
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// The identity as JSON: its fields by name, and the claims. Never the token.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_identity_json(
    identity: *const counterseal_identity,
    json: *mut *mut counterseal_text,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let identity = unsafe { borrow(identity, "identity")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(json, "json")? };
        out.put(hand_out(counterseal_text(identity.identity.to_json())));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// One claim as JSON, by JSON Pointer (RFC 6901) or by name; `json` becomes NULL where there is none. No
/// pointer (NULL) gives all claims.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_identity_claim(
    identity: *const counterseal_identity,
    pointer_data: *const c_char,
    pointer_length: u64,
    json: *mut *mut counterseal_text,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let identity = unsafe { borrow(identity, "identity")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let pointer = unsafe { optional_text(pointer_data, pointer_length, "pointer")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let out = unsafe { place(json, "json")? };
        let claim = identity.claim(pointer);
        out.put(claim.map_or(std::ptr::null_mut(), |claim| hand_out(counterseal_text(claim.to_json()))));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// One claim, or without a pointer (NULL) all of them, as a flat tape that other languages build their own
/// values from without parsing JSON. `length` becomes its length, and 0 where there is no such claim; it
/// is in `buffer` where `capacity` is enough, and otherwise a second call with a larger buffer gets it.
///
/// A value is one byte and what it says follows: `n` null, `f` false, `t` true; `#` a number as it is
/// written and `"` a string, each with its length in 4 bytes (lowest first) before its bytes; `[` a list
/// and `{` an object, each with its count in 4 bytes before its elements. An object's elements are names
/// (written as strings) and values in turn; they count as one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_identity_tape(
    identity: *const counterseal_identity,
    pointer_data: *const c_char,
    pointer_length: u64,
    buffer: *mut u8,
    capacity: u64,
    length: *mut u64,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let identity = unsafe { borrow(identity, "identity")? };
        // SAFETY: the header asks for readable bytes, or NULL.
        let pointer = unsafe { optional_text(pointer_data, pointer_length, "pointer")? };
        // SAFETY: the header asks for a place to write to, or NULL.
        let length = unsafe { place(length, "length")? };
        let room = match usize::try_from(capacity).ok().filter(|room| isize::try_from(*room).is_ok()) {
            Some(0) => &mut [],
            // SAFETY: the header asks for so many bytes to write to, which nobody else uses.
            Some(room) if !buffer.is_null() => unsafe { std::slice::from_raw_parts_mut(buffer.cast(), room) },
            _ => return Err(Failure::Argument("buffer")),
        };
        length.put(identity.claim(pointer).map_or(0, |claim| tape::write(claim, room) as u64));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Are two identities the same by value: the same entry of the policy and the same claims? `equal`
/// becomes 1 or 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_identity_equal(
    identity: *const counterseal_identity,
    other: *const counterseal_identity,
    equal: *mut u32,
    error: *mut *mut counterseal_error,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for live handles or NULL.
        let (identity, other) = unsafe { (borrow(identity, "identity")?, borrow(other, "other")?) };
        // SAFETY: the header asks for a place to write to, or NULL.
        unsafe { place(equal, "equal")? }.put(u32::from(identity.identity == other.identity));
        Ok(())
    };
    // SAFETY: the header asks for a place to write to, or NULL.
    unsafe { run(error, body) }
}

/// Frees an identity. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_identity_free(identity: *mut counterseal_identity) {
    // SAFETY: the header asks for a handle that nobody uses any more, or NULL.
    quietly(|| unsafe { free(identity) });
}
