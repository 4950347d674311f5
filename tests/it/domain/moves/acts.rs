//! Single acts, and what must come of them.

use picket::base::IssueId;
use picket::domain::Error;
use picket::domain::issues::moves::{self, ActKind};
use picket::domain::issues::{self, Scope, Status};

use super::{Place, World, world};
use crate::support::TestApp;

/// Two issues, each with an event.
async fn two(app: &TestApp) -> (World<'_>, IssueId, IssueId) {
    let mut world = world(app, "Shop").await;
    world.send(&[(0, None, 0, None), (0, None, 0, None), (1, None, 1, None)]).await;
    let issues = world.model.issues();
    (world, issues[0], issues[1])
}

async fn state(app: &TestApp, id: IssueId) -> (Status, Option<IssueId>) {
    let mut db = app.app.db.acquire().await.unwrap();
    let issue = issues::find(&mut db, id).await.unwrap().unwrap();
    (issue.status, issue.merged_into)
}

#[tokio::test]
async fn an_issue_that_waits_for_somebody_makes_the_merged_one_wait_and_undoing_brings_both_back() {
    let app = TestApp::start().await;
    let (world, one, other) = two(&app).await;
    issues::resolve(&app.app, &world.scope, &[one], issues::Resolution::Now, None).await.unwrap();

    let act = moves::merge(&app.app, world.actor(), &[one, other], None).await.unwrap();
    assert_eq!((act.kind, act.issue, act.is_reopened), (ActKind::Merge, one, true));
    assert_eq!(state(&app, one).await, (Status::Unresolved, None));
    assert_eq!(state(&app, other).await.1, Some(one), "it leads to where its events are");

    moves::undo(&app.app, world.actor(), world.project, act.id).await.unwrap();
    assert_eq!(state(&app, one).await, (Status::Resolved, None));
    assert_eq!(state(&app, other).await, (Status::Unresolved, None));
    app.stop().await;
}

#[tokio::test]
async fn what_was_decided_about_a_merged_issue_holds_for_those_that_are_taken_out() {
    let app = TestApp::start().await;
    let (world, one, other) = two(&app).await;
    moves::merge(&app.app, world.actor(), &[one, other], None).await.unwrap();
    let resolved = issues::Resolution::Now;
    issues::resolve(&app.app, &world.scope, &[one], resolved, None).await.unwrap();
    moves::take_out(&app.app, world.actor(), one, &[other]).await.unwrap();
    assert_eq!(state(&app, other).await, (Status::Resolved, None));
    app.stop().await;
}

#[tokio::test]
async fn issues_of_others_and_of_other_projects_are_not_merged() {
    let app = TestApp::start().await;
    let (mut here, one, other) = two(&app).await;
    let mut there = world(&app, "Elsewhere").await;
    there.send(&[(0, None, 0, None)]).await;
    let foreign = there.model.issues()[0];
    let across = moves::merge(&app.app, here.actor(), &[one, foreign], None).await;
    assert!(matches!(across, Err(Error::Invalid { field: "issue", .. })));

    here.scope = Scope { projects: vec![there.project], ..here.scope.clone() };
    let outside = moves::merge(&app.app, here.actor(), &[one, other], None).await;
    assert!(matches!(outside, Err(Error::NotFound)));
    assert_eq!(state(&app, other).await.1, None);
    app.stop().await;
}

#[tokio::test]
async fn events_that_arrive_while_an_issue_is_merged_go_back_with_it() {
    let app = TestApp::start().await;
    let (mut world, one, other) = two(&app).await;
    let act = moves::merge(&app.app, world.actor(), &[one, other], None).await.unwrap();
    let parts = world.model.parts(other);
    let to = Place { issue: one, home: other };
    world.model.moved(&act, parts.into_iter().map(|part| (part, to)).collect());
    world.send(&[(1, None, 3, None), (1, Some(0), 4, None)]).await;
    world.check().await;
    world.take_out(0, 1).await;
    world.check().await;
    assert_eq!(world.model.events(other).len(), 3);
    app.stop().await;
}

#[tokio::test]
async fn an_act_leaves_alone_what_else_is_in_the_homes_of_the_parts_it_moves() {
    let app = TestApp::start().await;
    let mut world = world(&app, "Shop").await;
    world.send(&[0, 0, 0, 1, 2, 3].map(|hash| (hash, None, 0, None))).await;
    // The second issue gets the third, then gives its own part to the first: it is that part's home.
    world.merge(&[1, 2]).await;
    world.move_part(1, 0, 0).await;
    world.check().await;
    world.merge(&[0, 2]).await;
    world.check().await;
    assert_eq!(world.model.issues().len(), 2);
    app.stop().await;
}
