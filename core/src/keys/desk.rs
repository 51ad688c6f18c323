//! Where the fetching of one source is arranged: what is asked for, what is under way, what came of it.

use std::sync::Arc;

use super::fetch::{FetchFault, Request};
use super::plan::{Counts, Plan};
use super::slots::Flight;
use super::source::RemoteSource;
use super::url::Url;
use crate::keyset::KeySet;
use crate::limits;

/// A fetch to be made now. Hand what comes of it to [`Guard::fetched`](crate::guard::Guard::fetched).
#[derive(Clone, Debug)]
pub struct Order {
    pub(crate) flight: Flight,
    /// The document to fetch.
    pub request: Request,
}

/// What a fetch brought.
pub(crate) struct Come {
    pub(crate) keys: KeySet,
    pub(crate) body: Vec<u8>,
    /// How long it is fresh, in seconds, where the answer says so.
    pub(crate) max_age: Option<i64>,
}

pub(crate) struct Desk {
    pub(crate) source: Arc<RemoteSource>,
    pub(crate) plan: Plan,
    /// Does somebody wait for the next fetch?
    is_asked: bool,
    /// Names of keys that tokens asked for since the last fetch ended. At most [`limits::UNKNOWN_KIDS`].
    asked: Vec<Box<str>>,
    /// The last set, byte for byte.
    body: Option<Box<[u8]>>,
    /// Where the keys of the last fetch were, and whether that was elsewhere than before (MTA-09).
    jwks_uri: Option<Url>,
    pub(crate) moved: u64,
}

impl Desk {
    pub(crate) fn new(source: Arc<RemoteSource>, seed: u64) -> Desk {
        let plan = Plan::new(source.terms, seed);
        Desk { source, plan, is_asked: false, asked: Vec::new(), body: None, jwks_uri: None, moved: 0 }
    }

    /// The same after a fork.
    pub(crate) fn renewed(&self) -> Desk {
        Desk {
            source: Arc::clone(&self.source),
            plan: self.plan.renewed(),
            is_asked: false,
            asked: Vec::new(),
            body: self.body.clone(),
            jwks_uri: self.jwks_uri.clone(),
            moved: self.moved,
        }
    }

    /// A token waits for keys, or for one of that name. A name that does not fit is not answered for by the next
    /// fetch.
    pub(crate) fn ask(&mut self, kid: Option<&str>) {
        self.is_asked = true;
        let Some(kid) = kid else { return };
        self.plan.counts.unknown_kids += 1;
        let is_new = !self.asked.iter().any(|asked| **asked == *kid);
        if is_new && self.asked.len() < limits::UNKNOWN_KIDS && kid.len() <= limits::KID_BYTES {
            self.asked.push(kid.into());
        }
    }

    /// When the next fetch is to begin.
    pub(crate) fn next(&self, now: i64) -> Option<i64> {
        self.plan.next(now, self.is_asked)
    }

    /// Metadata named this URL.
    pub(crate) fn found(&mut self, url: &Url) {
        let is_elsewhere = self.jwks_uri.as_ref().is_some_and(|before| before.host() != url.host());
        self.moved += u64::from(is_elsewhere);
        self.jwks_uri = Some(url.clone());
    }

    /// The fetch brought keys: are they the same as before, and which names are unknown for certain?
    pub(crate) fn succeed(&mut self, now: i64, come: &Come) -> (bool, Vec<Box<str>>) {
        self.plan.succeed(now, come.max_age);
        self.is_asked = false;
        let is_same = self.body.as_deref() == Some(&*come.body);
        if !is_same {
            self.body = Some(come.body.as_slice().into());
        }
        let unknown = std::mem::take(&mut self.asked);
        (is_same, unknown.into_iter().filter(|kid| !come.keys.has_kid(kid)).collect())
    }

    /// The fetch brought nothing: who asked will ask again.
    pub(crate) fn fail(&mut self, now: i64, fault: FetchFault) {
        self.plan.fail(now, fault);
        self.is_asked = false;
        self.asked.clear();
    }

    pub(crate) fn counts(&self) -> Counts {
        self.plan.counts
    }
}
