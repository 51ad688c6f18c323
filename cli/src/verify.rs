//! `verify`: who is it?

use counterseal::{Error, Guard, Identity, UnixTime};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::answer::{Answer, Failure};
use crate::arguments::Judge;
use crate::rejection::{self, Refused};
use crate::status::Status;
use crate::terminal::GOOD;
use crate::{dates, identity, input, policy};

pub(crate) fn run(arguments: &Judge, json: bool) -> Result<Answer, Failure> {
    let guard = Guard::new(policy::load(&arguments.policy)?);
    let token = input::token(&arguments.token)?;
    let outcome = match arguments.time.now {
        None => guard.verify(&*token),
        Some(now) => {
            fetch_keys(&guard, &token);
            guard.try_verify_at(&*token, now)
        }
    };
    answer(outcome, arguments.time.now.unwrap_or_else(dates::now), json)
}

/// Fetches the keys that this token needs, where the policy has any to be fetched. A verification does that by itself,
/// but not one at another time than now (CAC-08), and an explanation never does.
pub(crate) fn fetch_keys(guard: &Guard, token: &[u8]) {
    if guard.core().has_remote_keys() {
        let _ = guard.verify(token);
    }
}

#[derive(Serialize)]
struct Verified {
    verdict: &'static str,
    identity: Box<RawValue>,
}

/// The identity as the core writes it; numbers keep all their digits.
pub(crate) fn identity_json(identity: &Identity) -> Result<Box<RawValue>, Failure> {
    RawValue::from_string(identity.to_json()).map_err(|_| Failure::Internal)
}

fn answer(outcome: Result<Identity, Error>, now: UnixTime, json: bool) -> Result<Answer, Failure> {
    match outcome {
        Ok(proven) if json => {
            let document = Verified { verdict: "verified", identity: identity_json(&proven)? };
            Ok(Answer::json(Status::Good, &document))
        }
        Ok(proven) => {
            let text = format!("{GOOD}✓ verified{GOOD:#}\n\n{}", identity::shown(&proven, now));
            Ok(Answer::text(Status::Good, text))
        }
        Err(Error::TokenRejected(rejection)) => {
            let (status, reference) = (rejection::status(&rejection), rejection.reference());
            Ok(if json {
                Answer::json(status, &Refused::new(&rejection, Some(reference)))
            } else {
                Answer::text(status, rejection::told(&rejection, Some(&reference)))
            })
        }
        Err(error) => no_verdict(error, json),
    }
}

/// The answer where there is none about the token.
pub(crate) fn no_verdict(error: Error, json: bool) -> Result<Answer, Failure> {
    match error {
        Error::Unavailable(outage) => Ok(rejection::unavailable(&outage, json)),
        Error::Misuse(code) => Err(Failure::Usage(code.message().to_owned())),
        _ => Err(Failure::Internal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use counterseal::Format;
    use counterseal::testing::{TestClock, guard_with_clock, scripted_policy};

    /// A token that names a trusted issuer, whose keys have not come yet.
    fn outage() -> Result<Identity, Error> {
        let text = "version = 1\n[[issuer]]\nissuer = \"https://idp.example.com\"\nprofile = \"generic\"\n\
                    audience = \"orders\"\nalgorithms = [\"RS256\"]\nkeys = { scripted = true }\n";
        let clock = TestClock::at(UnixTime::from_seconds(1_800_000_000).unwrap());
        let guard = guard_with_clock(scripted_policy(text, Format::Toml).unwrap(), &clock);
        guard.try_verify("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLmNvbSJ9.c2ln")
    }

    #[test]
    fn an_outage_is_no_refusal() {
        let answer = answer(outage(), dates::now(), true).unwrap();
        assert_eq!(answer.status, Status::Unavailable);
        let json: serde_json::Value = serde_json::from_str(&answer.output).unwrap();
        assert_eq!((&json["verdict"], &json["code"]), (&"unavailable".into(), &"keys_unavailable".into()));
        assert_eq!((&json["status"], &json["retry_after"]), (&503.into(), &5.into()));
        assert!(json.get("www_authenticate").is_none() && json["reference"].is_string());
    }

    #[test]
    fn an_outage_is_told_as_one() {
        let answer = answer(outage(), dates::now(), false).unwrap();
        assert_eq!(answer.status, Status::Unavailable);
        for part in
            ["no verdict: keys_unavailable", "HTTP 503", "Retry-After: 5", "says nothing about the token"]
        {
            assert!(answer.output.contains(part), "{}", answer.output);
        }
        assert!(!answer.output.contains("rejected"), "{}", answer.output);
    }
}
