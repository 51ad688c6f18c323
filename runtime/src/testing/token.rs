//! A token for a test, to be changed before it is signed.

use std::fmt;

use counterseal_core::error::Code;
use counterseal_core::json::{Bounds, parse};
use counterseal_core::jws;
use counterseal_core::policy::Profile;

use super::{Issuer, Oddity};
use crate::Error;

const LIFETIME_SECONDS: i64 = 3600;

/// A token that an [`Issuer`] is about to sign: right in everything, until it is changed. Of two changes
/// to one thing the last counts.
#[must_use = "a token is made by signing it"]
pub struct Token<'i> {
    issuer: &'i Issuer,
    header: Members,
    claims: Members,
    signature: Signature,
}

/// What is made of the signature.
#[derive(Clone, Copy)]
enum Signature {
    Right,
    OfAnotherKey,
    OfOtherClaims,
    None,
}

impl<'i> Token<'i> {
    pub(super) fn new(issuer: &'i Issuer, profile: Profile) -> Token<'i> {
        let (header, claims) = (Members::default(), Members::default());
        let now = issuer.clock().now().as_seconds();
        let id_token = profile.is_id_token();
        let token = Token { issuer, header, claims, signature: Signature::Right }
            .header("alg", issuer.algorithm().name())
            .header("typ", if id_token { "JWT" } else { "at+jwt" })
            .header("kid", issuer.kid().unwrap_or_default())
            .claim("iss", issuer.issuer())
            .claim("aud", if id_token { issuer.client_id() } else { issuer.audience() })
            .subject("test-user")
            .claim("iat", now)
            .claim("exp", now + LIFETIME_SECONDS);
        match id_token {
            true => token,
            false => token.claim("client_id", issuer.client_id()).claim("jti", issuer.next_token_id()),
        }
    }

    /// With this claim in place of the one before.
    pub fn claim(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.claims.put(name, value.into().to_string());
        self
    }

    /// With the claims of a JSON object in place of those of the same names. `null` is a claim that is
    /// null, and numbers stay as they are written.
    ///
    /// # Errors
    /// [`Error::Misuse`] for what is not one JSON object.
    pub fn claims_json(mut self, object: &str) -> Result<Self, Error> {
        self.claims.put_all(object)?;
        Ok(self)
    }

    /// Without that claim.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// With another subject.
    pub fn subject(self, subject: &str) -> Self {
        self.claim("sub", subject)
    }

    /// With these scopes, joined by spaces.
    pub fn scope(self, scopes: &str) -> Self {
        self.claim("scope", scopes)
    }

    /// That ends so many seconds from now; one that ended already for a negative number.
    pub fn expires_in(self, seconds: i64) -> Self {
        let now = self.issuer.clock().now().as_seconds();
        self.claim("iat", now.min(now + seconds - LIFETIME_SECONDS)).claim("exp", now + seconds)
    }

    /// With this member of the header in place of the one before.
    pub fn header(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.header.put(name, value.into().to_string());
        self
    }

    /// With the members of a JSON object in the header.
    ///
    /// # Errors
    /// As [`Token::claims_json`].
    pub fn header_json(mut self, object: &str) -> Result<Self, Error> {
        self.header.put_all(object)?;
        Ok(self)
    }

    /// Without that member of the header.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// That ended an hour ago: `token_expired`.
    pub fn expired(self) -> Self {
        self.odd(Oddity::Expired)
    }

    /// That begins in an hour: `token_not_yet_valid`.
    pub fn not_yet_valid(self) -> Self {
        self.odd(Oddity::NotYetValid)
    }

    /// For another service: `aud_mismatch`.
    pub fn wrong_audience(self) -> Self {
        self.odd(Oddity::WrongAudience)
    }

    /// Of somebody who is not in the policy: `iss_untrusted`.
    pub fn wrong_issuer(self) -> Self {
        self.odd(Oddity::WrongIssuer)
    }

    /// Signed with another key than the published one of that `kid`: `signature_invalid`.
    pub fn wrong_key(self) -> Self {
        self.odd(Oddity::WrongKey)
    }

    /// Changed after it was signed: `signature_invalid`.
    pub fn tampered(self) -> Self {
        self.odd(Oddity::Tampered)
    }

    /// Not signed at all, with the algorithm `none`: `alg_not_allowed`.
    pub fn unsigned(self) -> Self {
        self.odd(Oddity::Unsigned)
    }

    /// Odd in that way.
    pub fn odd(self, oddity: Oddity) -> Self {
        let now = self.issuer.clock().now().as_seconds();
        let signed = |signature, token: Self| Token { signature, ..token };
        match oddity {
            Oddity::Expired => self.expires_in(-LIFETIME_SECONDS),
            Oddity::NotYetValid => {
                self.claim("nbf", now + LIFETIME_SECONDS).claim("exp", now + 2 * LIFETIME_SECONDS)
            }
            Oddity::WrongAudience => self.claim("aud", "https://other-api.example.test"),
            Oddity::WrongIssuer => self.claim("iss", "https://other-issuer.example.test"),
            Oddity::WrongKey => signed(Signature::OfAnotherKey, self),
            Oddity::Tampered => signed(Signature::OfOtherClaims, self),
            Oddity::Unsigned => signed(Signature::None, self).header("alg", "none"),
        }
    }

    /// Signs it and gives the token.
    ///
    /// # Errors
    /// [`Error::Misuse`] where the operating system has no randomness.
    pub fn sign(self) -> Result<String, Error> {
        self.signed().map_err(Error::Misuse)
    }

    fn signed(&self) -> Result<String, Code> {
        let (header, claims) = (self.header.to_json(), self.claims.to_json());
        let keys = self.issuer.keys();
        let pair = &*keys.current()?.pair;
        let token = jws::sign(header.as_bytes(), claims.as_bytes(), pair)?;
        let (unsigned, signature) = token.rsplit_once('.').ok_or(Code::Internal)?;
        match self.signature {
            Signature::Right => Ok(token),
            Signature::OfAnotherKey => jws::sign(header.as_bytes(), claims.as_bytes(), &*keys.stranger()?),
            Signature::None => Ok(format!("{unsigned}.")),
            Signature::OfOtherClaims => {
                let mut others = self.claims.clone();
                others.put("tampered", "true".to_owned());
                let other = jws::sign(header.as_bytes(), others.to_json().as_bytes(), pair)?;
                let (unsigned, _) = other.rsplit_once('.').ok_or(Code::Internal)?;
                Ok(format!("{unsigned}.{signature}"))
            }
        }
    }
}

impl fmt::Debug for Token<'_> {
    /// Shows no claim.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Token").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Members of a JSON object by name, each with the text of its value.
#[derive(Clone, Default)]
struct Members(Vec<(String, String)>);

impl Members {
    fn put(&mut self, name: &str, json: String) {
        match self.0.iter_mut().find(|(held, _)| held == name) {
            Some((_, value)) => *value = json,
            None => self.0.push((name.to_owned(), json)),
        }
    }

    fn put_all(&mut self, object: &str) -> Result<(), Error> {
        let document = parse(object.as_bytes().to_vec(), Bounds::OPERATOR)
            .map_err(|_| Error::Misuse(Code::MisuseArgument))?;
        let members = document.root().as_object().ok_or(Error::Misuse(Code::MisuseArgument))?;
        members.for_each(|(name, value)| self.put(name, value.to_json()));
        Ok(())
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(held, _)| held != name);
    }

    fn to_json(&self) -> String {
        let member =
            |(name, json): &(String, String)| format!("{}:{json}", serde_json::Value::from(name.as_str()));
        format!("{{{}}}", self.0.iter().map(member).collect::<Vec<_>>().join(","))
    }
}
