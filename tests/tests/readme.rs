//! What the README shows is what is tested elsewhere: programs that the packages' own tests run, and attacks
//! that the demo tries.

use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// The blocks of a language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let opening = format!("```{language}\n");
    text.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn programs_are_those_that_the_packages_test() {
    let readme = read("README.md");
    for (language, page) in [("python", "python/README.md"), ("js", "node/README.md"), ("go", "go/README.md")]
    {
        let (shown, page) = (blocks(&readme, language), read(page));
        assert!(!shown.is_empty(), "{language}");
        let tested = blocks(&page, language);
        for block in shown {
            assert!(tested.contains(&block), "{language}:\n{block}");
        }
    }
}

#[test]
fn attacks_are_those_of_the_demo() {
    let (readme, attacks) = (read("README.md"), read("examples/demo/attacks.mjs").replace("\\'", "'"));
    let rows: Vec<&str> = readme.lines().filter(|line| line.contains("| refused | refused")).collect();
    for row in &rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (name, code) = (cells[1], cells[2].trim_matches('`'));
        assert!(attacks.contains(&format!("attack('{name}', '{code}'")), "{row}");
    }
    assert_eq!(rows.len(), attacks.matches("attack('").count());
}
