//! URLs of key servers: the plain ones, which every parser reads in the same way.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt;

/// `http://` or `https://` with a host in lower case, an optional port, path and query: ASCII, without user
/// information and fragment (JKS-01).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url {
    text: Box<str>,
    is_https: bool,
    /// Where the host and its port stand in the text.
    authority: (usize, usize),
    /// Where the host ends.
    host_end: usize,
}

const BYTES: usize = 2048;

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, in a few words.
    pub fn parse(text: &str) -> Result<Url, &'static str> {
        let is_https = text.starts_with("https://");
        let start = match (is_https, text.starts_with("http://")) {
            (true, _) => 8,
            (_, true) => 7,
            _ => return Err("it does not begin with https://"),
        };
        if text.len() > BYTES {
            return Err("it is longer than 2048 bytes");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("it holds a byte that is no printable ASCII");
        }
        if text.contains('#') {
            return Err("it has a fragment");
        }
        if text
            .bytes()
            .any(|byte| matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}'))
        {
            return Err("it holds a character that a URL cannot have");
        }
        let end = text[start..].find(['/', '?']).map_or(text.len(), |at| start + at);
        let authority = &text[start..end];
        if authority.contains('@') {
            return Err("it has user information");
        }
        let host_len = host(authority)?;
        match &authority[host_len..] {
            "" => {}
            port => {
                let digits = port.strip_prefix(':').ok_or("its host is not a name or address")?;
                let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                match digits.parse::<u16>() {
                    Ok(1..) if is_plain && !digits.starts_with('0') => {}
                    _ => return Err("its port is not a number from 1 to 65535"),
                }
            }
        }
        Ok(Url { text: text.into(), is_https, authority: (start, end), host_end: start + host_len })
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Is it `https`?
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// The host, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.text[self.authority.0..self.host_end]
    }

    /// The port, also where it is that of the scheme.
    pub fn port(&self) -> u16 {
        let default = if self.is_https { 443 } else { 80 };
        self.text[self.host_end..self.authority.1]
            .strip_prefix(':')
            .and_then(|port| port.parse().ok())
            .unwrap_or(default)
    }

    /// The host as an address, where it is one.
    pub fn address(&self) -> Option<IpAddr> {
        address(self.host())
    }

    /// Is the host this machine, by its address or as `localhost`?
    pub fn is_loopback(&self) -> bool {
        self.host() == "localhost" || self.address().is_some_and(|address| address.is_loopback())
    }

    /// Path and query; `/` where there is none.
    pub fn path_and_query(&self) -> &str {
        match &self.text[self.authority.1..] {
            "" => "/",
            rest => rest,
        }
    }

    /// Path and query as they stand in the text.
    pub(crate) fn path_and_query_as_given(&self) -> &str {
        &self.text[self.authority.1..]
    }

    /// The same scheme, host and port?
    pub fn has_origin_of(&self, other: &Url) -> bool {
        (self.is_https, self.host(), self.port()) == (other.is_https, other.host(), other.port())
    }
}

/// The length of the host at the beginning.
fn host(authority: &str) -> Result<usize, &'static str> {
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or("its host is not a name or address")? + 1;
        return match address(&authority[..end]) {
            Some(_) => Ok(end),
            None => Err("its host is not a name or address"),
        };
    }
    let end = authority.find(':').unwrap_or(authority.len());
    let host = &authority[..end];
    let is_label = |label: &str| {
        let inside = label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'));
        inside && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    if host.len() > 253 || !host.split('.').all(is_label) {
        return Err("its host is not a name in lower case or an address");
    }
    // Parsers read 127.1, 0x7f.1 and 2130706433 as addresses, and not all of them as the same.
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    if is_number && host.parse::<Ipv4Addr>().is_err() {
        return Err("its host is a number and not an address of four numbers");
    }
    Ok(end)
}

fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

impl fmt::Display for Url {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}
