//! Services and variables.

use super::*;
use Code::*;

const SERVICES: &str = r#"version = 1
[[issuer]]
name = "main"
issuer = "https://idp.example.com"
profile = "access_token"
algorithms = ["RS256"]
keys = { scripted = true }
actors = ["a", "b"]
[issuer.identity]
roles = "/roles"
[limits]
leeway = "10s"
[service.orders]
limits.token_bytes = 1024
[[service.orders.issuer]]
name = "main"
audience = "orders"
actors = ["c"]
identity.tenant = "/tenant"
[service.billing]
audience = "billing"
"#;

fn service(text: &str, service: &str) -> Result<Policy, PolicyError> {
    Surroundings::default().parse(text, Format::Toml, Some(service))
}

#[test]
fn tables_merge_lists_replace_and_issuers_merge_by_name() {
    let policy = service(SERVICES, "orders").unwrap();
    assert_eq!((policy.leeway, policy.token_bytes), (10, 1024));
    let issuer = policy.issuers().next().unwrap();
    assert_eq!(issuer.audience().collect::<Vec<_>>(), ["orders"]);
    assert_eq!(issuer.actors, [Box::from("c")]);
    assert!(issuer.identity.tenant.is_some() && issuer.identity.roles.len() == 1);
    let policy = service(SERVICES, "billing").unwrap();
    assert_eq!(policy.issuers().next().unwrap().audience().collect::<Vec<_>>(), ["billing"]);
    assert_problems(toml(SERVICES), &[("issuer[0]", ConfigMissing)]);
}

#[test]
fn a_service_can_add_an_issuer_or_take_the_issuer_for_a_name() {
    let text = SOUND.replace("name = \"main\"\n", "")
        + "[[service.a.issuer]]\nname = \"https://idp.example.com\"\naudience = [\"x\"]\n\
           [[service.b.issuer]]\nissuer = \"other\"\nprofile = \"generic\"\naudience = \"b\"\nalgorithms = [\"ES256\"]\nkeys.scripted = true\n";
    assert_eq!(service(&text, "a").unwrap().issuers().next().unwrap().audience().next(), Some("x"));
    assert_eq!(service(&text, "b").unwrap().issuers().len(), 2);
}

#[test]
fn mistakes_in_services_stand_where_they_were_written() {
    let text = SERVICES
        .replace("actors = [\"c\"]", "actors = [1]\nfoo = 1\nversion = 1")
        .replace("\"orders\"\n", "\"o\\u0000\"\n");
    let wanted = [
        ("service.orders.issuer[0].audience", ConfigValue),
        ("service.orders.issuer[0].actors[0]", ConfigType),
        ("service.orders.issuer[0].foo", ConfigUnknownKey),
        ("service.orders.issuer[0].version", ConfigUnknownKey),
    ];
    // Also where the service is not the one that was chosen, and without a second problem for what is gone.
    assert_problems(service(&text, "billing"), &wanted);
    assert_problems(service(&text, "orders"), &wanted);
    let text = SERVICES
        .replace("[[service.orders.issuer]]\nname = \"main\"", "[[service.orders.issuer]]\nname = \"mian\"");
    let error = service(&text, "orders").unwrap_err();
    assert!(error.to_string().contains("unknown issuer \"mian\"; did you mean `main`?"), "{error}");
}

#[test]
fn a_service_that_does_not_exist_is_one_problem() {
    let error = service(SERVICES, "order").unwrap_err();
    assert_eq!(error.problems().len(), 1, "{error}");
    assert!(
        error
            .to_string()
            .ends_with("service: there is no service of the chosen name; did you mean `orders`?"),
        "{error}"
    );
    assert_problems(service(SOUND, "orders"), &[("", ConfigMissing)]);
}

#[test]
fn variables_are_put_in_once() {
    let text = SOUND.replace("\"orders\"", "[\"${A}\", \"x-${A}-${B}\", \"$${A}\", \"$A {A}\"]");
    let surroundings = Surroundings::default().variable("A", "${B}").variable("B", "b");
    let policy = surroundings.parse(&text, Format::Toml, None).unwrap();
    let audience: Vec<&str> = policy.issuers().next().unwrap().audience().collect();
    assert_eq!(audience, ["${B}", "x-${B}-b", "${A}", "$A {A}"]);
}

#[test]
fn variables_that_are_missing_or_wrong_are_problems_without_their_values() {
    let text = SOUND
        .replace("\"orders\"", "[\"${NONE}\", \"${EMPTY}\", \"${}\", \"${1A}\", \"${A\", \"${A B}\"]")
        + "max_lifetime = \"${SECRET}\"\nrequired_scopes = [\"${SECRET}\"]\nidentity.roles = \"${SECRET}\"\nissuer_aliases=[\"${C}\"]\n";
    let surroundings = Surroundings::default()
        .variable("EMPTY", "")
        .variable("SECRET", "hush hush")
        .variable("C", "\u{7}")
        .variable("A", "a");
    let error = surroundings.parse(&text, Format::Toml, None).unwrap_err();
    assert!(!format!("{error}{error:?}").contains("hush"), "{error}");
    assert_problems(
        Err(error),
        &[
            ("issuer[0].audience[0]", ConfigSecret),
            ("issuer[0].audience[1]", ConfigSecret),
            ("issuer[0].audience[2]", ConfigValue),
            ("issuer[0].audience[3]", ConfigValue),
            ("issuer[0].audience[4]", ConfigValue),
            ("issuer[0].audience[5]", ConfigValue),
            ("issuer[0].max_lifetime", ConfigValue),
            ("issuer[0].required_scopes[0]", ConfigValue),
            ("issuer[0].identity.roles", ConfigValue),
            ("issuer[0].issuer_aliases[0]", ConfigValue),
        ],
    );
}

#[test]
fn a_variable_of_another_service_is_not_needed() {
    let text = SERVICES.replace("\"billing\"", "\"${NONE}\"");
    service(&text, "orders").unwrap();
    assert_problems(service(&text, "billing"), &[("service.billing.audience", ConfigSecret)]);
}

/// Merges a service without checking anything: of settings that are not built, too.
fn merged(text: &str, service: &str) -> Vec<String> {
    use crate::policy::{expand, problem::Problems, read};
    let mut reading = read::read(text, Format::Toml).unwrap_or_else(|_| panic!("{text}"));
    let mut problems = Problems::new(text, &reading.places);
    expand::choose_service(&mut reading.root, Some(service), &mut problems);
    if !problems.is_empty() {
        let error = problems.into_error();
        return error.problems().iter().map(ToString::to_string).collect();
    }
    vec![reading.root.to_json().to_string()]
}

#[test]
fn destinations_merge_by_name_or_origin() {
    let text = "[[outbound]]\nto = 'https://a'\nmode = 'mint'\nscopes = ['x', 'y']\n\
                [[outbound]]\nname = 'b'\nto = ['https://b', 'https://c']\nmode = 'none'\n\
                [client]\nid = 'top'\nauth = { secret = 's' }\nassertion = { typ = 't' }\n\
                [service.orders.client]\nid = 'orders'\nauth = { certificate = 'c' }\nassertion = { x5t = true }\n\
                [[service.orders.outbound]]\nto = 'https://a'\nscopes = ['z']\n\
                [[service.orders.outbound]]\nname = 'b'\nmode = 'forward'\n\
                [[service.orders.outbound]]\nto = 'https://d'\nmode = 'none'\n\
                [[service.wrong.outbound]]\nname = 'bb'\n";
    let orders = text.split("[[service.wrong").next().unwrap();
    assert_eq!(
        merged(orders, "orders"),
        [concat!(
            r#"{"outbound":[{"to":"https://a","mode":"mint","scopes":["z"]},"#,
            r#"{"name":"b","to":["https://b","https://c"],"mode":"forward"},{"to":"https://d","mode":"none"}],"#,
            r#""client":{"id":"orders","auth":{"certificate":"c"},"assertion":{"typ":"t","x5t":true}}}"#
        )]
    );
    // A misspelt name is found whichever service is chosen.
    for service in ["orders", "wrong"] {
        assert_eq!(
            merged(text, service),
            ["line 27, column 8: service.wrong.outbound[0].name: unknown outbound \"bb\"; did you mean `b`?"]
        );
    }
}

#[test]
fn keys_are_replaced_as_a_whole() {
    let text = format!(
        "{SOUND}[[service.a.issuer]]\nname = 'main'\nkeys = {{ jwks_file = 'keys.json' }}\n\
         [[service.b.issuer]]\nname = 'main'\nkeys = {{ x-note = 1 }}\n"
    );
    assert_problems(service(&text, "a"), &[("service.a.issuer[0].keys.jwks_file", ConfigFile)]);
    assert_problems(service(&text, "b"), &[("service.b.issuer[0].keys", ConfigMissing)]);
}

#[test]
fn no_message_and_no_place_holds_a_value_of_the_environment_or_a_secret() {
    const CANARY: &str = "canary-0123456789";
    let strings = "issuer name profile audience audience_claim max_lifetime algorithms types required_claims \
                   required_scopes actors issuer_aliases dangerous";
    let mut texts: Vec<String> = strings
        .split(' ')
        .flat_map(|name| {
            let sound =
                SOUND.lines().filter(|line| !line.starts_with(&format!("{name} ="))).collect::<Vec<_>>();
            ["\"${C}\"", "[\"${C}\"]", "[\"${C}\", \"${C} \\u0007\"]", "\"x${C}${NONE}\""]
                .map(|value| format!("{}\n{name} = {value}\n", sound.join("\n")))
        })
        .collect();
    let keys = |keys: &str| SOUND.replace("{ scripted = true }", keys);
    texts.extend(
        [
            "{ secret = '${C}' }",
            "{ secret = 'hex:${C}' }",
            "{ secret = 'file:${C}' }",
            "{ secret = 'base64:canary-0123456789' }",
            "{ secret = 'canary-0123456789', pem_file = 'x' }",
            "{ secret = ['canary-0123456789'] }",
            "{ secret = canary-0123456789 }",
            "{ secret = 'canary-0123456789 }",
            "{ secret = \"canary-0123456789\\q\" }",
            "{ secret: 'canary-0123456789' }",
            "{ secret = 'canary-0123456789'",
            "{ secert = 'canary-0123456789' }",
            "{ jwks_file = '${C}' }",
            "{ jwks_file = '/etc/${C}' }",
            "{ jwks = '${C}' }",
            "{ jwks = 'canary-0123456789' }",
            "{ jwks = { keys = [{ kty = 'oct', k = 'canary-0123456789' }] } }",
            "{ jwks = { keys = [{ kty = 'RSA', d = 'canary-0123456789' }] } }",
            "'canary-0123456789'",
            "'${C}'",
        ]
        .iter()
        .flat_map(|source| [keys(source), keys(source).replace("RS256", "HS256")]),
    );
    let rules = ["claim = '${C}'", "equals = 1", "claim = '/a'\nequals = '${C}\\u0007'\npresent = true"];
    texts.extend(rules.map(|rule| format!("{SOUND}[[issuer.rule]]\n{rule}\n")));
    texts.push(format!("{SOUND}[[service.a.issuer]]\nname = '${{C}}'\n"));
    let surroundings = Surroundings::default().variable("C", CANARY);
    let mut refused = 0;
    for text in &texts {
        for service in [None, Some(CANARY)] {
            let Err(error) = surroundings.parse(text, Format::Toml, service) else {
                continue;
            };
            refused += 1;
            let said = format!("{error}{error:?}{}", serde_json::to_string(&error).unwrap());
            assert!(!said.contains("canary"), "{text}\n{said}");
        }
    }
    assert!(refused > texts.len(), "{refused} of {}", texts.len());
}
