//! What is waited for, and the queue that tells when a wait is over. `counterseal/_completions.py` waits.

use std::sync::Arc;
use std::time::Duration;

use counterseal::Code;
use pyo3::prelude::*;

use crate::error;
use crate::panic::{detached, guarded};

/// Keys that are on their way.
#[pyclass(frozen, module = "counterseal._counterseal")]
pub(crate) struct Flight {
    pub(crate) inner: counterseal::Flight,
}

/// Tickets of waits that are over.
#[pyclass(frozen, module = "counterseal._counterseal")]
pub(crate) struct Completions {
    pub(crate) inner: Arc<counterseal::Completions>,
}

#[pymethods]
impl Completions {
    #[new]
    fn new() -> Completions {
        Completions { inner: counterseal::Completions::new() }
    }

    /// Waits, without the GIL, until there are tickets; an empty list when the time is over or the queue
    /// is closed. None waits without a limit.
    #[pyo3(signature = (timeout=None))]
    fn next(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Vec<u64>> {
        guarded(py, || {
            let timeout = timeout.map(|seconds| duration(py, seconds)).transpose()?;
            let mut tickets = [0; 64];
            let count = detached(py, || self.inner.next(&mut tickets, timeout));
            Ok(tickets[..count].to_vec())
        })
    }

    /// Ends every wait, now and later.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        guarded(py, || {
            self.inner.close();
            Ok(())
        })
    }
}

/// Seconds as a span of time; negative ones are none at all.
pub(crate) fn duration(py: Python<'_>, seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds.max(0.0))
        .map_err(|_| error::misuse(py, Code::MisuseTime, "a time-out is a number of seconds"))
}
