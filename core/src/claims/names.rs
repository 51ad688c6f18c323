//! The names that mean something, found once per token.

use crate::error::{Code, Rejection};
use crate::json::{Document, Name, Value, first_eight};
use crate::record::Recorder;
use crate::rule::Rule;

macro_rules! claims {
    ($( $variant:ident $name:literal )*) => {
        /// A claim that this library evaluates.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Claim { $( $variant, )* }

        const COUNT: usize = Claim::ALL.len();

        impl Claim {
            const ALL: &[Claim] = &[ $( Claim::$variant, )* ];

            /// The member's name.
            pub(crate) fn name(self) -> &'static str {
                match self { $( Claim::$variant => $name, )* }
            }

            /// The claim of that name; `eight` are the name's first.
            #[inline(always)]
            fn named(name: Name<'_>, eight: u64) -> Option<Claim> {
                let claim = match () {
                    $( () if eight == const { first_eight($name.as_bytes()) } => Claim::$variant, )*
                    () => return None,
                };
                let whole = name.bytes() <= 8 && name.bytes() == claim.name().len();
                (whole || name.as_str() == claim.name()).then_some(claim)
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
    /// One bit for each known claim that is there.
    present: u32,
    /// The name that a member's name looks like.
    case_variant: Option<&'static str>,
}

impl Claims {
    /// Finds the known claims and the first look-alike of a name in one pass.
    pub(crate) fn new(document: Document) -> Claims {
        let (mut places, mut present, mut case_variant) = ([0; COUNT], 0, None);
        for value in document.root().member_values() {
            let name = value.name();
            let eight = name.first_eight();
            if let Some(claim) = Claim::named(name, eight) {
                places[claim as usize] = value.index() as u16;
                present |= 1 << claim as u32;
            } else if case_variant.is_none() {
                case_variant = find_case_variant(name, eight);
            }
        }
        Claims { document, places, present, case_variant }
    }

    /// Refuses names that fold to one of [`EVALUATED`] and are not it.
    pub(crate) fn check_case_variants<R: Recorder>(&self, recorder: &mut R) -> Result<(), Rejection> {
        report_case_variant(self.case_variant, recorder)
    }

    /// The known claims that are there, in the order of their list.
    pub(crate) fn known(&self) -> impl Iterator<Item = (Claim, Value<'_>)> {
        let mut left = self.present;
        std::iter::from_fn(move || {
            let claim = *Claim::ALL.get(left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some((claim, self.document.value(self.places[claim as usize] as usize)))
        })
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

/// The same for a document whose members are no claims: a header.
pub(crate) fn check_case_variants<R: Recorder>(
    document: &Document,
    recorder: &mut R,
) -> Result<(), Rejection> {
    let mut names = document.root().member_values().map(Value::name);
    let variant = names.find_map(|name| find_case_variant(name, name.first_eight()));
    report_case_variant(variant, recorder)
}

fn report_case_variant<R: Recorder>(
    variant: Option<&'static str>,
    recorder: &mut R,
) -> Result<(), Rejection> {
    recorder.check_about(Rule::Jsn05, Code::NameCaseVariant, variant.unwrap_or_default(), variant.is_none())
}

/// The evaluated name that this one looks like and is not; `eight` are its first bytes.
#[inline(always)]
fn find_case_variant(name: Name<'_>, eight: u64) -> Option<&'static str> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Adding sets the top bit of every byte from 'A' on, and of every byte behind 'Z'. Bytes that had it
    // before are not ASCII.
    let from_a = eight.wrapping_add(ONES * (0x80 - b'A' as u64));
    let behind_z = eight.wrapping_add(ONES * (0x7f - b'Z' as u64));
    let plain = (eight | from_a & !behind_z) & (ONES * 0x80) == 0;
    if plain && name.bytes() <= 8 || name.bytes() > LONGEST * 3 { None } else { fold_and_find(name.as_str()) }
}

/// The evaluated name that this one folds to, if it does.
#[cold]
fn fold_and_find(name: &str) -> Option<&'static str> {
    if name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return None;
    }
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
    use crate::json::{Bounds, parse};

    fn case_variant(name: &str) -> Option<&'static str> {
        let document = parse(format!("{{\"{name}\":1}}").into_bytes(), Bounds::TOKEN).unwrap();
        Claims::new(document).case_variant
    }

    #[test]
    fn known_claims_are_found_by_their_whole_name() {
        for claim in Claim::ALL {
            let name = claim.name();
            for (member, found) in [
                (name.to_owned(), true),
                (format!("{name}_"), false),
                (format!("{name}\\u0000"), false),
                (name[..name.len() - 1].to_owned(), false),
            ] {
                let document = parse(format!("{{\"{member}\":1}}").into_bytes(), Bounds::TOKEN).unwrap();
                let claims = Claims::new(document);
                assert_eq!(claims.get(*claim).is_some(), found, "{member}");
                assert_eq!(claims.known().any(|(known, _)| known == *claim), found, "{member}");
            }
        }
    }

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
