//! Any text ends in a policy or in problems, soon.

use std::time::{Duration, Instant};

use super::*;

const FULL: &str = r#"version = 1
audience = "top"
deny_kid = ["k0"]
deny_issuer = ["https://old.example.com"]
[[issuer]]
preset = "keycloak"
enforce = false
widened_claims = ["amr"]
discriminator = [{ claim = "/typ", equals = "Bearer" }]
subject_kind = { client_suffix = "@c", user = [{ claim = "/sid", present = true }] }
name = "main"
issuer = "https://idp.example.com"
issuer_aliases = ["a"]
profile = "generic"
algorithms = ["RS256"]
types = ["JWT", "none"]
keys = { scripted = true }
max_lifetime = "2h"
required_claims = ["tenant", "/a/b~1"]
required_scopes = ["a"]
identity = { roles = "/r", tenant = "/t" }
[[issuer.rule]]
claim = "/tenant"
one_of = ["acme", 1, 1.5, true, "${A}"]
[limits]
leeway = "30s"
[fetch]
wait = "3s"
[service.orders]
audience = "b"
[[service.orders.issuer]]
name = "main"
"#;

/// A small generator: the same numbers on every run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

const PIECES: &[&str] = &[
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "=",
    ".",
    ",",
    "\n",
    "\"\"\"",
    "'''",
    "[[",
    "]]",
    "#",
    "\\",
    "${",
    "}",
    "$${",
    "é",
    "\u{0}",
    "\r",
    "1e999",
    "-",
    "nan",
    "null",
    "true",
    "issuer",
    "keys",
    "service",
    "x-",
    "a.b",
    "\\u0000",
    ":",
    "0x",
    "[{]",
    "{a=",
    "{]a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=",
    "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a={]\n",
    "a=[{]}]\n[a.a.a.a.a.a.a.a.a]\n",
];

#[test]
fn any_text_ends_without_panic() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let surroundings = Surroundings::default().variable("A", "a");
    let json = r#"{"version":1,"issuer":[{"name":"a","keys":{"jwks":{"keys":[{"n":1.5,"e":[]}]}},"rule":[{}]}],"service":{"orders":{"limits":null}}}"#;
    for round in 0..4000 {
        let (base, format) = if round % 2 == 0 { (FULL, Format::Toml) } else { (json, Format::Json) };
        let mut characters: Vec<String> = base.chars().map(String::from).collect();
        for _ in 0..=numbers.below(6) {
            let at = numbers.below(characters.len());
            let until = at + numbers.below((characters.len() - at).min(12));
            let piece = PIECES[numbers.below(PIECES.len())].to_owned();
            match numbers.below(3) {
                0 => characters.insert(at, piece),
                1 => drop(characters.splice(at..until, [piece])),
                _ => drop(characters.drain(at..until)),
            }
        }
        let text: String = characters.concat();
        let service = [None, Some("orders"), Some("x")][numbers.below(3)];
        if let Err(error) = surroundings.parse(&text, format, service) {
            assert!(!error.problems().is_empty());
            assert!(error.to_string().chars().all(|one| one == '\n' || !one.is_control()), "{error:?}");
        }
    }
}

#[test]
fn a_megabyte_of_anything_ends_soon() {
    const SIZE: usize = crate::limits::POLICY_BYTES - 200;
    let numbered = |line: &str| -> String {
        (0..SIZE / (line.len() + 6)).map(|at| line.replace('#', &at.to_string())).collect()
    };
    let service = |line: &str| format!("{SOUND}{}[service.orders]\n", numbered(line));
    let mut texts: Vec<String> = PIECES.iter().map(|piece| piece.repeat(SIZE / piece.len())).collect();
    texts.extend([
        "[[issuer]]\n".repeat(SIZE / 11),
        "[[issuer]]\nissuer='a'\nprofile='generic'\n".repeat(SIZE / 42),
        numbered("a# = 1\n"),
        numbered("a = 1\n"),
        numbered("[service.a#]\nb=1\n"),
        service("[[service.orders.issuer]]\nname='#'\n"),
        numbered("[[issuer]]\nissuer='#'\n") + &numbered("[[service.orders.issuer]]\nname='#'\n")[..SIZE / 2],
        format!("version = \"{}\"", "\\q".repeat(SIZE / 2)),
        format!("version = \"{}\"", "$${".repeat(SIZE / 3)),
        format!("audience = [{}]", "1,".repeat(SIZE / 2)),
        format!("{} = 1", "a".repeat(SIZE)),
        format!("[service.{}]\n", "a".repeat(SIZE)),
    ]);
    for mut text in texts {
        text.truncate(crate::limits::POLICY_BYTES);
        for (format, text) in [(Format::Toml, text.clone()), (Format::Json, format!("{{{text}"))] {
            let start = Instant::now();
            let result = Surroundings::default().parse(&text, format, Some("orders"));
            assert!(result.is_err());
            let took = start.elapsed();
            let shown: String = text.chars().take(40).collect();
            assert!(took < Duration::from_secs(10), "{took:?} for {shown:?}");
            let _ = result.unwrap_err().to_string();
        }
    }
}

#[test]
fn the_same_text_has_the_same_problems_and_no_endless_lists() {
    let entries: String = (0..60).map(|at| format!("[[issuer]]\nname = 'provider-{at}'\n")).collect();
    let text = format!("version = 1\n{entries}[[service.orders.issuer]]\nname = 'zebra'\n");
    let problems = || Surroundings::default().parse(&text, Format::Toml, Some("orders")).unwrap_err();
    let first = problems();
    let hint =
        first.problems().iter().find_map(|one| one.hint.as_deref().filter(|hint| hint.contains("known are")));
    assert!(hint.is_some_and(|hint| hint.ends_with(", …") && hint.len() < 400), "{hint:?}");
    for _ in 0..5 {
        assert_eq!(problems(), first);
    }
}

#[test]
fn many_unknown_names_beside_many_known_ones_end_soon() {
    let many = |line: &str| -> String { (0..12_000).map(|at| line.replace('#', &at.to_string())).collect() };
    let text = many("[[issuer]]\nname='provider-#'\n") + &many("[[service.orders.issuer]]\nname='x-#-x'\n");
    let start = Instant::now();
    let error = Surroundings::default().parse(&text, Format::Toml, Some("orders")).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(error.problems().iter().any(|one| one.message.starts_with("unknown issuer \"x-0-x\"")));
}
