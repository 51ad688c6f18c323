//! What metadata says, and whether it is believed.

use counterseal::core::json::{Bounds, Document, Value, parse};
use counterseal::core::keys::fetch::Request;
use counterseal::core::keys::url::Url;
use counterseal::{Algorithm, Code};
use serde_json::json;

use super::report::Outcome;
use super::{Diagnosis, json_fault};
use crate::key_place::{told_url, without_query};
use crate::text::{clipped, quoted};

/// Characters of a value that are shown.
const LONGEST: usize = 200;

impl Diagnosis {
    /// The request for the keys that it names, also where a guard would not go on.
    pub(super) fn read_metadata(&mut self, body: Vec<u8>) -> Option<Request> {
        let document = match parse(body.clone(), Bounds::OPERATOR) {
            Ok(document) => document,
            Err(fault) => {
                let step = self.report.add("json", Outcome::Bad, json_fault(fault)).of(Code::JwksFetchFailed);
                step.help("Metadata is one JSON object without duplicate members: is it the right document?");
                return None;
            }
        };
        self.report.add("json", Outcome::Good, "strict JSON");
        let issuer = self.compare_issuer(&document)?;
        let request = match self.place.fetching.read_metadata(body, &issuer) {
            Ok(request) => request,
            Err(fault) => {
                let help = "Have the issuer publish `jwks_uri` as a plain https URL, or name it yourself as jwks_uri.";
                self.report.stop("jwks_uri", &fault).help(help);
                return None;
            }
        };
        self.report
            .add("jwks_uri", Outcome::Good, told_url(&request.url))
            .facts(json!({ "jwks_uri": told_url(&request.url), "named": request.is_named }));
        self.compare_algorithms(&document);
        Some(request)
    }

    /// Is it of the issuer, byte for byte (MTA-02)? Gives what the document says.
    fn compare_issuer(&mut self, document: &Document) -> Option<String> {
        let Some(found) = document.root().get("issuer").and_then(Value::as_str) else {
            let step = self.report.add("issuer", Outcome::Bad, "the metadata names no issuer");
            step.of(Code::MetadataIssuerMismatch)
                .help("Is it the right document? Metadata names its issuer.");
            return None;
        };
        let shown = clipped(found, LONGEST);
        let Some(expected) = &self.place.issuer else {
            let step = self.report.add("issuer", Outcome::Noted, shown);
            step.line("a guard compares it with `issuer` in the policy, byte for byte");
            return Some(found.to_owned());
        };
        let facts = json!({ "expected": expected, "found": shown });
        if expected == found {
            self.report.add("issuer", Outcome::Good, format!("{shown}, as it should be")).facts(facts);
            return Some(found.to_owned());
        }
        let lines = vec![
            "the metadata names another issuer".to_owned(),
            format!("it should be {}", quoted(&without_query(expected))),
            format!("and it is    {}", quoted(&shown)),
            difference(expected, found),
        ];
        let step = self.report.add("issuer", Outcome::Bad, lines).of(Code::MetadataIssuerMismatch);
        let help = if Url::parse(found).is_ok() {
            "If tokens bear the issuer of the metadata, write exactly that as `issuer` in the policy. If they do not, the \
             metadata is of somebody else."
        } else {
            "The issuer of this metadata is no URL: it may be a template. Name the one that tokens bear, and the keys by jwks_uri."
        };
        step.help(help).facts(facts);
        Some(found.to_owned())
    }

    /// What the issuer signs ID tokens with, against what the policy lists.
    fn compare_algorithms(&mut self, document: &Document) {
        let name = "id_token_signing_alg_values_supported";
        let Some(listed) = document.root().get(name).and_then(Value::as_array) else { return };
        let named: Vec<String> =
            listed.filter_map(Value::as_str).map(|one| clipped(one, 20)).take(30).collect();
        let found = format!("ID tokens by {}", named.join(", "));
        let facts = json!({ name: named });
        let Some(entry) = &self.place.entry else {
            self.report.add("algorithms", Outcome::Noted, found).facts(facts);
            return;
        };
        let is_common = named
            .iter()
            .any(|name| Algorithm::from_name(name).is_some_and(|one| entry.algorithms.contains(one)));
        let policy: Vec<&str> = entry.algorithms.iter().map(Algorithm::name).collect();
        let own = format!("the policy lists {}", policy.join(", "));
        match (is_common, entry.profile.is_id_token()) {
            (true, _) => {
                self.report.add("algorithms", Outcome::Good, format!("{found}; {own}")).facts(facts);
            }
            (false, true) => {
                let step = self.report.add("algorithms", Outcome::Warning, format!("{found}; {own}"));
                let help = "No ID token of this issuer is signed with an algorithm of the policy: correct `algorithms`.";
                step.help(help).facts(facts);
            }
            (false, false) => {
                let step = self.report.add("algorithms", Outcome::Noted, format!("{found}; {own}"));
                step.line("that says nothing of access tokens").facts(facts);
            }
        }
    }
}

/// The first place at which two texts are not the same.
fn difference(expected: &str, found: &str) -> String {
    let same = expected.chars().zip(found.chars()).take_while(|(one, other)| one == other).count();
    let at = |text: &str| text.chars().nth(same).map(|one| quoted(&one.to_string()));
    match (at(expected), at(found)) {
        (None, Some(more)) => format!("after character {same} it should end, and {more} follows"),
        (Some(missing), None) => format!("it ends after character {same}, where {missing} should follow"),
        (Some(one), Some(other)) => format!("character {} is {other} and should be {one}", same + 1),
        (None, None) => "they are the same".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_told() {
        for (expected, found, told) in [
            ("https://a", "https://a/", "after character 9 it should end, and \"/\" follows"),
            ("https://a/", "https://a", "it ends after character 9, where \"/\" should follow"),
            ("https://a", "http://a", "character 5 is \":\" and should be \"s\""),
            ("é", "e\u{301}", "character 1 is \"e\" and should be \"é\""),
            ("a", "\u{430}", "character 1 is \"\u{430}\" and should be \"a\""),
        ] {
            assert_eq!(difference(expected, found), told);
        }
    }
}
