//! JSON Pointers (RFC 6901), parsed once when the policy is loaded.

use std::fmt;

use super::{Kind, Value};

/// A path into a document: `/realm_access/roles`, or a bare name such as `tenant`.
#[derive(Clone, PartialEq, Eq)]
pub struct Pointer {
    text: Box<str>,
    steps: Box<[Box<str>]>,
}

impl Pointer {
    /// A pointer where the text starts with `/`, the name of a member of the outermost object
    /// otherwise. `None` where a `~` is not followed by 0 or 1, or where the text is empty.
    pub fn parse(text: &str) -> Option<Pointer> {
        let steps = match text.strip_prefix('/') {
            None if text.is_empty() => return None,
            None => Box::from([Box::from(text)]),
            Some(path) => path.split('/').map(unescape).collect::<Option<_>>()?,
        };
        Some(Pointer { text: text.into(), steps })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value it points to.
    pub fn find<'a>(&self, root: Value<'a>) -> Option<Value<'a>> {
        self.steps.iter().try_fold(root, |value, step| match value.kind() {
            Kind::Object => value.get(step),
            Kind::Array => value.as_array()?.nth(list_index(step)?),
            _ => None,
        })
    }

    /// Is it the member of that name of the outermost object?
    pub fn is_name(&self, name: &str) -> bool {
        matches!(&*self.steps, [only] if **only == *name)
    }

    /// The name of the outermost member.
    pub fn first_step(&self) -> &str {
        &self.steps[0]
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.text)
    }
}

fn unescape(step: &str) -> Option<Box<str>> {
    let mut rest = step;
    let mut plain = String::with_capacity(step.len());
    while let Some(at) = rest.find('~') {
        plain.push_str(&rest[..at]);
        plain.push(match rest.as_bytes().get(at + 1)? {
            b'0' => '~',
            b'1' => '/',
            _ => return None,
        });
        rest = &rest[at + 2..];
    }
    plain.push_str(rest);
    Some(plain.into())
}

/// Digits without a leading zero (RFC 6901 section 4).
fn list_index(step: &str) -> Option<usize> {
    let plain = step.bytes().all(|byte| byte.is_ascii_digit()) && (step == "0" || !step.starts_with('0'));
    if plain { step.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::{Bounds, parse};
    use super::*;

    #[test]
    fn finds_as_rfc_6901_says() {
        let document = parse(
            br#"{"foo":["bar","baz"],"":0,"a/b":1,"m~n":8,"o":{"p":true},"/x":2}"#.to_vec(),
            Bounds::TOKEN,
        )
        .unwrap();
        let find = |text: &str| Pointer::parse(text).unwrap().find(document.root()).map(Value::to_json);
        for (pointer, json) in [
            ("/foo", Some("[\"bar\",\"baz\"]")),
            ("/foo/0", Some("\"bar\"")),
            ("/foo/00", None),
            ("/foo/2", None),
            ("/foo/-", None),
            ("/", Some("0")),
            ("/a~1b", Some("1")),
            ("/m~0n", Some("8")),
            ("/o/p", Some("true")),
            ("/o/p/q", None),
            ("o", Some("{\"p\":true}")),
            ("a/b", Some("1")),
            ("/~1x", Some("2")),
        ] {
            assert_eq!(find(pointer).as_deref(), json, "{pointer}");
        }
        assert!(
            Pointer::parse("").is_none()
                && Pointer::parse("/a~2").is_none()
                && Pointer::parse("/~").is_none()
        );
    }
}
