//! What hosts of other languages ask an issuer for: claims as JSON, and oddities by name.

use std::fmt;

use counterseal_core::policy::Profile;

/// A token to be made by [`Issuer::issue`](super::Issuer::issue).
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// An access token's or an ID token's defaults.
    pub profile: Profile,
    /// A JSON object whose members take the place of the defaults. `null` is a claim that is null, and
    /// numbers stay as they are written.
    pub claims: &'a str,
    /// Claims that the token does not have.
    pub remove: &'a [&'a str],
    /// A JSON object of the same kind for the header.
    pub header: &'a str,
    /// What is wrong with it.
    pub oddity: Option<Oddity>,
}

impl fmt::Debug for Request<'_> {
    /// Shows no claim.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = out.debug_struct("Request");
        shown.field("profile", &self.profile).field("oddity", &self.oddity).finish_non_exhaustive()
    }
}

impl Default for Request<'_> {
    fn default() -> Self {
        Request { profile: Profile::AccessToken, claims: "{}", remove: &[], header: "{}", oddity: None }
    }
}

/// A token that a guard refuses; [`Token`](super::Token) says with which code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the methods of `Token` of these names describe them")]
pub enum Oddity {
    Expired,
    NotYetValid,
    WrongAudience,
    WrongIssuer,
    WrongKey,
    Tampered,
    Unsigned,
}

impl Oddity {
    /// All of them.
    pub const ALL: [Oddity; 7] = [
        Oddity::Expired,
        Oddity::NotYetValid,
        Oddity::WrongAudience,
        Oddity::WrongIssuer,
        Oddity::WrongKey,
        Oddity::Tampered,
        Oddity::Unsigned,
    ];

    /// The oddity of that name.
    pub fn from_name(name: &str) -> Option<Oddity> {
        Oddity::ALL.into_iter().find(|oddity| oddity.name() == name)
    }

    /// Its name in `snake_case`.
    pub fn name(self) -> &'static str {
        match self {
            Oddity::Expired => "expired",
            Oddity::NotYetValid => "not_yet_valid",
            Oddity::WrongAudience => "wrong_audience",
            Oddity::WrongIssuer => "wrong_issuer",
            Oddity::WrongKey => "wrong_key",
            Oddity::Tampered => "tampered",
            Oddity::Unsigned => "unsigned",
        }
    }
}
