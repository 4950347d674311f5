//! Point 60: what comes beside events.

use picket::protocol::envelope::ItemType;
use serde_json::json;

use super::{ID, Server, event, recorded};

/// 60, what users write
#[tokio::test]
async fn a_report_and_feedback_with_a_file_are_seen() {
    let server = Server::start().await;
    assert_eq!(server.send(event()).await.id(), ID);
    let report = json!({"event_id": ID, "name": "Bob", "email": null, "comments": "it broke"});
    let body = format!("{{\"event_id\":\"{ID}\"}}\n{{\"type\":\"user_report\"}}\n{report}\n");
    assert_eq!(server.send(body).await.status, 200);
    let feedback = recorded("node/node_feedback", &ItemType::Feedback).remove(0);
    let file = "{\"type\":\"attachment\",\"filename\":\"screenshot.png\",\"length\":3}\nPNG";
    let body = format!("{{}}\n{{\"type\":\"feedback\"}}\n{feedback}\n{file}\n");
    assert_eq!(server.send(body).await.status, 200);
    assert_eq!(
        server.outcomes().await,
        [
            "attachment accepted  3",
            "attachment_item accepted  1",
            "error accepted  1",
            "feedback accepted  2",
        ]
    );
}
