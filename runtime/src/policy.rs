//! Policies from files and text, with the files and variables they name.

use std::path::{Path, PathBuf};

use counterseal_core::crypto::{self, Provider};
use counterseal_core::error::Code;
use counterseal_core::limits::POLICY_BYTES;
use counterseal_core::policy::{self, Format, PolicyError, PolicyOptions, Problem};

use crate::resources::{Machine, read_bounded};

/// Names the service where the caller does not.
const SERVICE_VARIABLE: &str = "COUNTERSEAL_SERVICE";

/// A checked policy, ready for a [`Guard`](crate::Guard). A clone shares its keys.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) inner: policy::Policy,
    pub(crate) origin: Option<Origin>,
    /// Relative paths in it start here.
    base_dir: PathBuf,
}

/// Where a policy came from, for [`Guard::reload`](crate::Guard::reload).
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    path: PathBuf,
    service: Option<String>,
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
        let service = service
            .map(str::to_owned)
            .or_else(|| std::env::var(SERVICE_VARIABLE).ok().filter(|name| !name.is_empty()));
        Origin { path: path.as_ref().to_owned(), service }.load()
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

    /// The deny file, if it names one, and how many keys and issuers that denied when it was read.
    pub(crate) fn deny_file(&self) -> (Option<PathBuf>, usize) {
        let path = self.inner.deny_file().map(|path| self.base_dir.join(path));
        (path, self.inner.denied_by_file())
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
        let options = PolicyOptions { service, resources: &resources, provider: provider()?, scripted_keys };
        Policy::build(text, format, &options, base_dir)
    }

    pub(crate) fn build(
        text: &str,
        format: Format,
        options: &PolicyOptions<'_>,
        base_dir: &Path,
    ) -> Result<Policy, PolicyError> {
        let inner = policy::Policy::parse(text, format, options)?;
        Ok(Policy { inner, origin: None, base_dir: base_dir.to_owned() })
    }
}

impl Origin {
    /// Reads the file (again).
    pub(crate) fn load(self) -> Result<Policy, PolicyError> {
        let bytes = read_bounded(&self.path, POLICY_BYTES).map_err(|reason| cannot_read(&reason))?;
        let text = String::from_utf8(bytes).map_err(|_| cannot_read("not UTF-8"))?;
        let is_json = self.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let format = if is_json { Format::Json } else { Format::Toml };
        let base_dir = self.path.parent().unwrap_or(Path::new(""));
        let policy = Policy::parse(&text, format, self.service.as_deref(), base_dir, false)?;
        Ok(Policy { origin: Some(self), ..policy })
    }
}

fn provider() -> Result<&'static dyn Provider, PolicyError> {
    crypto::default_provider().ok_or_else(|| {
        PolicyError::from(Problem::whole_file(
            Code::ConfigAlgUnsupported,
            "this build has no cryptography provider",
        ))
    })
}

fn cannot_read(reason: &str) -> PolicyError {
    PolicyError::from(Problem::whole_file(
        Code::ConfigFile,
        &format!("the policy file cannot be read: {reason}"),
    ))
}
