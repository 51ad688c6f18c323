//! Every denial has a code. This table is the only place where a code's number, slug, class,
//! HTTP status, OAuth error and message are written; `docs/errors.md` and the constants of every
//! language are generated from it.

use std::fmt;
use std::sync::Arc;

use crate::rule::Rule;

/// What the caller does with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The token is not well formed. Refuse the request.
    Malformed,
    /// The token's origin, key or signature is not trusted. Refuse the request.
    Untrusted,
    /// The token is genuine and still not acceptable here. Refuse the request.
    Rejected,
    /// Nobody can decide now. Retry later and alert; never log the user out.
    Unavailable,
    /// The policy file is wrong. Fix the file.
    Policy,
    /// The call is wrong. Fix the code.
    Misuse,
    /// Counterseal is wrong. Report it.
    Internal,
}

impl Class {
    /// The class in lower case, as documents and metrics spell it.
    pub fn name(self) -> &'static str {
        match self {
            Class::Malformed => "malformed",
            Class::Untrusted => "untrusted",
            Class::Rejected => "rejected",
            Class::Unavailable => "unavailable",
            Class::Policy => "policy",
            Class::Misuse => "misuse",
            Class::Internal => "internal",
        }
    }
}

macro_rules! codes {
    ($( $number:literal $variant:ident $slug:literal $class:ident $status:literal $oauth:literal $message:literal; )*) => {
        /// A stable error code. Numbers and slugs never change their meaning and are never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum Code { $( #[doc = $message] $variant = $number, )* }

        impl Code {
            /// Every code, ordered by number.
            pub const ALL: &'static [Code] = &[ $( Code::$variant, )* ];

            fn row(self) -> &'static Row {
                match self { $( Code::$variant => const { &Row {
                    slug: $slug, class: Class::$class, status: $status, oauth: $oauth, message: $message,
                } }, )* }
            }
        }
    };
}

struct Row {
    slug: &'static str,
    class: Class,
    status: u16,
    oauth: &'static str,
    message: &'static str,
}

// number, variant, slug, class, HTTP status at a resource (0: none), OAuth error ("": none), message
codes! {
    1001 TokenTooLarge "token_too_large" Malformed 401 "invalid_token" "the token is larger than limits.token_bytes";
    1002 HeaderTooLarge "header_too_large" Malformed 401 "invalid_token" "the token's header is larger than limits.header_bytes";
    1003 TokenMalformed "token_malformed" Malformed 401 "invalid_token" "the token is not a compact JWS of three segments";
    1004 TokenEncrypted "token_encrypted" Malformed 401 "invalid_token" "the token is encrypted (JWE), which this policy does not accept";
    1005 Base64Alphabet "base64_alphabet" Malformed 401 "invalid_token" "a segment holds a byte outside the base64url alphabet";
    1006 Base64Noncanonical "base64_noncanonical" Malformed 401 "invalid_token" "a segment is not canonical base64url";
    1007 JsonInvalid "json_invalid" Malformed 401 "invalid_token" "a segment is not one JSON object";
    1008 JsonInvalidUtf8 "json_invalid_utf8" Malformed 401 "invalid_token" "a segment is not strict UTF-8";
    1009 JsonDuplicateMember "json_duplicate_member" Malformed 401 "invalid_token" "a JSON object names a member twice";
    1010 JsonTooComplex "json_too_complex" Malformed 401 "invalid_token" "the JSON is nested too deeply or has too many values";
    1011 NameCaseVariant "name_case_variant" Malformed 401 "invalid_token" "a name differs from a known claim or header in case alone";
    1012 HeaderClaimMismatch "header_claim_mismatch" Malformed 401 "invalid_token" "a claim repeated in the header differs from the claim";
    1013 CritInvalid "crit_invalid" Malformed 401 "invalid_token" "the crit header is not a list of distinct, present, unregistered names";
    1014 CritUnknown "crit_unknown" Malformed 401 "invalid_token" "the token has a critical header that is not understood";
    1015 B64InJwt "b64_in_jwt" Malformed 401 "invalid_token" "the token uses the b64 header, which is not for JWTs";
    1016 NestedNotAllowed "nested_not_allowed" Malformed 401 "invalid_token" "the token has a cty header: nested tokens are not accepted";
    1017 HeaderKeyUrl "header_key_url" Malformed 401 "invalid_token" "the token names a URL for its key (jku or x5u)";
    1018 HeaderEmbeddedKey "header_embedded_key" Malformed 401 "invalid_token" "the token carries its own key (jwk)";
    1019 HeaderX5c "header_x5c" Malformed 401 "invalid_token" "the token carries its own certificate (x5c)";
    1020 HeaderJweMember "header_jwe_member" Malformed 401 "invalid_token" "the token's header has a member of encrypted tokens";
    1021 KidInvalid "kid_invalid" Malformed 401 "invalid_token" "kid is not a printable string of 1 to 256 bytes";
    1022 SignatureMalformed "signature_malformed" Malformed 401 "invalid_token" "the signature does not have the length of its algorithm";
    1023 ClaimWrongType "claim_wrong_type" Malformed 401 "invalid_token" "a claim or header has the wrong JSON type";
    1024 ClaimControlChar "claim_control_char" Malformed 401 "invalid_token" "a claim holds a control character";
    1025 ClaimTooLong "claim_too_long" Malformed 401 "invalid_token" "a claim is longer than its limit";
    1026 TooManyValues "too_many_values" Malformed 401 "invalid_token" "a claim has more values than its limit";
    1027 NumberOutOfRange "number_out_of_range" Malformed 401 "invalid_token" "a number that is used does not fit 64 bits";
    1028 DateOutOfRange "date_out_of_range" Malformed 401 "invalid_token" "a date is before 1970 or after the year 9999";
    1029 DateForm "date_form" Malformed 401 "invalid_token" "a date is written with an exponent and is not a whole number";
    1030 ScopeInvalid "scope_invalid" Malformed 401 "invalid_token" "scope is not a list of scope tokens joined by single spaces";
    1031 ActInvalid "act_invalid" Malformed 401 "invalid_token" "act is not an actor with a subject";

    2001 AlgNotAllowed "alg_not_allowed" Untrusted 401 "invalid_token" "the token's algorithm is not listed for this issuer";
    2002 IssInvalid "iss_invalid" Untrusted 401 "invalid_token" "iss is missing or not a string";
    2003 IssUntrusted "iss_untrusted" Untrusted 401 "invalid_token" "the token's issuer is not in the policy";
    2004 TypMismatch "typ_mismatch" Untrusted 401 "invalid_token" "the token's type is not one the issuer's profile accepts";
    2005 KidUnknown "kid_unknown" Untrusted 401 "invalid_token" "the issuer has no usable key with the token's kid";
    2006 KeyAmbiguous "key_ambiguous" Untrusted 401 "invalid_token" "more than one key could have signed the token";
    2007 KeyAlgMismatch "key_alg_mismatch" Untrusted 401 "invalid_token" "the key is bound to another algorithm";
    2008 HeaderX5tMismatch "header_x5t_mismatch" Untrusted 401 "invalid_token" "x5t#S256 is not the certificate of the selected key";
    2009 SignatureInvalid "signature_invalid" Untrusted 401 "invalid_token" "the signature is not valid";
    2010 KeyDenied "key_denied" Untrusted 401 "invalid_token" "the token's key is on the deny list";
    2011 IssDenied "iss_denied" Untrusted 401 "invalid_token" "the token's issuer is on the deny list";

    3001 TokenKindMismatch "token_kind_mismatch" Rejected 401 "invalid_token" "the token is of another kind than the profile accepts";
    3002 SubInvalid "sub_invalid" Rejected 401 "invalid_token" "sub is missing, empty or not of the form the profile requires";
    3003 AudInvalid "aud_invalid" Rejected 401 "invalid_token" "the audience is missing or not a string or list of strings";
    3004 AudMismatch "aud_mismatch" Rejected 401 "invalid_token" "the token is not for this service";
    3005 AzpMismatch "azp_mismatch" Rejected 401 "invalid_token" "the token was issued to another client";
    3006 ClaimMissing "claim_missing" Rejected 401 "invalid_token" "a required claim is missing";
    3007 TokenExpired "token_expired" Rejected 401 "invalid_token" "the token has expired";
    3008 TokenNotYetValid "token_not_yet_valid" Rejected 401 "invalid_token" "the token is not valid yet";
    3009 IatFuture "iat_future" Rejected 401 "invalid_token" "the token says it was issued in the future";
    3010 DateInconsistent "date_inconsistent" Rejected 401 "invalid_token" "the token expires before it begins";
    3011 LifetimeTooLong "lifetime_too_long" Rejected 401 "invalid_token" "the token lives longer than max_lifetime";
    3012 BindingMissing "binding_missing" Rejected 401 "invalid_token" "the token is bound to its sender and no proof came with it";
    3013 BindingUnsupported "binding_unsupported" Rejected 401 "invalid_token" "the token is bound in a way that is not supported";
    3014 InsufficientScope "insufficient_scope" Rejected 403 "insufficient_scope" "the token lacks a required scope";
    3015 ClaimRule "claim_rule" Rejected 403 "insufficient_scope" "a claim does not satisfy a rule of the policy";
    3016 ActorNotAllowed "actor_not_allowed" Rejected 403 "insufficient_scope" "the token was delegated to an actor that is not listed";
    3017 AcrUnmet "acr_unmet" Rejected 401 "insufficient_user_authentication" "the sign-in is not of a class that is asked for";
    3018 AuthTooOld "auth_too_old" Rejected 401 "insufficient_user_authentication" "the sign-in is longer ago than is asked for";

    4001 KeysUnavailable "keys_unavailable" Unavailable 503 "" "the issuer's keys cannot be had at the moment";
    4002 ClockUnsafe "clock_unsafe" Unavailable 503 "" "the machine's clock is before this build or went back";

    5001 ConfigSyntax "config_syntax" Policy 0 "" "the policy is not well-formed TOML or JSON";
    5002 ConfigUnknownKey "config_unknown_key" Policy 0 "" "a setting is not known";
    5003 ConfigType "config_type" Policy 0 "" "a setting has the wrong type";
    5004 ConfigValue "config_value" Policy 0 "" "a setting has a value that is not allowed";
    5005 ConfigMissing "config_missing" Policy 0 "" "a required setting is missing";
    5006 ConfigNotSupported "config_not_supported" Policy 0 "" "a setting is not supported in this version";
    5007 ConfigSecret "config_secret" Policy 0 "" "a secret or environment variable cannot be had";
    5008 ConfigFile "config_file" Policy 0 "" "a file named by the policy cannot be read";
    5009 ConfigAlgEmpty "config_alg_empty" Policy 0 "" "no algorithm is listed";
    5010 ConfigAlgMixed "config_alg_mixed" Policy 0 "" "MAC and signature algorithms stand in one list";
    5011 ConfigAlgUnsupported "config_alg_unsupported" Policy 0 "" "the cryptography provider lacks an algorithm";
    5012 ConfigAudienceShared "config_audience_shared" Policy 0 "" "audiences are not told apart between issuers";
    5013 ConfigProfileOverlap "config_profile_overlap" Policy 0 "" "two kinds of token cannot be told apart";
    5014 ConfigDangerous "config_dangerous" Policy 0 "" "a dangerous opt-out is used where it must not be";
    5015 ConfigTooLarge "config_too_large" Policy 0 "" "the policy is larger or nested more deeply than its limit";
    5017 ConfigOpenIssuer "config_open_issuer" Policy 0 "" "anyone can get a token of the issuer for this audience, and no rule says whose are meant";
    5018 PolicyReloadFailed "policy_reload_failed" Policy 0 "" "the policy could not be loaded again; the one before it stays";
    5101 JwksInvalid "jwks_invalid" Policy 0 "" "the document is not a JWK Set";
    5102 JwkSkipped "jwk_skipped" Policy 0 "" "the key is of an unknown kind or lacks a member";
    5103 JwksPrivateKey "jwks_private_key" Policy 0 "" "a private key stands in a set of public keys";
    5104 JwksSymmetricKey "jwks_symmetric_key" Policy 0 "" "a symmetric key stands in a set of public keys";
    5105 KeyUse "key_use" Policy 0 "" "the key is not for signatures (use)";
    5106 KeyOps "key_ops" Policy 0 "" "the key is not for verifying (key_ops)";
    5107 KidDuplicate "kid_duplicate" Policy 0 "" "two different keys have the same kid";
    5108 RsaKeyWeak "rsa_key_weak" Policy 0 "" "the RSA modulus is even, padded, or not of 2048 to 8192 bits";
    5109 RsaExponent "rsa_exponent" Policy 0 "" "the RSA exponent is even, below 65537 or above 2^32";
    5110 EcPointInvalid "ec_point_invalid" Policy 0 "" "the point is not on its curve or not of full length";
    5111 OkpInvalid "okp_invalid" Policy 0 "" "the Edwards key has the wrong length or curve, or a small order";
    5112 HmacKeyShort "hmac_key_short" Policy 0 "" "the secret is shorter than the output of its hash";
    5113 HmacKeyIsPublic "hmac_key_is_public" Policy 0 "" "the secret is a public key or certificate";
    5114 JwkCertMismatch "jwk_cert_mismatch" Policy 0 "" "the certificate is not the one of the key";
    5115 AlgAmbiguous "alg_ambiguous" Policy 0 "" "the key names no algorithm and the policy lists several for it";

    5201 JwksUrlInvalid "jwks_url_invalid" Policy 0 "" "keys cannot be fetched from this URL";
    5202 JwksRedirect "jwks_redirect" Policy 0 "" "the key server answers with a redirect that is not followed";
    5203 JwksAddressBlocked "jwks_address_blocked" Policy 0 "" "the address of the key server is not one to fetch from";
    5204 JwksFetchFailed "jwks_fetch_failed" Policy 0 "" "the key server does not answer as it should";
    5205 JwksEmpty "jwks_empty" Policy 0 "" "no key of the fetched set can be used";
    5206 MetadataIssuerMismatch "metadata_issuer_mismatch" Policy 0 "" "the metadata is of another issuer";
    5207 MetadataUrlInvalid "metadata_url_invalid" Policy 0 "" "the metadata names a URL that keys cannot be fetched from";
    5208 IssuerUrlInvalid "issuer_url_invalid" Policy 0 "" "no metadata can be found by this issuer";
    5209 SnapshotInvalid "snapshot_invalid" Policy 0 "" "the key snapshot is not one of this policy";

    6001 MisuseTime "misuse_time" Misuse 500 "" "the time given is not in seconds since 1970";
    6002 MisuseClosed "misuse_closed" Misuse 500 "" "the flight or guard is not one that waits for this";
    6003 MisuseArgument "misuse_argument" Misuse 500 "" "an argument has the wrong type or form";

    7001 Internal "internal" Internal 500 "" "an error inside Counterseal";
}

impl Code {
    /// The stable number: thousands stand for the class.
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The stable name in `snake_case`, the documented thing to compare with.
    pub fn slug(self) -> &'static str {
        self.row().slug
    }

    /// What the caller does with it.
    pub fn class(self) -> Class {
        self.row().class
    }

    /// HTTP status at a protected resource (ACT-09); `None` where no request is answered with it.
    pub fn status(self) -> Option<u16> {
        Some(self.row().status).filter(|status| *status != 0)
    }

    /// The error of RFC 6750 section 3.1 that the client may see (ORD-04).
    pub fn oauth_error(self) -> Option<&'static str> {
        Some(self.row().oauth).filter(|error| !error.is_empty())
    }

    /// One sentence without any value of the token, key or policy.
    pub fn message(self) -> &'static str {
        self.row().message
    }

    /// The position in [`Code::ALL`].
    pub(crate) fn position(self) -> usize {
        static POSITIONS: [u8; 8000] = {
            let mut positions = [0; 8000];
            let mut at = 0;
            while at < Code::ALL.len() {
                positions[Code::ALL[at] as usize] = at as u8;
                at += 1;
            }
            positions
        };
        POSITIONS[self as usize] as usize
    }

    /// The code with that number.
    pub fn from_number(number: u16) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.number() == number)
    }

    /// The code with that slug.
    pub fn from_slug(slug: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.slug() == slug)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.slug())
    }
}

/// The name of the claim, header or setting that a rejection is about. It comes from the policy or
/// from the specifications, never from a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Subject {
    /// The code says it all.
    #[default]
    None,
    /// A registered name, such as `exp`.
    Registered(&'static str),
    /// A name that the policy file spells out.
    Policy(Arc<str>),
}

impl Subject {
    /// The name, if there is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Subject::None => None,
            Subject::Registered(name) => Some(name),
            Subject::Policy(name) => Some(name),
        }
    }
}

/// A token was refused: the code, the rule that failed first, and what is needed to answer the client.
///
/// It holds nothing of the token, the keys or the claims' values. Making one does not allocate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    code: Code,
    rule: Rule,
    subject: Subject,
    wanted: Wanted,
    reference: u64,
    enforced: bool,
}

/// What a client would need in place of what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Scope(Arc<str>),
    Authentication(Arc<str>),
}

impl Rejection {
    /// A rejection by `rule`.
    pub(crate) fn new(rule: Rule, code: Code) -> Self {
        Rejection {
            code,
            rule,
            subject: Subject::None,
            wanted: Wanted::Nothing,
            reference: 0,
            enforced: true,
        }
    }

    /// The same about a registered claim or header.
    pub(crate) fn about(rule: Rule, code: Code, name: &'static str) -> Self {
        Rejection { subject: Subject::Registered(name), ..Rejection::new(rule, code) }
    }

    pub(crate) fn with_subject(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    /// Adds the scopes that a client would need (RFC 6750 section 3).
    pub(crate) fn with_scope(mut self, scope: Arc<str>) -> Self {
        self.wanted = Wanted::Scope(scope);
        self
    }

    /// Adds the sign-in that a client would need, as parameters of a challenge (RFC 9470 section 3).
    pub(crate) fn with_authentication(mut self, parameters: Arc<str>) -> Self {
        self.wanted = Wanted::Authentication(parameters);
        self
    }

    /// The same under another support reference: for refusals that no guard makes.
    pub fn with_reference(mut self, reference: u64) -> Self {
        self.reference = reference;
        self
    }

    pub(crate) fn with_enforced(mut self, enforced: bool) -> Self {
        self.enforced = enforced;
        self
    }

    /// Does the refusal count? Where not, the issuer's entry says `enforce = false`: report it, and let
    /// the library decide that decided before. There is no identity either way.
    pub fn enforced(&self) -> bool {
        self.enforced
    }

    /// The fine-grained code, for logs and metrics.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The check that failed.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// The claim, header or setting it is about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// HTTP status at a protected resource: 401, 403 or 503.
    pub fn status(&self) -> u16 {
        self.code.status().unwrap_or(500)
    }

    /// An opaque support reference: shown to the client, found again in the logs. 13 characters.
    pub fn reference(&self) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        (0..13).rev().map(|at| ALPHABET[(self.reference >> (5 * at)) as usize & 31] as char).collect()
    }

    /// The value of `WWW-Authenticate` (RFC 6750 section 3), with the RFC's error only; `None` for
    /// an outage, which is no challenge.
    pub fn www_authenticate(&self) -> Option<String> {
        let error = self.code.oauth_error()?;
        Some(match &self.wanted {
            Wanted::Nothing => format!("Bearer error=\"{error}\""),
            Wanted::Scope(scope) => format!("Bearer error=\"{error}\", scope=\"{scope}\""),
            Wanted::Authentication(parameters) => format!("Bearer error=\"{error}\", {parameters}"),
        })
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code.slug(), self.code.message())?;
        if let Some(name) = self.subject.as_str() {
            write!(out, " ({name})")?;
        }
        write!(out, " [{}]; run `counterseal explain` to see every check", self.rule)
    }
}

impl std::error::Error for Rejection {}
