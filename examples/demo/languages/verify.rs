//! What a Rust service says of tokens: verify POLICY, a question a line, an answer a line.
#![allow(clippy::print_stdout, reason = "its answers")]

use std::io::stdin;

use counterseal::{Error, Guard, UnixTime};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Question {
    /// Without one, how the keys of the issuer are doing.
    token: Option<String>,
    now: Option<i64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let guard = Guard::load(std::env::args().nth(1).ok_or("verify POLICY")?, None)?;
    for line in stdin().lines() {
        let Question { token, now } = serde_json::from_str(&line?)?;
        let answer = match token {
            Some(token) => verdict(&guard, &token, now)?,
            None => keys(&guard),
        };
        println!("{answer}");
    }
    Ok(())
}

fn verdict(guard: &Guard, token: &str, now: Option<i64>) -> Result<Value, Error> {
    let now = now.map(UnixTime::from_seconds).transpose().map_err(Error::Misuse)?;
    let verified = match now {
        Some(now) => guard.verify_at(token, now),
        None => guard.verify(token),
    };
    Ok(match verified {
        Ok(identity) => json!({"verdict": "verified", "subject": identity.subject()}),
        Err(Error::TokenRejected(rejection)) => json!({
            "verdict": "rejected",
            "code": rejection.code().slug(),
            "status": rejection.status(),
            "rule": rejection.rule().id(),
        }),
        Err(Error::Unavailable(outage)) => json!({
            "verdict": "unavailable",
            "code": outage.code().slug(),
            "status": outage.status(),
            "retry_after": outage.retry_after(),
        }),
        Err(other) => return Err(other),
    })
}

fn keys(guard: &Guard) -> Value {
    let issuer = &guard.status().issuers[0];
    let fetch = issuer.fetch.as_ref();
    json!({
        "state": issuer.key_state.name(),
        "refreshes": fetch.map(|fetch| fetch.counts.refreshes),
        "in_flight": fetch.map(|fetch| fetch.in_flight),
    })
}
