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
mod issuer;
mod listing;
mod model;
mod nesting;
mod open_issuer;
mod overlap;
mod position;
mod presets;
mod problem;
mod read;
mod schema;
mod secret;
mod source;
mod tree;
mod values;

#[cfg(test)]
mod tests;

use std::fmt;

pub use deny::{DenyFileFault, DenyList};
pub(crate) use model::{ClaimRule, Constant, KeySource, RuleTest};
pub use model::{Issuer, Notice, Policy, Profile};
pub use presets::{Document, Preset, presets};
pub use problem::{PolicyError, Problem};
pub use schema::{SETTINGS, Setting, Shape};

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
    /// write instead. Costs time and memory in proportion to the text.
    pub fn parse(text: &str, format: Format, options: &PolicyOptions<'_>) -> Result<Policy, PolicyError> {
        let reading = match read::read(text, format) {
            Ok(reading) => reading,
            Err((offset, fault)) => {
                let places = Places::new();
                let mut problems = Problems::new(text, &places);
                problems.at_offset(offset, fault);
                return Err(problems.into_error());
            }
        };
        let mut root = reading.root;
        let mut problems = Problems::new(text, &reading.places);
        check::check(&mut root, &mut problems);
        if !reading.faults.is_empty() {
            return Err(with_syntax(problems, text, reading.faults, reading.reliable_until));
        }
        expand::choose_service(&mut root, options.service, &mut problems);
        expand::put_in_variables(&mut root, options.resources, &mut problems);
        presets::put_under(&mut root, &mut problems);
        check::check(&mut root, &mut problems);
        let mut context = Context { options, problems, notices: Vec::new() };
        match build::build(&root, &mut context) {
            Some(policy) => Ok(policy),
            None => Err(context.problems.into_error()),
        }
    }
}

/// Beside mistakes of syntax only those count that stand on other lines and were read for certain;
/// what is missing or does not fit together is not judged.
fn with_syntax(
    mut problems: Problems<'_>,
    text: &str,
    faults: Vec<(usize, problem::Fault)>,
    reliable_until: usize,
) -> PolicyError {
    let line = |offset: usize| position::line_start(text, offset);
    let lines: std::collections::HashSet<usize> = faults.iter().map(|(offset, _)| line(*offset)).collect();
    problems.retain(|offset| offset < reliable_until && !lines.contains(&line(offset)));
    for (offset, fault) in faults {
        problems.at_offset(offset, fault);
    }
    problems.into_error()
}
