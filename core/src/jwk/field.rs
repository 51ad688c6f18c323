//! Arithmetic modulo a prime, for checking public points when keys are loaded.
//!
//! It does not depend on a provider, so that all of them accept the same keys. The time depends on
//! the numbers, which are public. Multiplication is Montgomery's (CIOS), with R = 2^(64 * limbs).

/// Room for 521 bits, least significant limb first.
pub(super) type Limbs = [u64; MOST_LIMBS];

const MOST_LIMBS: usize = 9;

/// The integers modulo an odd prime whose top limb is not zero.
pub(super) struct Field {
    limbs: usize,
    modulus: Limbs,
    /// -1/modulus mod 2^64
    inverse: u64,
    /// R² mod modulus
    square: Limbs,
}

/// A number modulo the field's prime, in Montgomery form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Element(Limbs);

impl Field {
    /// The field of a prime in hexadecimal.
    pub(super) const fn new(prime: &str) -> Field {
        let modulus = limbs(prime);
        let limbs = prime.len().div_ceil(16);
        let mut inverse: u64 = 1; // Newton: each round doubles the correct bits
        let mut round = 0;
        while round < 6 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(modulus[0].wrapping_mul(inverse)));
            round += 1;
        }
        let mut field = Field { limbs, modulus, inverse: inverse.wrapping_neg(), square: [0; MOST_LIMBS] };
        let mut power: Limbs = [0; MOST_LIMBS];
        power[0] = 1;
        let mut doublings = 0;
        while doublings < 128 * limbs {
            power = field.sum(power, power);
            doublings += 1;
        }
        field.square = power;
        field
    }

    /// A constant in hexadecimal, less than the prime.
    pub(super) const fn constant(&self, number: &str) -> Element {
        Element(self.montgomery(limbs(number), self.square))
    }

    /// The number of these big-endian bytes; `None` if it is not less than the prime.
    pub(super) fn element(&self, bytes: &[u8]) -> Option<Element> {
        let mut number: Limbs = [0; MOST_LIMBS];
        for (place, byte) in bytes.iter().rev().enumerate() {
            *number.get_mut(place / 8)? |= u64::from(*byte) << (8 * (place % 8));
        }
        let beyond = number[self.limbs..].iter().any(|limb| *limb != 0);
        (!beyond && !self.reaches_modulus(&number)).then(|| Element(self.montgomery(number, self.square)))
    }

    /// a + b
    pub(super) const fn add(&self, a: Element, b: Element) -> Element {
        Element(self.sum(a.0, b.0))
    }

    /// a * b
    pub(super) const fn multiply(&self, a: Element, b: Element) -> Element {
        Element(self.montgomery(a.0, b.0))
    }

    /// Is there a number whose square this is? By Euler's criterion: a^((p-1)/2) is 1, or a is 0.
    pub(super) fn is_square(&self, a: Element) -> bool {
        if a == self.constant("0") {
            return true;
        }
        let mut power = self.constant("1");
        // The bits of (p - 1) / 2 are those of p without the last.
        for bit in (1..64 * self.limbs).rev() {
            power = self.multiply(power, power);
            if self.modulus[bit / 64] >> (bit % 64) & 1 == 1 {
                power = self.multiply(power, a);
            }
        }
        power == self.constant("1")
    }

    /// a * b / R, for a and b less than the prime.
    const fn montgomery(&self, a: Limbs, b: Limbs) -> Limbs {
        let n = self.limbs;
        let mut t = [0u64; MOST_LIMBS];
        let mut top = 0u64;
        let mut i = 0;
        while i < n {
            let mut carry = 0u128;
            let mut j = 0;
            while j < n {
                let sum = t[j] as u128 + a[j] as u128 * b[i] as u128 + carry;
                t[j] = sum as u64;
                carry = sum >> 64;
                j += 1;
            }
            let upper = top as u128 + carry;
            let factor = t[0].wrapping_mul(self.inverse);
            let mut carry = (t[0] as u128 + factor as u128 * self.modulus[0] as u128) >> 64;
            let mut j = 1;
            while j < n {
                let sum = t[j] as u128 + factor as u128 * self.modulus[j] as u128 + carry;
                t[j - 1] = sum as u64;
                carry = sum >> 64;
                j += 1;
            }
            let sum = upper + carry;
            t[n - 1] = sum as u64;
            top = (sum >> 64) as u64;
            i += 1;
        }
        if top != 0 || self.reaches_modulus(&t) { self.less_modulus(t) } else { t }
    }

    const fn sum(&self, a: Limbs, b: Limbs) -> Limbs {
        let mut total: Limbs = [0; MOST_LIMBS];
        let mut carry = 0u128;
        let mut at = 0;
        while at < self.limbs {
            let sum = a[at] as u128 + b[at] as u128 + carry;
            total[at] = sum as u64;
            carry = sum >> 64;
            at += 1;
        }
        if carry != 0 || self.reaches_modulus(&total) { self.less_modulus(total) } else { total }
    }

    const fn reaches_modulus(&self, number: &Limbs) -> bool {
        let mut at = self.limbs;
        while at > 0 {
            at -= 1;
            if number[at] != self.modulus[at] {
                return number[at] > self.modulus[at];
            }
        }
        true
    }

    const fn less_modulus(&self, mut number: Limbs) -> Limbs {
        let mut borrow = false;
        let mut at = 0;
        while at < self.limbs {
            let (difference, under) = number[at].overflowing_sub(self.modulus[at]);
            let (difference, under_again) = difference.overflowing_sub(borrow as u64);
            number[at] = difference;
            borrow = under || under_again;
            at += 1;
        }
        number
    }
}

/// The limbs of a hexadecimal number.
const fn limbs(number: &str) -> Limbs {
    let digits = number.as_bytes();
    let mut limbs: Limbs = [0; MOST_LIMBS];
    let mut place = 0;
    while place < digits.len() {
        let digit = digits[digits.len() - 1 - place];
        let value = if digit <= b'9' { digit - b'0' } else { digit - b'a' + 10 };
        limbs[place / 16] |= (value as u64) << (4 * (place % 16));
        place += 1;
    }
    limbs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A prime small enough to compare with the machine's own arithmetic: 2^61 - 1.
    const SMALL: Field = Field::new("1fffffffffffffff");
    const P521: Field = Field::new(concat!(
        "1ff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ));

    #[test]
    fn agrees_with_the_machine() {
        const PRIME: u128 = (1 << 61) - 1;
        let mut seed = 1u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            seed >> 3
        };
        for _ in 0..1000 {
            let (a, b) = (next() % PRIME as u64, next() % PRIME as u64);
            let element = |n: u64| SMALL.element(&n.to_be_bytes()).unwrap();
            let product = (u128::from(a) * u128::from(b) % PRIME) as u64;
            let sum = ((u128::from(a) + u128::from(b)) % PRIME) as u64;
            assert!(SMALL.multiply(element(a), element(b)) == element(product));
            assert!(SMALL.add(element(a), element(b)) == element(sum));
            assert!(SMALL.is_square(SMALL.multiply(element(a), element(a))));
        }
        // -1 is no square where p mod 4 = 3.
        assert!(!SMALL.is_square(SMALL.element(&(PRIME as u64 - 1).to_be_bytes()).unwrap()));
        assert!(SMALL.is_square(SMALL.constant("0")));
    }

    #[test]
    fn numbers_end_below_the_prime() {
        let prime = ((1u64 << 61) - 1).to_be_bytes();
        assert!(SMALL.element(&prime).is_none());
        assert!(SMALL.element(&[1, 0, 0, 0, 0, 0, 0, 0, 0]).is_none());
        let mut largest = [0xff; 66];
        largest[0] = 1;
        assert!(P521.element(&largest).is_none());
        largest[65] = 0xfe;
        let minus_one = P521.element(&largest).unwrap();
        assert!(P521.multiply(minus_one, minus_one) == P521.constant("1"));
        assert!(P521.element(&[0xff; 73]).is_none());
    }
}
