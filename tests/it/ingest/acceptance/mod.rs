//! The acceptance list of `protocol.md` §14 against a whole server: one test for each point, under its
//! number. More is said about most of them in the files beside this folder.
//!
//! Points 36 and 37, what senders are told at a rate limit, stand with the quotas.

mod bodies;
mod browsers;
mod credentials;
mod endpoints;
mod envelopes;
mod events;
mod items;
mod store;

use chrono::TimeDelta;
use picket::base::{Clock, EventId};
use picket::protocol::envelope::{Envelope, ItemType};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::corpus::scenario;
use super::door::{Answer, answer, credentials};
use crate::api::program::{Program, start_time};
use crate::support::{TestApp, TestProject};

/// An event id.
const ID: &str = "fc6d8c0c43fc4630ad850ee518f1b9d0";

/// A whole server with two projects; its clock stands at [`start_time`].
struct Server {
    app: TestApp,
    shop: TestProject,
    other: TestProject,
}

impl Server {
    async fn start() -> Self {
        let app = TestApp::start_at(Clock::fixed(start_time()), |_| {}).await;
        let shop = app.create_project("Shop").await;
        let other = app.create_project("Other").await;
        Self { app, shop, other }
    }

    /// A request to a path in which `P` stands for the project's id and `K` for its key.
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = path.replace("/P/", &format!("/{}/", self.shop.id));
        let path = path.replace("=K", &format!("={}", self.shop.key));
        let path = path.replace("/K", &format!("/{}", self.shop.key));
        self.app.http.request(method, format!("{}{path}", self.app.url))
    }

    /// A `POST` without credentials.
    fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// A `POST` with the project's key in the header.
    fn post_as_curl(&self, path: &str) -> RequestBuilder {
        self.post(path).header("X-Sentry-Auth", credentials(&self.shop.key))
    }

    /// Sends an envelope as curl would.
    async fn send(&self, body: impl Into<reqwest::Body>) -> Answer {
        answer(self.post_as_curl("/api/P/envelope/").body(body)).await
    }

    /// Sends an envelope of one event; gives the id that was answered.
    async fn send_event(&self, event: &str) -> String {
        let id = EventId::random();
        let answer = self.send(envelope(&format!("{{\"event_id\":\"{id}\"}}"), event)).await;
        assert_eq!(answer.id(), id.to_string());
        answer.id().to_owned()
    }

    /// What a program is told.
    async fn read(&self, path: &str) -> Value {
        self.app.settle().await;
        Program::reading(&self.app).await.read(path).await
    }

    /// An event as it is stored.
    async fn stored(&self, id: &str) -> Value {
        self.read(&format!("/projects/default/shop/events/{id}/json/")).await
    }

    /// An event as it is shown.
    async fn shown(&self, id: &str) -> Value {
        self.read(&format!("/projects/default/shop/events/{id}/")).await
    }

    /// The ids of all events, sorted.
    async fn event_ids(&self) -> Vec<String> {
        let events = self.read("/projects/default/shop/events/").await;
        let mut ids = crate::api::program::column(&events, "eventID");
        ids.sort();
        ids
    }

    /// The titles of all issues, sorted.
    async fn titles(&self) -> Vec<String> {
        let issues = self.read("/projects/default/shop/issues/").await;
        let mut titles = crate::api::program::column(&issues, "title");
        titles.sort();
        titles
    }

    /// What became of everything: `category outcome reason quantity`, sorted.
    async fn outcomes(&self) -> Vec<String> {
        self.app.settle().await;
        self.app.outcome_lines().await
    }

    /// Longer than keys and settings are believed.
    fn wait(&self) {
        self.app.app.clock.advance(TimeDelta::minutes(2));
    }
}

/// An envelope of one event.
fn envelope(header: &str, event: &str) -> String {
    format!("{header}\n{{\"type\":\"event\"}}\n{event}")
}

/// An envelope of one small event under [`ID`].
fn event() -> String {
    envelope(&format!("{{\"event_id\":\"{ID}\"}}"), "{\"message\":\"hi\"}")
}

/// The payloads of one kind that a recorded client sent.
fn recorded(name: &str, kind: &ItemType) -> Vec<String> {
    let mut payloads = Vec::new();
    for request in scenario(name) {
        let body = request.body();
        let envelope = Envelope::parse(&body).unwrap();
        let items = envelope.items.iter().filter(|item| item.header.item_type == *kind);
        payloads.extend(items.map(|item| String::from_utf8(item.payload.to_vec()).unwrap()));
    }
    payloads
}
