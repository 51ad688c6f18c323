//! Policies with keys of their own.

use super::*;
use Code::*;

/// The key of RFC 7517, appendix A.1.
const RSA: &str = r#"{"kty":"RSA","kid":"one","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"}"#;
const SECRET: &str = "an unguessable secret of 34 bytes!";

fn keys(source: &str) -> String {
    SOUND.replace("{ scripted = true }", source)
}

fn mac(source: &str) -> String {
    keys(source).replace("RS256", "HS256")
}

#[test]
fn a_set_may_stand_in_a_file_a_table_or_a_string() {
    let file = format!("{{\"keys\":[{RSA}]}}");
    let surroundings = Surroundings::default()
        .file("keys.json", file.as_bytes())
        .file("key.json", RSA.as_bytes())
        .variable("JWKS", &file);
    let table = format!("{{ jwks = {{ keys = [{}] }} }}", RSA.replace("\":", "\" = "));
    for source in [
        "{ jwks_file = 'keys.json' }",
        "{ jwks_file = 'key.json' }",
        "{ jwks = '${JWKS}' }",
        &format!("{{ jwks = '{file}' }}"),
        &table,
    ] {
        let policy = surroundings.parse(&keys(source), Format::Toml, None).unwrap();
        let set = policy.key_set(policy.issuers().next().unwrap()).unwrap();
        assert_eq!((set.len(), set.skipped().len()), (1, 0), "{source}");
        assert!(policy.notices().is_empty());
    }
}

#[test]
fn keys_that_are_not_used_are_listed_and_a_set_without_any_is_refused() {
    let file = |second: &str| format!("{{\"keys\":[{RSA},{second}]}}");
    let weak = r#"{"kty":"RSA","kid":"w","n":"AQAB","e":"AQAB"}"#;
    let parse = |text: String| {
        Surroundings::default().file("keys.json", text.as_bytes()).parse(
            &keys("{ jwks_file = 'keys.json' }"),
            Format::Toml,
            None,
        )
    };
    let policy = parse(file(weak)).unwrap();
    let notice = &policy.notices()[0];
    assert_eq!(notice.path, "issuer[0].keys.jwks_file");
    assert!(notice.message.starts_with("key 1 (kid \"w\") is not used: rsa_key_weak"), "{notice:?}");
    let error = parse(format!("{{\"keys\":[{weak}]}}")).unwrap_err();
    assert!(error.to_string().contains("no key can be used: rsa_key_weak"), "{error}");
    assert_problems(Err(error), &[("issuer[0].keys", ConfigValue)]);
    assert_problems(parse("{}".to_owned()), &[("issuer[0].keys.jwks_file", JwksInvalid)]);
}

#[test]
fn secrets_are_read_in_four_ways_and_never_shown() {
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let base64 = crate::encoding::base64url::encode(SECRET.as_bytes());
    let surroundings = Surroundings::default()
        .file("secret", format!("{SECRET}\r\n").as_bytes())
        .variable("SECRET", SECRET)
        .variable("HEX", &format!("hex:{hex}"));
    for (source, is_plain) in [
        ("file:secret", false),
        ("${SECRET}", false),
        ("${HEX}", false),
        (SECRET, true),
        (&format!("hex:{hex}"), true),
        (&format!("base64:{base64}"), true),
    ] {
        let policy =
            surroundings.parse(&mac(&format!("{{ secret = '{source}' }}")), Format::Toml, None).unwrap();
        assert_eq!(policy.notices().len(), usize::from(is_plain), "{source}");
        let shown = format!("{policy:?}");
        assert!(!shown.contains(SECRET) && !shown.contains(&hex) && !shown.contains(&base64), "{shown}");
    }
}

#[test]
fn secrets_that_are_wrong_are_never_shown() {
    let surroundings =
        Surroundings::default().file("empty", b"\n").variable("SHORT", "hush").variable("BAD", "hex:hush");
    for (source, code) in [
        ("hex:hushh", ConfigSecret),
        ("base64:hush!", ConfigSecret),
        ("file:hush", ConfigSecret),
        ("file:empty", ConfigSecret),
        ("${BAD}", ConfigSecret),
        ("hush", HmacKeyShort),
        ("${SHORT}", HmacKeyShort),
    ] {
        let error =
            surroundings.parse(&mac(&format!("{{ secret = '{source}' }}")), Format::Toml, None).unwrap_err();
        let shown = format!("{error}{error:?}");
        assert!(source == "file:hush" || !shown.contains("hush"), "{shown}");
        assert_eq!(problems(Err(error))[0].1, code, "{source}");
    }
    let error = surroundings.parse(&keys("{ secret = 'hush' }"), Format::Toml, None).unwrap_err();
    assert!(!error.to_string().contains("hush"));
    assert_problems(Err(error), &[("issuer[0].keys.secret", ConfigValue)]);
    assert_problems(toml(&mac("{ pem_file = 'a.pem' }")), &[("issuer[0].keys.pem_file", ConfigValue)]);
}

#[test]
fn pol_03_an_old_system_is_spelled_out_and_listed() {
    let legacy = "version = 1\n[[issuer]]\nname = 'legacy'\nprofile = 'generic'\nalgorithms = ['HS256']\n\
         keys = { secret = '${SECRET}' }\ndangerous = ['no_issuer', 'no_audience', 'no_expiry', 'any_type']\n";
    let surroundings = Surroundings::default().variable("SECRET", SECRET);
    let policy = surroundings.parse(legacy, Format::Toml, None).unwrap();
    let issuer = policy.issuers().next().unwrap();
    assert_eq!((issuer.issuer(), issuer.audience().len(), issuer.types.any), ("local:legacy", 0, true));
    assert_eq!(issuer.dangerous().count(), 4);
    assert_eq!(policy.notices().len(), 4);
    let second = legacy.replace("version = 1\n", "").replace("legacy", "older");
    let two = surroundings.parse(&format!("{legacy}{second}"), Format::Toml, None);
    assert_problems(two, &[("issuer[1].dangerous", ConfigDangerous)]);
}

#[test]
fn pol_04_one_issuer_has_one_set_of_keys() {
    let one = keys(&format!("{{ jwks = '{{\"keys\":[{RSA}]}}' }}"));
    let two =
        one.replace("version = 1\n", "").replace("access_token", "id_token").replace("\"main\"", "\"id\"");
    let policy = toml(&format!("{one}{two}")).unwrap();
    assert_eq!((policy.issuers().len(), policy.key_sources.len()), (2, 1));
    let other = two.replace("https://idp.example.com", "https://other.example.com");
    assert_eq!(toml(&format!("{one}{other}")).unwrap().key_sources.len(), 2);
}
