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
fn what_the_file_says_is_shown_without_control_characters() {
    let error = toml(&format!("{SOUND}\"\\u0007\\nx\" = 1\n")).unwrap_err().to_string();
    assert_eq!(
        error,
        "line 9, column 1: issuer[0].\"\\u{7}\\nx\": unknown setting; \
         leave it out, or begin its name with `x-` for a note of your own"
    );
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
    // What hangs together is judged, too, where one knows what is there.
    let text = SOUND.replace("\"main\"", "main").replace("profile = \"access_token\"\n", "")
        + "types = [\"JWT\"]\nidentity.roles = \"${NONE}\"\n";
    assert_problems(
        toml(&text),
        &[("issuer[0]", ConfigMissing), ("", ConfigSyntax), ("issuer[0].identity.roles", ConfigSecret)],
    );
    // What is damaged is not missing, and says nothing.
    for from in [
        "\"https://idp.example.com\"",
        "\"access_token\"",
        "\"orders\"",
        "[\"RS256\"]",
        "{ scripted = true }",
    ] {
        assert_problems(toml(&SOUND.replace(from, "oops")), &[("", ConfigSyntax)]);
        assert_problems(toml(&SOUND.replace(from, "[\"x\",\n  oops,\n  \"y\"]")), &[("", ConfigSyntax)]);
        assert_problems(toml(&SOUND.replace(from, "\"\"\"\n\\q\"\"\"")), &[("", ConfigSyntax)]);
    }
    // Behind a line that could have been anything nothing is missing.
    let text = SOUND.replace("profile = \"access_token\"", "profile");
    assert_eq!(found(toml(&text)), [(5, 1, String::new(), ConfigSyntax)]);
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

/// Twelve mistakes of twelve kinds: a string without quotes, an unknown name, a name twice, no signature,
/// a type, a unit, a pointer, a setting of another table, a variable, a rule that asks two things, a
/// range, and a list that is not closed.
const TWELVE: &str = "version = 1\r
# café ☕
[[issuer]]\r
name = main
issuer = \"https://idp.example.com\"
profile = \"access_token\"
audiance = \"orders\"
audience = \"orders\"
audience = \"billing\"
algorithms = [\"RS256\", \"none\"]
keys = { scripted = true }
actors = \"web\"
max_lifetime = \"90 minutes\"
identity = { roles = [\"/größe\", \"roles\"] }
leeway = \"30s\"
issuer_aliases = [\"https://${HOST}\"]
[[issuer.rule]]
claim = \"/tenant\"
\"equals\" = \"ö\"
\tabsent = true
[limits]
token_bytes = 1
[service.orders]
x-note = [1, # and so on
audience = \"x\"
";

const TWELVE_IN_JSON: &str = "{
  \"version\": 1,\r
  \"x-café ☕\": 1,
  \"issuer\": [{\r
    \"name\": main,
    \"issuer\": \"https://idp.example.com\",
    \"profile\": \"access_token\",
    \"audiance\": \"orders\",
    \"audience\": \"orders\", \"audience\": \"billing\",
    \"algorithms\": [\"RS256\", \"none\"],
    \"keys\": {\"scripted\": true},
    \"actors\": \"web\",
    \"max_lifetime\": \"90 minutes\",
    \"identity\": {\"roles\": [\"/größe\", \"roles\"]},
    \"leeway\": \"30s\",
    \"issuer_aliases\": [\"https://${HOST}\"],
    \"rule\": [{\"claim\": \"/tenant\", \"equals\": \"ö\", \"absent\": true}]
  }],
  \"limits\": {\"token_bytes\": 1},
  \"service\": {\"orders\": {
    \"x-note\": [1,
    \"audience\": \"x\"
  }}
}
";

fn at(line: u32, column: u32, path: &str, code: Code) -> (u32, u32, String, Code) {
    (line, column, path.to_owned(), code)
}

#[test]
fn twelve_mistakes_of_different_kinds_are_twelve_problems() {
    let error = toml(TWELVE).unwrap_err();
    let wanted = [
        at(4, 8, "", ConfigSyntax),
        at(7, 1, "issuer[0].audiance", ConfigUnknownKey),
        at(9, 1, "", ConfigSyntax),
        at(10, 24, "issuer[0].algorithms[1]", ConfigValue),
        at(12, 10, "issuer[0].actors", ConfigType),
        at(13, 16, "issuer[0].max_lifetime", ConfigValue),
        at(14, 33, "issuer[0].identity.roles[1]", ConfigValue),
        at(15, 1, "issuer[0].leeway", ConfigUnknownKey),
        at(16, 19, "issuer[0].issuer_aliases[0]", ConfigSecret),
        at(20, 2, "issuer[0].rule[0].absent", ConfigValue),
        at(22, 15, "limits.token_bytes", ConfigValue),
        at(24, 10, "", ConfigSyntax),
    ];
    assert_eq!(found(toml(TWELVE)), wanted, "\n{error}");
    assert!(error.to_string().starts_with("line 4, column 8: a string has no quotes"), "{error}");
}

#[test]
fn twelve_mistakes_in_json_are_twelve_problems() {
    let error = json(TWELVE_IN_JSON).unwrap_err();
    let wanted = [
        at(5, 13, "", ConfigSyntax),
        at(8, 5, "issuer[0].audiance", ConfigUnknownKey),
        at(9, 27, "", ConfigSyntax),
        at(10, 29, "issuer[0].algorithms[1]", ConfigValue),
        at(12, 15, "issuer[0].actors", ConfigType),
        at(13, 21, "issuer[0].max_lifetime", ConfigValue),
        at(14, 38, "issuer[0].identity.roles[1]", ConfigValue),
        at(15, 5, "issuer[0].leeway", ConfigUnknownKey),
        at(16, 24, "issuer[0].issuer_aliases[0]", ConfigSecret),
        at(17, 50, "issuer[0].rule[0].absent", ConfigValue),
        at(19, 29, "limits.token_bytes", ConfigValue),
        at(21, 15, "", ConfigSyntax),
    ];
    assert_eq!(found(json(TWELVE_IN_JSON)), wanted, "\n{error}");
}
