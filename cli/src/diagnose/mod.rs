//! `keys diagnose`: every step from a URL to keys that a guard uses, what was found there, and what to do.
//!
//! The steps are the guard's own (`counterseal::diagnose`). One that is bad ends what depends on it; what does not
//! depend on it is still looked at.

mod certificate;
mod keys;
mod metadata;
mod report;
mod server;

use counterseal::UnixTime;
use counterseal::core::json;
use counterseal::core::keys::fetch::{Document, Request};
use counterseal::core::time::RELEASED;
use counterseal::diagnose::Steps;
use counterseal::{Code, core::keys::fetch::Response};

use crate::answer::{Answer, Failure};
use crate::arguments::KeyPlace;
use crate::dates;
use crate::key_place::{Place, told_url};
use report::{Outcome, Report};

pub(crate) fn run(arguments: &KeyPlace, json: bool) -> Result<Answer, Failure> {
    let mut report = Report::default();
    let place = match Place::find(arguments)? {
        Ok(place) => place,
        Err(refused) => {
            let step = report.add("url", Outcome::Bad, refused.message).of(refused.code);
            step.help(
                "An issuer, metadata and keys are named by a plain https URL: no user, no fragment, and an issuer \
                 without a query. http is for this machine, or for a mesh where the policy says plaintext = \"mesh\".",
            );
            return Ok(report.answer(json));
        }
    };
    let mut diagnosis = Diagnosis {
        place,
        steps: Steps::new(),
        now: dates::now(),
        report,
        is_clock_told: false,
        expires: None,
    };
    diagnosis.run();
    Ok(diagnosis.report.answer(json))
}

struct Diagnosis {
    place: Place,
    steps: Steps,
    now: UnixTime,
    report: Report,
    /// One comparison of clocks is enough.
    is_clock_told: bool,
    /// The header Expires of the last answer.
    expires: Option<String>,
}

impl Diagnosis {
    fn run(&mut self) {
        let mut request = self.place.fetching.first();
        if request.document == Document::Metadata {
            let Some(response) = self.get(&request) else { return };
            let Some(next) = self.read_metadata(response.body) else { return };
            request = next;
        }
        if let Some(response) = self.get(&request) {
            self.read_keys(&response);
        }
    }

    /// Gets a document, step by step.
    fn get(&mut self, request: &Request) -> Option<Response> {
        self.report.turn_to(request.document, told_url(&request.url));
        if self.now < RELEASED && !self.is_clock_told {
            self.is_clock_told = true;
            let found = format!("this machine says that it is {}", self.now);
            let step = self.report.add("clock", Outcome::Bad, found).of(Code::ClockUnsafe);
            step.help("Set this machine's clock: nothing is decided by it, and no certificate is valid.");
        }
        self.look_at_server(request)
    }
}

/// What is wrong with a document as JSON, and where.
fn json_fault(fault: json::Fault) -> String {
    let what = match fault.code {
        // The code is one of tokens, too, and says so.
        Code::JsonInvalid => "not one JSON object",
        code => code.message(),
    };
    format!("{what}, at byte {}", fault.offset)
}
