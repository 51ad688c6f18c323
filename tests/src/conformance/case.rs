//! The shape of a case file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::text::Text;

/// `cases/<area>/<RULE-ID>.json`: what proves one rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The rule's id in the catalogue, or that of an attack.
    pub rule: String,
    /// What it asks, in one line.
    pub statement: String,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// One case: some steps on a clock that only moves when it is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The rule and a name: `CLM-08/at-the-boundary`.
    pub id: String,
    /// The rules that it proves.
    pub rules: Vec<String>,
    /// What it shows of them.
    pub kind: Kind,
    /// What follows from the rule's text, in one line.
    pub why: String,
    /// Algorithms that not every provider has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Tokens by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tokens: BTreeMap<String, Token>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// What a case shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What the rule admits.
    Accept,
    /// What it refuses.
    Reject,
    /// Both, one step apart.
    Boundary,
}

/// A token, with how it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its recipe; a token without one is written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Recipe>,
    /// Its bytes, for everybody who runs the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Text>,
}

/// How a token is made: header and claims as JSON text, signed, then changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The template that it starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<String>,
    /// The key that signs; the template's otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Bytes that sign as an HMAC key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Text>,
    /// The algorithm that signs; the header's otherwise, or the key's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// The header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Part>,
    /// The payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Part>,
    /// A signature that no library makes, with how it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<Fixed>,
    /// The signature of an algorithm that signs differently each time, kept while what it signs stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// What is done to the token then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Change>,
}

/// Header or payload before it is encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The bytes themselves, instead of the template's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Members that are added or replaced.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// Members that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Text that stands once in the JSON, and what is put there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replace: Vec<(String, Text)>,
}

/// A signature made elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// Its bytes in hexadecimal.
    pub hex: String,
    /// How it was made.
    pub how: String,
}

/// A change to a signed token: of one segment, or of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which segment; the whole token otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<usize>,
    /// The encoded text that is put in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Bytes that are encoded and put in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Text>,
    /// A bit of the decoded bytes that is flipped, counted from the first byte's highest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flip: Option<usize>,
    /// Decoded bytes that are cut off behind this many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<usize>,
    /// Unused bits of the last character that are set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_bits: Option<u8>,
    /// What is done to a signature's numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Numbers>,
    /// Put before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepend: Option<Text>,
    /// Put behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub append: Option<Text>,
    /// Text that stands once, and what is put there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace: Option<(String, Text)>,
}

/// Arithmetic on a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Numbers {
    /// ECDSA: s becomes n - s, which is as valid.
    Twin,
    /// ECDSA: the same numbers in DER.
    Der,
    /// Ed25519: S becomes S + L, which satisfies the equation too.
    PlusOrder,
}

/// One step. Exactly one of its members but `expect` is there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Sets the clock, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    /// Moves the clock by seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance: Option<i64>,
    /// Builds a guard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// Gives the guard another policy, or keeps the old one where that has problems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reload: Option<Load>,
    /// Says what a URL answers from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Answer>,
    /// Fetches what is due; comes out as the URLs that were asked for since the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetch: Option<bool>,
    /// Are the keys there of every issuer that is required?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
    /// Reads how the issuers are doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<bool>,
    /// Hands scripted keys in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<HandIn>,
    /// Verifies a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// Verifies a token, and holds its identity against what a handler asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<Require>,
    /// Explains a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explain>,
    /// Reads the counters of the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<bool>,
    /// Reads a set of keys (Rust alone).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_set: Option<Keys>,
    /// Checks a signature through the lower door (Rust alone).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jws_verify: Option<JwsVerify>,
    /// What comes out: `"ok"`, `"pending"`, or members that the outcome must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Value>,
}

/// A policy: a file of `policies/` by name, an object, or text.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// The name of a file, or the policy itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Value>,
    /// Settings by JSON Pointer that are set, or removed where they are null.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub change: Map<String, Value>,
    /// The policy's text, where its syntax or its lines matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// `toml` or `json`, for `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The service whose overlay applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Environment variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Files beside the policy: their bytes, or `{"json": …}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Value>,
}

/// What a URL answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The URL.
    pub url: String,
    /// 200 where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Names and values; Content-Type is `application/json` where it is absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// A file of `policies/keys/` by name, an object, or `{"text": …}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// What its host has as address; a public one where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The credential that it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer: Option<String>,
    /// What goes wrong instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// Keys for an issuer whose keys are scripted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandIn {
    /// The name of its entry.
    pub issuer: String,
    /// A set: a file of `policies/keys/` by name, an object, or `{"text": …}`. Absent: they cannot be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
}

/// A token to verify.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// Its name.
    pub token: String,
    /// The time that the caller gives, in seconds; the clock's otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<i64>,
}

/// What a handler asks of a token's identity, at the clock's time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Require {
    /// Its name.
    pub token: String,
    /// Scopes, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Classes of authentication, one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr: Vec<String>,
    /// Seconds since the sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
}

/// A token to explain.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// Its name.
    pub token: String,
    /// Texts that the report holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shows: Vec<String>,
    /// Texts that it must not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hides: Vec<String>,
}

/// A source of keys, and what they are for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// A set: a file of `policies/keys/` by name, an object, or `{"text": …}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// A single key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwk: Option<Value>,
    /// PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pem: Option<Text>,
    /// A shared secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Text>,
    /// The listed algorithms.
    pub algorithms: Vec<String>,
    /// Do they come from the network?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fetched: bool,
}

/// A signature to check.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwsVerify {
    /// The token's name.
    pub token: String,
    /// The keys.
    pub keys: Keys,
}
