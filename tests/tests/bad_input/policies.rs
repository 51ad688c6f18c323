//! Policies of a megabyte: whatever they say, they end in problems, soon.

use std::time::Duration;

use counterseal::core::limits::POLICY_BYTES;
use counterseal::{Class, Code, Format, Policy};

use crate::measure::measure;

const ROOM: usize = POLICY_BYTES - 1000;

const SOUND: &str = "version = 1\n[[issuer]]\nname = 'main'\nissuer = 'i'\nprofile = 'generic'\naudience = 'a'\n\
                     algorithms = ['HS256']\nkeys = { secret = 'a secret of thirty-two bytes or more' }\n";

/// Lines with a number in place of `#`, as many as fit.
fn numbered(line: &str, bytes: usize) -> String {
    let mut text = String::new();
    for at in 0.. {
        let line = line.replace('#', &at.to_string());
        if text.len() + line.len() > bytes {
            break;
        }
        text += &line;
    }
    text
}

fn shapes() -> Vec<(&'static str, String)> {
    let line = |line: &str| SOUND.to_owned() + &numbered(line, ROOM - SOUND.len());
    let long = |bytes: usize| "a".repeat(bytes);
    let issuer = "[[issuer]]\nissuer = 'i#'\nprofile = 'generic'\naudience = 'a'\nalgorithms = ['HS256']\nkeys = { secret = 'a secret of thirty-two bytes or more' }\n";
    vec![
        ("brackets", "[".repeat(ROOM)),
        ("braces", "a = ".to_owned() + &"{a=".repeat(ROOM / 3)),
        ("dots", "a.".repeat(ROOM / 2) + "a = 1"),
        ("dots in tables", format!("[{}a]\n", "a.".repeat(ROOM / 2))),
        ("quotes", "\"".repeat(ROOM)),
        ("an endless string", "a = '''".to_owned() + &long(ROOM)),
        ("escapes", format!("a = \"{}\"", "\\u0041".repeat(ROOM / 6))),
        ("comments", "#\n".repeat(ROOM / 2)),
        ("line breaks", "\n".repeat(ROOM)),
        ("control characters", "\0".repeat(ROOM)),
        ("one long name", format!("{} = 1", long(ROOM))),
        ("one long value", format!("version = \"{}\"", long(ROOM))),
        ("one long line of mistakes", format!("version = [{}]", "nope,".repeat(ROOM / 5))),
        ("mistakes", numbered("a# = nope\n", ROOM)),
        ("unknown settings", line("a# = 1\n")),
        ("long unknown settings", line(&format!("{}# = 1\n", long(58)))),
        ("nearly known settings", line("audienc# = 1\n")),
        ("the same setting", "audience = 'a'\n".repeat(ROOM / 15)),
        ("empty entries", "version = 1\n".to_owned() + &"[[issuer]]\n".repeat(ROOM / 11)),
        (
            "entries of one issuer without a profile",
            "version = 1\n".to_owned() + &"[[issuer]]\nissuer = 'i'\n".repeat(ROOM / 24),
        ),
        (
            "entries of one issuer",
            "version = 1\n".to_owned()
                + &"[[issuer]]\nissuer = 'i'\nprofile = 'generic'\ntypes = ['a']\n".repeat(ROOM / 60),
        ),
        (
            "entries of one issuer with types of their own",
            "version = 1\n".to_owned() + &numbered("[[issuer]]\nissuer = 'i'\ntypes = ['t#']\n", ROOM - 20),
        ),
        ("sound entries", "version = 1\n".to_owned() + &numbered(issuer, ROOM - 20)),
        (
            "entries with the same aliases",
            "version = 1\n".to_owned()
                + &numbered("[[issuer]]\nissuer = 'i#'\nissuer_aliases = ['a', 'b', 'c']\n", ROOM - 20),
        ),
        ("aliases", SOUND.to_owned() + "issuer_aliases = [" + &numbered("'a#',", ROOM - 400) + "]\n"),
        ("rules", line("[[issuer.rule]]\nclaim = '/c#'\nequals = #\n")),
        (
            "required claims",
            SOUND.to_owned() + "required_claims = [" + &numbered("'/a/#',", ROOM - 400) + "]\n",
        ),
        ("a long pointer", SOUND.to_owned() + "required_claims = ['" + &"/a".repeat(ROOM / 2 - 300) + "']\n"),
        ("services", SOUND.to_owned() + &numbered("[service.s#]\naudience = 'b'\n", ROOM - 400)),
        (
            "a service with changes to unknown issuers",
            SOUND.to_owned() + &numbered("[[service.orders.issuer]]\nname = 'n#'\n", ROOM - 400),
        ),
        (
            "entries and changes to other ones",
            "version = 1\n".to_owned()
                + &numbered("[[issuer]]\nname = 'provider-#'\n", ROOM / 2)
                + &numbered("[[service.orders.issuer]]\nname = 'x-#-x'\n", ROOM / 2 - 40),
        ),
        ("variables", format!("version = 1\naudience = \"{}\"\n", "${NONE}".repeat(ROOM / 7 - 10))),
        ("dollars", format!("version = 1\naudience = \"{}\"\n", "$${".repeat(ROOM / 3 - 20))),
        (
            "inline keys",
            "version = 1\n".to_owned()
                + &numbered(
                    "[[issuer]]\nissuer = 'i'\nkeys = { jwks = { keys = [{ kty = 'x', a# = 1 }] } }\n",
                    ROOM - 20,
                ),
        ),
        ("one entry of very many inline members, twice", {
            let members = numbered("m# = 1, ", ROOM / 2 - 400);
            let entry = format!("[[issuer]]\nissuer = 'i'\nkeys = {{ jwks = {{ {members} z = 1 }} }}\n");
            format!("version = 1\n{entry}{entry}")
        }),
        (
            "a huge list of audiences",
            SOUND.replace("audience = 'a'", &format!("audience = [{}]", numbered("'a#',", ROOM - 400))),
        ),
        ("algorithms", SOUND.replace("['HS256']", &format!("[{}]", "'HS256',".repeat(ROOM / 8 - 60)))),
        ("dates", numbered("a# = 1979-05-27T07:32:00Z\n", ROOM)),
        ("numbers", format!("a = [{}]", "1,".repeat(ROOM / 2 - 10))),
        ("a huge number", format!("a = 1{}", "0".repeat(ROOM - 20))),
        ("a huge float", format!("a = 1.{}e9", "0".repeat(ROOM - 20))),
    ]
}

#[test]
fn a_megabyte_of_policy_is_bounded() {
    let mut slowest = (Duration::ZERO, "");
    for (name, text) in shapes() {
        assert!(text.len() <= POLICY_BYTES, "{name}: {} bytes", text.len());
        let (parsed, cost) =
            measure(|| Policy::from_str(&text, Format::Toml, Some("orders"), None).map(drop));
        println!("{name:46} {:8.1?} {:4} MiB held", cost.time, cost.peak >> 20);
        // None of them has a sound service of that name.
        let error = parsed.unwrap_err();
        assert!(error.problems().iter().all(|problem| problem.code.class() == Class::Policy), "{name}");
        let (shown, showing) = measure(|| error.to_string().len());
        assert!(shown < 1 << 20 && showing.time < Duration::from_secs(1), "{name}: {shown} characters");
        assert!(cost.time < Duration::from_secs(10), "{name}: {:?}", cost.time);
        assert!(cost.peak < 256 << 20, "{name}: {} MiB", cost.peak >> 20);
        slowest = slowest.max((cost.time, name));
    }
    println!("slowest: {} in {:?}", slowest.1, slowest.0);
}

#[test]
fn json_policies_of_a_megabyte_are_bounded() {
    let entry = |at: usize| {
        format!(
            r#"{{"issuer":"i{at}","profile":"generic","audience":"a","algorithms":["HS256"],"keys":{{"secret":"a secret of thirty-two bytes or more"}}}}"#
        )
    };
    let list =
        |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<Vec<_>>().join(",");
    for (name, text, is_sound) in [
        ("sound entries", format!(r#"{{"version":1,"issuer":[{}]}}"#, list(7000, &entry)), true),
        (
            "unknown settings",
            format!(r#"{{"version":1,{}}}"#, list(90_000, &|at| format!("\"s{at}\":1"))),
            false,
        ),
        ("empty entries", format!(r#"{{"version":1,"issuer":[{}]}}"#, vec!["{}"; 300_000].join(",")), false),
        (
            "entries that are none",
            format!(r#"{{"version":1,"issuer":[{}]}}"#, vec!["1"; 500_000].join(",")),
            false,
        ),
        (
            "the same name at the end",
            format!(r#"{{{},"s0":1}}"#, list(90_000, &|at| format!("\"s{at}\":1"))),
            false,
        ),
        ("17 deep", format!(r#"{{"version":{}{}}}"#, "[".repeat(16), "]".repeat(16)), false),
        ("a million deep", format!(r#"{{"version":{}"#, "[".repeat(1_000_000)), false),
        (
            "services",
            format!(r#"{{"version":1,"service":{{{}}}}}"#, list(60_000, &|at| format!("\"s{at}\":{{}}"))),
            false,
        ),
    ] {
        assert!(text.len() <= POLICY_BYTES, "{name}: {}", text.len());
        let (parsed, cost) = measure(|| Policy::from_str(&text, Format::Json, None, None).map(drop));
        println!("{name:28} {:8.1?} {:4} MiB held", cost.time, cost.peak >> 20);
        assert_eq!(parsed.is_ok(), is_sound, "{name}");
        assert!(cost.time < Duration::from_secs(10) && cost.peak < 512 << 20, "{name}: {cost:?}");
    }
}

#[test]
fn more_than_a_megabyte_is_not_read() {
    for format in [Format::Toml, Format::Json] {
        for text in ["[".repeat(POLICY_BYTES + 1), " ".repeat(64 << 20)] {
            let (parsed, cost) = measure(|| Policy::from_str(&text, format, None, None).map(drop));
            assert_eq!(parsed.unwrap_err().problems()[0].code, Code::ConfigTooLarge);
            assert!(cost.peak < 1 << 20 && cost.time < Duration::from_secs(1), "{cost:?}");
        }
    }
}
