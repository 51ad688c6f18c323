//! The `typ` header: a media type in any case, with or without `application/`, and no parameters (JWS-14).

use std::sync::OnceLock;

use counterseal::{Code, Guard};
use proptest::prelude::*;

use crate::{cases, decide, guard, signer};

/// Is it `at+jwt`?
fn reference(typ: &str) -> bool {
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
}

fn access_tokens() -> &'static Guard {
    static GUARD: OnceLock<Guard> = OnceLock::new();
    GUARD.get_or_init(|| guard("profile = \"generic\"\naudience = \"a\"\ntypes = [\"Application/AT+JWT\"]"))
}

fn verdict(typ: &str) -> Result<(), Code> {
    let typ = serde_json::to_string(typ).unwrap();
    let token = signer().token_with(
        format!(r#"{{"alg":"HS256","typ":{typ}}}"#),
        r#"{"iss":"https://idp.example.com","aud":"a","exp":1800000100}"#,
    );
    decide(access_tokens(), &token, 1_800_000_000).map(drop)
}

/// The type with the case of some letters changed.
fn recased(text: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec(any::<bool>(), text.len()).prop_map(move |upper| {
        let letters = text.chars().zip(upper);
        letters.map(|(letter, upper)| if upper { letter.to_ascii_uppercase() } else { letter }).collect()
    })
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn types_are_compared_by_the_letter(typ in prop_oneof![
        recased("at+jwt"),
        recased("application/at+jwt"),
        (recased("application/at+jwt"), "[;/ +=a\u{131}\u{17f}\u{212a}\t.]{1,3}").prop_map(|(typ, more)| typ + &more),
        ("[;/ +=a\u{131}.]{1,3}", recased("at+jwt")).prop_map(|(more, typ)| more + &typ),
        recased("application/application/at+jwt"),
        "(application/|text/)?(at|AT|id)?[+]?(jwt|JWT)?",
        any::<String>(),
    ]) {
        let expected = if reference(&typ) { Ok(()) } else { Err(Code::TypMismatch) };
        prop_assert_eq!(verdict(&typ), expected, "{:?}", typ);
    }
}
