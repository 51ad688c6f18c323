//! NumericDate (RFC 7519 section 2) from the digits as they were written: nothing is rounded by accident.

use crate::error::Code;
use crate::json::Value;
use crate::limits::LATEST_DATE;
use crate::rule::Rule;

/// Whole seconds since 1970.
pub(crate) type Date = i64;

/// Which way a fraction of a second goes (CLM-13): always the way that admits less.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// For `exp`.
    Down,
    /// For `nbf` and `iat`.
    Up,
}

/// The date, or the rule it breaks: CLM-11 not a number, CLM-12 out of range, CLM-13 an exponent
/// that leaves a fraction.
#[inline]
pub(crate) fn read_date(value: Value<'_>, rounding: Rounding) -> Result<Date, (Rule, Code)> {
    let text = value.as_number().ok_or((Rule::Clm11, Code::ClaimWrongType))?;
    let bytes = text.as_bytes();
    if bytes.len() > 12 {
        return read_long_form(text, rounding);
    }
    let mut date = 0;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return read_long_form(text, rounding);
        }
        date = date * 10 + i64::from(digit);
    }
    in_range(date)
}

fn in_range(date: Date) -> Result<Date, (Rule, Code)> {
    if (0..=LATEST_DATE).contains(&date) { Ok(date) } else { Err((Rule::Clm12, Code::DateOutOfRange)) }
}

/// A number with a sign, a fraction, an exponent or many digits.
#[cold]
fn read_long_form(text: &str, rounding: Rounding) -> Result<Date, (Rule, Code)> {
    const OUT_OF_RANGE: (Rule, Code) = (Rule::Clm12, Code::DateOutOfRange);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        None => (text, None),
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
    };
    let negative = mantissa.starts_with('-');
    let (whole, fraction) =
        mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa.trim_start_matches('-'), ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|digit| digit - b'0').collect();
    if digits.iter().all(|digit| *digit == 0) {
        return Ok(0);
    }
    if negative {
        return Err(OUT_OF_RANGE);
    }
    // The decimal point stands before digits[point]. Exponents beyond any date saturate.
    let shift = match exponent {
        None => 0,
        Some(exponent) => {
            exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') { -100_000 } else { 100_000 })
        }
    };
    let point = (whole.len() as i64).saturating_add(shift.clamp(-100_000, 100_000));
    let mut date: Date = 0;
    for at in 0..point.max(0) {
        let digit = usize::try_from(at).ok().and_then(|at| digits.get(at)).copied().unwrap_or(0);
        date =
            date.checked_mul(10).and_then(|date| date.checked_add(i64::from(digit))).ok_or(OUT_OF_RANGE)?;
        if date > LATEST_DATE {
            return Err(OUT_OF_RANGE);
        }
    }
    let behind_point = digits.iter().skip(usize::try_from(point.max(0)).unwrap_or(usize::MAX));
    let has_fraction = behind_point.into_iter().any(|digit| *digit != 0);
    if has_fraction && exponent.is_some() {
        return Err((Rule::Clm13, Code::DateForm));
    }
    in_range(date + i64::from(has_fraction && rounding == Rounding::Up))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Bounds, parse};

    fn read(text: &str, rounding: Rounding) -> Result<Date, Code> {
        let document = parse(format!("{{\"d\":{text}}}").into_bytes(), Bounds::TOKEN).unwrap();
        read_date(document.root().get("d").unwrap(), rounding).map_err(|(_, code)| code)
    }

    #[test]
    fn clm_11_to_13_dates_as_they_are_written() {
        for (text, down, up) in [
            ("0", Ok(0), Ok(0)),
            ("-0", Ok(0), Ok(0)),
            ("0.0e5", Ok(0), Ok(0)),
            ("1700000000", Ok(1_700_000_000), Ok(1_700_000_000)),
            ("1700000000.0", Ok(1_700_000_000), Ok(1_700_000_000)),
            ("1700000000.5", Ok(1_700_000_000), Ok(1_700_000_001)),
            ("1700000000.0000000000000000000000001", Ok(1_700_000_000), Ok(1_700_000_001)),
            ("0.1", Ok(0), Ok(1)),
            ("1.7e9", Ok(1_700_000_000), Ok(1_700_000_000)),
            ("1.7E+9", Ok(1_700_000_000), Ok(1_700_000_000)),
            ("17000000000e-1", Ok(1_700_000_000), Ok(1_700_000_000)),
            ("17000000005e-1", Err(Code::DateForm), Err(Code::DateForm)),
            ("1.70000000005e9", Err(Code::DateForm), Err(Code::DateForm)),
            ("1e-3", Err(Code::DateForm), Err(Code::DateForm)),
            ("253402300799", Ok(LATEST_DATE), Ok(LATEST_DATE)),
            ("253402300800", Err(Code::DateOutOfRange), Err(Code::DateOutOfRange)),
            ("253402300799.5", Ok(LATEST_DATE), Err(Code::DateOutOfRange)),
            ("-1", Err(Code::DateOutOfRange), Err(Code::DateOutOfRange)),
            ("-0.5", Err(Code::DateOutOfRange), Err(Code::DateOutOfRange)),
            ("1e19", Err(Code::DateOutOfRange), Err(Code::DateOutOfRange)),
            ("1e999999999999999999999", Err(Code::DateOutOfRange), Err(Code::DateOutOfRange)),
            ("1e-999999999999999999999", Err(Code::DateForm), Err(Code::DateForm)),
            ("9223372036854775808", Err(Code::DateOutOfRange), Err(Code::DateOutOfRange)),
            ("18446744073709551616", Err(Code::DateOutOfRange), Err(Code::DateOutOfRange)),
            ("\"1700000000\"", Err(Code::ClaimWrongType), Err(Code::ClaimWrongType)),
            ("true", Err(Code::ClaimWrongType), Err(Code::ClaimWrongType)),
            ("[1]", Err(Code::ClaimWrongType), Err(Code::ClaimWrongType)),
        ] {
            assert_eq!(read(text, Rounding::Down), down, "{text}");
            assert_eq!(read(text, Rounding::Up), up, "{text}");
        }
    }
}
