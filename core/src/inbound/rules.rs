//! The claim rules of the policy (POL-08).

use crate::claims::{Claim, Claims};
use crate::error::{Code, Rejection, Subject};
use crate::identity::{self, SubjectKind, lists_are_elsewhere};
use crate::json::{Kind, Value};
use crate::mutants::is_off;
use crate::policy::{ClaimRule, Constant, Issuer, RuleTest};
use crate::rule::Rule;

/// Does the rule hold? A missing claim fails every rule but `absent`; a list that the provider left
/// out fails that one too.
pub(crate) fn holds(rule: &ClaimRule, claims: &Claims) -> Result<bool, Rejection> {
    let value = rule.claim.find(claims.root());
    match &rule.test {
        RuleTest::Absent => Ok(value.is_none() && !left_out(rule, claims)),
        RuleTest::Present => Ok(value.is_some_and(|value| !value.is_null())),
        RuleTest::Equals(constant) => equals(rule, value, constant),
        RuleTest::OneOf(constants) => {
            for constant in constants {
                if equals(rule, value, constant)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        RuleTest::Contains(constant) => {
            for element in value.and_then(Value::as_array).into_iter().flatten() {
                if equals(rule, Some(element), constant)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// Is the token of this entry's kind, by what the entry says tells it apart (POL-04)?
pub(crate) fn is_of_kind(claims: &Claims, issuer: &Issuer) -> bool {
    issuer.discriminators.iter().all(|rule| holds(rule, claims).unwrap_or(false))
}

/// The same with the claim rules that can tell entries of one issuer apart.
pub(crate) fn satisfies_discriminators(claims: &Claims, issuer: &Issuer) -> bool {
    let tells_apart =
        |rule: &&ClaimRule| matches!(rule.test, RuleTest::Equals(_) | RuleTest::OneOf(_) | RuleTest::Absent);
    is_of_kind(claims, issuer)
        && issuer.rules.iter().filter(tells_apart).all(|rule| holds(rule, claims).unwrap_or(false))
}

/// Whom the token stands for (CLM-21). What a claim says comes first, then how `sub` compares with
/// the client; where the policy says how to tell, nothing is inferred from what is absent.
pub(crate) fn subject_kind(claims: &Claims, issuer: &Issuer) -> SubjectKind {
    if is_off("CLM-21") {
        return SubjectKind::User;
    }
    let told = issuer.subject_kind.as_ref();
    let any = |rules: &[ClaimRule]| rules.iter().any(|rule| holds(rule, claims).unwrap_or(false));
    if told.is_some_and(|told| any(&told.client)) {
        return SubjectKind::Client;
    }
    if told.map_or(issuer.profile.is_id_token(), |told| any(&told.user)) {
        return SubjectKind::User;
    }
    let (Some(subject), Some(client)) = (claims.string(Claim::Sub), identity::client_id(claims, issuer))
    else {
        return SubjectKind::Unknown;
    };
    let suffix = told.and_then(|told| told.client_suffix.as_deref());
    if subject.strip_suffix(suffix.unwrap_or_default()) == Some(client) {
        SubjectKind::Client
    } else if told.is_none() || suffix.is_some() {
        SubjectKind::User
    } else {
        SubjectKind::Unknown
    }
}

fn left_out(rule: &ClaimRule, claims: &Claims) -> bool {
    matches!(rule.claim.first_step(), "groups" | "roles") && lists_are_elsewhere(claims)
}

/// Equality by JSON type and value: 1 is not "1", and 1.0 is 1.
fn equals(rule: &ClaimRule, value: Option<Value<'_>>, constant: &Constant) -> Result<bool, Rejection> {
    let Some(value) = value else { return Ok(false) };
    Ok(match (constant, value.kind()) {
        (Constant::String(text), Kind::String) => value.as_str() == Some(text),
        (Constant::Boolean(boolean), Kind::True | Kind::False) => value.as_bool() == Some(*boolean),
        (Constant::Integer(_) | Constant::Float(_), Kind::Number) => {
            let number = number(value.as_number().unwrap_or_default());
            let number = number.ok_or_else(|| {
                Rejection::new(Rule::Jsn08, Code::NumberOutOfRange)
                    .with_subject(Subject::Policy(rule.name.clone()))
            })?;
            same_number(&number, constant)
        }
        _ => false,
    })
}

/// A number that fits; never one that was rounded to fit (JSN-08).
fn number(text: &str) -> Option<Constant> {
    let is_integer = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_integer && !Rule::Jsn08.is_off() {
        return text.parse().ok().map(Constant::Integer);
    }
    text.parse().ok().filter(|float: &f64| float.is_finite()).map(Constant::Float)
}

fn same_number(one: &Constant, other: &Constant) -> bool {
    // Every integer that a 64-bit float holds exactly; beyond that an integer never equals a float.
    const EXACT: u64 = 1 << 53;
    match (one, other) {
        (Constant::Integer(one), Constant::Integer(other)) => one == other,
        (Constant::Float(one), Constant::Float(other)) => one == other,
        (Constant::Integer(integer), Constant::Float(float))
        | (Constant::Float(float), Constant::Integer(integer)) => {
            integer.unsigned_abs() <= EXACT && *integer as f64 == *float
        }
        _ => false,
    }
}
