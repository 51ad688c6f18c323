//! Reports of `explain` as the tuples of `counterseal/report.py`.

use counterseal::core::inbound::Outcome;
use counterseal::{Code, Report};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// The report as a Python object.
pub(crate) fn to_python<'py>(py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyAny>> {
    let module = py.import("counterseal.report")?;
    let (check_class, report_class) = (module.getattr("Check")?, module.getattr("Report")?);
    let checks = report.checks.iter().map(|check| {
        let outcome = if check.outcome == Outcome::Passed { "passed" } else { "failed" };
        check_class.call1((check.rule.id(), check.name(), check.stage.name(), outcome, &check.detail))
    });
    let checks = PyTuple::new(py, checks.collect::<PyResult<Vec<_>>>()?)?;
    let not_reached: Vec<&str> = report.not_reached().map(|stage| stage.name()).collect();
    let not_reached = PyTuple::new(py, not_reached)?;
    report_class.call1((report.verdict_name(), report.code().map(Code::slug), checks, not_reached))
}
