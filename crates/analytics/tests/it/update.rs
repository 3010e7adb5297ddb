//! UpdateAnalyticsInstance: at once, only what was named, never over another's change.

use std::time::Duration;

use axum::http::Method;
use obol_protocol::analytics::{LifecycleState, enums::Vocabulary as _};
use serde_json::{Value, json};

use crate::{
    changes::{put_in, works},
    world::{Answer, World},
};

async fn update(world: &World, id: &str, body: &Value, headers: &[(&'static str, &str)]) -> Answer {
    let target = format!("/20190331/analyticsInstances/{id}");
    world.call_with(Method::PUT, &target, body.to_string().as_bytes(), headers).await
}

/// An instance with a value in every field that can be updated.
async fn full(world: &World) -> String {
    let mut body = world.details("myoac");
    body["description"] = "before".into();
    body["emailNotification"] = "a@example.com".into();
    body["freeformTags"] = json!({ "owner": "tests", "stage": "one" });
    body["definedTags"] = json!({ "ops": { "cost": "42" } });
    let created = world.create(&body).await;
    assert_eq!(created.status, 201, "{}", created.text());
    world.settle().await;
    created.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_field_changes_alone_and_at_once() {
    // Contract analytics 1, operation 4; 2, UpdateAnalyticsInstanceDetails: absent is unchanged, tags replace the map.
    let world = World::new().await;
    let id = full(&world).await;
    for (field, value) in [
        ("description", json!("after")),
        ("description", json!("")),
        ("emailNotification", json!("b@example.com")),
        ("licenseType", json!("BRING_YOUR_OWN_LICENSE")),
        ("updateChannel", json!("EARLY")),
        ("freeformTags", json!({ "owner": "others" })),
        ("freeformTags", json!({})),
        ("definedTags", json!({ "ops": { "team": "red" } })),
        ("definedTags", json!({})),
    ] {
        let before = world.get(&id).await;
        world.clock.advance(Duration::from_secs(1));
        let answer = update(&world, &id, &json!({ field: value }), &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let mut expected = before.body.clone();
        expected[field] = value;
        expected["timeUpdated"] = answer.body["timeUpdated"].clone();
        assert_eq!(answer.body, expected, "{field}");
        assert_ne!(answer.body["timeUpdated"], before.body["timeUpdated"], "{field}");
        assert_ne!(answer.header("etag"), before.header("etag"), "{field}");
        assert_eq!(answer.header("opc-work-request-id"), "", "it is no long operation");
        let after = world.get(&id).await;
        assert_eq!((after.header("etag"), &after.body), (answer.header("etag"), &answer.body), "{field}");
    }
    assert_eq!(works(&world).await, 1, "only the creation");
}

#[tokio::test]
async fn what_cannot_be_updated_is_ignored() {
    let world = World::new().await;
    let id = full(&world).await;
    let before = world.get(&id).await.body;
    let body = json!({
        "name": "other", "capacity": { "capacityType": "OLPU_COUNT", "capacityValue": 8 },
        "featureSet": "SELF_SERVICE_ANALYTICS", "kmsKeyId": "ocid1.key", "lifecycleState": "FAILED",
        "description": null, "freeformTags": null,
    });
    let mut after = update(&world, &id, &body, &[]).await.body;
    after["timeUpdated"] = before["timeUpdated"].clone();
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_wrong_body_changes_nothing() {
    let world = World::new().await;
    let id = full(&world).await;
    let before = world.get(&id).await;
    for (body, code, check) in [
        (json!([]), "InvalidParameter", "field_type"),
        (json!({ "description": 1 }), "InvalidParameter", "field_type"),
        (json!({ "description": "x".repeat(513) }), "InvalidParameter", "field_bounds"),
        (json!({ "emailNotification": "x".repeat(513) }), "InvalidParameter", "field_bounds"),
        (json!({ "licenseType": "FREE" }), "InvalidParameter", "field_type"),
        (json!({ "updateChannel": "early" }), "InvalidParameter", "field_type"),
        (json!({ "freeformTags": [] }), "InvalidParameter", "field_type"),
        (json!({ "freeformTags": { "a": 1 } }), "InvalidParameter", "field_type"),
        (json!({ "definedTags": { "a": "b" } }), "InvalidParameter", "field_type"),
    ] {
        let answer = update(&world, &id, &body, &[]).await;
        assert_eq!(answer.code(), (400, code), "{body}");
        assert_eq!(world.why(&answer).await.check, check, "{body}");
    }
    for body in [b"" as &[u8], b"{", b"\xff"] {
        let answer = world.call(Method::PUT, &format!("/20190331/analyticsInstances/{id}"), body).await;
        assert_eq!(answer.code(), (400, "InvalidParameter"));
    }
    let after = world.get(&id).await;
    assert_eq!((after.header("etag"), &after.body), (before.header("etag"), &before.body));
}

#[tokio::test]
async fn what_is_not_there_cannot_be_updated() {
    let world = World::new().await;
    let id = full(&world).await;
    let body = json!({ "description": "theirs" });
    let unknown = update(&world, "ocid1.analyticsinstance.oc1.us-ashburn-1.aaaa", &body, &[]).await;
    let (stranger, target) = (&world.tenants[1].administrator, format!("/20190331/analyticsInstances/{id}"));
    let foreign = world.call_as(stranger, Method::PUT, &target, body.to_string().as_bytes(), &[]).await;
    assert_eq!(world.get(&id).await.body["description"], "before");
    put_in(&world, &id, "DELETED").await;
    let deleted = update(&world, &id, &body, &[]).await;
    for answer in [unknown, foreign, deleted] {
        assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"));
        assert_eq!(world.why(&answer).await.check, "resource_known");
    }
}

#[tokio::test]
async fn only_an_instance_that_is_being_made_or_removed_cannot_be_updated() {
    // Contract analytics 2.3, row update.
    let world = World::new().await;
    let id = full(&world).await;
    for state in LifecycleState::ALL {
        put_in(&world, &id, state.as_str()).await;
        let answer = update(&world, &id, &json!({ "description": state.as_str() }), &[]).await;
        match state {
            LifecycleState::Creating | LifecycleState::Deleting => {
                assert_eq!(answer.code(), (409, "IncorrectState"), "{state}");
                assert_eq!(world.why(&answer).await.check, "state_allows_operation");
            }
            LifecycleState::Deleted => assert_eq!(answer.status, 404),
            LifecycleState::Active | LifecycleState::Failed | LifecycleState::Inactive | LifecycleState::Updating => {
                assert_eq!((answer.status, &answer.body["description"]), (200, &json!(state.as_str())));
                assert_eq!(answer.body["lifecycleState"], state.as_str(), "it stays in its state");
            }
        }
    }
}

#[tokio::test]
async fn if_match_must_name_the_present_version() {
    // Contract analytics 5.1.
    let world = World::new().await;
    let id = full(&world).await;
    let etag = world.get(&id).await.header("etag").to_owned();
    let first = update(&world, &id, &json!({ "description": "first" }), &[("if-match", &etag)]).await;
    assert_eq!(first.status, 200);
    for stale in [etag.as_str(), "nonsense", ""] {
        let answer = update(&world, &id, &json!({ "description": "second" }), &[("if-match", stale)]).await;
        assert_eq!(answer.code(), (412, "NoEtagMatch"));
        assert_eq!(world.why(&answer).await.check, "etag_matches");
    }
    assert_eq!(world.get(&id).await.body["description"], "first");
    for good in [first.header("etag"), "*"] {
        let headers = [("if-match", good)];
        assert_eq!(update(&world, &id, &json!({}), &headers).await.status, 200, "{good}");
    }
}

#[tokio::test]
async fn an_update_while_work_is_under_way_is_not_lost() {
    let world = World::new().await;
    let id = full(&world).await;
    let target = format!("/20190331/analyticsInstances/{id}/actions/setKmsKey");
    assert_eq!(world.call(Method::POST, &target, b"{\"kmsKeyId\":\"ocid1.key\"}").await.status, 202);
    world.engine.run_due().await.unwrap();
    let answer = update(&world, &id, &json!({ "description": "meanwhile" }), &[]).await;
    assert_eq!((answer.status, &answer.body["lifecycleState"]), (200, &json!("UPDATING")));
    world.settle().await;
    let after = world.get(&id).await.body;
    assert_eq!(
        (&after["description"], &after["kmsKeyId"], &after["lifecycleState"]),
        (&json!("meanwhile"), &json!("ocid1.key"), &json!("ACTIVE"))
    );
}
