//! Errors: what went wrong, for the program that called and for the people behind it.

use counterseal::{Class, Code, Error};

use crate::arguments::{ARGUMENT, counterseal_view};
use crate::boundary::{Failure, quietly, run};
use crate::handle::{borrow, free};
use crate::structs::{Sized64, write_out};

/// Details of a failed call. Free it with `counterseal_error_free`.
pub struct counterseal_error {
    code: Code,
    class: Class,
    status: u16,
    retry_after: u32,
    enforced: bool,
    rule: Option<String>,
    www_authenticate: Option<String>,
    reference: Option<String>,
    message: String,
    problems: Option<String>,
}

/// What `counterseal_error_read` tells. Set `struct_size` to the size of this struct first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct counterseal_error_fields {
    /// `sizeof(counterseal_error_fields)`
    pub struct_size: u64,
    /// The number of the error: the same as the status that the function returned.
    pub number: u32,
    /// The HTTP status to answer with; 0 where no request is concerned (a policy that does not load).
    pub status: u32,
    /// Seconds for `Retry-After`; 0 where none is sent.
    pub retry_after: u32,
    /// 1 where it counts; 0 where the issuer's entry in the policy says `enforce = false`: report it, and
    /// let the library decide that decided before. There is no identity either way.
    pub enforced: u32,
    /// The stable name, such as "token_expired".
    pub code: counterseal_view,
    /// What the caller does: "malformed", "untrusted", "rejected" (refuse the request), "unavailable"
    /// (answer 503; never log the user out), "policy" (fix the file), "misuse" (fix the call), "internal".
    pub error_class: counterseal_view,
    /// The check that failed first, such as "CLM-13"; none where no token was refused.
    pub rule: counterseal_view,
    /// The value of `WWW-Authenticate`; none for what is no challenge.
    pub www_authenticate: counterseal_view,
    /// A support reference, to be shown to the client and found again in the logs.
    pub reference: counterseal_view,
    /// For people. It shows nothing of the token, the keys or the claims' values.
    pub message: counterseal_view,
    /// Every mistake in a policy, as a JSON list of objects with path, pointer, line, column, code,
    /// message and hint; none for other errors.
    pub problems: counterseal_view,
}

// SAFETY: repr(C), `struct_size` is first, and zeros are numbers and NULL.
unsafe impl Sized64 for counterseal_error_fields {
    const SMALLEST: u64 = size_of::<counterseal_error_fields>() as u64;

    fn set_size(&mut self, size: u64) {
        self.struct_size = size;
    }
}

impl counterseal_error {
    pub(crate) fn new(failure: Failure) -> counterseal_error {
        let plain = |code: Code, about: &str| counterseal_error {
            code,
            class: code.class(),
            status: code.status().unwrap_or(0),
            retry_after: 0,
            enforced: true,
            rule: None,
            www_authenticate: None,
            reference: None,
            message: format!("{}: {}{about}", code.slug(), code.message()),
            problems: None,
        };
        match failure {
            Failure::Argument(name) => plain(ARGUMENT, &format!(" ({name})")),
            Failure::Panic(place) => {
                // A place outside of this project's sources is a path on the machine that built it.
                let place = place.filter(|place| !place.starts_with('/'));
                plain(Code::Internal, &place.map(|place| format!(" ({place})")).unwrap_or_default())
            }
            Failure::Error(error) => counterseal_error {
                message: error.to_string(),
                enforced: error.enforced(),
                ..match &error {
                    Error::TokenRejected(rejection) => counterseal_error {
                        status: rejection.status(),
                        rule: Some(rejection.rule().to_string()),
                        www_authenticate: rejection.www_authenticate(),
                        reference: Some(rejection.reference()),
                        ..plain(rejection.code(), "")
                    },
                    Error::Unavailable(outage) => counterseal_error {
                        status: outage.status(),
                        retry_after: outage.retry_after(),
                        reference: Some(outage.reference()),
                        ..plain(outage.code(), "")
                    },
                    // Mistakes in a policy and calls that are wrong may have codes that tokens are refused with
                    // as well: a key that contradicts itself, for example. What the caller does is another thing.
                    Error::Policy(policy) => counterseal_error {
                        class: Class::Policy,
                        status: 0,
                        problems: serde_json::to_string(policy.problems()).ok(),
                        ..plain(error.code(), "")
                    },
                    Error::Misuse(code) if code.class() != Class::Internal => counterseal_error {
                        class: Class::Misuse,
                        status: ARGUMENT.status().unwrap_or(0),
                        ..plain(*code, "")
                    },
                    other => plain(other.code(), ""),
                }
            },
        }
    }

    pub(crate) fn number(&self) -> u32 {
        u32::from(self.code.number())
    }

    fn fields(&self) -> counterseal_error_fields {
        counterseal_error_fields {
            struct_size: 0,
            number: self.number(),
            status: u32::from(self.status),
            retry_after: self.retry_after,
            enforced: u32::from(self.enforced),
            code: counterseal_view::of(self.code.slug()),
            error_class: counterseal_view::of(self.class.name()),
            rule: counterseal_view::of_optional(self.rule.as_deref()),
            www_authenticate: counterseal_view::of_optional(self.www_authenticate.as_deref()),
            reference: counterseal_view::of_optional(self.reference.as_deref()),
            message: counterseal_view::of(&self.message),
            problems: counterseal_view::of_optional(self.problems.as_deref()),
        }
    }
}

/// Reads everything about an error. The views live as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_error_read(
    error: *const counterseal_error,
    fields: *mut counterseal_error_fields,
) -> u32 {
    let body = || {
        // SAFETY: the header asks for a live handle or NULL.
        let error = unsafe { borrow(error, "error")? };
        // SAFETY: the header asks for a struct that begins with its size, or NULL.
        unsafe { write_out(fields, error.fields(), "fields") }
    };
    // SAFETY: no details are asked for.
    unsafe { run(std::ptr::null_mut(), body) }
}

/// Frees an error. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn counterseal_error_free(error: *mut counterseal_error) {
    // SAFETY: the header asks for a handle that nobody uses any more, or NULL.
    quietly(|| unsafe { free(error) });
}

/// The stable name behind a status, such as "token_expired"; "ok" for 0, and none for a number that this
/// library does not have. A constant: it lives as long as the program.
#[unsafe(no_mangle)]
pub extern "C" fn counterseal_status_name(status: u32) -> counterseal_view {
    let code = u16::try_from(status).ok().and_then(Code::from_number);
    match (status, code) {
        (0, _) => counterseal_view::of("ok"),
        (_, code) => counterseal_view::of_optional(code.map(Code::slug)),
    }
}
