//! Everything has the version of the workspace, and `.ci/release/version` changes it everywhere.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Each file that holds the version, and how: what stands before it, up to the quote or the space.
const PLACES: [(&str, &[&str]); 8] = [
    ("Cargo.toml", &["\nversion = \"", "path = \"runtime\", version = \"", "path = \"core\", version = \""]),
    ("python/pyproject.toml", &["\nversion = \""]),
    ("python/counterseal/__init__.py", &["\n__version__ = \""]),
    ("node/package.json", &["\n  \"version\": \""]),
    (
        "node/package-lock.json",
        &["\n  \"version\": \"", "\n    \"\": {\n      \"name\": \"counterseal\",\n      \"version\": \""],
    ),
    ("go/go.mod", &["go/lib/linux-amd64 v", "go/lib/linux-arm64 v"]),
    (
        "tests/conformance/runners/go/go.mod",
        &["counterseal/go v", "go/lib/linux-amd64 v", "go/lib/linux-arm64 v"],
    ),
    ("benches/go/go.mod", &["counterseal/go v", "go/lib/linux-amd64 v", "go/lib/linux-arm64 v"]),
];

/// The packages of this workspace in the lock files.
const LOCKS: [&str; 2] = ["Cargo.lock", "tests/fuzz/Cargo.lock"];

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every place with the version that it holds.
fn versions(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (file, prefixes) in PLACES {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        for prefix in prefixes {
            let (_, rest) = text.split_once(prefix).unwrap_or_else(|| panic!("{file} has no {prefix:?}"));
            let version = rest.split(['"', ' ', '\n']).next().unwrap();
            found.push((format!("{file}: {}", prefix.trim()), version.to_owned()));
        }
    }
    for file in LOCKS {
        let lock = std::fs::read_to_string(root.join(file)).unwrap();
        for package in lock.split("\n[[package]]\n").filter(|package| !package.contains("\nsource = ")) {
            if let Some(rest) = package.strip_prefix("name = \"counterseal") {
                let (name, version) = rest.split_once("\"\nversion = \"").unwrap();
                if name == "-fuzz" {
                    continue; // a workspace of its own, which nobody is given
                }
                found.push((
                    format!("{file}: counterseal{name}"),
                    version.split('"').next().unwrap().to_owned(),
                ));
            }
        }
    }
    found
}

fn wrong(root: &Path, version: &str) -> Vec<(String, String)> {
    versions(root).into_iter().filter(|(_, found)| found != version).collect()
}

#[test]
fn one_version_everywhere() {
    assert_eq!(wrong(&project(), env!("CARGO_PKG_VERSION")), []);
    assert!(versions(&project()).len() > 20);
}

#[test]
fn the_optional_packages_of_node_have_it_too() {
    let text = std::fs::read_to_string(project().join("node/package.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    for (name, version) in manifest["optionalDependencies"].as_object().into_iter().flatten() {
        assert!(name.starts_with("@counterseal/"), "{name} is installed with the package");
        assert_eq!(version, env!("CARGO_PKG_VERSION"), "{name}");
    }
}

#[test]
fn what_is_built_takes_it_from_there() {
    let read = |file: &str| std::fs::read_to_string(project().join(file)).unwrap();
    assert!(read("bindings/c/counterseal.pc.in").contains("\nVersion: @version@\n"));
    let inherited = "\nversion.workspace = true\n";
    for member in ["core", "runtime", "cli", "bindings/c", "bindings/node", "bindings/python"] {
        assert!(read(&format!("{member}/Cargo.toml")).contains(inherited), "{member}");
    }
}

#[test]
fn the_newest_entry_of_the_changelog_is_about_it() {
    let text = std::fs::read_to_string(project().join("CHANGELOG.md")).unwrap();
    let heading = text.lines().find(|line| line.starts_with("## ")).unwrap();
    assert_eq!(heading.split(' ').nth(1), Some(env!("CARGO_PKG_VERSION")));
}

#[test]
fn one_command_changes_it() {
    let copy = std::env::temp_dir().join(format!("counterseal-versions-{}", std::process::id()));
    let files: Vec<&str> = PLACES.iter().map(|(file, _)| *file).chain(LOCKS).collect();
    for file in &files {
        std::fs::create_dir_all(copy.join(file).parent().unwrap()).unwrap();
        std::fs::copy(project().join(file), copy.join(file)).unwrap();
    }
    let run = |version: &str| {
        let command = project().join(".ci/release/version");
        Command::new(command).arg(version).env("ROOT", &copy).output().unwrap()
    };
    for refused in ["", "1", "v1.2.3", "1.2.3 ", "1.2.3\"", "01.2.3", "1.2.3-rc.1"] {
        assert!(!run(refused).status.success(), "{refused:?}");
    }
    assert_eq!(wrong(&copy, env!("CARGO_PKG_VERSION")), []);
    let output = run("4.5.6");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(wrong(&copy, "4.5.6"), []);
    // Nothing but the version changed: the other way round gives the files as they were.
    assert!(run(env!("CARGO_PKG_VERSION")).status.success());
    for file in files {
        let read = |root: &Path| std::fs::read_to_string(root.join(file)).unwrap();
        assert!(read(&copy) == read(&project()), "{file}");
    }
    std::fs::remove_dir_all(copy).unwrap();
}
