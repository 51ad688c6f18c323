//! The names that mean something, found once per token.

use crate::error::{Code, Rejection};
use crate::json::{Document, Value};
use crate::record::Recorder;
use crate::rule::Rule;

macro_rules! claims {
    ($( $variant:ident $name:literal )*) => {
        /// A claim that this library evaluates.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Claim { $( $variant, )* }

        const COUNT: usize = [ $( $name, )* ].len();

        impl Claim {
            /// The member's name.
            pub(crate) fn name(self) -> &'static str {
                match self { $( Claim::$variant => $name, )* }
            }

            fn from_name(name: &str) -> Option<Claim> {
                match name { $( $name => Some(Claim::$variant), )* _ => None }
            }
        }
    };
}

claims! {
    Iss "iss" Sub "sub" Aud "aud" Exp "exp" Nbf "nbf" Iat "iat" Jti "jti" Azp "azp"
    ClientId "client_id" Scope "scope" Cnf "cnf" Act "act" MayAct "may_act" AuthTime "auth_time"
    Acr "acr" Amr "amr" Nonce "nonce" Txn "txn" Sid "sid" Events "events" Status "status"
    AtHash "at_hash" CHash "c_hash" Groups "groups" Roles "roles" Entitlements "entitlements"
    DistributedNames "_claim_names" HasGroups "hasgroups"
}

/// A token's claims with the place of each known one.
#[derive(Debug)]
pub(crate) struct Claims {
    document: Document,
    /// Index of the value in the document; 0, the document itself, where the claim is absent.
    places: [u16; COUNT],
}

impl Claims {
    /// Finds the known claims.
    pub(crate) fn new(document: Document) -> Claims {
        let mut places = [0; COUNT];
        for (name, value) in document.root().as_object().into_iter().flatten() {
            if let Some(claim) = Claim::from_name(name) {
                places[claim as usize] = value.index() as u16;
            }
        }
        Claims { document, places }
    }

    /// The outermost object.
    pub(crate) fn root(&self) -> Value<'_> {
        self.document.root()
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// The claim's value.
    #[inline]
    pub(crate) fn get(&self, claim: Claim) -> Option<Value<'_>> {
        match self.places[claim as usize] {
            0 => None,
            place => Some(self.document.value(place as usize)),
        }
    }

    /// The claim's value, if it is a string.
    #[inline]
    pub(crate) fn string(&self, claim: Claim) -> Option<&str> {
        self.get(claim)?.as_str()
    }
}

/// Claims and headers that a look-alike name must not shadow in a lenient reader (JSN-05).
const EVALUATED: [&str; 16] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "azp",
    "client_id",
    "scope",
    "cnf",
    "act",
    "typ",
    "alg",
    "kid",
    "crit",
];
const LONGEST: usize = 9;

/// Refuses names that fold to one of [`EVALUATED`] and are not it.
pub(crate) fn check_case_variants<R: Recorder>(
    document: &Document,
    recorder: &mut R,
) -> Result<(), Rejection> {
    let members = document.root().as_object().into_iter().flatten();
    let variant = members.map(|(name, _)| name).find_map(case_variant);
    recorder.check_about(Rule::Jsn05, Code::NameCaseVariant, variant.unwrap_or_default(), variant.is_none())
}

#[inline]
fn case_variant(name: &str) -> Option<&'static str> {
    let plain = name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if plain || name.len() > LONGEST * 3 { None } else { fold_and_find(name) }
}

/// The evaluated name that this one folds to, if it does.
#[cold]
fn fold_and_find(name: &str) -> Option<&'static str> {
    EVALUATED.into_iter().find(|known| folded(name).eq(known.chars()))
}

/// Unicode case folding as far as it can end in ASCII letters: U+017F is s, U+212A is k, sharp s is ss.
fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars().flat_map(|character| {
        let (one, another) = match character {
            '\u{17f}' => ('s', None),
            '\u{212a}' => ('k', None),
            '\u{df}' | '\u{1e9e}' => ('s', Some('s')),
            other => (other.to_ascii_lowercase(), None),
        };
        std::iter::once(one).chain(another)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jsn_05_only_look_alikes_of_evaluated_names() {
        for bad in [
            "Iss",
            "ISS",
            "\u{17f}ub",
            "aud\u{0}".trim_end_matches('\0').to_uppercase().as_str(),
            "\u{212a}id",
            "i\u{df}",
            "client_ID",
            "Crit",
            "aCt",
        ] {
            assert!(case_variant(bad).is_some(), "{bad}");
        }
        for good in [
            "iss",
            "Roles",
            "clientid",
            "CLIENT-ID",
            "Issuer",
            "s\u{fc}b",
            "",
            "EXPIRES",
            "scopes",
            "Client_Ident",
        ] {
            assert!(case_variant(good).is_none(), "{good}");
        }
    }
}
