//! Issuers from which anyone gets a token for an audience of his choosing: every repository, project or
//! pod can ask for yours. Without a rule on whose token it is, such an issuer proves nothing (POL-01).

use super::issuer::Draft;
use super::model::{ClaimRule, RuleTest};
use super::problem::{Fault, Problems};
use crate::error::Code;
use crate::mutants::is_off;

/// An issuer that serves everybody.
pub(super) struct OpenIssuer {
    presets: &'static [&'static str],
    /// Hosts of the issuer; `*` is one label.
    hosts: &'static [&'static str],
    /// Who gets its tokens.
    who: &'static str,
    /// A rule on one of these says whose tokens are meant.
    claims: &'static [&'static str],
    /// Such a rule.
    example: &'static str,
}

static OPEN: &[OpenIssuer] = &[
    OpenIssuer {
        presets: &["github-actions"],
        hosts: &["token.actions.githubusercontent.com", "token.actions.*.ghe.com"],
        who: "every workflow on GitHub",
        claims: &[
            "/repository_owner_id",
            "/repository_owner",
            "/repository_id",
            "/repository",
            "/enterprise_id",
            "/enterprise",
            "/job_workflow_ref",
            "/sub",
        ],
        example: "claim = \"/repository_owner_id\", equals = \"1234567\"",
    },
    OpenIssuer {
        presets: &["gitlab"],
        hosts: &["gitlab.com"],
        who: "every CI job of the GitLab instance",
        claims: &["/namespace_id", "/namespace_path", "/project_id", "/project_path", "/sub"],
        example: "claim = \"/namespace_id\", equals = \"123\"",
    },
    OpenIssuer {
        presets: &["google"],
        hosts: &["accounts.google.com"],
        who: "every Google account and service account",
        claims: &["/hd", "/azp", "/sub", "/email"],
        example: "claim = \"/hd\", equals = \"example.com\"",
    },
    OpenIssuer {
        presets: &["kubernetes"],
        hosts: &[
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            "oidc.eks.*.amazonaws.com",
            "container.googleapis.com",
            "*.oic.prod-aks.azure.com",
        ],
        who: "every pod of the cluster",
        claims: &[
            "/kubernetes.io/namespace",
            "/kubernetes.io/serviceaccount/name",
            "/kubernetes.io/serviceaccount/uid",
            "/sub",
        ],
        example: "claim = \"/kubernetes.io/namespace\", equals = \"orders\"",
    },
    OpenIssuer {
        presets: &["entra-v1", "entra-v2"],
        hosts: &[
            "login.microsoftonline.com",
            "login.microsoftonline.us",
            "login.partner.microsoftonline.cn",
            "sts.windows.net",
        ],
        who: "every application and guest of the tenant",
        claims: &["/tid", "/acct", "/idp", "/azp", "/appid", "/roles", "/groups", "/wids", "/oid", "/sub"],
        example: "claim = \"/tid\", equals = \"11111111-2222-3333-4444-555555555555\"",
    },
];

impl OpenIssuer {
    /// A rule on one of these says whose tokens are meant.
    pub(super) fn claims(&self) -> &'static [&'static str] {
        self.claims
    }

    fn has_host(&self, issuer: &str) -> bool {
        let host = host(issuer);
        self.hosts.iter().any(|pattern| matches(pattern, host))
    }

    /// Does the rule say whose token it must be? What is merely there says nothing.
    fn is_narrowed_by(&self, rule: &ClaimRule) -> bool {
        let names = matches!(rule.test, RuleTest::Equals(_) | RuleTest::OneOf(_) | RuleTest::Contains(_));
        names && self.claims.contains(&rule.claim.as_str())
    }
}

/// Is the issuer of this preset open?
pub(super) fn of_preset(preset: &str) -> Option<&'static OpenIssuer> {
    OPEN.iter().find(|open| open.presets.contains(&preset))
}

/// Reports entries for an open issuer whose rules do not say whose tokens they are for.
pub(super) fn check(drafts: &[Draft<'_>], problems: &mut Problems<'_>) {
    for draft in drafts {
        let (Some(issuer), Some(rules)) = (&draft.issuer, &draft.rules) else { continue };
        let aliases = super::issuer::strings(draft.node.get("issuer_aliases"));
        let is_named =
            |open: &&OpenIssuer| open.has_host(issuer) || aliases.iter().any(|alias| open.has_host(alias));
        let by_host = || OPEN.iter().find(is_named);
        let Some(open) = draft.preset.and_then(of_preset).or_else(by_host) else { continue };
        if !rules.iter().any(|rule| open.is_narrowed_by(rule)) && !is_off("POL-01") {
            let message = format!("{} can get a token for this audience from this issuer", open.who);
            let hint = format!(
                "say whose tokens are meant, such as [[issuer.rule]] {}; a rule on one of {} does (POL-01)",
                open.example,
                open.claims.join(", ")
            );
            let place = draft.node.get("issuer").map_or(draft.place, |issuer| issuer.place);
            problems.at(place, Fault::new(Code::ConfigOpenIssuer, message).hint(hint));
        }
    }
}

/// The host of an issuer that is a URL; one without a scheme begins with it.
fn host(issuer: &str) -> &str {
    let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    rest.split(['/', ':', '?', '#']).next().unwrap_or_default()
}

/// Label by label, without regard to case.
fn matches(pattern: &str, host: &str) -> bool {
    let (mut wanted, mut labels) = (pattern.split('.'), host.split('.'));
    loop {
        match (wanted.next(), labels.next()) {
            (None, None) => return true,
            (Some("*"), Some(label)) if !label.is_empty() => {}
            (Some(one), Some(other)) if one.eq_ignore_ascii_case(other) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_label_by_label() {
        for (pattern, issuer, same) in [
            ("gitlab.com", "https://gitlab.com", true),
            ("gitlab.com", "https://GitLab.com/", true),
            ("gitlab.com", "https://gitlab.com:443/a", true),
            ("gitlab.com", "https://gitlab.com.example.org", false),
            ("gitlab.com", "https://my.gitlab.com", false),
            ("accounts.google.com", "accounts.google.com", true),
            ("*.oic.prod-aks.azure.com", "https://westeurope.oic.prod-aks.azure.com/t/i/", true),
            ("*.oic.prod-aks.azure.com", "https://oic.prod-aks.azure.com/", false),
            ("*.oic.prod-aks.azure.com", "https://a.b.oic.prod-aks.azure.com/", false),
            ("token.actions.*.ghe.com", "https://token.actions.octocorp.ghe.com", true),
        ] {
            assert_eq!(matches(pattern, host(issuer)), same, "{pattern} {issuer}");
        }
    }
}
