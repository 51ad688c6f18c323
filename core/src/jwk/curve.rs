//! Is a public point sound? The same answer whichever provider computes with it (JWK-11, JWK-12).

use super::field::{Element, Field};
use crate::crypto::Curve;

/// Do x and y, of full length, less than the prime, solve the curve's equation (JWK-11)? The point
/// at infinity has no such coordinates, and a curve of cofactor 1 has no small subgroup.
pub(super) fn is_on_curve(curve: Curve, x: &[u8], y: &[u8]) -> bool {
    let Equation { field, a, b } = equation(curve);
    if x.len() != curve.coordinate_bytes() || y.len() != curve.coordinate_bytes() {
        return false;
    }
    let (Some(x), Some(y)) = (field.element(x), field.element(y)) else {
        return false;
    };
    // y² = (x² + a) x + b
    let right = field.add(field.multiply(field.add(field.multiply(x, x), *a), x), *b);
    field.multiply(y, y) == right
}

/// Is this the canonical encoding of a point of edwards25519 whose order is not 1, 2, 4 or 8
/// (JWK-12; RFC 8032 section 5.1.3, RFC 8037 section 2)?
pub(super) fn is_ed25519_point(encoded: &[u8; 32]) -> bool {
    let mut big_endian = *encoded;
    big_endian.reverse();
    big_endian[0] &= 0x7f; // the sign of x
    let field = &P25519;
    let Some(y) = field.element(&big_endian) else {
        return false;
    };
    let square = field.multiply(y, y);
    let scaled = field.multiply(EDWARDS_D, square);
    let (zero, one) = (const { P25519.constant("0") }, const { P25519.constant("1") });
    // Order 1 and 2: y² = 1. Order 4: y = 0. Order 8: doubled it has y = 0, so y² = -x², which the
    // curve's equation turns into d y⁴ + 2 y² = 1.
    let eighth = field.add(field.multiply(scaled, square), field.add(square, square));
    if y == zero || square == one || eighth == one {
        return false;
    }
    // x² = (y² - 1) / (d y² + 1); the denominator is never zero, so it may as well be multiplied.
    let x_square = field.multiply(field.add(square, MINUS_ONE_25519), field.add(scaled, one));
    field.is_square(x_square)
}

/// y² = x³ + a x + b
struct Equation {
    field: &'static Field,
    a: &'static Element,
    b: &'static Element,
}

fn equation(curve: Curve) -> Equation {
    let (field, a, b) = match curve {
        Curve::P256 => (&P256, &P256_A, &P256_B),
        Curve::P384 => (&P384, &P384_A, &P384_B),
        Curve::P521 => (&P521, &P521_A, &P521_B),
        Curve::Secp256k1 => (&SECP256K1, &SECP256K1_A, &SECP256K1_B),
    };
    Equation { field, a, b }
}

// SP 800-186 section 3.2.1, SEC 2 section 2.4.1, RFC 7748 section 4.1.
static P256: Field = Field::new(P256_PRIME);
static P256_A: Element =
    Field::new(P256_PRIME).constant("ffffffff00000001000000000000000000000000fffffffffffffffffffffffc");
static P256_B: Element =
    Field::new(P256_PRIME).constant("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");
const P256_PRIME: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

static P384: Field = Field::new(P384_PRIME);
static P384_A: Element = Field::new(P384_PRIME).constant(concat!(
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe",
    "ffffffff0000000000000000fffffffc",
));
static P384_B: Element = Field::new(P384_PRIME).constant(concat!(
    "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a",
    "c656398d8a2ed19d2a85c8edd3ec2aef",
));
const P384_PRIME: &str = concat!(
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe",
    "ffffffff0000000000000000ffffffff",
);

static P521: Field = Field::new(P521_PRIME);
static P521_A: Element = Field::new(P521_PRIME).constant(concat!(
    "1ff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc",
));
static P521_B: Element = Field::new(P521_PRIME).constant(concat!(
    "051",
    "953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e1",
    "56193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
));
const P521_PRIME: &str = concat!(
    "1ff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
);

static SECP256K1: Field = Field::new(SECP256K1_PRIME);
static SECP256K1_A: Element = Field::new(SECP256K1_PRIME).constant("0");
static SECP256K1_B: Element = Field::new(SECP256K1_PRIME).constant("7");
const SECP256K1_PRIME: &str = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f";

const P25519: Field = Field::new("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
const EDWARDS_D: Element =
    P25519.constant("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3");
const MINUS_ONE_25519: Element =
    P25519.constant("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec");

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().map(|byte| (byte as char).to_digit(16).unwrap() as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// The base points, from the same documents.
    const BASES: [(Curve, &str, &str); 4] = [
        (
            Curve::P256,
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        ),
        (
            Curve::P384,
            "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
            "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        ),
        (
            Curve::P521,
            "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
            "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
        ),
        (
            Curve::Secp256k1,
            "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
            "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
        ),
    ];

    #[test]
    fn jwk_11_only_points_of_the_curve_in_full_length() {
        for (curve, x, y) in BASES {
            let (x, y) = (bytes(x), bytes(y));
            assert!(is_on_curve(curve, &x, &y), "{curve:?}");
            assert!(!is_on_curve(curve, &y, &x), "{curve:?} swapped");
            for at in 0..y.len() {
                let mut other = y.clone();
                other[at] ^= 1;
                assert!(!is_on_curve(curve, &x, &other), "{curve:?} {at}");
            }
            let padded = [&[0], &x[..]].concat();
            assert!(!is_on_curve(curve, &padded, &y), "{curve:?} too long");
            assert!(!is_on_curve(curve, &x[1..], &y), "{curve:?} too short");
            assert!(!is_on_curve(curve, &vec![0; x.len()], &vec![0; x.len()]), "{curve:?} zero");
            assert!(!is_on_curve(curve, &vec![0xff; x.len()], &y), "{curve:?} beyond the prime");
        }
    }

    #[test]
    fn jwk_11_a_coordinate_of_p_or_more_is_not_reduced() {
        // x = 5 lies on P-256; x + p is another spelling of it, which still fits 32 bytes.
        let y = bytes("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
        let five = bytes("0000000000000000000000000000000000000000000000000000000000000005");
        assert!(is_on_curve(Curve::P256, &five, &y));
        let five_and_p = bytes("ffffffff00000001000000000000000000000001000000000000000000000004");
        assert!(!is_on_curve(Curve::P256, &five_and_p, &y));
    }

    fn is_ed25519(hex: &str) -> bool {
        is_ed25519_point(&bytes(hex).try_into().unwrap())
    }

    #[test]
    fn jwk_12_ed25519_points() {
        // The base point, and the keys of RFC 8032 section 7.1.
        for key in [
            "5866666666666666666666666666666666666666666666666666666666666666",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
        ] {
            assert!(is_ed25519(key), "{key}");
        }
        // About half of all values of y have no x.
        let holes = (2..=40u8).filter(|y| {
            let mut encoded = [0; 32];
            encoded[0] = *y;
            !is_ed25519_point(&encoded)
        });
        assert!((10..30).contains(&holes.count()));
    }

    #[test]
    fn jwk_12_small_order_and_non_canonical_points() {
        // The eight points of small order and their other spellings, as libsodium lists them.
        for (key, what) in [
            ("0100000000000000000000000000000000000000000000000000000000000000", "order 1"),
            ("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "order 2"),
            ("0000000000000000000000000000000000000000000000000000000000000000", "order 4"),
            ("0000000000000000000000000000000000000000000000000000000000000080", "order 4"),
            ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "order 8"),
            ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", "order 8"),
            ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "order 8"),
            ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", "order 8"),
            ("0100000000000000000000000000000000000000000000000000000000000080", "order 1, sign"),
            ("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "order 2, sign"),
            ("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "p"),
            ("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "p, sign"),
            ("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "p + 1"),
            ("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "p + 1, sign"),
            ("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "p + 3"),
            ("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "2^255 - 1"),
        ] {
            assert!(!is_ed25519(key), "{what}");
        }
    }
}
