//! JSON Pointers against those of serde_json (RFC 6901).

use counterseal::core::json::{Bounds, Pointer, parse};
use proptest::prelude::*;

use crate::cases;

const NAMES: [&str; 12] = ["", "a", "b", "0", "1", "01", "a/b", "m~n", "~1", "-", "é", "a b"];

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        "[a-z]{0,3}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(prop::sample::select(&NAMES[..]), inner, 0..5).prop_map(|members| {
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(cases(6000))]

    #[test]
    fn pointers_find_what_serde_json_finds(
        members in prop::collection::btree_map(prop::sample::select(&NAMES[..]), value(), 0..6),
        steps in prop::collection::vec(prop::sample::select(&NAMES[..]), 1..5),
        index in prop::option::of(0usize..4),
    ) {
        let root = serde_json::to_value(&members).unwrap();
        let document = parse(root.to_string().into_bytes(), Bounds::TOKEN).unwrap();
        let mut text: String = steps.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect();
        text.extend(index.map(|index| format!("/{index}")));
        let pointer = Pointer::parse(&text).unwrap();
        let found = pointer.find(document.root()).map(|value| value.to_json());
        prop_assert_eq!(found, root.pointer(&text).map(ToString::to_string), "{}", text);
        prop_assert_eq!(pointer.as_str(), text.as_str());
    }

    #[test]
    fn any_text_is_a_name_or_a_pointer(text in "[~/01a]{0,8}", value in any::<i32>()) {
        let bad_tilde = text.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1']));
        let refused = text.is_empty() || (text.starts_with('/') && bad_tilde);
        prop_assert_eq!(Pointer::parse(&text).is_none(), refused, "{}", text);
        let Some(pointer) = Pointer::parse(&text).filter(|_| !text.starts_with('/')) else { return Ok(()) };
        let name = serde_json::to_string(&text).unwrap();
        let document = parse(format!("{{{name}:{value}}}").into_bytes(), Bounds::TOKEN).unwrap();
        prop_assert_eq!(pointer.find(document.root()).and_then(|found| found.as_i64()), Some(value.into()));
    }
}
