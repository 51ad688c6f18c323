//! Errors as the classes of `counterseal/errors.py`, which is generated from the core's table.

use counterseal::{Code, Error, PolicyError, Rejection, Unavailable};
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyString, PyType};

/// Any error of the runtime as a Python exception.
#[cold]
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let made = match error {
        Error::TokenRejected(rejection) => rejected(py, rejection),
        Error::Unavailable(outage) => unavailable(py, outage),
        Error::Policy(error) => return policy(py, error, true),
        Error::Misuse(code) => return misuse(py, *code, ""),
        _ => return internal(py, Code::Internal),
    };
    made.map_or_else(|error| error, PyErr::from_value)
}

/// `PolicyError` with its problems; without lines where the policy was no text.
#[cold]
pub(crate) fn policy(py: Python<'_>, error: &PolicyError, is_text: bool) -> PyErr {
    policy_error(py, error, is_text).map_or_else(|error| error, PyErr::from_value)
}

/// `MisuseError`; `detail` says what is wrong in Python's terms.
#[cold]
pub(crate) fn misuse(py: Python<'_>, code: Code, detail: &str) -> PyErr {
    by_code(py, "MisuseError", code, detail)
}

/// For wrappers in Python: the `MisuseError` to raise for an argument.
#[pyfunction(name = "_misuse")]
pub(crate) fn misuse_for_python(py: Python<'_>, detail: &str) -> Py<PyAny> {
    misuse(py, Code::MisuseArgument, detail).into_value(py).into_any()
}

/// `InternalError`
#[cold]
pub(crate) fn internal(py: Python<'_>, code: Code) -> PyErr {
    by_code(py, "InternalError", code, "")
}

/// Is it one of the classes of `counterseal.errors`?
pub(crate) fn is_ours(py: Python<'_>, error: &PyErr) -> PyResult<bool> {
    Ok(error.matches(py, errors(py)?.getattr("CountersealError")?)?)
}

fn by_code(py: Python<'_>, class: &'static str, code: Code, detail: &str) -> PyErr {
    let separator = if detail.is_empty() { "" } else { ": " };
    let message = format!("{}: {}{separator}{detail}", code.slug(), code.message());
    let make = || -> PyResult<Bound<'_, PyAny>> {
        let error = errors(py)?.getattr(class)?.call1((message,))?;
        set_code(&error, code)?;
        Ok(error)
    };
    make().map_or_else(|error| error, PyErr::from_value)
}

fn rejected<'py>(py: Python<'py>, rejection: &Rejection) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = CLASS.import(py, MODULE, "TokenRejectedError")?;
    let error = class.call1((rejection.to_string(),))?;
    set_code(&error, rejection.code())?;
    error.setattr(intern!(py, "rule"), rejection.rule().id())?;
    error.setattr(intern!(py, "status"), rejection.status())?;
    error.setattr(intern!(py, "www_authenticate"), rejection.www_authenticate())?;
    error.setattr(intern!(py, "reference"), rejection.reference())?;
    error.setattr(intern!(py, "enforced"), rejection.enforced())?;
    Ok(error)
}

fn unavailable<'py>(py: Python<'py>, outage: &Unavailable) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = CLASS.import(py, MODULE, "UnavailableError")?;
    let error = class.call1((Error::Unavailable(outage.clone()).to_string(),))?;
    set_code(&error, outage.code())?;
    error.setattr(intern!(py, "status"), outage.status())?;
    error.setattr(intern!(py, "retry_after"), outage.retry_after())?;
    error.setattr(intern!(py, "reference"), outage.reference())?;
    error.setattr(intern!(py, "enforced"), outage.enforced())?;
    Ok(error)
}

fn policy_error<'py>(py: Python<'py>, error: &PolicyError, is_text: bool) -> PyResult<Bound<'py, PyAny>> {
    let module = errors(py)?;
    let class = module.getattr("Problem")?;
    let problems = PyList::empty(py);
    for problem in error.problems() {
        let position = is_text.then_some((problem.line, problem.column));
        problems.append(class.call1((
            &problem.path,
            &problem.pointer,
            position.map(|(line, _)| line),
            position.map(|(_, column)| column),
            problem.code.slug(),
            &problem.message,
            &problem.hint,
        ))?)?;
    }
    let made = module.getattr("PolicyError")?.call1((error.to_string(),))?;
    set_code(&made, Error::Policy(error.clone()).code())?;
    made.setattr("problems", problems)?;
    Ok(made)
}

fn set_code(error: &Bound<'_, PyAny>, code: Code) -> PyResult<()> {
    let py = error.py();
    error.setattr(intern!(py, "code"), PyString::new(py, code.slug()))?;
    error.setattr(intern!(py, "number"), code.number())
}

const MODULE: &str = "counterseal.errors";

fn errors(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(MODULE).map_err(|_| PyRuntimeError::new_err("counterseal.errors cannot be imported"))
}
