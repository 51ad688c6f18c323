//! One token, judged in every way there is: all of them agree (EXP-01).

use counterseal::core::guard::{Decision, Guard};
use counterseal::core::inbound::{Outcome, Report, Verdict};
use counterseal::{Class, Code, Identity, Rejection};

use super::world::{both_clocks, world};
use super::{ACCEPTED, Ending, cost, silence};

/// The verdict on a token, and its identity where it was accepted.
pub(super) fn verdict(token: &[u8]) -> Result<Identity, Code> {
    let world = world(); // made before the time is taken
    cost::in_proportion(token.len(), || judge(&world.guard, token))
}

/// How a verdict is named.
pub(super) fn ending(verdict: &Result<Identity, Code>) -> Ending {
    match verdict {
        Ok(_) => ACCEPTED,
        Err(code) => code.slug(),
    }
}

fn judge(guard: &Guard, token: &[u8]) -> Result<Identity, Code> {
    let mut verdicts = Vec::new();
    for now in both_clocks() {
        let before = guard.cache_counters();
        let report = guard.explain(token, now);
        assert_eq!(guard.cache_counters(), before, "an explanation has side effects");
        let decision = guard.decide(token, now);
        let again = guard.decide(token, now);
        for decision in [decision, again] {
            verdicts.push(settle(decision, &report, token));
        }
    }
    let first = verdicts.swap_remove(0);
    for other in &verdicts {
        assert_eq!(*other, first, "the same token at the same time, judged in two ways");
    }
    first
}

fn settle(decision: Decision, report: &Report, token: &[u8]) -> Result<Identity, Code> {
    silence::report(report);
    match decision {
        Decision::Pending(_) => panic!("static keys are never waited for"),
        Decision::Verified(identity) => {
            check_accepted(&identity, report, token);
            Ok(identity)
        }
        Decision::Rejected(rejection) => {
            check_rejected(&rejection, report);
            Err(rejection.code())
        }
    }
}

fn check_accepted(identity: &Identity, report: &Report, token: &[u8]) {
    let Verdict::Verified(explained) = &report.verdict else {
        panic!("verified, but explained as {:?}", report.code());
    };
    assert!(identity == explained, "two identities from one token");
    assert!(report.checks.iter().all(|check| check.outcome == Outcome::Passed));
    assert_eq!((report.verdict_name(), report.not_reached().count()), ("verified", 0));
    let shown = format!("{identity:?}");
    assert_eq!(shown, format!("Identity {{ issuer: {:?}, .. }}", identity.issuer_name()));
    let json = identity.to_json();
    silence::no_canary(&json);
    let signature = token.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let signature = std::str::from_utf8(signature).unwrap();
    assert!(!json.contains(signature), "the token is in its identity");
}

fn check_rejected(rejection: &Rejection, report: &Report) {
    let Verdict::Rejected(explained) = &report.verdict else {
        panic!("rejected by {}, but explained as {}", rejection.code(), report.verdict_name());
    };
    assert_eq!((rejection.code(), rejection.rule()), (explained.code(), explained.rule()));
    assert_eq!(rejection.subject(), explained.subject());
    assert_eq!(report.verdict_name(), "rejected");
    // Static keys and a given time leave nothing that could be an outage or a mistake of ours.
    let class = rejection.code().class();
    assert!(matches!(class, Class::Malformed | Class::Untrusted | Class::Rejected), "{}", rejection.code());
    let (last, others) = report.checks.split_last().unwrap();
    assert_eq!((last.outcome, last.rule), (Outcome::Failed, rejection.rule()), "{}", rejection.code());
    assert!(others.iter().all(|check| check.outcome == Outcome::Passed), "{}", rejection.code());
    let status = rejection.status();
    assert_eq!(Some(status), rejection.code().status());
    assert!(status == 401 || status == 403);
    assert_eq!(rejection.reference().len(), 13);
    for rejection in [rejection, explained] {
        silence::rejection(rejection);
    }
}
