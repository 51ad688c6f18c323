//! Who a verified token speaks for, for people.

use counterseal::{Identity, SubjectKind, UnixTime};

use crate::dates;
use crate::layout::{row, row_if, row_of};
use crate::text::word;

/// The fields of the identity that say something.
pub(crate) fn shown(identity: &Identity, now: UnixTime) -> String {
    let mut out = String::new();
    let date = |seconds: Option<i64>| dates::told(seconds?, now);
    row(&mut out, "subject", subject(identity));
    row(&mut out, "issuer", issuer(identity));
    row(&mut out, "profile", identity.profile().name());
    row_of(&mut out, "audience", identity.audience().map(word));
    row_of(&mut out, "scopes", identity.scopes().map(word));
    row_of(&mut out, "roles", identity.roles().map(word));
    if identity.groups_incomplete() {
        row(&mut out, "", "The issuer left groups or roles out of the token: the list is incomplete.");
    }
    row_if(&mut out, "tenant", identity.tenant().map(word));
    row_if(&mut out, "client", identity.client_id().map(word));
    row_of(&mut out, "actors", identity.actors().map(word));
    row_if(&mut out, "token id", identity.token_id().map(word));
    row_if(&mut out, "transaction", identity.transaction_id().map(word));
    row_if(&mut out, "issued", date(identity.issued_at()));
    row_if(&mut out, "valid from", date(identity.not_before()));
    row_if(&mut out, "expires", date(identity.expires_at()));
    row_if(&mut out, "signed in", date(identity.auth_time()));
    row_if(&mut out, "acr", identity.acr().map(word));
    row_of(&mut out, "amr", identity.amr().map(word));
    out
}

fn subject(identity: &Identity) -> String {
    match (identity.subject(), identity.subject_kind()) {
        (None, _) => "nobody: the token names none".to_owned(),
        (Some(name), SubjectKind::Unknown) => word(name),
        (Some(name), kind) => format!("{} ({})", word(name), kind.name()),
    }
}

fn issuer(identity: &Identity) -> String {
    match (identity.issuer(), identity.issuer_name()) {
        (issuer, name) if issuer == name => word(issuer),
        (issuer, name) => format!("{} (entry {} of the policy)", word(issuer), word(name)),
    }
}
