//! What the benchmarks share: keys and tokens, policies, peers, and how time and memory are measured.

pub mod allocations;
pub mod elf;
pub mod machine;
pub mod measure;
pub mod peer;
pub mod raw;
pub mod report;
pub mod sample;
pub mod scratch;
pub mod sections;
pub mod signer;
