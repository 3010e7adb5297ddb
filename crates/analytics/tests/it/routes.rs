//! The table of routes: nothing is open, nothing else is there.

use axum::{
    body::Body,
    http::{Method, Request},
};
use obol_analytics::http::routes::ROUTES;

use crate::world::World;

#[tokio::test]
async fn no_route_is_open() {
    let world = World::new().await;
    for route in ROUTES {
        let path = route.path.replace("{analyticsInstanceId}", "x").replace("{workRequestId}", "x");
        let request = Request::builder().method(route.method.clone()).uri(&path).body(Body::empty()).unwrap();
        let answer = world.send(request).await;
        assert_eq!(answer.code(), (401, "NotAuthenticated"), "{route:?}");
        assert_eq!(world.why(&answer).await.check, "signature_present");
    }
}

#[tokio::test]
async fn what_is_no_operation_is_not_found() {
    let world = World::new().await;
    for (method, path) in [
        (Method::GET, "/20190331"),
        (Method::GET, "/20190331/"),
        (Method::GET, "/20190331/nothing"),
        (Method::PUT, "/20190331/analyticsInstances"),
        (Method::PUT, "/20190331/analyticsInstances/x/actions/start"),
        (Method::GET, "/20190331/analyticsInstances/x/actions/start"),
        (Method::POST, "/20190331/analyticsInstances/x/actions/restart"),
        (Method::POST, "/20190331/analyticsInstances/x/actions"),
        (Method::POST, "/20190331/analyticsInstances/x/additionalInfo"),
        (Method::PATCH, "/20190331/analyticsInstances/x"),
        (Method::GET, "/20190331/analyticsInstances/x/nothing"),
        (Method::DELETE, "/20190331/workRequests/x/logs"),
    ] {
        let request = Request::builder().method(method.clone()).uri(path).body(Body::empty()).unwrap();
        let answer = world.send(request).await;
        assert_eq!(answer.code(), (404, "NotFound"), "{method} {path}");
        assert_eq!(answer.header("opc-request-id").split('/').count(), 3, "{method} {path}");
        assert_eq!(world.why(&answer).await.check, "operation_exists");
    }
}

#[tokio::test]
async fn every_answer_carries_the_callers_id_and_its_own() {
    // Contract analytics 5.1.
    let world = World::new().await;
    let sent = "F09EBF31E6C4-11F1-AFB2-138DDA91F2CC";
    let mut ids = Vec::new();
    for _ in 0..2 {
        let request = Request::builder().uri("/20190331/workRequests").header("opc-request-id", sent);
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        let id = answer.header("opc-request-id").to_owned();
        assert!(id.starts_with(&format!("{sent}/")), "{id}");
        ids.push(id);
    }
    assert_ne!(ids[0], ids[1]);
}
