//! Fetched keys that outlive the process (SNP-01). Where they are kept, and who may write there, is the runtime's.

use serde::{Deserialize, Serialize};

/// The keys of one source, as they were fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Tells the source from all others: SHA-256 of its issuer, algorithms, URL and settings, as hex digits.
    pub source: Box<str>,
    /// When they were fetched, in milliseconds since 1970.
    pub fetched_at: i64,
    /// For how long they were fresh then, in milliseconds.
    pub fresh_for: i64,
    /// The JWK Set, as it came.
    pub jwks: String,
}
