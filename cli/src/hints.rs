//! What to do about a code.

use counterseal::Code;

/// One or two sentences for whoever has to find out why a token is refused.
pub(crate) fn hint(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::TokenTooLarge => {
            "Is it the token alone? If its groups or roles made it grow, raise limits.token_bytes (64 KiB at most)."
        }
        Code::HeaderTooLarge => {
            "An honest header is far smaller. limits.header_bytes can be raised to 16 KiB."
        }
        Code::TokenMalformed => {
            "Is it the whole token and nothing else? A JWT is three segments joined by dots, without quotes or line breaks."
        }
        Code::TokenEncrypted => "Ask the issuer for signed tokens: encrypted ones (JWE) cannot be read here.",
        Code::Base64Alphabet | Code::Base64Noncanonical => {
            "Something on the way re-encoded or cut the token. `counterseal inspect` shows which segment it is."
        }
        Code::JsonInvalid | Code::JsonInvalidUtf8 | Code::JsonDuplicateMember | Code::JsonTooComplex => {
            "The issuer writes JSON that readers may understand in different ways. `counterseal inspect` shows where."
        }
        Code::NameCaseVariant => {
            "Another reader could take the look-alike name for the real one. Have the issuer rename or drop it."
        }
        Code::HeaderClaimMismatch => {
            "The header and the claims disagree about iss, sub or aud: have the issuer drop the copy."
        }
        Code::CritInvalid | Code::CritUnknown => {
            "The issuer demands that an extension is understood which is not. It has to leave it out of `crit`."
        }
        Code::B64InJwt => "Unencoded payloads (RFC 7797) are not for JWTs: have the issuer leave b64 out.",
        Code::NestedNotAllowed => "Nested tokens are not accepted: have the issuer send the inner token.",
        Code::HeaderKeyUrl | Code::HeaderEmbeddedKey | Code::HeaderX5c => {
            "Whoever makes a token could name any key in it. Keys come from the policy alone; an honest issuer can leave this out."
        }
        Code::HeaderJweMember => {
            "The header mixes signing and encryption: have the issuer leave the member out."
        }
        Code::KidInvalid => "Have the issuer use a short printable `kid`.",
        Code::SignatureMalformed | Code::SignatureInvalid => {
            "The token was changed, cut, or signed with another key. Are the keys in the policy those the issuer signs with today?"
        }
        Code::ClaimWrongType | Code::ScopeInvalid | Code::ActInvalid | Code::AudInvalid => {
            "`counterseal inspect` shows the claim as it is. Correct it at the issuer."
        }
        Code::ClaimControlChar | Code::ClaimTooLong | Code::TooManyValues => {
            "Such values break the headers and logs they end up in. Correct the claim at the issuer."
        }
        Code::NumberOutOfRange | Code::DateOutOfRange | Code::DateForm => {
            "Dates are whole seconds since 1970, not milliseconds. Correct the claim at the issuer."
        }
        Code::AlgNotAllowed => {
            "If this issuer really signs with that algorithm, add it to `algorithms`. \"none\" cannot be added."
        }
        Code::IssInvalid => {
            "Is it a token of this issuer at all? One without `iss` needs an entry of its own."
        }
        Code::IssUntrusted => {
            "Compare `iss` with `issuer` in the policy, character by character: a slash or http for https is another issuer."
        }
        Code::TypMismatch => {
            "Is it an ID token where an access token belongs? If the issuer leaves typ out or writes JWT, list it in `types`."
        }
        Code::KidUnknown => {
            "Has the issuer rotated its keys since the key file was fetched? Fetch it again and reload."
        }
        Code::KeyAmbiguous => {
            "Several keys fit: have the issuer name the key by `kid`, or give the keys a `kid` each."
        }
        Code::KeyAlgMismatch => {
            "The key is for another algorithm. `counterseal keys show` lists them; is its algorithm in `algorithms`?"
        }
        Code::HeaderX5tMismatch => {
            "The token names the certificate of another key. Is the key file of today?"
        }
        Code::KeyDenied => {
            "The key stands in `deny_kid` or the deny file: somebody took it out of use. `counterseal policy check` lists them."
        }
        Code::IssDenied => {
            "The issuer stands in `deny_issuer` or the deny file: somebody took it out of use. `counterseal policy check` lists them."
        }
        Code::TokenKindMismatch => {
            "Does the token fit one entry of this issuer exactly? ID tokens and events are no access tokens."
        }
        Code::SubInvalid => "Have the issuer name the subject.",
        Code::AudMismatch => {
            "The client asked for a token for another service, or `audience` in the policy is not how the issuer names this one."
        }
        Code::AzpMismatch => {
            "The ID token belongs to another client. Only `id_token_api` with `authorized_parties` accepts those."
        }
        Code::ClaimMissing => {
            "Have the issuer add the claim, or see whether the profile in the policy is the right one."
        }
        Code::TokenExpired => "The client has to get a new token. If the token is fresh, compare the clocks.",
        Code::TokenNotYetValid | Code::IatFuture => "Compare the clocks of the issuer and of this machine.",
        Code::DateInconsistent => "The issuer's dates contradict each other.",
        Code::LifetimeTooLong => "Have the issuer shorten its tokens, or raise max_lifetime in the policy.",
        Code::BindingMissing | Code::BindingUnsupported => {
            "Proofs of possession cannot be handed in yet: use an issuer setting without sender-constrained tokens."
        }
        Code::InsufficientScope => {
            "The client has to ask for the scope, and the user or operator to grant it."
        }
        Code::AcrUnmet | Code::AuthTooOld => {
            "The handler asks for another sign-in than this one: the client has to send the user there, as the challenge says."
        }
        Code::ClaimRule => {
            "The token is genuine, and the rule of the policy is not for its holder. Is the rule as it was meant?"
        }
        Code::ActorNotAllowed => "List the actor in `actors` if it may act for the user.",
        Code::KeysUnavailable => {
            "This says nothing about the token: answer 503, try again, and never log the user out."
        }
        Code::ClockUnsafe => "Set the machine's clock. This says nothing about the token.",
        Code::Internal => "Please report it with the policy and a token that shows it.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use counterseal::Class;

    #[test]
    fn every_code_that_a_token_can_get_has_a_hint() {
        for code in Code::ALL {
            let about_tokens = matches!(
                code.class(),
                Class::Malformed | Class::Untrusted | Class::Rejected | Class::Unavailable | Class::Internal
            );
            assert_eq!(hint(*code).is_some(), about_tokens, "{code}");
        }
    }
}
