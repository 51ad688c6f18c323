//! The keys of a set, each with what becomes of it, and for how long they are good.

use counterseal::core::json::{Bounds, parse};
use counterseal::core::keys::fetch::Response;
use counterseal::core::keyset::{Key, KeySetOptions, Origin, SkippedKey};
use counterseal::{Algorithm, Code, KeySet, UnixTime};
use serde_json::json;

use super::report::Outcome;
use super::{Diagnosis, json_fault};
use crate::dates::span;
use crate::keys::elements;
use crate::text::word;

impl Diagnosis {
    pub(super) fn read_keys(&mut self, response: &Response) {
        self.tell_lifetime(response);
        let options = self.place.key_set_options(&response.body);
        let document = match parse(response.body.clone(), Bounds::OPERATOR) {
            Ok(document) => document,
            Err(fault) => {
                let step = self.report.add("json", Outcome::Bad, json_fault(fault)).of(Code::JwksInvalid);
                step.help("A key set is one JSON object without duplicate members: is it the right URL?");
                return;
            }
        };
        self.report.add("json", Outcome::Good, "strict JSON");
        let written = elements(&document).len();
        let set = match KeySet::from_jwks(&response.body, &options) {
            Ok(set) => set,
            Err(code) => return self.tell_no_set(code, written, &options),
        };
        let is_used = |key: &Key| key.is_usable() || self.place.entry.is_none();
        let used = set.keys().filter(|key| is_used(key)).count();
        let found = format!("{used} of {written} can be used");
        let repeated = written - set.keys().len() - set.skipped().len();
        if used > 0 {
            self.report.keys = used;
            let step = self.report.add("keys", Outcome::Good, found);
            step.facts(json!({ "usable": used, "skipped": set.skipped().len(), "repeated": repeated }));
        } else {
            let step = self.report.add("keys", Outcome::Bad, format!("no key can be used, of {written}"));
            step.of(Code::JwksEmpty).help(
                "Is it the key set of this issuer, and does `algorithms` list what its keys are for? Below stands why each is \
                 left out.",
            );
        }
        let mut told: Vec<(usize, Fate<'_>)> = set.keys().map(|key| (key.index(), Fate::Kept(key))).collect();
        told.extend(set.skipped().iter().map(|key| (key.index, Fate::Skipped(key))));
        told.sort_by_key(|(index, _)| *index);
        for (_, fate) in told {
            match fate {
                Fate::Kept(key) => self.tell_key(key),
                Fate::Skipped(key) => self.tell_skipped(key),
            }
        }
        if repeated > 0 {
            let verb = if repeated == 1 { "is" } else { "are" };
            let found = format!("{repeated} {verb} the same as one before");
            self.report.add("repeated", Outcome::Noted, found);
        }
        self.suggest(&set);
    }

    fn tell_no_set(&mut self, code: Code, written: usize, options: &KeySetOptions) {
        let too_many = match options.origin {
            Origin::FetchedWithin { most_keys, .. } if written > most_keys => {
                Some(format!("{written} keys of at most {most_keys}"))
            }
            _ => None,
        };
        let help = match too_many {
            Some(_) => "If that many keys are meant, raise fetch.max_keys.",
            None => "A key set is an object with a list `keys`: is it the right URL?",
        };
        let found = too_many.unwrap_or_else(|| code.message().to_owned());
        self.report.add("keys", Outcome::Bad, found).of(code).help(help);
    }

    /// `Cache-Control` and `Age`, and what they come to (JKS-05).
    fn tell_lifetime(&mut self, response: &Response) {
        let lifetime = self.place.fetching.lifetime(response);
        let seconds = |millis: i64| span((millis / 1000).unsigned_abs());
        let mut said = match (&response.cache_control, response.age) {
            (None, _) => "no Cache-Control".to_owned(),
            (Some(directives), None) => format!("Cache-Control: {directives}"),
            (Some(directives), Some(age)) => format!("Cache-Control: {directives}, Age: {age}"),
        };
        if let Some(expires) = &self.expires {
            said.push_str(&format!("; Expires: {expires}, which is not looked at"));
        }
        let why = match lifetime.said {
            None => " (fetch.ttl)",
            Some(said) if said < lifetime.fresh => " (fetch.ttl_min)",
            Some(said) if said > lifetime.fresh => " (fetch.ttl_max)",
            Some(_) => "",
        };
        let (first, last) = lifetime.refresh;
        let at = |millis: i64| UnixTime::from_millis(self.now.as_millis().saturating_add(millis));
        let facts = json!({
            "cache_control": response.cache_control, "age": response.age, "expires": self.expires,
            "fresh_for": lifetime.fresh / 1000, "stale_for": lifetime.stale / 1000,
            "refresh_after": [first / 1000, last / 1000],
        });
        let step = self.report.add("caching", Outcome::Good, said);
        step.line(format!(
            "fresh for {}{why}, and used for {} more where they cannot be fetched again",
            seconds(lifetime.fresh),
            seconds(lifetime.stale)
        ));
        step.line(format!("fetched again between {} and {}", at(first), at(last))).facts(facts);
    }

    fn tell_key(&mut self, key: &Key) {
        let alg = key.algorithm().map_or("no algorithm", Algorithm::name);
        let mut found = format!("{}: {}, {alg}", kid(key.kid()), key.describe());
        let is_used = key.is_usable() || self.place.entry.is_none();
        if !is_used {
            found.push_str(", not used: the policy does not list its algorithm");
        }
        let outcome = if is_used { Outcome::Good } else { Outcome::Noted };
        let facts = json!({
            "kid": key.kid(), "kty": key.describe().kty(), "alg": key.algorithm().map(Algorithm::name), "usable": is_used,
            "thumbprint": key.thumbprint(),
        });
        self.report.add(&format!("key {}", key.index()), outcome, found).facts(facts);
    }

    fn tell_skipped(&mut self, key: &SkippedKey) {
        let found = format!("{}: not used, {}", kid(key.kid.as_deref()), key.reason.message());
        let (outcome, help) = match key.reason {
            Code::JwksPrivateKey => (
                Outcome::Bad,
                Some(
                    "Whoever has seen the private key can sign tokens of this issuer. Have it taken down and replaced, and put \
                     its kid into deny_kid now.",
                ),
            ),
            Code::JwksSymmetricKey => (
                Outcome::Bad,
                Some("A shared secret is published: have it taken down and replaced wherever it is used."),
            ),
            // Such keys are for others.
            Code::KeyUse | Code::JwkSkipped => (Outcome::Noted, None),
            Code::KidDuplicate => (Outcome::Warning, Some("Have the issuer give each key a kid of its own.")),
            _ => {
                (Outcome::Warning, Some("Have the issuer correct or take out the keys that cannot be used."))
            }
        };
        let step = self.report.add(&format!("key {}", key.index), outcome, found).of(key.reason);
        step.facts(json!({ "kid": key.kid, "usable": false }));
        if let Some(help) = help {
            step.help(help);
        }
    }

    /// Without a policy: what one would list.
    fn suggest(&mut self, set: &KeySet) {
        if self.place.entry.is_some() || set.keys().len() == 0 {
            return;
        }
        let mut names: Vec<&str> = set.keys().filter_map(Key::algorithm).map(Algorithm::name).collect();
        names.sort_unstable();
        names.dedup();
        let names: Vec<String> = names.into_iter().map(|name| format!("\"{name}\"")).collect();
        let found = format!("a policy for these keys: algorithms = [{}]", names.join(", "));
        self.report.add("algorithms", Outcome::Noted, found);
    }
}

enum Fate<'s> {
    Kept(&'s Key),
    Skipped(&'s SkippedKey),
}

fn kid(kid: Option<&str>) -> String {
    kid.map_or_else(|| "without kid".to_owned(), word)
}
