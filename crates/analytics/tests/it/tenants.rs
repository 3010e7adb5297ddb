//! Two tenancies: the second asks for everything of the first, by its right id, and sees nothing.

use axum::http::Method;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn another_tenancys_things_are_not_there() {
    let world = World::new().await;
    let created = world.create(&world.details("myoac")).await;
    let (id, work) = (created.body["id"].as_str().unwrap(), created.header("opc-work-request-id"));
    world.settle().await;
    let stranger = &world.tenants[1].administrator;
    for (method, path) in [
        (Method::GET, format!("/20190331/analyticsInstances/{id}")),
        (Method::DELETE, format!("/20190331/analyticsInstances/{id}")),
        (Method::GET, format!("/20190331/workRequests/{work}")),
        (Method::GET, format!("/20190331/workRequests/{work}/logs")),
        (Method::GET, format!("/20190331/workRequests/{work}/errors")),
        (Method::GET, format!("/20190331/analyticsInstances?compartmentId={}", world.tenant().compartment)),
        (Method::GET, format!("/20190331/workRequests?compartmentId={}", world.tenant().compartment)),
        (Method::GET, format!("/20190331/analyticsInstances?compartmentId={}", world.tenant().id)),
    ] {
        let answer = world.call_as(stranger, method.clone(), &path, b"", &[]).await;
        assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"), "{method} {path}");
    }
    assert_eq!(world.get(id).await.body["lifecycleState"], "ACTIVE");
}

#[tokio::test]
async fn each_tenancy_has_its_own_names_and_lists() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let theirs = &world.tenants[1];
    let mut body = world.details("myoac");
    body["compartmentId"] = theirs.compartment.clone().into();
    let created = world
        .call_as(&theirs.administrator, Method::POST, "/20190331/analyticsInstances", body.to_string().as_bytes(), &[])
        .await;
    assert_eq!(created.status, 201, "{}", created.text());
    for what in ["analyticsInstances", "workRequests"] {
        let target = format!("/20190331/{what}?compartmentId={}&resourceId={id}", theirs.compartment);
        let list = world.call_as(&theirs.administrator, Method::GET, &target, b"", &[]).await;
        let expected = if what == "workRequests" { json!(0) } else { json!(1) };
        assert_eq!(json!(list.body.as_array().unwrap().len()), expected, "{what}");
    }
}
