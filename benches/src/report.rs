//! The results: a table for a terminal, and rows for `benches/table.mjs`, in the form that every language writes.

use std::path::Path;

use serde_json::{Value, json};

use crate::machine;

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Report {
    sections: Vec<Section>,
}

#[derive(Debug)]
struct Section {
    title: &'static str,
    rows: Vec<Row>,
}

/// One measured value.
#[derive(Clone, Debug)]
pub struct Row {
    what: String,
    measured: f64,
    unit: &'static str,
    budget: Option<Budget>,
    peer: Option<Peer>,
    note: String,
}

#[derive(Clone, Copy, Debug)]
enum Budget {
    AtMost(f64),
    AtLeast(f64),
}

/// Another library, and what both took, in nanoseconds.
#[derive(Clone, Debug)]
struct Peer {
    name: &'static str,
    took: f64,
    own: f64,
}

impl Row {
    /// A value without a budget.
    pub fn new(what: impl Into<String>, measured: f64, unit: &'static str) -> Row {
        Row { what: what.into(), measured, unit, budget: None, peer: None, note: String::new() }
    }

    /// How many times as long another library took, and the times of both.
    pub fn beside(what: &str, ratio: f64, name: &'static str, took: f64, own: f64) -> Row {
        Row { peer: Some(Peer { name, took, own }), ..Row::new(what, ratio, "times") }
    }

    /// It may not be more.
    pub fn at_most(mut self, budget: f64) -> Row {
        self.budget = Some(Budget::AtMost(budget));
        self
    }

    /// It may not be less.
    pub fn at_least(mut self, budget: f64) -> Row {
        self.budget = Some(Budget::AtLeast(budget));
        self
    }

    /// More about it.
    pub fn note(mut self, note: impl Into<String>) -> Row {
        self.note = note.into();
        self
    }

    fn passes(&self) -> Option<bool> {
        self.budget.map(|budget| match budget {
            Budget::AtMost(most) => self.measured <= most,
            Budget::AtLeast(least) => self.measured >= least,
        })
    }

    fn verdict(&self) -> &'static str {
        match self.passes() {
            None => "",
            Some(true) => "pass",
            Some(false) => "FAIL",
        }
    }

    fn budget_text(&self) -> String {
        match self.budget {
            None => String::new(),
            Some(Budget::AtMost(most)) => format!("≤ {}", number(most, self.unit)),
            Some(Budget::AtLeast(least)) => format!("≥ {}", number(least, self.unit)),
        }
    }

    fn name(&self) -> String {
        self.peer
            .as_ref()
            .map_or_else(|| self.what.clone(), |peer| format!("{} over verify, {}", peer.name, self.what))
    }

    fn to_json(&self, section: &str) -> Value {
        let (kind, budget) = match self.budget {
            None => (None, None),
            Some(Budget::AtMost(most)) => (Some("at_most"), Some(most)),
            Some(Budget::AtLeast(least)) => (Some("at_least"), Some(least)),
        };
        let mut row = json!({
            "section": section, "what": self.what, "measured": self.measured, "unit": self.unit,
            "budget": budget, "budget_kind": kind, "passes": self.passes(), "note": self.note,
        });
        if let Some(peer) = &self.peer {
            row["peer"] = json!({"name": peer.name, "took": peer.took, "own": peer.own});
        }
        row
    }
}

impl Report {
    /// Adds rows under a title.
    pub fn section(&mut self, title: &'static str, rows: Vec<Row>) {
        self.sections.push(Section { title, rows });
    }

    /// The budgets that do not hold.
    pub fn failures(&self) -> usize {
        self.rows().filter(|row| row.passes() == Some(false)).count()
    }

    /// The budgets.
    pub fn budgets(&self) -> usize {
        self.rows().filter(|row| row.budget.is_some()).count()
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.sections.iter().flat_map(|section| &section.rows)
    }

    /// The table for a terminal.
    pub fn to_text(&self) -> String {
        let width = self.rows().map(|row| row.name().chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for section in &self.sections {
            text += &format!("\n{}\n", section.title);
            for row in &section.rows {
                let (measured, budget) = (number(row.measured, row.unit), row.budget_text());
                let line = format!(
                    "  {:width$}  {measured:>11}  {budget:>11}  {:4}  {}",
                    row.name(),
                    row.verdict(),
                    row.note
                );
                text += line.trim_end();
                text.push('\n');
            }
        }
        text
    }

    /// The rows as JSON.
    pub fn to_json(&self) -> String {
        let rows: Vec<Value> = self
            .sections
            .iter()
            .flat_map(|section| section.rows.iter().map(|row| row.to_json(section.title)))
            .collect();
        format!("{:#}\n", json!({"language": "Rust", "machine": machine::describe(), "results": rows}))
    }

    /// Writes `rust.json`.
    pub fn write(&self, directory: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(directory)?;
        std::fs::write(directory.join("rust.json"), self.to_json())
    }
}

fn number(value: f64, unit: &str) -> String {
    match unit {
        "ns" if value.abs() >= 1e6 => format!("{:.2} ms", value / 1e6),
        "ns" if value.abs() >= 1e3 => format!("{:.2} µs", value / 1e3),
        "ns" => format!("{value:.0} ns"),
        "bytes" if value >= 1e6 => format!("{:.2} MB", value / 1e6),
        "bytes" => format!("{value:.0} B"),
        "times" => format!("{value:.2} ×"),
        _ => format!("{value:.0}"),
    }
}
