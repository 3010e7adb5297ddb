//! The heart of the suite once more, on PostgreSQL.

use axum::http::Method;
use obol_domain::injector::Fault;

use crate::{
    lists::{populate, walk},
    work::{created, deleted, failed, is_gone, log_lines, stands, survive, two_nodes_share},
    world::{Script, World},
};

#[tokio::test]
async fn a_crash_after_any_write_loses_nothing() {
    for write in 1..=15 {
        let world = World::postgres(Script::crash_after(write)).await;
        let (id, work) = created(&world).await;
        survive(&world).await;
        stands(&world, &id, &work, &format!("write {write}")).await;
        assert_eq!(log_lines(&world, &work).await.len(), 4, "write {write}");
        let work = deleted(&world, &id).await;
        survive(&world).await;
        is_gone(&world, &id, &work, &format!("write {write}")).await;
    }
}

#[tokio::test]
async fn a_creation_that_fails_is_undone() {
    let world = World::postgres(Script::with("after activate", Fault::Fail)).await;
    let (id, work) = created(&world).await;
    world.settle().await;
    failed(&world, &id, &work, "after activate").await;
    assert!(!world.registrar.stands(&id));
}

#[tokio::test]
async fn a_walk_in_pages_is_the_whole_list() {
    let world = populate(World::postgres(Script::default()).await).await;
    for sort in ["capacityType", "capacityValue", "featureSet", "lifecycleState", "name", "timeCreated"] {
        let query = format!("&sortBy={sort}");
        let whole = walk(&world, "analyticsInstances", &query, 100).await;
        assert_eq!(whole.len(), 7);
        assert_eq!(walk(&world, "analyticsInstances", &query, 2).await, whole, "{sort}");
    }
}

#[tokio::test]
async fn of_many_equal_requests_with_one_token_one_takes_effect() {
    let world = World::postgres(Script::default()).await;
    let body = world.details("myoac").to_string();
    let token = [("opc-retry-token", "same")];
    let target = "/20190331/analyticsInstances";
    let call = || world.call_with(Method::POST, target, body.as_bytes(), &token);
    let (one, two, three, four) = tokio::join!(call(), call(), call(), call());
    for answer in [&two, &three, &four] {
        assert_eq!((answer.status, &answer.body["id"]), (201, &one.body["id"]), "{}", answer.text());
        assert_eq!(answer.header("opc-work-request-id"), one.header("opc-work-request-id"));
    }
    let delete = format!("{target}/{}", one.body["id"].as_str().unwrap());
    world.settle().await;
    let token = [("opc-retry-token", "other")];
    let call = || world.call_with(Method::DELETE, &delete, b"", &token);
    let (one, two) = tokio::join!(call(), call());
    assert_eq!((one.status, two.status), (204, 204), "{} {}", one.text(), two.text());
    assert_eq!(one.header("opc-work-request-id"), two.header("opc-work-request-id"));
}

#[tokio::test]
async fn of_many_creations_with_one_name_one_is_accepted() {
    let world = World::postgres(Script::default()).await;
    let body = world.details("myoac");
    let (one, two, three) = tokio::join!(world.create(&body), world.create(&body), world.create(&body));
    let mut statuses = [one.status, two.status, three.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
}

#[tokio::test]
async fn two_nodes_share_the_work_and_nothing_is_done_twice() {
    two_nodes_share(&World::postgres(Script::default()).await).await;
}
