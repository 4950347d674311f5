//! Who was affected (`protocol.md` §5.14).

use crate::protocol::lenient::{JsonMap, JsonObject, LooseText, Raw, RawMap};

crate::lenient! {
    /// The person or client that was affected.
    pub struct User {
        /// The program's own id of the person.
        id: String as LooseText => "id",
        /// The login.
        username: String as LooseText => "username",
        /// The e-mail address.
        email: String as LooseText => "email",
        /// The full name.
        name: String as LooseText => "name",
        /// The address, or `{{auto}}` for the sender's.
        ip_address: String as LooseText => "ip_address",
        /// Where the address is: `country_code`, `city`, `region`.
        geo: Raw as JsonObject => "geo",
        /// Anything else the program knows.
        data: RawMap as JsonMap => "data",
        /// A word for a set of users, no longer sent.
        segment: String as LooseText => "segment",
    }
}

impl User {
    /// The one value that stands for the person, `kind:value`: id, username, e-mail or address,
    /// whichever is there first. It is the value of the tag `user`, and what users are counted by.
    pub fn identity(&self) -> Option<String> {
        [
            ("id", &self.id),
            ("username", &self.username),
            ("email", &self.email),
            ("ip", &self.ip_address),
        ]
        .into_iter()
        .find_map(|(kind, value)| {
            // What was taken out, here or by the client, would make one person of many.
            let value = value.as_deref().filter(|value| !matches!(*value, "" | "[Filtered]"))?;
            Some(format!("{kind}:{value}"))
        })
    }

    /// How to call the person on a page: the most readable thing known.
    pub fn label(&self) -> Option<&str> {
        [&self.email, &self.username, &self.name, &self.id, &self.ip_address]
            .into_iter()
            .find_map(|value| value.as_deref().filter(|value| !value.is_empty()))
    }
}
