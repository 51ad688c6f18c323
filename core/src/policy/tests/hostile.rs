//! Any text ends in a policy or in problems, soon.

use std::time::{Duration, Instant};

/// Generous: machines of tests are busy.
const SOON: Duration = Duration::from_secs(20);

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

const FULL_IN_JSON: &str = r#"{"version":1,"issuer":[{"name":"a","keys":{"jwks":{"keys":[{"n":1.5,"e":[]}]}},"rule":[{}]}],"service":{"orders":{"limits":null}}}"#;

/// A text with some pieces put in, taken out and put in place of others.
fn damaged(base: &str, numbers: &mut Numbers) -> String {
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
    characters.concat()
}

#[test]
fn any_text_ends_without_panic() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let surroundings = Surroundings::default().variable("A", "a");
    for round in 0..4000 {
        let (base, format) = if round % 2 == 0 { (FULL, Format::Toml) } else { (FULL_IN_JSON, Format::Json) };
        let text = damaged(base, &mut numbers);
        let service = [None, Some("orders"), Some("x")][numbers.below(3)];
        if let Err(error) = surroundings.parse(&text, format, service) {
            assert!(!error.problems().is_empty());
            assert!(error.to_string().chars().all(|one| one == '\n' || !one.is_control()), "{error:?}");
            let mut last = (1, 1);
            for problem in error.problems() {
                let place = (problem.line, problem.column);
                assert!(place >= last, "in the order of the file: {text:?}");
                last = place;
                let line = text.split('\n').nth(problem.line as usize - 1);
                let length = line.unwrap_or_else(|| panic!("{problem} in {text:?}")).chars().count();
                assert!(problem.column as usize <= length + 1, "{problem} in {text:?}");
            }
        }
    }
}

#[test]
fn whatever_the_strict_json_parser_refuses_is_explained_and_nothing_else() {
    use crate::json::{Bounds, parse};
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let (mut sound, mut explained) = (0, 0);
    for round in 0..20_000 {
        // Few changes leave some texts sound.
        let base = if round % 3 == 0 { r#"{"a":[1,"x"],"b":{}}"# } else { FULL_IN_JSON };
        let text = damaged(base, &mut numbers);
        let refused = match parse(text.as_bytes().to_vec(), Bounds::OPERATOR) {
            Ok(_) => false,
            Err(fault) if fault.code == Code::JsonTooComplex => continue,
            Err(_) => true,
        };
        let Ok(reading) = crate::policy::json_mistakes::read(&text) else {
            continue;
        };
        assert_eq!(!reading.faults.is_empty(), refused, "{text:?}");
        if refused { explained += 1 } else { sound += 1 }
    }
    assert!(sound > 500 && explained > 5000, "{sound} {explained}");
}

#[test]
fn no_damage_shows_a_secret() {
    let mut numbers = Numbers(0x1234_5678_9abc_def1);
    let text = SOUND.replace("RS256", "HS256").replace(
        "{ scripted = true }",
        "{ secret = \"hush, hush!\" }\nx-note = 1\nidentity = { roles = \"/r\" }",
    );
    let json = r#"{"version":1,"issuer":[{"keys":{"secret":"hush, hush!"},"name":"a","types":["x"]}]}"#;
    for round in 0..4000 {
        let (base, format) = if round % 2 == 0 { (&*text, Format::Toml) } else { (json, Format::Json) };
        let damaged = damaged(base, &mut numbers);
        if let Err(error) = Surroundings::default().parse(&damaged, format, None) {
            for problem in error.problems() {
                // A secret that stands where a name belongs is taken for one: names are shown in paths.
                let said = format!("{} {}", problem.message, problem.hint.as_deref().unwrap_or_default());
                assert!(!said.contains("hush"), "{problem:?} in {damaged:?}");
            }
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
        // Entries that differ in nothing, names that are nearly known, rules, and tables that are compared.
        "[[issuer]]\nissuer='a'\n".repeat(SIZE / 22),
        numbered("[[issuer]]\nname='name-of-an-issuer-#'\n")[..SIZE / 2].to_owned()
            + "\n"
            + &numbered("[[service.orders.issuer]]\nname='nama-of-an-issuer-#'\n")[..SIZE / 2],
        SOUND.to_owned() + &numbered("[[issuer.rule]]\nclaim='/a#'\nequals=#\n"),
        SOUND.to_owned() + &numbered("algorithms_algorithms_algorithms_algorithms_algorithms_algor# = 1\n"),
        format!("{SOUND}identity.roles = [{}]\n", "\"/a\",".repeat(SIZE / 6)),
        format!("{SOUND}required_claims = [{}1]\n", "\"/a\",".repeat(SIZE / 6)),
        ["issuer = 'a'", "issuer = 'b'"]
            .map(|issuer| {
                let keys = numbered("a#=1\n");
                format!("[[issuer]]\n{issuer}\n[issuer.keys.jwks]\n{}\n", &keys[..SIZE / 2])
            })
            .concat(),
        ["generic", "id_token"]
            .map(|profile| {
                let keys = numbered("a#=1\n");
                format!(
                    "[[issuer]]\nissuer='a'\nprofile='{profile}'\n[issuer.keys.jwks]\n{}\n",
                    &keys[..SIZE / 2]
                )
            })
            .concat(),
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
            assert!(took < SOON, "{took:?} for {shown:?}");
            let _ = result.unwrap_err().to_string();
        }
    }
}

#[test]
fn variables_do_not_make_a_policy_grow_without_end() {
    let value = "a".repeat(100_000);
    let surroundings = Surroundings::default().variable("A", &value).variable("B", "${A}${B}");
    let list = "\"${A}\",".repeat(crate::limits::POLICY_BYTES / 8);
    let start = Instant::now();
    let result = surroundings.parse(&format!("{SOUND}actors = [{list}]\n"), Format::Toml, None);
    assert_problems(result, &[("issuer[0].actors[10]", Code::ConfigTooLarge)]);
    assert!(start.elapsed() < SOON);
    // A variable that names itself is put in as it is.
    let policy = surroundings.parse(&format!("{SOUND}actors = [\"${{B}}\"]\n"), Format::Toml, None).unwrap();
    assert_eq!(policy.issuers().next().unwrap().actors, [Box::from("${A}${B}")]);
}

#[test]
fn sets_of_ten_thousand_keys_are_read_and_larger_ones_are_refused() {
    let set = |count: usize| {
        let key = |at: usize| {
            format!(
                r#"{{"kty":"OKP","crv":"Ed25519","kid":"{at}","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#
            )
        };
        format!("{{\"keys\":[{}]}}", (0..count).map(key).collect::<Vec<_>>().join(","))
    };
    let text =
        SOUND.replace("RS256", "Ed25519").replace("{ scripted = true }", "{ jwks_file = \"keys.json\" }");
    for (count, is_sound) in [(crate::limits::STATIC_KEYS, true), (crate::limits::STATIC_KEYS + 1, false)] {
        let surroundings = Surroundings::default().file("keys.json", set(count).as_bytes());
        let start = Instant::now();
        let result = surroundings.parse(&text, Format::Toml, None);
        assert_eq!(result.is_ok(), is_sound, "{count}: {:?}", result.err().map(|error| error.to_string()));
        assert!(start.elapsed() < SOON);
    }
}

#[test]
fn the_key_files_of_a_policy_have_a_bound_together() {
    let padded = format!("{{\"keys\":[]{}}}", " ".repeat(crate::limits::STATIC_JWKS_BYTES - 20));
    let surroundings = Surroundings::default().file("keys.json", padded.as_bytes());
    let entry = |at: usize| {
        SOUND
            .replace("version = 1\n", "")
            .replace("idp", &format!("idp{at}"))
            .replace("main", &format!("main{at}"))
            .replace("{ scripted = true }", "{ jwks_file = \"keys.json\" }")
    };
    let start = Instant::now();
    let text = format!("version = 1\n{}", (0..200).map(entry).collect::<String>());
    let codes: Vec<Code> =
        problems(surroundings.parse(&text, Format::Toml, None)).into_iter().map(|(_, code)| code).collect();
    let read = crate::limits::KEY_FILES_BYTES / crate::limits::STATIC_JWKS_BYTES;
    assert_eq!(codes.iter().filter(|code| **code == Code::ConfigTooLarge).count(), 200 - read);
    assert!(start.elapsed() < SOON);
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
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert!(error.problems().iter().any(|one| one.message.starts_with("unknown issuer \"x-0-x\"")));
}
