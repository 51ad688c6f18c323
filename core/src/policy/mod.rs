//! The policy file: read into a tree that knows its lines, checked against one schema table, built
//! into the structs that the verifier reads.
//!
//! ```text
//! text ─ read ─▶ tree ─ check ─▶ sound tree ─ expand ─▶ one service's tree ─ presets, check, build ─▶ Policy
//! ```
//! Every step goes on behind a mistake, so that all of them are found at once.

mod build;
mod check;
mod claims;
mod deny;
mod expand;
mod expanded;
mod fetching;
mod issuer;
mod json_mistakes;
mod json_schema;
mod listing;
mod model;
mod nesting;
mod open_issuer;
mod overlap;
mod position;
mod presets;
mod problem;
mod read;
mod read_json;
mod read_toml;
mod remote;
mod schema;
mod secret;
mod shape;
mod source;
mod toml_fault;
mod toml_repair;
mod tree;
mod unknown;
mod values;
mod variables;

#[cfg(test)]
mod tests;

use std::fmt;

pub use deny::{DenyFileFault, DenyList};
pub(crate) use fetching::read_keys;
pub use fetching::{Fetching, Lifetime};
pub use json_schema::json_schema;
pub(crate) use model::{ClaimRule, Constant, KeySource, RuleTest};
pub use model::{Issuer, Notice, Policy, Profile};
pub use presets::{Document, Preset, presets};
pub use problem::{PolicyError, Problem};
pub use schema::{Overlay, SETTINGS, Setting, Shape};

use crate::crypto::Provider;
use build::Context;
use problem::Problems;
use tree::Places;

/// How a policy is written. Both say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TOML 1.1.
    Toml,
    /// JSON (RFC 8259), strictly.
    Json,
}

/// What a policy takes from its surroundings. The core itself reads nothing.
pub trait Resources {
    /// The environment variable of that name. An empty one counts as not set.
    fn environment(&self, name: &str) -> Option<String>;

    /// The bytes of a file. The path is the one in the policy, to be resolved against its directory.
    /// The error is the reason, without anything of the contents.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// The same for a file that whoever uses the policy reads again by itself, as it changes.
    fn read_followed(&self, path: &str) -> Result<Vec<u8>, String> {
        self.read(path)
    }

    /// The path of such a file for those who read it later, wherever the process works by then.
    fn absolute(&self, path: &str) -> String {
        path.to_owned()
    }
}

/// What a policy is read with.
#[derive(Clone, Copy)]
pub struct PolicyOptions<'a> {
    /// The service whose changes apply; `None`: the file as it stands at the top.
    pub service: Option<&'a str>,
    /// Environment and files.
    pub resources: &'a dyn Resources,
    /// Who computes signatures: a policy with an algorithm that it lacks is refused.
    pub provider: &'static dyn Provider,
    /// May keys be `{ scripted = true }`? For tests alone.
    pub scripted_keys: bool,
}

impl fmt::Debug for PolicyOptions<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PolicyOptions")
            .field("service", &self.service)
            .field("provider", &self.provider)
            .field("scripted_keys", &self.scripted_keys)
            .finish_non_exhaustive()
    }
}

impl Policy {
    /// Reads a policy of at most 1 MiB, with the files and variables that it names.
    ///
    /// Fails with every mistake of the file at once, each with its line and column, and what to
    /// write instead. Costs time and memory in proportion to the text and the files.
    pub fn parse(text: &str, format: Format, options: &PolicyOptions<'_>) -> Result<Policy, PolicyError> {
        read_and_build(text, format, options, |policy, _| policy)
    }

    /// The same for the bytes of a file.
    pub fn parse_bytes(
        bytes: &[u8],
        format: Format,
        options: &PolicyOptions<'_>,
    ) -> Result<Policy, PolicyError> {
        Policy::parse(utf8(bytes)?, format, options)
    }

    /// The same for a policy that a program holds as data, such as a dict, handed over as JSON.
    ///
    /// Problems name their settings by JSON Pointers and have no lines: nobody wrote this text.
    pub fn from_data(json: &str, options: &PolicyOptions<'_>) -> Result<Policy, PolicyError> {
        Policy::parse(json, Format::Json, options).map_err(PolicyError::without_lines)
    }

    /// A sound policy written out as TOML, as the chosen service sees it: what the service changes is
    /// merged in, variables are put in, and comments say where values came from.
    ///
    /// Secrets are redacted, and so is all that comes from the environment into keys and credentials.
    /// Other values from the environment are shown. Fails as [`Policy::parse`] does.
    pub fn expand(bytes: &[u8], format: Format, options: &PolicyOptions<'_>) -> Result<String, PolicyError> {
        read_and_build(utf8(bytes)?, format, options, |_, expanded| expanded())
    }
}

/// The services that a policy has changes for, in the order of the file.
///
/// Fails where the text cannot be read; its settings are not checked.
pub fn services(bytes: &[u8], format: Format) -> Result<Vec<String>, PolicyError> {
    let text = utf8(bytes)?;
    let reading = read::read(text, format).map_err(|fault| unreadable(text, fault))?;
    if !reading.faults.is_empty() {
        let mut problems = Problems::new(text, &reading.places);
        problems.syntax(reading.faults, reading.faulty_lines, reading.reliable_until);
        return Err(problems.into_error());
    }
    let services = reading.root.get("service").map(tree::Node::members).unwrap_or_default();
    Ok(services.iter().map(|service| service.name.to_string()).collect())
}

fn unreadable(text: &str, (offset, fault): (usize, problem::Fault)) -> PolicyError {
    let places = Places::new();
    let mut problems = Problems::new(text, &places);
    problems.at_offset(offset, fault);
    problems.into_error()
}

fn utf8(bytes: &[u8]) -> Result<&str, PolicyError> {
    std::str::from_utf8(bytes).map_err(|error| Problem::not_utf8(bytes, error.valid_up_to()).into())
}

/// Reads, checks and builds; `finish` gets the policy, and what writes its final tree.
fn read_and_build<T>(
    text: &str,
    format: Format,
    options: &PolicyOptions<'_>,
    finish: impl FnOnce(Policy, &dyn Fn() -> String) -> T,
) -> Result<T, PolicyError> {
    let reading = read::read(text, format).map_err(|fault| unreadable(text, fault))?;
    let mut root = reading.root;
    let mut problems = Problems::new(text, &reading.places);
    problems.syntax(reading.faults, reading.faulty_lines, reading.reliable_until);
    read::take_out_damaged(&mut root, &reading.damaged, &mut problems);
    check::check(&mut root, &mut problems);
    if !reading.is_complete {
        return Err(problems.into_error());
    }
    expand::choose_service(&mut root, options.service, &mut problems);
    let variables = variables::put_in(&mut root, options.resources, &mut problems);
    presets::put_under(&mut root, &mut problems);
    check::check(&mut root, &mut problems);
    let mut context = Context { options, problems, notices: Vec::new() };
    match build::build(&root, &mut context) {
        Some(policy) => Ok(finish(policy, &|| expanded::write(&root, &reading.places, &variables))),
        None => Err(context.problems.into_error()),
    }
}
