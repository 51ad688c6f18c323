//! How a guard is doing, for people and for monitoring.

use serde::{Serialize, Serializer};

use counterseal_core::cache::CacheCounters;
use counterseal_core::error::Code;
use counterseal_core::inbound::{Decisions, IssuerStatus};
use counterseal_core::keys::KeyState;

/// A guard at one moment. Nothing in it comes from a token.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// The policy in force.
    pub policy: PolicyStatus,
    /// Its entries, in the order of the file.
    pub issuers: Vec<IssuerStatus>,
    /// What became of tokens that belong to no issuer of the policy.
    pub unknown_issuer: Decisions,
    /// The verified-token cache.
    pub cache: CacheStatus,
    /// `deny_file`, where the policy names one.
    pub deny_file: Option<DenyFileStatus>,
    /// What an operator should look at now.
    pub alarms: Vec<Alarm>,
}

/// The policy in force, and attempts to load another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PolicyStatus {
    /// How many policies came before it.
    pub generation: u64,
    /// How often it was to be loaded again and could not be.
    pub failed_reloads: u64,
    /// Did the last attempt succeed? `None` where there was none.
    pub last_reload_succeeded: Option<bool>,
    /// When it was, in seconds since 1970; `None` also where the clock is not to be trusted.
    pub last_reload_at: Option<i64>,
}

/// The verified-token cache since the guard was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CacheStatus {
    /// Answers given from it.
    pub hits: u64,
    /// Verifications that looked in vain.
    pub misses: u64,
    /// Entries added.
    pub inserts: u64,
    /// Entries that made room for others.
    pub evictions: u64,
    /// Entries there now.
    pub entries: u64,
}

/// The deny file (POL-07).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DenyFileStatus {
    /// Where it stands.
    pub path: String,
    /// How many keys and issuers it denies, by the last good reading.
    pub denied: usize,
    /// Why the last reading was not a good one.
    pub alarm: Option<Alarm>,
}

/// Something is wrong and the guard goes on with what it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Alarm {
    /// In data, its slug.
    #[serde(serialize_with = "slug")]
    pub code: Code,
    /// What is wrong.
    pub message: String,
}

impl Status {
    /// Puts the parts together and gathers their alarms.
    pub(crate) fn new(
        policy: PolicyStatus,
        reload_fault: Option<String>,
        issuers: Vec<IssuerStatus>,
        unknown_issuer: Decisions,
        cache: CacheCounters,
        deny_file: Option<DenyFileStatus>,
    ) -> Status {
        let reload = reload_fault.map(|message| Alarm { code: Code::PolicyReloadFailed, message });
        let without_keys = issuers
            .iter()
            .filter(|issuer| {
                matches!(issuer.key_state, KeyState::Failed | KeyState::Stale | KeyState::CoolingDown)
            })
            .map(|issuer| {
                let why = issuer.fetch.as_ref().and_then(|fetch| fetch.last_error.as_deref());
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                match issuer.key_state {
                    KeyState::Stale => Alarm {
                        code: Code::JwksFetchFailed,
                        message: format!(
                            "the keys of \"{}\" are old and cannot be fetched again{why}",
                            issuer.name
                        ),
                    },
                    _ => Alarm {
                        code: Code::KeysUnavailable,
                        message: format!("the keys of \"{}\" could not be had{why}", issuer.name),
                    },
                }
            });
        let denied = deny_file.as_ref().and_then(|file| file.alarm.clone());
        let alarms = reload.into_iter().chain(denied).chain(without_keys).collect();
        Status { policy, issuers, unknown_issuer, cache: CacheStatus::from(cache), deny_file, alarms }
    }
}

impl From<CacheCounters> for CacheStatus {
    fn from(counters: CacheCounters) -> CacheStatus {
        let CacheCounters { hits, misses, inserts, evictions, entries } = counters;
        CacheStatus { hits, misses, inserts, evictions, entries }
    }
}

fn slug<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.slug())
}
