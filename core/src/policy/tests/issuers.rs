//! What issuers must have, and must not share.

use super::*;
use Code::*;

fn changed(from: &str, to: &str) -> Result<Policy, PolicyError> {
    assert!(SOUND.contains(from));
    toml(&SOUND.replace(from, to))
}

/// [`SOUND`] and a second entry.
fn with(entry: &str) -> Result<Policy, PolicyError> {
    toml(&format!("{SOUND}{ENTRY}{entry}"))
}

const ENTRY: &str = "[[issuer]]\nkeys = { scripted = true }\n";

#[test]
fn what_is_required_is_missed() {
    assert_problems(toml(""), &[("", ConfigMissing), ("", ConfigMissing)]);
    for (line, code) in [
        ("issuer = \"https://idp.example.com\"\n", ConfigMissing),
        ("profile = \"access_token\"\n", ConfigMissing),
        ("audience = \"orders\"\n", ConfigMissing),
        ("algorithms = [\"RS256\"]\n", ConfigAlgEmpty),
        ("keys = { scripted = true }\n", ConfigMissing),
    ] {
        assert_problems(changed(line, ""), &[("issuer[0]", code)]);
    }
    assert_problems(
        toml("version = 1\n[[issuer]]\n").map_err(|error| {
            assert_eq!(error.problems().len(), 5, "{error}");
            error
        }),
        &[
            ("issuer[0]", ConfigMissing),
            ("issuer[0]", ConfigMissing),
            ("issuer[0]", ConfigAlgEmpty),
            ("issuer[0]", ConfigMissing),
            ("issuer[0]", ConfigMissing),
        ],
    );
    assert_problems(toml("version = 1\n[issuer]\nname = 'a'\n"), &[("issuer", ConfigType)]);
}

#[test]
fn jws_04_05_06_algorithms() {
    let list = |list: &str| changed("[\"RS256\"]", list);
    assert_problems(list("[]"), &[("issuer[0].algorithms", ConfigAlgEmpty)]);
    assert_problems(list("[\"none\"]"), &[("issuer[0].algorithms[0]", ConfigValue)]);
    assert_problems(list("[\"RS256\", \"HS256\"]"), &[("issuer[0].algorithms", ConfigAlgMixed)]);
    assert_problems(list("[\"ES512\"]"), &[("issuer[0].algorithms[0]", ConfigAlgUnsupported)]);
    assert_problems(list("\"RS256\""), &[("issuer[0].algorithms", ConfigType)]);
    assert!(list("[\"ES256K\", \"EdDSA\", \"Ed25519\"]").is_ok());
}

#[test]
fn clm_06_audiences() {
    let top = SOUND.replace("version = 1", "version = 1\naudience = \"top\"");
    assert_problems(toml(&top), &[("audience", ConfigAudienceShared)]);
    assert!(toml(&top.replace("audience = \"orders\"\n", "")).is_ok());
    let second = "issuer = 'b'\nprofile = 'generic'\nalgorithms = ['RS256']\n";
    assert_problems(toml(&format!("{top}{ENTRY}{second}")), &[("audience", ConfigAudienceShared)]);
    assert_problems(with(second), &[("issuer[1]", ConfigMissing)]);
    assert_problems(changed("\"orders\"", "[]"), &[("issuer[0].audience", ConfigValue)]);
    assert_problems(changed("\"orders\"", "\"\""), &[("issuer[0].audience", ConfigValue)]);
}

#[test]
fn pol_04_entries_are_told_apart() {
    let id_token =
        "issuer = 'https://idp.example.com'\nprofile = 'id_token'\naudience = 'c'\nalgorithms = ['RS256']\n";
    let discriminator = "[[issuer.rule]]\nclaim = '/token_use'\nequals = 'id'\n";
    let overlap = [("issuer[1]", ConfigProfileOverlap)];
    // Disjoint types, equal types, equal types and marks: one that both may bear, and two that exclude each other.
    assert_eq!(with(id_token).unwrap().key_sources.len(), 1);
    assert_problems(with(&format!("{id_token}types = ['at+jwt']\n")), &overlap);
    assert_problems(with(&format!("{id_token}types = ['at+jwt']\n{discriminator}")), &overlap);
    let marked = |mark: &str| {
        let mark = format!("[[issuer.rule]]\nclaim = {mark}\n");
        toml(&format!("{SOUND}{mark}{ENTRY}{id_token}types = ['at+jwt']\n{discriminator}"))
    };
    assert!(marked("'/token_use'\nequals = 'access'").is_ok());
    assert!(marked("'/token_use'\none_of = ['access', 1]").is_ok());
    assert!(marked("'/token_use'\nabsent = true").is_ok());
    assert_problems(marked("'/token_use'\none_of = ['access', 'id']"), &overlap);
    assert_problems(marked("'/kind'\nequals = 'access'"), &overlap);
    let weak = discriminator.replace("equals = 'id'", "present = true");
    assert_problems(with(&format!("{id_token}types = ['at+jwt']\n{weak}")), &overlap);
    // The same profile twice, other keys, an alias of somebody else, the same name.
    let same = id_token.replace("'id_token'", "'access_token'");
    assert_problems(with(&same), &overlap);
    let keys = id_token.to_owned() + "[issuer.keys]\nsecret = 'x'\n";
    let both = toml(&format!("{SOUND}[[issuer]]\n{keys}"));
    assert_problems(both, &[("issuer[1].keys.secret", ConfigValue)]);
    let keys = id_token.to_owned() + "[issuer.keys]\njwks = '{}'\n";
    assert_problems(toml(&format!("{SOUND}[[issuer]]\n{keys}")), &[("issuer[1].keys", ConfigProfileOverlap)]);
    let other = id_token.replace("https://idp.example.com", "b");
    let alias = format!("{other}issuer_aliases = ['https://idp.example.com']\n");
    assert_problems(with(&alias), &[("issuer[1].issuer_aliases[0]", ConfigProfileOverlap)]);
    assert_problems(with(&format!("{other}name = 'main'\n")), &[("issuer[1].name", ConfigValue)]);
    let mac = id_token.replace("RS256", "HS256");
    assert_problems(with(&mac), &[("issuer[1].algorithms", ConfigAlgMixed)]);
}

#[test]
fn act_02_access_tokens_of_a_common_type_need_a_mark() {
    let wanted = [("issuer[0].types", ConfigProfileOverlap)];
    for types in ["['JWT']", "['at+jwt', 'none']"] {
        assert_problems(toml(&format!("{SOUND}types = {types}\n")), &wanted);
        let rule = "[[issuer.rule]]\nclaim = '/nonce'\nabsent = true\n";
        assert!(toml(&format!("{SOUND}types = {types}\n{rule}")).is_ok());
    }
}

#[test]
fn rules_ask_one_thing() {
    let rule = |text: &str| toml(&format!("{SOUND}[[issuer.rule]]\n{text}"));
    assert_problems(rule("claim = '/a'\n"), &[("issuer[0].rule[0]", ConfigMissing)]);
    assert_problems(rule("equals = 1\n"), &[("issuer[0].rule[0]", ConfigMissing)]);
    assert_problems(rule("claim = 'a'\nequals = 1\n"), &[("issuer[0].rule[0].claim", ConfigValue)]);
    assert_problems(rule("claim = '/a~2'\nequals = 1\n"), &[("issuer[0].rule[0].claim", ConfigValue)]);
    assert_problems(
        rule("claim = '/a'\nequals = 1\nabsent = true\n"),
        &[("issuer[0].rule[0].absent", ConfigValue)],
    );
    assert_problems(rule("claim = '/a'\npresent = false\n"), &[("issuer[0].rule[0].present", ConfigValue)]);
    assert_problems(rule("claim = '/a'\none_of = []\n"), &[("issuer[0].rule[0].one_of", ConfigValue)]);
    assert_problems(rule("claim = '/a'\nequals = 1e999\n"), &[("issuer[0].rule[0].equals", ConfigValue)]);
    assert_problems(rule("claim = '/a'\nequals = 2024-01-01\n"), &[("issuer[0].rule[0].equals", ConfigType)]);
    assert!(rule("claim = '/a'\ncontains = 'x'\n").is_ok());
}

#[test]
fn pol_03_opt_outs_need_static_keys_and_stand_alone() {
    let dangerous = |list: &str| toml(&format!("{SOUND}dangerous = {list}\n"));
    assert!(dangerous("[]").is_ok());
    assert_problems(dangerous("['no_expiry']"), &[("issuer[0].dangerous", ConfigDangerous)]);
    assert_problems(dangerous("['no_expiri']"), &[("issuer[0].dangerous[0]", ConfigValue)]);
    assert_problems(
        dangerous("['no_audience', 'no_issuer']"),
        &[
            ("issuer[0].issuer", ConfigDangerous),
            ("issuer[0].audience", ConfigDangerous),
            ("issuer[0].dangerous", ConfigDangerous),
        ],
    );
    assert_problems(changed("https://idp.example.com", "local:x"), &[("issuer[0].issuer", ConfigValue)]);
    let typed = format!("{SOUND}types = ['at+jwt']\ndangerous = ['any_type']\n");
    assert_problems(
        toml(&typed),
        &[("issuer[0].types", ConfigDangerous), ("issuer[0].dangerous", ConfigDangerous)],
    );
}

#[test]
fn settings_of_other_profiles_are_refused() {
    let parties = format!("{SOUND}authorized_parties = ['a']\n");
    assert_problems(toml(&parties), &[("issuer[0].authorized_parties", ConfigValue)]);
    assert!(toml(&parties.replace("\"access_token\"", "\"id_token_api\"")).is_ok());
    for (setting, path) in [
        ("optional_claims = ['jti']\n", "issuer[0].optional_claims"),
        ("allow_marks = ['nonce']\n", "issuer[0].allow_marks"),
    ] {
        assert!(toml(&format!("{SOUND}{setting}")).is_ok());
        let other = SOUND.replace("\"access_token\"", "\"generic\"") + setting;
        assert_problems(toml(&other), &[(path, ConfigValue)]);
    }
    assert_problems(
        changed("\"access_token\"", "\"jwt_svid\""),
        &[("issuer[0].profile", ConfigNotSupported)],
    );
}

#[test]
fn sources_of_keys_are_one() {
    let keys = |keys: &str| changed("{ scripted = true }", keys);
    assert_problems(keys("{}"), &[("issuer[0].keys", ConfigMissing)]);
    assert_problems(keys("{ discovery = 'oidc', jwks = '{}' }"), &[("issuer[0].keys.jwks", ConfigValue)]);
    assert_problems(keys("{ ttl = '5m' }"), &[("issuer[0].keys", ConfigMissing)]);
    assert_problems(keys("{ scripted = false }"), &[("issuer[0].keys.scripted", ConfigValue)]);
    assert_problems(keys("{ jwks = '{}', secret = 'x' }"), &[("issuer[0].keys.secret", ConfigValue)]);
    assert_problems(keys("{ jwks_file = 'none.json' }"), &[("issuer[0].keys.jwks_file", ConfigFile)]);
    assert_problems(keys("'x'"), &[("issuer[0].keys", ConfigType)]);
    let resources = &Surroundings::default();
    let options = PolicyOptions { service: None, resources, provider: &WITHOUT_ES512, scripted_keys: false };
    let refused = Policy::parse(SOUND, Format::Toml, &options);
    assert_problems(refused, &[("issuer[0].keys.scripted", ConfigNotSupported)]);
}

#[test]
fn keys_can_be_fetched() {
    for keys in [
        "{ discovery = 'oidc' }",
        "{ discovery = 'oauth', ttl = '5m', stale = '2h', redirects = 1 }",
        "{ discovery_url = 'https://idp.example.com/x/.well-known/openid-configuration' }",
        "{ jwks_uri = 'https://keys.example.com:8443/jwks?a=b' }",
        "{ jwks_uri = 'http://127.0.0.1:8080/jwks' }",
        "{ jwks_uri = 'http://[::1]/jwks' }",
        "{ jwks_uri = 'http://idp.svc/jwks', plaintext = 'mesh', allow_addresses = ['10.0.0.0/8', 'fd00::/8'] }",
    ] {
        let policy = changed("{ scripted = true }", keys);
        assert!(policy.is_ok(), "{keys}: {policy:?}");
    }
}

#[test]
fn places_that_keys_are_not_fetched_from() {
    let uri = |uri: &str| changed("{ scripted = true }", &format!("{{ jwks_uri = '{uri}' }}"));
    for wrong in [
        "http://idp.example.com/jwks",
        "file:///etc/passwd",
        "HTTPS://idp.example.com/",
        "https://IDP.example.com/",
        "https://user@idp.example.com/",
        "https://user:secret@idp.example.com/",
        "https://idp.example.com/#x",
        "https:///jwks",
        "https://idp.example.com:0/",
        "https://idp.example.com:65536/",
        "https://idp.example.com:/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://idp..example.com/",
        "https://idp.example.com\\@evil.example/",
        "https://bücher.example/",
        "data:application/json,{}",
        "//idp.example.com/",
    ] {
        assert_problems(uri(wrong), &[("issuer[0].keys.jwks_uri", JwksUrlInvalid)]);
    }
    let by = |issuer: &str| {
        let text = SOUND.replace("https://idp.example.com", issuer);
        toml(&text.replace("{ scripted = true }", "{ discovery = 'oidc' }"))
    };
    for wrong in [
        "http://idp.example.com",
        "https://idp.example.com/?x",
        "https://idp.example.com/#x",
        "idp",
        "urn:idp",
    ] {
        assert_problems(by(wrong), &[("issuer[0].keys.discovery", IssuerUrlInvalid)]);
    }
    assert!(by("http://localhost:8080/realms/x").is_ok());
}

#[test]
fn settings_of_fetches_are_checked() {
    let keys = |keys: &str| changed("{ scripted = true }", keys);
    let discovery = |more: &str| keys(&format!("{{ discovery = 'oidc', {more} }}"));
    assert_problems(discovery("ttl_min = '2h', ttl_max = '1h'"), &[("issuer[0].keys.ttl_min", ConfigValue)]);
    assert_problems(
        discovery("allow_addresses = ['10.0.0.1/8']"),
        &[("issuer[0].keys.allow_addresses[0]", ConfigValue)],
    );
    assert_problems(discovery("ca_file = 'none.pem'"), &[("issuer[0].keys.ca_file", ConfigFile)]);
    assert_problems(discovery("bearer_file = 'none'"), &[("issuer[0].keys.bearer_file", ConfigFile)]);
    assert_problems(discovery("cooldown = '0s'"), &[("issuer[0].keys.cooldown", ConfigValue)]);
    assert_problems(keys("{ pem_file = 'a', ttl = '5m' }"), &[("issuer[0].keys.ttl", ConfigValue)]);
    let mac = SOUND.replace("RS256", "HS256").replace("{ scripted = true }", "{ discovery = 'oidc' }");
    assert_problems(toml(&mac), &[("issuer[0].keys.discovery", ConfigValue)]);
    let dangerous = format!("{SOUND}dangerous = ['no_expiry']\n")
        .replace("{ scripted = true }", "{ discovery = 'oidc' }");
    assert_problems(toml(&dangerous), &[("issuer[0].dangerous", ConfigDangerous)]);
}
