//! The proof that a token passed, as an immutable Python object.

use std::sync::atomic::{AtomicBool, Ordering};

use counterseal::core::json::{Kind, Value};
use counterseal::core::limits::REQUIREMENTS;
use counterseal::{Code, Requirements};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyInt, PyString, PyTuple};

use crate::error;
use crate::known::Known;
use crate::panic::guarded;
use crate::testing::Live;
use crate::{time, value};

/// A verified token's identity: the proof that it passed. Only a guard makes one.
///
/// Its fields never change, and it stays valid after its guard is closed. It is compared by value and
/// cannot be pickled: what comes back from a queue is no proof.
///
/// >>> from counterseal.testing import issuer
/// >>> idp = issuer()
/// >>> identity = idp.guard().verify(idp.token(sub="alice", roles=["refunds"]))
/// >>> identity.subject, identity.roles, identity.has_role("refunds")
/// ('alice', ('refunds',), True)
#[pyclass(frozen, weakref, module = "counterseal")]
pub(crate) struct Identity {
    proof: counterseal::Identity,
    /// Were the claims read? Most are read once or not at all.
    claims_were_read: AtomicBool,
    /// The members of the claims, to be copied; containers among them are made anew for each copy.
    claims: PyOnceLock<Template>,
    _live: Live<Identity>,

    /// `sub`: together with `issuer` it names the principal; alone it does not.
    #[pyo3(get)]
    subject: Py<PyAny>,
    /// The issuer as the policy spells it.
    #[pyo3(get)]
    issuer: Py<PyAny>,
    /// The audiences, in the token's order.
    #[pyo3(get)]
    audience: Py<PyAny>,
    /// The scopes, in the token's order.
    #[pyo3(get)]
    scopes: Py<PyAny>,
    /// The roles from where the policy says they are.
    #[pyo3(get)]
    roles: Py<PyAny>,
    /// The tenant from where the policy says it is.
    #[pyo3(get)]
    tenant: Py<PyAny>,
    /// The client that the token was issued to.
    #[pyo3(get)]
    client_id: Py<PyAny>,
    /// "user", "client" or "unknown".
    #[pyo3(get)]
    subject_kind: Py<PyAny>,
    /// The actors of a delegated token, outermost first.
    #[pyo3(get)]
    actors: Py<PyAny>,
    /// `jti`
    #[pyo3(get)]
    token_id: Py<PyAny>,
    /// `iat` in seconds since 1970.
    #[pyo3(get)]
    issued_at: Py<PyAny>,
    /// `exp` in seconds since 1970.
    #[pyo3(get)]
    expires_at: Py<PyAny>,
    /// When the person signed in, in seconds since 1970.
    #[pyo3(get)]
    auth_time: Py<PyAny>,
    /// The class of the authentication.
    #[pyo3(get)]
    acr: Py<PyAny>,
    /// The methods of the authentication.
    #[pyo3(get)]
    amr: Py<PyAny>,
    /// The profile under which the token was accepted.
    #[pyo3(get)]
    profile: Py<PyAny>,
    /// The transaction that the token belongs to.
    #[pyo3(get)]
    transaction_id: Py<PyAny>,
    /// Did the provider leave group lists out? Then an empty list of roles means nothing.
    #[pyo3(get)]
    groups_incomplete: Py<PyAny>,
}

struct Template {
    members: Py<PyDict>,
    containers: Vec<Py<PyString>>,
}

impl Identity {
    /// The Python object for a proof.
    pub(crate) fn new<'py>(py: Python<'py>, proof: counterseal::Identity) -> PyResult<Bound<'py, Identity>> {
        let mut make = Maker { py, known: Known::open(py) };
        let identity = Identity {
            subject: make.text(proof.subject()),
            issuer: make.word(Some(proof.issuer())),
            audience: make.words(proof.audience())?,
            scopes: make.words(proof.scopes())?,
            roles: make.words(proof.roles())?,
            tenant: make.word(proof.tenant()),
            client_id: make.word(proof.client_id()),
            subject_kind: make.word(Some(proof.subject_kind().name())),
            actors: make.words(proof.actors())?,
            token_id: make.text(proof.token_id()),
            issued_at: make.seconds(proof.issued_at())?,
            expires_at: make.seconds(proof.expires_at())?,
            auth_time: make.seconds(proof.auth_time())?,
            acr: make.word(proof.acr()),
            amr: make.words(proof.amr())?,
            profile: make.word(Some(proof.profile().name())),
            transaction_id: make.text(proof.transaction_id()),
            groups_incomplete: proof.groups_incomplete().into_pyobject(py)?.to_owned().into_any().unbind(),
            claims_were_read: AtomicBool::new(false),
            claims: PyOnceLock::new(),
            _live: Live::new(),
            proof,
        };
        Bound::new(py, identity)
    }

    /// The number of the proof.
    #[inline]
    pub(crate) fn id(&self) -> u64 {
        self.proof.id()
    }
}

#[pymethods]
impl Identity {
    /// All claims as a fresh dict, yours to change: no decision reads it.
    ///
    /// >>> from counterseal.testing import issuer
    /// >>> idp = issuer()
    /// >>> identity = idp.guard().verify(idp.token(order={"id": 9007199254740993}))
    /// >>> identity.claims["order"]["id"]
    /// 9007199254740993
    #[getter]
    fn claims<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        guarded(py, || {
            let claims = self.proof.claims();
            if !self.claims_were_read.swap(true, Ordering::Relaxed) {
                return value::object(py, claims);
            }
            let template = self.claims.get_or_try_init(py, || Template::new(py, claims))?;
            let copy = template.members.bind(py).copy()?;
            for name in &template.containers {
                let name = name.bind(py);
                if let Some(member) = claims.get(name.to_str()?) {
                    copy.set_item(name, value::to_python(py, member)?)?;
                }
            }
            Ok(copy)
        })
    }

    /// One claim by JSON Pointer (RFC 6901) or by name, made anew; `default` where there is none.
    ///
    /// >>> from counterseal.testing import issuer
    /// >>> idp = issuer()
    /// >>> identity = idp.guard().verify(idp.token(realm_access={"roles": ["admin"]}))
    /// >>> identity.claim("/realm_access/roles/0"), identity.claim("/realm_access/groups", ())
    /// ('admin', ())
    #[pyo3(signature = (pointer, default=None))]
    fn claim<'py>(
        &self,
        py: Python<'py>,
        pointer: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        guarded(py, || match text(pointer).and_then(|pointer| self.proof.claim(pointer)) {
            Some(member) => value::to_python(py, member).map(Some),
            None => Ok(default),
        })
    }

    /// Was exactly this scope granted?
    fn has_scope(&self, py: Python<'_>, scope: &Bound<'_, PyAny>) -> PyResult<bool> {
        guarded(py, || Ok(text(scope).is_some_and(|scope| self.proof.has_scope(scope))))
    }

    /// Is exactly this role among them?
    fn has_role(&self, py: Python<'_>, role: &Bound<'_, PyAny>) -> PyResult<bool> {
        guarded(py, || Ok(text(role).is_some_and(|role| self.proof.has_role(role))))
    }

    /// Holds the identity against what one handler asks beyond the policy: all of `scopes`, one of `acr` (the
    /// classes of sign-in that would do), and a sign-in at most `max_age` seconds ago, by the machine's clock or at
    /// `now`. Raises `TokenRejectedError` with the challenge for the client: `insufficient_scope` (403),
    /// `acr_unmet` or `auth_too_old` (401, RFC 9470).
    ///
    /// >>> from counterseal.testing import issuer
    /// >>> idp = issuer()
    /// >>> identity = idp.guard().verify(idp.token(scope="orders:read"))
    /// >>> identity.require(scopes=["orders:read"])
    /// >>> identity.require(scopes=["orders:read"], acr=["urn:example:mfa"], max_age=300)
    /// Traceback (most recent call last):
    ///     ...
    /// counterseal.errors.TokenRejectedError: acr_unmet: the sign-in is not of a class that is asked for (acr) ...
    #[pyo3(signature = (*, scopes=None, acr=None, max_age=None, now=None))]
    fn require(
        &self,
        py: Python<'_>,
        scopes: Option<&Bound<'_, PyAny>>,
        acr: Option<&Bound<'_, PyAny>>,
        max_age: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        guarded(py, || {
            let wrong = |detail: &str| error::misuse(py, Code::MisuseArgument, detail);
            let max_age = max_age.map(|age| match age.cast::<PyInt>() {
                Ok(age) if !age.is_instance_of::<PyBool>() => {
                    age.extract().map_err(|_| wrong("max_age is too large"))
                }
                _ => Err(wrong("max_age is an int, in seconds")),
            });
            let (scopes, acr, max_age) = (asked(scopes)?, asked(acr)?, max_age.transpose()?);
            let requirements = Requirements::new(scopes, acr, max_age).map_err(|_| {
                wrong("require(scopes=[…], acr=[…], max_age=seconds): one of them, in words without spaces")
            })?;
            let now = time::argument(now)?;
            counterseal::require(&self.proof, &requirements, now)
                .map_err(|error| error::exception(py, &error))
        })
    }

    /// The fields by name and the claims, in plain values that `json.dumps` writes. Never the token.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        guarded(py, || {
            let dict = PyDict::new(py);
            for (name, field) in self.fields() {
                let field = field.bind(py);
                match field.cast::<PyTuple>() {
                    Ok(tuple) => dict.set_item(name, tuple.to_list())?,
                    Err(_) => dict.set_item(name, field)?,
                }
            }
            dict.set_item("claims", value::object(py, self.proof.claims())?)?;
            Ok(dict)
        })
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        guarded(py, || match other.cast::<Identity>() {
            Ok(other) => {
                Ok((self.proof == other.get().proof).into_pyobject(py)?.to_owned().into_any().unbind())
            }
            Err(_) => Ok(py.NotImplemented()),
        })
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        guarded(py, || (&self.issuer, &self.subject, &self.token_id).into_pyobject(py)?.hash())
    }

    /// Shows neither token nor claims.
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        guarded(py, || Ok(format!("<counterseal.Identity of {:?}>", self.proof.issuer_name())))
    }

    fn __copy__<'py>(slf: Bound<'py, Self>) -> Bound<'py, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }

    fn __reduce_ex__(&self, py: Python<'_>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        guarded(py, || {
            Err(PyTypeError::new_err(
                "an Identity is a proof and cannot be pickled: send the token, or what to_dict() gives",
            ))
        })
    }
}

impl Identity {
    fn fields(&self) -> [(&'static str, &Py<PyAny>); 18] {
        [
            ("subject", &self.subject),
            ("issuer", &self.issuer),
            ("audience", &self.audience),
            ("scopes", &self.scopes),
            ("roles", &self.roles),
            ("tenant", &self.tenant),
            ("client_id", &self.client_id),
            ("subject_kind", &self.subject_kind),
            ("actors", &self.actors),
            ("token_id", &self.token_id),
            ("issued_at", &self.issued_at),
            ("expires_at", &self.expires_at),
            ("auth_time", &self.auth_time),
            ("acr", &self.acr),
            ("amr", &self.amr),
            ("profile", &self.profile),
            ("transaction_id", &self.transaction_id),
            ("groups_incomplete", &self.groups_incomplete),
        ]
    }
}

impl Template {
    fn new(py: Python<'_>, claims: Value<'_>) -> PyResult<Template> {
        let members = PyDict::new(py);
        let mut containers = Vec::new();
        for (name, member) in claims.as_object().into_iter().flatten() {
            let name = PyString::new(py, name);
            if matches!(member.kind(), Kind::Array | Kind::Object) {
                members.set_item(&name, py.None())?; // keeps its place in the order
                containers.push(name.unbind());
            } else {
                members.set_item(&name, value::to_python(py, member)?)?;
            }
        }
        Ok(Template { members: members.unbind(), containers })
    }
}

struct Maker<'py> {
    py: Python<'py>,
    known: Known<'py>,
}

impl Maker<'_> {
    /// A text that hardly any other token has.
    fn text(&self, text: Option<&str>) -> Py<PyAny> {
        match text {
            Some(text) => PyString::new(self.py, text).into_any().unbind(),
            None => self.py.None(),
        }
    }

    /// A text that other tokens have too.
    fn word(&mut self, text: Option<&str>) -> Py<PyAny> {
        match text {
            Some(text) => self.known.text(text).into_any().unbind(),
            None => self.py.None(),
        }
    }

    fn words<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> PyResult<Py<PyAny>> {
        let words: Vec<_> = texts.map(|text| self.known.text(text)).collect();
        match words.is_empty() {
            true => Ok(PyTuple::empty(self.py).into_any().unbind()),
            false => Ok(PyTuple::new(self.py, words)?.into_any().unbind()),
        }
    }

    fn seconds(&self, seconds: Option<i64>) -> PyResult<Py<PyAny>> {
        Ok(seconds.into_pyobject(self.py)?.unbind())
    }
}

/// Words that a handler asks for: one, or some of them. Never more than can be asked for.
fn asked(words: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<String>> {
    let Some(words) = words else { return Ok(Vec::new()) };
    let wrong =
        || error::misuse(words.py(), Code::MisuseArgument, "scopes and acr are a str, or some of them");
    let word = |word: &Bound<'_, PyAny>| text(word).map(str::to_owned).ok_or_else(wrong);
    if words.is_instance_of::<PyString>() {
        return Ok(vec![word(words)?]);
    }
    let some = words.try_iter().map_err(|_| wrong())?;
    some.take(REQUIREMENTS + 1).map(|one| word(&one?)).collect()
}

/// What is no text, or text without UTF-8, is no name of anything.
fn text<'a>(name: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    name.cast::<PyString>().ok()?.to_str().ok()
}
