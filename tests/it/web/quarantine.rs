//! What could not be digested, as the owner sees it.

use picket::domain::accounts::NewUser;
use picket::domain::organizations;
use reqwest::StatusCode;

use super::browser::{Browser, between, create_user};
use super::projects::create_organization;
use crate::support::{TestApp, TestProject};

const ADA: &str = "ada@example.com";
const PAGE: &str = "/default/settings/quarantine";

fn envelope(title: &str) -> String {
    let event =
        serde_json::json!({"exception": [{"type": title, "value": "<script>alert(1)</script>"}]});
    format!(
        "{{\"event_id\":\"{}\"}}\n{{\"type\":\"event\"}}\n{event}\n",
        uuid::Uuid::new_v4().simple()
    )
}

/// Makes the database refuse events of this title, as a bug of ours would.
async fn poison(app: &TestApp, title: &str) {
    let statement =
        format!("ALTER TABLE events ADD CONSTRAINT poison CHECK (title NOT LIKE '{title}%')");
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&app.app.db).await.unwrap();
}

async fn mend(app: &TestApp) {
    sqlx::query("ALTER TABLE events DROP CONSTRAINT poison").execute(&app.app.db).await.unwrap();
}

async fn send(app: &TestApp, project: &TestProject, body: &str) {
    assert_eq!(app.send_envelope(project, body.to_owned()).await.status(), StatusCode::OK);
    app.settle().await;
}

/// The names on the page.
fn names(page: &str) -> Vec<String> {
    let name = |part: &str| part.split('"').next().unwrap().to_owned();
    page.split("<section class=\"key\" aria-labelledby=\"").skip(1).map(name).collect()
}

async fn outcomes(app: &TestApp) -> Vec<(String, String, i64)> {
    sqlx::query_as(
        "SELECT outcome, reason, sum(quantity)::bigint FROM outcomes GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .fetch_all(&app.app.db)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_envelope_that_is_refused_is_shown_tried_again_and_stored_when_the_fault_is_mended() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    assert!(browser.get(PAGE).await.expect_page().contains("Nothing had to be set aside"));
    assert!(
        browser
            .get("/default/settings")
            .await
            .expect_page()
            .contains("Nothing had to be set aside")
    );
    poison(&app, "Poison").await;
    let poisoned = envelope("Poison");

    send(&app, &project, &poisoned).await;
    send(&app, &project, &envelope("KeyError")).await;

    let stored: Vec<String> =
        sqlx::query_scalar("SELECT title FROM events").fetch_all(&app.app.db).await.unwrap();
    assert_eq!(stored.len(), 1, "the flow goes on: {stored:?}");
    let counted = |accepted| {
        let row =
            |outcome: &str, reason: &str, count| (outcome.to_owned(), reason.to_owned(), count);
        [row("accepted", "", accepted), row("invalid", "internal", 1)]
    };
    assert_eq!(outcomes(&app).await, counted(1));
    let page = browser.get(PAGE).await;
    let first = names(page.expect_page());
    assert_eq!(first.len(), 1, "{}", page.body);
    assert!(page.body.contains("the database refuses it") && page.body.contains("<dd>Shop</dd>"));
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    let settings = browser.get("/default/settings").await;
    assert!(settings.expect_page().contains("1 in quarantine"));

    let download = browser.get(&format!("{PAGE}/{}/download", first[0])).await;
    assert_eq!(download.expect_page(), poisoned);
    assert_eq!(download.header("content-type"), "application/octet-stream");
    let name = format!("attachment; filename=\"{}.envelope\"", first[0]);
    assert_eq!(download.header("content-disposition"), name);
    assert_eq!(download.header("x-content-type-options"), "nosniff");

    // Nothing is mended yet: it comes back under another name, once.
    browser.get(PAGE).await;
    let tried = browser.post(&format!("{PAGE}/{}/retry", first[0]), &[]).await;
    assert_eq!(tried.expect_redirect(), PAGE);
    app.settle().await;
    let page = browser.get(PAGE).await;
    assert!(page.expect_page().contains("It is on its way."));
    let second = names(&page.body);
    assert_eq!(second.len(), 1);
    assert_ne!(first, second);
    assert_eq!(outcomes(&app).await, counted(1), "it is lost once, however often it was tried");

    mend(&app).await;
    browser.post(&format!("{PAGE}/{}/retry", second[0]), &[]).await.expect_redirect();
    app.settle().await;
    assert!(browser.get(PAGE).await.expect_page().contains("Nothing had to be set aside"));
    assert!(browser.get("/default/issues").await.expect_page().contains("Poison"));
    let exact = [("accepted".to_owned(), String::new(), 2)];
    assert_eq!(outcomes(&app).await, exact, "two were acknowledged, two are stored");
    let left = std::fs::read_dir(app.data_dir().join("quarantine")).unwrap().count();
    assert_eq!(left, 0);
    app.stop().await;
}

#[tokio::test]
async fn one_that_was_handed_back_twice_is_counted_once_as_is_one_that_its_client_sent_again() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    poison(&app, "Poison").await;
    // Something that is lost for good in the same hour, which nobody may take back.
    send(&app, &project, &envelope("Poison for good")).await;
    let poisoned = envelope("Poison");
    send(&app, &project, &poisoned).await;
    mend(&app).await;
    let page = browser.get(PAGE).await;
    let name = names(page.expect_page()).remove(0);
    let directory = app.data_dir().join("quarantine");
    let files: Vec<_> = ["json", "envelope"]
        .map(|ending| directory.join(format!("{name}.{ending}")))
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .into();

    browser.post(&format!("{PAGE}/{name}/retry"), &[]).await.expect_redirect();
    app.settle().await;
    let row = |outcome: &str, reason: &str, count| (outcome.to_owned(), reason.to_owned(), count);
    let after_one = [row("accepted", "", 1), row("invalid", "internal", 1)];
    assert_eq!(outcomes(&app).await, after_one);
    // As if the server had ended before it was deleted.
    for (path, bytes) in files {
        std::fs::write(path, bytes).unwrap();
    }
    browser.get(PAGE).await;
    browser.post(&format!("{PAGE}/{name}/retry"), &[]).await.expect_redirect();
    app.settle().await;
    assert_eq!(outcomes(&app).await, after_one);

    send(&app, &project, &poisoned).await;
    let sent_again =
        [row("accepted", "", 1), row("invalid", "duplicate", 1), row("invalid", "internal", 1)];
    assert_eq!(outcomes(&app).await, sent_again, "three were acknowledged");
    app.stop().await;
}

#[tokio::test]
async fn it_is_deleted_only_by_a_form_of_the_page() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    poison(&app, "Poison").await;
    send(&app, &project, &envelope("Poison")).await;
    let page = browser.get(PAGE).await;
    let name = names(page.expect_page()).remove(0);
    let delete = format!("{PAGE}/{name}/delete");
    assert!(between(&page.body, &format!("action=\"{delete}\""), "</form>").is_some());

    assert_eq!(browser.get(&delete).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let forged = browser.post_as_is(&delete, &[("csrf", "made up")], &[]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(names(browser.get(PAGE).await.expect_page()), [name]);
    browser.post(&delete, &[]).await.expect_redirect();
    let page = browser.get(PAGE).await;
    assert!(page.expect_page().contains("It is deleted."));
    assert!(page.body.contains("Nothing had to be set aside"));
    assert_eq!(browser.post(&delete, &[]).await.status, StatusCode::NOT_FOUND, "it is gone");
    app.stop().await;
}

#[tokio::test]
async fn only_owners_see_it_and_only_what_was_sent_to_their_projects() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let project = app.create_project("Shop").await;
    poison(&app, "Poison").await;
    send(&app, &project, &envelope("Poison")).await;
    let mut ada = Browser::signed_in(&app, ADA).await;
    let name = names(ada.get(PAGE).await.expect_page()).remove(0);

    create_user(&app, "bob@example.com").await;
    let mut bob = Browser::signed_in(&app, "bob@example.com").await;
    let settings = bob.get("/default/settings").await;
    assert!(!settings.expect_page().contains("Quarantine"), "a member who is no owner");
    for path in [PAGE.to_owned(), format!("{PAGE}/{name}/download")] {
        assert_eq!(bob.get(&path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    bob.get("/default/settings").await;
    for verb in ["retry", "delete"] {
        let answer = bob.post(&format!("{PAGE}/{name}/{verb}"), &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{verb}");
    }

    let slug = create_organization(&app, "other").await.slug;
    let eve = NewUser::parse("eve@example.com", "", super::browser::PASSWORD).unwrap();
    organizations::create_member(&app.app, eve, Some(&slug)).await.unwrap();
    let mut eve = Browser::signed_in(&app, "eve@example.com").await;
    let page = eve.get("/other/settings/quarantine").await;
    assert!(page.expect_page().contains("Nothing had to be set aside"), "the owner of another one");
    let stolen = eve.get(&format!("/other/settings/quarantine/{name}/download")).await;
    assert_eq!(stolen.status, StatusCode::NOT_FOUND);
    assert_eq!(names(ada.get(PAGE).await.expect_page()), [name]);
    app.stop().await;
}

#[tokio::test]
async fn a_name_that_is_not_listed_leads_nowhere() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let directory = app.data_dir().join("quarantine");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("notes.envelope"), "beside no reason").unwrap();
    std::fs::write(app.data_dir().join("secret.json"), "{}").unwrap();
    std::fs::write(app.data_dir().join("secret.envelope"), "outside").unwrap();

    browser.get("/default/settings").await;
    for name in ["notes", "..%2Fsecret", "%2e%2e%2fsecret", "..", "%00", "lane-0-1"] {
        let download = browser.get(&format!("{PAGE}/{name}/download")).await;
        assert_eq!(download.status, StatusCode::NOT_FOUND, "{name}");
        let delete = browser.post(&format!("{PAGE}/{name}/delete"), &[]).await;
        assert_eq!(delete.status, StatusCode::NOT_FOUND, "{name}");
    }
    assert!(app.data_dir().join("secret.json").exists());
    app.stop().await;
}

#[tokio::test]
async fn an_event_that_is_no_json_is_counted_as_invalid_and_kept_to_look_at() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    send(&app, &project, "{}\n{\"type\":\"event\"}\n{\"message\": <b>no\n").await;

    assert_eq!(outcomes(&app).await, [("invalid".to_owned(), "invalid_json".to_owned(), 1)]);
    let page = browser.get(PAGE).await;
    let names = names(page.expect_page());
    assert_eq!(names.len(), 1);
    assert!(page.body.contains("is not JSON"), "{}", page.body);
    assert!(!page.body.contains("Try again"), "it would stay what it is");
    let bytes = browser.get(&format!("{PAGE}/{}/download", names[0])).await;
    assert!(bytes.body.contains("{\"message\": <b>no"), "{}", bytes.body);
    let retry = format!("{PAGE}/{}/retry", names[0]);
    assert_eq!(browser.post(&retry, &[]).await.status, StatusCode::NOT_FOUND);
    app.stop().await;
}
