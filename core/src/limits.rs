//! Caps on everything that comes from outside (LIM-*). What a policy may change says so.

/// Largest compact token in bytes, unless `limits.token_bytes` says otherwise (LIM-01).
pub const TOKEN_BYTES: usize = 16 * 1024;
/// What `limits.token_bytes` may be raised to.
pub const TOKEN_BYTES_MAX: usize = 64 * 1024;
/// Largest decoded header in bytes, unless `limits.header_bytes` says otherwise (LIM-02).
pub const HEADER_BYTES: usize = 4 * 1024;
/// What `limits.header_bytes` may be raised to.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// Deepest nesting of JSON; the outermost object counts as one (LIM-03).
pub const JSON_DEPTH: usize = 16;
/// Most JSON values in one document: objects, lists and scalars, names not counted (LIM-03).
pub const JSON_VALUES: usize = 2048;
/// Longest `jti` in bytes (LIM-05).
pub const JTI_BYTES: usize = 512;
/// Longest `iss`, and longest audience, in bytes (LIM-05).
pub const ISSUER_BYTES: usize = 2048;
/// Longest `sub` in bytes (LIM-05).
pub const SUBJECT_BYTES: usize = 1024;
/// Longest `kid` in bytes (JWS-21).
pub const KID_BYTES: usize = 256;
/// Most audiences (LIM-06).
pub const AUDIENCES: usize = 32;
/// Most scopes (LIM-06).
pub const SCOPES: usize = 256;
/// Longest chain of actors (LIM-06).
pub const ACTORS: usize = 8;
/// Most certificates of a key (LIM-06).
pub const CERTIFICATES: usize = 8;
/// Most keys of a fetched set (LIM-06); a static set may have more.
pub const KEYS: usize = 100;
/// Most keys of a static set.
pub const STATIC_KEYS: usize = 10_000;
/// Largest JWK Set in bytes (JWK-01).
pub const JWKS_BYTES: usize = 256 * 1024;
/// Largest static JWK Set in bytes: a file of many keys is the operator's own.
pub const STATIC_JWKS_BYTES: usize = 8 * 1024 * 1024;
/// Largest policy in bytes.
pub const POLICY_BYTES: usize = 1024 * 1024;
/// Most bytes that environment variables may add to a policy, each as often as it is put in.
pub const VARIABLE_BYTES: usize = 1024 * 1024;
/// Most bytes of all key files of a policy together.
pub const KEY_FILES_BYTES: usize = 64 * 1024 * 1024;
/// Largest deny file in bytes.
pub const DENY_FILE_BYTES: usize = 1024 * 1024;
/// Most keys and issuers of a deny file.
pub const DENIED: usize = 10_000;
/// Last second of the year 9999 (CLM-12).
pub const LATEST_DATE: i64 = 253_402_300_799;
/// Seconds that clocks may differ by, unless `limits.leeway` says otherwise (CLM-16).
pub const LEEWAY: i64 = 30;
/// What `limits.leeway` may be raised to, in seconds (CLM-16).
pub const LEEWAY_MAX: i64 = 300;
/// Seconds a token may live, unless `max_lifetime` says otherwise (CLM-15).
pub const LIFETIME: i64 = 24 * 60 * 60;
/// Seconds a cached token without `exp` lives (CAC-09).
pub const CACHED_WITHOUT_EXPIRY: i64 = 60;
/// Most scopes, and most classes of authentication, that one handler may ask for (STP-02).
pub const REQUIREMENTS: usize = 64;
/// Longest of them in bytes.
pub const REQUIREMENT_BYTES: usize = 256;
/// Longest `max_age` of a sign-in, in seconds (STP-03): ten years.
pub const AUTHENTICATION_AGE_MAX: i64 = 10 * 366 * 24 * 60 * 60;
/// Tokens in the cache, unless `cache.entries` says otherwise.
pub const CACHE_ENTRIES: usize = 4096;
/// What `cache.entries` may be raised to.
pub const CACHE_ENTRIES_MAX: usize = 4 * 1024 * 1024;
/// Milliseconds a caller waits for keys, unless `fetch.wait` says otherwise: longer than a fetch, shorter
/// than most clients' patience.
pub const FETCH_WAIT_MILLIS: u64 = 3000;
/// Milliseconds for which fetched keys are fresh, unless the answer or `fetch.ttl` says otherwise (JKS-05).
pub const FETCH_TTL_MILLIS: u64 = 600_000;
/// What `fetch.ttl_min` is otherwise.
pub const FETCH_TTL_MIN_MILLIS: u64 = 60_000;
/// What `fetch.ttl_max` is otherwise.
pub const FETCH_TTL_MAX_MILLIS: u64 = 86_400_000;
/// What `fetch.cooldown` is otherwise (JKS-07).
pub const FETCH_COOLDOWN_MILLIS: u64 = 30_000;
/// What `fetch.stale` is otherwise (JKS-08).
pub const FETCH_STALE_MILLIS: u64 = 3_600_000;
/// What `fetch.connect_timeout` is otherwise (JKS-04).
pub const FETCH_CONNECT_MILLIS: u64 = 2000;
/// What `fetch.timeout` is otherwise (JKS-04).
pub const FETCH_TIMEOUT_MILLIS: u64 = 5000;
/// Largest `ca_file` in bytes.
pub const CA_FILE_BYTES: usize = 4 * 1024 * 1024;
/// Most unknown kids that one fetch answers for (JKS-07).
pub const UNKNOWN_KIDS: usize = 256;
