//! The certificates of a server in words.

use std::net::IpAddr;

use counterseal::UnixTime;
use counterseal::core::limits::LATEST_DATE;
use serde::Serialize;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use crate::dates;
use crate::text::clipped;

/// A certificate that ends sooner deserves a look.
pub(super) const DAYS: i64 = 14;
const DAY: i64 = 86_400;
/// Names that are listed.
const NAMES: usize = 10;
/// Characters of a name.
const LONGEST: usize = 200;

/// What a certificate says of itself. Whether that is true is another question.
#[derive(Debug, Serialize)]
pub(super) struct Certificate {
    subject: String,
    issuer: String,
    names: Vec<String>,
    /// Seconds since 1970.
    not_before: i64,
    not_after: i64,
    days_left: i64,
}

impl Certificate {
    pub(super) fn read(der: &[u8], now: UnixTime) -> Option<Certificate> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let (not_before, not_after) =
            (certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp());
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.iter().flat_map(|names| &names.value.general_names);
        let named = |name: &dyn ToString| clipped(&name.to_string(), LONGEST);
        Some(Certificate {
            subject: named(certificate.subject()),
            issuer: named(certificate.issuer()),
            names: names.filter_map(name).collect(),
            not_before,
            not_after,
            days_left: not_after.saturating_sub(now.as_seconds()).div_euclid(DAY),
        })
    }

    pub(super) fn days_left(&self) -> i64 {
        self.days_left
    }

    /// Does the server vouch for itself?
    pub(super) fn is_self_signed(&self) -> bool {
        self.subject == self.issuer
    }

    /// Lines for people.
    pub(super) fn told(&self, now: UnixTime) -> Vec<String> {
        let date = |seconds: i64| match dates::told(seconds, now) {
            Some(told) => told,
            None if seconds > LATEST_DATE => "after the year 9999".to_owned(),
            None => "before 1970".to_owned(),
        };
        let mut names: Vec<&str> = self.names.iter().take(NAMES).map(String::as_str).collect();
        let more = format!("and {} more", self.names.len().saturating_sub(NAMES));
        if self.names.len() > NAMES {
            names.push(&more);
        }
        let names = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
        let mut lines = vec![format!("for {names}")];
        if !self.subject.is_empty() {
            lines.push(format!("subject {}", self.subject));
        }
        lines.push(format!("issued by {}", self.issuer));
        if self.not_before > now.as_seconds() {
            lines.push(format!("not before {}", date(self.not_before)));
        }
        lines.push(format!("not after {}", date(self.not_after)));
        lines
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(host) => Some(clipped(host, LONGEST)),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            _ => None,
        },
        _ => None,
    }
}
