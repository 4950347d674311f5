//! What the page about the health of grouping says of events that clients sent.

use serde_json::{Value, json};

use super::browser::between;
use super::releases::started;
use crate::api::program::{error, error_with, send};

const PAGE: &str = "/default/projects/shop/settings/grouping/health";

fn message(text: &str) -> Value {
    json!({"platform": "python", "level": "error", "message": text})
}

/// What a section of the page says.
fn section<'p>(page: &'p str, id: &str) -> &'p str {
    let start = page.find(&format!("id=\"{id}\"")).expect(id);
    let end = page[start..].find("</section>").unwrap();
    &page[start..start + end]
}

/// Text without tags.
fn words(html: &str) -> String {
    let parts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The address of a link that begins like this.
fn link(html: &str, start: &str) -> String {
    let rest = between(html, &format!("href=\"{start}"), "\"").expect(start);
    format!("{start}{}", rest.replace("&#38;", "&").replace("&amp;", "&"))
}

#[tokio::test]
async fn the_page_names_suspects_and_leads_to_what_mends_them() {
    let (app, mut browser, project) = started().await;
    let page = browser.get(PAGE).await.expect_page().to_owned();
    assert!(page.contains("Nothing to look at yet"));

    let mut events = vec![error("KeyError"), json!({"platform": "python"})];
    let helper = |value: &str| {
        error_with(
            "ApiError",
            &json!({"exception": {"values": [{"type": "ApiError", "value": value, "stacktrace":
                {"frames": [{"function": "report", "module": "shop.api", "in_app": true}]}}]}}),
        )
    };
    events.extend((0..4).map(|_| helper("payment declined")));
    events.extend((0..3).map(|_| helper("no such customer")));
    for name in ["mallory", "trudy", "oscar"] {
        events.push(message(&format!("cannot send the weekly mail to {name} now")));
    }
    send(&app, &project, &events).await;

    let page = browser.get(PAGE).await.expect_page().to_owned();
    let said = words(section(&page, "evidence"));
    assert!(said.contains("Nothing to group by 1 of 12 events, 8%"), "{said}");
    assert!(said.contains("Minified stacks none"), "{said}");
    let said = words(section(&page, "crowded"));
    assert!(said.contains("SHOP-3"), "{said}");
    assert!(said.contains("payment declined 4 events no such customer 3 events"), "{said}");
    let said = words(section(&page, "alike"));
    for issue in ["SHOP-4", "SHOP-5", "SHOP-6"] {
        assert!(said.contains(issue), "{said}");
    }
    assert!(said.contains("cannot send the weekly mail to * now"), "{said}");

    let compared = link(section(&page, "crowded"), "/default/issues/SHOP-3/compare");
    let compared = browser.get(&compared).await.expect_page().to_owned();
    assert!(compared.contains("ApiError"), "{compared}");
    assert!(words(&compared).contains("payment declined"), "the rule to tell them apart names one");

    browser.get(PAGE).await.expect_page();
    let ids: Vec<String> =
        (4..=6).map(|number| ((project.id.0 << 32) | number).to_string()).collect();
    let mut fields = vec![("verb", "merge")];
    fields.extend(ids.iter().map(|id| ("issue", id.as_str())));
    for id in &ids {
        assert!(section(&page, "alike").contains(&format!("value=\"{id}\"")));
    }
    let merged = browser.post("/default/issues", &fields).await.expect_page().to_owned();
    assert!(merged.contains("Merged 2 issues into SHOP-4"), "{merged}");
    let offer =
        &merged[merged.find("A rule that would have joined them").expect("a rule is offered")..];
    assert!(words(offer).contains("cannot send the weekly mail to"), "{}", words(offer));
    let filled = link(offer, "/default/projects/shop/settings/grouping?");
    let filled = browser.get(&filled).await.expect_page().to_owned();
    assert!(filled.contains("A rule was filled in below"), "{filled}");
    let page = browser.get(PAGE).await.expect_page().to_owned();
    assert!(words(section(&page, "alike")).contains("None was found"));
    app.stop().await;
}
