//! The browser client, on a page in headless Chromium.

use insta::assert_snapshot;

use super::outline::outline;
use super::{programs, run};
use crate::chromium::browser;
use crate::support::{TestApp, requirement};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_browser_client_reports_becomes_issues() {
    let Some(browser) = browser() else { return };
    if !browser.modules.join("@sentry/browser").is_dir()
        || !browser.modules.join("esbuild").is_dir()
    {
        requirement::skip("sdk", "no `@sentry/browser` and `esbuild` in PICKET_TEST_NODE_MODULES");
        return;
    }
    let app = TestApp::start().await;
    let project = app.create_project("Web").await;
    let program = programs().join("errors_browser.mjs");

    let chromium = browser.chromium.to_str().unwrap();
    run("node", &[program.to_str().unwrap(), &project.dsn, chromium]).await;
    app.settle().await;

    assert_snapshot!(outline(&app).await, @r#"
    error | TypeError: Cannot read properties of null (reading 'reduce') | totalOf(shop) | unhandled, 1 events, 1 users
      tags shop=north, environment=production, release=web@5.0.1, user=id:9
      exception TypeError | Cannot read properties of null (reading 'reduce') | auto.browser.browserapierrors.addEventListener, handled false
        totalOf shop.js:null `` []
        HTMLButtonElement.look shop.js:null `` []
      request null http://127.0.0.1/ [["from","mail"]] null
      breadcrumb info | ui.click | body > main#cart > button#look 

    error | TypeError: Cannot read properties of undefined (reading 'items') | totalOf(shop) | unhandled, 1 events, 1 users
      tags shop=north, environment=production, release=web@5.0.1, user=id:9
      exception TypeError | Cannot read properties of undefined (reading 'items') | auto.browser.global_handlers.onunhandledrejection, handled false
        totalOf shop.js:null `` []
        HTMLButtonElement.pay shop.js:null `` []
      request null http://127.0.0.1/ [["from","mail"]] null
      breadcrumb info | ui.click | body > main#cart > button#look 
      breadcrumb error | sentry.event | TypeError: Cannot read properties of null (reading 'reduce') 
      breadcrumb info | ui.click | body > main#cart > button#pay.primary 
      breadcrumb warning | console | the cart is old 
      breadcrumb info | fetch | null GET 200 /cart.json?x=1
    "#);
    app.stop().await;
}
