//! Claims as Python values: nothing is rounded that JSON wrote as an integer.

use counterseal::Code;
use counterseal::core::json::{self, Bounds, Kind, Value};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use serde::Serialize;

use crate::error;
use crate::known::Known;

/// The value as `None`, `bool`, `int`, `float`, `str`, `list` or `dict`, made anew.
pub(crate) fn to_python<'py>(py: Python<'py>, value: Value<'_>) -> PyResult<Bound<'py, PyAny>> {
    any(py, value, &mut Known::open(py))
}

fn any<'py>(py: Python<'py>, value: Value<'_>, known: &mut Known<'py>) -> PyResult<Bound<'py, PyAny>> {
    match value.kind() {
        Kind::Null => Ok(py.None().into_bound(py)),
        Kind::False => Ok(PyBool::new(py, false).to_owned().into_any()),
        Kind::True => Ok(PyBool::new(py, true).to_owned().into_any()),
        Kind::Number => number(py, value.as_number().unwrap_or_default()),
        Kind::String => Ok(PyString::new(py, value.as_str().unwrap_or_default()).into_any()),
        Kind::Array => {
            let elements = value.as_array().into_iter().flatten().map(|element| any(py, element, known));
            Ok(PyList::new(py, elements.collect::<PyResult<Vec<_>>>()?)?.into_any())
        }
        Kind::Object => Ok(members(py, value, known)?.into_any()),
    }
}

/// What the runtime tells as data, as a dict.
pub(crate) fn data<'py>(py: Python<'py>, data: &impl Serialize) -> PyResult<Bound<'py, PyDict>> {
    let internal = |_| error::internal(py, Code::Internal);
    let text = serde_json::to_vec(data).map_err(|_| error::internal(py, Code::Internal))?;
    object(py, json::parse(text, Bounds::OPERATOR).map_err(internal)?.root())
}

/// The members of an object as a dict; an empty one for what is no object.
pub(crate) fn object<'py>(py: Python<'py>, value: Value<'_>) -> PyResult<Bound<'py, PyDict>> {
    members(py, value, &mut Known::open(py))
}

fn members<'py>(py: Python<'py>, value: Value<'_>, known: &mut Known<'py>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, member) in value.as_object().into_iter().flatten() {
        dict.set_item(known.text(name), any(py, member, known)?)?;
    }
    Ok(dict)
}

/// An `int` for what is written as an integer, of any size; the nearest `float` for the rest.
fn number<'py>(py: Python<'py>, written: &str) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(small) = written.parse::<i64>() {
        return Ok(small.into_pyobject(py)?.into_any());
    }
    if written.contains(['.', 'e', 'E']) {
        // Every JSON number has a nearest float.
        return Ok(PyFloat::new(py, written.parse().unwrap_or(f64::NAN)).into_any());
    }
    big_integer(py, written)
}

/// Digits are read in pieces: Python refuses to read more than a few thousand at once, and a claim may
/// have as many as the token has bytes.
#[cold]
fn big_integer<'py>(py: Python<'py>, written: &str) -> PyResult<Bound<'py, PyAny>> {
    const PIECE: usize = 18;
    let (sign, digits) = match written.strip_prefix('-') {
        Some(digits) => (-1i64, digits),
        None => (1, written),
    };
    let mut sum = 0i64.into_pyobject(py)?.into_any();
    for piece in digits.as_bytes().chunks(PIECE) {
        let value = piece.iter().fold(0i64, |value, digit| value * 10 + i64::from(digit - b'0'));
        sum = sum.mul(10i64.pow(piece.len() as u32))?.add(value)?;
    }
    Ok(sum.mul(sign)?.cast_into::<PyInt>()?.into_any())
}
