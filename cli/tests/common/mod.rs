//! The real binary, run in a directory of its own, on tokens that are signed here.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use serde_json::Value;

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://idp.example.com";
/// Stands in every token made here, and may stand in no output but that of `explain` and `inspect`.
pub(crate) const SIGNED_CANARY: &str = "canary-claim";

/// A directory with a policy, its keys, and somebody who signs.
pub(crate) struct Stage {
    directory: PathBuf,
    signer: Ed25519KeyPair,
}

impl Stage {
    pub(crate) fn new() -> Stage {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("counterseal-cli-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        fs::create_dir(&directory).unwrap();
        let stage = Stage { directory, signer: Ed25519KeyPair::generate().unwrap() };
        stage.write("jwks.json", format!("{{\"keys\":[{}]}}", stage.jwk()));
        stage.write("policy.toml", policy(""));
        stage
    }

    /// From now on the policy says that the keys are fetched, from a server of this process.
    pub(crate) fn fetch_keys(&self) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let keys = format!("jwks_uri = \"http://{}/jwks\"", server.local_addr().unwrap());
        let fetched = policy("").replace("jwks_file = \"jwks.json\"", &keys);
        assert_ne!(fetched, policy(""));
        self.write("policy.toml", fetched);
        let body = self.read("jwks.json");
        std::thread::spawn(move || {
            for connection in server.incoming() {
                let mut connection = connection.unwrap();
                let _ = connection.read(&mut [0; 4096]);
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
                let _ = write!(connection, "{head}\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = connection.write_all(&body);
            }
        });
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn public_key(&self) -> &[u8] {
        self.signer.public_key().as_ref()
    }

    pub(crate) fn jwk(&self) -> String {
        format!(
            r#"{{"kty":"OKP","crv":"Ed25519","kid":"ed-1","use":"sig","x":"{}"}}"#,
            base64url(self.public_key())
        )
    }

    /// A token of these claims, whatever they are.
    pub(crate) fn token(&self, claims: &str) -> String {
        self.sign(r#"{"alg":"EdDSA","typ":"JWT","kid":"ed-1"}"#, claims)
    }

    pub(crate) fn sign(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", base64url(header.as_bytes()), base64url(payload.as_bytes()));
        format!("{signed}.{}", base64url(self.signer.sign(signed.as_bytes()).as_ref()))
    }

    /// A token that passes at [`NOW`].
    pub(crate) fn good(&self) -> String {
        self.token(&claims(""))
    }

    /// The binary with these arguments, in the directory.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterseal"));
        command.args(arguments).current_dir(&self.directory);
        for name in ["COUNTERSEAL_SERVICE", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "CI"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm").stdin(Stdio::null());
        command
    }

    /// Runs it with this on its standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Ran {
        run(self.command(arguments), input.as_ref())
    }

    /// `verify` or `explain` at [`NOW`] with the token on the standard input.
    pub(crate) fn judge(&self, command: &str, token: impl AsRef<[u8]>) -> Ran {
        self.run(&[command, "--policy", "policy.toml", "--now", &NOW.to_string()], token)
    }

    /// The same as JSON.
    pub(crate) fn judge_json(&self, command: &str, token: impl AsRef<[u8]>) -> (i32, Value) {
        let ran = self.run(&[command, "--json", "--policy", "policy.toml", "--now", &NOW.to_string()], token);
        (ran.status, ran.json())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Ran {
    /// The one JSON document on the standard output; there is nothing else on either stream.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.errors, "", "JSON comes alone");
        assert!(self.output.ends_with('\n') && self.output.lines().count() == 1, "{}", self.output);
        serde_json::from_str(&self.output).unwrap()
    }

    #[track_caller]
    pub(crate) fn assert_shows(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.output.contains(part), "{part:?} is missing:\n{}", self.output);
        }
    }

    /// Nothing of these is on either stream.
    #[track_caller]
    pub(crate) fn assert_hides(&self, parts: &[&str]) {
        for part in parts {
            let shows = self.output.contains(part) || self.errors.contains(part);
            assert!(!shows, "{part:?} is shown:\n{}\n{}", self.output, self.errors);
        }
    }
}

pub(crate) fn run(mut command: Command, input: &[u8]) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may end without having read everything.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    ran(output)
}

pub(crate) fn ran(output: Output) -> Ran {
    Ran {
        status: output.status.code().unwrap(),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A policy for the tokens of a stage; `more` goes into its issuer.
pub(crate) fn policy(more: &str) -> String {
    format!(
        r#"version = 1

[[issuer]]
name       = "main"
issuer     = "{ISSUER}"
profile    = "generic"
audience   = "orders"
algorithms = ["EdDSA"]
keys       = {{ jwks_file = "jwks.json" }}
{more}
"#
    )
}

/// Claims that pass at [`NOW`], and further ones, each with a comma in front.
pub(crate) fn claims(more: &str) -> String {
    let (iat, exp) = (NOW - 60, NOW + 3600);
    format!(r#"{{"iss":"{ISSUER}","aud":"orders","sub":"{SIGNED_CANARY}","iat":{iat},"exp":{exp}{more}}}"#)
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word =
            three.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        text.extend((0..=three.len()).map(|at| ALPHABET[(word >> (18 - 6 * at)) as usize & 63] as char));
    }
    text
}

/// A file of PEM with this label.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = base64url(der).replace('-', "+").replace('_', "/");
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    format!("-----BEGIN {label}-----\n{text}{padding}\n-----END {label}-----\n")
}

pub(crate) fn exists(path: &Path) -> bool {
    path.exists()
}
