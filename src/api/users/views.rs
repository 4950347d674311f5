//! How people look on the wire (`web-api.md` §3.5).

use serde::Serialize;

use crate::base::{Timestamp, UserId};
use crate::domain::accounts::User;

/// Letters in a circle: nobody has a picture.
#[derive(Debug, Serialize)]
pub(in crate::api) struct AvatarView {
    #[serde(rename = "avatarType")]
    kind: &'static str,
    #[serde(rename = "avatarUuid")]
    uuid: Option<&'static str>,
    #[serde(rename = "avatarUrl")]
    url: Option<&'static str>,
}

impl AvatarView {
    pub(in crate::api) const LETTERS: Self = Self { kind: "letter_avatar", uuid: None, url: None };
}

/// A person, all there is to say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the wire's flags")]
pub(in crate::api) struct UserView {
    id: String,
    name: String,
    username: String,
    email: String,
    avatar_url: Option<&'static str>,
    avatar: AvatarView,
    is_active: bool,
    is_managed: bool,
    has_password_auth: bool,
    date_joined: Timestamp,
    last_login: Option<Timestamp>,
    last_active: Option<Timestamp>,
    #[serde(rename = "has2fa")]
    has_2fa: bool,
    is_superuser: bool,
    is_staff: bool,
    emails: [EmailView; 1],
}

#[derive(Debug, Serialize)]
struct EmailView {
    id: String,
    email: String,
    is_verified: bool,
}

impl UserView {
    pub(in crate::api) fn new(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name,
            username: user.email.clone(),
            avatar_url: None,
            avatar: AvatarView::LETTERS,
            is_active: true,
            is_managed: false,
            has_password_auth: true,
            date_joined: user.created_at,
            last_login: user.last_sign_in_at,
            last_active: user.last_sign_in_at,
            has_2fa: false,
            is_superuser: false,
            is_staff: false,
            emails: [EmailView {
                id: user.id.to_string(),
                email: user.email.clone(),
                is_verified: false,
            }],
            email: user.email,
        }
    }
}

/// A person in passing, as whoever did something.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct PersonView {
    pub(in crate::api) id: String,
    pub(in crate::api) name: String,
    pub(in crate::api) username: String,
    pub(in crate::api) email: String,
    avatar_url: Option<&'static str>,
    avatar: AvatarView,
}

impl PersonView {
    pub(in crate::api) fn new(id: UserId, name: String, email: String) -> Self {
        Self {
            id: id.to_string(),
            name,
            username: email.clone(),
            email,
            avatar_url: None,
            avatar: AvatarView::LETTERS,
        }
    }
}
