//! What a stranger can make a service do: as little as possible.

use std::rc::Rc;

use counterseal::{Algorithm, Code, Error, Guard};
use serde_json::json;

use super::Section;
use crate::allocations;
use crate::measure::{Contest, Cycle};
use crate::report::Row;
use crate::sample::Sample;

struct Case {
    name: &'static str,
    token: String,
    code: Code,
    /// Nanoseconds that it may take.
    budget: Option<f64>,
    may_allocate: bool,
}

pub(super) struct Rejections {
    cases: Vec<Case>,
    guard: Rc<Guard>,
    contest: Contest,
}

impl Rejections {
    pub(super) fn new() -> Rejections {
        let sample = Sample::new(Algorithm::HS256);
        // With its cache, as services have it.
        let guard = Rc::new(sample.guard(4096));
        let good = sample.token(0);
        guard.verify(&good).unwrap();
        let cases = cases(&sample, &good);
        let mut contest = Contest::default();
        for case in &cases {
            let rejected = guard.verify(&case.token);
            assert!(
                matches!(&rejected, Err(Error::TokenRejected(rejection)) if rejection.code() == case.code),
                "{}",
                case.name
            );
            let guard = Rc::clone(&guard);
            let mut turns = Cycle::new(vec![case.token.clone()]);
            contest.add(case.name, move || guard.verify(turns.next()).unwrap_err());
        }
        Rejections { cases, guard, contest }
    }
}

fn cases(sample: &Sample, good: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut malformed = |name, token: String, code| {
        cases.push(Case { name, token, code, budget: Some(300.0), may_allocate: false });
    };
    let (first, last) = (good.find('.').unwrap(), good.rfind('.').unwrap());
    malformed("no dots", good.replace('.', "x"), Code::TokenMalformed);
    malformed("one dot", good.replacen('.', "x", 1), Code::TokenMalformed);
    malformed("five segments", format!("{good}.e30.e30"), Code::TokenEncrypted);
    malformed("a dot after every byte", ".a".repeat(400), Code::TokenMalformed);
    malformed("empty payload", format!("{}{}", &good[..=first], &good[last..]), Code::TokenMalformed);
    malformed("a space at the end", format!("{good} "), Code::TokenMalformed);
    malformed("padding", format!("{good}="), Code::Base64Alphabet);
    malformed("standard base64", format!("{}+{}", &good[..last], &good[last..]), Code::Base64Alphabet);
    malformed("stray bits in the payload", stray_bits(good), Code::Base64Noncanonical);
    malformed("empty", String::new(), Code::TokenMalformed);
    malformed("oversized, 1 MiB", "a".repeat(1 << 20), Code::TokenTooLarge);
    let mut case = |name, token, code, budget| {
        cases.push(Case { name, token, code, budget, may_allocate: true });
    };
    let stranger = [("iss", json!("https://elsewhere.example.com/realms/main"))];
    case("unknown issuer", sample.token_with(&stranger), Code::IssUntrusted, Some(1200.0));
    case("no dots, 16 KiB", "a".repeat(16_384), Code::TokenMalformed, None);
    case("payload is no JSON", format!("{}.e30x.AAAA", &good[..first]), Code::JsonInvalid, None);
    case("wrong signature", wrong_signature(good), Code::SignatureInvalid, None);
    case("expired", sample.token_with(&[("exp", json!(1_700_000_000))]), Code::TokenExpired, None);
    cases
}

/// The payload cut so that its last character has bits that stand for nothing.
fn stray_bits(good: &str) -> String {
    let (first, last) = (good.find('.').unwrap(), good.rfind('.').unwrap());
    let payload = &good[first + 1..last];
    let even = &payload[..payload.len() / 4 * 4 - 4];
    format!("{}.{even}ab{}", &good[..first], &good[last..])
}

fn wrong_signature(good: &str) -> String {
    let last = good.rfind('.').unwrap();
    let other = if good.as_bytes()[last + 1] == b'A' { "B" } else { "A" };
    format!("{}.{other}{}", &good[..last], &good[last + 2..])
}

impl Section for Rejections {
    fn title(&self) -> &'static str {
        "Rejections (HS256)"
    }

    fn run(&mut self, rounds: usize) {
        self.contest.run(rounds);
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut most = 0;
        for case in &self.cases {
            let samples = self.contest.samples(case.name);
            let (_, allocations) = allocations::count(|| self.guard.verify(&case.token).unwrap_err());
            let row = Row::new(case.name, samples.median(), "ns")
                .note(format!("least {:.0} ns, {allocations} allocations", samples.minimum()));
            rows.push(if let Some(budget) = case.budget { row.at_most(budget) } else { row });
            if !case.may_allocate {
                most = most.max(allocations);
            }
        }
        rows.push(Row::new("allocations of those refused before JSON", most as f64, "").at_most(0.0));
        rows
    }
}
