//! `GET …/additionalInfo`.

use axum::http::Method;
use serde_json::json;

use crate::{changes::put_in, world::World};

#[tokio::test]
async fn an_instance_tells_where_its_requests_come_from() {
    let world = World::new().await;
    let created = world.create(&world.details("myoac")).await;
    let id = created.body["id"].as_str().unwrap();
    let target = format!("/20190331/analyticsInstances/{id}/additionalInfo");
    let early = world.call(Method::GET, &target, b"").await;
    assert_eq!((early.status, early.body), (200, json!({ "egressSourceIpAddresses": [] })), "there is no server yet");
    world.settle().await;
    let first = world.call(Method::GET, &target, b"").await;
    let addresses = first.body["egressSourceIpAddresses"].as_array().unwrap();
    assert_eq!(addresses.len(), 2);
    assert!(addresses[0].as_str().unwrap().starts_with("192.0.2."), "{addresses:?}");
    assert_eq!(world.call(Method::GET, &target, b"").await.body, first.body, "they stay");
}

#[tokio::test]
async fn what_is_not_there_has_no_additional_info() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let target = format!("/20190331/analyticsInstances/{id}/additionalInfo");
    let foreign = world.call_as(&world.tenants[1].administrator, Method::GET, &target, b"", &[]).await;
    let unknown = world.call(Method::GET, "/20190331/analyticsInstances/x/additionalInfo", b"").await;
    put_in(&world, &id, "DELETED").await;
    let deleted = world.call(Method::GET, &target, b"").await;
    for answer in [foreign, unknown, deleted] {
        assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"));
        assert_eq!(world.why(&answer).await.check, "resource_known");
    }
}
