//! The JSON parser against serde_json: what it takes, serde_json takes, with the same values; what it
//! refuses beyond that is named (JSN-01 to JSN-03, LIM-03).

use std::fmt;

use counterseal::Code;
use counterseal::core::json::{Bounds, Document, Kind, Value, parse};
use counterseal::core::limits;
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::cases;

/// What serde_json read, with every member of every object.
#[derive(Debug)]
enum Tree {
    Null,
    Boolean(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    fn depth(&self) -> usize {
        match self {
            Tree::List(elements) => 1 + elements.iter().map(Tree::depth).max().unwrap_or(0),
            Tree::Object(members) => 1 + members.iter().map(|(_, one)| one.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    fn values(&self) -> usize {
        match self {
            Tree::List(elements) => 1 + elements.iter().map(Tree::values).sum::<usize>(),
            Tree::Object(members) => 1 + members.iter().map(|(_, one)| one.values()).sum::<usize>(),
            _ => 1,
        }
    }

    fn has_duplicates(&self) -> bool {
        match self {
            Tree::List(elements) => elements.iter().any(Tree::has_duplicates),
            Tree::Object(members) => {
                let twice = |at: usize| members[..at].iter().any(|(name, _)| *name == members[at].0);
                (0..members.len()).any(twice) || members.iter().any(|(_, one)| one.has_duplicates())
            }
            _ => false,
        }
    }

    /// Is it exactly this value?
    fn same(&self, value: Value<'_>) -> bool {
        match self {
            Tree::Null => value.is_null(),
            Tree::Boolean(boolean) => value.as_bool() == Some(*boolean),
            Tree::Number(number) => value.as_number().is_some_and(|text| {
                serde_json::from_str(text).is_ok_and(|read: serde_json::Number| read == *number)
            }),
            Tree::Text(text) => value.as_str() == Some(text),
            Tree::List(elements) => value.as_array().is_some_and(|list| {
                list.clone().count() == elements.len() && list.zip(elements).all(|(one, tree)| tree.same(one))
            }),
            Tree::Object(members) => value.as_object().is_some_and(|object| {
                object.clone().count() == members.len()
                    && object
                        .zip(members)
                        .all(|((name, one), (tree_name, tree))| name == tree_name && tree.same(one))
                    && members.iter().all(|(name, tree)| value.get(name).is_some_and(|one| tree.same(one)))
            }),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tree, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Tree;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("any JSON")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }

            fn visit_bool<E>(self, boolean: bool) -> Result<Tree, E> {
                Ok(Tree::Boolean(boolean))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
                Ok(Tree::Number(number.into()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
                Ok(Tree::Number(number.into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
                Ok(Tree::Number(serde_json::Number::from_f64(number).unwrap()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = list.next_element()? {
                    elements.push(element);
                }
                Ok(Tree::List(elements))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Tree, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Tree::Object(members))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

/// Compares one text; whether it was taken.
fn compare(text: &[u8]) -> Result<bool, TestCaseError> {
    let ours = parse(text.to_vec(), Bounds::TOKEN);
    if let Err(fault) = &ours {
        prop_assert!(fault.offset <= text.len());
    }
    let code = ours.as_ref().err().map(|fault| fault.code);
    if std::str::from_utf8(text).is_err() {
        prop_assert_eq!(code, Some(Code::JsonInvalidUtf8));
    }
    let tree: Tree = match serde_json::from_slice(text) {
        Ok(tree) => tree,
        // Numbers that no float holds are text to us until somebody uses them (JSN-08).
        Err(error) if error.to_string().contains("number out of range") => return Ok(ours.is_ok()),
        Err(_) => {
            prop_assert!(
                matches!(
                    code,
                    Some(
                        Code::JsonInvalid
                            | Code::JsonInvalidUtf8
                            | Code::JsonTooComplex
                            | Code::JsonDuplicateMember
                    )
                ),
                "serde_json refuses it and we do not: {:?}",
                code
            );
            return Ok(false);
        }
    };
    let is_object = matches!(tree, Tree::Object(_));
    let is_complex = tree.depth() > limits::JSON_DEPTH || tree.values() > limits::JSON_VALUES;
    let expected = match (is_object, tree.has_duplicates(), is_complex) {
        (false, ..) => Some(Code::JsonInvalid),
        (true, false, false) => None,
        (true, true, false) => Some(Code::JsonDuplicateMember),
        (true, false, true) => Some(Code::JsonTooComplex),
        // Whichever comes first in the text.
        (true, true, true) => {
            prop_assert!(matches!(code, Some(Code::JsonDuplicateMember | Code::JsonTooComplex)));
            code
        }
    };
    prop_assert_eq!(code, expected);
    if let Ok(document) = &ours {
        prop_assert!(tree.same(document.root()), "other values");
        prop_assert_eq!(document.source().as_bytes(), text);
        check_places(document, document.root())?;
        check_written(document)?;
    }
    Ok(ours.is_ok())
}

/// Every value stands in the source where it says.
fn check_places(document: &Document, value: Value<'_>) -> Result<(), TestCaseError> {
    let rest = &document.source()[value.offset()..];
    match value.kind() {
        Kind::String => prop_assert!(document.source()[..value.offset()].ends_with('"')),
        Kind::Number => prop_assert!(rest.starts_with(value.as_number().unwrap())),
        Kind::Object => prop_assert!(rest.as_bytes()[0] == b'{', "no brace"),
        Kind::Array => prop_assert!(rest.as_bytes()[0] == b'[', "no bracket"),
        _ => prop_assert!(rest.starts_with(&value.to_json())),
    }
    for (_, member) in value.as_object().into_iter().flatten() {
        check_places(document, member)?;
    }
    for element in value.as_array().into_iter().flatten() {
        check_places(document, element)?;
    }
    Ok(())
}

/// What is written out says the same, to us and to serde_json, and is written the same again.
fn check_written(document: &Document) -> Result<(), TestCaseError> {
    let written = document.root().to_json();
    let tree: Tree = serde_json::from_str(&written).unwrap();
    prop_assert!(tree.same(document.root()));
    let again = parse(written.clone().into_bytes(), Bounds::TOKEN).unwrap();
    prop_assert_eq!(again.root().to_json(), written);
    Ok(())
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(|float| format!("{float:e}")),
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?",
        Just("1e999".to_owned()),
        Just("-0".to_owned()),
    ]
}

/// A string with its quotes: plain, with every escape, or with halves of surrogate pairs.
fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-z]{0,4}",
        2 => any::<char>().prop_filter("bare", |c| *c >= ' ' && *c != '"' && *c != '\\').prop_map(String::from),
        2 => prop::sample::select(&["\\n", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\r", "\\t"][..]).prop_map(String::from),
        2 => any::<char>().prop_map(|c| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}")).collect()),
        1 => (0xd700u32..0xe100).prop_map(|unit| format!("\\u{unit:04x}")),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

/// Few names, so that some stand twice; some spelled with escapes.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => "\"[a-h][a-h]?\"",
        1 => prop::sample::select(&["\"\\u0061\"", "\"\\u0062b\"", "\"\"", "\"a\\/b\"", "\"a/b\""][..]).prop_map(String::from),
        1 => string(),
    ]
}

fn space() -> impl Strategy<Value = String> + Clone {
    prop_oneof![8 => Just(String::new()), 1 => "[ \\t\\r\\n]{1,3}"]
}

/// Texts of one object, nearly all of them well formed.
fn document() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        number(),
        string(),
        prop::sample::select(&["null", "true", "false"][..]).prop_map(String::from)
    ];
    let value = scalar.prop_recursive(20, 64, 6, |inner| {
        let inner = (space(), inner, space()).prop_map(|(before, value, behind)| before + &value + &behind);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|list| format!("[{}]", list.join(","))),
            object(inner),
        ]
    });
    (space(), object(value), space()).prop_map(|(before, object, behind)| before + &object + &behind)
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member = (name(), space(), value).prop_map(|(name, space, value)| format!("{name}{space}:{value}"));
    prop::collection::vec(member, 0..7).prop_map(|members| format!("{{{}}}", members.join(",")))
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn documents_are_read_as_serde_json_reads_them(text in document()) {
        compare(text.as_bytes())?;
    }

    #[test]
    fn spoiled_documents_too(
        text in document(),
        at in any::<prop::sample::Index>(),
        change in prop_oneof![
            any::<u8>().prop_map(Some),
            prop::sample::select(b"{}[]\",:\\u0eE+-. \n".as_slice()).prop_map(Some),
            Just(None),
        ],
        kept in any::<bool>(),
    ) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        match change {
            Some(byte) if kept => bytes.insert(at, byte),
            Some(byte) => bytes[at] = byte,
            None => drop(bytes.remove(at)),
        }
        compare(&bytes)?;
    }
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn words_of_json_in_any_order(words in prop::collection::vec(prop::sample::select(
        &["{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "1", "-", "0", ".5", "e3", "true", "null", " ", "\\u0041", "\"\\u0061\""][..]
    ), 0..14)) {
        compare(words.concat().as_bytes())?;
        compare(format!("{{\"x\":{}}}", words.concat()).as_bytes())?;
    }

    #[test]
    fn any_bytes_inside_a_string_are_utf_8_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
        let text = [b"{\"a\":\"", bytes.as_slice(), b"\"}"].concat();
        let is_plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
        if compare(&text)? && bytes.iter().all(is_plain) {
            prop_assert!(std::str::from_utf8(&bytes).is_ok());
        }
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn duplicates_are_found_among_many_names(count in 2usize..120, one in any::<prop::sample::Index>(), depth in 0usize..8) {
        let twice = one.index(count);
        let members = |last: usize| {
            let names: Vec<String> = (0..count).chain([last]).map(|n| format!("\"name{n}\":{{}}")).collect();
            format!("{}{{{}}}{}", "{\"in\":[".repeat(depth), names.join(","), "]}".repeat(depth))
        };
        prop_assert!(!compare(members(twice).as_bytes())?);
        prop_assert_eq!(compare(members(count).as_bytes())?, 2 * depth < limits::JSON_DEPTH - 1);
    }
}

#[test]
fn documents_are_taken_often_enough_to_mean_something() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::new(cases(1));
    let taken = (0..1000)
        .filter(|_| compare(document().new_tree(&mut runner).unwrap().current().as_bytes()).unwrap());
    let taken = taken.count();
    assert!((300..950).contains(&taken), "{taken} of 1000 documents were taken");
}

#[test]
fn every_byte_at_every_place_of_a_string() {
    for length in [1, 7, 8, 9, 15, 16, 17, 33] {
        for at in 0..length {
            for byte in 0..=255u8 {
                let mut text = vec![b'x'; length];
                text[at] = byte;
                compare(&[b"{\"a\":\"", text.as_slice(), b"\"}"].concat()).unwrap();
            }
        }
    }
}

#[test]
fn two_neighbours_near_the_borders_of_what_is_plain() {
    const NEAR: [u8; 14] =
        [0x00, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x5b, 0x5c, 0x5d, 0x7e, 0x7f, 0x80, 0xff];
    for at in 0..20 {
        for (one, other) in NEAR.iter().flat_map(|one| NEAR.map(|other| (*one, other))) {
            let mut text = vec![b'x'; 22];
            text[at..at + 2].copy_from_slice(&[one, other]);
            compare(&[b"{\"a\":\"", text.as_slice(), b"\",\"b\":1}"].concat()).unwrap();
        }
    }
}
