//! How a verification is watched. `verify` and `explain` are the same generic function; only the
//! recorder differs (EXP-01).

use crate::error::{Code, Rejection};
use crate::json::Fault;
use crate::rule::Rule;

/// The steps of a verification, in the order of ORD-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Stage {
    Structure,
    Json,
    Header,
    Issuer,
    Key,
    Signature,
    Kind,
    Claims,
    Binding,
    Authorization,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Stage; 10] = [
        Stage::Structure,
        Stage::Json,
        Stage::Header,
        Stage::Issuer,
        Stage::Key,
        Stage::Signature,
        Stage::Kind,
        Stage::Claims,
        Stage::Binding,
        Stage::Authorization,
    ];

    /// The name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Structure => "structure",
            Stage::Json => "json",
            Stage::Header => "header",
            Stage::Issuer => "issuer",
            Stage::Key => "key",
            Stage::Signature => "signature",
            Stage::Kind => "kind",
            Stage::Claims => "claims",
            Stage::Binding => "binding",
            Stage::Authorization => "authorization",
        }
    }
}

/// Watches every check of one verification.
pub(crate) trait Recorder {
    /// May headers be taken from memory and kept there? An explanation has no side effects (EXP-02).
    const MAY_REMEMBER: bool;

    /// A step begins. Values of the token may be told from [`Stage::Kind`] on: its signature is valid.
    fn stage(&mut self, _stage: Stage) {}

    /// Takes note of a check. What it returns decides: the outcome itself, except in mutants.
    fn judge(&mut self, rule: Rule, holds: bool) -> bool;

    /// Says more about the check just judged. The closure runs only where somebody reads it.
    fn detail(&mut self, _text: impl FnOnce() -> String) {}

    /// The check, and its rejection where it does not hold.
    #[inline(always)]
    fn check(&mut self, rule: Rule, code: Code, holds: bool) -> Result<(), Rejection> {
        if self.judge(rule, holds) { Ok(()) } else { Err(Rejection::new(rule, code)) }
    }

    /// The same about a registered claim or header.
    #[inline(always)]
    fn check_about(
        &mut self,
        rule: Rule,
        code: Code,
        name: &'static str,
        holds: bool,
    ) -> Result<(), Rejection> {
        if self.judge(rule, holds) { Ok(()) } else { Err(Rejection::about(rule, code, name)) }
    }

    /// Notes that `rules` hold, or that one of them was broken.
    #[inline(always)]
    fn parsed<T>(&mut self, rules: &[Rule], result: Result<T, Fault>) -> Result<T, Rejection> {
        match result {
            Ok(value) => {
                for rule in rules {
                    self.judge(*rule, true);
                }
                Ok(value)
            }
            Err(fault) => Err(self.refuse(Rejection::new(fault.rule, fault.code))),
        }
    }

    /// Notes a check that failed on its own terms.
    #[inline(always)]
    fn refuse(&mut self, rejection: Rejection) -> Rejection {
        self.judge(rejection.rule(), false);
        rejection
    }
}

/// Watches nothing: `verify`.
pub(crate) struct Silent;

impl Recorder for Silent {
    const MAY_REMEMBER: bool = true;

    #[inline(always)]
    fn judge(&mut self, rule: Rule, holds: bool) -> bool {
        holds || rule.is_off()
    }
}
