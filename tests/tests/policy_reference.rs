//! The reference of the policy file and its JSON Schema agree with what loads.

use counterseal::core::policy::{Policy, PolicyOptions, SETTINGS};
use counterseal::{Code, Format, PolicyError, json_schema};
use counterseal_tests::reference::{EXAMPLE, example_options};
use jsonschema::Validator;
use serde_json::{Value, json};

struct Schema {
    validator: Validator,
}

impl Schema {
    fn new() -> Schema {
        let schema: Value = serde_json::from_str(&json_schema()).unwrap();
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{error}"));
        Schema { validator: jsonschema::draft202012::new(&schema).unwrap() }
    }

    fn check(&self, policy: &Value) -> Result<(), String> {
        self.validator.validate(policy).map_err(|error| format!("{error} at {}", error.instance_path()))
    }
}

fn from_toml(text: &str) -> Value {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn load(policy: &Value) -> Result<Policy, PolicyError> {
    let options = PolicyOptions { service: None, ..example_options("") };
    Policy::from_data(&policy.to_string(), &options)
}

/// The blocks of TOML in a document that are whole policies.
fn policies_of(document: &str) -> Vec<String> {
    let path = format!("{}/../{document}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.filter(|block| block.contains("version = 1")).collect()
}

#[test]
fn the_example_of_the_reference_loads_for_each_service() {
    for service in ["orders", "billing"] {
        let policy = Policy::parse(EXAMPLE, Format::Toml, &example_options(service)).unwrap();
        assert_eq!(policy.issuers().len(), 2);
    }
    // Without a service it lacks what services say.
    let options = PolicyOptions { service: None, ..example_options("") };
    let error = Policy::parse(EXAMPLE, Format::Toml, &options).unwrap_err();
    assert_eq!(error.problems().iter().map(|one| one.code).collect::<Vec<_>>(), [Code::ConfigMissing]);
    Schema::new().check(&from_toml(EXAMPLE)).unwrap();
}

#[test]
fn policies_in_documents_are_valid_and_load() {
    let schema = Schema::new();
    let readme = policies_of("README.md");
    assert_eq!(readme.len(), 1);
    for text in &readme {
        schema.check(&from_toml(text)).unwrap();
        Policy::parse(text, Format::Toml, &PolicyOptions { service: None, ..example_options("") }).unwrap();
    }
    let reference = policies_of("docs/policy.md");
    let [example, expanded, mistaken] = reference.as_slice() else {
        panic!("{} policies in docs/policy.md", reference.len());
    };
    assert!(EXAMPLE.ends_with(example.as_str()));
    schema.check(&from_toml(expanded)).unwrap();
    let whole = expanded.replace("(redacted)", "a secret of this example, 40 bytes long.");
    Policy::parse(&whole, Format::Toml, &PolicyOptions { service: None, ..example_options("") }).unwrap();
    assert!(Policy::parse(mistaken, Format::Toml, &example_options("")).is_err());
}

#[test]
fn mistakes_of_structure_are_invalid() {
    let schema = Schema::new();
    let sound = from_toml(
        "version = 1\n[[issuer]]\nname = 'main'\nissuer = 'https://idp.example.com'\nprofile = 'access_token'\n\
         audience = 'orders'\nalgorithms = ['RS256']\nkeys = { jwks_file = 'jwks.json' }\n",
    );
    schema.check(&sound).unwrap();
    load(&sound).unwrap();
    let change = |pointer: &str, name: &str, value: Value| {
        let mut policy = sound.clone();
        policy.pointer_mut(pointer).unwrap()[name] = value;
        policy
    };
    for policy in [
        change("", "version", json!(2)),
        change("", "version", json!("1")),
        change("", "leeway", json!("30s")),
        change("", "issuer", json!({})),
        change("", "limits", json!({"leeway": 30})),
        change("", "limits", json!({"leeway": "30 seconds"})),
        change("", "limits", json!({"token_bytes": 1})),
        change("", "limits", json!({"token_bites": 1024})),
        change("", "signing", json!({"issuer": "x"})),
        change("", "service", json!({"orders": {"version": 1}})),
        change("", "service", json!({"orders": {"service": {}}})),
        change("", "service", json!({"orders": {"issuer": [{"audience": "x"}]}})),
        change("", "service", json!({"orders": 1})),
        change("/issuer/0", "audiance", json!("x")),
        change("/issuer/0", "audience", json!([])),
        change("/issuer/0", "audience", json!("")),
        change("/issuer/0", "profile", json!("internal")),
        change("/issuer/0", "algorithms", json!("RS256")),
        change("/issuer/0", "algorithms", json!([])),
        change("/issuer/0", "algorithms", json!(["none"])),
        change("/issuer/0", "types", json!([])),
        change("/issuer/0", "max_lifetime", json!(3600)),
        change("/issuer/0", "max_lifetime", json!("500ms")),
        change("/issuer/0", "required_scopes", json!(["a b"])),
        change("/issuer/0", "required_claims", json!(["/a~b"])),
        change("/issuer/0", "identity", json!({"roles": "roles"})),
        change("/issuer/0", "identity", json!({"tenant": ["/a", "/b"]})),
        change("/issuer/0", "rule", json!([{"claim": "/a"}])),
        change("/issuer/0", "rule", json!([{"equals": 1}])),
        change("/issuer/0", "rule", json!([{"claim": "/a", "equals": 1, "absent": true}])),
        change("/issuer/0", "rule", json!([{"claim": "/a", "present": false}])),
        change("/issuer/0", "rule", json!([{"claim": "/a", "one_of": []}])),
        change("/issuer/0", "dangerous", json!(["no_exp"])),
        change("/issuer/0", "keys", json!({})),
        change("/issuer/0", "keys", json!("jwks.json")),
        change("/issuer/0", "keys", json!({"jwks_file": "a", "pem_file": "b"})),
        change("/issuer/0", "keys", json!({"jwks_uri": ["https://idp.example.com/jwks"]})),
        change("/issuer/0", "keys", json!({"jwks_uri": "https://idp.example.com/jwks", "discovery": "oidc"})),
        change("/issuer/0", "replay", json!("redis")),
        change("/issuer/0", "name", json!(null)),
    ] {
        assert!(load(&policy).is_err(), "{policy}");
        assert!(schema.check(&policy).is_err(), "{policy}");
    }
    for name in ["issuer", "profile", "algorithms", "keys"] {
        let mut policy = sound.clone();
        policy["issuer"][0].as_object_mut().unwrap().remove(name);
        let is_required = name != "issuer";
        assert_eq!(schema.check(&policy).is_err(), is_required, "{name}");
        // A service may add what is missing at the top.
        policy["service"] = json!({"orders": {}});
        schema.check(&policy).unwrap();
    }
    for name in ["version", "issuer"] {
        let mut policy = sound.clone();
        policy.as_object_mut().unwrap().remove(name);
        assert!(schema.check(&policy).is_err(), "{name}");
    }
}

/// The same numbers on every run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Every table and list of a policy.
fn containers(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => return,
    };
    found.push(pointer.to_owned());
    for (name, child) in children {
        containers(child, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), found);
    }
}

/// Puts something in, takes something out, or puts something in place of another.
fn mutate(policy: &mut Value, values: &[Value], numbers: &mut Numbers) {
    let mut pointers = Vec::new();
    containers(policy, "", &mut pointers);
    let value = values[numbers.below(values.len())].clone();
    let chosen = pointers[numbers.below(pointers.len())].clone();
    match policy.pointer_mut(&chosen).unwrap() {
        Value::Object(members) => {
            let held: Vec<String> = members.keys().cloned().collect();
            let setting = SETTINGS[numbers.below(SETTINGS.len())].name().to_owned();
            match numbers.below(4) {
                0 if !held.is_empty() => drop(members.remove(&held[numbers.below(held.len())])),
                1 => drop(members.insert(setting, value)),
                2 => drop(members.insert("x-note".to_owned(), value)),
                _ if !held.is_empty() => drop(members.insert(held[numbers.below(held.len())].clone(), value)),
                _ => {}
            }
        }
        Value::Array(elements) => match numbers.below(2) {
            0 if !elements.is_empty() => drop(elements.remove(numbers.below(elements.len()))),
            _ => elements.push(value),
        },
        _ => unreachable!("only tables and lists are chosen"),
    }
}

#[test]
fn what_loads_is_valid_and_what_has_no_such_structure_is_not() {
    let schema = Schema::new();
    let service = from_toml(EXAMPLE)["service"]["orders"]["issuer"][0].clone();
    let mut example = from_toml(EXAMPLE);
    example["issuer"][0]["audience"] = service["audience"].clone();
    example["issuer"][0]["required_scopes"] = service["required_scopes"].clone();
    let mut without_services = example.clone();
    without_services.as_object_mut().unwrap().remove("service");
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(300),
        json!(1_u64 << 40),
        json!("x"),
        json!(""),
        json!("30s"),
        json!("5m"),
        json!("100ms"),
        json!("/a"),
        json!("/a~0b/~1"),
        json!("a b"),
        json!("none"),
        json!("RS256"),
        json!("HS256"),
        json!("generic"),
        json!("id_token"),
        json!("id_token_api"),
        json!("jwks.json"),
        json!("${LEGACY_SECRET}"),
        json!("x${LEGACY_SECRET}"),
        json!("no_expiry"),
        json!("main"),
        json!([]),
        json!(["x"]),
        json!(["/a", "b"]),
        json!(["RS256", "PS256"]),
        json!(["JWT"]),
        json!(["${LEGACY_SECRET}"]),
        json!([1, "x", 1.5, false]),
        json!({}),
        json!({"claim": "/a", "absent": true}),
        json!([{"claim": "/a", "contains": 1}]),
        json!({"jwks_file": "jwks.json"}),
        json!({"entries": 0}),
        json!({"roles": ["/a"], "scopes": "/b"}),
        json!({"x": {}}),
        json!({"x": {"audience": "y"}}),
        json!([{"name": "main", "actors": ["x"]}]),
    ];
    let structural = [Code::ConfigUnknownKey, Code::ConfigType, Code::ConfigNotSupported];
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut loaded, mut refused) = (0, 0);
    for round in 0..6000 {
        let mut policy = if round % 2 == 0 { example.clone() } else { without_services.clone() };
        for _ in 0..=numbers.below(3) {
            mutate(&mut policy, &values, &mut numbers);
        }
        match load(&policy) {
            Ok(_) => {
                loaded += 1;
                schema.check(&policy).unwrap_or_else(|error| panic!("{policy} loads, but {error}"));
            }
            Err(error) if error.problems().iter().any(|one| structural.contains(&one.code)) => {
                refused += 1;
                assert!(schema.check(&policy).is_err(), "{policy} is valid, but {error}");
            }
            Err(_) => {}
        }
    }
    assert!(loaded > 500 && refused > 1000, "{loaded} loaded, {refused} refused");
}

#[test]
fn every_setting_is_in_the_reference() {
    let path = format!("{}/../docs/policy.md", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    for setting in SETTINGS {
        assert!(text.contains(&format!("`{}`", setting.name())), "{}", setting.path);
    }
}
