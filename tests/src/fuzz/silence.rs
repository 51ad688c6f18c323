//! What a token, a key or a secret says never shows in a text that is not theirs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use counterseal::Rejection;
use counterseal::core::error::Subject;
use counterseal::core::inbound::{Check, Report, Stage, Verdict};

use super::world::{CANARY, NAMES};
use crate::signer::base64url;

/// Fails where a text holds the secret, in plain or in base64url.
pub(super) fn no_canary(text: &str) {
    assert!(!text.contains(CANARY), "the secret is shown");
    assert!(!text.contains(&base64url(CANARY)), "the secret is shown in base64url");
    // A part of it is as bad.
    assert!(!text.contains(&CANARY[8..24]), "a part of the secret is shown");
}

/// A rejection says the same whatever the token was: its texts follow from code, rule, subject and
/// scope, none of which can be the token's.
pub(super) fn rejection(rejection: &Rejection) {
    if let Subject::Policy(name) = rejection.subject() {
        assert!(NAMES.contains(&&**name), "a name that the policy does not spell out");
    }
    let challenge = rejection.www_authenticate().unwrap_or_default();
    let debug = format!("{rejection:?}");
    let (before, reference) = debug.rsplit_once("reference: ").unwrap();
    let after = reference.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let text = format!("{rejection}\n{challenge}\n{before}{after}");
    no_canary(&text);
    assert!(text.len() < 1000 && text.bytes().all(|byte| byte == b'\n' || (b' '..0x7f).contains(&byte)));
    let key =
        format!("{} {} {:?} {challenge}", rejection.code(), rejection.rule(), rejection.subject().as_str());
    static SEEN: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let first = seen.get_or_insert_default().entry(key).or_insert_with(|| text.clone());
    assert_eq!(*first, text, "the same rejection in other words");
}

/// A report shows nothing of a token whose signature is not valid, and never the secret.
pub(super) fn report(report: &Report) {
    for check in report.checks.iter().filter(|check| check.stage < Stage::Kind) {
        assert!(may_be_told_of_anyone(check), "{} tells {:?} before the signature", check.rule, check.detail);
    }
    let json = serde_json::to_string(report).unwrap();
    no_canary(&json);
    if let Verdict::Rejected(_) = report.verdict {
        no_canary(&format!("{report:?}"));
    }
}

/// Sizes, and names of the policy or the standards.
fn may_be_told_of_anyone(check: &Check) -> bool {
    let Some(detail) = check.detail.as_deref() else { return true };
    let is_size = detail.bytes().all(|byte| byte.is_ascii_digit() || b" ofatmosbytes".contains(&byte));
    let quoted = detail.strip_prefix("entry \"").and_then(|rest| rest.strip_suffix('"'));
    let algorithm = detail.strip_prefix("by ").unwrap_or(detail);
    is_size
        || NAMES.contains(&quoted.unwrap_or(detail))
        || detail == "(other)"
        || counterseal::Algorithm::ALL.iter().any(|one| one.name() == algorithm)
}
