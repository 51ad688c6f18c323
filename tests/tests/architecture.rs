//! The rings of the core (docs/architecture.md): no module imports from a ring above its own, nothing
//! does I/O or reads a clock, and one module alone names a cryptography crate.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const RINGS: [&[&str]; 9] = [
    &["error", "rule", "limits", "time", "mutants"],
    &["encoding", "json", "algorithm", "record"],
    &["crypto"],
    &["jwk", "keyset", "jws", "claims"],
    &["keys"],
    &["policy", "identity", "requirements"],
    &["cache"],
    &["inbound"],
    &["guard"],
];

/// What a core without I/O, clock and globals has no use for.
const FORBIDDEN: [&str; 14] = [
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "static mut",
    "thread_local!",
    "LazyLock",
    "OnceLock",
    "println!",
    "eprintln!",
];

fn core_sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name == "tests") {
                continue;
            }
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    let relative = |path: &Path| path.strip_prefix(&root).unwrap().to_owned();
    paths.iter().map(|path| (relative(path), product_code(&std::fs::read_to_string(path).unwrap()))).collect()
}

/// Without comments and without the tests at the end of a file.
fn product_code(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod ").next().unwrap();
    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

fn module_of(path: &Path) -> String {
    let first = path.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn ring_of(module: &str) -> usize {
    RINGS.iter().position(|ring| ring.contains(&module)).unwrap_or_else(|| panic!("{module} is in no ring"))
}

/// Modules named by `crate::name`, alone or in `crate::{name, …}`.
fn imports(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in source.match_indices("crate::") {
        if source[..at].ends_with("$") {
            continue;
        }
        let rest = &source[at + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap().split(',').map(str::trim).collect(),
            None => vec![rest],
        };
        for name in names {
            let module: String =
                name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            found.insert(module);
        }
    }
    found
}

#[test]
fn no_module_imports_from_a_ring_above_its_own() {
    let sources = core_sources();
    assert!(sources.len() > 30, "the core's sources were not found");
    let mut upward = Vec::new();
    let mut imported = 0;
    for (path, source) in &sources {
        let module = module_of(path);
        if module == "lib" {
            continue;
        }
        for import in imports(source) {
            imported += 1;
            if ring_of(&import) > ring_of(&module) {
                upward.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert!(imported > 100, "only {imported} imports were read");
    assert!(upward.is_empty(), "{}", upward.join("\n"));
}

#[test]
fn every_ring_holds_what_the_sources_have() {
    let modules: BTreeSet<String> =
        core_sources().iter().map(|(path, _)| module_of(path)).filter(|m| m != "lib").collect();
    let listed: BTreeSet<String> =
        RINGS.iter().flat_map(|ring| ring.iter()).map(|name| (*name).to_owned()).collect();
    assert_eq!(modules, listed);
}

#[test]
fn the_core_has_no_io_no_clock_and_no_globals() {
    let mut found = Vec::new();
    // The switch of the test of the tests is in no build but that one.
    for (path, source) in core_sources().into_iter().filter(|(path, _)| module_of(path) != "mutants") {
        found.extend(
            FORBIDDEN
                .iter()
                .filter(|word| source.contains(**word))
                .map(|word| format!("{}: {word}", path.display())),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn nothing_but_its_run_turns_the_switch_of_checks_on() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for member in ["runtime", "cli", "bindings/python", "benches"] {
        let manifest = std::fs::read_to_string(root.join(member).join("Cargo.toml")).unwrap();
        assert!(!manifest.contains("mutants"), "{member} names the feature");
    }
    let (_, switch) = core_sources().into_iter().find(|(path, _)| module_of(path) == "mutants").unwrap();
    assert!(switch.contains("#[cfg(feature = \"mutants\")]\nmod switch {"));
    let core = std::fs::read_to_string(root.join("core/Cargo.toml")).unwrap();
    assert!(core.contains("default = [\"aws-lc-rs\"]"));
}

#[test]
fn one_module_names_cryptography_crates() {
    for (path, source) in core_sources() {
        if module_of(&path) != "crypto" {
            for name in ["aws_lc_rs", "::ring::", "use ring"] {
                assert!(!source.contains(name), "{} names {name}", path.display());
            }
        }
    }
}

#[test]
fn identities_are_made_in_one_place() {
    let made: Vec<String> = core_sources()
        .into_iter()
        .filter(|(path, source)| module_of(path) != "identity" && source.contains("Identity::proven"))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert_eq!(made, ["inbound/verify.rs"]);
}

#[test]
fn the_check_itself_sees_an_upward_import() {
    assert!(imports("use crate::{guard, json};").contains("guard"));
    assert!(imports("let x = crate::inbound::verify();").contains("inbound"));
    assert_eq!(product_code("use a; // crate::guard\n#[cfg(test)]\nmod tests { crate::guard }"), "use a; ");
}
