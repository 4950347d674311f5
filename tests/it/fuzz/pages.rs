//! The pages and answers that show an event, whatever it is.

use picket::base::EventId;
use picket::infra::compression::compress;
use picket::protocol::event::Event;
use picket::protocol::lenient::Problems;

use super::targets::mutated_event;
use super::{fuzz, mutate::Chance};
use crate::api::program::{Program, server};
use crate::support::corpus::events;
use crate::web::browser::{Browser, create_user};

/// A script that some mutations put into texts; on a page it is escaped.
const SCRIPT: &str = "<script>alert(1)</script>";

const ADA: &str = "ada@example.com";

#[test]
fn any_stored_event_is_shown() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let app = runtime.block_on(server());
    let (browser, issue) = runtime.block_on(async {
        create_user(&app, ADA).await;
        let project = app.create_project("Shop").await;
        let body = "{}\n{\"type\":\"event\"}\n{\"message\":\"hi\"}\n";
        assert_eq!(app.send_envelope(&project, body).await.status(), 200);
        app.settle().await;
        let issue: i64 =
            sqlx::query_scalar("SELECT id FROM issues").fetch_one(&app.app.db).await.unwrap();
        (Browser::signed_in(&app, ADA).await, issue)
    });
    let program = runtime.block_on(Program::reading(&app));
    let browser = tokio::sync::Mutex::new(browser);
    let corpus = events();
    let bytes: Vec<_> = corpus.iter().map(|event| event.bytes.clone()).collect();
    let facts = corpus[0].facts.clone();
    let make = |chance: &mut Chance| mutated_event(chance, &corpus, &bytes);
    fuzz("pages", make, |json| {
        let problems = Problems::default();
        let Ok(Some(mut event)) = Event::read(json, &problems) else { return };
        if picket::pipeline::stages::normalize(&mut event, &facts, problems).is_err() {
            return;
        }
        event.event_id = Some(EventId::random().to_string());
        let packed = compress(&serde_json::to_vec(&event).unwrap(), None);
        runtime.block_on(async {
            let update = sqlx::query("UPDATE events SET payload = $1").bind(packed);
            update.execute(&app.app.db).await.unwrap();
            let mut browser = browser.lock().await;
            let page = browser.get(&format!("/default/issues/{issue}/")).await;
            let page = page.expect_page();
            assert!(!page.contains(SCRIPT), "a text became a script");
            program.read(&format!("/issues/{issue}/events/latest/")).await;
        });
    });
    runtime.block_on(app.stop());
}
