//! Proxies, as the environment names them (DRV-04).

use counterseal_core::keys::address::Network;
use counterseal_core::keys::url::Url;

/// Which proxy leads where. URLs of proxies may hold passwords: nothing prints them.
pub(super) struct Proxies {
    https: Option<String>,
    http: Option<String>,
    /// Hosts that are reached without one.
    none: Vec<String>,
}

impl Proxies {
    /// Reads the variables.
    pub(super) fn of(variable: impl Fn(&str) -> Option<String>) -> Proxies {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let either = |name: &str| set(name).or_else(|| set(&name.to_ascii_uppercase()));
        let all = either("all_proxy");
        // Under CGI the header `Proxy` of a request arrives as HTTP_PROXY; Windows does not tell small letters.
        let is_cgi = variable("REQUEST_METHOD").is_some();
        let http = match (is_cgi, cfg!(windows)) {
            (false, _) => either("http_proxy"),
            (true, false) => set("http_proxy"),
            (true, true) => None,
        };
        let none = either("no_proxy").unwrap_or_default().to_ascii_lowercase();
        let none = none.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).map(str::to_owned);
        Proxies {
            https: either("https_proxy").or_else(|| all.clone()),
            http: http.or(all),
            none: none.collect(),
        }
    }

    /// The proxy that leads to a URL.
    pub(super) fn towards(&self, url: &Url) -> Option<&str> {
        let proxy = if url.is_https() { &self.https } else { &self.http };
        let is_direct = || url.is_loopback() || self.none.iter().any(|entry| covers(entry, url));
        proxy.as_deref().filter(|_| !is_direct())
    }
}

/// Is the URL's host meant by an entry: `*`, a host with all hosts below it, an address or a range, each with an
/// optional port?
fn covers(entry: &str, url: &Url) -> bool {
    if entry == "*" {
        return true;
    }
    let bare = |host: &str| host.trim_start_matches('[').trim_end_matches(']').to_owned();
    if let Some(address) = url.address() {
        let meant = |text: &str| Network::parse(&bare(text)).is_some_and(|range| range.contains(address));
        return meant(entry) || with_port(entry, url).is_some_and(meant);
    }
    let entry = with_port(entry, url).unwrap_or(entry);
    let domain = entry.strip_prefix('*').unwrap_or(entry).trim_start_matches('.');
    let host = url.host();
    let is_below = || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    !domain.is_empty() && (host == domain || is_below())
}

/// The entry without its port, where it has one and that is the URL's.
fn with_port<'e>(entry: &'e str, url: &Url) -> Option<&'e str> {
    let (host, port) = entry.rsplit_once(':')?;
    (port.parse() == Ok(url.port())).then_some(host)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn towards(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let find = |name: &str| variables.iter().find(|one| one.0 == name).map(|one| one.1.to_owned());
        Proxies::of(find).towards(&Url::parse(url).unwrap()).map(str::to_owned)
    }

    #[test]
    fn variables_by_scheme() {
        let both = [("HTTPS_PROXY", "http://s"), ("HTTP_PROXY", "http://p")];
        assert_eq!(towards(&both, "https://a.example").as_deref(), Some("http://s"));
        assert_eq!(towards(&both, "http://a.example").as_deref(), Some("http://p"));
        assert_eq!(
            towards(&[("https_proxy", "http://l"), both[0]], "https://a").as_deref(),
            Some("http://l")
        );
        assert_eq!(towards(&[("ALL_PROXY", "http://all")], "https://a").as_deref(), Some("http://all"));
        assert_eq!(towards(&[("HTTPS_PROXY", "")], "https://a"), None);
        assert_eq!(towards(&[("HTTP_PROXY", "http://p")], "https://a"), None);
    }

    #[test]
    fn a_request_cannot_name_a_proxy() {
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil")];
        assert_eq!(towards(&cgi, "http://a"), None);
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTPS_PROXY", "http://s")];
        assert_eq!(towards(&cgi, "https://a").as_deref(), Some("http://s"));
    }

    #[test]
    fn some_hosts_are_reached_without() {
        for (none, url, is_direct) in [
            ("*", "https://a.example", true),
            ("a.example", "https://a.example", true),
            ("A.Example", "https://a.example", true),
            ("example", "https://a.example", true),
            (".example", "https://a.example", true),
            ("*.example", "https://a.example", true),
            ("ample", "https://a.example", false),
            ("b.example, c.example", "https://c.example", true),
            ("a.example:443", "https://a.example", true),
            ("a.example:8443", "https://a.example", false),
            ("10.0.0.0/8", "https://10.1.2.3", true),
            ("10.0.0.0/8", "https://11.1.2.3", false),
            ("10.1.2.3", "https://10.1.2.3", true),
            ("10.1.2.3:443", "https://10.1.2.3", true),
            ("fd00::/8", "https://[fd00::1]", true),
            ("[fd00::1]", "https://[fd00::1]", true),
            ("", "https://a.example", false),
            (".", "https://a.example", false),
            ("b.example", "https://localhost", true),
            ("b.example", "https://127.0.0.1", true),
        ] {
            let variables = [("HTTPS_PROXY", "http://s"), ("NO_PROXY", none)];
            assert_eq!(towards(&variables, url).is_none(), is_direct, "{none} {url}");
        }
    }
}
