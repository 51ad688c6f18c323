//! Policies that are not written as text, or not as UTF-8.

use super::*;
use Code::*;

fn from_data(json: &str) -> Result<Policy, PolicyError> {
    let surroundings = Surroundings::default();
    let options = PolicyOptions {
        service: None,
        resources: &surroundings,
        provider: &WITHOUT_ES512,
        scripted_keys: true,
    };
    Policy::from_data(json, &options)
}

const DATA: &str = r#"{"version":1,"issuer":[{"issuer":"https://idp.example.com","profile":"access_token","audience":"orders","algorithms":["RS256"],"keys":{"scripted":true}}]}"#;

#[test]
fn data_has_pointers_and_no_lines() {
    assert!(from_data(DATA).is_ok());
    let data = DATA.replace("\"audience\"", "\"a/b~c\":1,\"audience\"").replace("\"RS256\"", "\"RS256\",7");
    let error = from_data(&data).unwrap_err();
    let found: Vec<_> =
        error.problems().iter().map(|one| (one.pointer.as_str(), one.line, one.column, one.code)).collect();
    assert_eq!(
        found,
        [("/issuer/0/a~1b~0c", 0, 0, ConfigUnknownKey), ("/issuer/0/algorithms/1", 0, 0, ConfigType)]
    );
    assert_eq!(
        error.to_string(),
        "/issuer/0/a~1b~0c: unknown setting; leave it out, or begin its name with `x-` for a note of your own\n\
         /issuer/0/algorithms/1: a number stands where a string belongs; put it in quotes"
    );
    let data = serde_json::to_value(&error).unwrap();
    assert!(data["problems"][0].get("line").is_none() && data["problems"][0].get("column").is_none());
    assert_eq!(data["problems"][0]["path"], "issuer[0].\"a/b~c\"");
}

#[test]
fn mistakes_of_the_whole_have_no_pointer() {
    let error = from_data("{}").unwrap_err();
    assert!(error.to_string().starts_with("`version` is missing; write version = 1\n"), "{error}");
    for (data, code) in [("", ConfigSyntax), ("[]", ConfigSyntax), ("{\"a\":NaN}", ConfigSyntax)] {
        let error = from_data(data).unwrap_err();
        assert!(error.problems().iter().any(|one| one.code == code), "{error}");
        assert!(error.problems().iter().all(|one| one.line == 0), "{error}");
    }
}

#[test]
fn bytes_that_are_no_utf_8_are_one_problem_with_its_place() {
    let surroundings = Surroundings::default();
    let options = PolicyOptions {
        service: None,
        resources: &surroundings,
        provider: &WITHOUT_ES512,
        scripted_keys: true,
    };
    let parse = |bytes: &[u8]| found(Policy::parse_bytes(bytes, Format::Toml, &options));
    assert_eq!(parse(SOUND.as_bytes()), []);
    assert_eq!(parse(b"version = 1\r\nx-a = \"\xc3\xa9\xe9\"\n"), [(2, 9, String::new(), ConfigSyntax)]);
    let wide: Vec<u8> =
        std::iter::once(0xfeff).chain(SOUND.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let error = Policy::parse_bytes(&wide, Format::Toml, &options).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 1: the text is UTF-16; save the file as UTF-8");
    // A byte order mark alone does no harm to TOML, and no editor counts it.
    let marked = format!("\u{feff}{SOUND}");
    assert_eq!(parse(marked.as_bytes()), []);
    assert_eq!(parse(marked.replace("= 1", "= 2").as_bytes()), [(1, 11, "version".to_owned(), ConfigValue)]);
}
