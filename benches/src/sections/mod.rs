//! The table's sections: each prepares its operations, measures in several passes, and judges.

mod cached;
mod extremes;
mod keys;
mod memory;
mod rejections;
pub mod startup;
mod threads;
mod uncached;

use counterseal::Algorithm;

use crate::report::Row;

/// A part of the table.
pub trait Section {
    /// Its heading.
    fn title(&self) -> &'static str;

    /// Measures, `rounds` times more.
    fn run(&mut self, rounds: usize);

    /// What was measured, with the budgets.
    fn rows(&self) -> Vec<Row>;
}

/// Prepares a section.
pub type Prepare = fn() -> Box<dyn Section>;

/// Names of the sections with what prepares them, so that only those that are asked for cost time.
pub const ALL: &[(&str, Prepare)] = &[
    ("HS256", || Box::new(uncached::Uncached::new(Algorithm::HS256))),
    ("RS256", || Box::new(uncached::Uncached::new(Algorithm::RS256))),
    ("PS256", || Box::new(uncached::Uncached::new(Algorithm::PS256))),
    ("ES256", || Box::new(uncached::Uncached::new(Algorithm::ES256))),
    ("ES384", || Box::new(uncached::Uncached::new(Algorithm::ES384))),
    ("Ed25519", || Box::new(uncached::Uncached::new(Algorithm::Ed25519))),
    ("cached", || Box::new(cached::Cached::new())),
    ("rejections", || Box::new(rejections::Rejections::new())),
    ("threads", || Box::new(threads::Threads::new())),
    ("keys", || Box::new(keys::Keys::new())),
    ("extremes", || Box::new(extremes::Extremes::new())),
    ("memory", || Box::new(memory::Memory::new())),
    ("startup", || Box::new(startup::Startup::new())),
];
