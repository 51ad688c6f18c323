//! Every kind of mistake, and what is said about it.

use super::*;

const TOML: &str = include_str!("mistakes.txt");
const JSON: &str = include_str!("mistakes_json.txt");

/// [`SOUND`] in JSON.
const SOUND_JSON: &str = r#"{
  "version": 1,
  "issuer": [
    {
      "name": "main",
      "issuer": "https://idp.example.com",
      "profile": "access_token",
      "audience": "orders",
      "algorithms": ["RS256"],
      "keys": { "scripted": true }
    }
  ]
}
"#;

/// A case of the lists.
#[derive(Default)]
struct Case {
    name: String,
    text: String,
    /// The problems that are wanted.
    wanted: Vec<String>,
}

fn cases(list: &str, sound: &str) -> Vec<Case> {
    list.split("\n\n").filter(|block| block.starts_with("= ")).map(|block| case(block, sound)).collect()
}

fn case(block: &str, sound: &str) -> Case {
    let mut case = Case { text: sound.to_owned(), ..Case::default() };
    let mut from: Option<String> = None;
    let mut to: Vec<String> = Vec::new();
    let mut change = |from: Option<String>, to: &[String]| match from {
        Some(from) => {
            assert!(case.text.contains(&from), "{block}");
            case.text = case.text.replacen(&from, &to.join("\n"), 1);
        }
        None if to.is_empty() => {}
        None => case.text.push_str(&(to.join("\n") + "\n")),
    };
    for line in block.lines() {
        match line.split_at(line.len().min(2)) {
            ("= ", name) => case.name = name.to_owned(),
            ("- ", text) => {
                change(from.take(), &to);
                to.clear();
                from = Some(unescape(text));
            }
            ("+ ", text) => to.push(unescape(text)),
            _ => case.wanted.push(line.to_owned()),
        }
    }
    change(from, &to);
    case
}

/// `\u{a0}` as the character: some of them nobody sees.
fn unescape(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (digits, rest) = part.split_once('}').unwrap();
        out.push(char::from_u32(u32::from_str_radix(digits, 16).unwrap()).unwrap());
        out.push_str(rest);
    }
    out
}

#[track_caller]
fn assert_cases(list: &str, sound: &str, format: Format, least: usize) {
    let key = |d: &str| {
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"{d}}}"#)
    };
    let surroundings = Surroundings::default()
        .file("bad.json", b"{\"kty\":\"RSA\"")
        .file("public.json", key("").as_bytes())
        .file(
            "private.json",
            format!(r#"{{"keys":[{}]}}"#, key(r#","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A""#))
                .as_bytes(),
        );
    let mut wrong = String::new();
    let cases = cases(list, sound);
    for case in &cases {
        let problems: Vec<String> = match surroundings.parse(&case.text, format, None) {
            Ok(_) => Vec::new(),
            Err(error) => error.to_string().lines().map(shorten).collect(),
        };
        if problems != case.wanted || problems.is_empty() {
            wrong += &format!("= {}\n{}\n\n", case.name, problems.join("\n"));
        }
    }
    assert!(cases.len() >= least, "only {} cases were read", cases.len());
    assert!(wrong.is_empty(), "these say something else:\n\n{wrong}");
}

/// `line 3, column 8: …` as `3:8: …`.
fn shorten(problem: &str) -> String {
    problem.replacen("line ", "", 1).replacen(", column ", ":", 1)
}

#[test]
fn mistakes_in_toml() {
    assert_cases(TOML, SOUND, Format::Toml, 100);
}

#[test]
fn mistakes_in_json() {
    assert_cases(JSON, SOUND_JSON, Format::Json, 35);
}
