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
    /// Not read yet.
    Planned,
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

/// `profile`: first what is built, then what is planned.
const PROFILES: Shape = Shape::Choice(
    &["access_token", "id_token", "id_token_api", "generic"],
    &["internal", "transaction", "jwt_svid"],
);
/// Marks of ID tokens that an entry may allow. `events` is none of them: a logout token is never accepted.
const MARKS: Shape = Shape::Choices(&["nonce", "at_hash", "c_hash"]);
const OPT_OUTS: Shape = Shape::Choices(&["no_issuer", "no_audience", "no_expiry", "any_type"]);

const fn row(
    path: &'static str,
    shape: Shape,
    default: &'static str,
    documentation: &'static str,
) -> Setting {
    Setting { path, shape, default, documentation, rules: &[], required: false, built: true }
}

const fn planned(path: &'static str, documentation: &'static str) -> Setting {
    Setting { built: false, ..row(path, Shape::Planned, "", documentation) }
}

const fn integer(least: usize, most: usize) -> Shape {
    Shape::Integer { least: least as i64, most: most as i64 }
}

/// Every setting, in the order of the reference.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    row("version", Shape::Version, "", "Version of this format.").rules(&["POL-06"]).required(),
    row("audience", Shape::TextOrTexts, "", "Names of this service, while there is one issuer.").rules(&["CLM-06"]),

    row("issuer[]", Shape::Tables, "", "Whose tokens are accepted; each entry is one kind of token of one issuer.").rules(&["CLM-01", "POL-04"]).required(),
    row("issuer[].name", Shape::Text, "the issuer", "Short name, for services that change the entry and for reports."),
    row("issuer[].issuer", Shape::Text, "", "The exact `iss`; required unless `no_issuer` is spelled out.").rules(&["CLM-01", "CLM-02"]),
    row("issuer[].preset", Shape::Choice(presets::NAMES, presets::PLANNED), "", "What a vendor puts where: settings that stand under those of the entry.").rules(&["POL-05", "ACT-02"]),
    row("issuer[].issuer_aliases", Shape::Texts, "[]", "Other exact spellings of the same issuer.").rules(&["CLM-01"]),
    row("issuer[].profile", PROFILES, "", "What kind of token it is.").rules(&["CLM-18"]).required(),
    row("issuer[].audience", Shape::TextOrTexts, "", "Names of this service: one must be among the token's; required unless `no_audience` is spelled out.").rules(&["CLM-05", "CLM-06"]),
    row("issuer[].audience_claim", Shape::Claim, "\"aud\"", "Where the audience stands with vendors that have no usable `aud`.").rules(&["CLM-05"]),
    row("issuer[].algorithms", Shape::Algorithms, "", "The signature algorithms that are accepted; there is no default.").rules(&["JWS-03", "JWS-04", "JWS-05", "JWS-06"]).required(),
    row("issuer[].types", Shape::Types, "the profile's: [\"at+jwt\"], or [\"JWT\", \"none\"]", "Values of the `typ` header; \"none\" is an absent one.").rules(&["JWS-14", "ACT-02"]),
    row("issuer[].keys", Shape::Table, "", "Where the keys come from: exactly one source.").rules(&["CLM-03", "JKS-11"]).required(),
    row("issuer[].keys.jwks_file", Shape::Path, "", "A file with a JWK Set.").rules(&["JWK-01"]),
    row("issuer[].keys.jwks", Shape::KeyDocument, "", "A JWK Set, as a table or as JSON in a string.").rules(&["JWK-01"]),
    row("issuer[].keys.pem_file", Shape::Path, "", "A file with public keys or certificates in PEM."),
    row("issuer[].keys.secret", Shape::Secret, "", "A shared secret for HS256, HS384 or HS512: `file:PATH`, `base64:`, `hex:`, or plain.").rules(&["JWK-13", "JWK-14"]),
    row("issuer[].keys.scripted", Shape::True, "", "Keys that a test hands in; refused outside of tests."),
    planned("issuer[].keys.discovery", "Keys found by OpenID Connect or OAuth discovery."),
    planned("issuer[].keys.discovery_url", "Keys found by metadata at this URL."),
    planned("issuer[].keys.jwks_uri", "Keys fetched from this URL."),
    planned("issuer[].keys.bearer_file", "A credential for fetching keys."),
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
    row("issuer[].subject_kind.client[].equals", Shape::Scalar, "", "It has this type and value."),
    row("issuer[].subject_kind.client[].one_of", Shape::Scalars, "", "It has one of these."),
    row("issuer[].subject_kind.client[].present", Shape::True, "", "It is there."),
    row("issuer[].subject_kind.user[]", Shape::Tables, "[]", "Any of these holds, and none of a client: it is a user's."),
    row("issuer[].subject_kind.user[].claim", Shape::Pointer, "", "The claim.").required(),
    row("issuer[].subject_kind.user[].equals", Shape::Scalar, "", "It has this type and value."),
    row("issuer[].subject_kind.user[].one_of", Shape::Scalars, "", "It has one of these."),
    row("issuer[].subject_kind.user[].present", Shape::True, "", "It is there."),
    row("issuer[].subject_kind.client_suffix", Shape::Text, "", "What follows the client in the `sub` of a client's own token; any other `sub` is a user."),
    row("issuer[].discriminator[]", Shape::Tables, "[]", "What tells this kind of token from others of its issuer; joined by AND, a failure is 401.").rules(&["POL-04", "CLM-18"]),
    row("issuer[].discriminator[].claim", Shape::Pointer, "", "The claim.").required(),
    row("issuer[].discriminator[].equals", Shape::Scalar, "", "It has this type and value."),
    row("issuer[].discriminator[].one_of", Shape::Scalars, "", "It has one of these."),
    row("issuer[].discriminator[].present", Shape::True, "", "It is there."),
    row("issuer[].discriminator[].absent", Shape::True, "", "It is not there."),
    row("issuer[].rule[]", Shape::Tables, "[]", "What a claim must satisfy; rules are joined by AND.").rules(&["POL-04", "POL-08"]),
    row("issuer[].rule[].claim", Shape::Pointer, "", "The claim.").required(),
    row("issuer[].rule[].equals", Shape::Scalar, "", "It has this type and value."),
    row("issuer[].rule[].one_of", Shape::Scalars, "", "It has one of these."),
    row("issuer[].rule[].contains", Shape::Scalar, "", "It is a list with this element."),
    row("issuer[].rule[].present", Shape::True, "", "It is there."),
    row("issuer[].rule[].absent", Shape::True, "", "It is not there."),
    row("issuer[].dangerous", OPT_OUTS, "[]", "Checks that are switched off; needs keys from the policy or a file.").rules(&["POL-03"]),
    row("issuer[].enforce", Shape::Boolean, "true", "Whether refusals count: with false they are reported, and another library decides."),
    planned("issuer[].required", "Refuse to start without keys."),
    planned("issuer[].binding", "How tokens are bound to their sender."),
    planned("issuer[].bind_peer", "Tokens bound to the peer's certificate."),
    planned("issuer[].replay", "Where used tokens are remembered."),
    planned("issuer[].credential", "Which credential of a request is read."),

    row("limits", Shape::Table, "", "Caps that may be changed."),
    row("limits.leeway", Shape::Duration { least: 0, most: limits::LEEWAY_MAX as u64 * SECOND }, "\"30s\"", "How far clocks may differ.").rules(&["CLM-16"]),
    row("limits.token_bytes", integer(256, limits::TOKEN_BYTES_MAX), "16384", "Largest token in bytes.").rules(&["LIM-01"]),
    row("limits.header_bytes", integer(256, limits::HEADER_BYTES_MAX), "4096", "Largest decoded header in bytes.").rules(&["LIM-02"]),
    row("cache", Shape::Table, "", "The cache of verified tokens."),
    row("cache.entries", integer(0, limits::CACHE_ENTRIES_MAX), "4096", "Tokens in the cache; 0 turns it off."),
    row("fetch", Shape::Table, "", "Fetching of keys, for every issuer."),
    row("fetch.wait", Shape::Duration { least: 1, most: WAIT_MOST }, "\"3s\"", "How long a caller waits for keys.").rules(&["JKS-12"]),
    planned("fetch.ttl", "How long fetched keys are fresh."),
    planned("fetch.ttl_min", "Least time between two fetches."),
    planned("fetch.ttl_max", "Longest time between two fetches."),
    planned("fetch.cooldown", "Least time between two fetches for an unknown key."),
    planned("fetch.stale", "How long keys are used when they cannot be fetched again."),
    planned("fetch.mode", "A background thread, or none."),
    planned("fetch.connect_timeout", "Longest time to connect."),
    planned("fetch.timeout", "Longest time for a fetch."),
    planned("fetch.max_bytes", "Largest answer."),
    planned("fetch.max_keys", "Most keys of a set."),
    planned("fetch.redirects", "Most redirects."),
    planned("fetch.ca_file", "Certificates of private authorities."),
    planned("fetch.allow_addresses", "Private addresses that may be fetched from."),
    planned("fetch.plaintext", "Plain HTTP inside a service mesh."),
    planned("fetch.snapshot", "Keys kept on disk."),

    row("service", Shape::Services, "", "What single services change: tables merge, lists replace, issuers merge by `name`."),
    planned("headers", "Identity as headers between services."),
    planned("inbound", "Requests that come in."),
    planned("signing", "Minting of tokens."),
    planned("client", "This service as an OAuth client."),
    planned("outbound", "Where credentials may be sent."),
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
}
