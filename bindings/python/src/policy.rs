//! Policies from files, text and dicts.

use std::path::PathBuf;

use counterseal::testing::{Network as TestNetwork, TestClock};
use counterseal::{Code, Format};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict, PyString, PyType};

use crate::error;
use crate::panic::{detached, guarded};
use crate::testing::{Clock, Network};

/// A checked policy, ready for a `Guard`. It never changes and can be used for many guards.
///
/// >>> Policy.from_str("version = 1")
/// Traceback (most recent call last):
///     ...
/// counterseal.errors.PolicyError: line 1, column 1: issuer: is missing; …
#[pyclass(frozen, module = "counterseal")]
pub(crate) struct Policy {
    pub(crate) inner: counterseal::Policy,
    /// The clock that its guards go by, in tests.
    pub(crate) clock: Option<TestClock>,
    /// The network that they fetch over, in tests.
    pub(crate) network: Option<TestNetwork>,
}

#[pymethods]
impl Policy {
    /// Reads a policy file, TOML or (`.json`) JSON, with the key files and secrets that it names.
    ///
    /// `service` chooses an overlay `[service.NAME]`; without it the variable COUNTERSEAL_SERVICE does.
    /// Relative paths in the file start at its directory. Raises `PolicyError` with every mistake at once.
    #[classmethod]
    #[pyo3(signature = (path, service=None))]
    fn load(
        _class: &Bound<'_, PyType>,
        py: Python<'_>,
        path: &Bound<'_, PyAny>,
        service: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Policy> {
        guarded(py, || {
            let (path, service) = (path_argument("path", path)?, text_argument("service", service)?);
            let loaded = detached(py, || counterseal::Policy::load(path, service.as_deref()));
            Policy::read(py, loaded, true)
        })
    }

    /// Reads a policy from text; `format` is "toml" (the default) or "json". Relative paths start at `base_dir`, or at the working
    /// directory.
    #[classmethod]
    #[pyo3(signature = (text, format=None, service=None, base_dir=None))]
    fn from_str(
        _class: &Bound<'_, PyType>,
        py: Python<'_>,
        text: &Bound<'_, PyAny>,
        format: Option<&Bound<'_, PyAny>>,
        service: Option<&Bound<'_, PyAny>>,
        base_dir: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Policy> {
        guarded(py, || {
            let format = match text_argument("format", format)?.as_deref() {
                None | Some("toml") => Format::Toml,
                Some("json") => Format::Json,
                Some(_) => return Err(wrong(py, "format is \"toml\" or \"json\"")),
            };
            let text = text_argument("text", Some(text))?.unwrap_or_default();
            Policy::parse(py, &text, format, service, base_dir, true)
        })
    }

    /// Reads a policy from a dict of plain values, as a file in JSON would hold them. Problems say where
    /// they are by path and JSON Pointer.
    #[classmethod]
    #[pyo3(signature = (policy, service=None, base_dir=None))]
    fn from_dict(
        _class: &Bound<'_, PyType>,
        py: Python<'_>,
        policy: &Bound<'_, PyAny>,
        service: Option<&Bound<'_, PyAny>>,
        base_dir: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Policy> {
        guarded(py, || {
            if !policy.is_instance_of::<PyDict>() {
                return Err(wrong(py, "policy is a dict"));
            }
            let strictly = [("allow_nan", false)].into_py_dict(py)?;
            let text = py.import("json")?.call_method("dumps", (policy,), Some(&strictly));
            let text = text.map_err(|_| wrong(py, "policy holds something that JSON cannot say"))?;
            Policy::parse(py, &text.extract::<String>()?, Format::Json, service, base_dir, false)
        })
    }

    /// The same policy for guards that go by another clock, and fetch over another network.
    #[pyo3(signature = (clock, network=None))]
    fn _with_clock(&self, py: Python<'_>, clock: &Clock, network: Option<&Network>) -> PyResult<Policy> {
        let network = network.map(|network| network.inner.clone());
        guarded(py, || Ok(Policy { inner: self.inner.clone(), clock: Some(clock.inner.clone()), network }))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        guarded(py, || Ok(format!("<counterseal.Policy of {} issuers>", self.inner.core().issuers().len())))
    }
}

impl Policy {
    fn parse(
        py: Python<'_>,
        text: &str,
        format: Format,
        service: Option<&Bound<'_, PyAny>>,
        base_dir: Option<&Bound<'_, PyAny>>,
        is_text: bool,
    ) -> PyResult<Policy> {
        let service = text_argument("service", service)?;
        let base_dir = base_dir.map(|path| path_argument("base_dir", path)).transpose()?;
        let parsed = detached(py, || {
            counterseal::Policy::from_str(text, format, service.as_deref(), base_dir.as_deref())
        });
        Policy::read(py, parsed, is_text)
    }

    pub(crate) fn read(
        py: Python<'_>,
        read: Result<counterseal::Policy, counterseal::PolicyError>,
        is_text: bool,
    ) -> PyResult<Policy> {
        match read {
            Ok(inner) => Ok(Policy { inner, clock: None, network: None }),
            Err(error) => Err(error::policy(py, &error, is_text)),
        }
    }
}

/// A `str` or `os.PathLike`.
pub(crate) fn path_argument(name: &str, path: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    path.extract().map_err(|_| wrong(path.py(), &format!("{name} is a str or a path")))
}

/// A `str` with UTF-8, or None.
pub(crate) fn text_argument(name: &str, text: Option<&Bound<'_, PyAny>>) -> PyResult<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    let read = text.cast::<PyString>().ok().and_then(|text| text.to_str().ok());
    match read {
        Some(read) => Ok(Some(read.to_owned())),
        None => Err(wrong(text.py(), &format!("{name} is a str"))),
    }
}

#[cold]
pub(crate) fn wrong(py: Python<'_>, detail: &str) -> PyErr {
    error::misuse(py, Code::MisuseArgument, detail)
}
