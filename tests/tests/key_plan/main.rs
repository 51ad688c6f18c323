//! Fetched keys under random interleavings of time, rotations, failures and floods, held against a model that knows
//! only what was published when (JKS-05 to JKS-12).
//!
//! What must hold, whatever happens in whatever order:
//! - no token is verified by a key that the last good refresh did not bring;
//! - no token of a key that it brought is refused, or not decided, while keys are within the stale window;
//! - at most one fetch is under way;
//! - attempts stay within the budget;
//! - a kid is unknown (401) only after a good fetch that ended after a token asked for it, and not for longer than
//!   the cooldown.

mod model;
mod system;

use proptest::test_runner::Config;
use proptest_state_machine::prop_state_machine;

use system::Guarded;

prop_state_machine! {
    #![proptest_config(Config {
        cases: cases(),
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn keys_do_what_the_model_says(sequential 1..60 => Guarded);
}

/// More of them by PROPTEST_CASES.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400)
}
