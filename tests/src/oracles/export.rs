//! Every step of the corpus that a library for JWTs can judge, with what we say of it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal::core::crypto::aws_lc;
use serde::Serialize;

use super::judged::Judged;
use crate::conformance::{Case, Corpus, Json, Runner};

/// The steps, and what was left out.
#[derive(Debug, Default)]
pub struct Export {
    /// Steps to judge.
    pub steps: Vec<Step>,
    /// Verifications that mean nothing to such a library: how many, by reason.
    pub left_out: BTreeMap<String, usize>,
}

/// One token under one policy at one time.
#[derive(Debug, Serialize)]
pub struct Step {
    /// The case and the number of the step: `CLM-08/at-the-boundary#2`.
    pub id: String,
    /// The token's bytes, in plain base64: not all of them are UTF-8.
    token: String,
    /// Seconds since 1970.
    now: i64,
    /// What the library is configured with.
    #[serde(flatten)]
    policy: Judged,
    /// Our verdict, for people; no library is to read it.
    pub ours: Ours,
}

/// Our verdict.
#[derive(Clone, Debug, Serialize)]
pub struct Ours {
    /// Is the token accepted?
    pub accepts: bool,
    /// The code of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The rule of a refusal; of a token that is accepted, the rule that the case is about.
    pub rule: String,
}

/// Flattens the corpus.
pub fn export(corpus: &Corpus) -> Result<Export, String> {
    let runner = Runner::new(corpus, aws_lc());
    let mut export = Export::default();
    for case in corpus.cases() {
        let outcome = runner.run(case);
        if !outcome.failures.is_empty() {
            return Err(format!("{}: {}", case.id, outcome.failures.join("; ")));
        }
        // A case that the provider cannot run ends at its first step.
        let outcomes = outcome.steps.iter().map(Some).chain(std::iter::repeat(None));
        flatten(corpus, case, outcomes, &mut export).map_err(|error| format!("{}: {error}", case.id))?;
    }
    Ok(export)
}

fn flatten<'o>(
    corpus: &Corpus,
    case: &Case,
    outcomes: impl Iterator<Item = Option<&'o Json>>,
    export: &mut Export,
) -> Result<(), String> {
    const START: i64 = 1_800_000_000;
    const LATEST: i64 = 253_402_300_799;
    let mut policy = Err("no policy".to_owned());
    let mut clock = START;
    for ((at, step), outcome) in case.steps.iter().enumerate().zip(outcomes) {
        clock = step.at.unwrap_or(clock) + step.advance.unwrap_or(0);
        if let Some(load) = &step.load {
            policy = Judged::read(load, &corpus.policies());
        }
        if step.reload.is_some() {
            policy = Err("the policy was replaced".into());
        }
        let Some(verify) = &step.verify else { continue };
        let now = verify.now.unwrap_or(clock);
        let judged = policy.clone().and_then(|policy| match now {
            0..=LATEST => Ok((policy, ours(case, outcome)?)),
            _ => Err("the time is before 1970 or after 9999".into()),
        });
        match judged {
            Err(reason) => *export.left_out.entry(reason).or_default() += 1,
            Ok((policy, ours)) => export.steps.push(Step {
                id: format!("{}#{at}", case.id),
                token: STANDARD.encode(corpus.token(case, &verify.token)?),
                now,
                policy,
                ours,
            }),
        }
    }
    Ok(())
}

/// Our verdict, where it is one on the token.
fn ours(case: &Case, outcome: Option<&Json>) -> Result<Ours, String> {
    let outcome = outcome.ok_or("an algorithm that this build lacks")?;
    let value: serde_json::Value =
        serde_json::from_str(&outcome.canonical()).map_err(|error| error.to_string())?;
    let text = |name: &str| value["rejected"][name].as_str().map(str::to_owned);
    if value.get("verified").is_some() {
        let rule = case.id.split('/').next().unwrap_or_default().to_owned();
        return Ok(Ours { accepts: true, code: None, rule });
    }
    match text("rule") {
        Some(rule) => Ok(Ours { accepts: false, code: text("code"), rule }),
        None => Err("no verdict on the token: keys cannot be had, or the caller errs".into()),
    }
}
