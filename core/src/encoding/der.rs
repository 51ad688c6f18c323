//! A small strict reader of DER (X.690 section 10), and the three structures around public keys.

/// Reads one element after the other. Lengths are definite and minimal, tags of one byte.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

/// One element: its tag, what is inside, and all of it.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
}

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

impl<'a> Reader<'a> {
    /// Reads these bytes.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// The next element, whatever it is.
    pub(crate) fn element(&mut self) -> Option<Element<'a>> {
        let (tag, first) = (*self.rest.first()?, *self.rest.get(1)?);
        let (length, head) = match first {
            0..=0x7f => (usize::from(first), 2),
            0x81..=0x83 => {
                let head = 2 + usize::from(first - 0x80);
                let digits = self.rest.get(2..head)?;
                let length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
                let is_minimal = digits.first() != Some(&0) && length > 0x7f;
                (is_minimal.then_some(length)?, head)
            }
            _ => return None,
        };
        let whole = self.rest.get(..head + length)?;
        self.rest = &self.rest[whole.len()..];
        (tag & 0x1f != 0x1f).then_some(Element { tag, content: &whole[head..], whole })
    }

    /// The content of the next element, which must have that tag.
    pub(crate) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.element().filter(|element| element.tag == tag).map(|element| element.content)
    }

    /// Is everything read?
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next INTEGER, if it is positive and minimal: big-endian, without leading zeros.
    fn positive(&mut self) -> Option<&'a [u8]> {
        match self.read(INTEGER)? {
            [0, rest @ ..] => Some(rest).filter(|rest| rest.first().is_some_and(|first| *first >= 0x80)),
            whole => Some(whole).filter(|whole| whole.first().is_some_and(|first| *first < 0x80)),
        }
    }
}

/// A SubjectPublicKeyInfo (RFC 5280 section 4.1).
#[derive(Clone, Copy)]
pub(crate) struct PublicKeyInfo<'a> {
    /// The algorithm's object identifier, encoded.
    pub(crate) algorithm: &'a [u8],
    pub(crate) parameters: Option<Element<'a>>,
    pub(crate) key: &'a [u8],
}

/// The parts of a SubjectPublicKeyInfo that fills these bytes.
pub(crate) fn public_key_info(bytes: &[u8]) -> Option<PublicKeyInfo<'_>> {
    let mut info = Reader::new(only(bytes, SEQUENCE)?);
    let mut identifier = Reader::new(info.read(SEQUENCE)?);
    let key = bits(info.read(BIT_STRING)?)?;
    let algorithm = identifier.read(OBJECT_IDENTIFIER)?;
    let parameters = if identifier.is_empty() { None } else { Some(identifier.element()?) };
    (info.is_empty() && identifier.is_empty()).then_some(PublicKeyInfo { algorithm, parameters, key })
}

/// The SubjectPublicKeyInfo of an X.509 certificate (RFC 5280 section 4.1) that fills these bytes.
/// Nothing else of it is looked at: the certificate only carries the key.
pub(crate) fn certificate_public_key_info(bytes: &[u8]) -> Option<&[u8]> {
    let mut certificate = Reader::new(only(bytes, SEQUENCE)?);
    let mut signed = Reader::new(certificate.read(SEQUENCE)?);
    certificate.read(SEQUENCE)?; // signatureAlgorithm
    bits(certificate.read(BIT_STRING)?)?;
    let version_or_serial = signed.element()?;
    match version_or_serial.tag {
        VERSION => signed.read(INTEGER),
        INTEGER => Some(version_or_serial.content),
        _ => None,
    }?;
    for _ in ["signature", "issuer", "validity", "subject"] {
        signed.read(SEQUENCE)?;
    }
    let info = signed.element().filter(|element| element.tag == SEQUENCE)?;
    certificate.is_empty().then_some(info.whole)
}

/// Modulus and exponent of an RSAPublicKey (RFC 8017 appendix A.1.1) that fills these bytes.
pub(crate) fn rsa_numbers(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut numbers = Reader::new(only(bytes, SEQUENCE)?);
    let (n, e) = (numbers.positive()?, numbers.positive()?);
    numbers.is_empty().then_some((n, e))
}

/// An RSAPublicKey (RFC 8017 appendix A.1.1) of numbers without leading zeros.
#[cfg(any(feature = "aws-lc-rs", test))]
pub(crate) fn rsa_public_key(n: &[u8], e: &[u8]) -> Vec<u8> {
    let mut numbers = Vec::with_capacity(n.len() + e.len() + 16);
    for number in [n, e] {
        let sign: &[u8] = if number.first().is_some_and(|first| *first >= 0x80) { &[0] } else { &[] };
        write(&mut numbers, INTEGER, &[sign, number]);
    }
    let mut key = Vec::with_capacity(numbers.len() + 8);
    write(&mut key, SEQUENCE, &[&numbers]);
    key
}

#[cfg(any(feature = "aws-lc-rs", test))]
fn write(out: &mut Vec<u8>, tag: u8, content: &[&[u8]]) {
    let length: usize = content.iter().map(|part| part.len()).sum();
    out.push(tag);
    match length {
        0..=0x7f => out.push(length as u8),
        0x80..=0xff => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    content.iter().for_each(|part| out.extend_from_slice(part));
}

/// The content of the one element that fills these bytes.
fn only(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let mut reader = Reader::new(bytes);
    let content = reader.read(tag)?;
    reader.is_empty().then_some(content)
}

/// The bytes of a BIT STRING without unused bits.
fn bits(content: &[u8]) -> Option<&[u8]> {
    content.split_first().filter(|(unused, _)| **unused == 0).map(|(_, bytes)| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsa_keys_go_both_ways_in_one_spelling() {
        for (n, e) in
            [(vec![0x80; 256], vec![1, 0, 1]), (vec![0x7f; 300], vec![3]), (vec![1; 20], vec![0xff])]
        {
            let mut key = rsa_public_key(&n, &e);
            assert_eq!(rsa_numbers(&key), Some((&n[..], &e[..])));
            key.push(0);
            assert_eq!(rsa_numbers(&key), None, "trailing bytes");
            assert_eq!(rsa_numbers(&key[..key.len() - 2]), None, "cut off");
        }
        for refused in [
            &b"\x30\x07\x02\x02\x00\x01\x02\x01\x03"[..], // zero in front
            b"\x30\x06\x02\x01\x81\x02\x01\x03",          // negative
            b"\x30\x06\x02\x01\x00\x02\x01\x03",          // zero
            b"\x30\x81\x06\x02\x01\x05\x02\x01\x03",      // long form of a short length
            b"\x30\x80\x02\x01\x05\x02\x01\x03\x00\x00",  // indefinite length
            b"\x30\x05\x02\x00\x02\x01\x03",              // empty
        ] {
            assert_eq!(rsa_numbers(refused), None, "{refused:02x?}");
        }
    }

    #[test]
    fn every_cut_of_a_structure_is_refused() {
        let info = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00abcdefghijklmnopqrstuvwxyz012345";
        assert!(public_key_info(info).is_some_and(|info| info.key.len() == 32 && info.parameters.is_none()));
        for end in 0..info.len() {
            assert!(public_key_info(&info[..end]).is_none(), "{end}");
        }
    }
}
