//! A whole verification without the cache, beside the signature alone and beside `jsonwebtoken`.

use std::rc::Rc;

use counterseal::Algorithm;

use super::Section;
use crate::measure::{Contest, Cycle};
use crate::peer::{Peer, Record};
use crate::raw::{self, Signed};
use crate::report::Row;
use crate::sample::Sample;

/// Tokens that take turns: more than the memory of headers or branch predictors would hide.
const TOKENS: usize = 64;

const RAW: &str = "signature alone, aws-lc, parsed key";
const RING: &str = "signature alone, ring";
const VERIFY: &str = "verify";
const PLAIN: &str = "verify, no more validations than jsonwebtoken";
const PLAIN_READ: &str = "the same, then all claims into a struct";
const EXPLAIN: &str = "explain";
const TREE: &str = "jsonwebtoken, claims as a tree";
const TREE_JWK: &str = "jsonwebtoken, claims as a tree, key from a JWK";
const RECORD: &str = "jsonwebtoken, all claims into a struct";

pub(super) struct Uncached {
    algorithm: Algorithm,
    has_jwk_peer: bool,
    contest: Contest,
}

impl Uncached {
    pub(super) fn new(algorithm: Algorithm) -> Uncached {
        let sample = Sample::new(algorithm);
        let tokens = sample.tokens(TOKENS);
        let signed: Vec<Signed> = tokens.iter().map(|token| Signed::of(token)).collect();
        let guard = Rc::new(sample.guard(0));
        let peer = Rc::new(Peer::new(algorithm, &sample.signer.public));
        let cycle = || Cycle::new(tokens.clone());

        let mut contest = Contest::default();
        let (check, mut turns) = (raw::aws_lc(algorithm, &sample.signer.public), Cycle::new(signed.clone()));
        contest.add(RAW, move || check(turns.next()));
        let (verify, mut turns) = (Rc::clone(&guard), cycle());
        contest.add(VERIFY, move || verify.verify(turns.next()).unwrap());
        if let Some(check) = raw::ring(algorithm, &sample.signer.public) {
            let mut turns = Cycle::new(signed);
            contest.add(RING, move || check(turns.next()));
        }
        let plain = Rc::new(sample.plain_guard());
        let (verify, mut turns) = (Rc::clone(&plain), cycle());
        contest.add(PLAIN, move || verify.verify(turns.next()).unwrap());
        let mut turns = cycle();
        contest.add(PLAIN_READ, move || Record::of(&plain.verify(turns.next()).unwrap()).unwrap());
        let (library, mut turns) = (Rc::clone(&peer), cycle());
        contest.add(TREE, move || library.tree(turns.next()));
        let from_jwk = Peer::from_jwk(algorithm, &sample.signer.public);
        let has_jwk_peer = from_jwk.is_some();
        if let Some(library) = from_jwk {
            let mut turns = cycle();
            contest.add(TREE_JWK, move || library.tree(turns.next()));
        }
        let mut turns = cycle();
        contest.add(RECORD, move || peer.record(turns.next()));
        let mut turns = cycle();
        contest.add(EXPLAIN, move || guard.explain(turns.next()).unwrap());
        Uncached { algorithm, has_jwk_peer, contest }
    }
}

impl Section for Uncached {
    fn title(&self) -> &'static str {
        self.algorithm.name()
    }

    fn run(&mut self, rounds: usize) {
        self.contest.run(rounds);
    }

    fn rows(&self) -> Vec<Row> {
        let of = |name| self.contest.samples(name);
        let value = |name| {
            let samples = of(name);
            Row::new(name, samples.median(), "ns").note(format!("least {:.0} ns", samples.minimum()))
        };
        let mut rows: Vec<Row> =
            [RAW, RING, VERIFY, PLAIN, PLAIN_READ, EXPLAIN].into_iter().map(value).collect();
        let (raw, verify) = (of(RAW), of(VERIFY));
        rows.push(Row::new("verify over the signature alone", verify.over(raw), "ns").at_most(1600.0).note(
            format!(
                "{:.2} × the signature; by the least of each {:.0} ns",
                verify.ratio(raw),
                verify.minimum() - raw.minimum()
            ),
        ));
        let beside = |what, theirs, own| {
            let (theirs, own) = (of(theirs), of(own));
            Row::beside(what, theirs.ratio(own), "jsonwebtoken", theirs.median(), own.median())
        };
        let tree = beside("same validations, claims as a tree", TREE, PLAIN);
        let same = beside("same validations, all claims into the same struct", RECORD, PLAIN_READ);
        if self.has_jwk_peer {
            let from_jwk = beside("same validations, claims as a tree, key from a JWK", TREE_JWK, PLAIN);
            rows.push(match self.algorithm {
                Algorithm::RS256 => from_jwk.at_least(1.5 / NOISE).note("1.5 × less 15 % for noise"),
                _ => from_jwk,
            });
        }
        if self.algorithm == Algorithm::HS256 {
            rows.push(tree.at_least(3.0 / NOISE).note("3 × less 15 % for noise"));
            let explain = Row::new("explain over verify", of(EXPLAIN).ratio(verify), "times");
            rows.push(explain.at_most(4.0));
        } else {
            rows.push(tree);
        }
        rows.push(same);
        rows
    }
}

/// Comparisons with peers allow for this much noise.
const NOISE: f64 = 1.15;
