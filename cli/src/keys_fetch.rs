//! `keys fetch`: the keys of an issuer as a guard gets them.

use std::fmt::Write;

use counterseal::core::json::{Bounds, Value, parse};
use counterseal::core::keys::fetch::Document;
use counterseal::diagnose::Steps;
use counterseal::{Code, KeySet};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::answer::{Answer, Failure};
use crate::arguments::FetchKeys;
use crate::dates::span;
use crate::key_place::{Place, told_url};
use crate::keys::{Listing, elements};
use crate::layout::{row, row_if};
use crate::output_file::output_file;
use crate::text::{shown, word};

pub(crate) fn run(arguments: &FetchKeys, json: bool) -> Result<Answer, Failure> {
    let to_output = arguments.output.as_deref().is_some_and(|path| path.as_os_str() == "-");
    if to_output && json {
        return Err(Failure::Usage("--json and --output - both want the standard output".to_owned()));
    }
    let place = Place::find(&arguments.place)?.map_err(|refused| {
        Failure::Usage(format!("keys cannot be fetched from there: {}", refused.message))
    })?;
    let steps = Steps::new();
    let (mut request, mut metadata, mut issuer) = (place.fetching.first(), None, place.issuer.clone());
    if request.document == Document::Metadata {
        let document = steps.get(&request).outcome.map_err(Failure::Fetch)?.body;
        issuer = Some(place.issuer_for(&document));
        metadata = Some(told_url(&request.url));
        request = place.follow(&document).map_err(Failure::Fetch)?;
    }
    let response = steps.get(&request).outcome.map_err(Failure::Fetch)?;
    let lifetime = place.fetching.lifetime(&response);
    let set = KeySet::from_jwks(&response.body, &place.key_set_options(&response.body))
        .map_err(|code| Failure::Keys(code, code.message().to_owned()))?;
    let document = parse(response.body, Bounds::OPERATOR)
        .map_err(|_| Failure::Keys(Code::JwksInvalid, Code::JwksInvalid.message().to_owned()))?;
    let written = elements(&document);
    let public = public(&written, &set);
    let jwks = format!("{{\"keys\":[\n{}\n]}}\n", public.join(",\n"));
    let fetched = Fetched {
        issuer,
        metadata,
        jwks_uri: told_url(&request.url),
        fresh_for: lifetime.fresh / 1000,
        listing: Listing::of("jwk_set", &written, &set),
        jwks: RawValue::from_string(format!("{{\"keys\":[{}]}}", public.join(",")))
            .map_err(|_| Failure::Internal)?,
    };
    let status = fetched.listing.status();
    match &arguments.output {
        _ if set.keys().len() == 0 => {}
        Some(_) if to_output => {
            let answer = Answer::text(status, String::new()).with_notes(fetched.told(None));
            return Ok(Answer { payload: jwks.into_bytes(), ..answer });
        }
        Some(path) => output_file("--output", path, jwks.as_bytes())?,
        None => {}
    }
    if json {
        return Ok(Answer::json(status, &fetched));
    }
    let is_written = arguments.output.is_some() && set.keys().len() > 0;
    let written = is_written.then_some("the public keys, for keys = { jwks_file = … }");
    Ok(Answer::text(status, fetched.told(written)))
}

/// The keys that are sound, each as it came: none of them has a private member.
fn public(written: &[Value<'_>], set: &KeySet) -> Vec<String> {
    set.keys().filter_map(|key| written.get(key.index())).map(|key| key.to_json()).collect()
}

#[derive(Serialize)]
struct Fetched<'a> {
    issuer: Option<String>,
    metadata: Option<String>,
    jwks_uri: String,
    /// Seconds.
    fresh_for: i64,
    #[serde(flatten)]
    listing: Listing<'a>,
    jwks: Box<RawValue>,
}

impl Fetched<'_> {
    fn told(&self, written: Option<&str>) -> String {
        let mut out = String::new();
        row_if(&mut out, "issuer", self.issuer.as_deref().map(word));
        row_if(&mut out, "metadata", self.metadata.as_deref().map(shown));
        row(&mut out, "keys", shown(&self.jwks_uri));
        row(&mut out, "fresh for", span(self.fresh_for.unsigned_abs()));
        row_if(&mut out, "written", written);
        let _ = write!(out, "\n{}", self.listing.told());
        out
    }
}
