//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use counterseal::{Algorithm, AlgorithmSet, UnixTime};

use crate::status;

const EXAMPLES: &str = "\
Examples:
  counterseal verify  --policy counterseal.toml < token
  counterseal explain --policy counterseal.toml --token-file token
  counterseal inspect < token
  counterseal policy check --policy counterseal.toml --service orders
  counterseal keys show jwks.json
  counterseal keys diagnose https://idp.example.com";

/// Verifies tokens by one policy file, and says why one is refused.
///
/// Tokens are read from the standard input, from a file, or from an argument (which other users of
/// the machine can see in its process list). They are never repeated in what is written.
#[derive(Debug, Parser)]
#[command(name = "counterseal", version, after_help = format!("{EXAMPLES}\n\n{}", status::LISTED))]
#[command(arg_required_else_help = true, subcommand_required = true)]
pub(crate) struct Arguments {
    /// Write one JSON document instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify a token and say who it speaks for, or why it is refused.
    #[command(after_help = status::LISTED)]
    Verify(Judge),
    /// Verify a token and show every check.
    #[command(after_help = status::LISTED)]
    Explain(Judge),
    /// Judge a file of tokens under one policy, or show what changes between two.
    #[command(after_help = status::LISTED)]
    Replay(Replay),
    /// Show what is in a token. Nothing is verified.
    #[command(after_help = status::LISTED)]
    Inspect(Inspect),
    /// Signatures over any payload.
    #[command(subcommand, arg_required_else_help = true)]
    Jws(JwsCommand),
    /// Policy files.
    #[command(subcommand, arg_required_else_help = true)]
    Policy(PolicyCommand),
    /// Keys, from files and from servers.
    #[command(subcommand, arg_required_else_help = true)]
    Keys(KeysCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum JwsCommand {
    /// Check the signature of a compact JWS, and nothing else: not who it is from, for whom, or since when.
    #[command(after_help = status::LISTED)]
    Verify(Signature),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Check a policy file: say what it holds, or list every mistake.
    #[command(after_help = status::LISTED)]
    Check(CheckPolicy),
    /// Print the JSON Schema of policy files, for editors.
    #[command(after_help = status::LISTED)]
    Schema,
    /// List the vendor presets, or show what one sets, why, and which pages it rests on.
    #[command(after_help = status::LISTED)]
    Presets(Presets),
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Show the public keys of a JWK, a JWK Set or a PEM file, and what is wrong with the others.
    #[command(after_help = status::LISTED)]
    Show(ShowKeys),
    /// Get the keys of an issuer as a guard would, list them, and write them to a file.
    #[command(after_help = status::LISTED)]
    Fetch(FetchKeys),
    /// Find out why keys do not come: every step from the URL to the keys, and what to do.
    #[command(after_help = status::LISTED)]
    Diagnose(KeyPlace),
}

/// The arguments of `verify` and `explain`.
#[derive(Debug, Args)]
pub(crate) struct Judge {
    #[command(flatten)]
    pub(crate) policy: PolicyFile,
    #[command(flatten)]
    pub(crate) token: TokenSource,
    #[command(flatten)]
    pub(crate) time: Time,
}

/// The arguments of `replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The tokens, one a line: TOKEN, or SECONDS, a tab and TOKEN, or {"token": …, "now": …}. `-` is the
    /// standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) policy: PolicyFile,
    /// The policy that it is compared with.
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
    /// Judge tokens that have no time beside them at this one, in seconds since 1970, instead of now.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = time)]
    pub(crate) now: Option<UnixTime>,
    /// How many lines to name of each kind.
    #[arg(long, value_name = "COUNT", default_value = "10", value_parser = count)]
    pub(crate) lines: u16,
}

/// The arguments of `inspect`.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) token: TokenSource,
    #[command(flatten)]
    pub(crate) time: Time,
}

/// The arguments of `jws verify`.
#[derive(Debug, Args)]
pub(crate) struct Signature {
    /// The keys: a JWK, a JWK Set, or public keys in PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: PathBuf,
    /// The algorithms to accept, such as RS256,ES256. There is no "any".
    #[arg(long, value_name = "A,B", value_parser = algorithms)]
    pub(crate) algorithms: AlgorithmSet,
    /// Where to write the payload once the signature is valid; `-` is the standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) payload_out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) token: TokenSource,
}

/// The arguments of `policy check`.
#[derive(Debug, Args)]
pub(crate) struct CheckPolicy {
    #[command(flatten)]
    pub(crate) policy: PolicyFile,
    /// Write the policy out as the service sees it: presets and the service's changes merged in, variables put
    /// in, secrets redacted.
    #[arg(long)]
    pub(crate) expanded: bool,
}

/// The arguments of `policy presets`.
#[derive(Debug, Args)]
pub(crate) struct Presets {
    /// The one to show whole.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// The arguments of `keys show`.
#[derive(Debug, Args)]
pub(crate) struct ShowKeys {
    /// A JWK, a JWK Set, or public keys in PEM.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// The arguments of `keys fetch`.
#[derive(Debug, Args)]
pub(crate) struct FetchKeys {
    #[command(flatten)]
    pub(crate) place: KeyPlace,
    /// Where to write the public keys as a JWK Set, for `keys = { jwks_file = … }`; `-` is the standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Whose keys, and the arguments of `keys diagnose`.
#[derive(Debug, Args)]
pub(crate) struct KeyPlace {
    /// An issuer, or the URL of its metadata or key set; with --policy, the name or issuer of an entry.
    #[arg(value_name = "ISSUER_OR_URL")]
    pub(crate) place: String,
    /// It is the URL of metadata. Without this, one with /.well-known/ in its path is.
    #[arg(long, conflicts_with_all = ["jwks", "discovery", "policy"])]
    pub(crate) metadata: bool,
    /// It is the URL of a key set. Without this, one that ends in /.well-known/jwks.json is.
    #[arg(long, conflicts_with_all = ["discovery", "policy"])]
    pub(crate) jwks: bool,
    /// How an issuer's metadata is found: oidc (behind the issuer) or oauth (RFC 8414). There is no guessing.
    #[arg(long, value_name = "KIND", value_parser = discovery, conflicts_with = "policy")]
    pub(crate) discovery: Option<&'static str>,
    /// Certificates of further authorities, in PEM.
    #[arg(long, value_name = "FILE", conflicts_with = "policy")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The policy file whose entry is meant, with its settings of `[fetch]` and `keys`.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// The service whose changes apply; COUNTERSEAL_SERVICE where it is left out.
    #[arg(long, value_name = "NAME", requires = "policy")]
    pub(crate) service: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyFile {
    /// The policy file (TOML, or JSON where its name ends in .json).
    #[arg(long = "policy", value_name = "FILE")]
    pub(crate) path: PathBuf,
    /// The service whose changes apply; COUNTERSEAL_SERVICE where it is left out.
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TokenSource {
    /// The token, bare or behind "Bearer "; without it, or with `-`, the standard input.
    #[arg(value_name = "TOKEN", conflicts_with = "token_file")]
    pub(crate) token: Option<OsString>,
    /// A file that holds the token.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Time {
    /// Judge dates at this time, in seconds since 1970, instead of now.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = time)]
    pub(crate) now: Option<UnixTime>,
}

/// Errors never repeat what was typed: it could be a token in the wrong place.
fn time(text: &str) -> Result<UnixTime, String> {
    let seconds = text.parse().map_err(|_| "no whole number of seconds since 1970".to_owned())?;
    UnixTime::from_seconds(seconds).map_err(|_| "too far away: it is in seconds, not milliseconds".to_owned())
}

fn discovery(text: &str) -> Result<&'static str, String> {
    ["oidc", "oauth"].into_iter().find(|kind| *kind == text).ok_or_else(|| "it is oidc or oauth".to_owned())
}

fn count(text: &str) -> Result<u16, String> {
    text.parse().ok().filter(|count| *count <= 1000).ok_or_else(|| "no number from 0 to 1000".to_owned())
}

fn algorithms(text: &str) -> Result<AlgorithmSet, String> {
    let known = Algorithm::ALL.map(Algorithm::name).join(", ");
    let mut set = AlgorithmSet::new();
    for (at, name) in text.split(',').map(str::trim).enumerate() {
        let algorithm = Algorithm::from_name(name)
            .ok_or_else(|| format!("entry {} of the list is not one of {known}", at + 1))?;
        set = set.with(algorithm);
    }
    if set.mixes_mac_and_signatures() {
        return Err("HS algorithms and signatures stand in one list: keep one kind (JWS-06)".to_owned());
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn algorithms_are_listed_and_never_mixed() {
        assert_eq!(algorithms("RS256, ES256").unwrap().iter().count(), 2);
        assert_eq!(algorithms("EdDSA").unwrap(), AlgorithmSet::new().with(Algorithm::Ed25519));
        for bad in ["", ",", "none", "rs256", "RS256,", "RS256,HS256", "eyJcanary"] {
            let error = algorithms(bad).unwrap_err();
            assert!(!error.contains("canary") && !error.is_empty(), "{bad}: {error}");
        }
    }

    #[test]
    fn times_are_seconds() {
        assert_eq!(time("1800000000").map(UnixTime::as_seconds), Ok(1_800_000_000));
        assert_eq!(time("-5").map(UnixTime::as_seconds), Ok(-5));
        for bad in ["1800000000000", "", "1e9", "1.5", "now", "99999999999999999999"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
