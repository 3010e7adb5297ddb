//! DeleteAnalyticsInstance: states, etags, and what is left afterwards.

use std::time::Duration;

use axum::http::Method;
use serde_json::Value;

use crate::world::World;

#[tokio::test]
async fn a_deletion_answers_without_a_body_and_names_its_work() {
    // Contract analytics 1, operation 5: 204.
    let world = World::new().await;
    let id = world.active("myoac").await;
    assert!(world.registrar.stands(&id));
    let answer = world.delete(&id).await;
    insta::assert_snapshot!(answer.text(), @r#"
    204
    content-length: 0
    date: Sun, 22 Nov 2026 12:03:20 GMT
    opc-request-id: 30CE495DDFD60CE7E9B91F3A331FD8F5/BA9A0D310162A1135F54FBF2B1093468/474B83DFFF52DFE61D24D4FCB97F3F6A
    opc-work-request-id: ocid1.analyticsinstanceworkrequest.oc1.us-ashburn-1.aaaaaaaaykemk24ymyjllqcniv2p2pycsu6qofxibos7s3wolulv6uv3qfxo
    "#);
    assert_eq!(world.get(&id).await.body["lifecycleState"], "DELETING");
    let work = answer.header("opc-work-request-id").to_owned();
    world.settle().await;
    let finished = world.work(&work).await;
    assert_eq!(finished.body["status"], "SUCCEEDED");
    assert_eq!(finished.body["resources"][0]["actionResult"], "DELETED");
    assert!(!world.registrar.stands(&id), "the application left the stripe");
}

#[tokio::test]
async fn a_deleted_instance_is_listed_for_a_day_and_otherwise_gone() {
    // Contract analytics 2.3, last row.
    let world = World::new().await;
    let id = world.active("myoac").await;
    world.delete(&id).await;
    world.settle().await;
    for answer in [world.get(&id).await, world.delete(&id).await] {
        assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"));
        assert_eq!(world.why(&answer).await.check, "resource_known");
    }
    let target = format!("/20190331/analyticsInstances?compartmentId={}", world.tenant().compartment);
    let list = world.call(Method::GET, &target, b"").await;
    assert_eq!(list.body[0]["lifecycleState"], "DELETED");
    world.clock.advance(Duration::from_hours(25));
    world.engine.reconcile().await.unwrap();
    let list = world.call(Method::GET, &target, b"").await;
    assert_eq!(list.body, Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_state_that_forbids_it_is_a_conflict() {
    // Contract analytics 2.3, row delete.
    let world = World::new().await;
    let created = world.create(&world.details("myoac")).await;
    let id = created.body["id"].as_str().unwrap();
    let answer = world.delete(id).await;
    assert_eq!(answer.code(), (409, "IncorrectState"));
    let explanation = world.why(&answer).await;
    assert_eq!((explanation.check.as_ref(), explanation.seen.as_ref()), ("state_allows_operation", "CREATING"));
    world.settle().await;
    assert_eq!(world.delete(id).await.status, 204);
    assert_eq!(world.delete(id).await.code(), (409, "IncorrectState"), "DELETING");
}

#[tokio::test]
async fn if_match_must_name_the_present_version() {
    // Contract analytics 5.1.
    let world = World::new().await;
    let created = world.create(&world.details("myoac")).await;
    let id = created.body["id"].as_str().unwrap();
    let target = format!("/20190331/analyticsInstances/{id}");
    world.settle().await;
    let current = world.get(id).await.header("etag").to_owned();
    assert_ne!(created.header("etag"), current, "a change makes another etag");
    for stale in [created.header("etag"), "old", "", "\"\""] {
        let answer = world.call_with(Method::DELETE, &target, b"", &[("if-match", stale)]).await;
        assert_eq!(answer.code(), (412, "NoEtagMatch"), "{stale}");
        assert_eq!(world.why(&answer).await.check, "etag_matches");
    }
    assert_eq!(world.get(id).await.body["lifecycleState"], "ACTIVE");
    let quoted = format!("\"{current}\"");
    assert_eq!(world.call_with(Method::DELETE, &target, b"", &[("if-match", &quoted)]).await.status, 204);
}

#[tokio::test]
async fn an_instance_that_could_not_be_made_can_be_deleted() {
    let world = World::new().await;
    world.registrar.rejecting.store(true, std::sync::atomic::Ordering::SeqCst);
    let created = world.create(&world.details("myoac")).await;
    let id = created.body["id"].as_str().unwrap();
    world.settle().await;
    assert_eq!(world.get(id).await.body["lifecycleState"], "FAILED");
    assert_eq!(world.delete(id).await.status, 204);
    world.settle().await;
    assert_eq!(world.get(id).await.status, 404);
}
