//! Which addresses keys may be fetched from (JKS-03).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// May a document be fetched from this address?
///
/// Private ones only where the policy file names the host itself, or the address; where credentials of cloud
/// machines are handed out, and what no server has, never. An IPv6 address that carries an IPv4 address is judged
/// as both.
///
/// # Errors
/// What kind of address it is.
pub fn may_connect(address: IpAddr, is_named: bool, allowed: &[Network]) -> Result<(), &'static str> {
    let is_allowed = |address| is_named || allowed.iter().any(|network| network.contains(address));
    let carried = carried(address);
    for judged in [Some(address), carried].into_iter().flatten() {
        match kind(judged) {
            Kind::Public => {}
            Kind::Never(what) => return Err(what),
            Kind::Private(what) => {
                if !is_allowed(judged) && !is_allowed(address) {
                    return Err(what);
                }
            }
        }
    }
    Ok(())
}

enum Kind {
    Public,
    /// With what is said where the policy does not name it.
    Private(&'static str),
    Never(&'static str),
}

fn kind(address: IpAddr) -> Kind {
    let is_in = |networks: &[Network]| networks.iter().any(|network| network.contains(address));
    if CLOUD_METADATA.contains(&address) {
        return Kind::Never("a metadata address of a cloud");
    }
    if let Some((_, what)) = PRIVATE.iter().find(|(networks, _)| is_in(networks)) {
        return Kind::Private(what);
    }
    match NEVER.iter().find(|(networks, _)| is_in(networks)) {
        Some((_, what)) => Kind::Never(what),
        // Of IPv6 only this eighth is handed out.
        None if address.is_ipv6()
            && !v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3).contains(address)
            && !is_in(&CARRIERS) =>
        {
            Kind::Never("a reserved address")
        }
        None => Kind::Public,
    }
}

/// The IPv4 address within an IPv6 address.
fn carried(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(inside) = address else { return None };
    let bits = u128::from(inside);
    let taken = if v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16).contains(address) {
        bits >> 80
    } else if CARRIERS.iter().chain(&LOCAL_CARRIER).any(|network| network.contains(address)) {
        bits
    } else {
        return None;
    };
    Some(IpAddr::V4(Ipv4Addr::from((taken & 0xffff_ffff) as u32)))
}

/// Addresses within a machine at a cloud that hand out its credentials, and those of the cloud's own agents.
const CLOUD_METADATA: [IpAddr; 17] = [
    ip4(169, 254, 169, 254), // AWS, Azure, Google, Oracle, OpenStack, and most others
    ip4(169, 254, 170, 2),   // AWS: tasks of ECS
    ip4(169, 254, 170, 23),  // AWS: pods of EKS
    ip4(169, 254, 0, 23),    // Tencent
    ip4(169, 254, 42, 42),   // Scaleway
    ip4(168, 63, 129, 16),   // Azure: the host of the machine
    ip4(100, 100, 100, 200), // Alibaba
    ip4(100, 96, 0, 96),     // Volcano Engine
    ip4(192, 0, 0, 192),     // Oracle, before OCI
    ip6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]), // AWS
    ip6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23]), // AWS: pods of EKS
    ip6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]), // Google
    ip6([0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe]), // Oracle
    ip6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42]), // Scaleway
    ip6([0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1]), // Akamai
    ip6([0xfd00, 0x100, 0, 0, 0, 0, 0x100, 0x200]), // Alibaba
    ip6([0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe]), // OpenStack
];

/// Ranges of IPv6 whose last 32 bits are an IPv4 address: mapped, translated (RFC 2765), NAT64 (RFC 6052).
const CARRIERS: [Network; 3] = [
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96),
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96),
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96),
];

/// NAT64 of one's own (RFC 8215).
const LOCAL_CARRIER: [Network; 1] = [v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48)];

const PRIVATE: [(&[Network], &str); 4] = [
    (&[v4(127, 0, 0, 0, 8), v6([0, 0, 0, 0, 0, 0, 0, 1], 128)], "a loopback address"),
    (&[v4(169, 254, 0, 0, 16), v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10)], "a link-local address"),
    (
        &[
            v4(10, 0, 0, 0, 8),
            v4(172, 16, 0, 0, 12),
            v4(192, 168, 0, 0, 16),
            v4(100, 64, 0, 0, 10),
            v4(198, 18, 0, 0, 15), // for benchmarks, and taken by proxies that make up addresses
            v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
            v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10),
        ],
        "a private address",
    ),
    (&LOCAL_CARRIER, "an address of a private translator"),
];

const NEVER: [(&[Network], &str); 5] = [
    (&[v4(0, 0, 0, 0, 8), v6([0, 0, 0, 0, 0, 0, 0, 0], 128)], "an unspecified address"),
    (&[v4(224, 0, 0, 0, 4), v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8)], "a multicast address"),
    (&[v4(255, 255, 255, 255, 32)], "the broadcast address"),
    (
        &[
            v4(192, 0, 2, 0, 24),
            v4(198, 51, 100, 0, 24),
            v4(203, 0, 113, 0, 24),
            v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
            v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
        ],
        "an address for documentation",
    ),
    (
        &[
            v4(192, 0, 0, 0, 24),
            v4(192, 88, 99, 0, 24),
            v4(240, 0, 0, 0, 4),
            v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
        ],
        "a reserved address",
    ),
];

const fn ip4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn ip6([a, b, c, d, e, f, g, h]: [u16; 8]) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h))
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Network {
    Network { address: ip4(a, b, c, d), prefix }
}

const fn v6(address: [u16; 8], prefix: u8) -> Network {
    Network { address: ip6(address), prefix }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Expected {
        Public,
        Private,
        Never,
    }
    use Expected::{Never, Private, Public};

    /// Every range with both edges, and what lies beside them.
    const TABLE: &[(&str, Expected)] = &[
        ("0.0.0.0", Never),
        ("0.255.255.255", Never),
        ("1.0.0.0", Public),
        ("9.255.255.255", Public),
        ("10.0.0.0", Private),
        ("10.255.255.255", Private),
        ("11.0.0.0", Public),
        ("100.63.255.255", Public),
        ("100.64.0.0", Private),
        ("100.96.0.95", Private),
        ("100.96.0.96", Never),
        ("100.96.0.97", Private),
        ("100.100.100.199", Private),
        ("100.100.100.200", Never),
        ("100.100.100.201", Private),
        ("100.127.255.255", Private),
        ("100.128.0.0", Public),
        ("126.255.255.255", Public),
        ("127.0.0.0", Private),
        ("127.0.0.1", Private),
        ("127.255.255.255", Private),
        ("128.0.0.0", Public),
        ("168.63.129.15", Public),
        ("168.63.129.16", Never),
        ("168.63.129.17", Public),
        ("169.253.255.255", Public),
        ("169.254.0.0", Private),
        ("169.254.0.22", Private),
        ("169.254.0.23", Never),
        ("169.254.0.24", Private),
        ("169.254.42.41", Private),
        ("169.254.42.42", Never),
        ("169.254.42.43", Private),
        ("169.254.169.253", Private),
        ("169.254.169.254", Never),
        ("169.254.169.255", Private),
        ("169.254.170.1", Private),
        ("169.254.170.2", Never),
        ("169.254.170.3", Private),
        ("169.254.170.22", Private),
        ("169.254.170.23", Never),
        ("169.254.170.24", Private),
        ("169.254.255.255", Private),
        ("169.255.0.0", Public),
        ("172.15.255.255", Public),
        ("172.16.0.0", Private),
        ("172.31.255.255", Private),
        ("172.32.0.0", Public),
        ("191.255.255.255", Public),
        ("192.0.0.0", Never),
        ("192.0.0.192", Never),
        ("192.0.0.255", Never),
        ("192.0.1.0", Public),
        ("192.0.1.255", Public),
        ("192.0.2.0", Never),
        ("192.0.2.255", Never),
        ("192.0.3.0", Public),
        ("192.88.98.255", Public),
        ("192.88.99.0", Never),
        ("192.88.99.255", Never),
        ("192.88.100.0", Public),
        ("192.167.255.255", Public),
        ("192.168.0.0", Private),
        ("192.168.255.255", Private),
        ("192.169.0.0", Public),
        ("198.17.255.255", Public),
        ("198.18.0.0", Private),
        ("198.19.255.255", Private),
        ("198.20.0.0", Public),
        ("198.51.99.255", Public),
        ("198.51.100.0", Never),
        ("198.51.100.255", Never),
        ("198.51.101.0", Public),
        ("203.0.112.255", Public),
        ("203.0.113.0", Never),
        ("203.0.113.255", Never),
        ("203.0.114.0", Public),
        ("223.255.255.255", Public),
        ("224.0.0.0", Never),
        ("239.255.255.255", Never),
        ("240.0.0.0", Never),
        ("255.255.255.254", Never),
        ("255.255.255.255", Never),
        ("::", Never),
        ("::1", Private),
        ("::2", Never),
        ("::7f00:1", Never),
        ("::a9fe:a9fe", Never),
        ("::fffe:ffff:ffff", Never),
        ("::ffff:0.0.0.0", Never),
        ("::ffff:8.8.8.8", Public),
        ("::ffff:127.0.0.1", Private),
        ("::ffff:169.254.169.254", Never),
        ("::ffff:255.255.255.255", Never),
        ("::1:0:0:0", Never),
        ("::fffe:ffff:ffff:ffff", Never),
        ("::ffff:0:8.8.8.8", Public),
        ("::ffff:0:10.0.0.1", Private),
        ("::ffff:0:169.254.169.254", Never),
        ("::ffff:1:8.8.8.8", Never),
        ("64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", Never),
        ("64:ff9b::", Never),
        ("64:ff9b::8.8.8.8", Public),
        ("64:ff9b::192.168.0.1", Private),
        ("64:ff9b::169.254.169.254", Never),
        ("64:ff9b::1:8.8.8.8", Never),
        ("64:ff9b:0:ffff:ffff:ffff:ffff:ffff", Never),
        ("64:ff9b:1::8.8.8.8", Private),
        ("64:ff9b:1::169.254.169.254", Never),
        ("64:ff9b:1:ffff:ffff:ffff:8.8.8.8", Private),
        ("64:ff9b:2::8.8.8.8", Never),
        ("100::", Never),
        ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Never),
        ("2000::", Public),
        ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Public),
        ("2001::", Never),
        ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Never),
        ("2001:200::", Public),
        ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", Public),
        ("2001:db8::", Never),
        ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Never),
        ("2001:db9::", Public),
        ("2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Public),
        ("2002::", Never),
        ("2002:808:808::1", Public),
        ("2002:a00:1::1", Private),
        ("2002:a9fe:a9fe::1", Never),
        ("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Never),
        ("2003::", Public),
        ("2606:4700::1111", Public),
        ("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Public),
        ("3fff::", Never),
        ("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Never),
        ("3fff:1000::", Public),
        ("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Public),
        ("4000::", Never),
        ("5f00::1", Never),
        ("fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Never),
        ("fc00::", Private),
        ("fd00:42::41", Private),
        ("fd00:42::42", Never),
        ("fd00:42::43", Private),
        ("fd00:100::100:200", Never),
        ("fd00:a9fe:a9fe::", Private),
        ("fd00:a9fe:a9fe::1", Never),
        ("fd00:a9fe:a9fe::2", Private),
        ("fd00:c1::a9fe:a9fe", Never),
        ("fd00:ec2::22", Private),
        ("fd00:ec2::23", Never),
        ("fd00:ec2::24", Private),
        ("fd00:ec2::253", Private),
        ("fd00:ec2::254", Never),
        ("fd00:ec2::255", Private),
        ("fd20:ce::253", Private),
        ("fd20:ce::254", Never),
        ("fd20:ce::255", Private),
        ("fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Private),
        ("fe00::", Never),
        ("fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Never),
        ("fe80::", Private),
        ("fe80::a9fe:a9fe", Never),
        ("febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Private),
        ("fec0::", Private),
        ("feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Private),
        ("ff00::", Never),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Never),
    ];

    #[test]
    fn every_range_ends_where_it_should() {
        let everything = ["0.0.0.0/0", "::/0"].map(|text| Network::parse(text).unwrap());
        for &(text, expected) in TABLE {
            let address: IpAddr = text.parse().unwrap();
            let is_public = may_connect(address, false, &[]).is_ok();
            assert_eq!(is_public, expected == Public, "{text}");
            assert_eq!(may_connect(address, true, &[]).is_ok(), expected != Never, "{text} named");
            assert_eq!(may_connect(address, false, &everything).is_ok(), expected != Never, "{text} allowed");
            let itself = [Network::parse(text).unwrap()];
            assert_eq!(
                may_connect(address, false, &itself).is_ok(),
                expected != Never,
                "{text} allowed alone"
            );
        }
    }

    #[test]
    fn a_range_allows_what_is_in_it_and_no_more() {
        let allowed = [Network::parse("10.1.0.0/16").unwrap(), Network::parse("fd12::/32").unwrap()];
        for (text, is_allowed) in [
            ("10.1.0.0", true),
            ("10.1.255.255", true),
            ("10.0.255.255", false),
            ("10.2.0.0", false),
            ("::ffff:10.1.2.3", true),
            ("::ffff:10.2.2.3", false),
            ("64:ff9b::10.1.2.3", true),
            ("2002:a01:203::1", true),
            ("fd12::1", true),
            ("fd12:1::1", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(may_connect(text.parse().unwrap(), false, &allowed).is_ok(), is_allowed, "{text}");
        }
    }

    #[test]
    fn every_metadata_address_is_refused_in_every_form() {
        for address in CLOUD_METADATA {
            assert!(
                may_connect(address, true, &[Network::parse(&address.to_string()).unwrap()]).is_err(),
                "{address}"
            );
            let IpAddr::V4(address) = address else { continue };
            let bits = u128::from(u32::from(address));
            for prefix in [0xffff_u128 << 32, 0xffff << 48, 0x64_ff9b << 96, (0x64_ff9b << 96) | (1 << 80), 0]
            {
                let carrier = IpAddr::V6(Ipv6Addr::from(prefix | bits));
                assert!(may_connect(carrier, true, &[]).is_err(), "{carrier}");
            }
            let six_to_four = IpAddr::V6(Ipv6Addr::from((0x2002_u128 << 112) | (bits << 80) | 1));
            assert!(may_connect(six_to_four, true, &[]).is_err(), "{six_to_four}");
        }
    }

    #[test]
    fn networks_are_read_strictly() {
        for good in ["10.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "::/0", "fd00::/8", "fd00::1/128"] {
            assert!(Network::parse(good).is_some(), "{good}");
        }
        for bad in
            ["", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10/8", "::1/0", "::/129", "a"]
        {
            assert!(Network::parse(bad).is_none(), "{bad}");
        }
    }
}
