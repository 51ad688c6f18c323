//! What became of a token where nothing is raised.

use counterseal::Code;
use pyo3::prelude::*;

use crate::panic::guarded;
use crate::{error, identity::Identity};

/// What became of a token: an `identity` or an `error`, never both.
///
/// It has no truth value: `if outcome:` raises, because it would not tell the two apart.
///
/// >>> from counterseal.testing import issuer
/// >>> idp = issuer()
/// >>> outcome = idp.guard().try_verify(idp.expired())
/// >>> outcome.identity, outcome.error.code
/// (None, 'token_expired')
#[pyclass(frozen, module = "counterseal")]
pub(crate) struct Outcome {
    /// The proof, or None.
    #[pyo3(get)]
    identity: Py<PyAny>,
    /// The exception that `verify` would have raised, or None.
    #[pyo3(get)]
    error: Py<PyAny>,
}

impl Outcome {
    /// The outcome for what the runtime says.
    pub(crate) fn new<'py>(
        py: Python<'py>,
        verified: Result<Bound<'py, Identity>, counterseal::Error>,
    ) -> PyResult<Bound<'py, Outcome>> {
        let outcome = match verified {
            Ok(identity) => Outcome { identity: identity.into_any().unbind(), error: py.None() },
            Err(error) => {
                let error = error::exception(py, &error).into_value(py).into_any();
                Outcome { identity: py.None(), error }
            }
        };
        Bound::new(py, outcome)
    }

    /// The same for what was returned or raised in Python. What is raised is an outcome only where it is an
    /// error of ours: Ctrl-C, say, goes on.
    pub(crate) fn of<'py>(
        py: Python<'py>,
        verified: PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, Outcome>> {
        let (identity, error) = match verified {
            Ok(identity) => (identity.unbind(), py.None()),
            Err(error) if error::is_ours(py, &error)? => (py.None(), error.into_value(py).into_any()),
            Err(error) => return Err(error),
        };
        Bound::new(py, Outcome { identity, error })
    }
}

#[pymethods]
impl Outcome {
    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        guarded(py, || {
            let detail = "an outcome has no truth value: look at outcome.identity or outcome.error";
            Err(error::misuse(py, Code::MisuseArgument, detail))
        })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        guarded(py, || {
            let (name, value) =
                if self.error.is_none(py) { ("identity", &self.identity) } else { ("error", &self.error) };
            Ok(format!("<counterseal.Outcome {name}={}>", value.bind(py).repr()?))
        })
    }
}
