//! Times as Python hands them over.

use counterseal::{Code, UnixTime};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyFloat, PyInt, PyType};

use crate::error;

/// `now`: nothing, seconds since 1970, or a `datetime` that knows its zone.
#[inline]
pub(crate) fn argument(now: Option<&Bound<'_, PyAny>>) -> PyResult<Option<UnixTime>> {
    match now {
        None => Ok(None),
        Some(now) => given(now).map(Some),
    }
}

/// A time that has to be there.
#[cold]
pub(crate) fn given(now: &Bound<'_, PyAny>) -> PyResult<UnixTime> {
    let py = now.py();
    let wrong = |detail: &str| error::misuse(py, Code::MisuseTime, detail);
    let seconds = if let Ok(seconds) = now.cast::<PyFloat>() {
        UnixTime::from_fractional_seconds(seconds.value())
    } else if now.is_instance_of::<PyInt>() && !now.is_instance_of::<PyBool>() {
        now.extract().map_or(Err(Code::MisuseTime), UnixTime::from_seconds)
    } else if now.is_instance(datetime(py)?)? {
        if now.call_method0(intern!(py, "utcoffset"))?.is_none() {
            return Err(wrong("a datetime without a zone could mean any time: give it one"));
        }
        UnixTime::from_fractional_seconds(now.call_method0(intern!(py, "timestamp"))?.extract()?)
    } else {
        return Err(wrong("now is seconds since 1970 or a datetime with a zone"));
    };
    seconds.map_err(|_| wrong("now is in seconds since 1970, not in milliseconds"))
}

fn datetime<'py>(py: Python<'py>) -> PyResult<&'py Bound<'py, PyType>> {
    static DATETIME: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    DATETIME.import(py, "datetime", "datetime")
}
