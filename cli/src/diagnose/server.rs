//! The way to a document: its URL, proxy, addresses, TLS, answer and clock.

use counterseal::Code;
use counterseal::core::keys::address::may_connect;
use counterseal::core::keys::answer::Head;
use counterseal::core::keys::fetch::{Document, FetchFault, Request, Response};
use counterseal::core::keys::url::Url;
use counterseal::diagnose::{Answered, Got};
use serde_json::json;

use super::Diagnosis;
use super::certificate::{Certificate, DAYS};
use super::report::Outcome;
use crate::dates;
use crate::key_place::without_query;
use crate::text::clipped;

/// Characters of a header that are shown.
const LONGEST: usize = 200;

impl Diagnosis {
    /// Goes to the server; nothing where a step ends it.
    pub(super) fn look_at_server(&mut self, request: &Request) -> Option<Response> {
        self.look_at_url(request)?;
        self.look_at_addresses(request)?;
        self.look_at_credential(request)?;
        if request.url.is_https() {
            self.shake_hands(request)?;
        }
        self.ask(request)
    }

    fn look_at_url(&mut self, request: &Request) -> Option<()> {
        if let Err(fault) = request.may_be_sent() {
            self.report.stop("url", &fault).help("Use https; inside a mesh write plaintext = \"mesh\".");
            return None;
        }
        let url = &request.url;
        let found = match (url.is_https(), request.settings.is_mesh) {
            (true, _) => format!("https, host {}, port {}", url.host(), url.port()),
            (false, true) => format!("http inside a mesh, host {}, port {}", url.host(), url.port()),
            (false, false) => format!("http to this machine, port {}", url.port()),
        };
        let whose = if request.is_named { "named by you or the policy" } else { "learned from metadata" };
        let facts = json!({
            "host": url.host(), "port": url.port(), "https": url.is_https(), "named": request.is_named,
        });
        self.report.add("url", Outcome::Good, format!("{found}; {whose}")).facts(facts);
        Some(())
    }

    fn look_at_addresses(&mut self, request: &Request) -> Option<()> {
        let url = &request.url;
        let proxy = self.steps.proxy(url);
        if let Some(proxy) = &proxy {
            let found = format!("by the proxy {}, as the environment says", clipped(proxy, LONGEST));
            self.report.add("proxy", Outcome::Noted, found).facts(json!({ "proxy": proxy }));
        }
        if proxy.is_some() && url.address().is_none() {
            let found = "the proxy looks the host up: only an address in a URL can be judged";
            self.report.add("dns", Outcome::Noted, found);
            return Some(());
        }
        let addresses = match self.steps.addresses(request) {
            Ok(addresses) => addresses,
            Err(fault) => {
                let help = format!(
                    "Is {} spelled right, and can this machine's resolver look it up? In a container the search domains differ.",
                    url.host()
                );
                self.report.stop("dns", &fault).help(help);
                return None;
            }
        };
        let told = |one: &counterseal::diagnose::Address| match one.blocked {
            None => one.address.to_string(),
            Some(kind) => format!("{} is blocked: {kind}", one.address),
        };
        let facts = addresses.iter().map(|one| json!({ "address": one.address, "blocked": one.blocked }));
        let facts = json!({ "addresses": facts.collect::<Vec<_>>() });
        let lines: Vec<String> = addresses.iter().map(told).collect();
        let Some(blocked) = addresses.iter().find(|one| one.blocked.is_some()) else {
            self.report.add("dns", Outcome::Good, lines.join(", ")).facts(facts);
            return Some(());
        };
        let help = if may_connect(blocked.address, true, &[]).is_err() {
            "Such an address is never asked, whatever the policy says. If the URL is right, the name leads to the wrong place."
        } else if request.is_named {
            "That name must be this machine itself."
        } else {
            "Private addresses are asked for hosts that the policy names: name this one (jwks_uri or discovery_url), or \
             list the address in fetch.allow_addresses."
        };
        let step = self.report.add("dns", Outcome::Bad, lines).of(Code::JwksAddressBlocked);
        step.help(help).facts(facts);
        None
    }

    fn look_at_credential(&mut self, request: &Request) -> Option<()> {
        if request.bearer_file.is_none() {
            return Some(());
        }
        if let Err(fault) = self.steps.credential(request) {
            self.report.stop("credential", &fault).help("Correct the file that keys.bearer_file names.");
            return None;
        }
        self.report.add("credential", Outcome::Good, "that of bearer_file is sent");
        Some(())
    }

    fn shake_hands(&mut self, request: &Request) -> Option<()> {
        let handshake = self.steps.handshake(request);
        let read = |der: &Vec<u8>| Certificate::read(der, self.now);
        let chain: Vec<Certificate> = handshake.certificates.iter().filter_map(read).collect();
        let version = handshake.version.unwrap_or("no version agreed");
        let lines = chain.first().map(|own| own.told(self.now)).unwrap_or_default();
        let facts = json!({ "version": handshake.version, "certificates": chain });
        if let Some(fault) = &handshake.fault {
            let help = tls_help(fault, request, &chain);
            let step = self.report.stop("tls", fault);
            step.lines(lines).help(help).facts(facts);
            return None;
        }
        let soonest = chain.iter().enumerate().min_by_key(|(_, one)| one.days_left());
        let soonest = soonest.filter(|(_, one)| one.days_left() < DAYS);
        let outcome = if soonest.is_some() { Outcome::Warning } else { Outcome::Good };
        let step = self.report.add("tls", outcome, version);
        step.lines(lines).facts(facts);
        if let Some((at, one)) = soonest {
            let whose = if at == 0 { "Its certificate" } else { "A certificate of its chain" };
            step.help(format!("{whose} ends in {} days: have it renewed.", one.days_left()));
        }
        Some(())
    }

    fn ask(&mut self, request: &Request) -> Option<Response> {
        let got = self.steps.get(request);
        let redirects = got.answers.iter().filter_map(|answer| target(answer).map(|to| (answer, to)));
        for (at, (answer, to)) in redirects.enumerate() {
            let is_followed = at + 1 < got.answers.len();
            let how = if is_followed { "followed" } else { "not followed" };
            let found = format!("status {} leads to {}: {how}", answer.head.status, clipped(&to, LONGEST));
            let outcome = if is_followed { Outcome::Good } else { Outcome::Noted };
            self.report.add("redirect", outcome, found).facts(json!({ "to": to, "followed": is_followed }));
        }
        let told = told(&got, request);
        let facts = json!({
            "status": got.answers.last().map(|answer| answer.head.status),
            "bytes": got.outcome.as_ref().ok().map(|response| response.body.len()),
            "max_bytes": request.settings.max_bytes,
        });
        match &got.outcome {
            Ok(_) => {
                self.report.add("http", Outcome::Good, told).facts(facts);
            }
            Err(fault) => {
                let help = self.http_help(fault, request, &got);
                let step = self.report.stop("http", fault);
                if !got.answers.is_empty() {
                    step.line(told);
                }
                step.help(help).facts(facts);
            }
        }
        if let Some(answer) = got.answers.last() {
            self.expires = header(&answer.head, "expires");
            self.compare_clocks(&answer.head);
        }
        got.outcome.ok()
    }

    /// The server's clock against this one's.
    fn compare_clocks(&mut self, head: &Head) {
        if self.is_clock_told {
            return;
        }
        let date = header(head, "date").and_then(|date| httpdate::parse_http_date(&date).ok());
        let since = date.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
        let Some(theirs) = since.and_then(|since| i64::try_from(since.as_secs()).ok()) else { return };
        self.is_clock_told = true;
        let apart = dates::now().as_seconds().saturating_sub(theirs);
        let leeway = self.place.leeway;
        let facts = json!({ "seconds": apart, "leeway": leeway });
        // The header has whole seconds, and came a while ago.
        let found = match apart {
            -2..=2 => "the same as the server's".to_owned(),
            3.. => format!("{} ahead of the server's", dates::span(apart.unsigned_abs())),
            _ => format!("{} behind the server's", dates::span(apart.unsigned_abs())),
        };
        if apart.abs() <= leeway.max(2) {
            self.report.add("clock", Outcome::Good, found).facts(facts);
            return;
        }
        let step = self.report.add("clock", Outcome::Warning, found);
        step.line(format!("more than limits.leeway ({leeway} s): tokens look expired, or not valid yet"));
        step.help("Compare both clocks with a third, and correct the wrong one.").facts(facts);
    }

    fn http_help(&self, fault: &FetchFault, request: &Request, got: &Got) -> String {
        let settings = &request.settings;
        let answer = got.answers.last();
        let status = answer.map(|answer| answer.head.status);
        match (fault.code, &*fault.detail) {
            (Code::JwksRedirect, _) => redirect_help(answer, request),
            (_, "timeout" | "timeout while connecting") => format!(
                "The server does not answer within {} ms ({} ms to connect). Is the way open (firewall, egress policy, proxy)? \
                 fetch.timeout and fetch.connect_timeout are the limits.",
                settings.timeout.as_millis(),
                settings.connect_timeout.as_millis()
            ),
            (_, "connection refused") => "Nothing listens there: is the port right?".to_owned(),
            (_, "the proxy refused") => "Ask whoever runs the proxy whether this host may be reached by it.".to_owned(),
            (_, detail) if detail.starts_with("larger than") => {
                "Is it the right document? If it is, raise fetch.max_bytes.".to_owned()
            }
            (_, "the body is compressed, which was not asked for") => {
                "Have the server, or whatever stands before it, send it uncompressed to those who do not ask.".to_owned()
            }
            _ if matches!(status, Some(401 | 403)) => {
                "Keys are public: the server wants a credential. Is it the right URL? keys.bearer_file names one.".to_owned()
            }
            _ if matches!(status, Some(404 | 410)) => self.missing_help(request.document),
            _ if matches!(status, Some(500..)) => "The server is in trouble: ask whoever runs it.".to_owned(),
            (_, "not JSON by its media type") => {
                "What came is another page (a login, an error, a proxy's notice), or the server names the wrong media type."
                    .to_owned()
            }
            _ => "See whether the URL is that of a key server.".to_owned(),
        }
    }

    fn missing_help(&self, document: Document) -> String {
        match (document, self.place.discovery) {
            (Document::Metadata, Some("oidc")) => {
                "There is no metadata behind this issuer. Is the issuer right to the last character? If it publishes that of \
                 RFC 8414, say --discovery oauth (in a policy: discovery = \"oauth\"); if this is the URL of a document \
                 itself, say --metadata or --jwks."
            }
            (Document::Metadata, Some(_)) => {
                "There is no metadata of RFC 8414 for this issuer. --discovery oidc looks for that of OpenID Connect."
            }
            (Document::Metadata, None) => "There is no metadata at this URL. Is the issuer right to the last character?",
            (Document::Keys, _) => "There is no key set at this URL.",
        }
        .to_owned()
    }
}

/// The status, type and size of an answer, in one line.
fn told(got: &Got, request: &Request) -> String {
    let Some(answer) = got.answers.last() else { return String::new() };
    let media = header(&answer.head, "content-type").unwrap_or_else(|| "no media type".to_owned());
    let took = got.took.as_millis();
    let most = request.settings.max_bytes;
    let size = match (&got.outcome, answer.length) {
        (Ok(response), _) => format!(", {} bytes of at most {most}", response.body.len()),
        (Err(_), Some(bytes)) => format!(", {bytes} bytes announced"),
        (Err(_), None) => String::new(),
    };
    format!("status {}, {media}{size}, in {took} ms", answer.head.status)
}

/// Where an answer leads, without the query: it may hold a secret.
fn target(answer: &Answered) -> Option<String> {
    let is_redirect = matches!(answer.head.status, 301 | 302 | 303 | 307 | 308);
    let place = is_redirect.then(|| header(&answer.head, "location"))?;
    let place = place.unwrap_or_else(|| "no place".to_owned());
    // User information in a target may be a password.
    if place.contains('@') && Url::parse(&place).is_err() {
        return Some("a place with user information".to_owned());
    }
    Some(without_query(&place))
}

fn redirect_help(answer: Option<&Answered>, request: &Request) -> String {
    let place = answer.and_then(|answer| header(&answer.head, "location")).unwrap_or_default();
    let is_within = match Url::parse(&place) {
        Ok(url) => url.has_origin_of(&request.url),
        Err(_) => place.starts_with('/') && !place.starts_with("//"),
    };
    match is_within {
        true => "If that is the right place, write its URL into the policy, or allow it: fetch.redirects = 1 (at most 2)."
            .to_owned(),
        false => "A redirect to another host is never followed. If that host is the right one, write its URL into the policy: \
                  discovery_url or jwks_uri."
            .to_owned(),
    }
}

fn tls_help(fault: &FetchFault, request: &Request, chain: &[Certificate]) -> String {
    let host = request.url.host();
    match &*fault.detail {
        "tls: expired certificate" => format!("Have the certificate of {host} renewed."),
        "tls: certificate not valid yet" => "Compare the clocks, or wait.".to_owned(),
        "tls: certificate of another host" => {
            format!("The server shows a certificate for other names than {host}: is it the right host?")
        }
        "tls: unknown issuer of the certificate" => {
            let alone = chain.len() == 1 && !chain.iter().any(Certificate::is_self_signed);
            let alone = if alone {
                " The server sent its own certificate alone: one between may be missing."
            } else {
                ""
            };
            format!(
                "If the authority is yours, name its certificate: fetch.ca_file (here --ca-file). If it is not, somebody \
                 stands between.{alone}"
            )
        }
        "tls: the server does not speak TLS" => "Is the port right? Plain HTTP answers there.".to_owned(),
        "timeout" | "timeout while connecting" => format!(
            "The server does not answer within {} ms, {} ms of them to connect. Is the way open (firewall, egress policy, \
             proxy)?",
            request.settings.timeout.as_millis(),
            request.settings.connect_timeout.as_millis()
        ),
        "connection refused" => "Nothing listens there: is the port right?".to_owned(),
        "the proxy refused" => {
            "Ask whoever runs the proxy whether this host may be reached by it.".to_owned()
        }
        detail if detail.starts_with("ca_file") => "Correct the file that fetch.ca_file names.".to_owned(),
        _ => format!("Look at {host} with `openssl s_client -connect {host}:{}`.", request.url.port()),
    }
}

/// A header as text.
fn header(head: &Head, name: &str) -> Option<String> {
    let (_, value) = head.headers.iter().find(|(one, _)| **one == *name)?;
    Some(clipped(&String::from_utf8_lossy(value), LONGEST))
}
