//! `opc-retry-token` (contract analytics 5.1): the first answer again, for a day, to the same request only.

use std::time::Duration;

use axum::http::Method;

use crate::world::{Answer, World};

const TOKEN: &str = "a5mX6auPqjgOovPNqXWV4gITQ4uktX";

async fn create(world: &World, name: &str, token: &str) -> Answer {
    let body = world.details(name).to_string();
    world.call_with(Method::POST, "/20190331/analyticsInstances", body.as_bytes(), &[("opc-retry-token", token)]).await
}

#[tokio::test]
async fn a_replay_returns_the_first_answer() {
    let world = World::new().await;
    let first = create(&world, "myoac", TOKEN).await;
    assert_eq!(first.status, 201);
    world.settle().await;
    let again = create(&world, "myoac", TOKEN).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    for header in ["etag", "location", "opc-work-request-id", "content-type"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_ne!(again.header("opc-request-id"), first.header("opc-request-id"));
}

#[tokio::test]
async fn a_replay_needs_no_valid_access_token_any_more() {
    let world = World::new().await;
    let mut body = world.details("myoac");
    body["idcsAccessToken"] = "user administrator".into();
    let first = create(&world, "myoac", TOKEN).await;
    world.clock.advance(Duration::from_hours(2));
    assert_eq!(create(&world, "myoac", TOKEN).await.body, first.body);
}

#[tokio::test]
async fn a_replayed_deletion_returns_its_own_work_request() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let target = format!("/20190331/analyticsInstances/{id}");
    let mut answers = Vec::new();
    for _ in 0..2 {
        answers.push(world.call_with(Method::DELETE, &target, b"", &[("opc-retry-token", TOKEN)]).await);
        world.settle().await;
    }
    assert_eq!(answers[0].status, 204);
    assert_eq!(answers[1].status, 204, "although the instance is gone by now");
    assert_eq!(answers[0].header("opc-work-request-id"), answers[1].header("opc-work-request-id"));
}

#[tokio::test]
async fn another_request_with_the_token_is_refused() {
    let world = World::new().await;
    assert_eq!(create(&world, "myoac", TOKEN).await.status, 201);
    let other_body = create(&world, "other", TOKEN).await;
    let id = world.active("third").await;
    let target = format!("/20190331/analyticsInstances/{id}");
    let other_operation = world.call_with(Method::DELETE, &target, b"", &[("opc-retry-token", TOKEN)]).await;
    for answer in [other_body, other_operation] {
        assert_eq!(answer.code(), (409, "InvalidatedRetryToken"));
        assert_eq!(world.why(&answer).await.check, "retry_token_fits");
    }
    assert_eq!(world.get(&id).await.body["lifecycleState"], "ACTIVE");
}

#[tokio::test]
async fn a_deletion_invalidates_the_token_of_the_creation() {
    let world = World::new().await;
    let first = create(&world, "myoac", TOKEN).await;
    world.settle().await;
    world.delete(first.body["id"].as_str().unwrap()).await;
    let answer = create(&world, "myoac", TOKEN).await;
    assert_eq!(answer.code(), (409, "InvalidatedRetryToken"));
    assert_eq!(world.why(&answer).await.seen, "an instance that has been deleted since");
}

#[tokio::test]
async fn a_token_lives_for_a_day() {
    let world = World::new().await;
    let first = create(&world, "myoac", TOKEN).await;
    world.settle().await;
    world.clock.advance(Duration::from_hours(23));
    assert_eq!(create(&world, "myoac", TOKEN).await.status, 201);
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(create(&world, "myoac", TOKEN).await.status, 409, "lapsed: the name is taken");
    let second = create(&world, "another", TOKEN).await;
    assert_eq!(second.status, 201, "lapsed: the token is free");
    assert_ne!(second.body["id"], first.body["id"]);
    world.clock.advance(Duration::from_hours(25));
    world.engine.reconcile().await.unwrap();
    assert_eq!(create(&world, "third", TOKEN).await.status, 201);
}

#[tokio::test]
async fn a_refused_request_leaves_its_token_free() {
    let world = World::new().await;
    assert_eq!(create(&world, "under_score", TOKEN).await.status, 400);
    assert_eq!(create(&world, "myoac", TOKEN).await.status, 201);
}

#[tokio::test]
async fn a_token_belongs_to_its_user() {
    let world = World::new().await;
    assert_eq!(create(&world, "myoac", TOKEN).await.status, 201);
    let mut body = world.details("theirs");
    body["compartmentId"] = world.tenants[1].compartment.clone().into();
    let answer = world
        .call_as(
            &world.tenants[1].administrator,
            Method::POST,
            "/20190331/analyticsInstances",
            body.to_string().as_bytes(),
            &[("opc-retry-token", TOKEN)],
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[tokio::test]
async fn a_malformed_token_is_refused() {
    let world = World::new().await;
    for token in ["", &"x".repeat(65)] {
        let answer = create(&world, "myoac", token).await;
        assert_eq!(answer.code(), (400, "InvalidParameter"));
        assert_eq!(world.why(&answer).await.check, "retry_token_form");
    }
    assert_eq!(create(&world, "myoac", &"x".repeat(64)).await.status, 201);
}
