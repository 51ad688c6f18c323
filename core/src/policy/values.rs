//! What is written inside strings: durations, pointers, scopes, types of tokens.

use super::position::shown;
use super::problem::Fault;
use crate::error::Code;
use crate::json::Pointer;
use crate::limits;

/// A duration in milliseconds: an integer and `ms`, `s`, `m`, `h` or `d`. `ms` only where `least` is
/// between zero and a second.
pub(super) fn duration(text: &str, least: u64, most: u64) -> Result<u64, Fault> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at(digits);
    let has_millis = (1..1000).contains(&least);
    let unit = match unit {
        "ms" if has_millis => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
    if unit == 0 || digits == 0 {
        return Err(no_duration(text, has_millis));
    }
    match count.parse().ok().and_then(|count: u64| count.checked_mul(unit)) {
        Some(length) if (least..=most).contains(&length) => Ok(length),
        _ => Err(Fault::value(format!("the duration is not from {} to {}", spell(least), spell(most)))),
    }
}

/// What is wrong with a text that is no duration. Repeats nothing of it but a unit that everybody knows.
fn no_duration(text: &str, has_millis: bool) -> Fault {
    let units = if has_millis { "ms, s, m, h or d" } else { "s, m, h or d" };
    let example = format!("write an integer and {units}, such as \"30s\"");
    let number = text.trim().trim_end_matches(|one: char| one.is_ascii_alphabetic()).trim_end();
    let unit = text.trim().get(number.len()..).unwrap_or_default().trim_start().to_ascii_lowercase();
    let is_integer = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let meant = match unit.as_str() {
        "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hr" | "hrs" | "hour" | "hours" => "h",
        "day" | "days" => "d",
        known @ ("s" | "m" | "h" | "d") => known,
        _ => "",
    };
    match unit.as_str() {
        "" if is_integer => Fault::value("the duration has no unit").hint(example),
        "ms" if is_integer => {
            Fault::value("this duration is not counted in milliseconds").hint(format!("use {units}"))
        }
        "w" | "week" | "weeks" if is_integer => Fault::value("durations have no weeks").hint("write days"),
        _ if is_integer && !meant.is_empty() => Fault::value("the unit of the duration is spelled otherwise")
            .hint(format!("write `{meant}` right behind the number")),
        _ => Fault::value("not a duration").hint(example),
    }
}

/// A duration in its largest whole unit.
pub(super) fn spell(millis: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    match units.iter().find(|(unit, _)| millis != 0 && millis.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{}{name}", millis / unit),
        None if millis == 0 => "0s".to_owned(),
        None => format!("{millis}ms"),
    }
}

/// A string that identifies something: issuers, audiences, names (LIM-05, JSN-07).
pub(super) fn identifier(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::value("the string is empty"));
    }
    if text.len() > limits::ISSUER_BYTES {
        return Err(Fault::value(format!("the string is longer than {} bytes", limits::ISSUER_BYTES)));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::value("the string holds a control character"));
    }
    Ok(())
}

/// A claim by name, or by JSON Pointer where it starts with `/`.
pub(super) fn claim(text: &str) -> Result<Pointer, Fault> {
    identifier(text)?;
    Pointer::parse(text)
        .ok_or_else(|| Fault::value("not a JSON Pointer").hint("write ~0 for ~ and ~1 for / inside a name"))
}

/// A JSON Pointer that starts with `/`. `may_show` says whether a hint may repeat the text.
pub(super) fn pointer(text: &str, may_show: bool) -> Result<Pointer, Fault> {
    if text.is_empty() || text.starts_with('/') {
        return claim(text);
    }
    let fault = Fault::value("not a JSON Pointer");
    let escaped = |text: &str| shown(&text.replace('~', "~0").replace('/', "~1"));
    let path = text.strip_prefix("$.").unwrap_or(text);
    Err(match may_show {
        false => fault.hint("write \"/name\" for the claim of that name"),
        true if path.contains('.') => fault.hint(format!(
            "write \"/{}\", or \"/{}\" for a claim with dots in its name",
            escaped(path).replace('.', "/"),
            escaped(path)
        )),
        true => fault.hint(format!("write \"/{}\" for the claim of that name", escaped(path))),
    })
}

/// A scope token: %x21 / %x23-5B / %x5D-7E (RFC 6749 section 3.3).
pub(super) fn scope(text: &str) -> Result<(), Fault> {
    let is_token = text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    if text.contains(' ') {
        return Err(Fault::value("a scope holds no spaces").hint("write one string for each scope"));
    }
    if is_token && !text.is_empty() {
        Ok(())
    } else {
        let fault = Fault::value("not a scope token (RFC 6749 section 3.3)");
        Err(fault.hint("scopes are visible ASCII without quotes and backslashes"))
    }
}

/// A value of `typ` as it is compared: in lower case, without `application/` (JWS-14).
pub(super) fn media_type(text: &str) -> Result<String, Fault> {
    let lower = text.to_ascii_lowercase();
    let name = lower.strip_prefix("application/").unwrap_or(&lower);
    if name.contains(';') {
        return Err(
            Fault::value("a type has no parameters here").hint("leave out the semicolon and what follows")
        );
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+/".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_name) {
        return Err(Fault::value("not a media type")
            .hint("write one such as \"at+jwt\", or \"none\" for an absent typ"));
    }
    if name == "none" && lower != name {
        return Err(Fault::value("not a media type").hint("write \"none\" for an absent typ"));
    }
    Ok(name.to_owned())
}

/// Is this a string that the environment has a part in, by `${NAME}`?
pub(super) fn has_variable(text: &str) -> bool {
    text.contains("${")
}

/// The candidate that the text was probably meant to be: nearly the same, or one that it is a part of.
pub(super) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if text.len() > LONGEST {
        return None;
    }
    let lower = text.to_ascii_lowercase().replace('-', "_");
    let close = (lower.len() / 3).clamp(1, 3);
    let distances = candidates.clone().filter(|name| name.len() <= LONGEST);
    let near = distances
        .map(|name| (distance(&lower, &name.to_ascii_lowercase()), name))
        .min_by_key(|(far, _)| *far);
    let begins = |name: &&str| lower.len() >= 3 && name.starts_with(&lower);
    let is_in = |name: &&str| lower.len() >= 4 && name.contains(&lower);
    near.filter(|(far, _)| *far <= close)
        .map(|(_, name)| name)
        .or_else(|| candidates.clone().filter(begins).min_by_key(|name| name.len()))
        .or_else(|| candidates.clone().filter(is_in).min_by_key(|name| name.len()))
}

/// Edits from one to the other, in bytes: insert, delete, replace, swap two neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for at in 0..a.len() {
        let mut row = vec![at + 1; b.len() + 1];
        for to in 0..b.len() {
            let replaced = last[to] + usize::from(a[at] != b[to]);
            row[to + 1] = replaced.min(last[to + 1] + 1).min(row[to] + 1);
            if at > 0 && to > 0 && a[at] == b[to - 1] && a[at - 1] == b[to] {
                row[to + 1] = row[to + 1].min(before[to - 1] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// The problem of a name that is not known.
pub(super) fn unknown<'a>(
    code: Code,
    what: &str,
    text: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Fault {
    let fault = Fault::new(code, format!("unknown {what}"));
    const NAMED: usize = 20;
    match nearest(text, known.clone()) {
        Some(name) => fault.hint(format!("did you mean `{}`?", shown(name))),
        None => {
            let names: Vec<String> = known.clone().take(NAMED).map(shown).collect();
            let more = if known.clone().nth(NAMED).is_some() { ", …" } else { "" };
            fault.hint(format!("known are {}{more}", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_a_range() {
        let year = 365 * 86_400_000;
        for (text, least, millis) in [
            ("1s", 1000, Some(1000)),
            ("2h", 1000, Some(7_200_000)),
            ("365d", 1000, Some(year)),
            ("366d", 1000, None),
            ("0s", 0, Some(0)),
            ("0s", 1000, None),
            ("5ms", 1, Some(5)),
            ("5ms", 0, None),
            ("5ms", 1000, None),
            ("", 0, None),
            ("s", 0, None),
            ("5", 0, None),
            ("-5s", 0, None),
            ("+5s", 0, None),
            ("1.5h", 0, None),
            ("5 s", 0, None),
            ("5S", 0, None),
            ("5é", 0, None),
            ("99999999999999999999d", 0, None),
            ("18446744073709551615d", 0, None),
        ] {
            assert_eq!(duration(text, least, year).ok(), millis, "{text}");
        }
    }

    #[test]
    fn types_are_normalized() {
        for (text, name) in [
            ("at+jwt", Some("at+jwt")),
            ("application/AT+JWT", Some("at+jwt")),
            ("JWT", Some("jwt")),
            ("none", Some("none")),
            ("application/none", None),
            ("", None),
            ("application/", None),
            ("at+jwt; v=1", None),
            ("at jwt", None),
            ("at\u{7f}", None),
        ] {
            assert_eq!(media_type(text).ok().as_deref(), name, "{text}");
        }
    }

    #[test]
    fn near_names_are_found() {
        let names = ["audience", "algorithms", "issuer", "types"];
        let near = |text: &str| nearest(text, names.iter().copied());
        assert_eq!(near("audiance"), Some("audience"));
        assert_eq!(near("Issuer"), Some("issuer"));
        assert_eq!(near("aud"), Some("audience"));
        assert_eq!(near("type"), Some("types"));
        assert_eq!(near("zebra"), None);
        assert_eq!(near(&"a".repeat(70)), None);
    }
}
