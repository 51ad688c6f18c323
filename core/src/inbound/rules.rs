//! The claim rules of the policy (POL-08).

use crate::claims::Claims;
use crate::error::{Code, Rejection, Subject};
use crate::identity::lists_are_elsewhere;
use crate::json::{Kind, Value};
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

/// Does the token satisfy every rule that tells this entry from others of the same issuer (POL-04)?
pub(crate) fn satisfies_discriminators(claims: &Claims, issuer: &Issuer) -> bool {
    let tells_apart =
        |rule: &&ClaimRule| matches!(rule.test, RuleTest::Equals(_) | RuleTest::OneOf(_) | RuleTest::Absent);
    issuer.rules.iter().filter(tells_apart).all(|rule| holds(rule, claims).unwrap_or(false))
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
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
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
