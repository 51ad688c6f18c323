//! An issuer with real keys, for the tests of those who use a guard.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use counterseal_core::algorithm::Algorithm;
use counterseal_core::error::Code;
use counterseal_core::jws;
use counterseal_core::policy::{Format, Profile};

use super::keys::Keys;
use super::policy::{self, ENTRY, Terms};
use super::{Request, TestClock, Token, fail_keys, guard_with_clock, scripted_policy};
use crate::clock::Clock;
use crate::{Answer, Error, Guard, Policy};

/// Issues tokens that a real guard accepts, and odd ones that it refuses. Made for a test, gone with it:
/// its keys never leave it.
pub struct Issuer {
    issuer: String,
    audience: String,
    client_id: String,
    keys: Mutex<Keys>,
    clock: TestClock,
    tokens: AtomicU64,
}

impl Issuer {
    /// An issuer that signs with ES256. Its clock shows the time at which it was made, and stands.
    ///
    /// # Errors
    /// [`Error::Misuse`] where this build makes no such keys.
    pub fn new() -> Result<Issuer, Error> {
        Issuer::with_algorithm(Algorithm::ES256)
    }

    /// An issuer that signs by another algorithm than ES256.
    ///
    /// # Errors
    /// [`Error::Misuse`] with `config_alg_unsupported` for secrets (HS256 and its like), and where the
    /// provider of this build makes no such keys: ring makes ES256, ES384 and Ed25519.
    pub fn with_algorithm(algorithm: Algorithm) -> Result<Issuer, Error> {
        let now = Clock::system().now(0).map_err(Error::Misuse)?;
        Ok(Issuer {
            issuer: "https://issuer.example.test".to_owned(),
            audience: "https://api.example.test".to_owned(),
            client_id: "test-client".to_owned(),
            keys: Mutex::new(Keys::new(algorithm).map_err(Error::Misuse)?),
            clock: TestClock::at(now),
            tokens: AtomicU64::new(1),
        })
    }

    /// With another `iss`.
    #[must_use]
    pub fn named(self, issuer: impl Into<String>) -> Issuer {
        Issuer { issuer: issuer.into(), ..self }
    }

    /// With another audience of its access tokens: the service under test.
    #[must_use]
    pub fn for_audience(self, audience: impl Into<String>) -> Issuer {
        Issuer { audience: audience.into(), ..self }
    }

    /// With another client that its tokens are issued to, which is the audience of its ID tokens.
    #[must_use]
    pub fn for_client(self, client_id: impl Into<String>) -> Issuer {
        Issuer { client_id: client_id.into(), ..self }
    }

    /// The `iss` of its tokens.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The audience of its access tokens.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The client that its tokens are issued to.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The algorithm of its keys.
    pub fn algorithm(&self) -> Algorithm {
        self.keys().algorithm()
    }

    /// The clock that dates its tokens and that its guards go by. Move it to make time pass.
    pub fn clock(&self) -> &TestClock {
        &self.clock
    }

    /// An access token (RFC 9068) to be changed and signed: everything is as it should be at first.
    pub fn token(&self) -> Token<'_> {
        Token::new(self, Profile::AccessToken)
    }

    /// The same for an ID token (OpenID Connect Core section 2). A guard that accepts it has a policy of
    /// [`Issuer::policy_for`].
    pub fn id_token(&self) -> Token<'_> {
        Token::new(self, Profile::IdToken)
    }

    /// A token as a host of another language asks for it.
    ///
    /// # Errors
    /// [`Error::Misuse`] for claims or a header that are not one JSON object.
    pub fn issue(&self, request: &Request<'_>) -> Result<String, Error> {
        let token = Token::new(self, request.profile);
        let token = request.oddity.into_iter().fold(token, Token::odd);
        let token = token.claims_json(request.claims)?.header_json(request.header)?;
        request.remove.iter().fold(token, |token, name| token.without(name)).sign()
    }

    /// Signs any payload under any header with the current key.
    ///
    /// # Errors
    /// [`Error::Misuse`] where the operating system has no randomness.
    pub fn sign(&self, header: &[u8], payload: &[u8]) -> Result<String, Error> {
        let keys = self.keys();
        keys.current().and_then(|key| jws::sign(header, payload, &*key.pair)).map_err(Error::Misuse)
    }

    /// The JWK Set: the current key, and those before it that have not retired.
    ///
    /// # Errors
    /// None that a test could bring about.
    pub fn jwks(&self) -> Result<String, Error> {
        self.keys().jwks().map_err(Error::Misuse)
    }

    /// The `kid` of the key that signs.
    ///
    /// # Errors
    /// None that a test could bring about.
    pub fn kid(&self) -> Result<String, Error> {
        self.keys().current().map(|key| key.kid.clone()).map_err(Error::Misuse)
    }

    /// Signs with a new key from now on and gives its `kid`. The old one stays published until
    /// [`Issuer::retire`]. Guards learn of it by [`Issuer::publish`].
    ///
    /// # Errors
    /// [`Error::Misuse`] where the operating system has no randomness.
    pub fn rotate(&self) -> Result<String, Error> {
        self.keys().rotate().map(str::to_owned).map_err(Error::Misuse)
    }

    /// Takes all keys but the current one out of the set.
    pub fn retire(&self) {
        self.keys().retire();
    }

    /// A policy that accepts the access tokens of this issuer, with the keys that it has now.
    ///
    /// # Errors
    /// None that a test could bring about.
    pub fn policy(&self) -> Result<Policy, Error> {
        self.policy_for(Profile::AccessToken, "")
    }

    /// A policy for tokens of that profile, with more lines of TOML behind: further settings of the
    /// issuer first, then other tables.
    ///
    /// # Errors
    /// [`Error::Policy`] with the mistakes of these lines.
    pub fn policy_for(&self, profile: Profile, more: &str) -> Result<Policy, Error> {
        let text = self.policy_text(profile)? + more;
        Ok(Policy::from_str(&text, Format::Toml, None, None)?)
    }

    /// The text of that policy, in TOML. It ends inside the table of the issuer.
    ///
    /// # Errors
    /// None that a test could bring about.
    pub fn policy_text(&self, profile: Profile) -> Result<String, Error> {
        Ok(self.text(profile, &format!("{{ jwks = '''{}''' }}", self.jwks()?)))
    }

    /// A guard that accepts the access tokens of this issuer and goes by its clock.
    ///
    /// # Errors
    /// None that a test could bring about.
    pub fn guard(&self) -> Result<Guard, Error> {
        self.guard_for(Profile::AccessToken, "")
    }

    /// A guard of [`Issuer::policy_for`] that goes by the clock of the issuer.
    ///
    /// # Errors
    /// As [`Issuer::policy_for`].
    pub fn guard_for(&self, profile: Profile, more: &str) -> Result<Guard, Error> {
        let guard = self.pending_guard_for(profile, more)?;
        self.publish(&guard)?;
        Ok(guard)
    }

    /// A guard whose keys have not arrived: whoever verifies waits for them. [`Issuer::publish`] and
    /// [`Issuer::fail`] end the wait.
    ///
    /// # Errors
    /// As [`Issuer::policy_for`].
    pub fn pending_guard_for(&self, profile: Profile, more: &str) -> Result<Guard, Error> {
        Ok(guard_with_clock(self.pending_policy_for(profile, more)?, &self.clock))
    }

    /// The policy of such a guard, for [`guard_with_clock`](super::guard_with_clock).
    ///
    /// # Errors
    /// As [`Issuer::policy_for`].
    pub fn pending_policy_for(&self, profile: Profile, more: &str) -> Result<Policy, Error> {
        let text = self.text(profile, "{ scripted = true }") + more;
        Ok(scripted_policy(&text, Format::Toml)?)
    }

    /// Hands the keys that this issuer has now to a guard that it made, in place of those before.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a guard that another made.
    pub fn publish(&self, guard: &Guard) -> Result<(), Error> {
        let jwks = self.jwks()?;
        let published = guard.core().replace_keys(ENTRY, jwks.as_bytes());
        guard.landed();
        published.map_err(Error::Misuse)
    }

    /// Tells a guard of [`Issuer::pending_guard_for`] that its keys cannot be had: an outage, until they
    /// are published.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a guard that does not wait for keys.
    pub fn fail(&self, guard: &Guard) -> Result<(), Error> {
        match guard.answer(self.token().sign()?.as_bytes(), None) {
            Ok(Answer::Pending(flight)) => fail_keys(guard, flight).map_err(Error::Misuse),
            _ => Err(Error::Misuse(Code::MisuseClosed)),
        }
    }

    fn text(&self, profile: Profile, keys: &str) -> String {
        let audience = if profile.is_id_token() { &self.client_id } else { &self.audience };
        let algorithm = self.algorithm().name();
        policy::text(&Terms { issuer: &self.issuer, audience, profile, algorithm, keys })
    }

    pub(super) fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn next_token_id(&self) -> String {
        format!("test-token-{}", self.tokens.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Issuer").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
