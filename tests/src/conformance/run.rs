//! Runs cases on the public objects of the Rust crate, and holds what comes out against what the rules
//! say. Each verification is explained as well: both must say the same (EXP-01).

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use counterseal::core::crypto::{Provider, default_provider};
use counterseal::core::keyset::{KeySetOptions, Origin};
use counterseal::testing::{Network, Reply, TestClock, answer_keys, fetch_due, guard_with_network};
use counterseal::{
    Algorithm, AlgorithmSet, Code, Error, Guard, Identity, KeySet, Policy, PolicyError, Requirements,
    UnixTime, Verdict, jws, require,
};

use super::case::{Answer, Case, Explain, HandIn, JwsVerify, Keys, Load, Require, Step, Verify};
use super::corpus::Corpus;
use super::json::Json;
use super::outcome;
use super::policy::Folder;
use super::text::to_hex;

/// Where the clock stands when a case begins.
const START: i64 = 1_800_000_000;

/// What came out of a case.
#[derive(Debug)]
pub struct Outcome {
    /// For each step what the host sees; null for steps that only move the clock.
    pub steps: Vec<Json>,
    /// Where that is not what the case says. Empty: the case passed.
    pub failures: Vec<String>,
}

/// Runs cases with one provider of signatures.
#[derive(Debug)]
pub struct Runner<'c> {
    corpus: &'c Corpus,
    provider: &'static dyn Provider,
}

impl<'c> Runner<'c> {
    /// A runner for the cases of a corpus.
    pub fn new(corpus: &'c Corpus, provider: &'static dyn Provider) -> Runner<'c> {
        Runner { corpus, provider }
    }

    /// A runner with the provider that guards use.
    pub fn with_default_provider(corpus: &'c Corpus) -> Result<Runner<'c>, String> {
        let provider = default_provider().ok_or("this build has no cryptography")?;
        Ok(Runner::new(corpus, provider))
    }

    /// What a host sees of each case: a line of canonical JSON with its id and outcome.
    pub fn lines<'a>(&self, cases: impl Iterator<Item = &'a Case>) -> Result<String, String> {
        let line = |case: &Case| {
            let outcome = self.outcome(case)?;
            Ok(Json::object([("id", Json::string(&case.id)), ("outcome", outcome)]).canonical() + "\n")
        };
        cases.map(line).collect()
    }

    /// Runs a case. One that needs an algorithm which the provider lacks must be refused at its first
    /// step instead, with `config_alg_unsupported`.
    pub fn run(&self, case: &Case) -> Outcome {
        let mut run = match Run::new(self, case) {
            Ok(run) => run,
            Err(error) => return Outcome { steps: Vec::new(), failures: vec![error] },
        };
        if case
            .needs
            .iter()
            .any(|name| Algorithm::from_name(name).is_none_or(|one| !self.provider.supports(one)))
        {
            return run.refused(&case.steps);
        }
        run.all(&case.steps)
    }

    /// What a host sees of a case: an outcome for each step, null for those that move the clock and
    /// for those that only Rust has. Fails where a step cannot be done.
    pub fn outcome(&self, case: &Case) -> Result<Json, String> {
        let mut run = Run::new(self, case)?;
        let steps = case.steps.iter().map(|step| {
            let is_shared = step.key_set.is_none() && step.jws_verify.is_none();
            if is_shared { run.step(step) } else { Ok(Json::Null) }
        });
        let steps = steps.collect::<Result<_, String>>().map_err(|error| format!("{}: {error}", case.id))?;
        Ok(Json::Array(steps))
    }
}

struct Run<'r> {
    runner: &'r Runner<'r>,
    tokens: BTreeMap<&'r str, Vec<u8>>,
    clock: TestClock,
    network: Network,
    guard: Option<Guard>,
    /// Files that the guard reads by itself.
    files: Option<Folder>,
    /// Did the last verification wait for keys?
    pending: bool,
    failures: Vec<String>,
}

impl<'r> Run<'r> {
    fn all(&mut self, steps: &[Step]) -> Outcome {
        let run = self;
        let mut outcome = Outcome { steps: Vec::new(), failures: Vec::new() };
        for (at, step) in steps.iter().enumerate() {
            let result = run.step(step).and_then(|result| {
                run.compare(step, &result)?;
                Ok(result)
            });
            run.failures.drain(..).for_each(|failure| outcome.failures.push(format!("step {at}: {failure}")));
            match result {
                Ok(result) => outcome.steps.push(result),
                Err(failure) => {
                    outcome.steps.push(Json::Null);
                    outcome.failures.push(format!("step {at}: {failure}"));
                }
            }
        }
        outcome
    }

    fn new(runner: &'r Runner<'r>, case: &'r Case) -> Result<Run<'r>, String> {
        let mut tokens = BTreeMap::new();
        for (name, text) in &runner.corpus.plain {
            tokens.insert(name.as_str(), text.bytes()?);
        }
        for (name, token) in &case.tokens {
            let text =
                token.token.as_ref().ok_or_else(|| format!("token {name} is not made: run `vectors fmt`"))?;
            tokens.insert(name.as_str(), text.bytes()?);
        }
        let clock = TestClock::at(UnixTime::from_millis(START * 1000));
        let network = Network::new();
        Ok(Run {
            runner,
            tokens,
            clock,
            network,
            guard: None,
            files: None,
            pending: false,
            failures: Vec::new(),
        })
    }

    fn step(&mut self, step: &Step) -> Result<Json, String> {
        let Step {
            at,
            advance,
            load,
            reload,
            network,
            fetch,
            ready,
            status,
            keys,
            verify,
            require,
            explain,
            counters,
            key_set,
            jws_verify,
            expect: _,
        } = step;
        let there = [
            at.is_some(),
            advance.is_some(),
            load.is_some(),
            reload.is_some(),
            network.is_some(),
            fetch.is_some(),
            ready.is_some(),
            status.is_some(),
            keys.is_some(),
            verify.is_some(),
            require.is_some(),
            explain.is_some(),
            counters.is_some(),
            key_set.is_some(),
            jws_verify.is_some(),
        ];
        if there.iter().filter(|is_there| **is_there).count() != 1 {
            return Err("a step does one thing".into());
        }
        if let Some(seconds) = at {
            self.clock.set(UnixTime::from_millis(seconds * 1000));
        }
        if let Some(seconds) = advance {
            self.clock.advance_seconds(*seconds);
        }
        if let Some(answer) = network {
            let (description, body) = self.runner.corpus.reply(answer)?;
            self.answer(answer, &description.to_string(), &body)?;
        }
        match (fetch, ready, status) {
            (Some(_), _, _) => return self.fetch(),
            (_, Some(_), _) => return self.ready(),
            (_, _, Some(_)) => return outcome::status(&self.guard()?.status()),
            _ => {}
        }
        match (load, reload, keys) {
            (Some(load), _, _) => return self.load(load),
            (_, Some(load), _) => return self.reload(load),
            (_, _, Some(keys)) => return self.keys(keys),
            _ => {}
        }
        if let Some(require) = require {
            return self.require(require);
        }
        match (verify, explain, counters) {
            (Some(verify), _, _) => return self.verify(verify),
            (_, Some(explain), _) => return self.explain(explain),
            (_, _, Some(_)) => return Ok(outcome::counters(self.guard()?.cache_counters())),
            _ => {}
        }
        match (key_set, jws_verify) {
            (Some(keys), _) => Ok(outcome::key_set(&self.key_set(keys)?)),
            (_, Some(verify)) => self.jws_verify(verify),
            _ => Ok(Json::Null),
        }
    }

    /// Holds an outcome against what the step expects.
    fn compare(&self, step: &Step, found: &Json) -> Result<(), String> {
        let moves_the_clock = step.at.is_some() || step.advance.is_some() || step.network.is_some();
        let expected = match &step.expect {
            None if moves_the_clock => return Ok(()),
            None => return Err("the step expects nothing".into()),
            Some(_) if moves_the_clock => return Err("a clock or a network has no outcome".into()),
            Some(expected) => expected,
        };
        let expects_pending = expected == "pending";
        if step.verify.is_some() && self.pending != expects_pending {
            return Err(format!("pending is {}, found {}", self.pending, found.canonical()));
        }
        let expected = match expects_pending {
            true => {
                Json::object([("unavailable", Json::object([("code", Json::string("keys_unavailable"))]))])
            }
            false => Json::from_serde(expected),
        };
        let is_laid_out = [&step.load, &step.reload].into_iter().flatten().any(|load| !load.has_lines());
        let found = if is_laid_out { &outcome::without_lines(found) } else { found };
        match found.lacks(&expected) {
            None => Ok(()),
            Some(difference) => Err(format!("{difference}; found {}", found.canonical())),
        }
    }

    fn load(&mut self, load: &Load) -> Result<Json, String> {
        self.guard = None;
        match self.read(load)? {
            Ok(policy) => {
                self.guard = Some(guard_with_network(policy, &self.clock, &self.network));
                Ok(Json::string("ok"))
            }
            Err(error) => Ok(outcome::problems(&error)),
        }
    }

    fn read(&mut self, load: &Load) -> Result<Result<Policy, PolicyError>, String> {
        let policies = self.runner.corpus.policies();
        self.files = load.files_for_later(&policies)?;
        let later = self.files.as_ref().map_or(Path::new(""), |files| &files.0);
        load.read(&policies, later, self.runner.provider)
    }

    fn reload(&mut self, load: &Load) -> Result<Json, String> {
        match self.read(load)? {
            Ok(policy) => {
                self.guard()?.replace(policy);
                Ok(Json::string("ok"))
            }
            Err(error) => Ok(outcome::problems(&error)),
        }
    }

    fn answer(&self, answer: &Answer, description: &str, body: &[u8]) -> Result<(), String> {
        let reply = Reply::from_description(description, body);
        let reply = reply.map_err(|_| format!("nothing answers like that: {description}"))?;
        self.network.answer(&answer.url, reply);
        Ok(())
    }

    fn fetch(&self) -> Result<Json, String> {
        fetch_due(self.guard()?);
        Ok(Json::Array(self.network.requests().iter().map(Json::string).collect()))
    }

    fn ready(&self) -> Result<Json, String> {
        Ok(match self.guard()?.ready(Duration::ZERO) {
            Ok(()) => Json::string("ok"),
            Err(error) => outcome::verification(&Err(error)),
        })
    }

    fn keys(&mut self, keys: &HandIn) -> Result<Json, String> {
        let jwks = keys.jwks.as_ref().map(|jwks| self.runner.corpus.jwks(jwks)).transpose()?;
        Ok(match answer_keys(self.guard()?, &keys.issuer, jwks.as_deref()) {
            Ok(()) => Json::string("ok"),
            Err(error) => Json::object([("error", outcome::code(error))]),
        })
    }

    fn verify(&mut self, verify: &Verify) -> Result<Json, String> {
        let token = self.token(&verify.token)?;
        let guard = self.guard()?;
        let given = match verify.now.map(UnixTime::from_seconds) {
            None => None,
            Some(Ok(time)) => Some(time),
            Some(Err(code)) => return Ok(Json::object([("error", outcome::code(code))])),
        };
        let before = guard.cache_counters();
        let explain = || match given {
            None => guard.explain(token).map(|report| report.verdict).map_err(|error| error.to_string()),
            Some(time) => Ok(guard.explain_at(token, time).verdict),
        };
        let mut verdict = explain()?;
        let mut failures = Vec::new();
        if guard.cache_counters() != before {
            failures.push("explain moved the counters (EXP-02)".to_owned());
        }
        let (waited, attempts) = (times_pending(guard), attempts(guard));
        let result = match given {
            None => guard.try_verify(token),
            Some(time) => guard.try_verify_at(token, time),
        };
        let pending = matches!(&result, Err(Error::Unavailable(_))) && times_pending(guard) > waited;
        if self::attempts(guard) > attempts {
            verdict = explain()?; // the call fetched keys, which an explanation never does
        }
        failures.extend(disagreement(&verdict, &result, pending));
        failures.extend(loose_talk(token, &result));
        self.pending = pending;
        self.failures.extend(failures);
        Ok(outcome::verification(&result))
    }

    fn require(&self, asked: &Require) -> Result<Json, String> {
        let result = self.guard()?.try_verify(self.token(&asked.token)?);
        let Ok(identity) = &result else { return Ok(outcome::verification(&result)) };
        let result = Requirements::new(&asked.scopes, &asked.acr, asked.max_age)
            .map_err(Error::Misuse)
            .and_then(|requirements| require(identity, &requirements, Some(self.clock.now())));
        Ok(match result {
            Ok(()) => Json::string("ok"),
            Err(error) => outcome::verification(&Err(error)),
        })
    }

    fn explain(&mut self, explain: &Explain) -> Result<Json, String> {
        let report = self.guard()?.explain(self.token(&explain.token)?).map_err(|error| error.to_string())?;
        let report = outcome::report(&report)?;
        let text = report.canonical();
        let missing = explain.shows.iter().filter(|shown| !text.contains(shown.as_str()));
        self.failures.extend(missing.map(|shown| format!("the report does not show {shown:?}: {text}")));
        let told = explain.hides.iter().filter(|hidden| text.contains(hidden.as_str()));
        self.failures.extend(told.map(|hidden| format!("the report shows {hidden:?}: {text}")));
        Ok(report)
    }

    fn jws_verify(&mut self, verify: &JwsVerify) -> Result<Json, String> {
        let keys = match self.key_set(&verify.keys)? {
            Ok(keys) => keys,
            Err(error) => return Ok(Json::object([("error", outcome::code(error))])),
        };
        Ok(match jws::verify(self.token(&verify.token)?, &keys, algorithms(&verify.keys.algorithms)?) {
            Err(rejection) => Json::object([("rejected", outcome::rejection(&rejection))]),
            Ok(signed) => Json::object([
                ("algorithm", Json::string(signed.algorithm().name())),
                ("kid", Json::optional(signed.kid())),
                (
                    "payload",
                    match std::str::from_utf8(signed.payload()) {
                        Ok(text) => Json::string(text),
                        Err(_) => Json::object([("hex", Json::string(to_hex(signed.payload())))]),
                    },
                ),
            ]),
        })
    }

    fn key_set(&self, keys: &Keys) -> Result<Result<KeySet, Code>, String> {
        let options = KeySetOptions {
            algorithms: algorithms(&keys.algorithms)?,
            provider: self.runner.provider,
            origin: if keys.fetched { Origin::Fetched } else { Origin::Static },
        };
        match (&keys.jwks, &keys.jwk, &keys.pem, &keys.secret) {
            (Some(jwks), None, None, None) => {
                Ok(KeySet::from_jwks(&self.runner.corpus.jwks(jwks)?, &options))
            }
            (None, Some(jwk), None, None) => Ok(KeySet::from_jwk(jwk.to_string().as_bytes(), &options)),
            (None, None, Some(pem), None) => Ok(KeySet::from_pem(&pem.bytes()?, &options)),
            (None, None, None, Some(secret)) => Ok(KeySet::from_secret(&secret.bytes()?, &options)),
            _ => Err("keys come from one source".into()),
        }
    }

    fn guard(&self) -> Result<&Guard, String> {
        self.guard.as_ref().ok_or_else(|| "no policy is loaded".into())
    }

    fn token(&self, name: &str) -> Result<&[u8], String> {
        self.tokens.get(name).map(Vec::as_slice).ok_or_else(|| format!("no token {name}"))
    }

    /// The first step that needs an algorithm is refused.
    fn refused(&mut self, steps: &[Step]) -> Outcome {
        let first = steps
            .iter()
            .find(|step| step.load.is_some() || step.key_set.is_some() || step.jws_verify.is_some());
        let result =
            first.ok_or_else(|| "no step loads anything".to_owned()).and_then(|step| self.step(step));
        let (steps, failures) = match result {
            Ok(result) if result.canonical().contains(Code::ConfigAlgUnsupported.slug()) => {
                (vec![result], vec![])
            }
            Ok(result) => (vec![], vec![format!("not refused as unsupported: {}", result.canonical())]),
            Err(error) => (vec![], vec![error]),
        };
        Outcome { steps, failures }
    }
}

fn algorithms(names: &[String]) -> Result<AlgorithmSet, String> {
    let known =
        names.iter().map(|name| Algorithm::from_name(name).ok_or_else(|| format!("no algorithm {name}")));
    known.collect()
}

/// How often a decision had to wait for keys. Another verification would move the counters.
fn times_pending(guard: &Guard) -> u64 {
    guard.status().issuers.iter().map(|issuer| issuer.decisions.pending).sum()
}

/// How often keys were to be fetched.
fn attempts(guard: &Guard) -> u64 {
    let issuers = guard.status().issuers;
    issuers.iter().filter_map(|issuer| issuer.fetch.as_ref()).map(|fetch| fetch.counts.attempts).sum()
}

/// Do explain and verify say the same (EXP-01)?
fn disagreement(verdict: &Verdict, result: &Result<Identity, Error>, pending: bool) -> Option<String> {
    let agree = match (verdict, result) {
        (Verdict::Verified(explained), Ok(identity)) => explained == identity,
        (Verdict::Rejected(explained), Err(Error::TokenRejected(rejection))) => {
            explained.code() == rejection.code()
                && explained.rule() == rejection.rule()
                && explained.subject() == rejection.subject()
                && explained.www_authenticate() == rejection.www_authenticate()
        }
        (Verdict::Rejected(explained), Err(Error::Unavailable(outage))) => {
            explained.code() == outage.code() && !pending
        }
        (Verdict::Pending, Err(Error::Unavailable(_))) => pending,
        _ => false,
    };
    (!agree).then(|| format!("explain says {verdict:?} (EXP-01)"))
}

/// What an error or identity shows must hold nothing of the token (ORD-04).
fn loose_talk(token: &[u8], result: &Result<Identity, Error>) -> Option<String> {
    const TELLING: usize = 12;
    let shown = match result {
        Ok(identity) => format!("{identity:?}"),
        Err(Error::TokenRejected(rejection)) => {
            format!("{rejection} {rejection:?} {:?}", rejection.www_authenticate())
        }
        Err(error) => format!("{error} {error:?}"),
    };
    let text = String::from_utf8_lossy(token);
    let segments = text.split('.').filter(|segment| segment.len() >= TELLING);
    let mut told = segments.filter(|segment| shown.contains(*segment));
    if told.next().is_some() {
        return Some("what is shown holds a segment of the token (ORD-04)".into());
    }
    let identity = result.as_ref().ok()?;
    let subject = identity.subject().filter(|subject| subject.len() >= TELLING)?;
    shown.contains(subject).then(|| "what is shown holds the subject (ORD-04)".into())
}
