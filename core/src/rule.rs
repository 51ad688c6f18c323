//! The checks by the id of their rule, with what each one asks.

use std::fmt;

macro_rules! rules {
    ($( $variant:ident $id:literal $asks:literal; )*) => {
        /// A check that a token or a key went through. The id is the one of the rule catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule { $( #[doc = $asks] $variant, )* }

        impl Rule {
            /// Every rule, in the order of the catalogue.
            pub const ALL: &'static [Rule] = &[ $( Rule::$variant, )* ];

            /// The id, such as `CLM-08`.
            pub fn id(self) -> &'static str {
                match self { $( Rule::$variant => $id, )* }
            }

            /// What the rule asks, in a few words.
            pub fn asks(self) -> &'static str {
                match self { $( Rule::$variant => $asks, )* }
            }
        }
    };
}

rules! {
    Lim01 "LIM-01" "the token is within its size limit";
    Lim02 "LIM-02" "the header is within its size limit";
    Lim03 "LIM-03" "the JSON is within its depth and size";
    Lim04 "LIM-04" "the token is split into a bounded number of segments";
    Lim05 "LIM-05" "strings are within their limits";
    Lim06 "LIM-06" "lists are within their limits";
    Jsn01 "JSN-01" "no member is named twice";
    Jsn02 "JSN-02" "the text is strict UTF-8";
    Jsn03 "JSN-03" "the segment is one JSON object";
    Jsn04 "JSN-04" "no registered name is null";
    Jsn05 "JSN-05" "no name differs from a known one in case alone";
    Jsn07 "JSN-07" "identifiers hold no control characters";
    Jsn08 "JSN-08" "numbers that are used fit 64 bits";
    B6401 "B64-01" "segments use the base64url alphabet";
    B6402 "B64-02" "segments are canonical base64url";
    B6404 "B64-04" "header and payload are not empty";
    Jws01 "JWS-01" "the token has three segments";
    Jws02 "JWS-02" "the token is in compact form";
    Jws03 "JWS-03" "the algorithm is listed";
    Jws07 "JWS-07" "the key is bound to the token's algorithm";
    Jws08 "JWS-08" "algorithm, key type and curve belong together";
    Jws11 "JWS-11" "critical headers are understood";
    Jws12 "JWS-12" "b64 is absent";
    Jws14 "JWS-14" "the type is the profile's";
    Jws15 "JWS-15" "a type that is present is not another one";
    Jws16 "JWS-16" "no nested token";
    Jws17 "JWS-17" "the header names no key URL";
    Jws18 "JWS-18" "the header carries no key";
    Jws19 "JWS-19" "the header carries no certificate";
    Jws20 "JWS-20" "x5t#S256 is the key's certificate";
    Jws21 "JWS-21" "kid is a printable string";
    Jws22 "JWS-22" "the header has no JWE members";
    Jws23 "JWS-23" "claims repeated in the header are equal";
    Jws26 "JWS-26" "an ECDSA signature has its exact length";
    Jws27 "JWS-27" "an ECDSA signature is valid, r and s in range";
    Jws28 "JWS-28" "an Ed25519 signature is valid, by the strict equation";
    Jws29 "JWS-29" "an RSA signature is valid, as long as its modulus";
    Jws30 "JWS-30" "a MAC is valid, compared in constant time";
    Jws32 "JWS-32" "one key alone could have signed";
    Jwe01 "JWE-01" "the token is not encrypted";
    Jwk01 "JWK-01" "the document is a JWK Set within its size";
    Jwk02 "JWK-02" "the key is of a known kind and complete";
    Jwk03 "JWK-03" "a set of public keys holds no private key";
    Jwk04 "JWK-04" "a set of public keys holds no symmetric key";
    Jwk05 "JWK-05" "the key is for signatures";
    Jwk06 "JWK-06" "the key's operations include verify";
    Jwk07 "JWK-07" "one kid names one key";
    Jwk08 "JWK-08" "the token's kid picks a key of its issuer";
    Jwk09 "JWK-09" "an RSA modulus is strong";
    Jwk10 "JWK-10" "an RSA exponent is sound";
    Jwk11 "JWK-11" "an EC point is on its curve";
    Jwk12 "JWK-12" "an Edwards key is sound";
    Jwk13 "JWK-13" "a secret is as long as its hash";
    Jwk14 "JWK-14" "a secret is no public key";
    Jwk16 "JWK-16" "a certificate is the one of its key";
    Jks07 "JKS-07" "the key's name may be one that was published since";
    Jks12 "JKS-12" "an outage is not a rejection";
    Clm01 "CLM-01" "iss is one trusted issuer";
    Clm04 "CLM-04" "sub names somebody";
    Clm05 "CLM-05" "the audience is a string or a list of strings";
    Clm06 "CLM-06" "the token is for this service";
    Clm08 "CLM-08" "the token has not expired";
    Clm09 "CLM-09" "the token is valid already";
    Clm10 "CLM-10" "the token was not issued in the future";
    Clm11 "CLM-11" "dates are numbers";
    Clm12 "CLM-12" "dates lie between 1970 and 9999";
    Clm13 "CLM-13" "dates with an exponent are whole";
    Clm14 "CLM-14" "the token ends after it begins";
    Clm15 "CLM-15" "the token's lifetime is within its cap";
    Clm17 "CLM-17" "known claims have their types";
    Clm18 "CLM-18" "the token is of exactly one kind";
    Clm19 "CLM-19" "scope is a list of scope tokens";
    Clm25 "CLM-25" "the clock is sane";
    Act03 "ACT-03" "the claims of an access token are there";
    Act05 "ACT-05" "an access token bears no marks of an ID token";
    Act06 "ACT-06" "the required scopes are granted";
    Act07 "ACT-07" "groups, roles and entitlements are lists";
    Act08 "ACT-08" "a token bound to its sender comes with a proof";
    Bnd01 "BND-01" "the token's binding is one we know";
    Idt01 "IDT-01" "an ID token is for this client and no unknown one";
    Idt02 "IDT-02" "an ID token was issued to this client";
    Idt08 "IDT-08" "the subject of an ID token is short ASCII";
    Idt10 "IDT-10" "an ID token came from an authorized client";
    Stp02 "STP-02" "the sign-in is of a class that is asked for";
    Stp03 "STP-03" "the sign-in is as recent as is asked for";
    Xch03 "XCH-03" "act is an actor";
    Xch05 "XCH-05" "the actor is listed";
    Pol04 "POL-04" "the token satisfies what tells its kind apart";
    Pol07 "POL-07" "neither the issuer nor the key is denied";
    Pol08 "POL-08" "the policy's claims and rules are satisfied";
    Cac08 "CAC-08" "a given time is a time";
    Drv01 "DRV-01" "the engine works";
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.id())
    }
}
