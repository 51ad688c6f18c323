//! Which addresses keys may be fetched from (JKS-03).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses, such as `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `ADDRESS` or `ADDRESS/BITS`; bits beyond the prefix must be 0.
    pub fn parse(text: &str) -> Option<Network> {
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits))
                if !bits.is_empty() && bits.len() <= 3 && bits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                (address, Some(bits.parse::<u8>().ok()?))
            }
            Some(_) => return None,
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(most);
        let network = Network { address, prefix };
        (prefix <= most && network.masked(address) == bits(address)).then_some(network)
    }

    /// Is the address in the range?
    pub fn contains(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && self.masked(address) == bits(self.address)
    }

    fn masked(&self, address: IpAddr) -> u128 {
        let width: u32 = if address.is_ipv4() { 32 } else { 128 };
        let rest = width.saturating_sub(u32::from(self.prefix));
        bits(address).checked_shr(rest).unwrap_or(0).checked_shl(rest).unwrap_or(0)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Network {
    Network { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
}

const fn v6(high: [u16; 3], last: [u16; 2], prefix: u8) -> Network {
    let [a, b, c] = high;
    Network { address: IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, last[0], last[1])), prefix }
}

/// Where clouds hand out credentials to whoever asks. Nothing allows them: no key server has such an address.
const METADATA: [Network; 13] = [
    v4(169, 254, 169, 254, 32), // most clouds
    v4(169, 254, 170, 2, 32),   // Amazon ECS
    v4(169, 254, 170, 23, 32),  // Amazon EKS
    v4(169, 254, 0, 23, 32),    // Tencent
    v4(169, 254, 10, 10, 32),   // Tencent
    v4(169, 254, 42, 42, 32),   // Scaleway
    v4(100, 100, 100, 200, 32), // Alibaba
    v4(168, 63, 129, 16, 32),   // Azure
    v4(192, 0, 0, 192, 32),     // Oracle
    v6([0xfd00, 0xec2, 0], [0, 0x254], 128),
    v6([0xfd00, 0xec2, 0], [0, 0x23], 128),
    v6([0xfd20, 0xce, 0], [0, 0x254], 128), // Google
    v6([0xfe80, 0, 0], [0xa9fe, 0xa9fe], 128),
];

/// No server has them.
const RESERVED: [Network; 12] = [
    v4(0, 0, 0, 0, 8),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),            // multicast
    v4(240, 0, 0, 0, 4),            // with broadcast
    v6([0x2001, 0, 0], [0, 0], 32), // Teredo: another address is inside
    v6([0x2001, 0xdb8, 0], [0, 0], 32),
    v6([0x3fff, 0, 0], [0, 0], 20),
    v6([0xff00, 0, 0], [0, 0], 8), // multicast
];

/// This machine, its link, and networks that are nobody else's business.
const PRIVATE: [Network; 11] = [
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v6([0, 0, 0], [0, 1], 128),
    v6([0x64, 0xff9b, 1], [0, 0], 48),
    v6([0xfc00, 0, 0], [0, 0], 7),
    v6([0xfe80, 0, 0], [0, 0], 10),
];

/// Addresses of version 6 that are anybody's: all others are reserved.
const GLOBAL: Network = v6([0x2000, 0, 0], [0, 0], 3);

/// May keys be fetched from this address (JKS-03)? `is_named`: the policy file itself names the host. `allowed`:
/// private ranges that it allows for other hosts.
///
/// # Errors
/// What kind of address it is, in a few words.
pub fn may_connect(address: IpAddr, is_named: bool, allowed: &[Network]) -> Result<(), &'static str> {
    let inner = embedded(address);
    let is_in = |ranges: &[Network]| ranges.iter().any(|range| range.contains(inner));
    if is_in(&METADATA) {
        return Err("a cloud's metadata service");
    }
    let is_allowed = is_named || is_in(allowed) || allowed.iter().any(|range| range.contains(address));
    match is_in(&PRIVATE) {
        true if is_allowed => Ok(()),
        true => Err("a private address"),
        false if is_in(&RESERVED) || (inner.is_ipv6() && !GLOBAL.contains(inner)) => {
            Err("a reserved address")
        }
        false => Ok(()),
    }
}

/// The address of version 4 that one of version 6 stands for: as mapped, by NAT64, or by 6to4.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(whole) = address else { return address };
    let last = |a: u16, b: u16| IpAddr::V4(Ipv4Addr::from((u32::from(a) << 16) | u32::from(b)));
    match whole.segments() {
        [0, 0, 0, 0, 0, 0xffff, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] | [0x2002, a, b, ..] => last(a, b),
        _ => address,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn judge(address: &str) -> (Result<(), &'static str>, Result<(), &'static str>) {
        let address = address.parse().unwrap();
        (may_connect(address, false, &[]), may_connect(address, true, &[]))
    }

    #[test]
    fn metadata_services_are_never_asked() {
        let everything = [Network::parse("0.0.0.0/0").unwrap(), Network::parse("::/0").unwrap()];
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "169.254.0.23",
            "169.254.10.10",
            "169.254.42.42",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "fe80::a9fe:a9fe",
            "::ffff:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "::ffff:168.63.129.16",
            "64:ff9b::6464:64c8",
            "2002:6464:64c8::",
        ] {
            let address: IpAddr = address.parse().unwrap();
            let expected = Err("a cloud's metadata service");
            assert_eq!(may_connect(address, true, &everything), expected, "{address}");
        }
    }

    #[test]
    fn both_edges_of_each_private_range() {
        for (first, last) in [
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("::1", "::1"),
            ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
            ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("::ffff:10.0.0.0", "::ffff:10.255.255.255"),
            ("64:ff9b::127.0.0.0", "64:ff9b::127.255.255.255"),
            ("2002:c0a8::", "2002:c0a8:ffff::"),
        ] {
            for address in [first, last] {
                assert_eq!(judge(address), (Err("a private address"), Ok(())), "{address}");
            }
        }
        for address in [
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "::ffff:9.255.255.255",
            "2002:c0a7:ffff::",
            "2002:c0a9::",
        ] {
            assert_eq!(judge(address), (Ok(()), Ok(())), "{address}");
        }
    }

    #[test]
    fn both_edges_of_each_reserved_range() {
        for address in [
            "0.0.0.0",
            "0.255.255.255",
            "192.0.0.0",
            "192.0.0.255",
            "192.0.2.0",
            "192.0.2.255",
            "192.88.99.0",
            "192.88.99.255",
            "198.51.100.0",
            "198.51.100.255",
            "203.0.113.0",
            "203.0.113.255",
            "224.0.0.0",
            "239.255.255.255",
            "240.0.0.0",
            "255.255.255.255",
            "::",
            "::2",
            "::ffff:0.0.0.0",
            "2001::",
            "2001:0:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:db8::",
            "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            "3fff::",
            "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
            "ff00::",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "4000::",
            "fbff::",
            "fec0::",
            "100::",
            "::127.0.0.1",
            "64:ff9b::224.0.0.1",
            "2002:e000:1::",
        ] {
            let expected = Err("a reserved address");
            assert_eq!(judge(address), (expected, expected), "{address}");
        }
        for address in [
            "1.0.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.88.100.0",
            "198.51.99.255",
            "198.51.101.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "2000::",
            "2001:1::",
            "2001:db7:ffff::",
            "2001:db9::",
            "3ffe:ffff::",
            "3fff:1000::",
            "64:ff9b::8.8.8.8",
            "2606:4700::1",
        ] {
            assert_eq!(judge(address), (Ok(()), Ok(())), "{address}");
        }
    }

    #[test]
    fn a_range_that_is_allowed_is_allowed_in_every_form() {
        let allowed = [Network::parse("10.1.0.0/16").unwrap(), Network::parse("fd12::/16").unwrap()];
        for (address, expected) in [
            ("10.1.0.0", Ok(())),
            ("10.1.255.255", Ok(())),
            ("::ffff:10.1.2.3", Ok(())),
            ("fd12::1", Ok(())),
            ("10.0.255.255", Err("a private address")),
            ("10.2.0.0", Err("a private address")),
            ("fd13::", Err("a private address")),
            ("127.0.0.1", Err("a private address")),
        ] {
            assert_eq!(may_connect(address.parse().unwrap(), false, &allowed), expected, "{address}");
        }
        let reserved = [Network::parse("192.0.2.0/24").unwrap()];
        assert!(may_connect("192.0.2.1".parse().unwrap(), false, &reserved).is_err());
    }
}
