//! Changes of the header.

use counterseal::Algorithm;
use serde_json::json;

use super::{Change, accepted, refused, same};
use crate::ISSUER;

const NOT_NULL: &str = "null is a wrong type, not a way to leave a member out";

pub(super) const CHANGES: &[Change] = &[
    same("nothing", |_, _| true),
    same("alg none", |draft, random| {
        draft.header("alg", random.one_of(&["\"none\"", "\"None\"", "\"noNe\"", "\"NONE\"", "\"\""]));
        true
    }),
    same("alg in another case", |draft, random| {
        let name = draft.algorithm.name();
        let other = if random.one_in(2) { name.to_lowercase() } else { format!("{name} ") };
        draft.header("alg", json!(other).to_string());
        true
    }),
    same("alg missing", |draft, _| {
        draft.without_header("alg");
        true
    }),
    same("alg that is no string", |draft, random| {
        draft.header("alg", random.one_of(&["null", "1", "true", "[\"HS256\"]", "{}"]));
        true
    }),
    same("alg of another key", |draft, random| {
        let others = ["HS256", "RS256", "ES256", "PS256", "ES384", "HS512", "EdDSA"];
        let name = random.one_of(&others);
        draft.header("alg", json!(name).to_string());
        name != draft.old_name()
    }),
    accepted(
        "alg Ed25519 by its new name",
        "JWS-09",
        "RFC 9864 names the curve; jsonwebtoken knows EdDSA alone",
        |draft, _| {
            draft.header("alg", "\"Ed25519\"");
            draft.algorithm == Algorithm::Ed25519
        },
    ),
    same("kid missing", |draft, _| {
        draft.without_header("kid");
        true
    }),
    same("kid of no key", |draft, random| {
        let long = format!("\"{}\"", "k".repeat(300));
        draft.header(
            "kid",
            random.one_of(&[
                "\"other\"",
                "\"K\"",
                "\"k \"",
                "\"\"",
                "\"../k\"",
                "\"\\u0000\"",
                long.as_str(),
            ]),
        );
        true
    }),
    same("kid that is no string", |draft, random| {
        draft.header("kid", random.one_of(&["1", "[\"k\"]", "{}", "true"]));
        true
    }),
    refused("kid null", &["JSN-04"], NOT_NULL, |draft, _| {
        draft.header("kid", "null");
        true
    }),
    same("kid with an escape", |draft, _| {
        draft.header("kid", "\"\\u006b\"");
        true
    }),
    same("typ missing", |draft, _| {
        draft.without_header("typ");
        true
    }),
    same("typ in another spelling", |draft, random| {
        draft.header(
            "typ",
            random.one_of(&["\"jwt\"", "\"application/jwt\"", "\"APPLICATION/JWT\"", "\"Jwt\""]),
        );
        true
    }),
    refused(
        "typ of another kind",
        &["JWS-15"],
        "an access token, a logout token and a JWT are not the same",
        |draft, random| {
            draft.header(
                "typ",
                random.one_of(&[
                    "\"at+jwt\"",
                    "\"logout+jwt\"",
                    "\"JOSE\"",
                    "\"\"",
                    "\"JWT;v=1\"",
                    "\"text/jwt\"",
                ]),
            );
            true
        },
    ),
    refused("typ null", &["JSN-04"], NOT_NULL, |draft, _| {
        draft.header("typ", "null");
        true
    }),
    same("typ that is no string", |draft, random| {
        draft.header("typ", random.one_of(&["1", "[\"JWT\"]", "{}"]));
        true
    }),
    refused(
        "crit that is understood by nobody",
        &["JWS-11"],
        "jsonwebtoken ignores crit",
        |draft, random| {
            let name = random.one_of(&["x-policy", "urn:example:1", "\u{e9}"]);
            draft.header("crit", json!([name]).to_string());
            draft.header(name, "1");
            true
        },
    ),
    refused("crit that is malformed", &["JWS-11"], "jsonwebtoken ignores crit", |draft, random| {
        let crit = ["[]", "[\"alg\"]", "[\"absent\"]", "[\"kid\",\"kid\"]", "[\"b64\",\"b64\"]", "[\"\"]"];
        draft.header("crit", random.one_of(&crit));
        true
    }),
    same("crit of another type", |draft, random| {
        draft.header("crit", random.one_of(&["\"b64\"", "1", "{}", "[1]", "true"]));
        true
    }),
    refused("crit null", &["JSN-04"], NOT_NULL, |draft, _| {
        draft.header("crit", "null");
        true
    }),
    refused("b64", &["JWS-12"], "RFC 7797 section 7: not in a JWT", |draft, random| {
        draft.header("b64", random.one_of(&["true", "false", "1", "\"\""]));
        true
    }),
    refused("crit with b64", &["JWS-11"], "nothing is understood in a JWT", |draft, _| {
        draft.header("crit", "[\"b64\"]");
        draft.header("b64", "false");
        true
    }),
    refused("cty", &["JWS-16"], "nested tokens are not accepted", |draft, random| {
        draft.header("cty", random.one_of(&["\"JWT\"", "\"json\"", "\"\""]));
        true
    }),
    refused("a URL for the key", &["JWS-17"], "nobody fetches what a token names", |draft, random| {
        draft.header(random.one_of(&["jku", "x5u"]), "\"https://evil.example.com/keys\"");
        true
    }),
    refused("a key in the header", &["JWS-18"], "a token does not bring its own key", |draft, random| {
        let keys = [r#"{"kty":"oct","k":"AAAA"}"#, r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#];
        draft.header("jwk", random.one_of(&keys));
        true
    }),
    refused(
        "a certificate in the header",
        &["JWS-19"],
        "a token does not bring its own certificate",
        |draft, random| {
            draft.header("x5c", random.one_of(&["[]", "[\"MIIB\"]"]));
            true
        },
    ),
    refused("x5t#S256 of no certificate", &["JWS-20"], "it is not the key's certificate", |draft, random| {
        let digests = ["\"\"", "\"AA\"", "\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\""];
        draft.header("x5t#S256", random.one_of(&digests));
        true
    }),
    same("x5t of any certificate", |draft, _| {
        draft.header("x5t", "\"2jmj7l5rSw0yVb_vlWAYkK_YBwk\"");
        true
    }),
    accepted(
        "x5t that is no string",
        "JWS-20",
        "digests by SHA-1 are not looked at, whatever they are",
        |draft, random| {
            draft.header("x5t", random.one_of(&["1", "[]", "{}", "false"]));
            true
        },
    ),
    refused(
        "members of encrypted tokens",
        &["JWS-22"],
        "a signed token has none of them",
        |draft, random| {
            let members = [
                ("enc", "\"A128GCM\""),
                ("zip", "\"DEF\""),
                ("epk", "{}"),
                ("p2c", "1"),
                ("apu", "\"AA\""),
                ("iv", "\"\""),
            ];
            let (name, value) = random.one_of(&members);
            draft.header(name, value);
            true
        },
    ),
    same("iss repeated in the header", |draft, _| {
        draft.header("iss", json!(ISSUER).to_string());
        true
    }),
    refused(
        "a claim in the header that differs",
        &["JWS-23"],
        "the header contradicts the claims",
        |draft, random| {
            draft.header(random.one_of(&["iss", "sub", "aud"]), random.one_of(&["\"other\"", "1", "[]"]));
            true
        },
    ),
    same("headers that nobody knows", |draft, random| {
        draft.header("x-note", random.one_of(&["1", "null", "[{}]", "\"\\u00e9\"", "1.5e3"]));
        draft.header("Roles", "true");
        true
    }),
    accepted(
        "nonce or url header that is no string",
        "JWS-24",
        "no member of a JWT's header; unknown headers are ignored",
        |draft, random| {
            draft.header(random.one_of(&["nonce", "url"]), random.one_of(&["1", "[]", "{}"]));
            true
        },
    ),
    refused(
        "a header that looks like another",
        &["JSN-05"],
        "readers that fold case would read it",
        |draft, random| {
            draft.more_header(random.one_of(&[
                "\"Alg\":\"none\"",
                "\"ALG\":1",
                "\"\u{212a}id\":\"x\"",
                "\"CRIT\":[]",
                "\"Typ\":\"x\"",
            ]));
            true
        },
    ),
    same("a header twice", |draft, random| {
        draft.more_header(random.one_of(&[
            "\"alg\":\"none\"",
            "\"kid\":\"k\"",
            "\"\\u0061lg\":\"HS256\"",
            "\"typ\":\"JWT\"",
        ]));
        true
    }),
    refused(
        "an unknown header twice",
        &["JSN-01"],
        "the last one wins there, the first one elsewhere",
        |draft, _| {
            draft.more_header("\"x-note\":1");
            draft.more_header("\"x-note\":2");
            true
        },
    ),
    refused(
        "a member twice inside a header",
        &["JSN-01"],
        "duplicates are refused at any depth",
        |draft, _| {
            draft.header("x-note", "[{\"a\":1,\"\\u0061\":2}]");
            true
        },
    ),
    refused("a header of more than 4 KiB", &["LIM-02"], "no header is so long", |draft, _| {
        draft.header("x-note", json!("x".repeat(4096)).to_string());
        true
    }),
    refused("a header 17 deep", &["LIM-03"], "no header is so deep", |draft, _| {
        draft.header("x-note", format!("{}{}", "[".repeat(16), "]".repeat(16)));
        true
    }),
    same("a header 130 deep", |draft, _| {
        draft.header("x-note", format!("{}{}", "[".repeat(130), "]".repeat(130)));
        true
    }),
    same("a header that is no object", |draft, random| {
        draft.raw_header = Some(
            random
                .one_of(&["[]", "\"HS256\"", "null", "1", "{", "{}{}", "{\"alg\":}", " "])
                .as_bytes()
                .to_vec(),
        );
        true
    }),
    same("spaces in the header", |draft, _| {
        draft.raw_header = Some([b" \n\t\r", draft.header_json().as_slice(), b"\n"].concat());
        true
    }),
    same("what does not belong around the header", |draft, random| {
        let header = draft.header_json();
        let around: [(&[u8], &[u8]); 5] =
            [(b"\xef\xbb\xbf", b""), (b"", b"\0"), (b"", b","), (b"/**/", b""), (b"\x0b", b"")];
        let (before, behind) = random.one_of(&around);
        draft.raw_header = Some([before, &header, behind].concat());
        true
    }),
];
