//! What the README shows is what is tested elsewhere: programs that the packages' own tests run, and attacks
//! that the demo tries.

use std::path::Path;

use serde_json::Value;

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
fn the_program_of_the_crate_is_the_one_in_its_documentation() {
    let (page, documentation) = (read("runtime/README.md"), read("runtime/src/lib.rs"));
    let [program] = blocks(&page, "rust")[..] else { panic!("one program") };
    for line in program.lines() {
        assert!(documentation.contains(format!("//! {line}").trim_end()), "{line}");
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

/// The rows that a language's benchmark left.
fn results(language: &str) -> Vec<Value> {
    let text = read(&format!("benches/results/{}.json", language.to_lowercase()));
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["language"], language);
    file["results"].as_array().unwrap().clone()
}

/// All claims read: what this language took in a column, or what its peer did, in µs.
fn took(rows: &[Value], column: &str, peer: Option<&str>) -> Option<f64> {
    let is_hit = column.starts_with("seen before");
    let section = if is_hit { "From the cache" } else { column };
    let of = |row: &&Value| {
        let what = row["what"].as_str().unwrap();
        row["section"] == section
            && match peer {
                None => row["peer"].is_null() && what.ends_with(", all claims read"),
                Some(peer) => row["peer"]["name"].as_str().is_some_and(|name| name.starts_with(peer)),
            }
    };
    let row = rows.iter().find(of)?;
    let nanoseconds = if peer.is_some() { &row["peer"]["took"] } else { &row["measured"] };
    Some(nanoseconds.as_f64().unwrap() / 1000.0)
}

/// A figure is the measured one, to the digits that it has.
fn assert_rounded(shown: &str, measured: f64, row: &str) {
    let digits = shown.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i32);
    let figure: f64 = shown.parse().unwrap();
    assert!((figure - measured).abs() <= 0.5001 * 10f64.powi(-digits), "{measured} is not {shown}: {row}");
}

#[test]
fn figures_are_those_of_the_results() {
    let readme = read("README.md");
    let (_, table) = readme.split_once("| verify, all claims read |").unwrap();
    let mut lines = table.lines().take_while(|line| line.contains('|'));
    let columns: Vec<&str> = lines.next().unwrap().split('|').map(str::trim).collect();
    let (mut language, mut compared) = (String::new(), 0);
    for line in lines.skip(1) {
        let (name, cells) = line.trim_start_matches('|').split_once('|').unwrap();
        let name = name.trim();
        let names: Vec<&str> = match name.strip_suffix(": **Counterseal**") {
            Some(own) => {
                own.clone_into(&mut language);
                vec![""]
            }
            None => name.split(" / ").collect(),
        };
        let rows = results(&language);
        for (column, cell) in columns.iter().zip(cells.split('|')) {
            let shown = cell.split(" / ").map(|shown| shown.split_whitespace().next().unwrap_or("–"));
            for (peer, shown) in names.iter().zip(shown).filter(|(_, shown)| *shown != "–" && *shown != "not")
            {
                let peer = (!peer.is_empty()).then_some(*peer);
                let measured =
                    took(&rows, column, peer).unwrap_or_else(|| panic!("{column}, {peer:?}: {line}"));
                assert_rounded(shown, measured, line);
                compared += 1;
            }
        }
    }
    assert!(compared > 30, "{compared}");
}

#[test]
fn budgets_that_are_not_kept_are_counted() {
    let rows: Vec<Value> = ["Rust", "Python", "Node", "Go"]
        .into_iter()
        .flat_map(results)
        .filter(|row| !row["budget"].is_null())
        .collect();
    let failed = rows.iter().filter(|row| row["passes"] == false).count();
    let said = format!("On this machine {failed} of {} budgets are not kept.", rows.len());
    assert!(read("README.md").contains(&said), "{said}");
}
