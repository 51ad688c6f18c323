//! Changes of claims that are no dates.

use serde_json::json;

use super::{Change, accepted, refused, same};
use crate::{AUDIENCE, ISSUER};

const NOT_NULL: &str = "null is a wrong type, not absence";
const TYPED: &str = "known claims have their type, whether or not they are checked";

pub(super) const CHANGES: &[Change] = &[
    same("iss missing", |draft, _| {
        draft.without_claim("iss");
        true
    }),
    same("iss of another", |draft, random| {
        let others = [
            "https://idp.example.com/realms/main/",
            "https://idp.example.com/realms/mai",
            "https://idp.example.com",
            "HTTPS://idp.example.com/realms/main",
            "https://idp.example.com/realms/main\0",
            " https://idp.example.com/realms/main",
            "",
        ];
        draft.claim("iss", json!(random.pick(&others)).to_string());
        true
    }),
    same("iss with escapes", |draft, random| {
        let spelled =
            [r#""https:\/\/idp.example.com\/realms\/main""#, r#""\u0068ttps://idp.example.com/realms/main""#];
        draft.claim("iss", random.one_of(&spelled));
        true
    }),
    refused("iss in a list", &["CLM-01"], "a token has one issuer (CVE-2025-30144)", |draft, random| {
        let lists = [json!([ISSUER]), json!([ISSUER, "https://evil.example.com"])];
        draft.claim("iss", random.pick(&lists).to_string());
        true
    }),
    same("iss of another type", |draft, random| {
        draft.claim("iss", random.one_of(&["null", "1", "{}", "[]", "[null]", "true"]));
        true
    }),
    same("aud missing", |draft, _| {
        draft.without_claim("aud");
        true
    }),
    same("aud among others", |draft, random| {
        let lists =
            [json!([AUDIENCE]), json!(["a", AUDIENCE]), json!([AUDIENCE, AUDIENCE]), json!([AUDIENCE, ""])];
        draft.claim("aud", random.pick(&lists).to_string());
        true
    }),
    same("aud of another", |draft, random| {
        let others = [
            json!("billing"),
            json!("Orders"),
            json!("orders "),
            json!([]),
            json!(["a", "b"]),
            json!(""),
            json!([["orders"]]),
        ];
        draft.claim("aud", random.pick(&others).to_string());
        true
    }),
    same("aud of another type", |draft, random| {
        draft.claim(
            "aud",
            random.one_of(&[
                "null",
                "1",
                "{}",
                "[\"orders\",1]",
                "[null,\"orders\"]",
                "true",
                "{\"orders\":1}",
            ]),
        );
        true
    }),
    refused("aud of more than 32", &["LIM-06"], "no token is for so many", |draft, _| {
        let names: Vec<String> = (0..32).map(|at| format!("a{at}")).chain([AUDIENCE.to_owned()]).collect();
        draft.claim("aud", json!(names).to_string());
        true
    }),
    refused("aud with a very long name", &["LIM-05"], "no name is so long", |draft, _| {
        draft.claim("aud", json!([AUDIENCE, "a".repeat(2049)]).to_string());
        true
    }),
    refused(
        "aud with a control character",
        &["JSN-07"],
        "names end up in headers and logs",
        |draft, random| {
            draft.claim(
                "aud",
                random.one_of(&[
                    "[\"orders\",\"a\\nb\"]",
                    "[\"orders\",\"\\u0000\"]",
                    "[\"orders\",\"\\u0085\"]",
                ]),
            );
            true
        },
    ),
    same("sub missing", |draft, _| {
        draft.without_claim("sub");
        true
    }),
    refused("sub null", &["JSN-04"], NOT_NULL, |draft, _| {
        draft.claim("sub", "null");
        true
    }),
    refused(
        "sub that names nobody",
        &["CLM-04"],
        "a subject is a string that is not empty",
        |draft, random| {
            draft.claim("sub", random.one_of(&["\"\"", "1", "[]", "[\"alice\"]", "{}", "false"]));
            true
        },
    ),
    refused("sub that is very long", &["LIM-05"], "no subject is so long", |draft, _| {
        draft.claim("sub", json!("a".repeat(1025)).to_string());
        true
    }),
    refused(
        "sub with a control character",
        &["JSN-07"],
        "subjects end up in headers and logs",
        |draft, random| {
            draft.claim(
                "sub",
                random.one_of(&["\"a\\r\\nX-Role: admin\"", "\"\\u0000\"", "\"\\u009f\"", "\"a\\tb\""]),
            );
            true
        },
    ),
    same("sub in another alphabet", |draft, random| {
        draft.claim(
            "sub",
            random.one_of(&[
                "\"\u{fc}ser\"",
                "\"\\u00fcser\"",
                "\"\u{1f600}\"",
                "\"\\ud83d\\ude00\"",
                "\"a b\"",
            ]),
        );
        true
    }),
    refused("names of another type", &["CLM-17"], TYPED, |draft, random| {
        let name = random.one_of(&["jti", "azp", "client_id", "acr", "nonce", "txn", "sid"]);
        draft.claim(name, random.one_of(&["1", "true", "[]", "[\"a\"]", "{}"]));
        true
    }),
    refused("objects of another type", &["CLM-17"], TYPED, |draft, random| {
        let name = random.one_of(&["cnf", "may_act", "events", "status"]);
        draft.claim(name, random.one_of(&["1", "\"a\"", "[]", "true"]));
        true
    }),
    refused("amr of another type", &["CLM-17"], TYPED, |draft, random| {
        draft.claim("amr", random.one_of(&["\"pwd\"", "1", "[1]", "[\"pwd\",null]", "{}"]));
        true
    }),
    refused("known claims that are null", &["JSN-04"], NOT_NULL, |draft, random| {
        let names = [
            "jti",
            "azp",
            "client_id",
            "scope",
            "cnf",
            "act",
            "may_act",
            "acr",
            "amr",
            "nonce",
            "txn",
            "sid",
            "events",
            "status",
            "iat",
            "nbf",
            "auth_time",
        ];
        draft.claim(random.one_of(&names), "null");
        true
    }),
    refused("jti that is very long", &["LIM-05"], "no identifier is so long", |draft, _| {
        draft.claim("jti", json!("j".repeat(513)).to_string());
        true
    }),
    same("scopes", |draft, random| {
        draft.claim("scope", random.one_of(&["\"\"", "\"a\"", "\"a b:c\"", "\"orders:read orders:write\""]));
        true
    }),
    refused(
        "scope that is no list of scopes",
        &["CLM-19"],
        "one space between tokens, and no other type",
        |draft, random| {
            draft.claim(
                "scope",
                random.one_of(&[
                    "\"a  b\"",
                    "\" a\"",
                    "\"a \"",
                    "[\"a\"]",
                    "1",
                    "{}",
                    "\"a\\\"b\"",
                    "\"\u{e9}\"",
                ]),
            );
            true
        },
    ),
    refused("scopes beyond count", &["LIM-06"], "no token grants so many", |draft, _| {
        let scopes: Vec<String> = (0..257).map(|at| format!("s{at}")).collect();
        draft.claim("scope", json!(scopes.join(" ")).to_string());
        true
    }),
    refused("cnf", &["ACT-08"], "a bound token needs a proof", |draft, random| {
        draft.claim("cnf", random.one_of(&["{\"jkt\":\"x\"}", "{\"x5t#S256\":\"x\"}"]));
        true
    }),
    refused(
        "cnf of an unknown kind",
        &["BND-01"],
        "a binding that is not known cannot be satisfied",
        |draft, random| {
            draft.claim(
                "cnf",
                random.one_of(&["{}", "{\"jwk\":{}}", "{\"kid\":\"x\"}", "{\"jkt\":\"x\",\"other\":1}"]),
            );
            true
        },
    ),
    refused("act", &["XCH-05"], "the policy lists no actor", |draft, random| {
        draft.claim(
            "act",
            random.one_of(&["{\"sub\":\"gateway\"}", "{\"sub\":\"a\",\"act\":{\"sub\":\"b\"}}"]),
        );
        true
    }),
    refused("act that is no actor", &["XCH-03"], "an actor is an object with a subject", |draft, random| {
        draft.claim(
            "act",
            random.one_of(&[
                "{}",
                "\"gateway\"",
                "[]",
                "{\"sub\":1}",
                "{\"sub\":\"\"}",
                "{\"sub\":\"a\",\"act\":1}",
            ]),
        );
        true
    }),
    refused("act 9 deep", &["LIM-06"], "no chain is so long", |draft, _| {
        draft.claim(
            "act",
            format!("{}{}", "{\"sub\":\"a\",\"act\":".repeat(8) + "{\"sub\":\"a\"", "}".repeat(9)),
        );
        true
    }),
    same("claims that nobody knows", |draft, random| {
        draft.claim(
            "x-note",
            random.one_of(&["null", "1", "\"\\u0000\"", "[[{}]]", "12345678901234567890123", "-1.5e-3"]),
        );
        draft.claim("Roles", "[]");
        true
    }),
    accepted(
        "unknown claim beyond any float",
        "JSN-08",
        "numbers stay text until they are used; serde_json has no room for it",
        |draft, random| {
            draft.claim("x-note", random.one_of(&["1e400", "-1e999", "[1e309]"]));
            true
        },
    ),
    refused(
        "a claim that looks like another",
        &["JSN-05"],
        "readers that fold case would read it",
        |draft, random| {
            let members = [
                "\"Iss\":\"x\"",
                "\"AUD\":\"x\"",
                "\"\u{17f}ub\":\"root\"",
                "\"Exp\":1",
                "\"Client_ID\":\"x\"",
                "\"\\u0049ss\":1",
            ];
            draft.more_claim(random.one_of(&members));
            true
        },
    ),
    same("a checked claim twice", |draft, random| {
        let members = [
            "\"iss\":\"https://idp.example.com/realms/main\"",
            "\"aud\":\"orders\"",
            "\"exp\":1",
            "\"\\u0061ud\":\"orders\"",
            "\"sub\":\"alice\"",
        ];
        draft.more_claim(random.one_of(&members));
        true
    }),
    refused(
        "another claim twice",
        &["JSN-01"],
        "the last one wins there, the first one elsewhere",
        |draft, random| {
            let name = random.one_of(&["iat", "role", "x-note"]);
            draft.claim(name, "1700000000");
            draft.more_claim(&format!("\"{name}\":1700000001"));
            true
        },
    ),
    refused(
        "a member twice inside a claim",
        &["JSN-01"],
        "duplicates are refused at any depth",
        |draft, random| {
            draft.claim(
                "x-note",
                random.one_of(&["{\"a\":1,\"a\":2}", "[[{\"a\":1,\"\\u0061\":1}]]", "{\"\":1,\"\":1}"]),
            );
            true
        },
    ),
    refused("claims 17 deep", &["LIM-03"], "no token is so deep", |draft, _| {
        draft.claim("x-note", format!("{}{}", "[".repeat(16), "]".repeat(16)));
        true
    }),
    same("claims 16 deep", |draft, _| {
        draft.claim("x-note", format!("{}{}", "[".repeat(15), "]".repeat(15)));
        true
    }),
    refused("claims of more than 2048 values", &["LIM-03"], "no token has so many", |draft, _| {
        draft.claim("x-note", format!("[{}]", ["1"; 2048].join(",")));
        true
    }),
    same("text that is no text", |draft, random| {
        let claims = String::from_utf8(draft.claims_json()).unwrap();
        let (before, behind) = (&claims[..claims.len() - 1], b"\"}");
        let pieces: [&[u8]; 6] =
            [b"\\ud800", b"\\udc00\\ud800", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\n"];
        draft.raw_claims =
            Some([before.as_bytes(), b",\"x-note\":\"", random.one_of(&pieces), behind].concat());
        true
    }),
    same("what does not belong around the claims", |draft, random| {
        let claims = draft.claims_json();
        let around: [(&[u8], &[u8]); 6] =
            [(b"\xef\xbb\xbf", b""), (b"", b"{}"), (b"", b","), (b"//\n", b""), (b"", b"\0"), (b"[", b"]")];
        let (before, behind) = random.one_of(&around);
        draft.raw_claims = Some([before, &claims, behind].concat());
        true
    }),
    same("claims that are no object", |draft, random| {
        draft.raw_claims = Some(
            random
                .one_of(&["[]", "null", "1", "\"x\"", "{", "{,}", "{\"iss\"}", "NaN", " "])
                .as_bytes()
                .to_vec(),
        );
        true
    }),
    refused(
        "claims as a list in the order of its struct",
        &["JSN-03"],
        "claims are an object (RFC 7519 section 7.2)",
        |draft, _| {
            draft.raw_claims =
                Some(json!([draft.now + 600, 0, "alice", ISSUER, AUDIENCE]).to_string().into_bytes());
            true
        },
    ),
    same("spaces in the claims", |draft, _| {
        draft.raw_claims = Some([b" \n", draft.claims_json().as_slice(), b"\r\n\t"].concat());
        true
    }),
];
