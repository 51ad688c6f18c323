//! Policies from files and text, with the files and variables they name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use counterseal_core::crypto::{self, Provider};
use counterseal_core::error::Code;
use counterseal_core::limits::POLICY_BYTES;
use counterseal_core::policy::{self, Format, PolicyError, PolicyOptions, Problem};

use crate::files::ReadFile;
use crate::resources::Machine;

/// Names the service where the caller does not.
const SERVICE_VARIABLE: &str = "COUNTERSEAL_SERVICE";

/// A checked policy, ready for a [`Guard`](crate::Guard). A clone shares its keys.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) inner: policy::Policy,
    pub(crate) origin: Option<Origin>,
    /// What it was read from; empty where it came from text.
    files: Arc<[ReadFile]>,
    /// Relative paths in it start here.
    base_dir: PathBuf,
}

/// Where a policy came from, for [`Guard::reload`](crate::Guard::reload).
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    path: PathBuf,
    service: Option<String>,
    /// May tests hand keys in?
    scripted_keys: bool,
}

impl Policy {
    /// Reads a policy file, TOML or (`.json`) JSON, and the key files and secrets that it names.
    ///
    /// `service` chooses an overlay `[service.NAME]`; without it the variable `COUNTERSEAL_SERVICE`
    /// does, where it is set. Relative paths in the file start at its directory.
    ///
    /// # Errors
    /// [`PolicyError`] with every mistake at once, each with its line and column.
    pub fn load(path: impl AsRef<Path>, service: Option<&str>) -> Result<Policy, PolicyError> {
        Origin::of(path.as_ref(), service).load()
    }

    /// Reads a policy from text. Relative paths start at `base_dir`, or at the working directory.
    ///
    /// # Errors
    /// As [`Policy::load`].
    pub fn from_str(
        text: &str,
        format: Format,
        service: Option<&str>,
        base_dir: Option<&Path>,
    ) -> Result<Policy, PolicyError> {
        Policy::parse(text, format, service, base_dir.unwrap_or(Path::new("")), false)
    }

    /// Takes a policy that the program holds as data, written as JSON: what other languages call a dict,
    /// an object or a map. Relative paths start at `base_dir`, or at the working directory.
    ///
    /// ```
    /// # let keys = r#"{"keys":[{"kty":"RSA","kid":"one","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"}]}"#;
    /// use counterseal::Policy;
    ///
    /// let dict = format!(
    ///     r#"{{"version": 1, "issuer": [{{
    ///         "issuer": "https://idp.example.com", "profile": "access_token", "audience": "orders",
    ///         "algorithms": ["RS256"], "keys": {{"jwks": {keys}}}
    ///     }}]}}"#
    /// );
    /// let policy = Policy::from_dict(&dict, None, None)?;
    ///
    /// let error = Policy::from_dict(&dict.replace("audience", "audiance"), None, None).unwrap_err();
    /// let problem = &error.problems()[0];
    /// assert_eq!((problem.pointer.as_str(), problem.line), ("/issuer/0/audiance", 0));
    /// assert_eq!(problem.hint.as_deref(), Some("did you mean `audience`?"));
    /// # Ok::<(), counterseal::PolicyError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Policy::load`]; the problems name their settings by JSON Pointers (RFC 6901) and have no lines.
    pub fn from_dict(
        json: &str,
        service: Option<&str>,
        base_dir: Option<&Path>,
    ) -> Result<Policy, PolicyError> {
        let base_dir = base_dir.unwrap_or(Path::new(""));
        let resources = Machine::at(base_dir);
        let inner = policy::Policy::from_data(json, &options(service, &resources)?)?;
        Ok(Policy { inner, origin: None, files: Arc::default(), base_dir: base_dir.to_owned() })
    }

    /// A policy file written out as TOML, as one service sees it: what the service changes is merged in,
    /// variables are put in, secrets are redacted. It reads the same files as [`Policy::load`].
    ///
    /// # Errors
    /// As [`Policy::load`]: a policy with mistakes is not written out.
    pub fn expand(path: impl AsRef<Path>, service: Option<&str>) -> Result<String, PolicyError> {
        let origin = Origin::of(path.as_ref(), service);
        let resources = Machine::at(origin.base_dir());
        let options = options(origin.service.as_deref(), &resources)?;
        policy::Policy::expand(&origin.read(&resources)?, origin.format(), &options)
    }

    /// The services that a policy file has changes for, in the order of the file.
    ///
    /// # Errors
    /// [`PolicyError`] where the file cannot be read or is not well-formed; its settings are not checked.
    pub fn services(path: impl AsRef<Path>) -> Result<Vec<String>, PolicyError> {
        let origin = Origin::of(path.as_ref(), None);
        policy::services(&origin.read(&Machine::at(""))?, origin.format())
    }

    /// The deny file, if it names one, and how many keys and issuers that denied when it was read.
    pub(crate) fn deny_file(&self) -> (Option<PathBuf>, usize) {
        let path = self.inner.deny_file().map(|path| self.base_dir.join(path));
        (path, self.inner.denied_by_file())
    }

    /// The files whose changes load it again; none where it came from text, or says that it is not watched.
    pub(crate) fn watched(&self) -> Vec<ReadFile> {
        if self.inner.is_watched() { self.files.to_vec() } else { Vec::new() }
    }

    /// Where fetched keys are kept, if anywhere.
    pub(crate) fn snapshot(&self) -> Option<PathBuf> {
        self.inner.snapshot().map(|path| self.base_dir.join(path))
    }

    /// What the core made of it.
    pub fn core(&self) -> &policy::Policy {
        &self.inner
    }

    pub(crate) fn parse(
        text: &str,
        format: Format,
        service: Option<&str>,
        base_dir: &Path,
        scripted_keys: bool,
    ) -> Result<Policy, PolicyError> {
        let resources = Machine::at(base_dir);
        let options = PolicyOptions { scripted_keys, ..options(service, &resources)? };
        Policy::build(text, format, &options, base_dir)
    }

    pub(crate) fn build(
        text: &str,
        format: Format,
        options: &PolicyOptions<'_>,
        base_dir: &Path,
    ) -> Result<Policy, PolicyError> {
        let inner = policy::Policy::parse(text, format, options)?;
        Ok(Policy { inner, origin: None, files: Arc::default(), base_dir: base_dir.to_owned() })
    }
}

impl Origin {
    pub(crate) fn of(path: &Path, service: Option<&str>) -> Origin {
        let service = service
            .map(str::to_owned)
            .or_else(|| std::env::var(SERVICE_VARIABLE).ok().filter(|name| !name.is_empty()));
        Origin { path: path.to_owned(), service, scripted_keys: false }
    }

    /// The same file, in which keys may be scripted.
    pub(crate) fn with_scripted_keys(self) -> Origin {
        Origin { scripted_keys: true, ..self }
    }

    /// Reads the file (again).
    pub(crate) fn load(self) -> Result<Policy, PolicyError> {
        let base_dir = self.base_dir().to_owned();
        let resources = Machine::at(&base_dir);
        let text = self.read(&resources)?;
        let inner = {
            let options = options(self.service.as_deref(), &resources)?;
            let options = PolicyOptions { scripted_keys: self.scripted_keys, ..options };
            policy::Policy::parse_bytes(&text, self.format(), &options)?
        };
        Ok(Policy { inner, origin: Some(self), files: resources.into_read().into(), base_dir })
    }

    fn read(&self, resources: &Machine) -> Result<Vec<u8>, PolicyError> {
        resources.read_at(self.path.clone(), POLICY_BYTES).map_err(|reason| {
            let message = format!("the policy file cannot be read: {reason}");
            PolicyError::from(Problem::whole_file(Code::ConfigFile, &message))
        })
    }

    fn format(&self) -> Format {
        let is_json = self.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if is_json { Format::Json } else { Format::Toml }
    }

    /// Where the paths in the file start.
    fn base_dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

fn options<'a>(service: Option<&'a str>, resources: &'a Machine) -> Result<PolicyOptions<'a>, PolicyError> {
    Ok(PolicyOptions { service, resources, provider: provider()?, scripted_keys: false })
}

fn provider() -> Result<&'static dyn Provider, PolicyError> {
    crypto::default_provider().ok_or_else(|| {
        PolicyError::from(Problem::whole_file(
            Code::ConfigAlgUnsupported,
            "this build has no cryptography provider",
        ))
    })
}
