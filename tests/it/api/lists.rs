//! Lists in pages.

use serde_json::{Value, json};

use super::program::{PUBLIC_URL, Program, column, error_with, send, server};
use crate::support::{TestApp, TestProject};

/// An issue that was seen last in this minute.
fn seen(title: &str, minute: usize) -> Value {
    let at = format!("2026-11-22T14:{minute:02}:00Z");
    error_with(title, &json!({ "timestamp": at, "environment": "a,b" }))
}

/// Seven issues, `E1` being the one that was seen first.
async fn seven() -> (TestApp, TestProject) {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let events: Vec<Value> = (1..=7).map(|n| seen(&format!("E{n}"), n)).collect();
    send(&app, &project, &events).await;
    (app, project)
}

fn titles(rows: &Value) -> Vec<String> {
    column(rows, "title").iter().map(|title| title.split(':').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn issues_are_walked_to_the_end_and_back_while_others_arrive() {
    let (app, project) = seven().await;
    let program = Program::reading(&app).await;
    let base = "/organizations/default/issues/?query=&limit=3";
    let page = async |cursor: &str| program.get(&format!("{base}&cursor={cursor}")).await;

    let first = page("").await;
    assert_eq!(titles(&first.body), ["E7", "E6", "E5"]);
    assert!(!first.link("previous").1 && first.link("next").1);
    assert_eq!(
        (&first.headers["x-hits"], &first.headers["x-max-hits"]),
        (&"7".parse().unwrap(), &"1000".parse().unwrap())
    );

    send(&app, &project, &[seen("E8", 30)]).await;
    let second = page(&first.link("next").0).await;
    assert_eq!(titles(&second.body), ["E4", "E3", "E2"]);
    let third = page(&second.link("next").0).await;
    assert_eq!(titles(&third.body), ["E1"]);
    assert!(third.link("previous").1 && !third.link("next").1);
    assert_eq!(third.headers["x-hits"], "8");
    let end = page(&third.link("next").0).await;
    assert_eq!(end.body, json!([]));
    assert!(!end.link("next").1);

    let back = page(&third.link("previous").0).await;
    assert_eq!(titles(&back.body), ["E4", "E3", "E2"]);
    let back = page(&back.link("previous").0).await;
    assert_eq!(titles(&back.body), ["E7", "E6", "E5"]);
    assert!(back.link("previous").1, "E8 is before");
    let newest = page(&back.link("previous").0).await;
    assert_eq!(titles(&newest.body), ["E8"]);
    assert!(!newest.link("previous").1 && newest.link("next").1);
    let beyond = page(&newest.link("previous").0).await;
    assert_eq!(beyond.body, json!([]));
    assert_eq!(titles(&page(&beyond.link("next").0).await.body), ["E8", "E7", "E6"]);
}

#[tokio::test]
async fn every_order_shows_each_issue_once() {
    let (app, project) = seven().await;
    for (title, events) in [("E2", 3), ("E5", 3), ("E6", 1)] {
        let again: Vec<Value> = (0..events).map(|_| seen(title, 8)).collect();
        send(&app, &project, &again).await;
    }
    let program = Program::reading(&app).await;
    for sort in [
        "date",
        "new",
        "freq",
        "user",
        "recommended",
        "freq&statsPeriod=24h",
        "freq&environment=a%2Cb",
    ] {
        let mut cursor = String::new();
        let mut found = Vec::new();
        loop {
            let path = format!(
                "/projects/default/shop/issues/?query=&per_page=2&sort={sort}&cursor={cursor}"
            );
            let page = program.get(&path).await;
            found.extend(titles(&page.body));
            let (next, has_more) = page.link("next");
            assert!(found.len() <= 7, "{sort}: {found:?}");
            if !has_more {
                break;
            }
            cursor = next;
        }
        if sort.starts_with("freq") {
            assert_eq!(found[..3], ["E5", "E2", "E6"], "{sort}");
        }
        found.sort_unstable();
        assert_eq!(found, ["E1", "E2", "E3", "E4", "E5", "E6", "E7"], "{sort}");
    }
}

#[tokio::test]
async fn links_can_be_followed_as_they_are() {
    let (app, _project) = seven().await;
    let program = Program::reading(&app).await;
    let path = "/organizations/default/issues/?query=happened%20%21x%3Ay&limit=2&environment=a%2Cb&cursor=";
    let first = program.get(path).await;
    let header = first.headers["link"].to_str().unwrap().to_owned();
    assert_eq!(first.headers.get_all("link").iter().count(), 1);

    // Some clients split the header at every comma and take the address in the angle brackets.
    let parts: Vec<&str> = header.split(',').map(str::trim).collect();
    let [previous, next] = parts[..] else { panic!("{header}") };
    assert!(previous.ends_with(&format!(
        "; rel=\"previous\"; results=\"false\"; cursor=\"{}\"",
        first.link("previous").0
    )));
    let address = next.strip_prefix('<').unwrap().split('>').next().unwrap();
    let address = address.strip_prefix(PUBLIC_URL).unwrap().strip_prefix("/api/0").unwrap();
    let second = program.read(address).await;
    assert_eq!(titles(&second), ["E5", "E4"]);
    let stray = address.replace("a%2Cb", "other");
    assert_eq!(program.read(&stray).await, json!([]), "the link repeats the filters");
}

#[tokio::test]
async fn pages_have_at_least_one_row_and_at_most_a_hundred() {
    let (app, _project) = seven().await;
    let program = Program::reading(&app).await;
    for (parameter, rows) in
        [("limit=0", 1), ("per_page=2", 2), ("limit=10000", 7), ("per_page=99999999999", 7)]
    {
        let path = format!("/organizations/default/issues/?query=&{parameter}");
        assert_eq!(program.read(&path).await.as_array().unwrap().len(), rows, "{parameter}");
    }
}

#[tokio::test]
async fn events_are_walked_in_both_directions() {
    let (app, project) = seven().await;
    let again: Vec<Value> = (1..=4).map(|n| seen("E1", 10 + n)).collect();
    send(&app, &project, &again).await;
    let program = Program::reading(&app).await;
    let whole = program.read("/issues/SHOP-1/events/").await;
    let whole = column(&whole, "id");
    assert_eq!(whole.len(), 5);
    let page = async |cursor: &str| {
        program.get(&format!("/issues/SHOP-1/events/?per_page=2&cursor={cursor}")).await
    };
    let first = page("").await;
    let second = page(&first.link("next").0).await;
    let third = page(&second.link("next").0).await;
    let pages = [&first, &second, &third].map(|page| page.column("id"));
    assert_eq!(pages.concat(), whole);
    assert!(!third.link("next").1);
    assert_eq!(page(&third.link("previous").0).await.column("id"), pages[1]);
    assert_eq!(page(&second.link("previous").0).await.column("id"), pages[0]);

    let whole = column(&program.read("/projects/default/shop/events/").await, "id");
    assert_eq!(whole.len(), 11);
    let mut cursor = String::new();
    let mut found = Vec::new();
    for _ in 0..4 {
        let path = format!("/projects/default/shop/events/?per_page=3&cursor={cursor}");
        let page = program.get(&path).await;
        found.extend(page.column("id"));
        cursor = page.link("next").0;
    }
    assert_eq!(found, whole);
}

#[tokio::test]
async fn short_lists_have_pages_too() {
    let app = server().await;
    for name in ["A", "B", "C"] {
        app.create_project(name).await;
    }
    let program = Program::reading(&app).await;
    let first = program.get("/organizations/default/projects/?per_page=2").await;
    assert_eq!(first.column("name"), ["A", "B"]);
    assert!(!first.link("previous").1);
    let (cursor, has_more) = first.link("next");
    assert!(has_more);
    let second =
        program.get(&format!("/organizations/default/projects/?per_page=2&cursor={cursor}")).await;
    assert_eq!(second.column("name"), ["C"]);
    assert!(!second.link("next").1);
    let cursor = second.link("previous").0;
    let back =
        program.get(&format!("/organizations/default/projects/?per_page=2&cursor={cursor}")).await;
    assert_eq!(back.column("name"), ["A", "B"]);
    let sought = program.get("/organizations/default/projects/?query=b").await;
    assert_eq!(sought.column("name"), ["B"]);
}
