//! Names, types, values and places.

use super::*;
use Code::*;

#[test]
fn a_dozen_mistakes_are_a_dozen_problems_with_their_places() {
    let text = r#"version = 2
  leewey = "30s"
[[issuer]]
name = "main"
issuer = "https://idp.example.com"
profile = "acces_token"
audiance = "orders"
algorithms = ["RS256", "none", "HS256K"]
types = []
keys = { scripted = true, jkws_file = "a" }
max_lifetime = 3600
required_scopes = "orders:read"
[issuer.identity]
rolés = "/r"
roles = "é.roles"
[limits]
leeway = "301s"
token_bytes = "16384"
[signing]
issuer = "x"
"#;
    let error = toml(text).unwrap_err();
    let wanted = [
        (1, 11, "version", ConfigValue),
        (2, 3, "leewey", ConfigUnknownKey),
        (6, 11, "issuer[0].profile", ConfigValue),
        (7, 1, "issuer[0].audiance", ConfigUnknownKey),
        (8, 24, "issuer[0].algorithms[1]", ConfigValue),
        (8, 32, "issuer[0].algorithms[2]", ConfigValue),
        (9, 9, "issuer[0].types", ConfigValue),
        (10, 27, "issuer[0].keys.jkws_file", ConfigUnknownKey),
        (11, 16, "issuer[0].max_lifetime", ConfigType),
        (12, 19, "issuer[0].required_scopes", ConfigType),
        (14, 1, "issuer[0].identity.rol\u{e9}s", ConfigSyntax),
        (15, 9, "issuer[0].identity.roles", ConfigValue),
        (17, 10, "limits.leeway", ConfigValue),
        (18, 15, "limits.token_bytes", ConfigType),
        (19, 2, "signing", ConfigNotSupported),
    ];
    // A bare key of other than ASCII letters is a mistake of syntax; it goes last, in a text of its own.
    let without = text.replace("rolés", "\"rolés\"");
    let listed = found(toml(&without));
    let mut wanted: Vec<_> =
        wanted.iter().map(|(line, column, path, code)| (*line, *column, (*path).to_owned(), *code)).collect();
    wanted[10] = (14, 1, "issuer[0].identity.\"rol\u{e9}s\"".to_owned(), ConfigUnknownKey);
    assert_eq!(listed, wanted, "\n{error}");
}

#[test]
fn problems_say_what_to_write_instead() {
    for (line, shown) in [
        ("audiance = 'x'", "issuer[0].audiance: unknown setting; did you mean `audience`?"),
        ("leeway = '1s'", "issuer[0].leeway: unknown setting; there is `limits.leeway`"),
        (
            "qqqqq = 1",
            "issuer[0].qqqqq: unknown setting; leave it out, or begin its name with `x-` for a note of your own",
        ),
        (
            "max_lifetime = 60",
            "issuer[0].max_lifetime: a number stands where a duration such as \"30s\" belongs; a duration has a unit: write \"60s\" for seconds",
        ),
        (
            "max_lifetime = '60'",
            "issuer[0].max_lifetime: no duration; write an integer and s, m, h or d, such as \"30s\"",
        ),
        ("max_lifetime = '3651d'", "issuer[0].max_lifetime: the duration is not from 1s to 3650d"),
        (
            "required_scopes = 'a'",
            "issuer[0].required_scopes: a string stands where a list of strings belongs; put it in brackets: [\"…\"]",
        ),
        (
            "required_scopes = ['a b']",
            "issuer[0].required_scopes[0]: a scope holds no spaces; write one string for each scope",
        ),
        (
            "identity.roles = 'a/b'",
            "issuer[0].identity.roles: no JSON Pointer; write \"/a~1b\" for the claim of that name",
        ),
        ("actors = [1]", "issuer[0].actors[0]: a number stands where a string belongs; put it in quotes"),
        (
            "types = ['at+jwt; v=1']",
            "issuer[0].types[0]: a type has no parameters here; leave out the semicolon and what follows",
        ),
        ("replay = 'redis'", "issuer[0].replay: this setting is not supported in this version"),
        ("preset = 'aws-alb'", "issuer[0].preset: this value is not supported in this version"),
        ("preset = 'keycloack'", "issuer[0].preset: unknown \"keycloack\"; did you mean `keycloak`?"),
        (
            "enforce = 'no'",
            "issuer[0].enforce: a string stands where true or false belongs; write it without quotes",
        ),
        (
            "\"\\u0007\\nx\" = 1",
            "issuer[0].\"\\u{7}\\nx\": unknown setting; leave it out, or begin its name with `x-` for a note of your own",
        ),
    ] {
        let error = toml(&format!("{SOUND}{line}\n")).unwrap_err().to_string();
        assert_eq!(error.split_once(": ").unwrap().1, shown);
    }
}

#[test]
fn json_has_the_same_places() {
    let text = "{\"version\": 1,\n \"issuer\": [{\n  \"name\": \"m\\u0061in\", \"é\": 1, \"audiance\": [\"orders\"],\n\
                \"profile\": \"generic\", \"issuer\": \"i\",\n \"algorithms\": [\"RS256\", \"RS25\"], \"types\": [null],\n\
                \"keys\": {\"scripted\": true}, \"max_lifetime\": \"x\" }] }";
    let wanted = [
        (3, 24, "issuer[0].\"é\"", ConfigUnknownKey),
        (3, 32, "issuer[0].audiance", ConfigUnknownKey),
        (5, 26, "issuer[0].algorithms[1]", ConfigValue),
        (5, 45, "issuer[0].types[0]", ConfigType),
        (6, 45, "issuer[0].max_lifetime", ConfigValue),
    ];
    let wanted: Vec<_> =
        wanted.map(|(line, column, path, code)| (line, column, path.to_owned(), code)).into();
    assert_eq!(found(json(text)), wanted);
    let error = json(text).unwrap_err();
    assert_eq!(error.problems()[2].pointer, "/issuer/0/algorithms/1");
    let data = serde_json::to_value(&error).unwrap();
    assert_eq!(data["problems"][2]["code"], "config_value");
    assert_eq!(data["problems"][2]["line"], 5);
}

#[test]
fn syntax_is_reported_beside_what_is_certain() {
    let text = SOUND.replace("\"main\"", "main").replace("audience", "audiance")
        + "[limits]\nleeway = 07s\ntoken_bytes = 1\n";
    assert_problems(
        toml(&text),
        &[
            ("", ConfigSyntax),
            ("issuer[0].audiance", ConfigUnknownKey),
            ("", ConfigSyntax),
            ("limits.token_bytes", ConfigValue),
        ],
    );
    // Behind an open bracket nothing is certain.
    let open = SOUND.replace("[\"RS256\"]", "[\"RS256\"") + "foo = 1\n";
    assert_eq!(found(toml(&open)), [(8, 1, String::new(), ConfigSyntax)]);
    assert_eq!(found(toml("version = 1\nversion = 1\n")), [(2, 1, String::new(), ConfigSyntax)]);
    assert_eq!(found(json("{\"version\": 1, \"version\": 1}")), [(1, 16, String::new(), ConfigSyntax)]);
    assert_eq!(found(json("{\"version\": 1,}")), [(1, 15, String::new(), ConfigSyntax)]);
}

#[test]
fn a_text_too_large_or_deep_ends_at_once() {
    let large = format!("#{}", " ".repeat(crate::limits::POLICY_BYTES));
    for text in [
        large,
        format!("a = {}", "[".repeat(500_000)),
        format!("{}a = 1", "a.".repeat(500_000)),
        "a = { a.a.a.a.a = ".repeat(20_000),
        format!("a = {}1{}", "[".repeat(16), "]".repeat(16)),
    ] {
        assert_problems(toml(&text), &[("", ConfigTooLarge)]);
    }
    for text in [format!("{{\"a\":{}", "[".repeat(500_000)), " ".repeat(crate::limits::POLICY_BYTES + 1)] {
        assert_problems(json(&text), &[("", ConfigTooLarge)]);
    }
}

#[test]
fn a_list_of_mistakes_has_an_end() {
    let text = SOUND.to_owned() + &(0..300).map(|at| format!("unknown{at} = 1\n")).collect::<String>();
    let error = toml(&text).unwrap_err();
    assert_eq!(error.problems().len(), 201);
    assert!(error.to_string().ends_with("100 more mistakes are not listed"));
}
