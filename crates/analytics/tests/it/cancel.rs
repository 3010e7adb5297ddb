//! DeleteWorkRequest: what has not begun is cancelled, everything else is a conflict, and nothing is ever a failure of ours.

use axum::http::Method;
use obol_analytics::work::EngineError;
use obol_domain::injector::Fault;
use obol_protocol::analytics::LifecycleState;
use serde_json::{Value, json};

use crate::{
    changes::{operations, put_in},
    world::{Answer, World},
};

async fn cancel(world: &World, work: &str) -> Answer {
    world.call(Method::DELETE, &format!("/20190331/workRequests/{work}"), b"").await
}

/// What callers see of work that was cancelled.
async fn is_canceled(world: &World, work: &str) {
    let found = world.work(work).await.body;
    assert_eq!(found["status"], "CANCELED");
    assert!(found["timeFinished"].is_string());
    assert_eq!((&found["timeStarted"], &found["resources"][0]["actionResult"]), (&Value::Null, &json!("NONE")));
    for records in ["logs", "errors"] {
        let list = world.call(Method::GET, &format!("/20190331/workRequests/{work}/{records}"), b"").await;
        assert_eq!(list.body, json!([]));
    }
}

#[tokio::test]
async fn work_that_has_not_begun_is_canceled_and_its_instance_is_what_it_was() {
    // Contract analytics 1, operation 27: 204.
    for operation in operations() {
        let world = World::new().await;
        let id = operation.instance(&world).await;
        let before = world.get(&id).await.body;
        let work = operation.accepted(&world, &id).await;
        let answer = cancel(&world, &work).await;
        assert_eq!((answer.status, &answer.body), (204, &Value::Null), "{}", operation.action);
        let mut after = world.get(&id).await.body;
        after["timeUpdated"] = before["timeUpdated"].clone();
        assert_eq!(after, before, "{}", operation.action);
        world.settle().await;
        is_canceled(&world, &work).await;
        let work = operation.accepted(&world, &id).await;
        world.settle().await;
        operation.took_effect(&world, &id, &work, "after a cancelled one").await;
    }
}

#[tokio::test]
async fn a_canceled_removal_leaves_the_instance_in_service() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    for state in ["ACTIVE", "INACTIVE", "FAILED"] {
        put_in(&world, &id, state).await;
        let work = world.delete(&id).await.header("opc-work-request-id").to_owned();
        assert_eq!(cancel(&world, &work).await.status, 204);
        world.settle().await;
        is_canceled(&world, &work).await;
        assert_eq!(world.get(&id).await.body["lifecycleState"], state);
    }
    assert!(world.registrar.stands(&id));
}

#[tokio::test]
async fn a_canceled_creation_leaves_nothing_but_its_record() {
    let world = World::new().await;
    let token = [("opc-retry-token", "once")];
    let body = world.details("myoac").to_string();
    let create = || world.call_with(Method::POST, "/20190331/analyticsInstances", body.as_bytes(), &token);
    let created = create().await;
    let (id, work) = (created.body["id"].as_str().unwrap(), created.header("opc-work-request-id"));
    assert_eq!(cancel(&world, work).await.status, 204);
    world.settle().await;
    is_canceled(&world, work).await;
    assert_eq!(world.get(id).await.status, 404);
    assert!(!world.registrar.stands(id));
    let target = format!("/20190331/analyticsInstances?compartmentId={}", world.tenant().compartment);
    let list = world.call(Method::GET, &target, b"").await.body;
    assert_eq!(list[0]["lifecycleState"], LifecycleState::Deleted.to_string());
    assert_eq!(create().await.code(), (409, "InvalidatedRetryToken"), "its answer does not hold any more");
    assert_eq!(world.create(&world.details("myoac")).await.status, 201, "the name is free");
}

#[tokio::test]
async fn work_that_has_begun_or_ended_cannot_be_canceled() {
    // Contract analytics 3 and 6.3, failed work request: Terraform asks for it, and must not be told that we failed.
    let world = World::new().await;
    let created = world.create(&world.details("myoac")).await;
    let (id, work) = (created.body["id"].as_str().unwrap(), created.header("opc-work-request-id"));
    world.engine.run_due().await.unwrap();
    let mut refused = vec![(cancel(&world, work).await, "IN_PROGRESS")];
    world.settle().await;
    refused.push((cancel(&world, work).await, "SUCCEEDED"));
    world.faults.set(obol_protocol::analytics::OperationType::StopAnalyticsInstance, 1);
    let target = format!("/20190331/analyticsInstances/{id}/actions/stop");
    let failing = world.call(Method::POST, &target, b"").await.header("opc-work-request-id").to_owned();
    world.settle().await;
    refused.push((cancel(&world, &failing).await, "FAILED"));
    let canceled = world.call(Method::POST, &target, b"").await.header("opc-work-request-id").to_owned();
    assert_eq!(cancel(&world, &canceled).await.status, 204);
    refused.push((cancel(&world, &canceled).await, "CANCELED"));
    for (answer, status) in refused {
        assert_eq!(answer.code(), (409, "Conflict"), "{status}");
        assert_eq!(answer.body["message"], format!("A work request that is {status} cannot be canceled."));
        let why = world.why(&answer).await;
        assert_eq!((why.check.as_ref(), why.seen.as_ref()), ("work_not_begun", status));
    }
    assert_eq!(world.get(id).await.body["lifecycleState"], "ACTIVE");
    assert_eq!(world.work(work).await.body["status"], "SUCCEEDED");
}

#[tokio::test]
async fn work_that_is_not_there_cannot_be_canceled() {
    let world = World::new().await;
    let created = world.create(&world.details("myoac")).await;
    let work = created.header("opc-work-request-id");
    let unknown = cancel(&world, "ocid1.analyticsinstanceworkrequest.oc1..aaaa").await;
    let target = format!("/20190331/workRequests/{work}");
    let foreign = world.call_as(&world.tenants[1].administrator, Method::DELETE, &target, b"", &[]).await;
    for answer in [unknown, foreign] {
        assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"));
        assert_eq!(world.why(&answer).await.check, "resource_known");
    }
    assert_eq!(world.work(work).await.body["status"], "ACCEPTED");
}

#[tokio::test]
async fn if_match_must_name_the_work_requests_version() {
    let world = World::new().await;
    let created = world.create(&world.details("myoac")).await;
    let target = format!("/20190331/workRequests/{}", created.header("opc-work-request-id"));
    let etag = world.call(Method::GET, &target, b"").await.header("etag").to_owned();
    for stale in ["nonsense", ""] {
        let answer = world.call_with(Method::DELETE, &target, b"", &[("if-match", stale)]).await;
        assert_eq!(answer.code(), (412, "NoEtagMatch"));
        assert_eq!(world.why(&answer).await.check, "etag_matches");
    }
    assert_eq!(world.call(Method::GET, &target, b"").await.body["status"], "ACCEPTED");
    assert_eq!(world.call_with(Method::DELETE, &target, b"", &[("if-match", &etag)]).await.status, 204);
}

#[tokio::test]
async fn a_worker_that_had_taken_the_work_and_not_begun_it_begins_it_no_more() {
    let world = World::scripted(crate::world::Script::with("write started register_application", Fault::Crash)).await;
    let created = world.create(&world.details("myoac")).await;
    let work = created.header("opc-work-request-id").to_owned();
    let now = obol_domain::Clock::now(&world.clock);
    let until = now.plus(obol_analytics::work::LEASE);
    obol_store::work_requests::claim(&world.db, "somebody", now, until).await.unwrap().unwrap();
    assert_eq!(cancel(&world, &work).await.status, 204);
    let lease = obol_store::work_requests::Lease {
        tenancy_id: world.tenant().id.clone(),
        work_request_id: work.clone(),
        mark: "somebody".to_owned(),
    };
    assert!(!obol_store::work_requests::extend(&world.db, &lease, until).await.unwrap(), "the lease is lost");
    assert!(!matches!(world.engine.run_due().await, Err(EngineError::Crashed)), "nobody begins it");
    is_canceled(&world, &work).await;
}
