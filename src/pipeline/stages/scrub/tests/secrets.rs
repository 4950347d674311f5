//! A secret for every rule.

/// A secret in a sentence.
pub(crate) struct Secret {
    /// The sentence.
    pub(crate) text: &'static str,
    /// What must not be stored.
    pub(crate) hidden: &'static str,
    /// Whether it is suspected by something else than letters.
    pub(crate) has_no_sign: bool,
}

const fn secret(text: &'static str, hidden: &'static str) -> Secret {
    Secret { text, hidden, has_no_sign: false }
}

const fn without_sign(text: &'static str, hidden: &'static str) -> Secret {
    Secret { text, hidden, has_no_sign: true }
}

/// Credentials, which are found in every text.
pub(crate) const CREDENTIALS: [Secret; 31] = [
    secret("got Bearer 0a1b2c3d4e", "0a1b2c3d4e"),
    secret("got bearer abcdefghijklmnopqrstuv", "abcdefghijklmnopqrstuv"),
    secret("got Basic YWRhOmh1bnRlcjI=", "YWRhOmh1bnRlcjI="),
    secret("id AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    secret("id ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"),
    secret(
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    ),
    secret(
        "\"SecretAccessKey\": \"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\"",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    ),
    secret(
        "with ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    ),
    secret(
        "with ghs_0123456789abcdefghijABCDEFGHIJ012345",
        "ghs_0123456789abcdefghijABCDEFGHIJ012345",
    ),
    secret("with github_pat_11ABCDEFG0abcdefghijkl_mnop", "github_pat_11ABCDEFG0abcdefghijkl_mnop"),
    secret("with glpat-abcdefghij0123456789", "glpat-abcdefghij0123456789"),
    secret("with xoxb-123456789012-abcdefghij", "xoxb-123456789012-abcdefghij"),
    secret("with xapp-1-A0123456789-abcdef", "xapp-1-A0123456789-abcdef"),
    secret(
        "to https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXX",
        "T00000000/B00000000/XXXXXXXXXXXX",
    ),
    secret("with sk_live_0123456789abcdef", "sk_live_0123456789abcdef"),
    secret("with rk_test_0123456789abcdef", "rk_test_0123456789abcdef"),
    secret("with whsec_0123456789abcdefgh", "whsec_0123456789abcdefgh"),
    secret(
        "with AIzaSyA0123456789abcdefghijklmnopqrstuv",
        "AIzaSyA0123456789abcdefghijklmnopqrstuv",
    ),
    secret("with ya29.a0123456789abcdefghij", "ya29.a0123456789abcdefghij"),
    secret("with sk-proj-0123456789abcdefghij", "sk-proj-0123456789abcdefghij"),
    secret(
        "with SG.0123456789abcdefgh.0123456789abcdefgh",
        "SG.0123456789abcdefgh.0123456789abcdefgh",
    ),
    secret(
        "with npm_0123456789abcdefghijABCDEFGHIJ012345",
        "npm_0123456789abcdefghijABCDEFGHIJ012345",
    ),
    secret("with hf_abcdefghijklmnopqrstuvwxyzABCDEFGH", "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"),
    secret("with shpat_0123456789abcdef0123456789abcdef", "shpat_0123456789abcdef0123456789abcdef"),
    secret(
        "with sntrys_eyJpYXQiOjE2ODczMzY1NDMuNjk4NTksInVybCI6bnV",
        "sntrys_eyJpYXQiOjE2ODczMzY1NDMuNjk4NTksInVybCI6bnV",
    ),
    secret(
        "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    ),
    secret(
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
        "MIIEpAIBAAKCAQEA",
    ),
    without_sign("paid with 4111 1111 1111 1111", "4111 1111 1111 1111"),
    without_sign("paid with 378282246310005", "378282246310005"),
    without_sign("cannot reach postgres://app:hunter2@db:5432/shop", "hunter2"),
    without_sign("cannot reach amqp://:hunter2@rabbit", "hunter2"),
];

/// What the defaults find by its look, where data is.
pub(crate) const PATTERNS: [Secret; 5] = [
    without_sign("paid with 4111111111111112", "4111111111111112"),
    without_sign("to GB82WEST12345698765432", "GB82WEST12345698765432"),
    without_sign("of 078-05-1120", "078-05-1120"),
    without_sign("got bearer abc", "bearer abc"),
    without_sign("-----BEGIN PUBLIC KEY-----\nMIIBIjANBg\n-----END PUBLIC KEY-----", "MIIBIjANBg"),
];
