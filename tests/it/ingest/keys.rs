//! What becomes of keys while Postgres is away.

use chrono::TimeDelta;
use picket::base::{Clock, Timestamp};

use super::door::{Door, ID, OTHER_KEY, Setting, answer, credentials, event};

#[tokio::test]
async fn known_keys_stay_good_without_postgres_and_unknown_ones_are_put_off() {
    let clock = Clock::fixed(Timestamp::UNIX_EPOCH + TimeDelta::days(20_000));
    let door = Door::open_with(Setting { clock: clock.clone(), ..Setting::default() }).await;
    assert_eq!(door.send(event()).await.id(), ID);
    door.app.db.close().await;
    clock.advance(TimeDelta::days(1));
    assert_eq!(door.send(event()).await.id(), ID);
    assert_eq!(door.kept().await.len(), 2);

    clock.advance(TimeDelta::minutes(1));
    let url = format!("{}/api/43/envelope/", door.url);
    let request = door.http.post(url).header("X-Sentry-Auth", credentials(OTHER_KEY));
    let answer = answer(request.body(event())).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn a_key_that_is_switched_off_is_refused_within_a_minute() {
    let clock = Clock::fixed(Timestamp::UNIX_EPOCH + TimeDelta::days(20_000));
    let door = Door::open_with(Setting { clock: clock.clone(), ..Setting::default() }).await;
    assert_eq!(door.send(event()).await.status, 200);
    set_active(&door, false).await;
    clock.advance(TimeDelta::seconds(60));
    assert_eq!(door.send(event()).await.status, 403);
    set_active(&door, true).await;
    clock.advance(TimeDelta::seconds(10));
    assert_eq!(door.send(event()).await.status, 200);
    let counted = ("unknown".to_owned(), "invalid".to_owned(), "project_id".to_owned(), 1);
    assert_eq!(door.refused().await, [counted]);
}

async fn set_active(door: &Door, is_active: bool) {
    let statement = "UPDATE project_keys SET is_active = $1 WHERE project_id = 42";
    sqlx::query(statement).bind(is_active).execute(&door.app.db).await.unwrap();
}
