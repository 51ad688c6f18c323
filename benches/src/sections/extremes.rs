//! The most expensive things that pass: reported, since they bound what one request can cost.

use std::rc::Rc;

use counterseal::{Algorithm, Format, Guard, Policy, UnixTime};
use serde_json::{Map, Value, json};

use super::Section;
use crate::measure::{Contest, Cycle};
use crate::report::Row;
use crate::sample::{Sample, policy_json};

const RSA: &str = "RS256 with RSA 8192 and an exponent near 2^32";
const P521: &str = "ES512 (P-521)";
const LONG: &str = "16 KiB token, one long string (HS256)";
const WIDE: &str = "16 KiB token, 920 members (HS256)";
const DEEP: &str = "16 KiB token, 1,850 values (HS256)";

pub(super) struct Extremes {
    contest: Contest,
}

impl Extremes {
    pub(super) fn new() -> Extremes {
        let mut contest = Contest::default();
        let fixture: Value = serde_json::from_str(include_str!("../../fixtures/rsa8192.json")).unwrap();
        let policy = policy_json(Algorithm::RS256, &json!({"jwks": {"keys": [fixture["jwk"]]}}), 0);
        let guard = Guard::new(Policy::from_str(&policy, Format::Json, None, None).unwrap());
        let token = fixture["token"].as_str().unwrap().to_owned();
        let issued = UnixTime::from_seconds(1_800_000_000).unwrap();
        contest.add(RSA, move || guard.verify_at(&token, issued).unwrap());

        let sample = Sample::new(Algorithm::ES512);
        let (guard, mut turns) =
            (sample.guard(0), Cycle::new((0..16).map(|number| sample.token_of_any_size(number)).collect()));
        contest.add(P521, move || guard.verify(turns.next()).unwrap());

        let sample = Sample::new(Algorithm::HS256);
        let guard = Rc::new(sample.guard(0));
        for (name, claim) in [
            (LONG, json!("a".repeat(11_500))),
            (WIDE, Value::Object((0..920).map(|n| (format!("n{n:04}"), json!(n))).collect::<Map<_, _>>())),
            (DEEP, json!(vec![12345; 1850])),
        ] {
            let token = sample.token_with(&[("extra", claim)]);
            assert!((14_000..=16_384).contains(&token.len()), "{name}: {} bytes", token.len());
            let guard = Rc::clone(&guard);
            contest.add(name, move || guard.verify(&token).unwrap());
        }
        Extremes { contest }
    }
}

impl Section for Extremes {
    fn title(&self) -> &'static str {
        "Extremes, uncached"
    }

    fn run(&mut self, rounds: usize) {
        self.contest.run(rounds);
    }

    fn rows(&self) -> Vec<Row> {
        [RSA, P521, LONG, WIDE, DEEP]
            .map(|name| Row::new(name, self.contest.samples(name).median(), "ns"))
            .into()
    }
}
