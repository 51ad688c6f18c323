//! Presets as data: every one is sound, and stands under what is written.

use super::*;
use crate::policy::presets;
use Code::*;

/// What a preset never says: whose tokens, for whom, and nothing dangerous (POL-05).
const NEVER: [&str; 10] = [
    "dangerous",
    "key_urls",
    "issuer",
    "name",
    "audience",
    "preset",
    "enforce",
    "rule",
    "actors",
    "required_scopes",
];

/// The least that an entry with this preset needs.
fn entry(preset: &str, more: &str) -> String {
    let open = presets().find(|one| one.name() == preset).unwrap();
    let rule = match open.owner_claims() {
        [] => String::new(),
        [claim, ..] => format!("[[issuer.rule]]\nclaim = '{claim}'\nequals = 'x'\n"),
    };
    format!(
        "[[issuer]]\npreset = '{preset}'\nissuer = 'https://{preset}.example.com'\naudience = 'a-{preset}'\nkeys = {{ scripted = true }}\n{more}{rule}"
    )
}

fn sheet(settings: &str) -> toml::Table {
    settings.parse().unwrap()
}

/// The profiles that a preset has settings for, and its default.
fn profiles(settings: &str) -> Vec<String> {
    let sheet = sheet(settings);
    let default = sheet["issuer"].get("profile").and_then(|profile| profile.as_str()).map(str::to_owned);
    let sections = sheet.get("profile").and_then(|sections| sections.as_table());
    default.into_iter().chain(sections.into_iter().flat_map(|table| table.keys().cloned())).collect()
}

#[test]
fn every_preset_is_documented() {
    assert_eq!(presets().count(), presets::NAMES.len());
    let mut last = "";
    for preset in presets() {
        assert!(preset.name() > last, "{}: in the order of the alphabet", preset.name());
        last = preset.name();
        assert!(!preset.title().is_empty() && !preset.notes().is_empty(), "{}", preset.name());
        assert!(!preset.documents().is_empty(), "{}", preset.name());
        for document in preset.documents() {
            assert!(document.url.starts_with("https://"), "{}", document.url);
            assert!(document.date.contains("20"), "{}: {}", preset.name(), document.date);
        }
    }
}

#[test]
fn pol_05_no_preset_sets_anything_dangerous() {
    for preset in presets() {
        let sheet = sheet(preset.settings());
        assert!(sheet.keys().all(|name| name == "issuer" || name == "profile"), "{}", preset.name());
        let sections = sheet.get("profile").and_then(|table| table.as_table());
        let tables =
            std::iter::once(&sheet["issuer"]).chain(sections.into_iter().flat_map(|table| table.values()));
        for table in tables {
            for name in table.as_table().unwrap().keys() {
                assert!(!NEVER.contains(&name.as_str()), "{} sets {name}", preset.name());
            }
        }
        let policy =
            toml(&format!("version = 1\n{}", entry(preset.name(), "algorithms = ['RS256']\n"))).unwrap();
        let issuer = policy.issuers().next().unwrap();
        assert_eq!(issuer.dangerous().count(), 0);
        assert_eq!(issuer.preset(), Some(preset.name()));
    }
}

/// Keys are asked for where the entry's own issuer says, never of a host that only a preset names.
#[test]
fn keys_of_a_preset_are_those_of_the_issuer() {
    let by_discovery: toml::Value = toml::Value::Table("discovery = 'oidc'".parse().unwrap());
    for preset in presets() {
        let sheet = sheet(preset.settings());
        let keys = sheet["issuer"].get("keys");
        assert!(keys.is_none_or(|keys| *keys == by_discovery), "{}", preset.name());
        let rule = match preset.owner_claims() {
            [] => String::new(),
            [claim, ..] => format!("[[issuer.rule]]\nclaim = '{claim}'\nequals = 'x'\n"),
        };
        let name = preset.name();
        let text = format!(
            "version = 1\n[[issuer]]\npreset = '{name}'\nissuer = 'https://{name}.example.com'\naudience = 'a'\nalgorithms = ['RS256']\n{rule}"
        );
        match (keys, toml(&text)) {
            (Some(_), loaded) => assert_eq!(loaded.unwrap().issuers().count(), 1),
            (None, loaded) => assert_eq!(loaded.unwrap_err().problems()[0].code, ConfigMissing),
        }
    }
}

#[test]
fn written_keys_take_the_place_of_a_presets() {
    let text = |keys: &str| {
        format!(
            "version = 1\n[[issuer]]\npreset = 'keycloak'\nissuer = 'https://idp.example.com'\naudience = 'a'\nalgorithms = ['RS256']\nkeys = {keys}\n"
        )
    };
    for keys in ["{ scripted = true }", "{ jwks_uri = 'https://idp.example.com/jwks' }", "{ ttl = '5m' }"] {
        toml(&text(keys)).unwrap();
    }
    // Not a source: the preset's, with this.
    assert!(toml(&text("{ tll = '5m' }")).unwrap_err().problems()[0].hint.is_some());
    assert!(toml(&text("{ discovery = 'oidc', jwks_file = 'x' }")).is_err());
}

#[test]
fn every_preset_is_enough_with_whose_for_whom_and_keys() {
    for preset in presets() {
        for profile in profiles(preset.settings()) {
            // Dex cannot tell its access tokens from ID tokens.
            let more = match (preset.name(), profile.as_str()) {
                ("dex", "access_token") => "discriminator = [{ claim = '/x', absent = true }]\n",
                _ => "",
            };
            let text = entry(preset.name(), &format!("profile = '{profile}'\n{more}"));
            let with_algorithms = text.replace("audience", "algorithms = ['RS256']\naudience");
            let policy = toml(&format!("version = 1\n{with_algorithms}"));
            assert!(policy.is_ok(), "{} {profile}: {}", preset.name(), policy.unwrap_err());
            // Algorithms are either the vendor's only ones, or to be written.
            let without = toml(&format!("version = 1\n{text}"));
            if sheet(preset.settings())["issuer"].get("algorithms").is_some() {
                assert!(without.is_ok(), "{}", preset.name());
            } else {
                assert_problems(without, &[("issuer[0]", ConfigAlgEmpty)]);
            }
        }
    }
}

#[test]
fn access_tokens_and_id_tokens_of_a_vendor_stand_together() {
    for preset in presets() {
        let sections = profiles(preset.settings());
        if preset.name() == "dex" || !sections.contains(&"id_token".to_owned()) {
            continue;
        }
        let access = entry(preset.name(), "algorithms = ['RS256']\n");
        let id = entry(preset.name(), "algorithms = ['RS256']\nprofile = 'id_token'\n");
        let both = toml(&format!("version = 1\n{access}{id}"));
        assert!(both.is_ok(), "{}: {}", preset.name(), both.unwrap_err());
    }
}

#[test]
fn all_presets_stand_in_one_policy() {
    let entries: String = presets().map(|preset| entry(preset.name(), "algorithms = ['RS256']\n")).collect();
    let policy = toml(&format!("version = 1\n{entries}")).unwrap();
    assert_eq!(policy.issuers().len(), presets().count());
}

#[test]
fn pol_05_explicit_settings_win_lists_replace_and_tables_merge() {
    let text = entry(
        "keycloak",
        "algorithms = ['ES256']\ntypes = ['at+jwt']\nallow_marks = []\nidentity.tenant = '/t'\nidentity.roles = ['/r']\n\
         subject_kind.client = []\ndiscriminator = [{ claim = '/x', equals = 1 }]\nmax_lifetime = '1h'\n",
    );
    let policy = toml(&format!("version = 1\n{text}")).unwrap();
    let issuer = policy.issuers().next().unwrap();
    assert_eq!(issuer.types.named, [Box::from("at+jwt")]);
    assert!(issuer.allowed_marks.is_empty());
    assert_eq!(issuer.max_lifetime, 3600);
    assert_eq!(issuer.discriminators.len(), 1);
    assert_eq!(issuer.discriminators[0].claim.as_str(), "/x");
    let pointers =
        |list: &[crate::json::Pointer]| list.iter().map(|one| one.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(pointers(&issuer.identity.roles), ["/r"]);
    assert_eq!(issuer.identity.tenant.as_ref().unwrap().as_str(), "/t");
    // What was not written is the preset's.
    assert_eq!(issuer.identity.client_id.as_ref().unwrap().as_str(), "/azp");
    let kinds = issuer.subject_kind.as_ref().unwrap();
    assert_eq!((kinds.client.len(), kinds.user.len()), (0, 2));
}

#[test]
fn a_rule_is_added_to_what_tells_the_kind_apart() {
    let text =
        entry("keycloak", "algorithms = ['RS256']\n[[issuer.rule]]\nclaim = '/tenant'\nequals = 'acme'\n");
    let policy = toml(&format!("version = 1\n{text}")).unwrap();
    let issuer = policy.issuers().next().unwrap();
    assert_eq!((issuer.rules.len(), issuer.discriminators.len()), (1, 1));
}

#[test]
fn an_opt_out_beats_a_preset() {
    let secret = "keys = { secret = 'an unguessable secret of 34 bytes!' }";
    let text = |preset: &str, more: &str| {
        let text = entry(preset, &format!("algorithms = ['HS256']\n{more}\n"));
        format!("version = 1\n{}", text.replace("keys = { scripted = true }", secret))
    };
    toml(&text("keycloak", "dangerous = ['any_type']")).unwrap();
    toml(&text("cognito", "dangerous = ['no_audience']").replace("audience = 'a-cognito'\n", "")).unwrap();
    let nobody = text("google", "name = 'g'\ndangerous = ['no_issuer']")
        .replace("issuer = 'https://google.example.com'\n", "");
    toml(&nobody).unwrap();
}

#[test]
fn a_service_may_choose_a_preset_or_change_its_settings() {
    let text = SOUND.replace("profile = \"access_token\"\n", "")
        + "[[service.a.issuer]]\nname = 'main'\npreset = 'keycloak'\n[[service.b.issuer]]\nname = 'main'\npreset = 'keycloak'\nprofile = 'id_token'\n";
    let service = |name: &str| Surroundings::default().parse(&text, Format::Toml, Some(name)).unwrap();
    assert_eq!(service("a").issuers().next().unwrap().profile().name(), "access_token");
    assert_eq!(service("b").issuers().next().unwrap().profile().name(), "id_token");
}

#[test]
fn a_preset_may_come_from_the_environment() {
    let text = format!("version = 1\n{}", entry("okta", "")).replace("'okta'", "'${VENDOR}'");
    let parse =
        |vendor: &str| Surroundings::default().variable("VENDOR", vendor).parse(&text, Format::Toml, None);
    assert_eq!(parse("okta").unwrap().issuers().next().unwrap().preset(), Some("okta"));
    let error = parse("hush").unwrap_err();
    assert!(!error.to_string().contains("hush"), "{error}");
}

#[test]
fn mistakes_around_presets() {
    let text = |preset: &str| format!("{SOUND}preset = {preset}\n");
    assert_problems(toml(&text("'keycloack'")), &[("issuer[0].preset", ConfigValue)]);
    assert_problems(toml(&text("'aws-alb'")), &[("issuer[0].preset", ConfigNotSupported)]);
    assert_problems(toml(&text("['okta']")), &[("issuer[0].preset", ConfigType)]);
    // A setting that was reported is not filled in behind the reader's back, and nothing is reported twice.
    let wrong = text("'keycloak'").replace("\"access_token\"", "\"acces_token\"") + "types = []\n";
    assert_problems(toml(&wrong), &[("issuer[0].profile", ConfigValue), ("issuer[0].types", ConfigValue)]);
    // What a preset says beside what is written: the mistake stands where the preset is named.
    let alias = format!("version = 1\n{}", entry("google", ""))
        .replace("https://google.example.com", "accounts.google.com");
    assert_problems(toml(&alias), &[("issuer[0].preset", ConfigValue)]);
    let parties = text("'keycloak'") + "authorized_parties = ['a']\n";
    assert_problems(toml(&parties), &[("issuer[0].authorized_parties", ConfigValue)]);
}

#[test]
fn act_02_access_tokens_of_dex_need_a_mark_of_their_own() {
    let text = entry("dex", "algorithms = ['RS256']\nprofile = 'access_token'\n");
    assert_problems(toml(&format!("version = 1\n{text}")), &[("issuer[0].preset", ConfigProfileOverlap)]);
}

#[test]
fn pol_06_a_setting_of_a_later_version_is_an_error_and_a_note_is_none() {
    let text = format!("version = 1\n{}", entry("okta", "x-owner = 'team a'\nx-list = [{ a = 1 }]\n"));
    assert!(toml(&format!("x-top = true\n{text}")).is_ok());
    assert_problems(toml(&text.replace("x-owner", "owner")), &[("issuer[0].owner", ConfigUnknownKey)]);
    assert_problems(toml(&text.replace("version = 1", "version = 2")), &[("version", ConfigValue)]);
}
