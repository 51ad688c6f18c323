//! A case for people: what it is about, what happens, and what its tokens hold.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal::Rule;

use super::case::{Case, RuleFile, Step, Token};
use super::format::layout;
use super::json::Json;
use super::lint::name;
use super::run::Outcome;

/// The case as text, with what came out of it.
pub fn explain(file: &RuleFile, case: &Case, outcome: &Outcome) -> Result<String, String> {
    let mut out = format!("{} ({})\n{}\n\n", case.id, name(case.kind), file.statement);
    let _ = writeln!(out, "why     {}", case.why);
    for rule in &case.rules {
        let asks = Rule::ALL.iter().find(|known| known.id() == rule).map(|known| known.asks());
        let _ = writeln!(out, "rule    {rule} {}", asks.unwrap_or_default());
    }
    for (name, token) in &case.tokens {
        let _ = write!(out, "\ntoken {name}\n{}", describe(token)?);
    }
    for (at, step) in case.steps.iter().enumerate() {
        let found = outcome.steps.get(at).map(Json::canonical).unwrap_or_default();
        let _ = write!(out, "\nstep {at}  {}", text(step)?);
        if step.expect.is_some() {
            let _ = writeln!(out, "found   {}", shortened(&found));
        }
    }
    let _ = match outcome.failures.as_slice() {
        [] => writeln!(out, "\npassed"),
        failures => writeln!(out, "\nFAILED\n{}", failures.join("\n")),
    };
    Ok(out)
}

fn text(step: &Step) -> Result<String, String> {
    let json = serde_json::to_string(step).map_err(|error| error.to_string())?;
    Ok(layout(&Json::parse(&json)?))
}

fn describe(token: &Token) -> Result<String, String> {
    let mut out = String::new();
    if let Some(made) = &token.made {
        let json = serde_json::to_string(made).map_err(|error| error.to_string())?;
        let _ = write!(out, "made    {}", layout(&Json::parse(&json)?));
    }
    let bytes = token.token.as_ref().map(|text| text.bytes()).transpose()?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let _ = writeln!(out, "bytes   {}", bytes.len());
    for (label, segment) in ["header ", "payload"].iter().zip(text.split('.')) {
        match URL_SAFE_NO_PAD.decode(segment) {
            Ok(decoded) => {
                let _ =
                    writeln!(out, "{label} {}", shortened(&printable(&String::from_utf8_lossy(&decoded))));
            }
            Err(_) => {
                let _ = writeln!(out, "{label} (no base64url) {}", shortened(&printable(segment)));
            }
        }
    }
    Ok(out)
}

/// Controls and characters beyond ASCII as their escapes.
fn printable(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            ' '..='~' => out.push(character),
            odd => out.extend(odd.escape_unicode()),
        }
    }
    out
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 600;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    }
}
