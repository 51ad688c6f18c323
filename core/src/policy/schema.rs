//! Every setting of the policy file: the one table that the check walks by, and that the reference
//! and the JSON Schema are made from.

use super::presets;
use crate::limits;

/// One setting.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Setting {
    /// Where it stands; `[]` follows the name of a list of tables: `issuer[].keys.jwks_file`.
    pub path: &'static str,
    /// What may be written there.
    pub shape: Shape,
    /// What holds where it is not written; empty where nothing does.
    pub default: &'static str,
    /// What it is, in one line.
    pub documentation: &'static str,
    /// The rules that it serves, by id.
    pub rules: &'static [&'static str],
    /// Must its table have it?
    pub required: bool,
    /// Does this version act on it? A setting that is planned is refused by name.
    pub built: bool,
    /// Is it one of several, of which its table has exactly one?
    pub alternative: bool,
    /// What a service's setting does to the one at the top of the file.
    pub overlay: Overlay,
}

/// What a service's setting does to the one at the top of the file. Values and lists replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overlay {
    /// Tables merge, setting by setting.
    Merges,
    /// The table is replaced as a whole: it names one of several alternatives.
    Replaces,
    /// Entries of the list merge with the entry of the same name: that of the first of these settings
    /// that is there and a string.
    MergesByName(&'static [&'static str]),
}

/// What may be written as the value of a setting.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Shape {
    /// The integer 1.
    Version,
    /// An integer of this range.
    Integer {
        /** The smallest. */
        least: i64,
        /** The largest. */
        most: i64,
    },
    /// An integer with `s`, `m`, `h` or `d`, in milliseconds here; `ms` too where the range begins below a second.
    Duration {
        /** The shortest. */
        least: u64,
        /** The longest. */
        most: u64,
    },
    /// A string of 1 to 2048 bytes without control characters.
    Text,
    /// A list of such strings.
    Texts,
    /// A list of such strings; a string is a list of one.
    TextOrTexts,
    /// One of the known words; the second list is planned.
    Choice(&'static [&'static str], &'static [&'static str]),
    /// A list of known words.
    Choices(&'static [&'static str]),
    /// A list of algorithm names.
    Algorithms,
    /// A list of values of `typ`; `"none"` is an absent one.
    Types,
    /// A list of scope tokens (RFC 6749 section 3.3).
    Scopes,
    /// The name of a claim, or a JSON Pointer where it starts with `/`.
    Claim,
    /// A list of those.
    Claims,
    /// A JSON Pointer that starts with `/`.
    Pointer,
    /// A list of at most so many pointers; a string is a list of one.
    Pointers(usize),
    /// A string, integer, finite float or boolean.
    Scalar,
    /// A list of those.
    Scalars,
    /// The boolean `true`.
    True,
    /// `true` or `false`.
    Boolean,
    /// The path of a file, relative to the policy file.
    Path,
    /// A secret: plain, `file:PATH`, `base64:` or `hex:`.
    Secret,
    /// A JWK Set as a table or as JSON in a string.
    KeyDocument,
    /// A table.
    Table,
    /// A list of tables.
    Tables,
    /// Tables by the name of a service, each with the settings of the top level.
    Services,
}

impl Setting {
    /// The last name of the path.
    pub fn name(&self) -> &'static str {
        let last = self.path.rsplit('.').next().unwrap_or(self.path);
        last.strip_suffix("[]").unwrap_or(last)
    }

    const fn rules(mut self, rules: &'static [&'static str]) -> Setting {
        self.rules = rules;
        self
    }

    const fn required(mut self) -> Setting {
        self.required = true;
        self
    }

    const fn alternative(mut self) -> Setting {
        self.alternative = true;
        self
    }

    const fn replaced_whole(mut self) -> Setting {
        self.overlay = Overlay::Replaces;
        self
    }

    const fn merged_by(mut self, names: &'static [&'static str]) -> Setting {
        self.overlay = Overlay::MergesByName(names);
        self
    }

    const fn planned(mut self) -> Setting {
        self.built = false;
        self
    }
}

/// The setting of that name in the table of that path.
pub(super) fn find(table: &str, name: &str) -> Option<&'static Setting> {
    children(table).find(|setting| setting.name() == name)
}

/// The settings that stand directly in the table of this path; the outermost table has the empty one.
pub(super) fn children(table: &str) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(move |setting| {
        let parent = setting.path.rsplit_once('.').map_or("", |(parent, _)| parent);
        parent == table
    })
}

const SECOND: u64 = 1000;
const DAY: u64 = 86_400 * SECOND;

/// Longest `max_lifetime` in milliseconds. Ten years: a token that is to live longer has no end, and
/// that is spelled `dangerous = ["no_expiry"]`.
const LIFETIME_MOST: u64 = 3650 * DAY;
/// Longest `fetch.wait`: whoever waits a minute for an answer has been given up by its own client.
const WAIT_MOST: u64 = 60 * SECOND;

/// Most redirects of a fetch, all within one origin (JKS-02).
const REDIRECTS_MOST: usize = 2;

/// `profile`: first what is built, then what is planned.
const PROFILES: Shape = Shape::Choice(
    &["access_token", "id_token", "id_token_api", "generic"],
    &["internal", "transaction", "jwt_svid"],
);
/// Of plain HTTP inside a service mesh that encrypts.
const MESH: Shape = Shape::Choice(&["mesh"], &[]);
/// Fields of an identity that headers can carry.
const HEADER_FIELDS: Shape = Shape::Choices(&[
    "subject",
    "issuer",
    "tenant",
    "subject_kind",
    "client_id",
    "scopes",
    "roles",
    "acr",
    "transaction_id",
]);
/// A span of time in fetching keys: as long as people wait for a service to notice.
const REFRESH: Shape = Shape::Duration { least: SECOND, most: 7 * DAY };
/// A span of time for one answer.
const TIMEOUT: Shape = Shape::Duration { least: 1, most: WAIT_MOST };
/// Marks of ID tokens that an entry may allow. `events` is none of them: a logout token is never accepted.
const MARKS: Shape = Shape::Choices(&["nonce", "at_hash", "c_hash"]);
const OPT_OUTS: Shape = Shape::Choices(&["no_issuer", "no_audience", "no_expiry", "any_type"]);

const fn row(
    path: &'static str,
    shape: Shape,
    default: &'static str,
    documentation: &'static str,
) -> Setting {
    Setting {
        path,
        shape,
        default,
        documentation,
        rules: &[],
        required: false,
        built: true,
        alternative: false,
        overlay: Overlay::Merges,
    }
}

const fn integer(least: usize, most: usize) -> Shape {
    Shape::Integer { least: least as i64, most: most as i64 }
}

/// Every setting, in the order of the reference.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    row("version", Shape::Version, "", "Version of this format.").rules(&["POL-06"]).required(),
    row("audience", Shape::TextOrTexts, "", "Names of this service, while there is one issuer.").rules(&["CLM-06"]),

    row("issuer[]", Shape::Tables, "", "Whose tokens are accepted; each entry is one kind of token of one issuer.").rules(&["CLM-01", "POL-04"]).required().merged_by(&["name", "issuer"]),
    row("issuer[].name", Shape::Text, "the issuer", "Short name, for services that change the entry and for reports."),
    row("issuer[].issuer", Shape::Text, "", "The exact `iss`; required unless `no_issuer` is spelled out.").rules(&["CLM-01", "CLM-02"]),
    row("issuer[].preset", Shape::Choice(presets::NAMES, presets::PLANNED), "", "What a vendor puts where: settings that stand under those of the entry.").rules(&["POL-05", "ACT-02"]),
    row("issuer[].issuer_aliases", Shape::Texts, "[]", "Other exact spellings of the same issuer.").rules(&["CLM-01"]),
    row("issuer[].profile", PROFILES, "", "What kind of token it is.").rules(&["CLM-18"]).required(),
    row("issuer[].audience", Shape::TextOrTexts, "", "Names of this service: one must be among the token's; required unless `no_audience` is spelled out.").rules(&["CLM-05", "CLM-06"]),
    row("issuer[].audience_claim", Shape::Claim, "\"aud\"", "Where the audience stands with vendors that have no usable `aud`.").rules(&["CLM-05"]),
    row("issuer[].algorithms", Shape::Algorithms, "", "The signature algorithms that are accepted; there is no default.").rules(&["JWS-03", "JWS-04", "JWS-05", "JWS-06"]).required(),
    row("issuer[].types", Shape::Types, "the profile's: [\"at+jwt\"], or [\"JWT\", \"none\"]", "Values of the `typ` header; \"none\" is an absent one.").rules(&["JWS-14", "ACT-02"]),
    row("issuer[].keys", Shape::Table, "", "Where the keys come from: exactly one source.").rules(&["CLM-03", "JKS-11"]).required().replaced_whole(),
    row("issuer[].keys.jwks_file", Shape::Path, "", "A file with a JWK Set.").rules(&["JWK-01"]).alternative(),
    row("issuer[].keys.jwks", Shape::KeyDocument, "", "A JWK Set, as a table or as JSON in a string.").rules(&["JWK-01"]).alternative(),
    row("issuer[].keys.pem_file", Shape::Path, "", "A file with public keys or certificates in PEM.").alternative(),
    row("issuer[].keys.secret", Shape::Secret, "", "A shared secret for HS256, HS384 or HS512: `file:PATH`, `base64:`, `hex:`, or plain.").rules(&["JWK-13", "JWK-14"]).alternative(),
    row("issuer[].keys.scripted", Shape::True, "", "Keys that a test hands in; refused outside of tests.").alternative(),
    row("issuer[].keys.discovery", Shape::Choice(&["oidc", "oauth"], &[]), "", "Keys found by the metadata of OpenID Connect or OAuth (RFC 8414) at the issuer.").rules(&["MTA-01"]).alternative(),
    row("issuer[].keys.discovery_url", Shape::Text, "", "Keys found by the metadata at this URL.").rules(&["MTA-01"]).alternative(),
    row("issuer[].keys.jwks_uri", Shape::Text, "", "Keys fetched from this URL.").rules(&["JKS-01"]).alternative(),
    row("issuer[].keys.bearer_file", Shape::Path, "", "A file with the credential for fetching them, as in Kubernetes.").rules(&["MTA-14"]),
    row("issuer[].keys.ttl", REFRESH, "`fetch.ttl`", "As in `[fetch]`, for this issuer alone.").rules(&["JKS-05"]),
    row("issuer[].keys.ttl_min", REFRESH, "`fetch.ttl_min`", "As in `[fetch]`, for this issuer alone.").rules(&["JKS-05"]),
    row("issuer[].keys.ttl_max", REFRESH, "`fetch.ttl_max`", "As in `[fetch]`, for this issuer alone.").rules(&["JKS-05"]),
    row("issuer[].keys.cooldown", REFRESH, "`fetch.cooldown`", "As in `[fetch]`, for this issuer alone.").rules(&["JKS-07"]),
    row("issuer[].keys.stale", REFRESH, "`fetch.stale`", "As in `[fetch]`, for this issuer alone.").rules(&["JKS-08"]),
    row("issuer[].keys.wait", TIMEOUT, "`fetch.wait`", "As in `[fetch]`, for this issuer alone.").rules(&["JKS-12"]),
    row("issuer[].keys.connect_timeout", TIMEOUT, "`fetch.connect_timeout`", "As in `[fetch]`, for this issuer alone.").rules(&["JKS-04"]),
    row("issuer[].keys.timeout", TIMEOUT, "`fetch.timeout`", "As in `[fetch]`, for this issuer alone.").rules(&["JKS-04"]),
    row("issuer[].keys.max_bytes", integer(1024, limits::STATIC_JWKS_BYTES), "`fetch.max_bytes`", "As in `[fetch]`, for this issuer alone.").rules(&["JWK-01"]),
    row("issuer[].keys.max_keys", integer(1, limits::STATIC_KEYS), "`fetch.max_keys`", "As in `[fetch]`, for this issuer alone.").rules(&["LIM-06"]),
    row("issuer[].keys.redirects", integer(0, REDIRECTS_MOST), "`fetch.redirects`", "As in `[fetch]`, for this issuer alone.").rules(&["JKS-02"]),
    row("issuer[].keys.ca_file", Shape::Path, "`fetch.ca_file`", "As in `[fetch]`, for this issuer alone."),
    row("issuer[].keys.allow_addresses", Shape::Texts, "`fetch.allow_addresses`", "As in `[fetch]`, for this issuer alone.").rules(&["JKS-03"]),
    row("issuer[].keys.plaintext", MESH, "`fetch.plaintext`", "As in `[fetch]`, for this issuer alone.").rules(&["JKS-01"]),
    row("issuer[].key_urls", Shape::Texts, "[]", "Values of the `jku` header that are accepted, and never fetched; without it a token with `jku` is refused.").rules(&["JWS-17"]),
    row("issuer[].max_lifetime", Shape::Duration { least: SECOND, most: LIFETIME_MOST }, "\"24h\"", "Longest life of a token.").rules(&["CLM-15"]),
    row("issuer[].required_claims", Shape::Claims, "[]", "Claims that must be there: names, or JSON Pointers where they start with `/`.").rules(&["POL-08"]),
    row("issuer[].optional_claims", Shape::Choices(&["client_id", "jti"]), "[]", "Claims of RFC 9068 that this issuer's access tokens may lack.").rules(&["ACT-03"]),
    row("issuer[].widened_claims", Shape::Choices(&["amr"]), "[]", "Claims whose JSON type is the vendor's own.").rules(&["CLM-17"]),
    row("issuer[].allow_marks", MARKS, "[]", "Marks of an ID token that this issuer's access tokens bear, too.").rules(&["ACT-05"]),
    row("issuer[].required_scopes", Shape::Scopes, "[]", "Scopes that must all be granted.").rules(&["ACT-06"]),
    row("issuer[].actors", Shape::Texts, "[]", "Who may appear as the outermost `act`; without it delegation is refused.").rules(&["XCH-05"]),
    row("issuer[].authorized_parties", Shape::Texts, "[]", "Clients whose ID tokens are accepted, by `azp`; for `id_token_api`.").rules(&["IDT-10"]),
    row("issuer[].identity", Shape::Table, "", "Where the fields of an identity come from."),
    row("issuer[].identity.roles", Shape::Pointers(16), "[]", "Role lists, joined in order."),
    row("issuer[].identity.scopes", Shape::Pointers(16), "the `scope` claim", "Scopes, joined in order.").rules(&["CLM-19"]),
    row("issuer[].identity.tenant", Shape::Pointers(1), "", "The tenant.").rules(&["CLM-20"]),
    row("issuer[].identity.client_id", Shape::Pointers(1), "the `client_id` claim", "The client.").rules(&["CLM-21"]),
    row("issuer[].identity.role_keys", Shape::Pointers(16), "[]", "Objects whose member names are roles, joined behind `roles`."),
    row("issuer[].identity.token_id", Shape::Pointers(1), "the `jti` claim", "The id of the token.").rules(&["ACT-03"]),
    row("issuer[].subject_kind", Shape::Table, "by `sub` and the client", "Whether a token stands for a user or for a client itself.").rules(&["CLM-21"]),
    row("issuer[].subject_kind.client[]", Shape::Tables, "[]", "Any of these holds: it is a client's."),
    row("issuer[].subject_kind.client[].claim", Shape::Pointer, "", "The claim.").required(),
    row("issuer[].subject_kind.client[].equals", Shape::Scalar, "", "It has this type and value.").alternative(),
    row("issuer[].subject_kind.client[].one_of", Shape::Scalars, "", "It has one of these.").alternative(),
    row("issuer[].subject_kind.client[].present", Shape::True, "", "It is there.").alternative(),
    row("issuer[].subject_kind.user[]", Shape::Tables, "[]", "Any of these holds, and none of a client: it is a user's."),
    row("issuer[].subject_kind.user[].claim", Shape::Pointer, "", "The claim.").required(),
    row("issuer[].subject_kind.user[].equals", Shape::Scalar, "", "It has this type and value.").alternative(),
    row("issuer[].subject_kind.user[].one_of", Shape::Scalars, "", "It has one of these.").alternative(),
    row("issuer[].subject_kind.user[].present", Shape::True, "", "It is there.").alternative(),
    row("issuer[].subject_kind.client_suffix", Shape::Text, "", "What follows the client in the `sub` of a client's own token; any other `sub` is a user."),
    row("issuer[].discriminator[]", Shape::Tables, "[]", "What tells this kind of token from others of its issuer; joined by AND, a failure is 401.").rules(&["POL-04", "CLM-18"]),
    row("issuer[].discriminator[].claim", Shape::Pointer, "", "The claim.").required(),
    row("issuer[].discriminator[].equals", Shape::Scalar, "", "It has this type and value.").alternative(),
    row("issuer[].discriminator[].one_of", Shape::Scalars, "", "It has one of these.").alternative(),
    row("issuer[].discriminator[].present", Shape::True, "", "It is there.").alternative(),
    row("issuer[].discriminator[].absent", Shape::True, "", "It is not there.").alternative(),
    row("issuer[].rule[]", Shape::Tables, "[]", "What a claim must satisfy; rules are joined by AND.").rules(&["POL-04", "POL-08"]),
    row("issuer[].rule[].claim", Shape::Pointer, "", "The claim.").required(),
    row("issuer[].rule[].equals", Shape::Scalar, "", "It has this type and value.").alternative(),
    row("issuer[].rule[].one_of", Shape::Scalars, "", "It has one of these.").alternative(),
    row("issuer[].rule[].contains", Shape::Scalar, "", "It is a list with this element.").alternative(),
    row("issuer[].rule[].present", Shape::True, "", "It is there.").alternative(),
    row("issuer[].rule[].absent", Shape::True, "", "It is not there.").alternative(),
    row("issuer[].dangerous", OPT_OUTS, "[]", "Checks that are switched off; needs keys from the policy or a file.").rules(&["POL-03"]),
    row("issuer[].enforce", Shape::Boolean, "true", "Whether refusals count: with false they are reported, and another library decides."),
    row("issuer[].required", Shape::Boolean, "true", "Whether the service is ready only when the keys of this issuer are there.").rules(&["JKS-12"]),
    row("issuer[].binding", Shape::Choice(&["checked_upstream"], &[]), "", "Who checked the proof of a token that is bound to its sender.").rules(&["BND-01"]).planned(),
    row("issuer[].bind_peer", Shape::Boolean, "false", "The actor or binding of a token must be the authenticated peer.").rules(&["INR-02"]).planned(),
    row("issuer[].replay", Shape::Choice(&["process", "redis"], &[]), "", "Where tokens that count once are remembered.").rules(&["POL-02", "CLM-22"]).planned(),
    row("issuer[].credential", Shape::Table, "", "Where requests carry the token, where not in `Authorization`.").rules(&["HDR-14"]).replaced_whole().planned(),
    row("issuer[].credential.header", Shape::Text, "", "A header.").alternative().planned(),
    row("issuer[].credential.cookie", Shape::Text, "", "A cookie.").alternative().planned(),

    row("limits", Shape::Table, "", "Caps that may be changed."),
    row("limits.leeway", Shape::Duration { least: 0, most: limits::LEEWAY_MAX as u64 * SECOND }, "\"30s\"", "How far clocks may differ.").rules(&["CLM-16"]),
    row("limits.token_bytes", integer(256, limits::TOKEN_BYTES_MAX), "16384", "Largest token in bytes.").rules(&["LIM-01"]),
    row("limits.header_bytes", integer(256, limits::HEADER_BYTES_MAX), "4096", "Largest decoded header in bytes.").rules(&["LIM-02"]),
    row("cache", Shape::Table, "", "The cache of verified tokens."),
    row("cache.entries", integer(0, limits::CACHE_ENTRIES_MAX), "4096", "Tokens in the cache; 0 turns it off."),
    row("fetch", Shape::Table, "", "Fetching of keys, for every issuer."),
    row("fetch.wait", Shape::Duration { least: 1, most: WAIT_MOST }, "\"3s\"", "How long a caller waits for keys.").rules(&["JKS-12"]),
    row("fetch.ttl", REFRESH, "\"10m\"", "How long fetched keys are fresh where the answer does not say.").rules(&["JKS-05"]),
    row("fetch.ttl_min", REFRESH, "\"60s\"", "Fetched keys are fresh at least so long, whatever the answer says.").rules(&["JKS-05"]),
    row("fetch.ttl_max", REFRESH, "\"24h\"", "Fetched keys are fresh at most so long, whatever the answer says.").rules(&["JKS-05"]),
    row("fetch.cooldown", REFRESH, "\"30s\"", "Least time between two fetches for unknown keys.").rules(&["JKS-07"]),
    row("fetch.stale", REFRESH, "\"1h\"", "How long keys are used beyond that when they cannot be fetched again.").rules(&["JKS-08"]),
    row("fetch.mode", Shape::Choice(&["thread", "inline"], &[]), "\"thread\"", "A background thread, or none.").rules(&["DRV-03"]),
    row("fetch.connect_timeout", TIMEOUT, "\"2s\"", "Longest time to connect.").rules(&["JKS-04"]),
    row("fetch.timeout", TIMEOUT, "\"5s\"", "Longest time for a fetch.").rules(&["JKS-04"]),
    row("fetch.max_bytes", integer(1024, limits::STATIC_JWKS_BYTES), "262144", "Largest answer in bytes.").rules(&["JWK-01"]),
    row("fetch.max_keys", integer(1, limits::STATIC_KEYS), "100", "Most keys of a set.").rules(&["LIM-06"]),
    row("fetch.redirects", integer(0, REDIRECTS_MOST), "0", "Most redirects, within one origin.").rules(&["JKS-02"]),
    row("fetch.ca_file", Shape::Path, "", "A file with certificates of private authorities, in PEM."),
    row("fetch.allow_addresses", Shape::Texts, "[]", "Private address ranges that may be fetched from.").rules(&["JKS-03"]),
    row("fetch.plaintext", MESH, "", "Plain HTTP, where a service mesh encrypts it.").rules(&["JKS-01"]),
    row("fetch.snapshot", Shape::Path, "", "A file in which fetched keys outlive the process.").planned(),

    row("service", Shape::Services, "", "What single services change."),

    row("headers", Shape::Table, "", "Identity as headers between services: a header for each field that is passed on.").rules(&["HDR-10", "HDR-11"]).planned(),
    row("headers.subject", Shape::Text, "", "Header of the subject.").planned(),
    row("headers.issuer", Shape::Text, "", "Header of the issuer.").planned(),
    row("headers.tenant", Shape::Text, "", "Header of the tenant.").planned(),
    row("headers.subject_kind", Shape::Text, "", "Header of the kind of subject: user, client or unknown.").planned(),
    row("headers.client_id", Shape::Text, "", "Header of the client.").planned(),
    row("headers.scopes", Shape::Text, "", "Header of the scopes.").planned(),
    row("headers.roles", Shape::Text, "", "Header of the roles.").planned(),
    row("headers.acr", Shape::Text, "", "Header of the authentication context.").planned(),
    row("headers.transaction_id", Shape::Text, "", "Header of the transaction.").planned(),

    row("inbound", Shape::Table, "", "Requests that come in.").rules(&["HDR-01"]).planned(),
    row("inbound.edge", Shape::Boolean, "false", "Requests come from the open internet: more headers are stripped and internal tokens refused.").rules(&["HDR-02"]).planned(),
    row("inbound.trusted_peers", Shape::Texts, "[]", "Whose context headers count: SPIFFE IDs and address ranges.").rules(&["HDR-05", "HDR-12"]).planned(),
    row("inbound.strip_extra", Shape::Texts, "[]", "Headers that are stripped besides the known ones.").rules(&["HDR-02"]).planned(),
    row("inbound.keep", Shape::Texts, "[]", "Headers that are not stripped.").rules(&["HDR-02"]).planned(),

    row("signing", Shape::Table, "", "Minting of tokens.").rules(&["MNT-01"]).planned(),
    row("signing.issuer", Shape::Text, "", "The `iss` of minted tokens.").required().planned(),
    row("signing.keys", Shape::Table, "", "The keys that sign: a directory with rotation, or one file.").required().replaced_whole().planned(),
    row("signing.keys.directory", Shape::Path, "", "A directory of keys that are made and rotated there.").alternative().planned(),
    row("signing.keys.file", Shape::Path, "", "One private key in PEM, without rotation.").alternative().planned(),
    row("signing.keys.rotate_every", Shape::Duration { least: 3600 * SECOND, most: 365 * DAY }, "\"7d\"", "How long a key signs, with `directory`.").planned(),
    row("signing.keys.algorithm", Shape::Text, "\"Ed25519\"", "What the keys sign with.").planned(),
    row("signing.mint_from", Shape::Texts, "[]", "Issuers whose tokens may be turned into minted ones.").rules(&["MNT-03"]).planned(),

    row("client", Shape::Table, "", "This service as an OAuth client, for exchange and service tokens.").planned(),
    row("client.issuer", Shape::Text, "", "The authorization server, whose metadata names the token endpoint.").alternative().planned(),
    row("client.token_endpoint", Shape::Text, "", "Its token endpoint, where there is no metadata.").rules(&["MTA-13"]).alternative().planned(),
    row("client.id", Shape::Text, "", "The `client_id` of this service.").required().planned(),
    row("client.auth", Shape::Table, "", "How it authenticates: exactly one way.").required().replaced_whole().planned(),
    row("client.auth.private_key", Shape::Secret, "", "A private key in PEM, for private_key_jwt.").rules(&["CAS-01"]).alternative().planned(),
    row("client.auth.secret", Shape::Secret, "", "The client secret.").alternative().planned(),
    row("client.auth.certificate", Shape::Path, "", "A file with certificate and key in PEM, for mutual TLS.").alternative().planned(),
    row("client.assertion", Shape::Table, "", "Of the assertion that private_key_jwt sends.").rules(&["CAS-02"]).planned(),
    row("client.assertion.audience", Shape::Text, "the issuer", "Its `aud`.").rules(&["CAS-02"]).planned(),
    row("client.assertion.typ", Shape::Text, "\"client-authentication+jwt\"", "Its `typ`.").rules(&["CAS-03"]).planned(),
    row("client.assertion.x5t", Shape::Boolean, "false", "Its header names the certificate.").rules(&["CAS-02"]).planned(),
    row("client.plaintext", MESH, "", "Plain HTTP, where a service mesh encrypts it.").rules(&["JKS-01"]).planned(),

    row("outbound[]", Shape::Tables, "[]", "Where credentials may be sent; a destination that is not listed gets none.").rules(&["OUT-01", "OUT-04"]).merged_by(&["name", "to"]).planned(),
    row("outbound[].name", Shape::Text, "`to`", "Short name, for services that change the entry.").planned(),
    row("outbound[].to", Shape::TextOrTexts, "", "The origin, or several; one leading `*.` label at most.").rules(&["OUT-02"]).required().planned(),
    row("outbound[].mode", Shape::Choice(&["forward", "exchange", "mint", "service", "none"], &[]), "", "Which credential is sent.").required().planned(),
    row("outbound[].audience", Shape::Text, "", "The audience of the token that is sent.").rules(&["MNT-02"]).planned(),
    row("outbound[].scopes", Shape::Scopes, "[]", "Scopes that a minted token carries at most.").rules(&["MNT-04"]).planned(),
    row("outbound[].roles", Shape::Texts, "[]", "Roles that a minted token carries at most.").rules(&["MNT-04"]).planned(),
    row("outbound[].claims", Shape::Claims, "[]", "Claims that a minted token carries at most.").rules(&["MNT-04"]).planned(),
    row("outbound[].headers", HEADER_FIELDS, "[]", "Context headers besides the credential.").rules(&["HDR-10"]).planned(),
    row("outbound[].unsigned", MESH, "", "Context headers without a credential, where a service mesh protects them.").rules(&["HDR-10"]).planned(),
    row("outbound[].plaintext", MESH, "", "Plain HTTP, where a service mesh encrypts it.").rules(&["OUT-02"]).planned(),
    row("outbound[].unbind", Shape::Boolean, "false", "A token bound to its sender may be turned into one that is not.").rules(&["MNT-06"]).planned(),

    row("deny_kid", Shape::Texts, "[]", "Keys that are refused at once, by `kid`, whoever's they are.").rules(&["POL-07"]),
    row("deny_issuer", Shape::Texts, "[]", "Issuers that are refused at once, by any spelling that the policy knows.").rules(&["POL-07"]),
    row("deny_file", Shape::Path, "", "A file of more of both, `kid NAME` or `issuer URL` on a line; it acts within seconds of a change.").rules(&["POL-07"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_setting_has_a_table_and_stands_once() {
        let mut paths = HashSet::new();
        for setting in SETTINGS {
            assert!(paths.insert(setting.path), "{}", setting.path);
            let parent = setting.path.rsplit_once('.').map(|(parent, _)| parent);
            assert!(parent.is_none_or(|parent| paths.contains(parent)), "{}", setting.path);
            assert!(setting.documentation.ends_with('.'), "{}", setting.path);
        }
        assert_eq!(children("issuer[].rule[]").count(), 6);
    }

    #[test]
    fn what_hangs_together_is_planned_together() {
        for setting in SETTINGS {
            let parent = setting.path.rsplit_once('.').map(|(parent, _)| parent);
            let parent = parent.and_then(|path| SETTINGS.iter().find(|one| one.path == path));
            // A planned table has no settings that work.
            assert!(parent.is_none_or(|parent| parent.built || !setting.built), "{}", setting.path);
            let is_table = matches!(setting.shape, Shape::Table | Shape::Tables);
            assert_eq!(children(setting.path).count() > 0, is_table, "{}", setting.path);
            assert_eq!(
                setting.path.ends_with("[]"),
                matches!(setting.shape, Shape::Tables),
                "{}",
                setting.path
            );
            assert_ne!(
                children(setting.path).filter(|child| child.alternative).count(),
                1,
                "{}",
                setting.path
            );
            if let Overlay::MergesByName(names) = setting.overlay {
                let known = |name: &str| children(setting.path).any(|child| child.name() == name);
                assert!(names.iter().all(|name| known(name)), "{}", setting.path);
            }
        }
    }
}
