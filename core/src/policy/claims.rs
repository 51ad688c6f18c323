//! What an entry says about claims: rules, required claims, and where an identity's fields stand.

use super::build::Context;
use super::model::{ClaimRule, Constant, IdentityMap, RequiredClaim, RuleTest, SubjectKindRules};
use super::problem::Fault;
use super::tree::{Node, Value};
use super::values;
use crate::error::Code;
use crate::json::Pointer;

/// The claims of a list of names and pointers.
pub(super) fn required(node: Option<&Node>) -> Vec<RequiredClaim> {
    let names = node.map(Node::elements).unwrap_or_default().iter().map(Node::as_str);
    names
        .filter_map(|name| Some(RequiredClaim { claim: values::claim(name).ok()?, name: name.into() }))
        .collect()
}

/// The pointers of `[issuer.identity]`.
pub(super) fn identity(node: Option<&Node>) -> IdentityMap {
    let pointers = |name: &str| -> Vec<Pointer> {
        let list = node.and_then(|node| node.get(name)).map(Node::elements).unwrap_or_default();
        list.iter().filter_map(|node| Pointer::parse(node.as_str())).collect()
    };
    IdentityMap {
        roles: pointers("roles"),
        role_keys: pointers("role_keys"),
        scopes: pointers("scopes"),
        tenant: pointers("tenant").pop(),
        client_id: pointers("client_id").pop(),
        token_id: pointers("token_id").pop(),
    }
}

/// The tables of a list of rules (POL-04, POL-08), such as `rule`. `None` where one was reported.
pub(super) fn rules(node: &Node, list: &str, context: &mut Context<'_, '_>) -> Option<Vec<ClaimRule>> {
    let tables = node.get(list).map(Node::elements).unwrap_or_default();
    let rules: Vec<Option<ClaimRule>> = tables.iter().map(|table| rule(table, context)).collect();
    if context.problems.is_excused(node.place, list) {
        return None;
    }
    rules.into_iter().collect()
}

/// `[issuer.subject_kind]` (CLM-21). The outer `None` where a part was reported.
pub(super) fn subject_kind(node: &Node, context: &mut Context<'_, '_>) -> Option<Option<SubjectKindRules>> {
    let Some(table) = node.get("subject_kind") else {
        return if context.problems.is_excused(node.place, "subject_kind") { None } else { Some(None) };
    };
    let (client, user) = (rules(table, "client", context), rules(table, "user", context));
    let client_suffix = table.get("client_suffix").map(|suffix| suffix.as_str().into());
    Some(Some(SubjectKindRules { client: client?, user: user?, client_suffix }))
}

const TESTS: [&str; 5] = ["equals", "one_of", "contains", "present", "absent"];
const CHOICES: &str = "write exactly one of equals, one_of, contains, present = true, absent = true";

fn rule(table: &Node, context: &mut Context<'_, '_>) -> Option<ClaimRule> {
    let problems = &mut context.problems;
    let claim = table.get("claim");
    if claim.is_none() {
        problems.missing(table.place, "claim", "write a JSON Pointer such as \"/tenant\"");
    }
    let mut tests = TESTS.iter().filter_map(|name| table.get(name).map(|node| (*name, node)));
    let test = tests.next();
    if test.is_none() && !TESTS.iter().any(|name| problems.is_excused(table.place, name)) {
        let fault = Fault::new(Code::ConfigMissing, "the rule asks nothing").hint(CHOICES);
        problems.missing_as(table.place, "equals", fault);
    }
    if let Some((_, second)) = tests.next() {
        problems.at_name(second.place, Fault::value("the rule asks two things").hint(CHOICES));
        return None;
    }
    let (name, node) = test?;
    let test = match name {
        "equals" => RuleTest::Equals(constant(node)?),
        "one_of" => RuleTest::OneOf(node.elements().iter().map(constant).collect::<Option<_>>()?),
        "contains" => RuleTest::Contains(constant(node)?),
        "present" => RuleTest::Present,
        _ => RuleTest::Absent,
    };
    let name = claim?.as_str();
    Some(ClaimRule { claim: Pointer::parse(name)?, name: name.into(), test })
}

fn constant(node: &Node) -> Option<Constant> {
    Some(match &node.value {
        Value::Text(text) => Constant::String(text.text.as_str().into()),
        Value::Integer(integer) => Constant::Integer(*integer),
        Value::Float(float) => Constant::Float(*float),
        Value::Boolean(boolean) => Constant::Boolean(*boolean),
        _ => return None,
    })
}
