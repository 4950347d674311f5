//! Acceptance 36: what senders are told when there is no room.

use super::door::{Door, ID, Setting, event};

#[tokio::test]
async fn a_full_journal_tells_senders_to_wait_and_loses_nothing() {
    let door = Door::open_with(Setting { journal_bytes: 4096, ..Setting::default() }).await;
    let mut accepted = 0;
    let refused = loop {
        let answer = door.send(event()).await;
        if answer.status != 200 {
            break answer;
        }
        accepted += 1;
        assert!(accepted < 100, "the journal never fills");
    };
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(refused.header("x-sentry-rate-limits"), "60::key:journal_full");
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    assert_eq!(door.kept().await.len(), accepted);
    let counted = ("error".to_owned(), "rate_limited".to_owned(), "journal_full".to_owned(), 1);
    assert_eq!(door.refused().await, [counted]);

    let journal = &door.app.journals.lane_for(super::door::PROJECT).journal;
    journal.release(journal.stats().durable_end);
    assert_eq!(door.send(event()).await.id(), ID, "room again");
}
