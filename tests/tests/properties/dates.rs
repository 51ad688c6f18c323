//! Dates against exact decimal arithmetic on their digits (CLM-11 to CLM-13).

use std::sync::OnceLock;

use counterseal::{Code, Guard};
use proptest::prelude::*;

use crate::{cases, decide, guard, signer};

const LATEST: &str = "253402300799";
const LEEWAY: i64 = 0;

/// A number as digits before the point and behind it, without leading or trailing zeros.
struct Decimal {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Decimal {
    /// From a lexeme whose exponent moves the point by at most some thousand places.
    fn new(lexeme: &str) -> Decimal {
        let (mantissa, exponent) = lexeme.split_once(['e', 'E']).unwrap_or((lexeme, "0"));
        let negative = mantissa.starts_with('-');
        let (whole, fraction) = mantissa
            .trim_start_matches('-')
            .split_once('.')
            .unwrap_or((mantissa.trim_start_matches('-'), ""));
        let exponent: i64 = exponent.parse().unwrap();
        let zeros = "0".repeat(exponent.unsigned_abs() as usize);
        let (digits, point) = if exponent < 0 {
            (format!("{zeros}{whole}{fraction}"), whole.len())
        } else {
            (format!("{whole}{fraction}{zeros}"), whole.len() + exponent as usize)
        };
        let (whole, fraction) = digits.split_at(point);
        Decimal {
            negative,
            whole: whole.trim_start_matches('0').to_owned(),
            fraction: fraction.trim_end_matches('0').to_owned(),
        }
    }

    fn is_beyond_the_latest(whole: &str) -> bool {
        whole.len() > LATEST.len() || (whole.len() == LATEST.len() && whole > LATEST)
    }

    /// The date, a fraction dropped or rounded up.
    fn date(&self, has_exponent: bool, up: bool) -> Result<i64, Code> {
        let is_zero = self.whole.is_empty() && self.fraction.is_empty();
        if !is_zero && (self.negative || Decimal::is_beyond_the_latest(&self.whole)) {
            return Err(Code::DateOutOfRange);
        }
        if has_exponent && !self.fraction.is_empty() {
            return Err(Code::DateForm);
        }
        let whole: i64 = format!("0{}", self.whole).parse().unwrap();
        let date = whole + i64::from(up && !self.fraction.is_empty());
        if Decimal::is_beyond_the_latest(&date.to_string()) { Err(Code::DateOutOfRange) } else { Ok(date) }
    }
}

fn reference(lexeme: &str, up: bool) -> Result<i64, Code> {
    Decimal::new(lexeme).date(lexeme.contains(['e', 'E']), up)
}

fn any_dates() -> &'static Guard {
    static GUARD: OnceLock<Guard> = OnceLock::new();
    GUARD.get_or_init(|| {
        guard("profile = \"generic\"\ndangerous = [\"no_audience\", \"no_expiry\"]\nmax_lifetime = \"3650d\"")
    })
}

fn token(claims: &str) -> String {
    signer().token(format!(r#"{{"iss":"https://idp.example.com",{claims}}}"#))
}

/// Checks one lexeme as each of the dates.
fn check(lexeme: &str) -> Result<(), TestCaseError> {
    let verify = |claim: &str, at: i64| decide(any_dates(), &token(&format!(r#""{claim}":{lexeme}"#)), at);

    let up = reference(lexeme, true);
    let auth_time = verify("auth_time", 0).map(|identity| identity.auth_time());
    prop_assert_eq!(&auth_time, &up.map(Some), "auth_time {}", lexeme);

    match up {
        Ok(date) => {
            for (claim, early) in [("nbf", Code::TokenNotYetValid), ("iat", Code::IatFuture)] {
                let identity = verify(claim, date - LEEWAY);
                prop_assert!(identity.is_ok(), "{} {}: {:?}", claim, lexeme, identity);
                let identity = identity.unwrap();
                let read = if claim == "nbf" { identity.not_before() } else { identity.issued_at() };
                prop_assert_eq!(read, Some(date), "{} {}", claim, lexeme);
                prop_assert_eq!(verify(claim, date - LEEWAY - 1).err(), Some(early), "{} {}", claim, lexeme);
            }
        }
        Err(code) => {
            prop_assert_eq!(verify("nbf", 0).err(), Some(code), "nbf {}", lexeme);
            prop_assert_eq!(verify("iat", 0).err(), Some(code), "iat {}", lexeme);
        }
    }
    match reference(lexeme, false) {
        Ok(date) => {
            let identity = verify("exp", date + LEEWAY - 1);
            prop_assert_eq!(identity.map(|identity| identity.expires_at()), Ok(Some(date)), "exp {}", lexeme);
            prop_assert_eq!(verify("exp", date + LEEWAY).err(), Some(Code::TokenExpired), "exp {}", lexeme);
        }
        Err(code) => prop_assert_eq!(verify("exp", 0).err(), Some(code), "exp {}", lexeme),
    }
    Ok(())
}

/// Plain numbers near the borders, long fractions, and mantissas whose exponent brings them near a date.
fn lexeme() -> impl Strategy<Value = String> {
    let near = prop_oneof![
        0i64..3,
        1_000_000_000i64..3_000_000_000,
        253_402_300_790i64..253_402_300_810,
        Just(i64::MAX),
        any::<i64>().prop_map(|number| number.saturating_abs()),
    ];
    let shifted =
        (near.clone(), -30i32..30, 0usize..25, any::<bool>()).prop_map(|(date, shift, zeros, plus)| {
            let digits = format!("{date}{}", "0".repeat(zeros));
            let at = digits.len() as i32 - shift;
            let exponent = shift - zeros as i32;
            let sign = if plus && exponent >= 0 { "+" } else { "" };
            match usize::try_from(at) {
                Ok(at) if at > 0 && at < digits.len() && !digits.starts_with('0') => {
                    format!("{}.{}e{sign}{exponent}", &digits[..at], &digits[at..])
                }
                _ => format!("{date}{}e{sign}{exponent}", "0".repeat(zeros)),
            }
        });
    prop_oneof![
        near.clone().prop_map(|date| date.to_string()),
        (near.clone(), "[0-9]{1,40}").prop_map(|(date, fraction)| format!("{date}.{fraction}")),
        (near.clone(), "0{1,40}").prop_map(|(date, fraction)| format!("{date}.{fraction}")),
        (near, 0i32..400).prop_map(|(date, exponent)| format!("-{date}e-{exponent}")),
        shifted.prop_filter("no leading zeros", |text| text == "0"
            || !text.starts_with('0')
            || text.starts_with("0e")),
        "-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,14})?([eE][+-]?[0-9]{1,3})?",
    ]
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn dates_are_read_exactly(lexeme in lexeme()) {
        check(&lexeme)?;
    }
}

#[test]
fn exponents_beyond_any_number_end_soon() {
    for digits in [1, 20, 400, 4000] {
        let nines = "9".repeat(digits);
        for (lexeme, code) in [
            (format!("1e{nines}"), Code::DateOutOfRange),
            (format!("1e+{nines}"), Code::DateOutOfRange),
            (format!("-1e{nines}"), Code::DateOutOfRange),
            (format!("1.5e{nines}"), Code::DateOutOfRange),
        ] {
            for claim in ["exp", "nbf", "iat", "auth_time"] {
                let token = token(&format!(r#""{claim}":{lexeme}"#));
                let fits = digits == 1 && !lexeme.starts_with('-');
                if !fits {
                    assert_eq!(decide(any_dates(), &token, 0).err(), Some(code), "{claim} {digits}");
                }
            }
        }
        let tiny = token(&format!(r#""exp":1e-{nines}"#));
        assert_eq!(decide(any_dates(), &tiny, 0).err(), Some(Code::DateForm));
        let zero = token(&format!(r#""auth_time":0.000e{nines}"#));
        assert_eq!(decide(any_dates(), &zero, 0).unwrap().auth_time(), Some(0));
        let long = token(&format!(r#""auth_time":0.{}1e{}"#, "0".repeat(digits - 1), digits + 3));
        assert_eq!(decide(any_dates(), &long, 0).unwrap().auth_time(), Some(1000));
    }
}

#[test]
fn a_date_is_a_number() {
    for other in ["\"1800000000\"", "true", "[1800000000]", "{}", "null", "\"\""] {
        for claim in ["exp", "nbf", "iat", "auth_time"] {
            let token = token(&format!(r#""{claim}":{other}"#));
            assert_eq!(decide(any_dates(), &token, 0).err(), Some(Code::ClaimWrongType), "{claim} {other}");
        }
    }
}
