//! The ids of the rules, as they stand in `_meta`, and what they are in words.

/// A name among the built-in ones.
pub const NAME: &str = "@password:filter";
/// A name that the project or the organization lists.
pub const FIELD: &str = "strip-fields";
/// A cookie that stands for a session.
pub const COOKIE: &str = "@cookie:filter";
/// The number of a card.
pub const CARD: &str = "@creditcard:filter";
/// The number of a bank account.
pub const IBAN: &str = "@iban:filter";
/// A social security number of the United States.
pub const SSN: &str = "@usssn:filter";
/// The inside of a key in PEM form.
pub const PEM: &str = "@pemkey:filter";
/// The password of a URL.
pub const URL: &str = "@urlauth:filter";
/// A bearer token.
pub const BEARER: &str = "@bearer:filter";
/// An e-mail address in a message.
pub const EMAIL: &str = "@email:replace";
/// An address of the network.
pub const IP: &str = "@ip:replace";
/// User name and password of basic authentication.
pub const BASIC: &str = "@basic:filter";
/// A key of a well-known service.
pub const SERVICE: &str = "@apikey:filter";
/// A JSON web token.
pub const JWT: &str = "@jwt:filter";

/// Every rule and what it takes out, in words that follow "Taken out:".
pub const RULES: [(&str, &str); 14] = [
    (NAME, "the name says that it is secret"),
    (FIELD, "the name is on the list of sensitive fields"),
    (COOKIE, "a session cookie"),
    (CARD, "a card number"),
    (IBAN, "a bank account number"),
    (SSN, "a social security number"),
    (PEM, "a key"),
    (URL, "the password of a URL"),
    (BEARER, "a bearer token"),
    (EMAIL, "an e-mail address"),
    (IP, "an IP address"),
    (BASIC, "a user name and password"),
    (SERVICE, "a service's key or token"),
    (JWT, "a JSON web token"),
];

/// What the rule with this id takes out, in words; `None` for rules of others.
pub fn words(id: &str) -> Option<&'static str> {
    RULES.iter().find(|(known, _)| *known == id).map(|(_, words)| *words)
}
