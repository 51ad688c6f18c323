//! Changes of dates, some seconds away from every border.

use super::{Change, refused, same};

pub(super) const CHANGES: &[Change] = &[
    same("exp missing", |draft, _| {
        draft.without_claim("exp");
        true
    }),
    same("exp in the past", |draft, random| {
        let ago = [35, 60, 3600, 10_000_000][random.below(4)];
        draft.claim("iat", (draft.now - 20_000_000).to_string());
        draft.claim("exp", (draft.now - ago).to_string());
        true
    }),
    same("exp within the leeway", |draft, random| {
        draft.claim("iat", (draft.now - 100).to_string());
        draft.claim("exp", (draft.now - random.below(25) as i64).to_string());
        true
    }),
    same("exp that is no number", |draft, random| {
        draft.claim("exp", random.one_of(&["null", "\"9999999999\"", "true", "[9999999999]", "{}", "\"\""]));
        true
    }),
    same("exp with a fraction", |draft, random| {
        draft.claim(
            "exp",
            format!("{}.{}", draft.now + 100, random.one_of(&["0", "5", "999999999999", "000"])),
        );
        true
    }),
    same("exp with a whole exponent", |draft, random| {
        let exp = draft.now + 100;
        let spelled =
            [format!("{exp}00e-2"), format!("{exp}E0"), format!("{}e1", exp / 10), format!("{exp}.0e+0")];
        draft.claim("exp", random.pick(&spelled).as_str());
        true
    }),
    refused(
        "exp with an exponent and a fraction",
        &["CLM-13"],
        "a date with an exponent is whole, or it was rounded",
        |draft, random| {
            let exp = draft.now + 100;
            let spelled = [format!("{exp}5e-1"), format!("{exp}.5e0")];
            draft.claim("exp", random.pick(&spelled).as_str());
            true
        },
    ),
    refused("exp beyond the year 9999", &["CLM-12"], "no date is so late", |draft, random| {
        draft.claim(
            "exp",
            random.one_of(&["253402300800", "9223372036854775807", "18446744073709551615", "1e18"]),
        );
        true
    }),
    same("exp beyond any date", |draft, random| {
        draft.claim("exp", random.one_of(&["1e400", "99999999999999999999999", "1e20"]));
        true
    }),
    same("exp before 1970", |draft, random| {
        draft.without_claim("iat");
        draft.claim("exp", random.one_of(&["-1", "-1.5", "-9223372036854775808", "-1e30", "0", "-0"]));
        true
    }),
    refused(
        "exp after more than a day",
        &["CLM-15"],
        "max_lifetime is a day where the policy does not say",
        |draft, random| {
            draft.claim("exp", (draft.now + 86_400 + 3600 * (1 + random.below(1000) as i64)).to_string());
            if random.one_in(2) {
                draft.without_claim("iat");
            }
            true
        },
    ),
    refused("exp before iat", &["CLM-14"], "a token ends after it begins", |draft, _| {
        draft.claim("iat", (draft.now + 5).to_string());
        draft.claim("exp", (draft.now + 2).to_string());
        true
    }),
    refused("exp before nbf", &["CLM-14"], "a token ends after it begins", |draft, _| {
        draft.claim("nbf", (draft.now + 5).to_string());
        draft.claim("exp", (draft.now + 2).to_string());
        true
    }),
    same("nbf in the past", |draft, random| {
        let ago = [0, 10, 10_000, draft.now][random.below(4)];
        draft.claim("nbf", (draft.now - ago).to_string());
        true
    }),
    same("nbf within the leeway", |draft, random| {
        draft.claim("nbf", (draft.now + random.below(25) as i64).to_string());
        true
    }),
    same("nbf in the future", |draft, random| {
        let ahead = [40, 60, 500, 1_000_000_000_000][random.below(4)];
        draft.claim("nbf", (draft.now + ahead).to_string());
        true
    }),
    same("nbf that is no number", |draft, random| {
        draft.claim("nbf", random.one_of(&["\"0\"", "true", "[]", "{}", "\"\""]));
        true
    }),
    same("nbf before 1970", |draft, random| {
        draft.claim("nbf", random.one_of(&["-1", "-0.5", "-1e30"]));
        true
    }),
    same("nbf with a fraction", |draft, random| {
        draft.claim("nbf", format!("{}.{}", draft.now - 50, random.one_of(&["0", "5", "25"])));
        true
    }),
    same("iat missing", |draft, _| {
        draft.without_claim("iat");
        true
    }),
    refused("iat in the future", &["CLM-10"], "jsonwebtoken does not look at iat", |draft, random| {
        let ahead = [40, 100, 500][random.below(3)];
        draft.claim("iat", (draft.now + ahead).to_string());
        true
    }),
    refused("iat that is no number", &["CLM-11"], "jsonwebtoken does not look at iat", |draft, random| {
        draft.claim(
            random.one_of(&["iat", "auth_time"]),
            random.one_of(&["\"1700000000\"", "true", "[]", "{}"]),
        );
        true
    }),
    refused("iat that is no date", &["CLM-12"], "jsonwebtoken does not look at iat", |draft, random| {
        draft.claim(random.one_of(&["iat", "auth_time"]), random.one_of(&["-1", "253402300800", "1e300"]));
        true
    }),
];
