//! Several nodes on one database: a change on one holds on all within a second.

use super::*;

async fn deactivate(world: &World) {
    let mut tx = world.db().begin().await.unwrap();
    apps::set_active(&mut tx, STRIPE, &world.app.id, false, world.identity.now()).await.unwrap();
    stripes::bump(&mut tx, STRIPE).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_change_on_one_node_holds_on_the_other_within_a_second() {
    let world = World::new().await;
    let other = world.node();
    let request = || token_request(Some(&world.basic()), CLIENT_CREDENTIALS);
    assert_eq!(send(&other, request()).await.status(), 200);
    deactivate(&world).await;
    world.identity.forget(STRIPE);
    assert_eq!(world.send(request()).await.status(), 401, "at once where it was made");
    world.clock.advance(Duration::from_millis(999));
    assert_eq!(send(&other, request()).await.status(), 200, "the other node did not look yet");
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(send(&other, request()).await.status(), 401, "without any background work");
}

#[tokio::test]
async fn the_background_poll_notices_a_change_in_half_a_second() {
    let world = World::new().await;
    let other = world.node();
    let watched = other.clone();
    let watch = tokio::spawn(async move { watched.watch().await });
    let request = || token_request(Some(&world.basic()), CLIENT_CREDENTIALS);
    assert_eq!(send(&other, request()).await.status(), 200);
    deactivate(&world).await;
    for _ in 0..10_000 {
        if world.clock.sleepers() > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    world.clock.advance(Duration::from_millis(499));
    assert_eq!(send(&other, request()).await.status(), 200, "nobody looked yet");
    world.clock.advance(Duration::from_millis(1));
    // Time stands still from here on, half a second before requests would look themselves. The loop reads on its own
    // task; a bounded number of turns lets it.
    let mut status = 200;
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
        status = send(&other, request()).await.status().as_u16();
        if status == 401 {
            break;
        }
    }
    assert_eq!(status, 401);
    watch.abort();
}

#[tokio::test]
async fn nothing_is_issued_when_the_versions_cannot_be_read() {
    let world = World::new().await;
    world.client_token().await;
    world.db().close().await;
    assert_eq!(world.ask(CLIENT_CREDENTIALS).await.status(), 200, "within the second everything is in memory");
    world.clock.advance(Duration::from_secs(1));
    let response = world.ask(CLIENT_CREDENTIALS).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    insta::assert_snapshot!(body_of(response).await, @r#"{"error":"temporarily_unavailable","error_description":"The service is not available."}"#);
}
