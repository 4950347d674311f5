//! What a `PUT` asks of issues (`web-api.md` §3.1).

use chrono::TimeDelta;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::api::authenticate::Caller;
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::{IssueId, Timestamp, UserId};
use crate::domain::issues::{
    self, Archive, OwnerWord, Resolution, Scope, State, Status, StatusDetail, Substatus,
};
use crate::domain::ownership::{Owner, OwnerName, Owners};

/// The body of a `PUT`. What it leaves out stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::api) struct ChangeBody {
    status: Option<String>,
    substatus: Option<String>,
    status_details: Option<DetailBody>,
    /// Some clients send the details beside the status.
    #[serde(flatten)]
    flat: DetailBody,
    /// Null and an empty text are nobody.
    #[serde(deserialize_with = "present")]
    assigned_to: Option<Value>,
    merge: Option<Value>,
    discard: Option<bool>,
    priority: Option<String>,
    is_bookmarked: Option<bool>,
    is_subscribed: Option<bool>,
    is_public: Option<bool>,
}

/// More about a status.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DetailBody {
    in_next_release: Option<bool>,
    in_release: Option<String>,
    in_commit: Option<Value>,
    /// Minutes.
    ignore_duration: Option<i64>,
    /// What old clients call it.
    snooze_duration: Option<i64>,
    ignore_until: Option<Timestamp>,
    ignore_count: Option<i64>,
    ignore_window: Option<i64>,
    ignore_user_count: Option<i64>,
    ignore_user_window: Option<i64>,
}

/// Tells `null` from absent.
fn present<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// What is to become of issues.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    /// Nothing that Picket keeps.
    Nothing,
    /// They are repaired.
    Resolve(Resolution),
    /// They wait for somebody.
    Reopen,
    /// They are laid aside.
    Archive(Archive),
    /// Their substatus is this one.
    Substatus(Substatus),
}

impl ChangeBody {
    /// What is asked for.
    pub(super) fn wish(&self, now: Timestamp) -> Result<Wish> {
        self.refuse_what_is_not_there()?;
        let substatus = match self.substatus.as_deref() {
            None | Some("") => None,
            Some(word) => Some(Substatus::from_word(word).ok_or_else(|| {
                Error::invalid("substatus", format!("`{word}` is not a substatus."))
            })?),
        };
        let details = self.status_details.as_ref().unwrap_or(&self.flat);
        match (self.status.as_deref(), substatus) {
            (None | Some(""), None) => Ok(Wish::Nothing),
            (Some("resolved"), None) => details.resolution().map(Wish::Resolve),
            (Some("resolvedInNextRelease"), None) => Ok(Wish::Resolve(Resolution::InNextRelease)),
            (Some("unresolved"), None) => Ok(Wish::Reopen),
            (Some("ignored" | "muted" | "") | None, Some(substatus))
                if substatus.status() == Status::Ignored =>
            {
                details.archive(Some(substatus), now).map(Wish::Archive)
            }
            (Some("ignored" | "muted"), None) => details.archive(None, now).map(Wish::Archive),
            (Some("unresolved" | "") | None, Some(substatus))
                if substatus.status() == Status::Unresolved =>
            {
                Ok(Wish::Substatus(substatus))
            }
            (
                Some("resolved" | "resolvedInNextRelease" | "unresolved" | "ignored" | "muted"),
                _,
            ) => Err(Error::invalid("substatus", "The substatus does not belong to the status.")),
            (Some(word), _) => Err(Error::invalid(
                "status",
                format!(
                    "`{word}` is not a status; choose resolved, resolvedInNextRelease, unresolved or ignored."
                ),
            )),
            (None, Some(_)) => Err(Error::invalid("substatus", "Say the status, too.")),
        }
    }

    /// Who shall have the issues: somebody, nobody, or whoever has them now.
    pub(super) async fn assignment(
        &self,
        db: &mut PgConnection,
        caller: &Caller,
    ) -> Result<Option<Option<Owner>>> {
        let unknown = |named: &str| {
            let problem = format!("There is no member and no team `{named}`.");
            Error::invalid("assignedTo", problem)
        };
        let named = match &self.assigned_to {
            None => return Ok(None),
            Some(Value::Null) => "",
            Some(Value::String(named)) => named.trim(),
            Some(other) => return Err(unknown(&other.to_string())),
        };
        if named.is_empty() {
            return Ok(Some(None));
        }
        let owners = Owners::find(db, caller.organization.id).await?;
        let found = match (named, &caller.user) {
            ("me", Some(user)) => Some(Owner::User(user.id)),
            _ => find_owner(named, &owners),
        };
        found.map(|owner| Some(Some(owner))).ok_or_else(|| unknown(named))
    }

    /// Whether the issues are to become one: any value but the empty ones says so.
    pub(super) fn is_merge(&self) -> bool {
        let empty = [Value::Null, json!(false), json!(0), json!("")];
        self.merge.as_ref().is_some_and(|merge| !empty.contains(merge))
    }

    /// A change that would be forgotten is refused; taking away what nobody has is not.
    fn refuse_what_is_not_there(&self) -> Result<()> {
        let wishes = [
            ("discard", self.discard == Some(true)),
            ("priority", self.priority.is_some()),
            ("isBookmarked", self.is_bookmarked == Some(true)),
            ("isSubscribed", self.is_subscribed == Some(true)),
            ("isPublic", self.is_public == Some(true)),
        ];
        match wishes.into_iter().find(|(_, is_wished)| *is_wished) {
            Some((field, _)) => Err(Error::invalid(field, "This server cannot do that.")),
            None => Ok(()),
        }
    }
}

/// `user:ID`, `team:ID`, `#team`, an address, or a name.
fn find_owner(named: &str, owners: &Owners) -> Option<Owner> {
    if let Ok(OwnerWord(owner)) = named.parse() {
        return owners.label(owner).map(|_| owner);
    }
    let by_name = || {
        let mut people = owners.people.iter();
        people.find(|person| person.name == named).map(|person| Owner::User(person.id))
    };
    OwnerName::parse(named).and_then(|name| owners.named(&name)).or_else(by_name)
}

impl DetailBody {
    fn resolution(&self) -> Result<Resolution> {
        if self.in_next_release == Some(true) {
            return Ok(Resolution::InNextRelease);
        }
        if let Some(version) = self.in_release.as_deref().filter(|version| !version.is_empty()) {
            if version == "latest" {
                return Ok(Resolution::InCurrentRelease);
            }
            return Ok(Resolution::InRelease(version.to_owned()));
        }
        match &self.in_commit {
            None | Some(Value::Null) => Ok(Resolution::Now),
            Some(Value::String(commit)) => Ok(Resolution::InCommit(commit.clone())),
            Some(Value::Object(commit)) if commit.get("commit").is_some_and(Value::is_string) => {
                let commit = commit.get("commit").and_then(Value::as_str).unwrap_or_default();
                Ok(Resolution::InCommit(commit.to_owned()))
            }
            Some(_) => Err(Error::invalid("inCommit", "Name the commit.")),
        }
    }

    fn archive(&self, substatus: Option<Substatus>, now: Timestamp) -> Result<Archive> {
        let until = self.until(now)?;
        match (substatus, until) {
            (Some(Substatus::ArchivedForever), _) => Ok(Archive::Forever),
            (Some(Substatus::ArchivedUntilEscalating), _) | (None, None) => {
                Ok(Archive::UntilEscalating)
            }
            (_, Some(until)) => Ok(until),
            (Some(_), None) => Err(Error::invalid(
                "statusDetails",
                "Say until when: ignoreDuration, ignoreUntil, ignoreCount or ignoreUserCount.",
            )),
        }
    }

    /// The condition that ends the archive, if one is given.
    fn until(&self, now: Timestamp) -> Result<Option<Archive>> {
        for (field, window) in
            [("ignoreWindow", self.ignore_window), ("ignoreUserWindow", self.ignore_user_window)]
        {
            if window.is_some_and(|minutes| minutes != 0) {
                return Err(Error::invalid(field, "This server counts without a window."));
            }
        }
        let minutes = positive("ignoreDuration", self.ignore_duration.or(self.snooze_duration))?;
        let after = match minutes {
            Some(minutes) => Some(
                TimeDelta::try_minutes(minutes)
                    .and_then(|length| now.checked_add_signed(length))
                    .ok_or_else(|| Error::invalid("ignoreDuration", "That is too long."))?,
            ),
            None => None,
        };
        let moment = after.or(self.ignore_until);
        let events = positive("ignoreCount", self.ignore_count)?;
        let users = positive("ignoreUserCount", self.ignore_user_count)?;
        let is_given = moment.is_some() || events.is_some() || users.is_some();
        Ok(is_given.then_some(Archive::Until { moment, events, users }))
    }
}

/// Zero is what clients send for "not".
fn positive(field: &'static str, number: Option<i64>) -> Result<Option<i64>> {
    // Added to a count, so the largest must not overflow.
    match number.filter(|number| *number != 0) {
        Some(number) if !(1..=i64::from(i32::MAX)).contains(&number) => {
            Err(Error::invalid(field, "Use a positive number."))
        }
        number => Ok(number),
    }
}

impl Wish {
    /// The state that the issues get; none if they keep theirs.
    pub(super) fn state(&self) -> Option<State> {
        match self.clone() {
            Self::Nothing => None,
            Self::Resolve(how) => Some(how.state()),
            Self::Archive(how) => Some(how.state()),
            Self::Reopen => Some(unresolved(Substatus::Ongoing)),
            Self::Substatus(substatus) => Some(unresolved(substatus)),
        }
    }

    /// Does it to issues.
    pub(super) async fn fulfil(
        self,
        app: &App,
        scope: &Scope,
        ids: &[IssueId],
        actor: Option<UserId>,
    ) -> Result<()> {
        match self {
            Self::Nothing => return Ok(()),
            Self::Resolve(how) => issues::resolve(app, scope, ids, how, actor).await?,
            Self::Reopen => issues::reopen(app, scope, ids, actor).await?,
            Self::Archive(how) => issues::archive(app, scope, ids, how, actor).await?,
            Self::Substatus(substatus) => {
                let states = ids.iter().map(|id| (*id, unresolved(substatus))).collect();
                issues::restore(app, scope, states, actor).await?
            }
        };
        Ok(())
    }
}

fn unresolved(substatus: Substatus) -> State {
    State {
        status: Status::Unresolved,
        substatus: Some(substatus),
        detail: StatusDetail::default(),
    }
}
