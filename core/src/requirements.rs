//! What one handler asks beyond the policy: more scopes, a stronger or a fresher sign-in (RFC 9470).

use std::sync::Arc;

use crate::claims::is_scope;
use crate::error::{Code, Rejection};
use crate::identity::Identity;
use crate::limits;
use crate::record::{Recorder, Silent};
use crate::rule::Rule;
use crate::time::UnixTime;

/// What an identity must have for one operation. Made once, used for many identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirements {
    scopes: Vec<Box<str>>,
    acr: Vec<Box<str>>,
    max_age: Option<i64>,
    /// The scopes as a challenge names them.
    scope: Arc<str>,
    /// `acr_values` and `max_age` as a challenge names them (RFC 9470 section 3).
    authentication: Arc<str>,
}

impl Requirements {
    /// All of `scopes`, one of `acr`, and a sign-in at most `max_age` seconds ago. What is empty or absent is
    /// not asked; something must be.
    ///
    /// # Errors
    /// [`Code::MisuseArgument`]: nothing is asked, or a value could not stand in a challenge: scopes and classes
    /// are printable ASCII without spaces, quotes and backslashes (RFC 6749 section 3.3), at most 64 of each and of
    /// 256 bytes; `max_age` is not negative and at most ten years.
    pub fn new<S: AsRef<str>, A: AsRef<str>>(
        scopes: impl IntoIterator<Item = S>,
        acr: impl IntoIterator<Item = A>,
        max_age: Option<i64>,
    ) -> Result<Requirements, Code> {
        let (scopes, acr) = (tokens(scopes)?, tokens(acr)?);
        let is_age = |seconds: i64| (0..=limits::AUTHENTICATION_AGE_MAX).contains(&seconds);
        if !max_age.is_none_or(is_age) || (scopes.is_empty() && acr.is_empty() && max_age.is_none()) {
            return Err(Code::MisuseArgument);
        }
        let acr_values = (!acr.is_empty()).then(|| format!("acr_values=\"{}\"", acr.join(" ")));
        let age = max_age.map(|seconds| format!("max_age=\"{seconds}\""));
        let authentication: Vec<String> = acr_values.into_iter().chain(age).collect();
        Ok(Requirements {
            scope: scopes.join(" ").into(),
            authentication: authentication.join(", ").into(),
            scopes,
            acr,
            max_age,
        })
    }

    /// As [`Identity::require`], for hosts that keep the fields of an identity as values of their own: is a scope
    /// granted, class and time of the sign-in, and [`Identity::leeway_seconds`].
    ///
    /// # Errors
    /// As [`Identity::require`].
    pub fn hold(
        &self,
        has_scope: impl Fn(&str) -> bool,
        acr: Option<&str>,
        auth_time: Option<i64>,
        leeway: i64,
        now: UnixTime,
    ) -> Result<(), Rejection> {
        let granted = self.scopes.iter().all(|scope| has_scope(scope));
        Silent
            .check_about(Rule::Act06, Code::InsufficientScope, "scope", granted)
            .map_err(|refusal| refusal.with_scope(Arc::clone(&self.scope)))?;
        let step_up = |refusal: Rejection| refusal.with_authentication(Arc::clone(&self.authentication));
        let is_accepted = |class: &str| self.acr.iter().any(|accepted| **accepted == *class);
        let is_strong = self.acr.is_empty() || acr.is_some_and(is_accepted);
        Silent.check_about(Rule::Stp02, Code::AcrUnmet, "acr", is_strong).map_err(step_up)?;
        let now = now.as_seconds();
        let is_recent = |at: i64, age: i64| at <= now + leeway && now - at <= age + leeway;
        let is_fresh = self.max_age.is_none_or(|age| auth_time.is_some_and(|at| is_recent(at, age)));
        Silent.check_about(Rule::Stp03, Code::AuthTooOld, "auth_time", is_fresh).map_err(step_up)
    }
}

/// Words that can stand in a list that spaces join.
fn tokens<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Result<Vec<Box<str>>, Code> {
    let mut found = Vec::new();
    for word in words {
        let word = word.as_ref();
        let is_token = !word.is_empty() && word.len() <= limits::REQUIREMENT_BYTES && is_scope(word);
        if !is_token || word.contains(' ') || found.len() == limits::REQUIREMENTS {
            return Err(Code::MisuseArgument);
        }
        found.push(word.into());
    }
    Ok(found)
}

impl Identity {
    /// Holds the identity against what one handler asks: scopes first (ACT-06), then the class (STP-02) and the
    /// age (STP-03) of the sign-in. Classes are compared for equality, they have no order. Clocks may differ by
    /// the policy's leeway; a token without `auth_time` has no fresh sign-in, whatever its `iat`.
    ///
    /// # Errors
    /// [`Code::InsufficientScope`] (403), [`Code::AcrUnmet`] or [`Code::AuthTooOld`] (401, with the challenge of
    /// RFC 9470 section 3).
    pub fn require(&self, requirements: &Requirements, now: UnixTime) -> Result<(), Rejection> {
        let has_scope = |scope: &str| self.has_scope(scope);
        requirements.hold(has_scope, self.acr(), self.auth_time(), self.leeway_seconds(), now)
    }
}
