//! The faults, by name. `matrix.json` says what is expected of each.

use std::time::Duration;

use counterseal::testing::Issuer;
use serde_json::{Value, json};

use super::recipe::{Keys, Recipe, metadata};
use crate::fault_server::{Answer, Certificate, Server};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json";
const SECOND: Duration = Duration::from_secs(1);
const TEN_MEGABYTES: usize = 10 << 20;

pub(super) fn recipes() -> Vec<Recipe> {
    let all = [well(), silent(), broken(), large(), redirects(), documents(), tls(), discovery()];
    all.into_iter().flatten().collect()
}

fn well() -> Vec<Recipe> {
    vec![
        Recipe::good("good"),
        Recipe { keys: Keys::Discovery, ..Recipe::good("good_discovery") },
        Recipe { is_plain: true, ..Recipe::good("good_http_to_this_machine") },
        Recipe::answers("good_late", |_, issuer| {
            Answer::Late(Duration::from_millis(700), Box::new(Answer::json(jwks(issuer))))
        }),
        Recipe::answers("good_chunked", |_, issuer| {
            let jwks = jwks(issuer);
            let chunks = format!("{:x}\r\n{jwks}\r\n0\r\n\r\n", jwks.len());
            raw(&format!("{OK}\r\nTransfer-Encoding: chunked"), &chunks)
        }),
        Recipe::answers("good_until_the_end", |_, issuer| {
            raw("HTTP/1.0 200 OK\r\nContent-Type: application/json", &jwks(issuer))
        }),
        Recipe::answers("good_as_a_jwk_set", |_, issuer| {
            Answer::json(jwks(issuer)).with("Content-Type", "application/jwk-set+json; charset=utf-8")
        }),
    ]
}

fn silent() -> Vec<Recipe> {
    let slow = |bytes: String| Answer::Slow(bytes.into_bytes(), SECOND);
    vec![
        Recipe::answers("silence", |_, _| Answer::Silence).hangs(),
        Recipe::answers("silence_beyond_wait", |_, _| Answer::Silence)
            .with("timeout = \"20s\"\nwait = \"1s\""),
        Recipe::answers("slow_head", move |_, _| slow(OK.to_owned())).hangs(),
        Recipe::answers("slow_body", |_, issuer| {
            let jwks = jwks(issuer);
            let head = format!("{OK}\r\nContent-Length: {}\r\n\r\n", jwks.len());
            Answer::SlowAfter(head.into_bytes(), jwks.into_bytes(), SECOND)
        })
        .hangs(),
    ]
}

fn broken() -> Vec<Recipe> {
    let status = |name, status| Recipe::answers(name, move |_, _| Answer::status(status));
    vec![
        Recipe::answers("reset", |_, _| Answer::Reset),
        Recipe::answers("reset_in_the_body", |_, issuer| {
            let jwks = jwks(issuer);
            let head = format!("{OK}\r\nContent-Length: {}\r\n\r\n", jwks.len());
            Answer::ResetAfter([head.as_bytes(), &jwks.as_bytes()[..jwks.len() / 2]].concat())
        }),
        Recipe {
            keys: Keys::Elsewhere("https://localhost:1/jwks"),
            has_before: false,
            ..Recipe::good("refused")
        },
        Recipe {
            keys: Keys::Elsewhere("https://nobody.invalid/jwks"),
            has_before: false,
            ..Recipe::good("no_such_host")
        },
        status("status_204", 204),
        status("status_304", 304),
        status("status_404", 404),
        status("status_500", 500),
        status("status_503", 503),
        Recipe::answers("garbage", |_, _| Answer::Raw(vec![0xff; 300])),
        Recipe::answers("another_protocol", |_, _| Answer::Raw(b"SSH-2.0-server\r\n".to_vec())),
        Recipe::answers("nothing", |_, _| Answer::Raw(Vec::new())),
        Recipe::answers("truncated", |_, issuer| {
            let jwks = jwks(issuer);
            raw(&format!("{OK}\r\nContent-Length: {}", jwks.len() + 1), &jwks)
        }),
        Recipe::answers("length_and_chunks", |_, issuer| {
            let jwks = jwks(issuer);
            let chunks = format!("{:x}\r\n{jwks}\r\n0\r\n\r\n", jwks.len());
            raw(&format!("{OK}\r\nContent-Length: {}\r\nTransfer-Encoding: chunked", jwks.len()), &chunks)
        }),
        Recipe::answers("two_lengths", |_, issuer| {
            let jwks = jwks(issuer);
            raw(&format!("{OK}\r\nContent-Length: {}\r\nContent-Length: 2", jwks.len()), &jwks)
        }),
        Recipe::answers("bad_chunk_size", |_, issuer| {
            raw(&format!("{OK}\r\nTransfer-Encoding: chunked"), &format!("zz\r\n{}\r\n", jwks(issuer)))
        }),
        Recipe::answers("huge_chunk_size", |_, issuer| {
            let chunk = format!("fffffffffffffffff\r\n{}\r\n", jwks(issuer));
            raw(&format!("{OK}\r\nTransfer-Encoding: chunked"), &chunk)
        }),
        Recipe::answers("no_media_type", |_, issuer| {
            Answer::Plain(200, Vec::new(), jwks(issuer).into_bytes())
        }),
        Recipe::answers("html", |_, issuer| Answer::json(jwks(issuer)).with("Content-Type", "text/html")),
    ]
}

fn large() -> Vec<Recipe> {
    vec![
        Recipe::answers("ten_megabytes", |_, _| Answer::Large(TEN_MEGABYTES, true)).heavy(),
        Recipe::answers("ten_megabytes_unannounced", |_, _| Answer::Large(TEN_MEGABYTES, false)).heavy(),
        Recipe::answers("endless_body", |_, _| Answer::endless()).heavy(),
        Recipe::answers("endless_head", |_, _| {
            Answer::Again(b"HTTP/1.1 200 OK\r\nX-Long: ".to_vec(), vec![b'a'; 1024])
        })
        .heavy(),
        Recipe::answers("endless_interim_answers", |_, _| {
            Answer::Again(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n".repeat(40))
        })
        .hangs(),
        Recipe::answers("huge_head", |_, issuer| {
            Answer::json(jwks(issuer)).with("X-Huge", &"x".repeat(1 << 20))
        })
        .heavy(),
        Recipe::answers("many_headers", |_, issuer| {
            let head: String = (0..1000).map(|at| format!("\r\nX-{at}: a")).collect();
            raw(&format!("{OK}{head}"), &jwks(issuer))
        }),
        Recipe::answers("ten_thousand_keys", |_, issuer| Answer::json(many(issuer))).heavy(),
        Recipe::answers("ten_thousand_keys_allowed_by_size", |_, issuer| Answer::json(many(issuer)))
            .with("max_bytes = 4000000")
            .heavy(),
        Recipe::answers("gzip_bomb", |_, _| {
            let headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
            Answer::Plain(200, headers.into(), gzip_of_zeros(TEN_MEGABYTES))
        })
        .heavy(),
    ]
}

fn redirects() -> Vec<Recipe> {
    let to = |name, target: &'static str| {
        Recipe::answers(name, move |_, _| Answer::redirect(target)).with("redirects = 2")
    };
    vec![
        Recipe::answers("redirect_unasked_for", |_, _| Answer::redirect("/other"))
            .at("/other", |_, issuer| Answer::json(jwks(issuer))),
        to("redirect_within_the_origin", "/other").at("/other", |_, issuer| Answer::json(jwks(issuer))),
        to("redirect_to_another_origin", "https://other.example.test/jwks"),
        Recipe::answers("redirect_to_http", |server, _| {
            Answer::redirect(&server.url("localhost", "/other").replace("https:", "http:"))
        })
        .with("redirects = 2"),
        to("redirect_to_a_metadata_service", "http://169.254.169.254/latest/meta-data/"),
        to("redirect_loop", "/jwks"),
        Recipe::answers("redirect_nowhere", |_, _| Answer::status(302)).with("redirects = 2"),
    ]
}

fn documents() -> Vec<Recipe> {
    vec![
        Recipe::answers("not_json", |_, _| Answer::json("<html>maintenance</html>")),
        Recipe::answers("empty_set", |_, _| Answer::json(r#"{"keys":[]}"#)),
        Recipe::answers("no_set", |_, _| Answer::json("{}")),
        Recipe::answers("duplicate_members", |_, issuer| {
            Answer::json(format!(r#"{{"keys":[],{}"#, &jwks(issuer)[1..]))
        }),
        Recipe::answers("duplicate_kids", |_, issuer| {
            let own = key(issuer);
            let mut other = key(&Issuer::new().unwrap());
            other["kid"] = own["kid"].clone();
            set([own, other])
        }),
        Recipe::answers("duplicate_kids_of_others", |_, issuer| {
            let others = [(); 2].map(|()| {
                let mut other = key(&Issuer::new().unwrap());
                other["kid"] = json!("twice");
                other
            });
            set([key(issuer)].into_iter().chain(others))
        }),
        Recipe::answers("private_key_alone", |_, issuer| set([private(key(issuer))])),
        Recipe::answers("private_key_of_another", |_, issuer| {
            set([key(issuer), private(key(&Issuer::new().unwrap()))])
        }),
        Recipe::answers("secret_alone", |_, _| {
            set([
                json!({ "kty": "oct", "kid": "secret", "k": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE" }),
            ])
        }),
    ]
}

fn tls() -> Vec<Recipe> {
    let of = |name, certificate| Recipe { certificate, ..Recipe::good(name) };
    vec![
        of("certificate_expired", Certificate::Expired),
        of("certificate_early", Certificate::Early),
        of("certificate_of_another_host", Certificate::OtherHost),
        of("certificate_of_an_unknown_authority", Certificate::SelfSigned),
        of("plain_http_for_tls", Certificate::None),
        of("silence_before_tls", Certificate::Silent).hangs(),
        of("slow_tls", Certificate::Slow).hangs(),
    ]
}

fn discovery() -> Vec<Recipe> {
    let elsewhere = |server: &Server| server.url("127.0.0.1", "/jwks");
    vec![
        Recipe::metadata("metadata_404", |_, _| Answer::status(404)),
        Recipe::metadata("metadata_of_another_issuer", |server, _| {
            metadata("https://other.example.test", &server.url("localhost", "/jwks"))
        }),
        Recipe::metadata("metadata_with_a_slash_more", |server, issuer| {
            metadata(&format!("{}/", issuer.issuer()), &server.url("localhost", "/jwks"))
        }),
        Recipe::metadata("metadata_without_keys", |_, issuer| {
            Answer::json(format!(r#"{{"issuer":"{}"}}"#, issuer.issuer()))
        }),
        Recipe::metadata("metadata_with_duplicate_members", |server, issuer| {
            let (issuer, uri) = (issuer.issuer(), server.url("localhost", "/jwks"));
            Answer::json(format!(r#"{{"issuer":"{issuer}","jwks_uri":"{uri}","jwks_uri":"{uri}"}}"#))
        }),
        Recipe::jwks_uri("metadata_names_http", "http://keys.example.test/jwks"),
        Recipe::jwks_uri("metadata_names_a_private_address", "https://10.1.2.3/jwks"),
        Recipe::jwks_uri("metadata_names_a_metadata_service", "https://169.254.169.254/latest/meta-data/"),
        Recipe::jwks_uri("metadata_names_a_file", "file:///etc/passwd"),
        Recipe::metadata("metadata_names_this_machine", move |server, issuer| {
            metadata(issuer.issuer(), &elsewhere(server))
        }),
        Recipe::metadata("metadata_names_another_host", move |server, issuer| {
            metadata(issuer.issuer(), &elsewhere(server))
        })
        .with("allow_addresses = [\"127.0.0.0/8\"]"),
        Recipe {
            keys: Keys::Elsewhere("https://169.254.169.254/jwks"),
            has_before: false,
            ..Recipe::good("policy_names_a_metadata_service")
        },
    ]
}

fn jwks(issuer: &Issuer) -> String {
    issuer.jwks().unwrap()
}

fn key(issuer: &Issuer) -> Value {
    serde_json::from_str::<Value>(&jwks(issuer)).unwrap()["keys"][0].take()
}

/// A key that says its private part.
fn private(mut key: Value) -> Value {
    key["d"] = json!("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    key
}

fn set(keys: impl IntoIterator<Item = Value>) -> Answer {
    Answer::json(json!({ "keys": keys.into_iter().collect::<Vec<_>>() }).to_string())
}

/// The issuer's key 10,000 times, by as many names.
fn many(issuer: &Issuer) -> String {
    let mut key = key(issuer);
    let mut keys = vec![key.clone()];
    keys.extend((0..10_000).map(|at| {
        key["kid"] = json!(format!("key-{at}"));
        key.clone()
    }));
    json!({ "keys": keys }).to_string()
}

fn raw(head: &str, body: &str) -> Answer {
    Answer::Raw(format!("{head}\r\n\r\n{body}").into_bytes())
}

/// So many zeros in a thousandth of their size: one block of RFC 1951 whose matches repeat the byte before.
fn gzip_of_zeros(length: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0b1, 1); // the last block
    bits.put(0b01, 2); // with fixed codes
    bits.code(0x30, 8); // the byte 0
    for _ in 0..length / 258 {
        bits.code(0b1100_0101, 8); // 258 bytes again
        bits.code(0, 5); // from one byte before
    }
    bits.code(0, 7); // the end
    let head: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    [head, &bits.bytes, &[0; 8]].concat()
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn put(&mut self, value: u32, width: usize) {
        for at in 0..width {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((value >> at & 1) as u8) << (self.used % 8);
            self.used += 1;
        }
    }

    /// Codes stand with their highest bit first.
    fn code(&mut self, code: u32, width: usize) {
        (0..width).rev().for_each(|at| self.put(code >> at & 1, 1));
    }
}
