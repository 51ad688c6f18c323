//! One verification, from the first byte to the identity, in the order of ORD-01.

use super::claims::{check_authorization, check_binding, check_claims, check_kind};
use super::denied::Denied;
use super::rules::{is_of_kind, satisfies_discriminators, subject_kind};
use super::{About, Engine};
use crate::algorithm::{Algorithm, Family};
use crate::cache::Accepted;
use crate::claims::{Claim, Claims, check_case_variants, check_issuer_shape};
use crate::encoding::base64url;
use crate::error::{Code, Rejection};
use crate::identity::Identity;
use crate::json::{Bounds, Document, Value, parse};
use crate::jws::{Header, HeaderUse, SIGNATURE_BYTES, Segments, Typ, read_header, split};
use crate::keys::{Clock, Flight, Snapshot, Waiting};
use crate::keyset::Key;
use crate::mutants::is_off;
use crate::policy::Issuer;
use crate::record::{Recorder, Stage};
use crate::rule::Rule;
use crate::time::Now;

/// A verification gave no identity.
pub(crate) struct Stop {
    pub(crate) why: Why,
    /// Whose token it was, as far as that was known.
    pub(crate) about: About,
}

/// Why a verification gave no identity.
pub(crate) enum Why {
    Rejected(Rejection),
    /// The issuer's keys are on their way.
    Pending(Flight),
}

impl From<Rejection> for Why {
    fn from(rejection: Rejection) -> Why {
        Why::Rejected(rejection)
    }
}

/// The token behind "Bearer ", or the token as it is.
#[inline]
pub(crate) fn without_scheme(token: &[u8]) -> &[u8] {
    match token.split_first_chunk::<7>() {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"bearer ") => {
            let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
            &rest[spaces..]
        }
        _ => token,
    }
}

const JSON_RULES: [Rule; 4] = [Rule::Jsn02, Rule::Jsn03, Rule::Jsn01, Rule::Lim03];

/// Verifies a bare token at `now`. The same function serves `verify` and `explain` (EXP-01).
pub(crate) fn verify<R: Recorder>(
    engine: &Engine,
    token: &[u8],
    now: Now,
    recorder: &mut R,
) -> Result<Accepted, Stop> {
    let mut about = About::Nobody;
    verify_about(engine, token, now, recorder, &mut about).map_err(|why| Stop { why, about })
}

#[inline(always)]
fn verify_about<R: Recorder>(
    engine: &Engine,
    token: &[u8],
    now: Now,
    recorder: &mut R,
    about: &mut About,
) -> Result<Accepted, Why> {
    let policy = &engine.policy;
    let clock = match now {
        Now::Driver(time) => Clock { now: Some(time), may_ask: R::MAY_REMEMBER },
        Now::Given(_) => Clock { now: None, may_ask: false },
    };
    let now = now.time();
    recorder.stage(Stage::Structure);
    let mut known = None;
    let segments = split(
        token,
        policy.token_bytes,
        policy.header_bytes,
        |segment| {
            known = engine.headers.get(segment).filter(|_| R::MAY_REMEMBER);
            known.is_some()
        },
        recorder,
    )?;

    recorder.stage(Stage::Json);
    let parsed = match known {
        Some(_) => None,
        None => Some(read_json(segments.header, recorder)?),
    };
    if let Some(header) = &parsed {
        check_case_variants(header, recorder)?;
    }
    let claims = Claims::new(read_json(segments.payload, recorder)?);
    claims.check_case_variants(recorder)?;
    recorder.stage(Stage::Header);
    let fresh = match &parsed {
        None => None,
        Some(document) => {
            let header = fresh_header(engine, document, claims.document(), recorder);
            let iss = || claims.root().get("iss").and_then(Value::as_str);
            Some(header.inspect_err(|_| *about = engine.about_iss(iss()))?)
        }
    };
    let remembered = known.as_ref().and_then(|known| known.as_ref());
    let Some(header) = fresh.as_ref().or(remembered.map(|known| &known.header)) else {
        return Err(Rejection::new(Rule::Drv01, Code::Internal).into());
    };

    // Which entries of the policy could this token be for? What is read here is not verified yet and
    // only picks preconfigured data (ORD-02).
    recorder.stage(Stage::Issuer);
    let mut entries = Entries::new(engine, &claims, recorder)?;
    let Some(one) = entries.first() else {
        return Err(Rejection::about(Rule::Clm01, Code::IssUntrusted, "iss").into());
    };
    *about = About::Issuer(one);
    let slot = engine.issuer(one).keys;
    // The revision of the keys is read before everything that moves it.
    let snapshot = engine.keys.snapshot(slot);
    let denied = engine.denied();
    let denied = denied.as_ref().map(|denied| &***denied);
    check_denied_issuer(denied, entries.listed, recorder)?;
    entries.admit_key_url(header.key_url.as_deref(), recorder)?;
    entries.admit_type(&header.typ, recorder)?;
    entries.keep(|issuer| issuer.algorithms.contains(header.algorithm) || Rule::Jws03.is_off());
    recorder.check_about(Rule::Jws03, Code::AlgNotAllowed, "alg", entries.first().is_some())?;
    if entries.first().is_none() {
        return Err(Rejection::about(Rule::Jws03, Code::AlgNotAllowed, "alg").into());
    }

    recorder.stage(Stage::Key);
    check_denied_key(denied, header.kid.as_deref(), recorder)?;
    let keys = snapshot.keys(clock).map_err(|waiting| waiting.into_why(recorder))?;
    let key = match keys.pick(header.kid.as_deref(), header.algorithm) {
        Ok(key) => key,
        Err(rejection) => return Err(without_key(rejection, &snapshot, header, clock, recorder)),
    };
    check_signature(key, denied, header, &segments, recorder)?;

    // From here on the claims are genuine.
    recorder.stage(Stage::Kind);
    let entry = entries.decide(&claims, recorder)?;
    *about = About::Entry(entry);
    let issuer = engine.issuer(entry);
    check_kind(&claims, issuer, recorder)?;
    recorder.stage(Stage::Claims);
    let (dates, validity) = check_claims(&claims, issuer, policy.leeway, now, recorder)?;
    recorder.stage(Stage::Binding);
    check_binding(&claims, recorder)?;
    recorder.stage(Stage::Authorization);
    check_authorization(&claims, issuer, recorder)?;

    let kind = subject_kind(&claims, issuer);
    if let Some(header) = fresh
        && R::MAY_REMEMBER
        && !header.repeats_claims
    {
        engine.headers.insert(segments.header, header);
    }
    Ok(Accepted {
        identity: Identity::proven(engine.next_id(), claims, issuer.clone(), dates, kind),
        issuer: entry,
        keys: slot,
        key_generation: snapshot.revision(),
        valid_from: validity.from,
        valid_until: validity.until.min(snapshot.usable_until()),
    })
}

fn read_json<R: Recorder>(segment: &[u8], recorder: &mut R) -> Result<Document, Rejection> {
    recorder.parsed(&JSON_RULES, parse(base64url::decode(segment), Bounds::TOKEN))
}

fn fresh_header<R: Recorder>(
    engine: &Engine,
    document: &Document,
    claims: &Document,
    recorder: &mut R,
) -> Result<Header, Rejection> {
    let header = read_header(document, engine.algorithms, HeaderUse::Jwt, &engine.key_urls, recorder)?;
    Header::check_repeated(document, claims, recorder)?;
    Ok(header)
}

/// An issuer on the deny list is refused where it is looked up (POL-07).
#[inline]
fn check_denied_issuer<R: Recorder>(
    denied: Option<&Denied>,
    entries: &[usize],
    recorder: &mut R,
) -> Result<(), Rejection> {
    let Some(denied) = denied else { return Ok(()) };
    let is_denied = entries.iter().any(|entry| denied.denies_entry(*entry));
    recorder.check_about(Rule::Pol07, Code::IssDenied, "iss", !is_denied)
}

/// A key on the deny list is refused by the name that the token gives it, before keys are waited for,
/// and by its own (POL-07).
#[inline]
fn check_denied_key<R: Recorder>(
    denied: Option<&Denied>,
    kid: Option<&str>,
    recorder: &mut R,
) -> Result<(), Rejection> {
    let Some(denied) = denied else { return Ok(()) };
    recorder.check_about(Rule::Pol07, Code::KeyDenied, "kid", !denied.denies_kid(kid))
}

impl Waiting {
    fn into_why<R: Recorder>(self, recorder: &mut R) -> Why {
        match self {
            Waiting::For(flight) => Why::Pending(flight),
            // An outage that is told like a token's fault.
            Waiting::Failed if Rule::Jks12.is_off() => {
                Why::Rejected(Rejection::new(Rule::Jwk08, Code::KidUnknown))
            }
            Waiting::Failed => {
                Why::Rejected(recorder.refuse(Rejection::new(Rule::Jks12, Code::KeysUnavailable)))
            }
        }
    }
}

/// No key was picked: an unknown name may be one that a fetch brings (JKS-07).
#[cold]
fn without_key<R: Recorder>(
    rejection: Rejection,
    snapshot: &Snapshot<'_>,
    header: &Header,
    clock: Clock,
    recorder: &mut R,
) -> Why {
    let waiting = match rejection.code() {
        Code::KidUnknown if !Rule::Jks07.is_off() => snapshot.missing(header.kid.as_deref(), clock),
        _ => None,
    };
    match waiting {
        Some(waiting) => waiting.into_why(recorder),
        None => Why::Rejected(recorder.refuse(rejection)),
    }
}

fn check_signature<R: Recorder>(
    key: &Key,
    denied: Option<&Denied>,
    header: &Header,
    segments: &Segments<'_>,
    recorder: &mut R,
) -> Result<(), Rejection> {
    for rule in [Rule::Jwk08, Rule::Jws32, Rule::Jws07] {
        recorder.judge(rule, true);
    }
    check_denied_key(denied, key.kid(), recorder)?;
    if let Some(digest) = &header.x5t_sha256 {
        let same = key.certificate_sha256() == Some(digest);
        recorder.check_about(Rule::Jws20, Code::HeaderX5tMismatch, "x5t#S256", same)?;
    }
    recorder.stage(Stage::Signature);
    let mut buffer = [0; SIGNATURE_BYTES];
    let signature = segments.decode_signature(&mut buffer);
    key.verify(segments.signed, signature).map_err(|rejection| recorder.refuse(rejection))?;
    recorder.judge(signature_rule(header.algorithm), true);
    recorder.detail(|| format!("by {}", header.algorithm));
    Ok(())
}

fn signature_rule(algorithm: Algorithm) -> Rule {
    match algorithm.family() {
        Family::Ec => Rule::Jws27,
        Family::Okp => Rule::Jws28,
        Family::Rsa => Rule::Jws29,
        Family::Mac => Rule::Jws30,
    }
}

/// The entries of the policy that a token may still be for: one bit for each entry of its issuer.
struct Entries<'e> {
    engine: &'e Engine,
    listed: &'e [usize],
    kept: u64,
}

impl<'e> Entries<'e> {
    /// By `iss` (CLM-01). A token without one goes to the entry that spells `no_issuer` out.
    fn new<R: Recorder>(
        engine: &'e Engine,
        claims: &Claims,
        recorder: &mut R,
    ) -> Result<Entries<'e>, Rejection> {
        check_issuer_shape(claims, recorder)?;
        let iss = claims.string(Claim::Iss);
        let listed = engine.entries_for(iss);
        let code = if iss.is_some() { Code::IssUntrusted } else { Code::IssInvalid };
        recorder.check_about(Rule::Clm01, code, "iss", !listed.is_empty())?;
        if let [first, ..] = listed {
            recorder.detail(|| format!("entry \"{}\"", engine.issuer(*first).name));
        }
        Ok(Entries { engine, listed, kept: u64::MAX })
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        let kept = self.kept;
        self.listed
            .iter()
            .take(64)
            .enumerate()
            .filter(move |(at, _)| kept >> at & 1 != 0)
            .map(|(_, entry)| *entry)
    }

    fn first(&self) -> Option<usize> {
        self.iter().next()
    }

    fn keep(&mut self, admits: impl Fn(&Issuer) -> bool) {
        for (at, entry) in self.listed.iter().take(64).enumerate() {
            if !admits(self.engine.issuer(*entry)) {
                self.kept &= !(1 << at);
            }
        }
    }

    /// By the URL that the header names for its key: a listed one is let pass, and not fetched (JWS-17).
    fn admit_key_url<R: Recorder>(&mut self, url: Option<&str>, recorder: &mut R) -> Result<(), Rejection> {
        let Some(url) = url else { return Ok(()) };
        self.keep(|issuer| issuer.key_urls.iter().any(|listed| **listed == *url) || Rule::Jws17.is_off());
        recorder.check_about(Rule::Jws17, Code::HeaderKeyUrl, "jku", self.first().is_some())
    }

    /// By the header's type (JWS-14, JWS-15).
    fn admit_type<R: Recorder>(&mut self, typ: &Typ, recorder: &mut R) -> Result<(), Rejection> {
        let optional = self.iter().any(|entry| self.engine.issuer(entry).types.absent);
        let rule = if optional && *typ != Typ::Absent { Rule::Jws15 } else { Rule::Jws14 };
        self.keep(|issuer| issuer.types.admit(typ) || rule.is_off());
        recorder.check_about(rule, Code::TypMismatch, "typ", self.first().is_some())?;
        recorder.detail(|| match typ {
            Typ::Absent => "absent".into(),
            Typ::Named(name)
                if is_off("EXP-02")
                    || self.iter().any(|entry| self.engine.issuer(entry).types.named.contains(name)) =>
            {
                name.to_string()
            }
            // What the policy does not name is a stranger's text: the signature comes later (EXP-02).
            Typ::Named(_) | Typ::NotAString => "(other)".into(),
        });
        Ok(())
    }

    /// By what tells the kinds of one issuer apart (POL-04): exactly one may be left (CLM-18).
    fn decide<R: Recorder>(&mut self, claims: &Claims, recorder: &mut R) -> Result<usize, Rejection> {
        if self.iter().nth(1).is_some() {
            self.keep(|issuer| satisfies_discriminators(claims, issuer));
        }
        let mut left = self.iter();
        let only = left.next().filter(|_| left.next().is_none() || Rule::Clm18.is_off());
        recorder.check(Rule::Clm18, Code::TokenKindMismatch, only.is_some())?;
        let only = only.ok_or_else(|| Rejection::new(Rule::Clm18, Code::TokenKindMismatch))?;
        let issuer = self.engine.issuer(only);
        if !issuer.discriminators.is_empty() {
            recorder.check(Rule::Pol04, Code::TokenKindMismatch, is_of_kind(claims, issuer))?;
        }
        Ok(only)
    }
}
