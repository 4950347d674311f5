//! Believable data for looking at the pages without a database.

use chrono::TimeDelta;

use crate::base::{IssueId, IssueNumber, OrganizationId, ProjectId, Timestamp};
use crate::domain::issues::{Issue, Status, StatusDetail, Substatus};
use crate::protocol::event::Level;

/// When the samples are looked at.
pub(crate) fn now() -> Timestamp {
    "2026-11-22T03:12:40Z".parse().unwrap()
}

/// An issue that somebody should look at.
pub(crate) fn issue() -> Issue {
    Issue {
        id: IssueId::new(ProjectId(7), IssueNumber(79)),
        project_id: ProjectId(7),
        project_slug: "checkout".parse().unwrap(),
        project_name: "Checkout".to_owned(),
        project_platform: Some("python".to_owned()),
        organization_id: OrganizationId(1),
        kind: "error".to_owned(),
        level: Level::Error,
        platform: "python".to_owned(),
        logger: String::new(),
        title: "ZeroDivisionError: division by zero".to_owned(),
        culprit: "pricing.discount in share_of".to_owned(),
        exception_type: Some("ZeroDivisionError".to_owned()),
        exception_value: Some("division by zero".to_owned()),
        filename: Some("pricing/discount.py".to_owned()),
        function: Some("share_of".to_owned()),
        is_unhandled: true,
        status: Status::Unresolved,
        substatus: Some(Substatus::New),
        status_detail: StatusDetail::default(),
        status_changed_at: now() - TimeDelta::days(2),
        first_seen: now() - TimeDelta::days(2),
        last_seen: now() - TimeDelta::minutes(3),
        first_release: Some("checkout@4.1.0".to_owned()),
        last_release: Some("checkout@4.2.0".to_owned()),
        event_count: 1_204,
        user_count: 89,
        kept_count: 1_204,
    }
}
