//! Finding a key among ten and among ten thousand.

use std::rc::Rc;

use counterseal::{Algorithm, Format, Guard, Policy};
use serde_json::json;

use super::Section;
use crate::measure::{Contest, Cycle};
use crate::report::Row;
use crate::sample::{Sample, compact, policy_json};
use crate::scratch::Scratch;
use crate::signer::Signer;

const FEW: &str = "up to the signature's length, 10 keys";
const MANY: &str = "up to the signature's length, 10,000 keys";

pub(super) struct Keys {
    contest: Contest,
}

impl Keys {
    pub(super) fn new() -> Keys {
        let sample = Sample::new(Algorithm::HS256);
        let claims = claims_of(&sample.token(0));
        let signers: Vec<(String, Signer)> =
            (0..10_000).map(|number| (format!("key-{number:05}"), Signer::new(Algorithm::Ed25519))).collect();
        // Ten tokens, so that both sets are asked for equally many keys. Their signatures are too
        // short: the key has been found then, and no signature hides what that took.
        let tokens: Vec<String> = signers
            .iter()
            .step_by(1000)
            .map(|(kid, signer)| compact(signer, kid, &claims))
            .map(|token| token[..token.len() - 4].to_owned())
            .collect();
        let few = guard(&mut signers.iter().step_by(1000));
        let many = guard(&mut signers.iter());
        let mut contest = Contest::default();
        for (name, guard) in [(FEW, few), (MANY, many)] {
            let (guard, mut turns) = (Rc::new(guard), Cycle::new(tokens.clone()));
            contest.add(name, move || guard.verify(turns.next()).unwrap_err());
        }
        Keys { contest }
    }
}

fn guard(signers: &mut dyn Iterator<Item = &(String, Signer)>) -> Guard {
    let jwks: Vec<_> = signers.filter_map(|(kid, signer)| signer.public.jwk(kid, signer.algorithm)).collect();
    let scratch = Scratch::new();
    scratch.write("jwks.json", &json!({"keys": jwks}).to_string());
    let policy = policy_json(Algorithm::Ed25519, &json!({"jwks_file": "jwks.json"}), 0);
    Guard::new(Policy::from_str(&policy, Format::Json, None, Some(scratch.path())).unwrap())
}

/// The claims of a token as text.
fn claims_of(token: &str) -> String {
    use base64::Engine;
    let payload = token.split('.').nth(1).unwrap();
    String::from_utf8(base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

impl Section for Keys {
    fn title(&self) -> &'static str {
        "Key lookup"
    }

    fn run(&mut self, rounds: usize) {
        self.contest.run(rounds);
    }

    fn rows(&self) -> Vec<Row> {
        let (few, many) = (self.contest.samples(FEW), self.contest.samples(MANY));
        vec![
            Row::new(FEW, few.median(), "ns"),
            Row::new(MANY, many.median(), "ns"),
            Row::new("10,000 keys over 10", many.ratio(few), "times")
                .at_most(1.15)
                .note("as with 10, and 15 % for noise"),
        ]
    }
}
