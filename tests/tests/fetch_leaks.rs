//! Fetches leave nothing open. Alone in its process, as it counts what the process holds.
#![cfg(target_os = "linux")]

use std::thread;
use std::time::{Duration, Instant};

use counterseal::testing::Issuer;
use counterseal::{Format, Guard, Policy};
use counterseal_tests::fault_server::{Answer, Authority, Certificate, Server};

fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn no_connection_and_no_thread_is_left() {
    let authority = Authority::new();
    let server = Server::tls(&authority, Certificate::Good);
    let stranger = Server::tls(&authority, Certificate::Expired);
    let issuer = Issuer::new().unwrap().named(server.url("localhost", "/realm")).for_audience("orders");
    server.put("/jwks", Answer::json(issuer.jwks().unwrap()));
    server.put("/silence", Answer::Silence);
    server.put("/endless", Answer::Endless);
    server.put("/garbage", Answer::Raw(vec![0xff; 100]));
    let ca = std::env::temp_dir().join(format!("counterseal-leaks-{}.pem", std::process::id()));
    std::fs::write(&ca, &authority.pem).unwrap();
    let fetch_all = |mode: &str| {
        let urls = ["/jwks", "/silence", "/endless", "/garbage", "/nothing"]
            .map(|path| server.url("localhost", path));
        for url in urls.into_iter().chain([stranger.url("localhost", "/jwks")]) {
            let text = format!(
                "version = 1\n[[issuer]]\nissuer = \"{}\"\nprofile = \"access_token\"\naudience = \"orders\"\n\
                 algorithms = [\"ES256\"]\nkeys = {{ jwks_uri = \"{url}\" }}\n\
                 [fetch]\nca_file = \"{}\"\ntimeout = \"200ms\"\nmode = \"{mode}\"\n",
                issuer.issuer(),
                ca.display()
            );
            let guard = Guard::new(Policy::from_str(&text, Format::Toml, None, None).unwrap());
            let is_well = guard.verify(issuer.token().sign().unwrap()).is_ok();
            assert_eq!(is_well, url.ends_with("/jwks") && !url.starts_with(&stranger.url("localhost", "")));
        }
    };
    // What a process opens once is open by then.
    fetch_all("thread");
    let settled = || {
        let deadline = Instant::now() + Duration::from_secs(10);
        while server.open() + stranger.open() > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        thread::sleep(Duration::from_millis(200));
        (server.open(), entries("/proc/self/fd"), entries("/proc/self/task"))
    };
    let before = settled();
    (0..5).for_each(|_| ["thread", "inline"].into_iter().for_each(fetch_all));
    let after = settled();
    assert_eq!(before.0, 0, "the server has connections");
    assert_eq!(after, before, "connections at the server, open files, threads");
    std::fs::remove_file(&ca).unwrap();
}
