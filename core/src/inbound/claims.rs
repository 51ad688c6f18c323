//! The claims of a genuine token, held against its entry in the policy.

use std::sync::Arc;

use super::rules;
use crate::claims::{Claim, Claims, Date, Rounding, check_shapes, date_of, is_scope, is_string_list};
use crate::error::{Code, Rejection, Subject};
use crate::identity::{self, Dates};
use crate::json::{Kind, Value};
use crate::limits;
use crate::mutants::is_off;
use crate::policy::{Issuer, Profile};
use crate::record::Recorder;
use crate::rule::Rule;
use crate::time::UnixTime;

/// When a verdict may be repeated without looking at the claims again.
pub(crate) struct Validity {
    pub(crate) from: UnixTime,
    pub(crate) until: UnixTime,
}

/// Marks of other kinds of token (ACT-05, CLM-18).
pub(crate) fn check_kind<R: Recorder>(
    claims: &Claims,
    issuer: &Issuer,
    recorder: &mut R,
) -> Result<(), Rejection> {
    let (rule, marks): (Rule, &[Claim]) = match issuer.profile {
        Profile::AccessToken => (Rule::Act05, &[Claim::Nonce, Claim::AtHash, Claim::CHash, Claim::Events]),
        Profile::IdToken | Profile::IdTokenApi => (Rule::Clm18, &[Claim::Events]),
        Profile::Generic => return Ok(()),
    };
    let is_foreign = |mark: &Claim| claims.get(*mark).is_some() && !issuer.allowed_marks.contains(mark);
    let mark = marks.iter().copied().find(is_foreign);
    recorder.check_about(rule, Code::TokenKindMismatch, mark.map_or("", Claim::name), mark.is_none())
}

/// Types, sub, aud, exp, nbf, iat, dates, lifetime, the profile's own, required claims, in this order.
pub(crate) fn check_claims<R: Recorder>(
    claims: &Claims,
    issuer: &Issuer,
    leeway: i64,
    now: UnixTime,
    recorder: &mut R,
) -> Result<(Dates, Validity), Rejection> {
    check_shapes(claims, issuer.widened, recorder)?;
    check_subject(claims, issuer, recorder)?;
    check_audience(claims, issuer, recorder)?;
    let checked = check_dates(claims, issuer, leeway, now, recorder)?;
    check_profile(claims, issuer, recorder)?;
    check_mapped(claims, issuer, recorder)?;
    for required in &issuer.required_claims {
        let there = required.claim.find(claims.root()).is_some_and(|value| !identity::is_empty(value));
        require_named(recorder, Rule::Pol08, Code::ClaimMissing, &required.name, there)?;
    }
    Ok(checked)
}

fn require_named<R: Recorder>(
    recorder: &mut R,
    rule: Rule,
    code: Code,
    name: &Arc<str>,
    holds: bool,
) -> Result<(), Rejection> {
    let outcome = recorder.check(rule, code, holds);
    recorder.detail(|| name.to_string());
    outcome.map_err(|rejection| rejection.with_subject(Subject::Policy(Arc::clone(name))))
}

fn check_subject<R: Recorder>(claims: &Claims, issuer: &Issuer, recorder: &mut R) -> Result<(), Rejection> {
    let sub = claims.get(Claim::Sub);
    let text = sub.and_then(Value::as_str);
    let named = match (sub, text) {
        (_, Some(text)) => !text.is_empty(),
        (None, None) => issuer.profile == Profile::Generic,
        (Some(_), None) => false,
    };
    recorder.check_about(Rule::Clm04, Code::SubInvalid, "sub", named)?;
    if issuer.profile.is_id_token() {
        let short = text.is_some_and(|text| text.len() <= 255 && text.is_ascii());
        recorder.check_about(Rule::Idt08, Code::SubInvalid, "sub", short)?;
    }
    Ok(())
}

fn check_audience<R: Recorder>(claims: &Claims, issuer: &Issuer, recorder: &mut R) -> Result<(), Rejection> {
    let value = identity::audience(claims, issuer);
    let name = issuer
        .audience_claim
        .as_ref()
        .map_or(Subject::Registered("aud"), |named| Subject::Policy(named.name.clone()));
    let about = |rejection: Rejection| rejection.with_subject(name.clone());
    let well_formed = match value {
        None => issuer.dangerous.no_audience,
        Some(value) => value.kind() == Kind::String || (is_string_list(value) && !identity::is_empty(value)),
    };
    recorder.check(Rule::Clm05, Code::AudInvalid, well_formed).map_err(about)?;
    if issuer.dangerous.no_audience {
        return Ok(());
    }
    let ours = |audience: &str| issuer.audience.iter().any(|own| **own == *audience);
    let mut audiences = value.into_iter().flat_map(identity::strings);
    recorder.check(Rule::Clm06, Code::AudMismatch, audiences.any(ours)).map_err(about)?;
    if issuer.profile.is_id_token() {
        let mut audiences = value.into_iter().flat_map(identity::strings);
        recorder.check_about(Rule::Idt01, Code::AudMismatch, "aud", audiences.all(ours))?;
        check_authorized_party(claims, issuer, value, recorder)?;
    }
    Ok(())
}

/// azp, where an ID token has one, is this client, or a listed one for `id_token_api`; a token for
/// several audiences has one (IDT-02, IDT-10).
fn check_authorized_party<R: Recorder>(
    claims: &Claims,
    issuer: &Issuer,
    audience: Option<Value<'_>>,
    recorder: &mut R,
) -> Result<(), Rejection> {
    let listed = !issuer.authorized_parties.is_empty();
    let parties = if listed { &issuer.authorized_parties } else { &issuer.audience };
    let rule = if listed { Rule::Idt10 } else { Rule::Idt02 };
    let accepted = match claims.string(Claim::Azp) {
        Some(azp) => parties.iter().any(|party| **party == *azp),
        None => audience.into_iter().flat_map(identity::strings).count() <= 1,
    };
    recorder.check_about(rule, Code::AzpMismatch, "azp", accepted)
}

fn check_dates<R: Recorder>(
    claims: &Claims,
    issuer: &Issuer,
    leeway: i64,
    now: UnixTime,
    recorder: &mut R,
) -> Result<(Dates, Validity), Rejection> {
    let at = |date: Date, seconds: i64| UnixTime::from_millis(date * 1000).plus_seconds(seconds);
    let mut validity = Validity {
        from: UnixTime::from_millis(i64::MIN),
        until: now.plus_seconds(if is_off("CAC-09") {
            i64::MAX / 2000
        } else {
            limits::CACHED_WITHOUT_EXPIRY
        }),
    };

    let exp = date_of(claims, Claim::Exp, Rounding::Down, recorder)?;
    recorder.check_about(
        Rule::Clm08,
        Code::ClaimMissing,
        "exp",
        exp.is_some() || issuer.dangerous.no_expiry,
    )?;
    if let Some(exp) = exp {
        validity.until = at(exp, leeway);
        let outcome = recorder.check_about(Rule::Clm08, Code::TokenExpired, "exp", now < validity.until);
        recorder.detail(|| relative("expires", exp, now));
        outcome?;
    }
    let nbf = date_of(claims, Claim::Nbf, Rounding::Up, recorder)?;
    if let Some(nbf) = nbf {
        validity.from = at(nbf, -leeway);
        let outcome = recorder.check_about(Rule::Clm09, Code::TokenNotYetValid, "nbf", now >= validity.from);
        recorder.detail(|| relative("valid from", nbf, now));
        outcome?;
    }
    let iat = date_of(claims, Claim::Iat, Rounding::Up, recorder)?;
    let (needed, rule) = match issuer.profile {
        Profile::AccessToken => (true, Rule::Act03),
        Profile::IdToken | Profile::IdTokenApi => (true, Rule::Clm10),
        Profile::Generic => (false, Rule::Clm10),
    };
    recorder.check_about(rule, Code::ClaimMissing, "iat", iat.is_some() || !needed)?;
    if let Some(iat) = iat {
        validity.from = validity.from.max(at(iat, -leeway));
        let outcome = recorder.check_about(Rule::Clm10, Code::IatFuture, "iat", now >= at(iat, -leeway));
        recorder.detail(|| relative("issued", iat, now));
        outcome?;
    }
    let ordered = exp.is_none_or(|exp| iat.is_none_or(|iat| exp > iat) && nbf.is_none_or(|nbf| exp > nbf));
    recorder.check_about(Rule::Clm14, Code::DateInconsistent, "exp", ordered)?;
    if let Some(exp) = exp {
        let cap = issuer.max_lifetime;
        let within = match iat {
            Some(iat) => exp - iat <= cap,
            None => {
                validity.from = validity.from.max(at(exp, -cap));
                now >= at(exp, -cap)
            }
        };
        let outcome = recorder.check_about(Rule::Clm15, Code::LifetimeTooLong, "exp", within);
        recorder.detail(|| lifetime(exp, iat, cap));
        outcome?;
    }
    Ok((Dates { expires_at: exp, not_before: nbf, issued_at: iat }, validity))
}

/// "expires 2026-11-22T12:00:00Z, in 4 min"
fn relative(verb: &str, date: Date, now: UnixTime) -> String {
    let seconds = date.saturating_sub(now.as_seconds());
    let (span, date) = (span(seconds), UnixTime::from_millis(date * 1000));
    if seconds >= 0 { format!("{verb} {date}, in {span}") } else { format!("{verb} {date}, {span} ago") }
}

/// "lives 2 h, at most 24 h"
fn lifetime(exp: Date, iat: Option<Date>, cap: i64) -> String {
    match iat {
        Some(iat) => format!("lives {}, at most {}", span(exp - iat), span(cap)),
        None => format!("ends within {}", span(cap)),
    }
}

/// "4 min"
fn span(seconds: i64) -> String {
    match seconds.unsigned_abs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// What RFC 9068 asks of an access token (ACT-03, ACT-07).
fn check_profile<R: Recorder>(claims: &Claims, issuer: &Issuer, recorder: &mut R) -> Result<(), Rejection> {
    if issuer.profile != Profile::AccessToken {
        return Ok(());
    }
    let optional = issuer.optional_claims;
    let named = |text: Option<&str>, optional: bool| text.map_or(optional, |text| !text.is_empty());
    let client = named(identity::client_id(claims, issuer), optional.client_id);
    recorder.check_about(Rule::Act03, Code::ClaimMissing, "client_id", client)?;
    let jti = named(identity::token_id(claims, issuer), optional.jti);
    recorder.check_about(Rule::Act03, Code::ClaimMissing, "jti", jti)?;
    let lists = [Claim::Groups, Claim::Roles, Claim::Entitlements];
    let other =
        lists.into_iter().find(|list| claims.get(*list).is_some_and(|value| value.kind() != Kind::Array));
    recorder.check_about(Rule::Act07, Code::ClaimWrongType, other.map_or("", Claim::name), other.is_none())
}

/// What the policy maps has to be of the type it is read as: missing is empty, an object is an error.
fn check_mapped<R: Recorder>(claims: &Claims, issuer: &Issuer, recorder: &mut R) -> Result<(), Rejection> {
    let is_text = |value: Value<'_>| value.kind() == Kind::String;
    let roles = identity::role_values(claims, issuer).all(|value| is_text(value) || is_string_list(value));
    let role_keys = identity::role_key_values(claims, issuer).all(identity::is_named_objects);
    recorder.check_about(Rule::Clm17, Code::ClaimWrongType, "roles", roles && role_keys)?;
    let map = &issuer.identity;
    let single = [(&map.tenant, "tenant"), (&map.client_id, "client_id"), (&map.token_id, "jti")];
    for (pointer, name) in single {
        let found = pointer.as_ref().and_then(|pointer| pointer.find(claims.root()));
        recorder.check_about(Rule::Clm17, Code::ClaimWrongType, name, found.is_none_or(is_text))?;
    }
    let mut scopes = issuer.identity.scopes.iter().filter_map(|pointer| pointer.find(claims.root()));
    let sound = scopes
        .all(|value| (is_text(value) || is_string_list(value)) && identity::strings(value).all(is_scope));
    recorder.check_about(Rule::Clm19, Code::ScopeInvalid, "scope", sound)?;
    if issuer.identity.scopes.is_empty() {
        return Ok(());
    }
    let bounded = identity::scopes(claims, issuer).nth(limits::SCOPES).is_none();
    recorder.check_about(Rule::Lim06, Code::TooManyValues, "scope", bounded)
}

/// A token bound to its sender needs a proof, and there is no way to hand one in yet (BND-01, ACT-08).
pub(crate) fn check_binding<R: Recorder>(claims: &Claims, recorder: &mut R) -> Result<(), Rejection> {
    let Some(cnf) = claims.get(Claim::Cnf) else {
        recorder.judge(Rule::Bnd01, true);
        return Ok(());
    };
    let mut members = cnf.as_object().into_iter().flatten().map(|(name, _)| name);
    let mut any = false;
    let known = members.all(|name| {
        any = true;
        matches!(name, "jkt" | "x5t#S256")
    });
    recorder.check_about(Rule::Bnd01, Code::BindingUnsupported, "cnf", known && any)?;
    recorder.check_about(Rule::Act08, Code::BindingMissing, "cnf", false)
}

/// Scopes, rules and actors: failures here are 403 (ACT-09).
pub(crate) fn check_authorization<R: Recorder>(
    claims: &Claims,
    issuer: &Issuer,
    recorder: &mut R,
) -> Result<(), Rejection> {
    let lacking = issuer
        .required_scopes
        .iter()
        .find(|required| !identity::scopes(claims, issuer).any(|granted| *granted == ***required));
    let outcome = recorder.check_about(Rule::Act06, Code::InsufficientScope, "scope", lacking.is_none());
    recorder.detail(|| match lacking {
        Some(lacking) => format!("lacks {lacking}"),
        None => issuer.required_scope.to_string(),
    });
    outcome.map_err(|rejection| rejection.with_scope(Arc::clone(&issuer.required_scope)))?;
    for rule in &issuer.rules {
        let holds = rules::holds(rule, claims).map_err(|rejection| recorder.refuse(rejection))?;
        require_named(recorder, Rule::Pol08, Code::ClaimRule, &rule.name, holds)?;
    }
    let Some(act) = claims.get(Claim::Act) else {
        recorder.judge(Rule::Xch05, true);
        return Ok(());
    };
    let actor = act.get("sub").and_then(Value::as_str).unwrap_or_default();
    let listed = issuer.actors.iter().any(|listed| **listed == *actor);
    recorder.check_about(Rule::Xch05, Code::ActorNotAllowed, "act", listed)
}
