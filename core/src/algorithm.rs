//! The signature algorithms of JWS, each with the one kind of key it goes with.

use std::fmt;

use crate::mutants::is_off;

/// A JWS algorithm. `EdDSA` in a token or policy stands for Ed25519 (JWS-09).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are those of RFC 7518, RFC 8812 and RFC 9864")]
pub enum Algorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    ES256K,
    Ed25519,
}

/// What an algorithm computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// A shared secret (HMAC).
    Mac,
    /// An RSA key pair.
    Rsa,
    /// A key pair on a Weierstrass curve.
    Ec,
    /// A key pair on an Edwards curve.
    Okp,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 14] = [
        Algorithm::HS256,
        Algorithm::HS384,
        Algorithm::HS512,
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::ES512,
        Algorithm::ES256K,
        Algorithm::Ed25519,
    ];

    /// The algorithm of that exact name; `EdDSA` gives Ed25519.
    pub fn from_name(name: &str) -> Option<Algorithm> {
        if name == "EdDSA" && !is_off("JWS-09") {
            return Some(Algorithm::Ed25519);
        }
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The name in the `alg` header.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::HS256 => "HS256",
            Algorithm::HS384 => "HS384",
            Algorithm::HS512 => "HS512",
            Algorithm::RS256 => "RS256",
            Algorithm::RS384 => "RS384",
            Algorithm::RS512 => "RS512",
            Algorithm::PS256 => "PS256",
            Algorithm::PS384 => "PS384",
            Algorithm::PS512 => "PS512",
            Algorithm::ES256 => "ES256",
            Algorithm::ES384 => "ES384",
            Algorithm::ES512 => "ES512",
            Algorithm::ES256K => "ES256K",
            Algorithm::Ed25519 => "Ed25519",
        }
    }

    /// The kind of key it needs.
    pub fn family(self) -> Family {
        match self {
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => Family::Mac,
            Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 => Family::Rsa,
            Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 => Family::Rsa,
            Algorithm::ES256 | Algorithm::ES384 | Algorithm::ES512 | Algorithm::ES256K => Family::Ec,
            Algorithm::Ed25519 => Family::Okp,
        }
    }

    /// Bytes of a signature; `None` for RSA, whose signatures are as long as the modulus.
    pub fn signature_bytes(self) -> Option<usize> {
        match self {
            Algorithm::HS256 => Some(32),
            Algorithm::HS384 => Some(48),
            Algorithm::HS512 | Algorithm::ES256 | Algorithm::ES256K | Algorithm::Ed25519 => Some(64),
            Algorithm::ES384 => Some(96),
            Algorithm::ES512 => Some(132),
            _ => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A set of algorithms. There is no way to say "any" (JWS-04).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct AlgorithmSet {
    bits: u16,
}

impl AlgorithmSet {
    /// The empty set, which admits nothing.
    pub const fn new() -> Self {
        AlgorithmSet { bits: 0 }
    }

    /// With one more.
    #[must_use]
    pub const fn with(self, algorithm: Algorithm) -> Self {
        AlgorithmSet { bits: self.bits | 1 << algorithm as u16 }
    }

    /// Everything in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        AlgorithmSet { bits: self.bits | other.bits }
    }

    /// Is it listed?
    pub const fn contains(self, algorithm: Algorithm) -> bool {
        self.bits & 1 << algorithm as u16 != 0
    }

    /// Is nothing listed?
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// The members in the order of [`Algorithm::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL.into_iter().filter(move |algorithm| self.contains(*algorithm))
    }

    /// The one listed algorithm of that family; `None` where there is none or more than one.
    pub fn only(self, family: Family) -> Option<Algorithm> {
        let mut listed = self.iter().filter(|algorithm| algorithm.family() == family);
        listed.next().filter(|_| listed.next().is_none())
    }

    /// MAC and signature algorithms in one list are a key confusion waiting to happen (JWS-06).
    pub fn mixes_mac_and_signatures(self) -> bool {
        let macs = self.iter().filter(|algorithm| algorithm.family() == Family::Mac).count();
        macs != 0 && macs != self.iter().count()
    }
}

impl FromIterator<Algorithm> for AlgorithmSet {
    fn from_iter<I: IntoIterator<Item = Algorithm>>(algorithms: I) -> Self {
        algorithms.into_iter().fold(AlgorithmSet::new(), AlgorithmSet::with)
    }
}

impl fmt::Debug for AlgorithmSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways_and_none_is_no_algorithm() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
        }
        assert_eq!(Algorithm::from_name("EdDSA"), Some(Algorithm::Ed25519));
        for name in ["none", "None", "noNe", "", "rs256", "HS256 ", "Ed448", "RSA1_5"] {
            assert_eq!(Algorithm::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn jws_06_sets_know_when_they_mix() {
        let set =
            |names: &[&str]| names.iter().filter_map(|n| Algorithm::from_name(n)).collect::<AlgorithmSet>();
        assert!(!set(&["HS256", "HS512"]).mixes_mac_and_signatures());
        assert!(!set(&["RS256", "ES256"]).mixes_mac_and_signatures());
        assert!(set(&["RS256", "HS256"]).mixes_mac_and_signatures());
        assert!(!AlgorithmSet::new().mixes_mac_and_signatures());
        assert_eq!(set(&["RS256", "ES256"]).only(Family::Rsa), Some(Algorithm::RS256));
        assert_eq!(set(&["RS256", "PS256"]).only(Family::Rsa), None);
    }
}
