//! Serves every fault for every seat: a server, an issuer, a policy and tokens of its own for each.

use std::fs;
use std::io;
use std::path::Path;

use counterseal::testing::Issuer;

use super::kinds::recipes;
use super::outcome::{Case, Seat, Step};
use super::recipe::{Keys, METADATA, Recipe, metadata};
use crate::fault_server::{Answer, Authority, Certificate, Server};

/// Cases at once.
const AT_ONCE: usize = 24;

/// Heavy answers before the memory is measured, and after.
const ROUNDS: [usize; 2] = [6, 14];

/// Seats where a fetch on the caller's thread holds up nobody else.
const THREADS: [&str; 3] = ["rust", "python", "go"];

/// Further tokens for each case.
const SPARE: usize = 4;

/// The servers of all faults. They end when it is dropped.
#[derive(Debug)]
pub struct Served {
    servers: Vec<Server>,
}

impl Served {
    /// Begins the servers and writes the folder: `ca.pem`, and for each seat SEAT.json with its policies.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn begin(folder: &Path, seats: &[String]) -> io::Result<Served> {
        let authority = Authority::new();
        let mut served = Served { servers: Vec::new() };
        fs::create_dir_all(folder)?;
        fs::write(folder.join("ca.pem"), &authority.pem)?;
        for name in seats {
            let place = folder.join(name);
            fs::create_dir_all(&place)?;
            let mut seat = Seat { cases: Vec::new(), at_once: AT_ONCE, heavy: Vec::new(), rounds: ROUNDS };
            for recipe in recipes() {
                seat.cases.push(served.add(&authority, &place, &recipe, "cold")?);
                if recipe.has_before {
                    seat.cases.push(served.add(&authority, &place, &recipe, "warm")?);
                }
                if THREADS.contains(&&**name) && !recipe.settings.contains("wait") {
                    seat.cases.push(served.add(&authority, &place, &recipe, "inline")?);
                }
                if recipe.is_heavy {
                    seat.heavy.push(served.add(&authority, &place, &recipe, "heavy")?);
                }
            }
            fs::write(folder.join(format!("{name}.json")), serde_json::to_vec(&seat)?)?;
        }
        Ok(served)
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.servers.len()
    }

    fn add(
        &mut self,
        authority: &Authority,
        place: &Path,
        recipe: &Recipe,
        mode: &'static str,
    ) -> io::Result<Case> {
        let is_warm = mode == "warm";
        let server = server(authority, recipe, is_warm);
        let issuer = Issuer::new().unwrap().named(server.url("localhost", "/realm")).for_audience("orders");
        let good = [
            ("/jwks", Answer::json(issuer.jwks().unwrap())),
            (METADATA, metadata(issuer.issuer(), &server.url("localhost", "/jwks"))),
        ];
        for (path, answer) in good {
            server.put(path, answer.clone());
            if let Some((_, make)) = recipe.answers.iter().find(|bad| bad.0 == path) {
                let bad = make(&server, &issuer);
                server.put_all(path, is_warm.then_some(answer).into_iter().chain([bad]));
            }
        }
        for (path, make) in recipe.answers.iter().filter(|bad| bad.0 != "/jwks" && bad.0 != METADATA) {
            server.put(path, make(&server, &issuer));
        }
        let case = format!("{}/{mode}", recipe.name);
        let policy = place.join(format!("{}.{mode}.toml", recipe.name));
        fs::write(&policy, policy_text(recipe, mode, &server, &issuer))?;
        let step = |way: &str, token: &str| Step { way: way.to_owned(), token: token.to_owned() };
        let token = issuer.token().sign().unwrap();
        let stranger = issuer.token().header("kid", "nobody").sign().unwrap();
        let steps = match mode {
            "cold" => vec![step("try", &token), step("verify", &token)],
            "warm" => vec![step("verify", &token), step("verify", &stranger), step("try", &token)],
            _ => vec![step("verify", &token)],
        };
        let spare = (0..SPARE).map(|_| issuer.token().sign().unwrap()).collect();
        self.servers.push(server);
        Ok(Case { case, policy: policy.display().to_string(), steps, spare, stranger })
    }
}

fn server(authority: &Authority, recipe: &Recipe, is_warm: bool) -> Server {
    match recipe.certificate {
        _ if recipe.is_plain => Server::plain(),
        Certificate::Good => Server::tls(authority, Certificate::Good),
        kind if is_warm => Server::tls_once(authority, kind),
        kind => Server::tls(authority, kind),
    }
}

fn policy_text(recipe: &Recipe, mode: &str, server: &Server, issuer: &Issuer) -> String {
    let keys = match recipe.keys {
        Keys::Uri => format!("jwks_uri = \"{}\"", server.url("localhost", "/jwks")),
        Keys::Discovery => "discovery = \"oidc\"".to_owned(),
        Keys::Elsewhere(url) => format!("jwks_uri = \"{url}\""),
    };
    let mut settings = format!("ca_file = \"../ca.pem\"\n{}\n", recipe.settings);
    if mode == "inline" {
        settings += "mode = \"inline\"\n";
    }
    for (name, value) in [("timeout", "4s"), ("wait", "5s")] {
        if !settings.contains(&format!("\n{name} =")) {
            settings += &format!("{name} = \"{value}\"\n");
        }
    }
    format!(
        "version = 1\n\n[[issuer]]\nname = \"main\"\nissuer = \"{}\"\nprofile = \"access_token\"\n\
         audience = \"orders\"\nalgorithms = [\"ES256\"]\nkeys = {{ {keys} }}\n\n[fetch]\n{settings}",
        issuer.issuer()
    )
}
