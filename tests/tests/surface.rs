//! Every language answers for every concept: with its name there, or with why it has none.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

fn list(name: &str) -> BTreeMap<String, Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("surface").join(name);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

#[test]
fn every_language_answers_for_every_concept() {
    let concepts = list("concepts.json");
    assert!(concepts.len() > 100);
    for language in ["python", "node", "go", "c"] {
        let names = list(&format!("{language}.json"));
        let strangers: Vec<_> = names.keys().filter(|concept| !concepts.contains_key(*concept)).collect();
        let missing: Vec<_> = concepts.keys().filter(|concept| !names.contains_key(*concept)).collect();
        assert!(strangers.is_empty() && missing.is_empty(), "{language}: {strangers:?} {missing:?}");
        for (concept, name) in names {
            let has_reason = name.get("absent").and_then(Value::as_str).is_some_and(|why| why.len() > 10);
            let is_name = name.as_str().is_some_and(|name| !name.is_empty());
            assert!(is_name || has_reason, "{language}: {concept}");
        }
    }
}
