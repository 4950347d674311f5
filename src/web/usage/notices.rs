//! Limits that are used up or nearly so, in words.

use sqlx::PgConnection;

use super::words;
use crate::base::{ProjectId, Slug, Timestamp};
use crate::domain::limits::status::{self, About, Notice};
use crate::domain::limits::{Group, Window};
use crate::web::components::number;
use crate::web::projects::key::KeyPath;
use crate::web::projects::limits::ProjectLimitsPath;
use crate::web::{Member, Result};

/// More of them say nothing new.
const MAX_NOTICES: usize = 5;

/// One of them.
#[derive(Clone, Debug)]
pub(in crate::web) struct NoticeView {
    pub(in crate::web) tone: &'static str,
    /// Whose limit it is.
    pub(in crate::web) project: String,
    pub(in crate::web) sentence: String,
    /// Where it can be changed; empty: not by a member.
    pub(in crate::web) settings: String,
}

/// What there is to say about `projects`, the most urgent first.
pub(in crate::web) async fn find(
    db: &mut PgConnection,
    member: &Member,
    projects: &[ProjectId],
    now: Timestamp,
) -> Result<Vec<NoticeView>> {
    let found = status::notices(db, projects, now).await?;
    let organization = &member.organization.slug;
    let views = found.iter().filter_map(|notice| {
        let project = member.projects.iter().find(|project| project.id == notice.project_id)?;
        Some(view(organization, (&project.slug, &project.name), notice))
    });
    Ok(views.take(MAX_NOTICES).collect())
}

fn view(organization: &Slug, (slug, name): (&Slug, &str), notice: &Notice) -> NoticeView {
    let (organization, project) = (organization.clone(), slug.clone());
    let settings = match (&notice.about, &notice.public_key) {
        (About::Server, _) => String::new(),
        (_, Some(key)) => KeyPath { organization, project, key: key.clone() }.to_string(),
        _ => ProjectLimitsPath { organization, project }.to_string(),
    };
    NoticeView {
        tone: if notice.refused > 0 { "error" } else { "warning" },
        project: name.to_owned(),
        sentence: sentence(notice),
        settings,
    }
}

fn sentence(notice: &Notice) -> String {
    let refused = grouped(notice.refused);
    match notice.about {
        About::Server => format!(
            "This server's limit of items in a minute refused {refused} in this hour and the one before. \
             It is the setting `ingest.max_items_per_minute`."
        ),
        About::Spike => format!(
            "A sudden spike: of {refused} more events than usual, in this hour and the one before, \
             only the number is kept."
        ),
        About::Limit { group, window, limit, used, resets_at } => {
            let whose = if notice.public_key.is_some() { "A key's limit" } else { "The limit" };
            let of =
                format!("{whose} of {} in {}", amount(group, limit), words::window_name(window));
            let refused = amount(group, notice.refused);
            if window == Window::Minute {
                return format!(
                    "{of} was hit: {refused} refused in this hour and the one before. \
                     It begins anew every minute."
                );
            }
            let resets =
                format!("It begins anew on {}.", resets_at.format("%-d %B %Y at %H:%M UTC"));
            if notice.refused > 0 {
                return format!("{of} is used up: {refused} refused. {resets}");
            }
            let part = percent(used, limit);
            format!("{of} is used to {part}: {}. {resets}", amount(group, used))
        }
    }
}

/// `50,000 errors`, `25 MB of attachments`, `9 items`.
fn amount(group: Group, quantity: u64) -> String {
    let count = i64::try_from(quantity).unwrap_or(i64::MAX);
    match group {
        Group::Errors => number::counted(count, "error", "errors"),
        Group::Attachments => format!("{} of attachments", number::bytes(quantity)),
        Group::Everything => number::counted(count, "item", "items"),
    }
}

fn percent(part: u64, whole: u64) -> String {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    number::percent(signed(part), signed(whole))
}

fn grouped(count: u64) -> String {
    number::grouped(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(about: About, public_key: Option<&str>, refused: u64) -> String {
        let public_key = public_key.map(str::to_owned);
        sentence(&Notice { project_id: ProjectId(1), public_key, about, refused })
    }

    fn limit(group: Group, window: Window, limit: u64, used: u64) -> About {
        let resets_at = "2026-12-01T00:00:00Z".parse().unwrap();
        About::Limit { group, window, limit, used, resets_at }
    }

    #[test]
    fn a_notice_says_which_limit_how_much_and_when_it_begins_anew() {
        let month = limit(Group::Errors, Window::Month, 50_000, 42_500);
        assert_eq!(
            said(month, None, 0),
            "The limit of 50,000 errors in a month is used to 85%: 42,500 errors. \
             It begins anew on 1 December 2026 at 00:00 UTC."
        );
        assert_eq!(
            said(month, Some("key"), 1_204),
            "A key's limit of 50,000 errors in a month is used up: 1,204 errors refused. \
             It begins anew on 1 December 2026 at 00:00 UTC."
        );
        let minute = limit(Group::Attachments, Window::Minute, 25_000_000, 0);
        assert_eq!(
            said(minute, None, 3_000_000),
            "The limit of 25 MB of attachments in a minute was hit: 3 MB of attachments refused in this \
             hour and the one before. It begins anew every minute."
        );
        assert!(said(About::Spike, None, 23).contains("of 23 more events than usual"));
        assert!(said(About::Server, None, 7).contains("refused 7 in this hour"));
    }
}
