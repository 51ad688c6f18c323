//! Tokens as Python hands them over.

use std::borrow::Cow;

use counterseal::Code;
use pyo3::exceptions::PyUnicodeEncodeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error;

/// The bytes of a `str` or `bytes`, borrowed. The core refuses what is no token, so everything that is
/// text goes through: also text with lone surrogates, which has no UTF-8 and gets their three bytes.
#[inline]
pub(crate) fn bytes<'a>(token: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, [u8]>> {
    if let Ok(text) = token.cast::<PyString>() {
        match text.to_str() {
            Ok(text) => Ok(Cow::Borrowed(text.as_bytes())),
            Err(error) => with_surrogates(text, error),
        }
    } else if let Ok(bytes) = token.cast::<PyBytes>() {
        Ok(Cow::Borrowed(bytes.as_bytes()))
    } else {
        Err(not_a_token(token))
    }
}

#[cold]
fn with_surrogates<'a>(text: &Bound<'_, PyString>, error: PyErr) -> PyResult<Cow<'a, [u8]>> {
    let py = text.py();
    if !error.is_instance_of::<PyUnicodeEncodeError>(py) {
        return Err(error);
    }
    let encoded = text.call_method1(intern!(py, "encode"), ("utf-8", "surrogatepass"))?;
    Ok(Cow::Owned(encoded.cast_into::<PyBytes>()?.as_bytes().to_vec()))
}

#[cold]
fn not_a_token(token: &Bound<'_, PyAny>) -> PyErr {
    let kind = token.get_type().name().map(|name| name.to_string()).unwrap_or_default();
    let detail = format!("a token is str or bytes, not {kind}");
    error::misuse(token.py(), Code::MisuseArgument, &detail)
}
