//! What is wrong with a policy: every mistake with its line and column, and what to write instead.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::{Serialize, Serializer};

use super::position::{Lines, path, pointer};
use super::tree::{Place, Places};
use crate::error::Code;

/// The policy cannot be used. Lists every mistake that was found, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyError {
    problems: Vec<Problem>,
}

/// One mistake in a policy. It never holds a secret or the value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// The setting, such as `issuer[0].keys.jwks_file`; empty for the file as a whole.
    pub path: String,
    /// The same as a JSON Pointer (RFC 6901), such as `/issuer/0/keys/jwks_file`.
    pub pointer: String,
    /// Counted from 1; 0, and absent in data, where the mistake has no place in a text: the policy was
    /// handed over as data, or its file cannot be read.
    #[serde(skip_serializing_if = "is_nowhere")]
    pub line: u32,
    /// In characters, counted from 1; 0 and absent where the line is. A tab is one character.
    #[serde(skip_serializing_if = "is_nowhere")]
    pub column: u32,
    /// Which kind of mistake. In data, its slug.
    #[serde(serialize_with = "slug")]
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl PolicyError {
    /// Every mistake, in the order of the file. There is at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl PolicyError {
    /// The same without lines and columns, for a policy that nobody wrote as this text.
    pub(super) fn without_lines(mut self) -> PolicyError {
        for problem in &mut self.problems {
            (problem.line, problem.column) = (0, 0);
        }
        self
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let line_break = if at == 0 { "" } else { "\n" };
            write!(out, "{line_break}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyError {}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.path.as_str(), self.pointer.as_str()) {
            (0, _, "") => {}
            (0, _, pointer) => write!(out, "{pointer}: ")?,
            (line, "", _) => write!(out, "line {line}, column {}: ", self.column)?,
            (line, path, _) => write!(out, "line {line}, column {}: {path}: ", self.column)?,
        }
        out.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(out, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl Problem {
    /// A mistake that has no place in a text: the file cannot be read, say.
    pub fn whole_file(code: Code, message: &str) -> Problem {
        let (path, pointer) = (String::new(), String::new());
        Problem { path, pointer, line: 0, column: 0, code, message: message.to_owned(), hint: None }
    }

    /// Bytes that are no UTF-8, with the place of the first that is not.
    pub(super) fn not_utf8(bytes: &[u8], valid_up_to: usize) -> Problem {
        let before = String::from_utf8_lossy(&bytes[..valid_up_to]);
        let (line, column) = Lines::new(&before).position(before.len());
        let is_wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
        let message = if is_wide { "the text is UTF-16" } else { "the text is not UTF-8 from here on" };
        let hint = Some("save the file as UTF-8".to_owned());
        Problem { line, column, hint, ..Problem::whole_file(Code::ConfigSyntax, message) }
    }
}

impl From<Problem> for PolicyError {
    fn from(problem: Problem) -> PolicyError {
        PolicyError { problems: vec![problem] }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_nowhere(number: &u32) -> bool {
    *number == 0
}

fn slug<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.slug())
}

/// A mistake that does not know its place yet.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Fault {
        Fault { code, message: message.into(), hint: None }
    }

    /// A value that is not allowed.
    pub(super) fn value(message: impl Into<String>) -> Fault {
        Fault::new(Code::ConfigValue, message)
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }
}

/// Collects mistakes. A value is reported once, and what follows from it not at all.
pub(super) struct Problems<'t> {
    lines: Lines<'t>,
    places: &'t Places,
    found: Vec<Found>,
    not_listed: usize,
    seen: HashSet<(Place, Option<&'static str>)>,
    excused: HashMap<Place, Vec<&'static str>>,
    missing_is_silent: bool,
    /// Lines with mistakes of syntax, on which nothing else counts.
    faulty_lines: HashSet<usize>,
    reliable_until: usize,
}

struct Found {
    offset: usize,
    place: Place,
    fault: Fault,
}

/// More mistakes than this are counted and not listed.
const LISTED: usize = 200;

impl<'t> Problems<'t> {
    pub(super) fn new(source: &'t str, places: &'t Places) -> Self {
        Problems {
            lines: Lines::new(source),
            places,
            found: Vec::new(),
            not_listed: 0,
            seen: HashSet::new(),
            excused: HashMap::new(),
            missing_is_silent: false,
            faulty_lines: HashSet::new(),
            reliable_until: usize::MAX,
        }
    }

    /// Mistakes of syntax. Beside them only that counts which stands on other lines and was read for
    /// certain.
    pub(super) fn syntax(
        &mut self,
        faults: Vec<(usize, Fault)>,
        faulty_lines: HashSet<usize>,
        reliable_until: usize,
    ) {
        for (offset, fault) in faults {
            self.at_offset(offset, fault);
        }
        self.faulty_lines = faulty_lines;
        self.reliable_until = reliable_until;
    }

    /// About a value, at the value.
    pub(super) fn at(&mut self, place: Place, fault: Fault) {
        self.add(self.places.offset(place), place, None, fault);
    }

    /// About a setting, at its name.
    pub(super) fn at_name(&mut self, place: Place, fault: Fault) {
        self.add(self.places.name_offset(place), place, None, fault);
    }

    /// About the text, at a byte of it.
    pub(super) fn at_offset(&mut self, offset: usize, fault: Fault) {
        self.push(Found { offset, place: Place::ROOT, fault });
    }

    /// About a setting that is not there, at the table that should have it. Silent where the setting
    /// is there and was reported, or stands under another name.
    pub(super) fn missing(&mut self, table: Place, name: &'static str, hint: impl Into<String>) {
        self.missing_as(
            table,
            name,
            Fault::new(Code::ConfigMissing, format!("`{name}` is missing")).hint(hint),
        );
    }

    /// The same in other words.
    pub(super) fn missing_as(&mut self, table: Place, name: &'static str, fault: Fault) {
        if !self.missing_is_silent && !self.is_excused(table, name) {
            self.add(self.places.offset(table), table, Some(name), fault);
        }
    }

    /// A setting was reported: it will not be reported as missing from its table.
    pub(super) fn excuse(&mut self, table: Place, name: &'static str) {
        let names = self.excused.entry(table).or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }

    /// The same for a setting by the name that the file gives it.
    pub(super) fn excuse_named(&mut self, table: Place, name: &str) {
        if let Some(setting) = super::schema::SETTINGS.iter().find(|setting| setting.name() == name) {
            self.excuse(table, setting.name());
        }
    }

    /// What was excused in one table is excused in the one that it is merged into.
    pub(super) fn excuse_merged(&mut self, from: Place, into: Place) {
        for name in self.excused.get(&from).cloned().unwrap_or_default() {
            self.excuse(into, name);
        }
    }

    /// Was a setting of that name reported?
    pub(super) fn is_excused(&self, table: Place, name: &str) -> bool {
        self.excused.get(&table).is_some_and(|names| names.contains(&name))
    }

    /// Was any setting of this table reported?
    pub(super) fn is_any_excused(&self, table: Place) -> bool {
        self.excused.contains_key(&table)
    }

    /// From now on nothing is missing: the tree is known to be incomplete.
    pub(super) fn silence_missing(&mut self) {
        self.missing_is_silent = true;
    }

    /// Will no further mistake be listed?
    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= LISTED
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The setting as a path.
    pub(super) fn path(&self, place: Place) -> String {
        path(&self.places.steps(place))
    }

    /// Everything found, in the order of the file.
    pub(super) fn into_error(mut self) -> PolicyError {
        if self.found.is_empty() {
            self.at_offset(
                0,
                Fault::new(Code::Internal, "the policy cannot be built, and no mistake was found"),
            );
        }
        self.found.sort_by_key(|found| found.offset);
        let (places, lines) = (self.places, &self.lines);
        let mut problems: Vec<Problem> =
            self.found.into_iter().map(|found| problem(found, places, lines)).collect();
        if let (Some(last), 1..) = (problems.last(), self.not_listed) {
            let (line, column) = (last.line, last.column);
            let message = format!("{} more mistakes are not listed", self.not_listed);
            let (path, pointer, code) = (String::new(), String::new(), Code::ConfigTooLarge);
            problems.push(Problem { path, pointer, line, column, code, message, hint: None });
        }
        PolicyError { problems }
    }

    fn add(&mut self, offset: usize, place: Place, missing: Option<&'static str>, fault: Fault) {
        let is_certain =
            offset < self.reliable_until && !self.faulty_lines.contains(&self.lines.line(offset));
        if is_certain && self.seen.insert((place, missing)) {
            self.push(Found { offset, place, fault });
        }
    }

    fn push(&mut self, found: Found) {
        if self.found.len() < LISTED { self.found.push(found) } else { self.not_listed += 1 }
    }
}

fn problem(found: Found, places: &Places, lines: &Lines<'_>) -> Problem {
    let steps = places.steps(found.place);
    let (line, column) = lines.position(found.offset);
    let Fault { code, message, hint } = found.fault;
    Problem { path: path(&steps), pointer: pointer(&steps), line, column, code, message, hint }
}
