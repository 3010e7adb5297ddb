//! The sequences of calls that Oracle's Terraform provider makes, and what it asserts of the answers (contract analytics 6.3
//! and 0, rules 4 to 6).

use axum::http::Method;
use obol_protocol::analytics::OperationType;
use serde_json::{Value, json};

use crate::world::{Answer, World};

const INSTANCES: &str = "/20190331/analyticsInstances";

/// Follows a work request as the provider does: until `timeFinished`, then by what became of the instance.
async fn waited(world: &World, answer: &Answer, action: &str) -> Result<String, String> {
    let work = answer.header("opc-work-request-id");
    assert!(!work.is_empty(), "the provider breaks without one: {}", answer.text());
    let mut body = world.work(work).await.body;
    for _ in 0..10 {
        if !body["timeFinished"].is_null() {
            break;
        }
        world.engine.run_due().await.unwrap();
        world.clock.advance(std::time::Duration::from_secs(5));
        body = world.work(work).await.body;
    }
    assert!(body["timeFinished"].is_string(), "{body}");
    let touched = body["resources"].as_array().unwrap().iter().find(|resource| {
        resource["resourceType"].as_str().is_some_and(|kind| kind.to_lowercase().contains("analytics"))
            && resource["actionResult"] == action
    });
    if let Some(resource) = touched.filter(|_| body["status"] == "SUCCEEDED") {
        return Ok(resource["identifier"].as_str().unwrap().to_owned());
    }
    let errors = world.call(Method::GET, &format!("/20190331/workRequests/{work}/errors"), b"").await;
    let messages: Vec<_> = errors.body.as_array().unwrap().iter().map(|error| error["message"].to_string()).collect();
    let asked = world.call(Method::DELETE, &format!("/20190331/workRequests/{work}"), b"").await;
    assert!(asked.status < 500, "{}", asked.text());
    Err(messages.join("\n"))
}

/// What the provider reads back, so that the next plan is empty.
async fn refreshed(world: &World, id: &str) -> Value {
    let body = world.get(id).await.body;
    for field in ["systemTags", "definedTags", "freeformTags", "updateChannel", "timeUpdated", "networkEndpointDetails"]
    {
        assert!(!body[field].is_null(), "{field}: {body}");
    }
    for list in ["whitelistedIps", "whitelistedVcns", "whitelistedServices"] {
        assert!(body["networkEndpointDetails"][list].is_array(), "{list}");
    }
    body
}

async fn put(world: &World, id: &str) {
    let body = json!({
        "definedTags": {}, "freeformTags": {}, "licenseType": "LICENSE_INCLUDED", "updateChannel": "REGULAR",
    });
    let answer = world.call(Method::PUT, &format!("{INSTANCES}/{id}"), body.to_string().as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn action(world: &World, id: &str, name: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.call(Method::POST, &format!("{INSTANCES}/{id}/actions/{name}"), body.as_bytes()).await
}

/// Start and stop are followed by the instance's state alone.
async fn until(world: &World, id: &str, state: &str) {
    for _ in 0..10 {
        if world.get(id).await.body["lifecycleState"] == state {
            return;
        }
        world.engine.run_due().await.unwrap();
        world.clock.advance(std::time::Duration::from_secs(5));
    }
    panic!("the instance never became {state}");
}

#[tokio::test]
async fn an_instance_is_created_changed_and_destroyed() {
    let world = World::new().await;
    let created = world.create(&world.details("myoac")).await;
    let id = waited(&world, &created, "CREATED").await.unwrap();
    assert_eq!(id, created.body["id"]);
    let first = refreshed(&world, &id).await;
    assert_eq!(first["lifecycleState"], "ACTIVE");
    assert_eq!(refreshed(&world, &id).await, first, "an empty plan");

    let moved = action(&world, &id, "changeCompartment", &json!({ "compartmentId": world.tenant().id })).await;
    assert_eq!(waited(&world, &moved, "COMPARTMENT_CHANGED").await, Ok(id.clone()));
    let endpoint = json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": ["1.2.3.4"] });
    let opened = action(&world, &id, "changeNetworkEndpoint", &json!({ "networkEndpointDetails": endpoint })).await;
    assert_eq!(waited(&world, &opened, "NETWORK_ENDPOINT_CHANGED").await, Ok(id.clone()));
    put(&world, &id).await;
    let capacity = json!({ "capacityType": "OLPU_COUNT", "capacityValue": 2 });
    let scaled = action(&world, &id, "scale", &json!({ "capacity": capacity })).await;
    assert_eq!(waited(&world, &scaled, "SCALED").await, Ok(id.clone()));
    let keyed = action(&world, &id, "setKmsKey", &json!({ "kmsKeyId": "ocid1.key" })).await;
    assert_eq!(waited(&world, &keyed, "CREATED").await, Ok(id.clone()), "sic: contract analytics 5.2");
    let after = refreshed(&world, &id).await;
    assert_eq!((&after["capacity"], &after["kmsKeyId"]), (&capacity, &json!("ocid1.key")));
    assert_eq!(after["compartmentId"], world.tenant().id);

    put(&world, &id).await;
    assert_eq!(action(&world, &id, "stop", &Value::Null).await.status, 202);
    until(&world, &id, "INACTIVE").await;
    assert_eq!(action(&world, &id, "start", &Value::Null).await.status, 202);
    until(&world, &id, "ACTIVE").await;
    put(&world, &id).await;

    let destroyed = world.delete(&id).await;
    world.clock.advance(std::time::Duration::from_mins(2));
    assert_eq!(waited(&world, &destroyed, "DELETED").await, Ok(id.clone()));
    assert_eq!(world.get(&id).await.status, 404);
}

#[tokio::test]
async fn work_that_fails_tells_why_and_is_asked_to_be_cancelled() {
    let world = World::new().await;
    world.faults.set(OperationType::CreateAnalyticsInstance, 1);
    let created = world.create(&world.details("myoac")).await;
    let error = waited(&world, &created, "CREATED").await.unwrap_err();
    assert!(error.contains("The step provision failed: The simulated provisioning was told to fail."), "{error}");
    let id = created.body["id"].as_str().unwrap();
    assert_eq!(world.get(id).await.body["lifecycleState"], "FAILED");
    let destroyed = world.delete(id).await;
    assert_eq!(waited(&world, &destroyed, "DELETED").await.unwrap(), id, "what failed can be cleaned up");
}
