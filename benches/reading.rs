//! How long pages and the read half of the Web API take with a million events and ten thousand issues
//! stored.
//!
//! A private Postgres is filled by SQL (`support/seed_reading.sql`), then every request is made over and over,
//! one at a time, through the whole router. The first line, which only finds out who is asking, is the least
//! any request costs; the budget is 50 ms for 95 of 100 (`docs`, budgets).
//!
//! `cargo bench --bench reading [-- ROUNDS]`. Prints medians and 95th percentiles.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::path::Path;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use chrono::{Days, TimeDelta};
use http_body_util::BodyExt;
use picket::api;
use picket::app::{App, Essentials, Parts};
use picket::base::Clock;
use picket::config::Config;
use picket::domain::accounts::sessions::{self, Browser};
use picket::domain::accounts::{NewUser, Scopes, tokens};
use picket::domain::{organizations, projects};
use picket::infra::compression::{self, Dictionaries};
use picket::infra::db::partitions::{self, Partitioned};
use picket::infra::db::{self, Purpose};
use picket::infra::journal::{Journals, Options};
use picket::infra::throttle::Throttle;
use picket::web;
use sqlx::{AssertSqlSafe, Executor};
use tower::ServiceExt;

/// What is asked, and how it is called in the report. `{issue}` is the issue with the most events.
const REQUESTS: &[(&str, &str)] = &[
    ("who is asking", "/auth/"),
    ("issues: unresolved", "/organizations/default/issues/?limit=25"),
    ("issues: a hundred", "/organizations/default/issues/?query=&limit=100"),
    ("issues: small project", "/projects/default/project-4/issues/?limit=25"),
    ("issues: words", "/organizations/default/issues/?query=explanation&limit=25"),
    ("issues: words, none found", "/organizations/default/issues/?query=nothinglikethat&limit=25"),
    ("issues: tag", "/organizations/default/issues/?query=label5:value7&limit=25"),
    ("issues: tag, wildcard", "/organizations/default/issues/?query=label20:*39*&limit=25"),
    ("issues: without a tag", "/organizations/default/issues/?query=!label5:value7&limit=25"),
    ("issues: release", "/organizations/default/issues/?query=release:shop@1.7&limit=25"),
    ("issues: environment", "/organizations/default/issues/?environment=staging&limit=25"),
    (
        "issues: 24 h, most events",
        "/organizations/default/issues/?sort=freq&statsPeriod=24h&limit=25",
    ),
    (
        "issues: 14 d, most events",
        "/organizations/default/issues/?sort=freq&statsPeriod=14d&limit=25",
    ),
    (
        "issues: 14 d, environment, most",
        "/organizations/default/issues/?sort=freq&statsPeriod=14d&environment=staging&limit=25",
    ),
    ("issues: most users", "/organizations/default/issues/?sort=user&limit=25"),
    ("issues: recommended", "/organizations/default/issues/?sort=recommended&limit=25"),
    (
        "issues: a week in the past",
        "/organizations/default/issues/?statsPeriodStart=9d&statsPeriodEnd=8d",
    ),
    ("issue", "/issues/{issue}/"),
    ("issue: tags", "/issues/{issue}/tags/"),
    ("issue: latest event", "/issues/{issue}/events/latest/"),
    ("issue: oldest event", "/issues/{issue}/events/oldest/"),
    ("issue: recommended event", "/issues/{issue}/events/recommended/"),
    ("issue: events", "/issues/{issue}/events/?per_page=100"),
    ("issue: events, level", "/issues/{issue}/events/?query=level:error&per_page=100"),
    ("issue: hashes", "/issues/{issue}/hashes/"),
    ("project: events", "/projects/default/project-1/events/?per_page=100"),
    ("project: events, small", "/projects/default/project-4/events/?per_page=100"),
    ("event by id", "/organizations/default/eventids/{event}/"),
    ("organization: tags", "/organizations/default/tags/"),
    ("organization: tag values", "/organizations/default/tags/label20/values/"),
    ("projects", "/organizations/default/projects/"),
];

/// The pages that people open, in the same way.
const PAGES: &[(&str, &str)] = &[
    ("page: issues", "/default/issues"),
    ("page: issues, all", "/default/issues?query="),
    ("page: issues, most events", "/default/issues?sort=freq"),
    ("page: issues, words", "/default/issues?query=explanation"),
    ("page: issues, environment", "/default/issues?environment=staging"),
    ("page: issues, resolved", "/default/issues?query=is:resolved"),
    ("page: issue", "/default/issues/{issue}/"),
    ("page: issue, event by id", "/default/issues/{issue}/events/{event}/"),
    ("page: issue, tags", "/default/issues/{issue}/tags/"),
    ("page: issue, grouping", "/default/issues/{issue}/grouping/"),
    ("page: issue, activity", "/default/issues/{issue}/activity/"),
    ("page: projects", "/default/projects"),
    ("page: project's settings", "/default/projects/project-1/settings"),
    ("page: account", "/account"),
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let rounds: usize = arguments.find_map(|argument| argument.parse().ok()).unwrap_or(40);
    let data = tempfile::tempdir()?;
    let config = Config { data_dir: data.path().to_owned(), ..Config::default() };
    let picket = Path::new(env!("CARGO_BIN_EXE_picket"));
    let database = db::open(&config, Purpose::Command, picket).await?;
    let app = app(config, database.pool.clone(), data.path())?;
    let token = seed(&app).await?;
    let cookie = sign_in(&app).await?;
    let (issue, event): (i64, uuid::Uuid) = sqlx::query_as(
        "SELECT issues.id, events.event_id FROM issues JOIN events ON events.part_id = issues.id \
         ORDER BY issues.event_count DESC LIMIT 1",
    )
    .fetch_one(&app.db)
    .await?;
    let programs = api::routes::router(app.clone());
    let people = web::routes::router(app.clone());
    println!("{:<34} {:>9} {:>9} {:>9}", "", "p50 ms", "p95 ms", "bytes");
    let bearer = ("authorization", format!("Bearer {token}"));
    let of_programs =
        REQUESTS.iter().map(|(name, path)| (name, format!("/api/0{path}"), &programs, &bearer));
    let of_people = PAGES.iter().map(|(name, path)| (name, (*path).to_owned(), &people, &cookie));
    for (name, path, router, credentials) in of_programs.chain(of_people) {
        let path = path
            .replace("{issue}", &issue.to_string())
            .replace("{event}", &event.simple().to_string());
        let (times, bytes) = measure(&app, router, credentials, &path, rounds).await?;
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        println!("{name:<34} {:>9.2} {:>9.2} {bytes:>9}", at(50), at(95));
    }
    drop((programs, people));
    database.close().await;
    Ok(())
}

fn app(config: Config, db: sqlx::PgPool, data_dir: &Path) -> anyhow::Result<App> {
    // Every request moves it: the limit of requests in a second is not what is measured.
    let clock = Clock::fixed(Clock::system().now());
    let options = Options::new(1 << 20, data_dir.join("quarantine"), clock.clone());
    Ok(App::new(Parts {
        essentials: Essentials { db, config, clock },
        journals: Journals::open(data_dir, 1, &options)?,
        dictionaries: Dictionaries::default(),
        sign_in_throttle: Throttle::default(),
    }))
}

/// Fills the database; returns a token that may read all of it.
async fn seed(app: &App) -> anyhow::Result<String> {
    let mut db = app.db.acquire().await?;
    let now = app.clock.now();
    let organization = organizations::find_or_create_default(&mut db, now).await?;
    for number in 1..=4 {
        let new = projects::NewProject {
            organization_id: organization.id,
            name: format!("Project {number}"),
            platform: Some("python".to_owned()),
            team: None,
        };
        projects::create(app, new).await?;
    }
    let today = now.date_naive();
    let days = today - Days::new(90)..=today + Days::new(2);
    partitions::ensure(&mut db, Partitioned::Events, days).await?;
    let payload = compression::compress(payload()?.as_bytes(), None);
    for statement in include_str!("support/seed_reading.sql").split("\n--\n") {
        let started = Instant::now();
        if statement.contains("$1") && statement.contains("INSERT") {
            sqlx::query(AssertSqlSafe(statement)).bind(&payload).execute(&mut *db).await?;
        } else {
            db.execute(AssertSqlSafe(statement)).await?;
        }
        if started.elapsed().as_secs() > 5 {
            println!(
                "{:.0} s: {}",
                started.elapsed().as_secs_f64(),
                statement.lines().next().unwrap_or("")
            );
        }
    }
    let new = tokens::NewToken {
        organization_id: organization.id,
        organization_slug: &organization.slug,
        user_id: None,
        name: "bench",
        scopes: Scopes::parse("org:read,project:read,event:read")?,
    };
    Ok(tokens::create(app, new).await?.1)
}

/// Makes a member of the organization; returns the cookie of a browser that is signed in as that.
async fn sign_in(app: &App) -> anyhow::Result<(&'static str, String)> {
    let new = NewUser::parse("ada@example.com", "Ada", "correct horse battery staple")
        .map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let (user, _) = organizations::create_member(app, new, None).await?;
    let browser = Browser { user_agent: "bench".to_owned(), ip_address: "127.0.0.1".to_owned() };
    let secret = sessions::start(app, user.id, &browser).await?;
    Ok(("cookie", format!("picket_session={secret}")))
}

/// A real event, as it would be stored.
fn payload() -> anyhow::Result<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/corpus/python/py_chained.json");
    let recorded: serde_json::Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let body = recorded["requests"][0]["body"].as_str().unwrap_or_default();
    Ok(body.lines().nth(2).unwrap_or_default().to_owned())
}

/// Asks `rounds` times; returns the times in milliseconds, sorted, and the size of the answer.
async fn measure(
    app: &App,
    router: &Router,
    credentials: &(&str, String),
    path: &str,
    rounds: usize,
) -> anyhow::Result<(Vec<f64>, usize)> {
    let mut times = Vec::with_capacity(rounds);
    let mut bytes = 0;
    for round in 0..rounds + 5 {
        app.clock.advance(TimeDelta::milliseconds(100));
        let request = Request::builder()
            .uri(path)
            .header(credentials.0, &credentials.1)
            .body(Body::empty())?;
        let started = Instant::now();
        let response = router.clone().oneshot(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        let elapsed = started.elapsed();
        // A token of the organization is nobody: `/auth/` says so after finding out.
        anyhow::ensure!(status.is_success() || path == "/api/0/auth/", "{path}: {status} {body:?}");
        bytes = body.len();
        // The first few find caches cold.
        if round >= 5 {
            times.push(elapsed.as_secs_f64() * 1000.0);
        }
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok((times, bytes))
}
