//! Glue is dull: no rule lives in a binding. What lies between the core and a host's own code names no
//! algorithm, no claim and no code, so it cannot decide by one.

use std::path::{Path, PathBuf};

use counterseal::{Algorithm, Code};

/// Claims that decisions are made by.
const CLAIMS: [&str; 18] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "azp",
    "scope",
    "cnf",
    "act",
    "typ",
    "alg",
    "kid",
    "crit",
    "amr",
    "auth_time",
    "txn",
];

/// Codes for what goes wrong in the glue itself.
const OWN_CODES: [&str; 3] = ["MisuseArgument", "MisuseClosed", "Internal"];

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // Generated tables, and the kit for tests, which makes tokens.
    let exempt = ["codes.go", "oddities.go", "issuer.rs"];
    let mut found = Vec::new();
    for (folder, extension) in
        [("bindings/c/src", "rs"), ("go", "go"), ("go/internal/native", "go"), ("go/internal/native", "h")]
    {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let is_product = !name.ends_with("_test.go") && !exempt.contains(&name.as_str());
            // The header is the generated one; what it declares is tested elsewhere.
            if is_product && name != "counterseal.h" && path.extension().is_some_and(|held| held == extension)
            {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, without_comments(&text)));
            }
        }
    }
    found
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// What a source names that is none of its business.
fn decisions(source: &str) -> Vec<String> {
    let mut named = Vec::new();
    for algorithm in Algorithm::ALL {
        named.push(format!("\"{}\"", algorithm.name()));
        named.push(format!("Algorithm::{}", algorithm.name()));
    }
    named.extend(CLAIMS.map(|claim| format!("\"{claim}\"")));
    for code in Code::ALL {
        named.push(format!("\"{}\"", code.slug()));
        named.push(format!("_E_{}", code.slug().to_ascii_uppercase()));
        if !OWN_CODES.contains(&format!("{code:?}").as_str()) {
            named.push(format!("Code::{code:?}"));
            named.push(format!("Err{code:?}"));
        }
    }
    named.retain(|name| {
        source.match_indices(name.as_str()).any(|(at, _)| {
            let after = source[at + name.len()..].chars().next();
            !after.is_some_and(|next| next.is_ascii_alphanumeric() || next == '_')
        })
    });
    named
}

#[test]
fn the_glue_names_nothing_to_decide_by() {
    let sources = sources();
    assert!(sources.len() > 20, "the sources were not found");
    let found: Vec<String> = sources
        .iter()
        .flat_map(|(path, source)| {
            decisions(source).into_iter().map(|name| format!("{}: {name}", path.display()))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_check_itself_sees_a_decision() {
    for decision in [
        "if code == Code::TokenExpired {",
        "case \"RS256\":",
        "claims[\"sub\"]",
        "if err.Code == ErrKidUnknown {",
        "status == COUNTERSEAL_E_CLAIM_RULE",
    ] {
        assert_eq!(decisions(decision).len(), 1, "{decision}");
    }
    assert!(decisions(&without_comments("x() // \"RS256\"")).is_empty());
    assert!(decisions("ErrMisuseArgument, Code::Internal, identity.subject()").is_empty());
}
