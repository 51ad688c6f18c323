//! One `[[issuer]]` entry, as far as it can be judged alone.

use std::sync::Arc;

use super::build::{Context, SharedAudience};
use super::claims;
use super::model::{
    ClaimRule, Dangerous, IdentityMap, Issuer, OptionalClaims, Profile, RequiredClaim, SubjectKindRules,
    Types,
};
use super::problem::Fault;
use super::tree::{Node, Place, Value};
use super::{presets, values};
use crate::algorithm::AlgorithmSet;
use crate::claims::{Claim, Widened};
use crate::error::Code;
use crate::json::Pointer;
use crate::limits;
use crate::mutants::is_off;

/// An entry, each part where it is sound.
pub(super) struct Draft<'a> {
    pub(super) place: Place,
    pub(super) node: &'a Node,
    /// As written, or the issuer.
    pub(super) name: Option<Arc<str>>,
    /// The exact `iss`, or `local:<name>`.
    pub(super) issuer: Option<Arc<str>>,
    pub(super) profile: Option<Profile>,
    pub(super) algorithms: Option<AlgorithmSet>,
    pub(super) types: Option<Types>,
    pub(super) rules: Option<Vec<ClaimRule>>,
    pub(super) discriminators: Option<Vec<ClaimRule>>,
    pub(super) preset: Option<&'static str>,
    pub(super) dangerous: Dangerous,
    audience: Option<Vec<Box<str>>>,
    audience_claim: Option<RequiredClaim>,
    required_claims: Vec<RequiredClaim>,
    identity: IdentityMap,
    subject_kind: Option<Option<SubjectKindRules>>,
    enforce: bool,
}

/// Reads an entry and reports what is wrong with it alone.
pub(super) fn draft<'a>(
    node: &'a Node,
    shared: SharedAudience<'_>,
    context: &mut Context<'_, '_>,
) -> Draft<'a> {
    let dangerous = dangerous(node, context);
    let profile = profile(node, context);
    other_profiles(node, profile, context);
    Draft {
        place: node.place,
        node,
        name: node.get("name").or_else(|| node.get("issuer")).map(|name| name.as_str().into()),
        issuer: issuer(node, dangerous, context),
        profile,
        algorithms: algorithms(node, context),
        types: types(node, profile, dangerous, context),
        rules: claims::rules(node, "rule", context),
        discriminators: claims::rules(node, "discriminator", context),
        preset: node.get("preset").and_then(|preset| presets::name(preset.as_str())),
        dangerous,
        audience: audience(node, shared, dangerous, context),
        audience_claim: claims::required(node.get("audience_claim")).pop(),
        required_claims: claims::required(node.get("required_claims")),
        identity: claims::identity(node.get("identity")),
        subject_kind: claims::subject_kind(node, context),
        enforce: enforce(node, context),
    }
}

impl Draft<'_> {
    /// The finished entry; `None` where a part was reported.
    pub(super) fn finish(self, keys: Option<usize>, leeway: i64) -> Option<Issuer> {
        let required_scopes = strings(self.node.get("required_scopes"));
        let lists = |list: &str, word: &str| strings(self.node.get(list)).iter().any(|one| **one == *word);
        let marks = [Claim::Nonce, Claim::AtHash, Claim::CHash];
        let by_scope_claim = |pointer: &Pointer| pointer.is_name("scope");
        let lifetime = self.node.get("max_lifetime").map(|node| values::duration(node.as_str(), 1, u64::MAX));
        Some(Issuer {
            name: self.name?,
            preset: self.preset,
            issuer: self.issuer?,
            aliases: strings(self.node.get("issuer_aliases")),
            profile: self.profile?,
            audience: self.audience?,
            audience_claim: self.audience_claim,
            algorithms: self.algorithms?,
            types: self.types?,
            keys: keys?,
            key_urls: strings(self.node.get("key_urls")),
            max_lifetime: match lifetime {
                None => limits::LIFETIME,
                Some(millis) => millis.ok()? as i64 / 1000,
            },
            leeway,
            required_claims: self.required_claims,
            optional_claims: OptionalClaims {
                client_id: lists("optional_claims", "client_id"),
                jti: lists("optional_claims", "jti"),
            },
            widened: Widened {
                amr: lists("widened_claims", "amr"),
                scope: self.identity.scopes.iter().any(by_scope_claim),
            },
            allowed_marks: marks.into_iter().filter(|mark| lists("allow_marks", mark.name())).collect(),
            required_scope: required_scopes.join(" ").into(),
            required_scopes,
            actors: strings(self.node.get("actors")),
            authorized_parties: strings(self.node.get("authorized_parties")),
            identity: self.identity,
            subject_kind: self.subject_kind?,
            discriminators: self.discriminators?,
            rules: self.rules?,
            dangerous: self.dangerous,
            enforce: self.enforce,
            required: self.node.get("required").is_none_or(|node| matches!(node.value, Value::Boolean(true))),
        })
    }
}

fn dangerous(node: &Node, context: &mut Context<'_, '_>) -> Dangerous {
    let mut dangerous = Dangerous::default();
    let Some(list) = node.get("dangerous") else {
        return dangerous;
    };
    for element in list.elements() {
        let (flag, meaning) = match element.as_str() {
            "no_issuer" => (&mut dangerous.no_issuer, "tokens without iss are accepted"),
            "no_audience" => (&mut dangerous.no_audience, "tokens for any service are accepted"),
            "no_expiry" => (&mut dangerous.no_expiry, "tokens without exp are accepted"),
            _ => (&mut dangerous.any_type, "tokens of any type are accepted"),
        };
        *flag = true;
        context.notice(list.place, format!("{}: {meaning}", element.as_str()));
    }
    dangerous
}

/// Settings that only one profile reads are refused in an entry of another: they would do nothing.
fn other_profiles(node: &Node, profile: Option<Profile>, context: &mut Context<'_, '_>) {
    let Some(profile) = profile else { return };
    for (name, reader) in [
        ("authorized_parties", Profile::IdTokenApi),
        ("optional_claims", Profile::AccessToken),
        ("allow_marks", Profile::AccessToken),
    ] {
        if let (Some(setting), true) = (node.get(name), profile != reader) {
            let fault = Fault::value(format!("only the profile {} reads this", reader.name()));
            let hint = format!("leave it out, or set profile = \"{}\"", reader.name());
            context.problems.at_name(setting.place, fault.hint(hint));
        }
    }
}

/// Is a refusal to count? One that does not is listed by `policy check`.
fn enforce(node: &Node, context: &mut Context<'_, '_>) -> bool {
    let Some(setting) = node.get("enforce") else { return true };
    let enforce = matches!(setting.value, Value::Boolean(true));
    if !enforce {
        context.notice(setting.place, "refusals are reported and not enforced: another library decides");
    }
    enforce
}

/// Was the preset misspelt? Then what it would have set is not missing besides.
fn lacks_its_preset(node: &Node, context: &Context<'_, '_>) -> bool {
    context.problems.is_excused(node.place, "preset")
}

fn profile(node: &Node, context: &mut Context<'_, '_>) -> Option<Profile> {
    let Some(profile) = node.get("profile") else {
        if lacks_its_preset(node, context) {
            return None;
        }
        let hint = "write profile = \"access_token\", \"id_token\", \"id_token_api\" or \"generic\"";
        context.problems.missing(node.place, "profile", hint);
        return None;
    };
    let profiles = [Profile::AccessToken, Profile::IdToken, Profile::IdTokenApi, Profile::Generic];
    profiles.into_iter().find(|known| known.name() == profile.as_str())
}

/// The `iss` of the entry (CLM-01), or its synthetic one (POL-03).
fn issuer(node: &Node, dangerous: Dangerous, context: &mut Context<'_, '_>) -> Option<Arc<str>> {
    let issuer = node.get("issuer");
    let aliases = node.get("issuer_aliases").map(Node::elements).unwrap_or_default();
    for written in issuer.into_iter().chain(aliases).filter(|written| written.as_str().starts_with("local:"))
    {
        let fault = Fault::value("`local:` is kept for issuers of tokens without iss");
        context.problems.at(written.place, fault.hint("write the exact `iss` of its tokens"));
    }
    if !dangerous.no_issuer {
        if issuer.is_none() {
            context.problems.missing(node.place, "issuer", "write the exact `iss` of its tokens");
        }
        return issuer.map(|issuer| issuer.as_str().into());
    }
    for written in [issuer, node.get("issuer_aliases")].into_iter().flatten() {
        let fault = Fault::new(Code::ConfigDangerous, "no_issuer stands for tokens without iss");
        context.problems.at_name(written.place, fault.hint("leave this setting out, or no_issuer"));
    }
    let name = node.get("name");
    if name.is_none() {
        context.problems.missing(node.place, "name", "an entry with no_issuer needs one, for `local:<name>`");
    }
    name.map(|name| format!("local:{}", name.as_str()).into())
}

fn audience(
    node: &Node,
    shared: SharedAudience<'_>,
    dangerous: Dangerous,
    context: &mut Context<'_, '_>,
) -> Option<Vec<Box<str>>> {
    let audience = node.get("audience").or(shared.node);
    if dangerous.no_audience {
        for written in [audience, node.get("audience_claim")].into_iter().flatten() {
            let fault = Fault::new(Code::ConfigDangerous, "no_audience switches the audience off");
            context.problems.at_name(written.place, fault.hint("leave this setting out, or no_audience"));
        }
        return Some(Vec::new());
    }
    let Some(audience) = audience else {
        if !shared.excused {
            let hint = "write the name by which the issuer knows this service";
            context.problems.missing(node.place, "audience", hint);
        }
        return None;
    };
    if audience.elements().len() > limits::AUDIENCES {
        let message = format!("the list has more than {} elements (LIM-06)", limits::AUDIENCES);
        context.problems.at(audience.place, Fault::value(message));
    }
    Some(strings(Some(audience)))
}

fn algorithms(node: &Node, context: &mut Context<'_, '_>) -> Option<AlgorithmSet> {
    let Some(list) = node.get("algorithms") else {
        if lacks_its_preset(node, context) {
            return None;
        }
        let hint = "write those that the issuer signs with, such as [\"RS256\"]";
        let fault = Fault::new(Code::ConfigAlgEmpty, "`algorithms` is missing").hint(hint);
        context.problems.missing_as(node.place, "algorithms", fault);
        return None;
    };
    let mut set = AlgorithmSet::new();
    let mut is_sound = true;
    for element in list.elements() {
        let Some(algorithm) = crate::algorithm::Algorithm::from_name(element.as_str()) else {
            continue;
        };
        if !context.options.provider.supports(algorithm) {
            let name = context.options.provider.name();
            let message = format!("the cryptography of this build ({name}) lacks {algorithm}");
            context.problems.at(element.place, Fault::new(Code::ConfigAlgUnsupported, message));
            is_sound = false;
        }
        set = set.with(algorithm);
    }
    if set.is_empty() && !is_off("JWS-04") {
        let fault = Fault::new(Code::ConfigAlgEmpty, "no algorithm is listed");
        context
            .problems
            .at(list.place, fault.hint("an empty list never means any: write such as [\"RS256\"]"));
        return None;
    }
    if set.mixes_mac_and_signatures() && !is_off("JWS-06") {
        let fault = Fault::new(Code::ConfigAlgMixed, "HS algorithms and signatures stand in one list");
        context.problems.at(list.place, fault.hint("keep one kind, or make two issuer entries"));
        return None;
    }
    is_sound.then_some(set)
}

fn types(
    node: &Node,
    profile: Option<Profile>,
    dangerous: Dangerous,
    context: &mut Context<'_, '_>,
) -> Option<Types> {
    let list = node.get("types");
    if let (Some(list), true) = (list, dangerous.any_type) {
        let fault = Fault::new(Code::ConfigDangerous, "any_type accepts every type");
        context.problems.at_name(list.place, fault.hint("leave this setting out, or any_type"));
    }
    if context.problems.is_excused(node.place, "types") {
        return None;
    }
    let mut types = Types { any: dangerous.any_type, ..Types::default() };
    let names = match (list, profile?) {
        (Some(list), _) => {
            list.elements().iter().filter_map(|node| values::media_type(node.as_str()).ok()).collect()
        }
        (None, Profile::AccessToken) => vec!["at+jwt".to_owned()],
        (None, _) => vec!["jwt".to_owned(), "none".to_owned()],
    };
    for name in names {
        match name.as_str() {
            "none" => types.absent = true,
            name => types.named.push(name.into()),
        }
    }
    Some(types)
}

/// The strings of a list, or the one string; none where nothing is written.
pub(super) fn strings(node: Option<&Node>) -> Vec<Box<str>> {
    node.map(Node::elements).unwrap_or_default().iter().map(|node| node.as_str().into()).collect()
}
