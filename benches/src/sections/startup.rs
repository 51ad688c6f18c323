//! The first verification of a fresh process, threads, and sizes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use counterseal::{Algorithm, Guard};
use serde_json::json;

use super::Section;
use crate::elf;
use crate::machine;
use crate::measure::{median, time};
use crate::report::Row;
use crate::sample::{AUDIENCE, ISSUER, KID, Sample};
use crate::scratch::Scratch;

/// Says that this process is to be measured, and where its policy is. The token is its standard input.
const COLD: &str = "COUNTERSEAL_BENCH_COLD_START";
/// Fresh processes in each pass.
const PROCESSES: usize = 20;

pub(super) struct Startup {
    _scratch: Scratch,
    policy: PathBuf,
    token: String,
    threads: (usize, usize),
    /// Over the signature, of each process.
    cold: Vec<f64>,
}

/// Measures and prints where this process was started for that. `true` means: nothing else to do.
pub fn is_cold_start() -> bool {
    let Some(policy) = std::env::var_os(COLD) else { return false };
    let token = std::io::read_to_string(std::io::stdin()).unwrap();
    let start = Instant::now();
    let guard = Guard::load(&policy, None).unwrap();
    guard.verify(&token).unwrap();
    let first = start.elapsed().as_nanos() as f64;
    // The signature once more, which is nearly all of a later verification.
    let later = median((0..50).map(|_| time(|| guard.verify(&token).unwrap()).as_nanos() as f64).collect());
    println!("{}", first - later);
    true
}

impl Startup {
    pub(super) fn new() -> Startup {
        let scratch = Scratch::new();
        let sample = Sample::new(Algorithm::RS256);
        let jwk = sample.signer.public.jwk(KID, Algorithm::RS256);
        scratch.write("jwks.json", &json!({"keys": [jwk]}).to_string());
        let policy = scratch.write("counterseal.toml", &policy_toml());
        let token = sample.token(0);

        let before = machine::threads();
        let guard = Guard::load(&policy, None).unwrap();
        guard.verify(&token).unwrap();
        let threads = (before, machine::threads());
        Startup { _scratch: scratch, policy, token, threads, cold: Vec::new() }
    }

    fn cold_start(&self) -> f64 {
        use std::io::Write;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(COLD, &self.policy)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(self.token.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }
}

fn policy_toml() -> String {
    format!(
        r#"
version = 1

[[issuer]]
name            = "main"
issuer          = "{ISSUER}"
profile         = "access_token"
audience        = ["{AUDIENCE}"]
algorithms      = ["RS256"]
keys            = {{ jwks_file = "jwks.json" }}
max_lifetime    = "2h"
required_claims = ["tenant"]
required_scopes = ["orders:read"]
[issuer.identity]
roles  = "/roles"
tenant = "/tenant"
[[issuer.rule]]
claim  = "/tenant"
one_of = ["acme", "globex"]

[cache]
entries = 0
"#
    )
}

impl Section for Startup {
    fn title(&self) -> &'static str {
        "Start and size"
    }

    fn run(&mut self, _rounds: usize) {
        for _ in 0..PROCESSES {
            self.cold.push(self.cold_start());
        }
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = vec![
            Row::new(
                "policy file to first verification, over a later one (RS256)",
                median(self.cold.clone()),
                "ns",
            )
            .at_most(2e6)
            .note("fresh processes"),
            Row::new("threads that a guard has started", (self.threads.1 - self.threads.0) as f64, "")
                .at_most(0.0),
        ];
        rows.extend(sizes());
        rows
    }
}

/// Programs that were built beside this one.
fn sizes() -> Vec<Row> {
    let executable = std::env::current_exe().unwrap();
    let Some(directory) = executable.parent().and_then(Path::parent) else { return Vec::new() };
    let size = |what: &str, name: &str| {
        let loaded = elf::loaded_bytes(&directory.join(name))?;
        Some(Row::new(what, loaded as f64, "bytes"))
    };
    let smallest = size("program that loads a policy and verifies, stripped", "smallest");
    let cli = size("command-line tool, stripped", "counterseal");
    smallest.into_iter().chain(cli).collect()
}
