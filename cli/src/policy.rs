//! `policy check` and `policy schema`: what a policy holds, or every mistake in it, and what it may hold.

use std::fmt::Write;

use counterseal::core::policy::{Issuer, Notice};
use counterseal::{Algorithm, KeySet, Policy};
use serde::Serialize;

use crate::answer::{Answer, Failure};
use crate::arguments::{CheckPolicy, PolicyFile};
use crate::dates::span;
use crate::layout::{paragraph, row, row_if, row_of};
use crate::status::Status;
use crate::terminal::{FAINT, GOOD, STRONG, WARNED};
use crate::text::{shown, word};

pub(crate) fn run(arguments: &CheckPolicy, json: bool) -> Result<Answer, Failure> {
    if arguments.expanded {
        return expanded(&arguments.policy, json);
    }
    let policy = load(&arguments.policy)?;
    let holding = Holding::of(&policy);
    Ok(if json { Answer::json(Status::Good, &holding) } else { Answer::text(Status::Good, holding.told()) })
}

/// The JSON Schema of policy files, the same with and without `--json`.
pub(crate) fn schema() -> Answer {
    Answer::text(Status::Good, counterseal::json_schema())
}

/// `--expanded`: the policy as TOML, in which what cannot be seen is an escape.
fn expanded(file: &PolicyFile, json: bool) -> Result<Answer, Failure> {
    let toml = Policy::expand(&file.path, file.service.as_deref())
        .map_err(|error| Failure::Policy("--policy", file.path.clone(), error))?;
    if json {
        return Ok(Answer::json(Status::Good, &Expanded { verdict: "ok", expanded: &toml }));
    }
    Ok(Answer::text(Status::Good, toml.lines().map(|line| shown(line) + "\n").collect()))
}

#[derive(Serialize)]
struct Expanded<'a> {
    verdict: &'static str,
    expanded: &'a str,
}

/// The policy of the command line.
pub(crate) fn load(file: &PolicyFile) -> Result<Policy, Failure> {
    load_as("--policy", file)
}

/// The policy that `option` of the command line names.
pub(crate) fn load_as(option: &'static str, file: &PolicyFile) -> Result<Policy, Failure> {
    Policy::load(&file.path, file.service.as_deref())
        .map_err(|error| Failure::Policy(option, file.path.clone(), error))
}

/// What a sound policy holds. Never a secret.
#[derive(Serialize)]
struct Holding<'a> {
    verdict: &'static str,
    issuers: Vec<Entry<'a>>,
    denied: Denied<'a>,
    notices: Vec<Note<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    issuer: &'a str,
    aliases: Vec<&'a str>,
    profile: &'static str,
    preset: Option<&'static str>,
    /// Do refusals count?
    enforced: bool,
    audience: Vec<&'a str>,
    algorithms: Vec<&'static str>,
    types: Vec<&'a str>,
    max_lifetime: i64,
    required_scopes: Vec<&'a str>,
    required_claims: Vec<&'a str>,
    rules: Vec<&'a str>,
    dangerous: Vec<&'static str>,
    /// `null` where the keys do not come with the policy.
    keys: Option<Vec<Key<'a>>>,
}

/// What is refused at once.
#[derive(Serialize)]
struct Denied<'a> {
    kids: Vec<&'a str>,
    issuers: Vec<&'a str>,
    file: Option<&'a str>,
    names_in_file: usize,
}

#[derive(Serialize)]
struct Key<'a> {
    kid: Option<&'a str>,
    #[serde(rename = "type")]
    kind: String,
    alg: Option<&'static str>,
    /// Is its algorithm listed for the issuer?
    usable: bool,
    thumbprint: Option<String>,
}

#[derive(Serialize)]
struct Note<'a> {
    path: &'a str,
    message: &'a str,
}

impl<'a> Holding<'a> {
    fn of(policy: &'a Policy) -> Holding<'a> {
        let core = policy.core();
        Holding {
            verdict: "ok",
            issuers: core.issuers().map(|issuer| Entry::of(issuer, core.key_set(issuer))).collect(),
            denied: Denied::of(core),
            notices: core.notices().iter().map(Note::of).collect(),
        }
    }

    fn told(&self) -> String {
        let count = match self.issuers.len() {
            1 => "1 issuer entry".to_owned(),
            count => format!("{count} issuer entries"),
        };
        let mut out = format!("{GOOD}✓ the policy is sound{GOOD:#}  {FAINT}{count}{FAINT:#}\n");
        for entry in &self.issuers {
            entry.tell(&mut out);
        }
        self.denied.tell(&mut out);
        if !self.notices.is_empty() {
            let _ = writeln!(out, "\n{WARNED}Worth knowing{WARNED:#}");
            for notice in &self.notices {
                let _ = writeln!(out, "  {WARNED}!{WARNED:#} {}", shown(notice.path));
                paragraph(&mut out, 4, &shown(notice.message));
            }
        }
        out
    }
}

impl<'a> Entry<'a> {
    fn of(issuer: &'a Issuer, keys: Option<&'a KeySet>) -> Entry<'a> {
        Entry {
            name: issuer.name(),
            issuer: issuer.issuer(),
            aliases: issuer.aliases().collect(),
            profile: issuer.profile().name(),
            preset: issuer.preset(),
            enforced: issuer.is_enforced(),
            audience: issuer.audience().collect(),
            algorithms: issuer.algorithms().iter().map(Algorithm::name).collect(),
            types: issuer.types().collect(),
            max_lifetime: issuer.max_lifetime(),
            required_scopes: issuer.required_scopes().collect(),
            required_claims: issuer.required_claims().collect(),
            rules: issuer.ruled_claims().collect(),
            dangerous: issuer.dangerous().collect(),
            keys: keys.map(|set| set.keys().map(Key::of).collect()),
        }
    }

    fn tell(&self, out: &mut String) {
        let words = |list: &[&str]| list.iter().map(|one| word(one)).collect::<Vec<_>>().into_iter();
        let _ = writeln!(out, "\n{STRONG}{}{STRONG:#}", word(self.name));
        row_if(out, "issuer", Some(word(self.issuer)).filter(|_| self.issuer != self.name));
        row_of(out, "aliases", words(&self.aliases));
        row(out, "profile", self.profile);
        row_if(out, "preset", self.preset);
        if !self.enforced {
            row(out, "enforced", "NO: refusals are reported, and another library decides");
        }
        row_of(out, "audience", words(&self.audience));
        row_of(out, "algorithms", words(&self.algorithms));
        row_of(out, "types", words(&self.types));
        row(out, "lifetime", format!("{} at most", span(self.max_lifetime.unsigned_abs())));
        row_of(out, "need scopes", words(&self.required_scopes));
        row_of(out, "need claims", words(&self.required_claims));
        row_of(out, "rules about", words(&self.rules));
        row_of(out, "DANGEROUS", words(&self.dangerous));
        let Some(keys) = &self.keys else { return };
        const LISTED: usize = 20;
        for (at, key) in keys.iter().take(LISTED).enumerate() {
            row(out, if at == 0 { "keys" } else { "" }, key.told());
        }
        if keys.len() > LISTED {
            row(out, "", format!("and {} more", keys.len() - LISTED));
        }
    }
}

impl<'a> Denied<'a> {
    fn of(policy: &'a counterseal::core::policy::Policy) -> Denied<'a> {
        let sorted = |names: &mut dyn Iterator<Item = &'a str>| {
            let mut names: Vec<&str> = names.collect();
            names.sort_unstable();
            names
        };
        let list = policy.denied();
        Denied {
            kids: sorted(&mut list.kids()),
            issuers: sorted(&mut list.issuers()),
            file: policy.deny_file(),
            names_in_file: policy.denied_by_file(),
        }
    }

    fn tell(&self, out: &mut String) {
        if self.kids.is_empty() && self.issuers.is_empty() && self.file.is_none() {
            return;
        }
        let _ = writeln!(out, "\n{STRONG}Denied{STRONG:#}");
        row_of(out, "keys", self.kids.iter().map(|kid| word(kid)));
        row_of(out, "issuers", self.issuers.iter().map(|issuer| word(issuer)));
        let count = match self.names_in_file {
            1 => "1 name".to_owned(),
            count => format!("{count} names"),
        };
        row_if(out, "file", self.file.map(|file| format!("{} ({count})", word(file))));
    }
}

impl<'a> Key<'a> {
    fn of(key: &'a counterseal::core::keyset::Key) -> Key<'a> {
        Key {
            kid: key.kid(),
            kind: key.describe().to_string(),
            alg: key.algorithm().map(Algorithm::name),
            usable: key.is_usable(),
            thumbprint: key.thumbprint(),
        }
    }

    fn told(&self) -> String {
        let kid = self.kid.map_or_else(|| "without kid".to_owned(), word);
        let alg = self.alg.map(|alg| format!(", {alg}")).unwrap_or_default();
        let unused = if self.usable { "" } else { ", not used: its algorithm is not listed" };
        format!("{kid}: {}{alg}{unused}", self.kind)
    }
}

impl Note<'_> {
    fn of(notice: &Notice) -> Note<'_> {
        Note { path: &notice.path, message: &notice.message }
    }
}
