//! `counterseal keys diagnose` and `keys fetch`, against servers that do what servers should not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use common::{Ran, Stage};
use counterseal_tests::fault_server::{Answer, Authority, Certificate, ConnectProxy, Server};
use counterseal_tests::faults::{self, Served};
use serde_json::{Value, json};

/// The public key of RFC 7517 appendix A.1, and the private one of A.2.
const KEY: &str = r#"{"kty":"EC","crv":"P-256","kid":"ec-1","alg":"ES256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;
const PRIVATE: &str = "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE";
/// A key of RFC 8037 appendix A.2.
const OTHER_KEY: &str =
    r#"{"kty":"OKP","crv":"Ed25519","kid":"ed-1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIuv5FJZOY"}"#;

/// A provider at 127.0.0.1, its authority in a file, and a policy.
struct Provider {
    stage: Stage,
    server: Server,
}

impl Provider {
    fn new(certificate: Certificate) -> Provider {
        let authority = Authority::new();
        let server = Server::tls(&authority, certificate);
        let stage = Stage::new();
        stage.write("ca.pem", &authority.pem);
        let provider = Provider { stage, server };
        provider.write_policy("");
        provider.publish(&format!("{{\"keys\":[{KEY},{OTHER_KEY}]}}"));
        provider.discover(&provider.issuer(), &provider.url("/jwks"));
        provider
    }

    fn url(&self, path: &str) -> String {
        self.server.url("127.0.0.1", path)
    }

    fn issuer(&self) -> String {
        self.url("/realm")
    }

    fn write_policy(&self, fetch: &str) {
        self.write_policy_with(r#"{ discovery = "oidc" }"#, fetch);
    }

    fn write_policy_with(&self, keys: &str, fetch: &str) {
        let text = format!(
            "version = 1\n[[issuer]]\nname = \"main\"\nissuer = \"{}\"\nprofile = \"access_token\"\n\
             audience = \"orders\"\nalgorithms = [\"ES256\"]\nkeys = {keys}\n\
             [fetch]\nca_file = \"ca.pem\"\ntimeout = \"800ms\"\n{fetch}\n",
            self.issuer()
        );
        self.stage.write("fetch.toml", text);
    }

    fn publish(&self, jwks: &str) {
        self.server.put("/jwks", Answer::json(jwks).with("Cache-Control", "public, max-age=3600"));
    }

    fn discover(&self, issuer: &str, jwks_uri: &str) {
        let metadata = json!({
            "issuer": issuer, "jwks_uri": jwks_uri, "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        });
        self.answer_metadata(Answer::json(metadata.to_string()));
    }

    fn answer_metadata(&self, answer: Answer) {
        self.server.put("/realm/.well-known/openid-configuration", answer);
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        run(&self.stage, arguments, &[])
    }

    /// By the policy.
    fn diagnose(&self) -> Ran {
        self.run(&["keys", "diagnose", "main", "--policy", "fetch.toml"])
    }

    fn diagnose_json(&self) -> (i32, Value) {
        let ran = self.run(&["keys", "diagnose", "main", "--policy", "fetch.toml", "--json"]);
        (ran.status, ran.json())
    }

    /// The text with everything that differs from run to run replaced.
    fn plain(&self, text: &str) -> String {
        let text = text.replace(&format!(":{}", self.server.port()), ":PORT");
        let text = text.replace(&format!("port {}", self.server.port()), "port PORT");
        let words = text.split_inclusive([' ', '\n', '"']).map(|word| {
            let bare = word.trim_end_matches([' ', '\n', '"', ',']);
            let is_date = bare.len() == 20 && bare.ends_with('Z') && bare.as_bytes()[4] == b'-';
            if is_date { word.replace(bare, "DATE") } else { word.to_owned() }
        });
        let text: String = words.collect();
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("DATE, in ") {
            out.push_str(&rest[..at + 4]);
            let end = rest[at..].find(['\n', '"']).unwrap_or(rest.len() - at);
            rest = &rest[at + end..];
        }
        out.push_str(rest);
        let lines = out.split_inclusive('\n').map(|line| match line.rsplit_once(", in ") {
            Some((before, after)) if after.trim_end().ends_with(" ms") => format!("{before}, in TIME\n"),
            _ => line.to_owned(),
        });
        lines.collect()
    }
}

fn run(stage: &Stage, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = stage.command(arguments);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_ascii_uppercase());
    }
    command.envs(variables.iter().copied());
    common::run(command, b"")
}

/// Compares with the file; UPDATE_GOLDEN writes it.
#[track_caller]
fn assert_golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(found, expected, "{name}; UPDATE_GOLDEN=1 writes it anew");
}

/// The outcome of a step in JSON, and its code.
#[track_caller]
fn step<'a>(json: &'a Value, document: &str, name: &str) -> (&'a str, Option<&'a str>) {
    let steps = json["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["document"] == document && step["step"] == name);
    let step = step.unwrap_or_else(|| panic!("no step {document} {name}: {json}"));
    (step["outcome"].as_str().unwrap(), step["code"].as_str())
}

#[test]
fn a_good_provider() {
    let provider = Provider::new(Certificate::Good);
    let ran = provider.diagnose();
    assert_eq!((ran.status, ran.errors.as_str()), (0, ""), "{}", ran.output);
    assert_golden("diagnose-good.txt", &provider.plain(&ran.output));
    let (status, mut json) = provider.diagnose_json();
    assert_eq!((status, &json["verdict"], &json["keys"]), (0, &json!("good"), &json!(1)));
    blank(&mut json);
    assert_golden("diagnose-good.json", &provider.plain(&format!("{json:#}\n")));
}

/// Takes numbers that differ from run to run out.
fn blank(json: &mut Value) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                match name.as_str() {
                    "not_before" | "not_after" | "days_left" | "seconds" | "port" => *value = json!(0),
                    _ => blank(value),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(blank),
        Value::String(text) => {
            if let Some((before, after)) = text.rsplit_once(", in ")
                && after.ends_with(" ms")
            {
                *text = format!("{before}, in TIME");
            }
        }
        _ => {}
    }
}

/// The first step that is bad, and its code.
#[track_caller]
fn assert_stops(provider: &Provider, expected: (&str, &str, &str), what: &str) -> Value {
    let (status, json) = provider.diagnose_json();
    let (document, name, code) = expected;
    assert_eq!((status, &json["verdict"], &json["keys"]), (1, &json!("bad"), &json!(0)), "{what}: {json}");
    assert_eq!(step(&json, document, name), ("bad", Some(code)), "{what}: {json}");
    let first = json["steps"].as_array().unwrap().iter().find(|step| step["outcome"] == "bad").unwrap();
    assert_eq!((&first["document"], &first["step"]), (&json!(document), &json!(name)), "{what}: {json}");
    assert!(json["help"][0].as_str().is_some_and(|help| !help.is_empty()), "{what}: {json}");
    json
}

#[test]
fn an_expired_certificate() {
    let provider = Provider::new(Certificate::Expired);
    let json = assert_stops(&provider, ("metadata", "tls", "jwks_fetch_failed"), "expired");
    let steps = json["steps"].as_array().unwrap();
    let own = &steps.iter().find(|step| step["step"] == "tls").unwrap()["facts"]["certificates"][0];
    assert_eq!(own["not_after"], 1_577_836_800, "{json}");
    assert!(own["days_left"].as_i64().unwrap() < -2000, "{json}");
    let ran = provider.diagnose();
    assert_eq!(ran.status, 1);
    ran.assert_shows(&["✗ tls         tls: expired certificate", "not after 2020-01-01T00:00:00Z, "]);
    assert!(provider.server.asked().is_empty(), "nothing is asked of a server that is not believed");
}

#[test]
fn certificates_that_are_not_believed() {
    for (certificate, found) in [
        (Certificate::OtherHost, "tls: certificate of another host"),
        (Certificate::Early, "tls: certificate not valid yet"),
        (Certificate::SelfSigned, "tls: unknown issuer of the certificate"),
        (Certificate::None, "tls: the server does not speak TLS"),
        (Certificate::Silent, "timeout"),
    ] {
        let provider = Provider::new(certificate);
        let begun = Instant::now();
        let json = assert_stops(&provider, ("metadata", "tls", "jwks_fetch_failed"), found);
        assert!(begun.elapsed() < Duration::from_secs(3), "{found}: {:?}", begun.elapsed());
        assert!(json["message"].as_str().unwrap().contains(found), "{json}");
        assert!(provider.server.asked().is_empty());
    }
    let provider = Provider::new(Certificate::OtherHost);
    provider.diagnose().assert_shows(&["for other.example.test\n"]);
}

/// The matrix says what a guard makes of each fault, in every language. The diagnosis must not say anything else.
#[test]
fn of_every_fault_it_says_what_a_guard_says() {
    let stage = Stage::new();
    let folder = stage.path("faults");
    let _served = Served::begin(&folder, &["cli".to_owned()]).unwrap();
    let matrix = std::fs::read(faults::folder().join("matrix.json")).unwrap();
    let matrix: Value = serde_json::from_slice(&matrix).unwrap();
    let left: Vec<(&String, &Value)> = matrix["faults"].as_object().unwrap().iter().collect();
    let count = left.len();
    assert!(count > 60, "{count} faults");
    let left = Mutex::new(left);
    let work = || {
        while let Some((fault, expected)) = { left.lock().unwrap().pop() } {
            let policy = folder.join("cli").join(format!("{fault}.cold.toml"));
            let policy = policy.to_str().unwrap();
            let ran = run(&stage, &["keys", "diagnose", "main", "--policy", policy, "--json"], &[]);
            let json = ran.json();
            let has_keys = json["keys"].as_u64().unwrap() > 0;
            assert_eq!(has_keys, expected["keys"] == "verified", "{fault}: {json}");
            assert!(has_keys || ran.status == 1, "{fault}: {json}");
            // Where its own time is not over yet, a guard has no error yet.
            let error = expected["last_error"].as_str().unwrap_or("jwks_fetch_failed");
            let code = format!("({})", error.split(':').next().unwrap());
            let message = json["message"].as_str().unwrap();
            assert!(has_keys || message.ends_with(&code), "{fault}: {message}");
        }
    };
    // One of them takes 20 s.
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
}

#[test]
fn a_certificate_that_ends_soon() {
    let provider = Provider::new(Certificate::Ending);
    let ran = provider.diagnose();
    assert_eq!(ran.status, 0, "{}", ran.output);
    ran.assert_shows(&[
        "! tls         TLS 1.3",
        "Its certificate ends in 5 days: have it renewed.",
        "2 steps need a look",
    ]);
    let (status, json) = provider.diagnose_json();
    assert_eq!((status, &json["verdict"]), (0, &json!("warning")));
}

#[test]
fn another_issuer_by_one_character() {
    let provider = Provider::new(Certificate::Good);
    provider.discover(&format!("{}/", provider.issuer()), &provider.url("/jwks"));
    let json = assert_stops(&provider, ("metadata", "issuer", "metadata_issuer_mismatch"), "issuer");
    assert_eq!(step(&json, "keys", "keys"), ("good", None), "the rest is still looked at");
    let ran = provider.diagnose();
    assert_golden("diagnose-issuer.txt", &provider.plain(&ran.output));
    // A guard of the same policy agrees.
    let fetched = provider.run(&["keys", "fetch", "main", "--policy", "fetch.toml", "--json"]);
    assert_eq!((fetched.status, &fetched.json()["code"]), (4, &json!("metadata_issuer_mismatch")));
}

#[test]
fn answers_that_are_no_key_set() {
    let provider = Provider::new(Certificate::Good);
    let html = Answer::json("<html>").with("Content-Type", "text/html; charset=utf-8");
    let announced = Answer::Large(300_000, true);
    for (what, answer, name, code, found) in [
        ("404", Answer::status(404), "http", "jwks_fetch_failed", "status 404"),
        ("500", Answer::status(500), "http", "jwks_fetch_failed", "status 500"),
        ("HTML", html, "http", "jwks_fetch_failed", "not JSON by its media type"),
        ("too large", announced, "http", "jwks_fetch_failed", "larger than 262144 bytes"),
        ("endless", Answer::endless(), "http", "jwks_fetch_failed", "larger than 262144 bytes"),
        ("silence", Answer::Silence, "http", "jwks_fetch_failed", "timeout"),
        (
            "a reset",
            Answer::ResetAfter(b"HTTP/1.1 2".to_vec()),
            "http",
            "jwks_fetch_failed",
            "connection reset",
        ),
        ("no JSON", Answer::json("{"), "json", "jwks_invalid", "not one JSON object, at byte 1"),
        ("a member twice", Answer::json(r#"{"keys":[],"keys":[]}"#), "json", "jwks_invalid", "at byte"),
        ("no list", Answer::json("{}"), "keys", "jwks_invalid", "JWK Set"),
        ("no keys", Answer::json(r#"{"keys":[]}"#), "keys", "jwks_empty", "no key can be used, of 0"),
        (
            "no usable key",
            Answer::json(format!(
                r#"{{"keys":[{OTHER_KEY},{{"kty":"RSA","kid":"weak","n":"AQAB","e":"AQAB"}}]}}"#
            )),
            "keys",
            "jwks_empty",
            "no key can be used, of 2",
        ),
        (
            "a redirect to a metadata address",
            Answer::redirect("http://169.254.169.254/latest?token=hush"),
            "http",
            "jwks_redirect",
            "redirects are off",
        ),
    ] {
        provider.server.put("/jwks", answer);
        let begun = Instant::now();
        let json = assert_stops(&provider, ("keys", name, code), what);
        assert!(begun.elapsed() < Duration::from_secs(3), "{what}: {:?}", begun.elapsed());
        assert!(json["message"].as_str().unwrap().contains(found), "{what}: {json}");
        assert!(!json.to_string().contains("hush"), "{what}");
    }
}

#[test]
fn many_keys() {
    let provider = Provider::new(Certificate::Good);
    let keys: Vec<String> = (0..101).map(|at| KEY.replace("ec-1", &format!("ec-{at}"))).collect();
    provider.publish(&format!("{{\"keys\":[{}]}}", keys.join(",")));
    let json = assert_stops(&provider, ("keys", "keys", "jwks_invalid"), "too many");
    assert!(json["message"].as_str().unwrap().contains("101 keys of at most 100"), "{json}");
    provider.publish(&format!("{{\"keys\":[{}]}}", keys[..100].join(",")));
    let ran = provider.diagnose();
    assert_eq!(ran.status, 0);
    ran.assert_shows(&["✓ key 19", "· and 80 more keys", "a guard gets 100 keys"]);
    ran.assert_hides(&["key 20"]);
}

#[test]
fn redirects_within_the_origin() {
    let provider = Provider::new(Certificate::Good);
    provider.server.put("/old", Answer::redirect("/jwks?session=hush"));
    provider.server.put("/jwks?session=hush", Answer::json(format!(r#"{{"keys":[{KEY}]}}"#)));
    provider.discover(&provider.issuer(), &provider.url("/old"));
    assert_stops(&provider, ("keys", "http", "jwks_redirect"), "off");
    provider.write_policy("redirects = 1");
    let ran = provider.diagnose();
    assert_eq!(ran.status, 0, "{}", ran.output);
    ran.assert_shows(&["✓ redirect    status 302 leads to /jwks?…: followed"]);
    ran.assert_hides(&["hush"]);
    provider.server.put("/old", Answer::redirect("https://169.254.169.254/jwks"));
    let json = assert_stops(&provider, ("keys", "http", "jwks_redirect"), "elsewhere");
    assert!(json["message"].as_str().unwrap().contains("to another origin"), "{json}");
}

#[test]
fn addresses_that_are_blocked() {
    let provider = Provider::new(Certificate::Good);
    for address in ["169.254.169.254", "10.0.0.1", "[::ffff:169.254.169.254]"] {
        provider.discover(&provider.issuer(), &format!("https://{address}/jwks"));
        let begun = Instant::now();
        assert_stops(&provider, ("keys", "dns", "jwks_address_blocked"), address);
        assert!(begun.elapsed() < Duration::from_secs(1), "{address} is not connected to");
    }
    provider.diagnose_json();
    provider.discover(&provider.issuer(), "https://10.0.0.1/jwks");
    let ran = provider.diagnose();
    ran.assert_shows(&[
        "✗ dns         10.0.0.1 is blocked: a private address [jwks_address_blocked]",
        "allow_addresses",
    ]);
    // A cloud's metadata service is blocked for everybody, also where it is typed.
    for url in ["https://169.254.169.254", "https://[fd00:ec2::254]/"] {
        let ran = run(&provider.stage, &["keys", "diagnose", url, "--json"], &[]);
        let json = ran.json();
        assert_eq!(
            (ran.status, step(&json, "metadata", "dns")),
            (1, ("bad", Some("jwks_address_blocked"))),
            "{json}"
        );
    }
}

#[test]
fn private_keys_and_secrets_that_are_published() {
    let provider = Provider::new(Certificate::Good);
    let private = KEY.replace("ec-1", "leaked").replace("\"x\"", &format!("\"d\":\"{PRIVATE}\",\"x\""));
    let secret = r#"{"kty":"oct","kid":"mac","k":"aHVzaGh1c2hodXNoaHVzaGh1c2hodXNoaHVzaGh1c2g"}"#;
    provider.publish(&format!("{{\"keys\":[{KEY},{private},{secret},{KEY}]}}"));
    let (status, json) = provider.diagnose_json();
    assert_eq!((status, &json["verdict"], &json["keys"]), (1, &json!("bad"), &json!(1)), "{json}");
    assert_eq!(step(&json, "keys", "key 1"), ("bad", Some("jwks_private_key")));
    assert_eq!(step(&json, "keys", "key 2"), ("bad", Some("jwks_symmetric_key")));
    let ran = provider.diagnose();
    assert_golden("diagnose-private.txt", &provider.plain(&ran.output));
    let fetched = provider.run(&["keys", "fetch", "main", "--policy", "fetch.toml", "--output", "out.json"]);
    assert_eq!(fetched.status, 3);
    for ran in [&ran, &fetched] {
        ran.assert_hides(&[PRIVATE, "aHVzaG"]);
    }
    let written = String::from_utf8(provider.stage.read("out.json")).unwrap();
    assert_eq!(written, format!("{{\"keys\":[\n{KEY}\n]}}\n"));
}

#[test]
fn credentials_are_not_shown() {
    let provider = Provider::new(Certificate::Good);
    let keys = format!(r#"{{ jwks_uri = "{}", bearer_file = "token" }}"#, provider.url("/jwks?key=hush"));
    provider.stage.write("token", "hush-bearer");
    provider.server.put("/jwks?key=hush", Answer::json(format!(r#"{{"keys":[{KEY}]}}"#)));
    provider.write_policy_with(&keys, "");
    let ran = provider.diagnose();
    assert_eq!(ran.status, 0, "{}", ran.output);
    ran.assert_shows(&["/jwks?…", "that of bearer_file is sent"]);
    ran.assert_hides(&["hush"]);
    assert_eq!(provider.server.asked()[0].header("authorization"), Some("Bearer hush-bearer"));
    provider.stage.write("token", "hush bearer");
    let json = assert_stops(&provider, ("keys", "credential", "jwks_fetch_failed"), "credential");
    assert!(!json.to_string().contains("hush"));
}

#[test]
fn a_proxy_looks_hosts_up() {
    let provider = Provider::new(Certificate::Good);
    let proxy = ConnectProxy::to(provider.server.port());
    let url = "https://idp.example.test/jwks";
    let variable = format!("http://user:hush@{}", proxy.address);
    let arguments = ["keys", "diagnose", url, "--jwks", "--ca-file", "ca.pem"];
    let ran = run(&provider.stage, &arguments, &[("HTTPS_PROXY", &variable)]);
    assert_eq!(ran.status, 0, "{}", ran.output);
    ran.assert_shows(&[
        &format!("· proxy       by the proxy http://{}, as the environment says", proxy.address),
        "· dns         the proxy looks the host up",
        "✓ tls         TLS 1.3",
        "a guard gets 2 keys",
    ]);
    ran.assert_hides(&["hush"]);
    let asked = proxy.asked();
    assert_eq!(asked, ["CONNECT idp.example.test:443 HTTP/1.1"; 2]);
}

#[test]
fn clocks_are_compared() {
    let provider = Provider::new(Certificate::Good);
    let jwks = format!(r#"{{"keys":[{KEY}]}}"#);
    let answer = Answer::json(jwks).with("Date", "Sun, 06 Nov 1994 08:49:37 GMT").with("Expires", "0");
    provider.server.put("/jwks", answer);
    let ran = provider.diagnose();
    assert_eq!(ran.status, 0, "{}", ran.output);
    ran.assert_shows(&[
        "! clock       ",
        "years ahead of the server's",
        "Expires: 0, which is not looked at",
        "1 step needs a look",
    ]);
}

#[test]
fn places_that_cannot_be_asked() {
    let stage = Stage::new();
    for (place, code) in [
        ("http://idp.example.com", "issuer_url_invalid"),
        ("https://user:hush@idp.example.com", "issuer_url_invalid"),
        ("https://idp.example.com/?hush", "issuer_url_invalid"),
        ("https://idp.example.com/#hush", "issuer_url_invalid"),
        ("https://IDP.example.com", "issuer_url_invalid"),
        ("https://127.1/", "issuer_url_invalid"),
        ("https://${HOME}/", "issuer_url_invalid"),
        ("eyJhush", "issuer_url_invalid"),
        ("http://idp.example.com/.well-known/jwks.json", "jwks_url_invalid"),
        ("http://idp.example.com/.well-known/openid-configuration", "jwks_url_invalid"),
    ] {
        let ran = run(&stage, &["keys", "diagnose", place, "--json"], &[]);
        let json = ran.json();
        assert_eq!((ran.status, step(&json, "", "url")), (1, ("bad", Some(code))), "{place}: {json}");
        let fetched = run(&stage, &["keys", "fetch", place], &[]);
        assert_eq!(fetched.status, 2, "{place}: {}", fetched.errors);
        ran.assert_hides(&["hush"]);
        fetched.assert_hides(&["hush"]);
    }
    let ran = run(&stage, &["keys", "diagnose", "https://nowhere.invalid", "--json"], &[]);
    let json = ran.json();
    assert_eq!(
        (ran.status, step(&json, "metadata", "dns")),
        (1, ("bad", Some("jwks_fetch_failed"))),
        "{json}"
    );
    assert!(json["message"].as_str().unwrap().contains("host not found"), "{json}");
    for arguments in [
        &["main", "--policy", "missing.toml"][..],
        &["main", "--discovery", "hush"],
        &["main", "--metadata", "--jwks"],
        &["main", "--service", "orders"],
        &["https://idp.example.com", "--ca-file", "hush.pem"],
        &["https://idp.example.com", "--ca-file", "policy.toml"],
        &["hush", "--policy", "policy.toml"],
        &["main", "--policy", "policy.toml"],
        &[],
    ] {
        for command in ["fetch", "diagnose"] {
            let ran = run(&stage, &[&["keys", command], arguments].concat(), &[]);
            let expected = if arguments.contains(&"missing.toml") { 3 } else { 2 };
            assert_eq!(ran.status, expected, "{arguments:?}: {}{}", ran.output, ran.errors);
            ran.assert_hides(&["hush"]);
        }
    }
}

#[test]
fn keys_without_a_policy() {
    let provider = Provider::new(Certificate::Good);
    let metadata = provider.url("/realm/.well-known/openid-configuration");
    for (place, flag) in
        [(provider.issuer(), None), (metadata, None), (provider.url("/jwks"), Some("--jwks"))]
    {
        let mut arguments = vec!["keys", "diagnose", &place, "--ca-file", "ca.pem"];
        arguments.extend(flag);
        let ran = provider.run(&arguments);
        assert_eq!(ran.status, 0, "{place}: {}", ran.output);
        ran.assert_shows(&["✓ a guard gets 2 keys", "algorithms = [\"ES256\", \"Ed25519\"]"]);
        arguments[1] = "fetch";
        let ran = provider.run(&arguments);
        assert_eq!(ran.status, 0, "{place}: {}", ran.output);
        ran.assert_shows(&[
            "fresh for    60 min",
            "✓ key 0  ec-1",
            "✓ key 1  ed-1",
            "2 of 2 keys can be used",
        ]);
    }
    // Where no policy says whose it is, metadata names no host for which private addresses are asked.
    provider.discover("https://10.0.0.1", "https://10.0.0.1/jwks");
    let metadata = provider.url("/realm/.well-known/openid-configuration");
    let ran = provider.run(&["keys", "diagnose", &metadata, "--ca-file", "ca.pem", "--json"]);
    assert_eq!(step(&ran.json(), "keys", "dns"), ("bad", Some("jwks_address_blocked")));
    let oauth = provider.run(&[
        "keys",
        "diagnose",
        &provider.issuer(),
        "--discovery",
        "oauth",
        "--ca-file",
        "ca.pem",
    ]);
    assert_eq!(oauth.status, 1);
    oauth.assert_shows(&["/.well-known/oauth-authorization-server/realm", "status 404"]);
}

#[test]
fn fetched_keys_are_listed_and_written() {
    let provider = Provider::new(Certificate::Good);
    let fetch = ["keys", "fetch", "main", "--policy", "fetch.toml"];
    let ran = provider.run(&[&fetch[..], &["--output", "jwks.json"]].concat());
    assert_eq!(ran.status, 0, "{}{}", ran.output, ran.errors);
    assert_golden("fetch.txt", &provider.plain(&ran.output));
    let ran = provider.run(&[&fetch[..], &["--json"]].concat());
    let json = ran.json();
    assert_eq!(
        (ran.status, &json["fresh_for"], &json["issuer"]),
        (0, &json!(3600), &json!(provider.issuer()))
    );
    let keys: Value = serde_json::from_str(&format!("[{KEY},{OTHER_KEY}]")).unwrap();
    assert_eq!(json["jwks"]["keys"], keys);
    assert_eq!(serde_json::from_slice::<Value>(&provider.stage.read("jwks.json")).unwrap()["keys"], keys);
    let ran = provider.run(&[&fetch[..], &["--output", "-"]].concat());
    assert_eq!(serde_json::from_str::<Value>(&ran.output).unwrap()["keys"], keys);
    assert!(ran.errors.contains("2 of 2 keys"), "{}", ran.errors);
    assert_eq!(provider.run(&[&fetch[..], &["--output", "-", "--json"]].concat()).status, 2);
    assert_eq!(provider.run(&[&fetch[..], &["--output", "no/such/folder"]].concat()).status, 5);
    // What was written is a policy's `jwks_file`.
    let shown = provider.run(&["keys", "show", "jwks.json"]);
    assert_eq!(shown.status, 0);
    provider.server.put("/jwks", Answer::status(503));
    let ran = provider.run(&[&fetch[..], &["--json"]].concat());
    assert_eq!(
        (ran.status, &ran.json()["error"], &ran.json()["code"]),
        (4, &json!("fetch"), &json!("jwks_fetch_failed"))
    );
}

#[test]
fn what_a_server_says_cannot_act_on_a_terminal() {
    let provider = Provider::new(Certificate::Good);
    let hostile = "\\u001b[2J\\u202e\\u009b31m";
    let metadata = format!(
        r#"{{"issuer":"{hostile}","jwks_uri":"{}","id_token_signing_alg_values_supported":["{hostile}"]}}"#,
        provider.url("/jwks")
    );
    let answer =
        Answer::json(metadata).with("Content-Type", "application/json; \u{202e}").with("Expires", "\u{9b}2J");
    provider.answer_metadata(answer.clone());
    let keys = format!(
        r#"{{"keys":[{KEY},{{"kty":"{hostile}","kid":"{hostile}"}},{{"kid":"\u202e","kty":"RSA"}}]}}"#
    );
    provider.server.put("/jwks", Answer::json(keys).with("Cache-Control", "max-age=60, \u{202e}"));
    let metadata = provider.url("/realm/.well-known/openid-configuration");
    for arguments in [
        &["keys", "diagnose", "main", "--policy", "fetch.toml"][..],
        &["keys", "diagnose", "main", "--policy", "fetch.toml", "--json"],
        &["keys", "diagnose", &metadata, "--ca-file", "ca.pem"],
        &["keys", "fetch", &metadata, "--ca-file", "ca.pem"],
        &["keys", "fetch", &metadata, "--ca-file", "ca.pem", "--json"],
    ] {
        let ran = provider.run(arguments);
        assert!(ran.output.contains("ec-1"), "{arguments:?}: {}{}", ran.output, ran.errors);
        ran.assert_hides(&["\u{1b}", "\u{202e}", "\u{9b}"]);
    }
}
