//! Policies written out as one service sees them.

use super::*;

const SHARED: &str = r#"version = 1
x-note = "dropped"
[[issuer]]
name = "main"
issuer = "https://${HOST}/realms/main"
profile = "access_token"
audience = ["top"]
algorithms = ["RS256"]
required_claims = ["/a b/\"c\"", "$${x}"]
keys = { scripted = true }
identity = { roles = "/roles" }
[[issuer.rule]]
claim = "/tenant"
one_of = ["${TENANT}", "é\t\\", 1, -2.5, 1e30, true]
[[issuer]]
name = "legacy"
profile = "generic"
audience = "old"
algorithms = ["HS256"]
keys = { secret = "an unguessable secret of 34 bytes!" }
issuer = "legacy"
max_lifetime = "2h"
[limits]
leeway = "10s"
[service.orders]
limits.token_bytes = 1024
cache.entries = 0
[[service.orders.issuer]]
name = "main"
audience = ["orders", "${HOST}", "${HOST}-${TENANT}"]
identity.tenant = "/tenant"
[[service.orders.issuer]]
name = "third"
issuer = "https://third.example.com"
profile = "id_token"
audience = "web"
algorithms = ["ES256"]
keys = { scripted = true }
[service."a b"]
cache.entries = 1
"#;

const ORDERS: &str = r#"version = 1

[[issuer]]
name = "main"
issuer = "https://idp.example.com/realms/main"  # ${HOST}
profile = "access_token"
audience = ["orders", "idp.example.com", "idp.example.com-acme"]  # service.orders, ${HOST}, ${TENANT}
algorithms = ["RS256"]
required_claims = ["/a b/\"c\"", "$${x}"]

[issuer.keys]
scripted = true

[issuer.identity]
roles = "/roles"
tenant = "/tenant"  # service.orders

[[issuer.rule]]
claim = "/tenant"
one_of = ["acme", "é\u0009\\", 1, -2.5, 1e30, true]  # ${TENANT}

[[issuer]]
name = "legacy"
profile = "generic"
audience = "old"
algorithms = ["HS256"]
issuer = "legacy"
max_lifetime = "2h"

[issuer.keys]
secret = "(redacted)"

[[issuer]]  # service.orders
name = "third"
issuer = "https://third.example.com"
profile = "id_token"
audience = "web"
algorithms = ["ES256"]

[issuer.keys]
scripted = true

[limits]
leeway = "10s"
token_bytes = 1024  # service.orders

[cache]  # service.orders
entries = 0
"#;

fn surroundings() -> Surroundings {
    Surroundings::default().variable("HOST", "idp.example.com").variable("TENANT", "acme")
}

fn expand(surroundings: &Surroundings, text: &str, service: Option<&str>) -> Result<String, PolicyError> {
    let options =
        PolicyOptions { service, resources: surroundings, provider: &WITHOUT_ES512, scripted_keys: true };
    Policy::expand(text.as_bytes(), Format::Toml, &options)
}

#[test]
fn a_service_sees_what_is_merged_and_where_it_came_from() {
    assert_eq!(expand(&surroundings(), SHARED, Some("orders")).unwrap(), ORDERS);
    let other = expand(&surroundings(), SHARED, Some("a b")).unwrap();
    assert!(other.ends_with("[cache]  # service.\"a b\"\nentries = 1\n"), "{other}");
    assert!(!expand(&surroundings(), SHARED, None).unwrap().contains("service"));
}

#[test]
fn what_is_written_out_loads_again_as_the_same_policy() {
    let secret = "an unguessable secret of 34 bytes!";
    let first = expand(&surroundings(), SHARED, Some("orders")).unwrap();
    let again = first.replace("(redacted)", secret);
    let shown = |text: &str, service| {
        let policy = surroundings().parse(text, Format::Toml, service).unwrap();
        format!("{:?}", policy.issuers().collect::<Vec<_>>())
    };
    assert_eq!(shown(SHARED, Some("orders")), shown(&again, None));
    let without_comments = |text: &str| -> String {
        text.lines().map(|line| line.split("  #").next().unwrap_or_default().to_owned() + "\n").collect()
    };
    assert_eq!(expand(&surroundings(), &again, None).unwrap(), without_comments(&first));
}

#[test]
fn secrets_are_redacted_however_they_are_written() {
    const CANARY: &str = "canary-0123456789-0123456789-0123456789";
    let oct = format!(r#"{{"keys":[{{"kty":"oct","alg":"HS256","k":"{CANARY}"}}]}}"#);
    let base64 = crate::encoding::base64url::encode(CANARY.as_bytes());
    let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let public =
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let surroundings = Surroundings::default()
        .variable("SECRET", CANARY)
        .variable("PATH_OF", "canary.json")
        .variable("KEYS", public)
        .file("canary.json", public.as_bytes())
        .file("secret", CANARY.as_bytes());
    let mac = SOUND.replace("RS256", "HS256");
    let signed = SOUND.replace("RS256", "Ed25519");
    for (text, keys, shown) in [
        (&mac, format!("{{ secret = '{CANARY}' }}"), "secret = \"(redacted)\""),
        (&mac, "{ secret = '${SECRET}' }".to_owned(), "secret = \"(redacted)\"  # ${SECRET}"),
        (&mac, format!("{{ secret = 'hex:{hex}' }}"), "secret = \"(redacted)\""),
        (&mac, format!("{{ secret = 'base64:{base64}' }}"), "secret = \"(redacted)\""),
        (&mac, "{ secret = 'file:secret' }".to_owned(), "secret = \"file:secret\""),
        (&signed, "{ jwks_file = '${PATH_OF}' }".to_owned(), "jwks_file = \"(redacted)\"  # ${PATH_OF}"),
        (&signed, "{ jwks_file = 'canary.json' }".to_owned(), "jwks_file = \"canary.json\""),
        (&signed, "{ jwks = '${KEYS}' }".to_owned(), "jwks = \"(redacted)\"  # ${KEYS}"),
        (&signed, format!("{{ jwks = '{public}' }}"), "jwks = \"(redacted)\""),
        (
            &signed,
            "{ jwks = { keys = [{ kty = 'OKP', crv = 'Ed25519', x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid = '${PATH_OF}', other = 'canary' }, \
             { kty = 'oct', k = 'canary' }, { kty = 'RSA', d = 'canary', primes = [{ d = 'canary' }] }] } }"
                .to_owned(),
            "jwks = { keys = [{ kty = \"OKP\", crv = \"Ed25519\", x = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\", kid = \"(redacted)\", other = \"(redacted)\" }, \
             { kty = \"oct\", k = \"(redacted)\" }, { kty = \"RSA\", d = \"(redacted)\", primes = \"(redacted)\" }] }",
        ),
    ] {
        let text = text.replace("{ scripted = true }", &keys);
        let expanded = expand(&surroundings, &text, None).unwrap_or_else(|error| panic!("{keys}: {error}"));
        assert!(expanded.contains(&format!("{shown}\n")), "{keys}:\n{expanded}");
        let without_path = expanded.replace("canary.json", "");
        assert!(!without_path.contains("canary") && !without_path.contains(&hex), "{expanded}");
        assert!(!without_path.contains(&base64), "{expanded}");
    }
    // A set with symmetric keys alone is none.
    let text = mac.replace("{ scripted = true }", &format!("{{ jwks = '{oct}' }}"));
    let said = match expand(&surroundings, &text, None) {
        Ok(expanded) => expanded,
        Err(error) => error.to_string(),
    };
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn a_policy_with_mistakes_is_not_written_out() {
    assert_problems(
        expand(&surroundings(), &SOUND.replace("main", "${NONE}"), None).map(|_| toml(SOUND).unwrap()),
        &[("issuer[0].name", Code::ConfigSecret)],
    );
}

#[test]
fn a_policy_in_json_is_written_out_as_toml() {
    let json = r#"{"version": 1, "limits": {"token_bytes": 1024}, "issuer": [{"issuer": "https://idp.example.com",
        "profile": "access_token", "audience": "orders", "algorithms": ["RS256"], "keys": {"scripted": true}}]}"#;
    let surroundings = surroundings();
    let options = PolicyOptions {
        service: None,
        resources: &surroundings,
        provider: &WITHOUT_ES512,
        scripted_keys: true,
    };
    let expanded = Policy::expand(json.as_bytes(), Format::Json, &options).unwrap();
    assert!(
        expanded.starts_with("version = 1\n\n[limits]\ntoken_bytes = 1024\n\n[[issuer]]\n"),
        "{expanded}"
    );
    assert!(toml(&expanded).is_ok());
}
