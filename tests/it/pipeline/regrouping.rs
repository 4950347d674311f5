//! Issues that follow a change of grouping in the background, whatever comes in between.

use chrono::TimeDelta;
use picket::base::UserId;
use picket::domain::grouping_rules::{self, GroupingSettings};
use picket::domain::issues::regroupings::{self, Phase, Regrouping};
use picket::domain::{Error, organizations};
use picket::pipeline::regrouping;
use serde_json::{Value, json};

use crate::api::program::{error, error_with, send, server};
use crate::support::{TestApp, TestProject};
use crate::web::browser::create_user;

/// A project with some issues, and somebody who changes its rules.
struct Scene {
    app: TestApp,
    project: TestProject,
    ada: UserId,
}

impl Scene {
    async fn begin(events: &[Value]) -> Self {
        let app = server().await;
        let organization = create_user(&app, "ada@example.com").await;
        let mut db = app.app.db.acquire().await.unwrap();
        let people = organizations::store::list_people(&mut db, organization.id).await.unwrap();
        drop(db);
        let project = app.create_project("Shop").await;
        send(&app, &project, events).await;
        Self { app, project, ada: people[0].id }
    }

    /// Has the issues follow fingerprint rules, as far as that goes by itself.
    async fn follow(&self, rules: &str) {
        let settings =
            GroupingSettings { fingerprint_rules: rules.to_owned(), ..GroupingSettings::default() };
        regroupings::begin(&self.app.app, self.project.id, settings, self.ada).await.unwrap();
    }

    async fn latest(&self) -> Regrouping {
        let mut db = self.app.app.db.acquire().await.unwrap();
        regroupings::latest(&mut db, self.project.id).await.unwrap().unwrap()
    }

    /// Waits until nothing goes on any more.
    async fn settled(&self) -> Regrouping {
        loop {
            regrouping::go_on(&self.app.app).await.unwrap();
            let latest = self.latest().await;
            if !latest.phase.is_under_way() {
                return latest;
            }
        }
    }

    /// The events of each issue that has any, by number.
    async fn counts(&self) -> Vec<i64> {
        sqlx::query_scalar("SELECT event_count FROM issues WHERE part_count > 0 ORDER BY id")
            .fetch_all(&self.app.app.db)
            .await
            .unwrap()
    }

    /// Has an event arrive when the pipeline knows the new settings.
    async fn sees(&self, event: Value) {
        self.app.app.clock.advance(TimeDelta::seconds(10));
        send(&self.app, &self.project, &[event]).await;
    }

    /// Makes the database refuse what looking writes about parts from the `first` on.
    async fn refuse_from(&self, first: i64) {
        let statements = format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 IF new.part_id & 4294967295 >= {first} THEN RAISE 'refused'; END IF;
                 RETURN new;
             END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON regrouping_hashes
             FOR EACH ROW EXECUTE FUNCTION refuse();"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&self.app.app.db).await.unwrap();
    }

    async fn refuse_no_more(&self) {
        sqlx::raw_sql("DROP FUNCTION refuse CASCADE").execute(&self.app.app.db).await.unwrap();
    }
}

/// An error in a function of its own.
fn error_in(function: &str) -> Value {
    let frames = json!([{"function": function, "module": "shop", "in_app": true}]);
    error_with(
        "TimeoutError",
        &json!({"exception": {"values": [
            {"type": "TimeoutError", "value": "late", "stacktrace": {"frames": frames}}]}}),
    )
}

#[tokio::test]
async fn every_issue_follows_and_a_fault_in_between_costs_nothing_but_time() {
    // More than are looked at before that is committed.
    let events: Vec<Value> = (0..30).map(|number| error_in(&format!("step_{number}"))).collect();
    let scene = Scene::begin(&events).await;
    assert_eq!(scene.counts().await, [1; 30]);
    scene.refuse_from(27).await;
    scene.follow("type:TimeoutError -> late").await;
    let mut half = scene.latest().await;
    while half.seen_count < 25 {
        // It fails behind the first page, here or in the background.
        let _ = regrouping::go_on(&scene.app.app).await;
        half = scene.latest().await;
    }
    assert_eq!((half.phase, half.seen_count, half.part_count), (Phase::Looking, 25, 30));
    assert_eq!(scene.counts().await, [1; 30], "nothing is changed while it looks");

    scene.refuse_no_more().await;
    let done = scene.settled().await;
    assert_eq!((done.phase, done.seen_count, done.moved_count), (Phase::Done, 30, 29));
    assert_eq!(scene.counts().await, [30]);
    scene.sees(error_in("another")).await;
    assert_eq!(scene.counts().await, [31], "new events find the issue");

    regroupings::undo(&scene.app.app, scene.project.id).await.unwrap();
    assert_eq!(scene.settled().await.phase, Phase::Undone);
    let mut counts = scene.counts().await;
    counts.sort_unstable();
    assert_eq!((counts.len(), counts[29]), (30, 2), "the new event stays with the part it found");
    scene.app.stop().await;
}

#[tokio::test]
async fn what_is_under_way_can_be_stopped_and_nothing_else_begins_meanwhile() {
    let scene = Scene::begin(&[error_in("pay"), error_in("ship")]).await;
    scene.refuse_from(0).await;
    scene.follow("type:TimeoutError -> late").await;
    let settings = GroupingSettings::default();
    let (app, project) = (&scene.app.app, scene.project.id);
    let second = regroupings::begin(app, project, settings, scene.ada).await.unwrap_err();
    assert!(matches!(&second, Error::Conflict(words) if words.contains("stop it")), "{second}");
    let nothing = regroupings::undo(app, project).await.unwrap_err();
    assert!(matches!(nothing, Error::Conflict(_)), "{nothing}");

    regroupings::stop(app, project).await.unwrap();
    scene.refuse_no_more().await;
    assert_eq!(scene.settled().await.phase, Phase::Stopped);
    assert_eq!(scene.counts().await, [1, 1]);
    let mut db = app.db.acquire().await.unwrap();
    let stored = grouping_rules::find(&mut db, project).await.unwrap();
    drop(db);
    assert_eq!(stored, GroupingSettings::default());
    scene.app.stop().await;
}

#[tokio::test]
async fn settings_that_somebody_changed_meanwhile_are_not_overwritten() {
    let scene = Scene::begin(&[error_in("pay"), error_in("ship")]).await;
    scene.refuse_from(0).await;
    scene.follow("type:TimeoutError -> late").await;
    let (app, project) = (&scene.app.app, scene.project.id);
    let theirs = GroupingSettings {
        fingerprint_rules: "type:KeyError -> key".to_owned(),
        ..GroupingSettings::default()
    };
    grouping_rules::set(app, project, theirs.clone(), None).await.unwrap();
    scene.refuse_no_more().await;
    let failed = scene.settled().await;
    assert_eq!(failed.phase, Phase::Failed);
    assert!(failed.problem.unwrap().contains("changed meanwhile"));
    let mut db = app.db.acquire().await.unwrap();
    assert_eq!(grouping_rules::find(&mut db, project).await.unwrap(), theirs);
    drop(db);
    assert_eq!(scene.counts().await, [2]);
    regroupings::undo(app, project).await.unwrap();
    scene.settled().await;
    assert_eq!(scene.counts().await, [1, 1]);
    scene.app.stop().await;
}

#[tokio::test]
async fn an_issue_that_rules_tell_apart_stays_whole_and_goes_on_with_most_of_its_events() {
    let late = |value: &str| {
        let mut event = error_in("call");
        event["exception"]["values"][0]["value"] = value.into();
        event
    };
    let scene = Scene::begin(&[late("the till"), late("the till"), late("the stock")]).await;
    assert_eq!(scene.counts().await, [3]);
    scene.follow("value:*till* -> till\nvalue:*stock* -> stock").await;
    assert_eq!(scene.settled().await.phase, Phase::Done);
    assert_eq!(scene.counts().await, [3]);
    scene.sees(late("the till again")).await;
    assert_eq!(scene.counts().await, [4]);
    scene.sees(late("the stock again")).await;
    assert_eq!(scene.counts().await, [4, 1]);
    scene.app.stop().await;
}

#[tokio::test]
async fn a_fingerprint_that_goes_over_to_other_errors_leads_to_those() {
    let scene = Scene::begin(&[]).await;
    scene.follow("type:KeyError -> vital").await;
    scene.settled().await;
    for event in [error("KeyError"), error("ValueError"), error("ValueError")] {
        scene.sees(event).await;
    }
    assert_eq!(scene.counts().await, [1, 2]);
    scene.follow("type:ValueError -> vital\ntype:KeyError -> key").await;
    assert_eq!(scene.settled().await.moved_count, 0);
    scene.sees(error("KeyError")).await;
    scene.sees(error("ValueError")).await;
    assert_eq!(scene.counts().await, [2, 3], "each finds its issue");

    regroupings::undo(&scene.app.app, scene.project.id).await.unwrap();
    scene.settled().await;
    let settings = GroupingSettings {
        fingerprint_rules: "type:KeyError -> vital".to_owned(),
        ..GroupingSettings::default()
    };
    grouping_rules::set(&scene.app.app, scene.project.id, settings, None).await.unwrap();
    scene.sees(error("KeyError")).await;
    assert_eq!(scene.counts().await, [3, 3], "the fingerprint leads where it did");
    scene.app.stop().await;
}
