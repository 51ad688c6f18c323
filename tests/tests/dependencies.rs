//! What the product is built from: every crate comes from the registry, under a licence that `deny.toml` allows.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn packages() -> Vec<Value> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let arguments = ["metadata", "--format-version", "1", "--locked", "--all-features"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// The strings of `allow = […]` under `[licenses]` in deny.toml.
fn allowed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let list = text.split("allow = [").nth(1).unwrap().split(']').next().unwrap();
    list.split(',').map(|licence| licence.trim().trim_matches('"').to_owned()).collect()
}

/// Does an SPDX expression have a choice that is allowed? Written here: AND, OR, `/` and parentheses.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.replace('/', " OR ");
    let expression = expression.trim();
    if let Some(inner) = expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))
        && !inner.contains(['(', ')'])
    {
        return is_allowed(inner, allowed);
    }
    // The operators outside of parentheses; OR binds less than AND.
    for (operator, is_choice) in [(" OR ", true), (" AND ", false)] {
        let mut parts = vec![String::new()];
        let mut depth = 0;
        for (at, character) in expression.char_indices() {
            depth += i32::from(character == '(') - i32::from(character == ')');
            if depth == 0 && expression[at..].starts_with(operator) {
                parts.push(String::new());
            }
            parts.last_mut().unwrap().push(character);
        }
        if parts.len() > 1 {
            let mut holds =
                parts.iter().map(|part| is_allowed(part.strip_prefix(operator).unwrap_or(part), allowed));
            return if is_choice { holds.any(|holds| holds) } else { holds.all(|holds| holds) };
        }
    }
    allowed.contains(expression)
}

#[test]
fn licences_are_allowed() {
    let allowed = allowed();
    assert!(allowed.contains("MIT"), "deny.toml was not understood");
    let mut read = 0;
    let mut refused = Vec::new();
    for package in packages() {
        read += 1;
        let licence = package["license"].as_str().unwrap_or("none");
        if !is_allowed(licence, &allowed) {
            refused.push(format!("{}: {licence}", package["name"]));
        }
    }
    assert!(read > 50, "only {read} packages were read");
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn every_crate_comes_from_the_registry_or_this_workspace() {
    for package in packages() {
        let source = package["source"].as_str();
        assert!(
            source.is_none_or(|source| source.starts_with("registry+")),
            "{}: {source:?}",
            package["name"]
        );
    }
}

#[test]
fn expressions_are_understood() {
    let allowed: BTreeSet<String> = ["MIT", "ISC", "Unicode-3.0"].map(str::to_owned).into();
    for good in
        ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(MIT OR GPL-3.0) AND ISC", "ISC AND (GPL-3.0 OR MIT)"]
    {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR MPL-2.0) AND MIT", "none", ""] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}
