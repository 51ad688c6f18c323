//! Exit statuses: one for each thing that a caller does about them.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    /// Verified, or sound.
    Good = 0,
    /// The token was refused, or a token would fare differently, or keys do not come as they should.
    Refused = 1,
    /// The command line, or a file named on it, is wrong.
    Usage = 2,
    /// The policy or the keys are wrong.
    Policy = 3,
    /// Nobody can decide now.
    Unavailable = 4,
    /// The answer could not be written.
    Output = 5,
    /// Counterseal is wrong.
    Internal = 6,
}

/// The statuses as `--help` lists them.
pub(crate) const LISTED: &str = "\
Exit status:
  0  verified, or nothing is wrong
  1  the token is refused (inspect: it is malformed; replay: a verdict changes, or a token is refused;
     keys diagnose: something stops a guard, or a private key is published)
  2  the command line is wrong, or a file named on it cannot be read
  3  the policy or the keys have mistakes
  4  nobody can decide now: an outage, which says nothing about the token (keys fetch: they could not be had)
  5  the answer could not be written
  6  an error inside Counterseal";

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_listed() {
        for status in [
            Status::Good,
            Status::Refused,
            Status::Usage,
            Status::Policy,
            Status::Unavailable,
            Status::Output,
            Status::Internal,
        ] {
            assert!(LISTED.contains(&format!("\n  {}  ", status as u8)), "{status:?}");
        }
    }
}
