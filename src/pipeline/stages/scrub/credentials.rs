//! Credentials in any text: what a program was given to prove who it is.
//!
//! Not among the defaults of §6.2, because these texts are what people read first: an exception's value,
//! a message, a line of source. So only what can be nothing else is taken out, and only the secret, not
//! the sentence around it.

use std::sync::LazyLock;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regex::Regex;

use super::texts::Hit;
use super::{FILTERED, cards, patterns, rules};

/// Every credential but a number and a URL's password has one of these in it.
pub(super) const SIGNS: [&str; 48] = [
    "-----BEGIN",
    "earer",
    "EARER",
    "asic ",
    "ASIC ",
    "eyJ",
    "AKIA",
    "ASIA",
    "ecret_access",
    "ECRET_ACCESS",
    "ecretAccess",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxa",
    "xoxb",
    "xoxe",
    "xoxo",
    "xoxp",
    "xoxr",
    "xoxs",
    "xapp-",
    "hooks.slack.com",
    "k_live_",
    "k_test_",
    "whsec_",
    "AIza",
    "ya29.",
    "sk-ant-",
    "sk-proj-",
    "sk-svcacct-",
    "T3BlbkFJ",
    "SG.",
    "npm_",
    "pypi-",
    "hf_",
    "dop_v1_",
    "shpat_",
    "shpca_",
    "shppa_",
    "shpss_",
    "hooks.slack-gov.com",
    "sntrys_",
    "sntryu_",
];

/// Keys and tokens that services make recognisable.
static SERVICE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?:AKIA|ASIA)[A-Z0-9]{16}                        # Amazon
        | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,} | glpat-[A-Za-z0-9_-]{16,}
        | xox[abeoprs][.-][A-Za-z0-9.-]{10,} | xapp-[A-Za-z0-9-]{10,}   # Slack
        | [rs]k_(?:live|test)_[A-Za-z0-9]{10,} | whsec_[A-Za-z0-9+/=]{16,}   # Stripe
        | AIza[0-9A-Za-z_-]{35} | ya29\.[0-9A-Za-z_-]{20,}              # Google
        | sk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{16,} | sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}
        | \bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}                  # SendGrid
        | npm_[A-Za-z0-9]{36} | pypi-[A-Za-z0-9_-]{50,} | \bhf_[A-Za-z0-9]{30,}
        | dop_v1_[a-f0-9]{64} | shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32} | sntry[su]_[A-Za-z0-9+/=_-]{20,}
        ",
    )
    .expect("a constant expression")
});

/// What follows a word that says that it is secret.
static AFTER_A_WORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?xi)
        \bbearer\s+(?P<bearer>[a-z0-9\-._~+/]{6,}=*)
        | \bbasic\s+(?P<basic>[a-z0-9+/]{4,}={0,2})
        | secret_?access_?key["'\s:=>\\]{1,6}(?P<amazon>[a-z0-9/+]{40})
        | hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/(?P<slack>[a-z0-9/_-]{10,})
        "#,
    )
    .expect("a constant expression")
});

static JWT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"eyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?")
        .expect("a constant expression")
});

/// Everything in `text` that is a credential.
pub(super) fn find(text: &str, hits: &mut Vec<Hit>) {
    for found in AFTER_A_WORD.captures_iter(text) {
        let groups = [
            ("bearer", rules::BEARER, is_made_up as fn(&str) -> bool),
            ("basic", rules::BASIC, is_basic),
            ("amazon", rules::SERVICE, |_| true),
            ("slack", rules::SERVICE, |_| true),
        ];
        let secret = groups.into_iter().find_map(|(group, rule, is_secret)| {
            let found = found.name(group).filter(|found| is_secret(found.as_str()))?;
            Some(Hit::new(found.range(), FILTERED, rule))
        });
        hits.extend(secret);
    }
    let services = SERVICE.find_iter(text).map(|found| (found.range(), rules::SERVICE));
    let tokens = JWT.find_iter(text).map(|found| (found.range(), rules::JWT));
    let cards = cards::find(text, true).into_iter().map(|range| (range, rules::CARD));
    let all = services.chain(tokens).chain(cards);
    hits.extend(all.map(|(range, rule)| Hit::new(range, FILTERED, rule)));
    patterns::find_keys(text, true, hits);
    patterns::find_url_passwords(text, hits);
}

/// Whether it is a token and no word: "the bearer certificate" is no secret.
fn is_made_up(token: &str) -> bool {
    token.len() >= 20 || token.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether it is `user:password`, encoded.
fn is_basic(text: &str) -> bool {
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoded = GeneralPurpose::new(&STANDARD, CONFIG).decode(text);
    decoded.is_ok_and(|bytes| bytes.contains(&b':') && bytes.iter().all(|byte| *byte >= b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut hits = Vec::new();
        find(text, &mut hits);
        hits.into_iter().map(|hit| &text[hit.range]).collect()
    }

    #[test]
    fn credentials_are_found_and_nothing_around_them() {
        for secret in super::super::tests::secrets::CREDENTIALS {
            let text = format!("{}; that was it", secret.text);
            assert_eq!(found(&text), [secret.hidden], "{text}");
            assert!(SIGNS.iter().any(|sign| text.contains(sign)) || secret.has_no_sign, "{text}");
        }
    }

    #[test]
    fn sentences_about_credentials_are_none() {
        for text in [
            "bearer certificate expected",
            "Basic authentication failed for user bob",
            "basic understanding",
            "expected sk-learn, got task-runner",
            "AKIA is a prefix",
            "eyJhbGciOiJIUzI1NiJ9 alone",
            "xoxb- is missing",
            "order 4111111111111112 failed",
            "https://hooks.slack.com/services/",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
