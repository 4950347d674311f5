//! One release: is it safe, how does it fare, what did it bring.

use std::fmt::Write;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use sqlx::PgConnection;

use super::choices::{self, Choice};
use super::health::{HealthSection, Lifetime};
use super::issues::IssueLists;
use super::paths::{ReleasePath, ReleaseUrls};
use super::row::{self, author_name};
use super::verdict::tone;
use super::words::NameWords;
use crate::app::App;
use crate::base::Timestamp;
use crate::domain::projects::Project;
use crate::domain::releases::commits::{self, Commit, ReleaseFile};
use crate::domain::releases::deploys::{self, Deploy};
use crate::domain::releases::overview;
use crate::domain::releases::verdict::{self, Question, Verdict};
use crate::domain::releases::{self, Card, Neighbours, Release, ReleaseStatus};
use crate::web::components::time::Moment;
use crate::web::components::{link, number};
use crate::web::{Error, Member, Page, Query, Result, Shell};

/// Longer lists are cut on the page.
const MAX_COMMITS: usize = 100;
const MAX_FILES: usize = 300;
const MAX_DEPLOYS: usize = 50;

/// What is shown of a release.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ReleaseQuery {
    /// The slug of one of its projects; the first one without.
    #[serde(default)]
    pub(super) project: String,
    /// An environment; empty for all.
    #[serde(default)]
    pub(super) environment: String,
    /// How far back charts look; empty for the time since it came.
    #[serde(default)]
    pub(super) period: String,
}

#[derive(Template)]
#[template(path = "releases/detail.html")]
struct ReleaseView {
    shell: Shell,
    frame: ReleaseFrame,
    query: ReleaseQuery,
    environments: Vec<Choice>,
    periods: Vec<Choice>,
    facts: Vec<Fact>,
    verdict: Option<VerdictBox>,
    health: Option<HealthSection>,
    issues: Option<IssueLists>,
    deploys: Vec<DeployRow>,
    commits: Vec<CommitRow>,
    /// `3 commits by Ada`, with what is not shown.
    commits_note: String,
    files: Vec<FileRow>,
    files_note: String,
}

/// What all pages of one release share: its name, its projects, what can be done with it.
#[derive(Clone, Debug)]
pub(super) struct ReleaseFrame {
    pub(super) name: NameWords,
    pub(super) list_url: String,
    /// The page without a project.
    pub(super) base_url: String,
    /// The page with the project that is shown.
    pub(super) url: String,
    /// Where it is compared with another.
    pub(super) compare_url: String,
    pub(super) is_archived: bool,
    pub(super) is_finalized: bool,
    /// Its projects, the one that is shown marked.
    pub(super) projects: Vec<Choice>,
    pub(super) previous: Option<NeighbourView>,
    pub(super) next: Option<NeighbourView>,
}

/// A release beside this one.
#[derive(Clone, Debug)]
pub(super) struct NeighbourView {
    pub(super) name: NameWords,
    pub(super) url: String,
}

/// A line about a release: its name, and what it says.
struct Fact {
    name: &'static str,
    text: String,
    url: Option<String>,
    moment: Option<Moment>,
    is_code: bool,
}

/// The verdict at a glance.
struct VerdictBox {
    tone: &'static str,
    summary: String,
    evidence: Vec<String>,
    /// All that it rests on.
    url: String,
}

struct DeployRow {
    environment: String,
    name: String,
    url: Option<String>,
    when: Moment,
}

/// A commit in a list.
pub(super) struct CommitRow {
    pub(super) sha: String,
    pub(super) short_sha: String,
    pub(super) repository: String,
    /// The first line of its message.
    pub(super) subject: String,
    pub(super) author: String,
    pub(super) when: Moment,
}

struct FileRow {
    path: String,
    change: &'static str,
    sha: String,
}

/// Shows a release.
pub async fn show_release(
    path: ReleasePath,
    member: Member,
    Query(query): Query<ReleaseQuery>,
    State(app): State<App>,
) -> Result<Page> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let (card, project) = load(&mut db, &member, &path.version, &query.project).await?;
    let frame = ReleaseFrame::load(&mut db, &member, &card, project).await?;
    let release = &card.release;
    let deploys = deploys::list(&mut db, release).await?;
    let commits = commits::list(&mut db, release).await?;
    let files = commits::list_files(&mut db, release).await?;
    let mut view = ReleaseView::new(&member, frame, query, &card, now);
    view.deploys = deploys.iter().take(MAX_DEPLOYS).map(|it| DeployRow::new(it, now)).collect();
    view.set_commits(&card, &commits, now);
    view.set_files(&files);
    if let Some(project) = project {
        view.look_into(&mut db, &member, (&card, project), now).await?;
    }
    Page::new(&view)
}

/// The release of this name, and the project it is looked at in.
pub(super) async fn load<'m>(
    db: &mut PgConnection,
    member: &'m Member,
    version: &str,
    slug: &str,
) -> Result<(Card, Option<&'m Project>)> {
    let found = releases::find(db, member.organization.id, version).await?;
    let release = found.ok_or(Error::NotFound)?;
    let card = releases::cards(db, vec![release]).await?.pop().ok_or(Error::NotFound)?;
    let has = |project: &&Project| card.projects.iter().any(|of| of.project_id == project.id);
    let mut projects = member.projects.iter().filter(has);
    let project = match slug {
        "" => projects.next(),
        slug => Some(projects.find(|it| it.slug.as_str() == slug).ok_or(Error::NotFound)?),
    };
    Ok((card, project))
}

impl ReleaseFrame {
    /// Loads what the frame needs.
    pub(super) async fn load(
        db: &mut PgConnection,
        member: &Member,
        card: &Card,
        project: Option<&Project>,
    ) -> Result<Self> {
        let neighbours = match project {
            Some(project) => releases::find_neighbours(db, &card.release, project.id).await?,
            None => Neighbours::default(),
        };
        Ok(Self::new(member, card, project, neighbours))
    }

    fn new(
        member: &Member,
        card: &Card,
        project: Option<&Project>,
        neighbours: Neighbours,
    ) -> Self {
        let organization = member.organization.slug.as_str();
        let version = &card.release.version;
        let urls = ReleaseUrls::new(organization, project.map(|project| project.slug.as_str()));
        let base_url = urls.base(version);
        let choice = |of: &releases::CardProject| Choice {
            value: of.slug.to_string(),
            label: of.name.clone(),
            url: choices::address(&base_url, &[("project", of.slug.as_str())]),
            is_chosen: project.is_some_and(|project| project.id == of.project_id),
        };
        let neighbour = |release: Release| NeighbourView {
            url: urls.of(&release.version),
            name: NameWords::new(&release.version),
        };
        let before = neighbours.previous.as_ref().map_or("", |release| release.version.as_str());
        let compare = format!("{}/compare", urls.list());
        let slug = project.map_or("", |project| project.slug.as_str());
        let pairs = [("base", before), ("head", version), ("project", slug)];
        Self {
            compare_url: choices::address(&compare, &pairs),
            name: NameWords::new(version),
            list_url: urls.list().to_owned(),
            url: urls.of(version),
            is_archived: card.release.status == ReleaseStatus::Archived,
            is_finalized: card.release.released_at.is_some(),
            projects: card.projects.iter().map(choice).collect(),
            previous: neighbours.previous.map(neighbour),
            next: neighbours.next.map(neighbour),
            base_url,
        }
    }
}

impl ReleaseView {
    /// Whether any deploy says more than where and when: few do.
    fn deploys_have_names(&self) -> bool {
        self.deploys.iter().any(|deploy| !deploy.name.is_empty() || deploy.url.is_some())
    }

    fn new(
        member: &Member,
        frame: ReleaseFrame,
        query: ReleaseQuery,
        card: &Card,
        now: Timestamp,
    ) -> Self {
        Self {
            shell: member.shell("releases"),
            periods: Lifetime::choices(&query.period),
            environments: Vec::new(),
            facts: facts(card, now),
            verdict: None,
            health: None,
            issues: None,
            deploys: Vec::new(),
            commits: Vec::new(),
            commits_note: String::new(),
            files: Vec::new(),
            files_note: String::new(),
            frame,
            query,
        }
    }

    /// What is known of the release in a project.
    async fn look_into(
        &mut self,
        db: &mut PgConnection,
        member: &Member,
        (card, project): (&Card, &Project),
        now: Timestamp,
    ) -> Result<()> {
        let organization = member.organization.id;
        let names = overview::environments(db, organization, &[project.id]).await?;
        self.environments = choices::environments(&names, &self.query.environment);
        let environments = choices::environment_names(&self.query.environment);
        let question = Question {
            organization,
            project: project.id,
            version: &card.release.version,
            environment: environments.first().map(String::as_str),
        };
        let verdict = verdict::verify(db, &question, now).await?;
        let path = format!("{}/verdict", self.frame.base_url);
        let pairs =
            [("project", project.slug.as_str()), ("environment", self.query.environment.as_str())];
        self.verdict = Some(VerdictBox::new(verdict, choices::address(&path, &pairs)));
        let lifetime = Lifetime::new(card, project.id, &self.query.period, now);
        let section = HealthSection::load(db, member, (card, project), &environments, lifetime);
        self.health = Some(section.await?);
        let lists = IssueLists::load(db, member, project, &card.release.version, now);
        self.issues = Some(lists.await?);
        Ok(())
    }

    fn set_commits(&mut self, card: &Card, commits: &[Commit], now: Timestamp) {
        self.commits =
            commits.iter().take(MAX_COMMITS).map(|commit| CommitRow::new(commit, now)).collect();
        self.commits_note = row::commits(card);
        if commits.len() > MAX_COMMITS {
            let _ = write!(self.commits_note, "; the latest {MAX_COMMITS} are shown");
        }
    }

    fn set_files(&mut self, files: &[ReleaseFile]) {
        self.files = files.iter().take(MAX_FILES).map(FileRow::new).collect();
        self.files_note = number::counted_len(files.len(), "change", "changes");
        if files.len() > MAX_FILES {
            let _ = write!(self.files_note, "; {MAX_FILES} are shown");
        }
    }
}

fn facts(card: &Card, now: Timestamp) -> Vec<Fact> {
    let release = &card.release;
    let moment = |name, at: Option<Timestamp>| {
        let at = Moment::new(at?, now);
        Some(Fact { name, text: String::new(), url: None, moment: Some(at), is_code: false })
    };
    let text = |name, text: String, url, is_code| Fact { name, text, url, moment: None, is_code };
    let mut facts = vec![text("Version", release.version.clone(), None, true)];
    facts.extend(moment("Begun", release.started_at));
    facts.extend(moment("Created", Some(release.created_at)));
    match release.released_at {
        Some(_) => facts.extend(moment("Released", release.released_at)),
        None => facts.push(text("Released", "Not finalized".to_owned(), None, false)),
    }
    facts.extend(moment("First event", card.first_event_at()));
    facts.extend(moment("Last event", card.last_event_at()));
    if let Some(reference) = &release.reference {
        facts.push(text("Built from", reference.clone(), None, true));
    }
    if let Some(url) = &release.url {
        facts.push(text("More about it", url.clone(), link::outward(url), false));
    }
    for revision in release.refs.iter() {
        facts.push(text(
            "Revision",
            format!("{} {}", revision.repository, revision.commit),
            None,
            true,
        ));
    }
    facts
}

impl VerdictBox {
    fn new(verdict: Verdict, url: String) -> Self {
        Self {
            tone: tone(verdict.answer),
            summary: verdict.summary,
            evidence: verdict.evidence,
            url,
        }
    }
}

impl DeployRow {
    fn new(deploy: &Deploy, now: Timestamp) -> Self {
        Self {
            environment: deploy.environment.clone(),
            name: deploy.name.clone().unwrap_or_default(),
            url: deploy.url.as_deref().and_then(link::outward),
            when: Moment::new(deploy.finished_at, now),
        }
    }
}

impl CommitRow {
    /// The row of a commit.
    pub(super) fn new(commit: &Commit, now: Timestamp) -> Self {
        let message = commit.message.as_deref().unwrap_or_default();
        Self {
            short_sha: short_sha(&commit.sha),
            sha: commit.sha.clone(),
            repository: commit.repository.clone(),
            subject: message.lines().next().unwrap_or_default().to_owned(),
            author: author_name(&commit.author).unwrap_or_default().to_owned(),
            when: Moment::new(commit.committed_at, now),
        }
    }
}

impl FileRow {
    fn new(file: &ReleaseFile) -> Self {
        use crate::domain::releases::commits::FileChange;
        Self {
            path: file.file.path.clone(),
            change: match file.file.change {
                FileChange::Added => "added",
                FileChange::Modified => "changed",
                FileChange::Deleted => "deleted",
            },
            sha: short_sha(&file.sha),
        }
    }
}

/// The digits of a commit's hash that people read.
pub(super) fn short_sha(sha: &str) -> String {
    sha.chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::releases::commits::Author;
    use crate::web::projects::sample_project;
    use crate::web::releases::list::sample_card;

    fn sample(card: &Card, commits: &[Commit]) -> String {
        let member = Member::sample(sample_project("checkout", None, true));
        let now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let frame = ReleaseFrame::new(&member, card, None, Neighbours::default());
        let mut view = ReleaseView::new(&member, frame, ReleaseQuery::default(), card, now);
        view.set_commits(card, commits, now);
        view.render().unwrap()
    }

    #[test]
    fn everything_that_builds_tell_is_shown_as_text_and_only_web_addresses_are_links() {
        let mut card = sample_card("shop@1.2<script>");
        card.release.reference = Some("main<i>".to_owned());
        card.release.url = Some("https://ci.example.com/77".to_owned());
        card.commit_count = 1;
        let commit = Commit {
            position: 0,
            sha: "a".repeat(40),
            repository: "acme/shop".to_owned(),
            message: Some("Charge cards once <b>\n\nand more".to_owned()),
            author: Author { name: Some("Ada".to_owned()), email: None },
            committed_at: card.release.created_at,
        };
        let html = sample(&card, &[commit]);
        assert!(html.contains("href=\"https://ci.example.com/77\""), "{html}");
        assert!(
            html.contains("Charge cards once &#60;b&#62;") && !html.contains("and more"),
            "{html}"
        );
        assert!(html.contains("aaaaaaaaaaaa</code>") && !html.contains("<script>"), "{html}");
        assert!(html.contains("Not finalized") && html.contains("main&#60;i&#62;"), "{html}");
        card.release.url = Some("javascript:alert(1)".to_owned());
        assert!(!sample(&card, &[]).contains("href=\"javascript"));
    }

    #[test]
    fn a_release_without_anything_says_so() {
        let html = sample(&sample_card("nightly"), &[]);
        assert!(html.contains("Nobody told of a deploy"), "{html}");
        assert!(html.contains("Nobody told what is in it"), "{html}");
        assert!(html.contains("It belongs to no project"), "{html}");
    }
}
