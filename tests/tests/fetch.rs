//! Keys over real connections, from servers that do what servers should not. Each fault is an outage with its
//! code, within its time.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use counterseal::testing::Issuer;
use counterseal::{Code, Guard, KeyState};
use counterseal_tests::fault_server::{Answer, Authority, Certificate, ConnectProxy, Server};

const TIMEOUT: Duration = Duration::from_millis(800);

/// A server, its issuer, and a folder with the policy of a guard.
struct World {
    issuer: Issuer,
    server: Server,
    folder: PathBuf,
}

static FOLDERS: AtomicU64 = AtomicU64::new(0);

impl World {
    fn new(certificate: Certificate) -> World {
        let authority = Authority::new();
        let server = Server::tls(&authority, certificate);
        World::of(&authority, server)
    }

    fn of(authority: &Authority, server: Server) -> World {
        let issuer = Issuer::new().unwrap().named(server.url("localhost", "/realm")).for_audience("orders");
        let number = FOLDERS.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("counterseal-fetch-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("ca.pem"), &authority.pem).unwrap();
        let world = World { issuer, server, folder };
        world.publish();
        world
    }

    fn publish(&self) {
        self.server.put("/jwks", Answer::json(self.issuer.jwks().unwrap()));
    }

    fn guard(&self, keys: &str, fetch: &str) -> Guard {
        let text = format!(
            "version = 1\n[[issuer]]\nname = \"main\"\nissuer = \"{}\"\nprofile = \"access_token\"\n\
             audience = \"orders\"\nalgorithms = [\"ES256\"]\nkeys = {keys}\n\
             [fetch]\nca_file = \"ca.pem\"\ntimeout = \"800ms\"\n{fetch}\n",
            self.issuer.issuer()
        );
        let path = self.folder.join("policy.toml");
        std::fs::write(&path, text).unwrap();
        Guard::load(&path, None).unwrap()
    }

    fn by_uri(&self, fetch: &str) -> Guard {
        self.guard(&format!("{{ jwks_uri = \"{}\" }}", self.server.url("localhost", "/jwks")), fetch)
    }

    /// Metadata that names these keys.
    fn discover(&self, jwks_uri: &str) {
        let metadata = format!(r#"{{"issuer":"{}","jwks_uri":"{jwks_uri}"}}"#, self.issuer.issuer());
        self.server.put("/realm/.well-known/openid-configuration", Answer::json(metadata));
    }

    fn verify(&self, guard: &Guard) -> Result<(), Code> {
        guard.verify(self.issuer.token().sign().unwrap()).map(drop).map_err(|error| error.code())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn last_error(guard: &Guard) -> String {
    guard.status().issuers[0].fetch.clone().unwrap().last_error.unwrap_or_default()
}

/// The token is answered by an outage, in time, and this is why.
fn assert_outage(world: &World, guard: &Guard, expected: &str, what: &str) {
    let begun = Instant::now();
    let error = guard.verify(world.issuer.token().sign().unwrap()).unwrap_err();
    let took = begun.elapsed();
    assert_eq!((error.code(), error.code().status()), (Code::KeysUnavailable, Some(503)), "{what}");
    assert_eq!(last_error(guard), expected, "{what}");
    assert!(took < 3 * TIMEOUT, "{what} took {took:?}");
}

fn raw(head: &str, body: &str) -> Answer {
    Answer::Raw(format!("{head}\r\n\r\n{body}").into_bytes())
}

#[test]
fn every_fault_of_a_server_is_an_outage_with_its_code() {
    let world = World::new(Certificate::Good);
    let jwks = world.issuer.jwks().unwrap();
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json";
    let slow = Duration::from_millis(20);
    let many: Vec<String> = (0..10_000).map(|at| format!(r#"{{"kty":"oct","kid":"{at}"}}"#)).collect();
    let many = format!(r#"{{"keys":[{}]}}"#, many.join(","));
    let other_origin = "jwks_redirect: to another origin";
    let not_json = "jwks_fetch_failed: not JSON by its media type";
    let too_large = "jwks_fetch_failed: larger than 262144 bytes";
    let timeout = "jwks_fetch_failed: timeout";
    let not_http = "jwks_fetch_failed: the answer is not HTTP";
    let compressed = "jwks_fetch_failed: the body is compressed, which was not asked for";
    let cut = "jwks_fetch_failed: connection closed too early";
    for (what, answer, expected) in [
        ("silence", Answer::Silence, timeout),
        ("a slow head", Answer::Slow(b"HTTP/1.1 200 OK\r\nX-Slow: ".repeat(40), slow), timeout),
        (
            "a slow body",
            Answer::Slow(format!("{ok}\r\nContent-Length: 900\r\n\r\n{}", " ".repeat(900)).into(), slow),
            timeout,
        ),
        ("404", Answer::status(404), "jwks_fetch_failed: status 404"),
        ("500", Answer::status(500), "jwks_fetch_failed: status 500"),
        ("no content", Answer::status(204), "jwks_fetch_failed: status 204"),
        ("not modified", Answer::status(304), "jwks_fetch_failed: status 304"),
        ("garbage", Answer::Raw(vec![0xff; 300]), not_http),
        ("another protocol", Answer::Raw(b"SSH-2.0-server\r\n".to_vec()), not_http),
        ("nothing", Answer::Raw(Vec::new()), cut),
        ("10 MB", Answer::json(vec![b' '; 10 << 20]), too_large),
        ("10 MB without a length", raw(ok, &" ".repeat(10 << 20)), too_large),
        ("endless chunks", Answer::Endless, too_large),
        ("a bad chunk", raw(&format!("{ok}\r\nTransfer-Encoding: chunked"), "zz\r\nno\r\n"), not_http),
        ("half a body", raw(&format!("{ok}\r\nContent-Length: 1000"), &jwks), cut),
        ("too many keys", Answer::json(many.clone()), too_large),
        ("a redirect", Answer::redirect("/other"), "jwks_redirect: redirects are off"),
        ("no media type", Answer::Plain(200, Vec::new(), jwks.clone().into()), not_json),
        ("HTML", Answer::json(jwks.clone()).with("Content-Type", "text/html"), not_json),
        ("nearly JSON", Answer::json(jwks.clone()).with("Content-Type", "application/jsonp"), not_json),
        ("two media types", raw(&format!("{ok}\r\nContent-Type: text/html"), &jwks), not_json),
        ("gzip", Answer::json(jwks.clone()).with("Content-Encoding", "gzip"), compressed),
        ("brotli", Answer::json(jwks.clone()).with("Content-Encoding", "br"), compressed),
        (
            "a huge header",
            Answer::json(jwks.clone()).with("X-Huge", &"x".repeat(100_000)),
            "jwks_fetch_failed: the header of the answer is too large",
        ),
        ("no JSON", Answer::json("<html>"), "jwks_invalid: the document is not a JWK Set"),
    ] {
        world.server.put("/jwks", answer);
        assert_outage(&world, &world.by_uri(""), expected, what);
    }
    for (what, answer, expected) in [
        ("elsewhere", Answer::redirect("https://other.example.test/jwks"), other_origin),
        ("to another port", Answer::redirect("https://localhost:1/jwks"), other_origin),
        (
            "to HTTP",
            Answer::redirect(&world.server.url("localhost", "/").replace("https", "http")),
            other_origin,
        ),
        ("to a metadata service", Answer::redirect("http://169.254.169.254/latest"), other_origin),
        ("without a scheme", Answer::redirect("//other.example.test/"), "jwks_redirect: no usable target"),
        ("to a file", Answer::redirect("file:///etc/passwd"), "jwks_redirect: no usable target"),
        ("nowhere", Answer::status(302), "jwks_redirect: no usable target"),
        ("in a circle", Answer::redirect("/jwks"), "jwks_redirect: too many redirects"),
    ] {
        world.server.put("/jwks", answer);
        assert_outage(&world, &world.by_uri("redirects = 2"), expected, what);
    }
    world.server.put("/jwks", Answer::json(many));
    let guard = world.by_uri("max_bytes = 1000000");
    assert_outage(&world, &guard, "jwks_invalid: the document is not a JWK Set", "10,000 keys");
}

#[test]
fn every_fault_of_tls_is_an_outage_with_its_code() {
    for (certificate, expected) in [
        (Certificate::Expired, "jwks_fetch_failed: tls: expired certificate"),
        (Certificate::Early, "jwks_fetch_failed: tls: certificate not valid yet"),
        (Certificate::OtherHost, "jwks_fetch_failed: tls: certificate of another host"),
        (Certificate::SelfSigned, "jwks_fetch_failed: tls: unknown issuer of the certificate"),
    ] {
        let world = World::new(certificate);
        assert_outage(&world, &world.by_uri(""), expected, expected);
        assert!(world.server.asked().is_empty(), "{certificate:?}: nothing is said to such a server");
    }
    // Another authority vouches for it than the policy names.
    let world = World::new(Certificate::Good);
    std::fs::write(world.folder.join("ca.pem"), Authority::new().pem).unwrap();
    let expected = "jwks_fetch_failed: tls: certificate with a false signature";
    assert_outage(&world, &world.by_uri(""), expected, "another authority");
    for (contents, expected) in [
        ("no PEM", "jwks_fetch_failed: ca_file: no certificate"),
        (
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            "jwks_fetch_failed: ca_file: not PEM",
        ),
    ] {
        std::fs::write(world.folder.join("ca.pem"), contents).unwrap();
        assert_outage(&world, &world.by_uri(""), expected, contents);
    }
    // A server that does not speak TLS, and one that is gone.
    let plain = World::of(&Authority::new(), Server::plain());
    let keys = format!("{{ jwks_uri = \"https://localhost:{}/jwks\" }}", plain.server.port());
    let guard = plain.guard(&keys, "");
    plain.server.put("/jwks", Answer::Silence);
    assert_eq!(plain.verify(&guard), Err(Code::KeysUnavailable));
    assert!(last_error(&guard).starts_with("jwks_fetch_failed: "), "{}", last_error(&guard));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let guard = plain.guard(&format!("{{ jwks_uri = \"https://localhost:{free}/jwks\" }}"), "");
    assert_outage(&plain, &guard, "jwks_fetch_failed: connection refused", "nobody");
    let reset = World::new(Certificate::Good);
    reset.server.put("/jwks", Answer::Reset);
    assert_outage(&reset, &reset.by_uri(""), "jwks_fetch_failed: connection reset", "a reset");
    let guard = reset.guard("{ jwks_uri = \"https://nobody.invalid/jwks\" }", "");
    assert_eq!(reset.verify(&guard), Err(Code::KeysUnavailable));
    assert_eq!(last_error(&guard), "jwks_fetch_failed: host not found");
}

#[test]
fn what_is_well_is_taken() {
    let world = World::new(Certificate::Good);
    let jwks = world.issuer.jwks().unwrap();
    let chunked = format!("{:x}\r\n{jwks}\r\n0\r\n\r\n", jwks.len());
    for (what, answer) in [
        ("JSON", Answer::json(jwks.clone())),
        (
            "a JWK Set",
            Answer::json(jwks.clone()).with("Content-Type", "application/jwk-set+json; charset=utf-8"),
        ),
        ("in capitals", Answer::json(jwks.clone()).with("Content-Type", "Application/JSON;charset=UTF-8")),
        ("HTTP/1.0", raw("HTTP/1.0 200 OK\r\nContent-Type: application/json", &jwks)),
        (
            "chunks",
            raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked", &chunked),
        ),
        ("no encoding, said aloud", Answer::json(jwks.clone()).with("Content-Encoding", "identity")),
    ] {
        world.server.put("/jwks", answer);
        let guard = world.by_uri("");
        assert_eq!(world.verify(&guard), Ok(()), "{what}: {}", last_error(&guard));
        assert_eq!(guard.status().issuers[0].key_state, KeyState::Fresh);
    }
    // Redirects within the origin, where they are on.
    world.server.put("/jwks", Answer::redirect("/one"));
    world.server.put("/one", Answer::redirect(&world.server.url("localhost", "/two")));
    world.server.put("/two", Answer::json(jwks.clone()));
    let guard = world.by_uri("redirects = 2");
    assert_eq!(world.verify(&guard), Ok(()), "{}", last_error(&guard));
    // Metadata first.
    world.discover(&world.server.url("localhost", "/two"));
    let guard = world.guard("{ discovery = \"oidc\" }", "");
    assert_eq!(world.verify(&guard), Ok(()), "{}", last_error(&guard));
    // Metadata is no JWK Set.
    let path = "/realm/.well-known/openid-configuration";
    world.server.put(path, Answer::json("{}").with("Content-Type", "application/jwk-set+json"));
    let guard = world.guard("{ discovery = \"oidc\" }", "");
    assert_outage(&world, &guard, "jwks_fetch_failed: not JSON by its media type", "metadata");
    // Without TLS, from this machine alone; and on the caller's thread.
    let plain = World::of(&Authority::new(), Server::plain());
    let guard = plain.by_uri("mode = \"inline\"");
    assert_eq!(plain.verify(&guard), Ok(()), "{}", last_error(&guard));
    // The authority is not a process-wide matter, nor is the provider.
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[test]
fn addresses_that_metadata_names_are_judged() {
    let world = World::new(Certificate::Good);
    let elsewhere = world.server.url("127.0.0.1", "/jwks");
    for (jwks_uri, expected) in [
        (elsewhere.as_str(), "jwks_address_blocked: a loopback address"),
        ("https://[::1]/jwks", "jwks_address_blocked: a loopback address"),
        ("https://10.1.2.3/jwks", "jwks_address_blocked: a private address"),
        ("https://169.254.169.254/latest", "jwks_address_blocked: a metadata address of a cloud"),
        ("https://[::ffff:169.254.169.254]/", "jwks_address_blocked: a metadata address of a cloud"),
        ("https://0.0.0.0/", "jwks_address_blocked: an unspecified address"),
    ] {
        world.discover(jwks_uri);
        let guard = world.guard("{ discovery = \"oidc\" }", "");
        assert_outage(&world, &guard, expected, jwks_uri);
    }
    world.discover(&elsewhere);
    let guard = world.guard("{ discovery = \"oidc\" }", "allow_addresses = [\"127.0.0.0/8\"]");
    assert_eq!(world.verify(&guard), Ok(()), "{}", last_error(&guard));
    // Nothing allows these, named or not.
    let guard =
        world.guard("{ jwks_uri = \"https://169.254.169.254/\" }", "allow_addresses = [\"0.0.0.0/0\"]");
    assert_outage(&world, &guard, "jwks_address_blocked: a metadata address of a cloud", "named");
}

#[test]
fn the_request_says_what_it_must_and_no_more() {
    let world = World::new(Certificate::Good);
    std::fs::write(world.folder.join("token"), "first\n").unwrap();
    let jwks = || Answer::json(world.issuer.jwks().unwrap()).with("Set-Cookie", "a=b");
    world.server.put("/jwks", jwks());
    let url = world.server.url("localhost", "/jwks");
    let guard = world.guard(&format!("{{ jwks_uri = \"{url}\", bearer_file = \"token\" }}"), "");
    assert_eq!(world.verify(&guard), Ok(()), "{}", last_error(&guard));
    std::fs::write(world.folder.join("token"), "second").unwrap();
    world.issuer.rotate().unwrap();
    world.server.put("/jwks", jwks());
    assert_eq!(world.verify(&guard), Ok(()), "{}", last_error(&guard));
    let asked = world.server.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].line, "GET /jwks HTTP/1.1");
    let mut names: Vec<&str> = asked[1].headers.iter().map(|header| header.0.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "accept-encoding", "authorization", "connection", "host", "user-agent"]);
    assert_eq!(asked[0].header("authorization"), Some("Bearer first"));
    assert_eq!(asked[1].header("authorization"), Some("Bearer second"), "it is read anew");
    assert_eq!(asked[0].header("accept-encoding"), Some("identity"));
    assert_eq!(asked[0].header("connection"), Some("close"));
    // A host that the file does not name gets no credential.
    world.discover(&world.server.url("127.0.0.1", "/jwks"));
    let keys = "{ discovery = \"oidc\", bearer_file = \"token\", allow_addresses = [\"127.0.0.1\"] }";
    let guard = world.guard(keys, "");
    assert_eq!(world.verify(&guard), Ok(()), "{}", last_error(&guard));
    let asked = world.server.asked();
    assert_eq!(asked[0].header("authorization"), Some("Bearer second"));
    assert_eq!(asked[1].header("authorization"), None);
    // A credential that is gone is an outage, and says nothing of itself.
    std::fs::write(world.folder.join("token"), "two words").unwrap();
    let guard = world.guard(&format!("{{ jwks_uri = \"{url}\", bearer_file = \"token\" }}"), "");
    let expected = "jwks_fetch_failed: bearer_file: holds a byte that no credential has";
    assert_outage(&world, &guard, expected, "a bad credential");
}

/// Names the proxy's target in the process that [`a_proxy_leads_there`] begins.
const PROXIED: &str = "COUNTERSEAL_TEST_PROXIED";

#[test]
fn a_proxy_leads_there() {
    if let Ok(policy) = std::env::var(PROXIED) {
        let (policy, token) = policy.split_once('|').unwrap();
        let guard = Guard::load(policy, None).unwrap();
        let outcome = guard.verify(token).map(drop).map_err(|error| error.code());
        assert_eq!(outcome, Ok(()), "{}", last_error(&guard));
        return;
    }
    let world = World::new(Certificate::Good);
    let proxy = ConnectProxy::to(world.server.port());
    drop(world.guard("{ jwks_uri = \"https://idp.example.test/jwks?secret=1\" }", ""));
    world.server.put("/jwks?secret=1", Answer::json(world.issuer.jwks().unwrap()));
    let token = world.issuer.token().sign().unwrap();
    let run = |no_proxy: &str| {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_proxy_leads_there", "--nocapture"])
            .env(PROXIED, format!("{}|{token}", world.folder.join("policy.toml").display()))
            .env("HTTPS_PROXY", format!("http://user:password@{}", proxy.address))
            .env("NO_PROXY", no_proxy)
            .env_remove("https_proxy")
            .env_remove("no_proxy")
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (is_well, said) = run("");
    assert!(is_well, "{said}");
    assert_eq!(proxy.asked(), ["CONNECT idp.example.test:443 HTTP/1.1"]);
    let (is_well, said) = run("example.test");
    assert!(!is_well && said.contains("host not found"), "{said}");
    assert!(!said.contains("secret=1") && !said.contains("password"), "{said}");
    assert_eq!(proxy.asked().len(), 1);
}

#[test]
fn twenty_rotations_under_load_lose_no_token() {
    const ROTATIONS: usize = 20;
    let world = World::new(Certificate::Good);
    let guard = world.by_uri("cooldown = \"1s\"\nwait = \"10s\"");
    assert_eq!(world.verify(&guard), Ok(()), "{}", last_error(&guard));
    // Keys are published before they sign, and retire when no token of theirs is on its way.
    let (signing, living) = (RwLock::new(()), RwLock::new(()));
    let (is_over, verified) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut removed = Vec::new();
    thread::scope(|scope| {
        let load: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    while !is_over.load(Ordering::SeqCst) {
                        let _alive = living.read().unwrap();
                        let token = {
                            let _published = signing.read().unwrap();
                            world.issuer.token().sign().unwrap()
                        };
                        let outcome = guard.verify(&token).map(drop).map_err(|error| error.code());
                        assert_eq!(outcome, Ok(()), "{}", last_error(&guard));
                        verified.fetch_add(1, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(1));
                    }
                })
            })
            .collect();
        for _ in 0..ROTATIONS {
            let old = world.issuer.token().sign().unwrap();
            {
                let _nobody_signs = signing.write().unwrap();
                world.issuer.rotate().unwrap();
                world.publish();
            }
            assert_eq!(world.verify(&guard), Ok(()), "{}", last_error(&guard));
            assert!(guard.verify(&old).is_ok(), "its key is published still");
            thread::sleep(Duration::from_millis(500));
            let _nobody_verifies = living.write().unwrap();
            world.issuer.retire();
            world.publish();
            removed.push(old);
        }
        is_over.store(true, Ordering::SeqCst);
        load.into_iter().for_each(|thread| thread.join().unwrap());
    });
    assert!(verified.load(Ordering::SeqCst) > 1000);
    // The last set is fetched when a token names a key that is gone. All at once: one fetch answers them.
    let fetches = || guard.status().issuers[0].fetch.clone().unwrap().counts.attempts;
    let before = fetches();
    thread::scope(|scope| {
        let guard = &guard;
        for (at, token) in removed.iter().enumerate() {
            scope.spawn(move || {
                let code = guard.verify(token).map(drop).map_err(|error| error.code());
                // The last of them is in the set until the others have had it fetched again.
                let may_be_there = at == ROTATIONS - 1 && code == Ok(());
                assert!(may_be_there || code == Err(Code::KidUnknown), "{code:?}");
            });
        }
    });
    let last = guard.verify(&removed[ROTATIONS - 1]).map(drop).map_err(|error| error.code());
    assert_eq!(last, Err(Code::KidUnknown));
    assert!(fetches() - before <= 3, "{} fetches", fetches() - before);
    assert_eq!(world.verify(&guard), Ok(()));
    let fetch = guard.status().issuers[0].fetch.clone().unwrap();
    assert_eq!(fetch.counts.failures, 0, "{:?}", fetch.last_error);
}

#[test]
fn a_slow_answer_does_not_hold_up_who_need_not_wait() {
    let world = World::new(Certificate::Good);
    let guard = Arc::new(world.by_uri(""));
    assert_eq!(world.verify(&guard), Ok(()), "{}", last_error(&guard));
    world.server.put("/jwks", Answer::Silence);
    let stranger = world.issuer.token().header("kid", "nobody").sign().unwrap();
    let asking = thread::spawn({
        let guard = Arc::clone(&guard);
        move || guard.verify(stranger).map(drop).map_err(|error| error.code())
    });
    let begun = Instant::now();
    while !asking.is_finished() {
        assert_eq!(world.verify(&guard), Ok(()));
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(asking.join().unwrap(), Err(Code::KeysUnavailable));
    assert!(begun.elapsed() < 4 * TIMEOUT);
}
