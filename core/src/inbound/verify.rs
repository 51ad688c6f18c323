//! One verification, from the first byte to the identity, in the order of ORD-01.

use super::Engine;
use super::claims::{check_authorization, check_binding, check_claims, check_kind};
use super::rules::satisfies_discriminators;
use crate::algorithm::{Algorithm, Family};
use crate::cache::Accepted;
use crate::claims::{Claim, Claims, check_case_variants, check_issuer_shape};
use crate::encoding::base64url;
use crate::error::{Code, Rejection};
use crate::identity::Identity;
use crate::json::{Bounds, Document, parse};
use crate::jws::{Header, HeaderUse, SIGNATURE_BYTES, Segments, Typ, read_header, split};
use crate::keys::{Flight, Waiting};
use crate::keyset::KeySet;
use crate::policy::Issuer;
use crate::record::{Recorder, Stage};
use crate::rule::Rule;
use crate::time::UnixTime;

/// Why a verification gave no identity.
pub(crate) enum Stop {
    Rejected(Rejection),
    /// The issuer's keys are on their way.
    Pending(Flight),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Stop {
        Stop::Rejected(rejection)
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
    now: UnixTime,
    recorder: &mut R,
) -> Result<Accepted, Stop> {
    let policy = &engine.policy;
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
    let claims = read_json(segments.payload, recorder)?;
    recorder.stage(Stage::Header);
    let fresh = match &parsed {
        None => None,
        Some(document) => {
            let header = read_header(document, engine.algorithms, HeaderUse::Jwt, recorder)?;
            Header::check_repeated(document, &claims, recorder)?;
            Some(header)
        }
    };
    let remembered = known.as_ref().and_then(|known| known.as_ref());
    let Some(header) = fresh.as_ref().or(remembered.map(|known| &known.header)) else {
        return Err(Rejection::new(Rule::Drv01, Code::Internal).into());
    };
    let claims = Claims::new(claims);

    // Which entries of the policy could this token be for? What is read here is not verified yet and
    // only picks preconfigured data (ORD-02).
    recorder.stage(Stage::Issuer);
    let mut entries = Entries::new(engine, &claims, recorder)?;
    entries.admit_type(&header.typ, recorder)?;
    entries.keep(|issuer| issuer.algorithms.contains(header.algorithm));
    recorder.check_about(Rule::Jws03, Code::AlgNotAllowed, "alg", entries.first().is_some())?;
    let Some(first) = entries.first() else {
        return Err(Rejection::about(Rule::Jws03, Code::AlgNotAllowed, "alg").into());
    };

    recorder.stage(Stage::Key);
    let slot = engine.issuer(first).keys;
    let snapshot = engine.keys.snapshot(slot);
    let key_generation = snapshot.generation();
    let keys = snapshot.keys().map_err(|waiting| waiting.into_stop(recorder))?;
    check_signature(keys, header, &segments, recorder)?;

    // From here on the claims are genuine.
    recorder.stage(Stage::Kind);
    let entry = entries.decide(&claims, recorder)?;
    let issuer = engine.issuer(entry);
    check_kind(&claims, issuer, recorder)?;
    recorder.stage(Stage::Claims);
    let (dates, validity) = check_claims(&claims, issuer, policy.leeway, now, recorder)?;
    recorder.stage(Stage::Binding);
    check_binding(&claims, recorder)?;
    recorder.stage(Stage::Authorization);
    check_authorization(&claims, issuer, recorder)?;

    if let Some(header) = fresh
        && R::MAY_REMEMBER
        && !header.repeats_claims
    {
        engine.headers.insert(segments.header, header);
    }
    Ok(Accepted {
        identity: Identity::proven(claims, issuer.clone(), dates),
        issuer: entry,
        keys: slot,
        key_generation,
        valid_from: validity.from,
        valid_until: validity.until,
    })
}

fn read_json<R: Recorder>(segment: &[u8], recorder: &mut R) -> Result<Document, Rejection> {
    let document = recorder.parsed(&JSON_RULES, parse(base64url::decode(segment), Bounds::TOKEN))?;
    check_case_variants(&document, recorder)?;
    Ok(document)
}

impl Waiting {
    fn into_stop<R: Recorder>(self, recorder: &mut R) -> Stop {
        match self {
            Waiting::For(flight) => Stop::Pending(flight),
            Waiting::Failed => {
                Stop::Rejected(recorder.refuse(Rejection::new(Rule::Jks12, Code::KeysUnavailable)))
            }
        }
    }
}

fn check_signature<R: Recorder>(
    keys: &KeySet,
    header: &Header,
    segments: &Segments<'_>,
    recorder: &mut R,
) -> Result<(), Rejection> {
    let key =
        keys.pick(header.kid.as_deref(), header.algorithm).map_err(|rejection| recorder.refuse(rejection))?;
    for rule in [Rule::Jwk08, Rule::Jws32, Rule::Jws07] {
        recorder.judge(rule, true);
    }
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

    /// By the header's type (JWS-14, JWS-15).
    fn admit_type<R: Recorder>(&mut self, typ: &Typ, recorder: &mut R) -> Result<(), Rejection> {
        let optional = self.iter().any(|entry| self.engine.issuer(entry).types.absent);
        self.keep(|issuer| issuer.types.admit(typ));
        let rule = if optional && *typ != Typ::Absent { Rule::Jws15 } else { Rule::Jws14 };
        recorder.check_about(rule, Code::TypMismatch, "typ", self.first().is_some())?;
        recorder.detail(|| match typ {
            Typ::Named(name) => name.to_string(),
            _ => "absent".into(),
        });
        Ok(())
    }

    /// By what tells the kinds of one issuer apart (POL-04): exactly one may be left (CLM-18).
    fn decide<R: Recorder>(&mut self, claims: &Claims, recorder: &mut R) -> Result<usize, Rejection> {
        if self.iter().nth(1).is_some() {
            self.keep(|issuer| satisfies_discriminators(claims, issuer));
        }
        let mut left = self.iter();
        let only = left.next().filter(|_| left.next().is_none());
        recorder.check(Rule::Clm18, Code::TokenKindMismatch, only.is_some())?;
        only.ok_or_else(|| Rejection::new(Rule::Clm18, Code::TokenKindMismatch))
    }
}
