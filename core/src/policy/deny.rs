//! Keys and issuers that are refused at once (POL-07): from the policy, and from a file of its own that
//! acts without a new policy.

use std::collections::HashSet;

use super::build::Context;
use super::problem::Fault;
use super::secret;
use super::tree::{Node, Place};
use super::values;
use crate::error::Code;
use crate::jwk::is_kid;
use crate::limits;

/// Keys by `kid` and issuers by `iss` that are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DenyList {
    pub(crate) kids: HashSet<Box<str>>,
    pub(crate) issuers: HashSet<Box<str>>,
}

/// What is wrong with a deny file. It shows nothing of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenyFileFault {
    /// Counted from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl DenyList {
    /// Reads a deny file: one `kid NAME` or `issuer URL` on a line, `#` begins a comment, blank lines are
    /// skipped.
    ///
    /// Fails as a whole where one line is wrong: half a deny list is none.
    pub fn from_file(bytes: &[u8]) -> Result<DenyList, DenyFileFault> {
        let fault = |line: usize, message: &str| DenyFileFault { line, message: message.to_owned() };
        if bytes.len() > limits::DENY_FILE_BYTES {
            let message = format!("the file is larger than {} bytes", limits::DENY_FILE_BYTES);
            return Err(fault(0, &message));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| fault(0, "the file is not UTF-8"))?;
        let mut list = DenyList::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (what, name) = line.split_once([' ', '\t']).unwrap_or((line, ""));
            let name = name.trim_start();
            let (is_name, names) = match what {
                "kid" => (is_kid(name), &mut list.kids),
                "issuer" => (values::identifier(name).is_ok(), &mut list.issuers),
                _ => return Err(fault(at + 1, "a line begins with `kid`, `issuer` or `#`")),
            };
            if !is_name {
                return Err(fault(at + 1, "the name is empty, too long or holds a control character"));
            }
            names.insert(name.into());
            if list.len() > limits::DENIED {
                let message = format!("more than {} names are listed", limits::DENIED);
                return Err(fault(at + 1, &message));
            }
        }
        Ok(list)
    }

    /// The denied keys, in no order.
    pub fn kids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.kids.iter().map(AsRef::as_ref)
    }

    /// The denied issuers, in no order.
    pub fn issuers(&self) -> impl ExactSizeIterator<Item = &str> {
        self.issuers.iter().map(AsRef::as_ref)
    }

    /// Is nothing denied?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many keys and issuers are denied.
    pub fn len(&self) -> usize {
        self.kids.len() + self.issuers.len()
    }

    /// Everything that either denies.
    pub(crate) fn union(&self, other: &DenyList) -> DenyList {
        DenyList {
            kids: self.kids.union(&other.kids).cloned().collect(),
            issuers: self.issuers.union(&other.issuers).cloned().collect(),
        }
    }

    /// Does it deny all that the other does?
    pub(crate) fn covers(&self, other: &DenyList) -> bool {
        self.kids.is_superset(&other.kids) && self.issuers.is_superset(&other.issuers)
    }
}

impl std::fmt::Display for DenyFileFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => out.write_str(&self.message),
            line => write!(out, "line {line}: {}", self.message),
        }
    }
}

/// `deny_file`: its path as the policy has it, and what it said when the policy was loaded.
#[derive(Clone, Debug)]
pub(crate) struct DenyFile {
    pub(crate) path: String,
    pub(crate) list: DenyList,
}

/// `deny_kid` and `deny_issuer`.
pub(super) fn listed(root: &Node, context: &mut Context<'_, '_>) -> DenyList {
    let names = |name: &str| root.get(name).map(Node::elements).unwrap_or_default();
    for kid in names("deny_kid").iter().filter(|kid| !is_kid(kid.as_str())) {
        let message = format!("no kid: it is printable and at most {} bytes long", limits::KID_BYTES);
        context.problems.at(kid.place, Fault::value(message));
    }
    let set = |name: &str| names(name).iter().map(|node| node.as_str().into()).collect();
    DenyList { kids: set("deny_kid"), issuers: set("deny_issuer") }
}

/// `deny_file`, read for the first time: then it has to be there, and sound.
pub(super) fn file(root: &Node, context: &mut Context<'_, '_>) -> Option<DenyFile> {
    let node = root.get("deny_file")?;
    let text = node.text()?;
    let read = secret::followed(&text.text, text.from_environment, context.options.resources);
    let list = read
        .map_err(|reason| Fault::new(Code::ConfigFile, reason))
        .and_then(|bytes| DenyList::from_file(&bytes).map_err(|fault| Fault::value(fault.to_string())));
    match list {
        Ok(list) => Some(DenyFile { path: text.text.to_string(), list }),
        Err(fault) => {
            context.problems.at(node.place, fault);
            None
        }
    }
}

/// A denied issuer that the policy does not know is perhaps misspelt.
pub(super) fn list_unknown(root: &Node, known: &HashSet<&str>, context: &mut Context<'_, '_>) {
    let issuers = root.get("deny_issuer").map(Node::elements).unwrap_or_default();
    let unknown: Vec<Place> =
        issuers.iter().filter(|node| !known.contains(node.as_str())).map(|node| node.place).collect();
    for place in unknown {
        context.notice(place, "no issuer of this policy has this spelling: the entry denies nothing");
    }
}
