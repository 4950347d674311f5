//! What this server could not digest: owners look at it, try it again, or delete it.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::{HeaderValue, header};
use serde::Deserialize;

use crate::app::App;
use crate::base::{Slug, Timestamp};
use crate::domain::organizations;
use crate::infra::journal::AppendError;
use crate::pipeline::Quarantine;
use crate::pipeline::quarantine::Entry;
use crate::web::components::number;
use crate::web::components::time::Moment;
use crate::web::{Error, Member, Page, Redirect, Result, Shell};

/// The most entries on the page.
const MAX_ROWS: usize = 100;

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/settings/quarantine", rejection(Error))]
pub struct QuarantinePath {
    /// Which organization.
    pub organization: Slug,
}

/// The bytes of an entry.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/settings/quarantine/{entry}/download", rejection(Error))]
pub struct QuarantineDownloadPath {
    /// Which organization.
    pub organization: Slug,
    /// Which entry.
    pub entry: String,
}

/// Hands an entry back to the pipeline.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/settings/quarantine/{entry}/retry", rejection(Error))]
pub struct QuarantineRetryPath {
    /// Which organization.
    pub organization: Slug,
    /// Which entry.
    pub entry: String,
}

/// Deletes an entry.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/settings/quarantine/{entry}/delete", rejection(Error))]
pub struct QuarantineDeletePath {
    /// Which organization.
    pub organization: Slug,
    /// Which entry.
    pub entry: String,
}

#[derive(Template)]
#[template(path = "organizations/quarantine.html")]
struct QuarantineView {
    shell: Shell,
    directory: String,
    rows: Vec<Row>,
    /// Entries that are there and not on the page.
    more: usize,
}

struct Row {
    name: String,
    is_envelope: bool,
    can_go_back: bool,
    reason: String,
    set_aside: Option<Moment>,
    received: Option<Moment>,
    project: String,
    event_id: String,
    /// Empty if nothing but the reason was kept.
    size: String,
    download: QuarantineDownloadPath,
    retry: QuarantineRetryPath,
    delete: QuarantineDeletePath,
}

impl Row {
    fn new(member: &Member, entry: &Entry, now: Timestamp) -> Self {
        let organization = || member.organization.slug.clone();
        let name = || entry.name.clone();
        let about = &entry.about;
        let project = member.projects.iter().find(|project| Some(project.id) == about.project_id);
        Self {
            name: name(),
            is_envelope: entry.is_envelope,
            can_go_back: entry.can_go_back(),
            reason: about.reason.clone(),
            set_aside: about.set_aside_at.map(|at| Moment::new(at, now)),
            received: about.received_at.map(|at| Moment::new(at, now)),
            project: project.map(|project| project.name.clone()).unwrap_or_default(),
            event_id: about.event_id.map(|id| id.to_string()).unwrap_or_default(),
            size: entry.bytes.map(number::bytes).unwrap_or_default(),
            download: QuarantineDownloadPath { organization: organization(), entry: name() },
            retry: QuarantineRetryPath { organization: organization(), entry: name() },
            delete: QuarantineDeletePath { organization: organization(), entry: name() },
        }
    }
}

/// Shows what is there.
pub async fn show_quarantine(
    _: QuarantinePath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    let entries = list(&app, &member).await?;
    let now = app.clock.now();
    Page::new(&QuarantineView {
        shell: member.shell("settings"),
        directory: Quarantine::directory(&app.config.data_dir).display().to_string(),
        more: entries.len().saturating_sub(MAX_ROWS),
        rows: entries.iter().take(MAX_ROWS).map(|entry| Row::new(&member, entry, now)).collect(),
    })
}

/// Sends the bytes of an entry, to be saved and never to be shown: anybody may have sent them.
pub async fn download_quarantined(
    path: QuarantineDownloadPath,
    member: Member,
    State(app): State<App>,
) -> Result<Response> {
    let (quarantine, entry) = find(&app, &member, &path.entry).await?;
    let kind = if entry.is_envelope { "envelope" } else { "damaged" };
    let name = format!("attachment; filename=\"{}.{kind}\"", entry.name);
    let bytes = on_disk(move || quarantine.read(&entry)).await?.ok_or(Error::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(name).map_err(anyhow::Error::from)?),
    ];
    Ok((headers, bytes).into_response())
}

/// Hands an entry back to the pipeline. It is deleted here once the journal has it: a crash in between leaves
/// it in both, and the event's id sees to it that it is stored once.
pub async fn retry_quarantined(
    path: QuarantineRetryPath,
    member: Member,
    State(app): State<App>,
) -> Result<Redirect> {
    let (quarantine, entry) = find(&app, &member, &path.entry).await?;
    let (from, what) = (quarantine.clone(), entry.clone());
    let record = on_disk(move || from.record(&what)).await?;
    let (project, record) = record.ok_or(Error::NotFound)?;
    let back = QuarantinePath { organization: path.organization };
    let words = match app.journals.append(project, record).await {
        Ok(_) => {
            on_disk(move || quarantine.remove(&entry)).await?;
            "It is on its way. Should it fail again, it comes back here."
        }
        Err(AppendError::Full) => "The journal is full: try again when it is worked off.",
        Err(error) => return Err(Error::Other(error.into())),
    };
    Ok(Redirect::to(back).with_flash(words))
}

/// Deletes an entry.
pub async fn delete_quarantined(
    path: QuarantineDeletePath,
    member: Member,
    State(app): State<App>,
) -> Result<Redirect> {
    let (quarantine, entry) = find(&app, &member, &path.entry).await?;
    on_disk(move || quarantine.remove(&entry)).await?;
    Ok(Redirect::to(QuarantinePath { organization: path.organization })
        .with_flash("It is deleted."))
}

/// The entry of this name, if whoever asks may see it.
async fn find(app: &App, member: &Member, name: &str) -> Result<(Quarantine, Entry)> {
    let entries = list(app, member).await?;
    let entry = entries.into_iter().find(|entry| entry.name == name).ok_or(Error::NotFound)?;
    Ok((Quarantine::of(&app.config.data_dir), entry))
}

/// What an owner may see: what was sent to the organization's projects. What cannot be told whose it is, is
/// for the owners of the oldest organization, who set the server up.
pub(super) async fn list(app: &App, member: &Member) -> Result<Vec<Entry>> {
    member.require_owner()?;
    let mut db = app.db.acquire().await?;
    let oldest = organizations::store::find_oldest(&mut db).await?;
    drop(db);
    let is_oldest = oldest.is_some_and(|oldest| oldest.id == member.organization.id);
    let quarantine = Quarantine::of(&app.config.data_dir);
    let mut entries = on_disk(move || quarantine.list()).await?;
    entries.retain(|entry| match entry.about.project_id {
        None => is_oldest,
        Some(id) => member.projects.iter().any(|project| project.id == id),
    });
    Ok(entries)
}

/// Runs what reads or writes files where it keeps nobody waiting.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(anyhow::Error::from)?;
    Ok(done.map_err(anyhow::Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rows: Vec<Row>, more: usize) -> String {
        let directory = "/var/lib/picket/quarantine".to_owned();
        QuarantineView { shell: Shell::sample(), directory, rows, more }.render().unwrap()
    }

    fn row(name: &str, is_envelope: bool, size: &str) -> Row {
        let organization: Slug = "default".parse().unwrap();
        let entry = || name.to_owned();
        Row {
            name: entry(),
            is_envelope,
            can_go_back: is_envelope,
            reason: "the database refuses it: <b>no</b>".to_owned(),
            set_aside: None,
            received: None,
            project: "Checkout <3".to_owned(),
            event_id: String::new(),
            size: size.to_owned(),
            download: QuarantineDownloadPath { organization: organization.clone(), entry: entry() },
            retry: QuarantineRetryPath { organization: organization.clone(), entry: entry() },
            delete: QuarantineDeletePath { organization, entry: entry() },
        }
    }

    #[test]
    fn only_what_can_be_done_is_offered() {
        let page = sample(vec![row("lane-0-1", true, "812 bytes")], 3);
        for part in ["/lane-0-1/download\"", "/lane-0-1/retry\"", "/lane-0-1/delete\"", "3 more"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(page.contains("&#60;b&#62;no") && page.contains("Checkout &#60;3"), "{page}");
        let reason_only = sample(vec![row("lane-0-2", true, "")], 0);
        assert!(!reason_only.contains("/retry") && !reason_only.contains("/download"));
        assert!(reason_only.contains("/delete\""));
        let damaged = sample(vec![row("journal-lane-0-1-2", false, "4 bytes")], 0);
        assert!(!damaged.contains("/retry") && damaged.contains("/download\""));
    }
}
