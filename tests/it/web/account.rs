//! One's own account.

use picket::domain::accounts::{Scope, tokens};
use reqwest::StatusCode;

use super::browser::{Browser, PASSWORD, between, create_user};
use crate::support::TestApp;

const ADA: &str = "ada@example.com";
const EDGE: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                    Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0";

async fn app_with_ada() -> TestApp {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    app
}

#[tokio::test]
async fn name_and_address_can_be_changed_and_are_signed_in_with_from_then_on() {
    let app = app_with_ada().await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    browser.get("/account").await;
    let fields = [("name", "Ada L."), ("email", " Ada@New.example ")];
    assert_eq!(browser.post("/account/profile", &fields).await.expect_redirect(), "/account");
    let page = browser.get("/account").await;
    assert!(page.expect_page().contains("Saved."));
    assert!(page.body.contains("value=\"Ada L.\""));
    Browser::new(&app).sign_in("ada@new.example", PASSWORD).await.expect_redirect();
    app.stop().await;
}

#[tokio::test]
async fn an_address_that_somebody_has_is_refused_at_its_field() {
    let app = app_with_ada().await;
    create_user(&app, "bob@example.com").await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    browser.get("/account").await;
    let fields = [("name", "Ada"), ("email", "BOB@example.com")];
    let answer = browser.post("/account/profile", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("Somebody has an account with this address."));
    assert!(answer.body.contains("value=\"BOB@example.com\""));
    app.stop().await;
}

#[tokio::test]
async fn a_new_password_signs_out_every_other_browser() {
    let app = app_with_ada().await;
    let mut here = Browser::signed_in(&app, ADA).await;
    let mut there = Browser::signed_in(&app, ADA).await;
    here.get("/account").await;

    let wrong = [("current_password", "wrong password"), ("new_password", "another sentence")];
    let answer = here.post("/account/password", &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("This is not your present password."));
    there.get("/account").await.expect_page();

    let right = [("current_password", PASSWORD), ("new_password", "another sentence")];
    here.post("/account/password", &right).await.expect_redirect();
    here.get("/account").await.expect_page();
    there.get("/account").await.expect_redirect();
    let answer = Browser::new(&app).sign_in(ADA, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    Browser::new(&app).sign_in(ADA, "another sentence").await.expect_redirect();
    app.stop().await;
}

#[tokio::test]
async fn whoever_took_over_a_session_does_not_find_the_password_with_it() {
    let app = app_with_ada().await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    browser.get("/account").await;
    for _ in 0..5 {
        let wrong = [("current_password", "wrong password"), ("new_password", "another sentence")];
        let answer = browser.post("/account/password", &wrong).await;
        assert!(answer.body.contains("This is not your present password."));
    }
    let right = [("current_password", PASSWORD), ("new_password", "another sentence")];
    let answer = browser.post("/account/password", &right).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("There were too many attempts."));
    Browser::new(&app).sign_in(ADA, PASSWORD).await.expect_redirect();
    app.stop().await;
}

#[tokio::test]
async fn browsers_are_listed_in_words_and_can_be_signed_out_one_by_one() {
    let app = app_with_ada().await;
    let mut other = Browser::new(&app).called(EDGE);
    other.sign_in(ADA, PASSWORD).await.expect_redirect();
    let mut browser = Browser::signed_in(&app, ADA).await;
    let page = browser.get("/account").await;
    let page = page.expect_page();
    assert!(page.contains("Firefox on Linux"));
    assert!(page.contains("This one"));
    let row = page.split("<tr>").find(|row| row.contains("Edge on Windows")).unwrap();
    assert!(!row.contains("This one"));

    let end = between(row, "action=\"", "\"").unwrap();
    assert_eq!(browser.post(end, &[]).await.expect_redirect(), "/account");
    other.get("/account").await.expect_redirect();
    let page = browser.get("/account").await;
    assert!(!page.expect_page().contains("Edge on Windows"));
    // It is gone for good.
    assert_eq!(browser.post(end, &[]).await.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test]
async fn all_other_browsers_can_be_signed_out_at_once() {
    let app = app_with_ada().await;
    let mut others = [Browser::signed_in(&app, ADA).await, Browser::signed_in(&app, ADA).await];
    let mut browser = Browser::signed_in(&app, ADA).await;
    browser.get("/account").await;
    browser.post("/account/sessions/end-others", &[]).await.expect_redirect();
    let page = browser.get("/account").await;
    assert!(page.expect_page().contains("Signed out 2 browsers."));
    for other in &mut others {
        other.get("/account").await.expect_redirect();
    }
    app.stop().await;
}

#[tokio::test]
async fn nobody_signs_out_the_browser_of_somebody_else() {
    let app = app_with_ada().await;
    create_user(&app, "bob@example.com").await;
    let mut ada = Browser::signed_in(&app, ADA).await;
    let mut bob = Browser::signed_in(&app, "bob@example.com").await;
    let page = ada.get("/account").await;
    let end = between(page.expect_page(), "action=\"/account/sessions/", "\"").unwrap();
    bob.get("/account").await;
    let answer = bob.post(&format!("/account/sessions/{end}"), &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    ada.get("/account").await.expect_page();
    app.stop().await;
}

#[tokio::test]
async fn a_token_is_shown_once_works_with_its_scopes_and_ends_when_revoked() {
    let app = app_with_ada().await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    browser.get("/account").await;
    let fields = [
        ("token_name", "Deploys"),
        ("organization", "default"),
        ("scopes", "event:write"),
        ("scopes", "org:read"),
    ];
    let answer = browser.post("/account/tokens", &fields).await;
    let text = between(answer.expect_page(), "id=\"new-token\">", "<").unwrap().to_owned();
    assert!(text.starts_with("sntryu_"), "{text}");
    let token = tokens::authenticate(&app.app, &text).await.unwrap().unwrap();
    assert!(token.scopes.allows(Scope::EVENT_READ));
    assert!(!token.scopes.allows(Scope::PROJECT_READ));
    assert_eq!(token.organization_id, app.organization);

    let page = browser.get("/account").await;
    let page = page.expect_page();
    assert!(!page.contains(&text));
    assert!(page.contains(&text[text.len() - 4..]));
    let revoke = between(page, "action=\"/account/tokens/", "\"").unwrap();
    browser.post(&format!("/account/tokens/{revoke}"), &[]).await.expect_redirect();
    assert_eq!(tokens::authenticate(&app.app, &text).await.unwrap(), None);
    app.stop().await;
}

#[tokio::test]
async fn a_token_for_nothing_or_for_another_organization_is_not_made() {
    let app = app_with_ada().await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    browser.get("/account").await;
    let nothing = [("token_name", "Deploys"), ("organization", "default")];
    let answer = browser.post("/account/tokens", &nothing).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("Choose at least one scope"));
    assert!(answer.body.contains("value=\"Deploys\""));

    super::projects::create_organization(&app, "other").await;
    let foreign = [("token_name", "x"), ("organization", "other"), ("scopes", "org:read")];
    let answer = browser.post("/account/tokens", &foreign).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test]
async fn sentry_cli_login_is_led_to_the_tokens() {
    let app = app_with_ada().await;
    let mut browser = Browser::new(&app);
    let path = "/orgredirect/organizations/:orgslug/settings/auth-tokens/";
    assert_eq!(browser.get(path).await.expect_redirect(), "/account#tokens");
    app.stop().await;
}
