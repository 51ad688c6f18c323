//! Fuzz targets: what must hold for any bytes at all.
//!
//! Each target is a function of bytes that panics where something does not hold. `tests/fuzz` runs
//! them with cargo-fuzz (`make fuzz TARGET=token`), `tests/tests/fuzz.rs` with seeded changes of the
//! committed seeds, in CI.
//!
//! What every target holds: no panic; every refusal has a documented code of the right class; no
//! secret in any text; work in proportion to the size of the input.

mod claims;
mod cost;
mod jwks;
mod mutate;
mod pem;
mod policy;
mod secret;
mod seeds;
mod silence;
mod token;
mod verdict;
mod world;

pub use claims::claims;
pub use jwks::jwks;
pub use mutate::{mutate, mutate_token};
pub use pem::pem;
pub use policy::{policy_json, policy_toml};
pub use secret::secret;
pub use seeds::{decoded, folder, seeds, tokens};
pub use token::token;

/// How an input ended: `accepted`, or the slug of the code it was refused with.
pub type Ending = &'static str;

/// What an input ended as when it was taken.
pub const ACCEPTED: Ending = "accepted";

/// One target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name in `tests/fuzz/fuzz_targets` and `tests/fuzz/seeds`.
    pub name: &'static str,
    /// Judges an input; panics where something does not hold.
    pub run: fn(&[u8]) -> Ending,
    /// What its inputs are, for changes that keep them nearly well formed.
    pub kind: Kind,
}

/// What the inputs of a target are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A compact token.
    Token,
    /// A byte that chooses the header, and the claims in JSON.
    Claims,
    /// JSON.
    Json,
    /// Lines of text.
    Text,
    /// Bytes.
    Bytes,
}

/// All targets.
pub const TARGETS: [Target; 7] = [
    Target { name: "token", run: token, kind: Kind::Token },
    Target { name: "claims", run: claims, kind: Kind::Claims },
    Target { name: "jwks", run: jwks, kind: Kind::Json },
    Target { name: "policy_toml", run: policy_toml, kind: Kind::Text },
    Target { name: "policy_json", run: policy_json, kind: Kind::Json },
    Target { name: "pem", run: pem, kind: Kind::Text },
    Target { name: "secret", run: secret, kind: Kind::Bytes },
];

/// The code of keys or a policy that could not be loaded. Two codes are told of tokens, too: of a key
/// named alone whose algorithm is not listed, and of a key whose name is none.
fn loading_code(code: counterseal::Code) {
    use counterseal::{Class, Code};
    let is_documented =
        code.class() == Class::Policy || matches!(code, Code::KeyAlgMismatch | Code::KidInvalid);
    assert!(is_documented, "{code} is no code of loading");
}
