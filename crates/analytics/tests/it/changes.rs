//! The long operations on an instance that is there, as one table: what each is asked for, where it is legal, where it
//! leads; and everything that may be said against any of them.

use axum::http::Method;
use obol_domain::lifecycle::{InstanceOperation, Ruling, rule};
use obol_protocol::analytics::{LifecycleState, OperationType, enums::Vocabulary as _};
use obol_store::{Statement, values};
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// A long operation.
pub struct LongOperation {
    pub action: &'static str,
    pub row: InstanceOperation,
    pub operation_type: OperationType,
    pub action_result: &'static str,
    pub steps: [&'static str; 2],
    /// The state it begins in, in these tests.
    pub from: &'static str,
    pub to: &'static str,
    pub body: Value,
    /// Where its effect is seen, and what is seen there.
    pub effect: Option<(&'static str, Value)>,
}

/// Contract analytics 2.3 and 5.2.
pub fn operations() -> Vec<LongOperation> {
    let endpoint = json!({
        "networkEndpointType": "PRIVATE", "vcnId": "ocid1.vcn.oc1.iad.aaaa", "subnetId": "ocid1.subnet.oc1.iad.aaaa",
        "networkSecurityGroupIds": [],
    });
    let capacity = json!({ "capacityType": "OLPU_COUNT", "capacityValue": 4 });
    let root = format!("ocid1.tenancy.oc1..{}", "at".repeat(16));
    vec![
        LongOperation {
            action: "start",
            row: InstanceOperation::Start,
            operation_type: OperationType::StartAnalyticsInstance,
            action_result: "STARTED",
            steps: ["start_server", "go_into_service"],
            from: "INACTIVE",
            to: "ACTIVE",
            body: Value::Null,
            effect: None,
        },
        LongOperation {
            action: "stop",
            row: InstanceOperation::Stop,
            operation_type: OperationType::StopAnalyticsInstance,
            action_result: "STOPPED",
            steps: ["stop_server", "go_out_of_service"],
            from: "ACTIVE",
            to: "INACTIVE",
            body: Value::Null,
            effect: None,
        },
        LongOperation {
            action: "scale",
            row: InstanceOperation::Change,
            operation_type: OperationType::ScaleAnalyticsInstance,
            action_result: "SCALED",
            steps: ["scale_server", "note_capacity"],
            from: "ACTIVE",
            to: "ACTIVE",
            body: json!({ "capacity": capacity }),
            effect: Some(("capacity", capacity)),
        },
        LongOperation {
            action: "changeCompartment",
            row: InstanceOperation::Move,
            operation_type: OperationType::ChangeAnalyticsInstanceCompartment,
            action_result: "COMPARTMENT_CHANGED",
            steps: ["move_server", "refile"],
            from: "INACTIVE",
            to: "INACTIVE",
            body: json!({ "compartmentId": root }),
            effect: Some(("compartmentId", root.into())),
        },
        LongOperation {
            action: "changeNetworkEndpoint",
            row: InstanceOperation::Change,
            operation_type: OperationType::ChangeAnalyticsInstanceNetworkEndpoint,
            action_result: "NETWORK_ENDPOINT_CHANGED",
            steps: ["change_network_endpoint", "note_network_endpoint"],
            from: "ACTIVE",
            to: "ACTIVE",
            body: json!({ "networkEndpointDetails": endpoint }),
            effect: Some(("networkEndpointDetails", endpoint)),
        },
        LongOperation {
            action: "setKmsKey",
            row: InstanceOperation::Change,
            operation_type: OperationType::UpdateInstanceEncryptionKey,
            action_result: "CREATED",
            steps: ["change_encryption_key", "note_kms_key"],
            from: "ACTIVE",
            to: "ACTIVE",
            body: json!({ "kmsKeyId": "ocid1.key" }),
            effect: Some(("kmsKeyId", "ocid1.key".into())),
        },
        LongOperation {
            action: "setFeatureBundle",
            row: InstanceOperation::Change,
            operation_type: OperationType::SetFeatureSet,
            action_result: "NONE",
            steps: ["change_feature_bundle", "note_feature_bundle"],
            from: "ACTIVE",
            to: "ACTIVE",
            body: json!({ "featureBundle": "FAW_FREE" }),
            effect: Some(("featureBundle", "FAW_FREE".into())),
        },
    ]
}

impl LongOperation {
    pub fn target(&self, id: &str) -> String {
        format!("/20190331/analyticsInstances/{id}/actions/{}", self.action)
    }

    fn bytes(&self) -> Vec<u8> {
        if self.body.is_null() { Vec::new() } else { self.body.to_string().into_bytes() }
    }

    pub async fn call(&self, world: &World, id: &str, headers: &[(&'static str, &str)]) -> Answer {
        world.call_with(Method::POST, &self.target(id), &self.bytes(), headers).await
    }

    /// An instance in the state that the operation begins in.
    pub async fn instance(&self, world: &World) -> String {
        let id = world.active("myoac").await;
        put_in(world, &id, self.from).await;
        id
    }

    /// Accepts the operation and returns its work request's id.
    pub async fn accepted(&self, world: &World, id: &str) -> String {
        let answer = self.call(world, id, &[]).await;
        assert_eq!(answer.status, 202, "{}: {}", self.action, answer.text());
        answer.header("opc-work-request-id").to_owned()
    }

    /// What callers see once it has succeeded.
    pub async fn took_effect(&self, world: &World, id: &str, work: &str, what: &str) {
        let what = format!("{} {what}", self.action);
        let instance = world.get(id).await;
        assert_eq!(instance.body["lifecycleState"], self.to, "{what}");
        if let Some((field, value)) = &self.effect {
            assert_eq!(&instance.body[field], value, "{what}");
        }
        let work = world.work(work).await;
        assert_eq!(
            (&work.body["status"], &work.body["percentComplete"]),
            (&json!("SUCCEEDED"), &json!(100.0)),
            "{what}"
        );
        assert_eq!(work.body["operationType"], self.operation_type.as_str(), "{what}");
        assert_eq!(work.body["resources"][0]["actionResult"], self.action_result, "{what}");
        assert!(work.body["timeFinished"].is_string(), "{what}");
    }

    /// What callers see once it has failed: the instance is what it was.
    pub async fn was_undone(&self, world: &World, before: &Value, work: &str, what: &str) {
        let what = format!("{} {what}", self.action);
        let mut after = world.get(before["id"].as_str().unwrap()).await.body;
        after["timeUpdated"] = before["timeUpdated"].clone();
        assert_eq!(&after, before, "{what}");
        let answer = world.work(work).await;
        assert_eq!(answer.body["status"], "FAILED", "{what}");
        assert_eq!(answer.body["resources"][0]["actionResult"], "NONE", "{what}");
        assert!(answer.body["timeFinished"].is_string(), "{what}");
        let errors = world.call(Method::GET, &format!("/20190331/workRequests/{work}/errors"), b"").await;
        assert_eq!(errors.body[0]["code"], "StepFailed", "{what}");
    }
}

/// Puts an instance into a state by hand.
pub async fn put_in(world: &World, id: &str, state: &str) {
    let put = Statement::new("instances", "UPDATE instances SET lifecycle_state = $2 WHERE id = $1");
    world.db.execute(&put, values![id, state]).await.unwrap();
}

/// How many work requests there are.
pub async fn works(world: &World) -> usize {
    let mut found = 0;
    for compartment in [&world.tenant().compartment, &world.tenant().id] {
        let list = world.call(Method::GET, &format!("/20190331/workRequests?compartmentId={compartment}"), b"").await;
        found += list.body.as_array().unwrap().len();
    }
    found
}

#[tokio::test]
async fn an_accepted_operation_answers_202_without_a_body_and_then_takes_effect() {
    // Contract analytics 1, operations 6 to 12; 2.3; 5.2.
    for operation in operations() {
        let world = World::new().await;
        let id = operation.instance(&world).await;
        let answer = operation.call(&world, &id, &[]).await;
        assert_eq!((answer.status, &answer.body), (202, &Value::Null), "{}", operation.action);
        let mut headers: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
        headers.sort();
        assert_eq!(headers, ["content-length", "date", "opc-request-id", "opc-work-request-id"]);
        let work = answer.header("opc-work-request-id");
        assert_eq!(world.get(&id).await.body["lifecycleState"], "UPDATING", "{}", operation.action);
        let accepted = world.work(work).await.body;
        assert_eq!((&accepted["status"], &accepted["percentComplete"]), (&json!("ACCEPTED"), &json!(0.0)));
        assert_eq!(accepted["resources"][0]["actionResult"], "NONE");
        assert_eq!(accepted["resources"][0]["identifier"], id);
        assert_eq!(accepted["timeFinished"], Value::Null);
        world.settle().await;
        operation.took_effect(&world, &id, work, "once").await;
        let logs = world.call(Method::GET, &format!("/20190331/workRequests/{work}/logs"), b"").await;
        let lines: Vec<_> = logs.body.as_array().unwrap().iter().map(|line| line["message"].to_string()).collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].contains("simulated") && lines[1].contains("Simulated"), "{lines:?}");
    }
}

#[tokio::test]
async fn what_is_not_there_cannot_be_changed() {
    for operation in operations() {
        let world = World::new().await;
        let id = operation.instance(&world).await;
        let before = works(&world).await;
        let unknown = operation.call(&world, "ocid1.analyticsinstance.oc1.us-ashburn-1.aaaa", &[]).await;
        let mut body = operation.bytes();
        if operation.action == "changeCompartment" {
            body = json!({ "compartmentId": world.tenants[1].compartment }).to_string().into_bytes();
        }
        let stranger = &world.tenants[1].administrator;
        let foreign = world.call_as(stranger, Method::POST, &operation.target(&id), &body, &[]).await;
        assert_eq!(world.get(&id).await.body["lifecycleState"], operation.from, "{}", operation.action);
        put_in(&world, &id, "DELETED").await;
        let deleted = operation.call(&world, &id, &[]).await;
        for answer in [unknown, foreign, deleted] {
            assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"), "{}", operation.action);
            assert_eq!(world.why(&answer).await.check, "resource_known", "{}", operation.action);
        }
        assert_eq!(works(&world).await, before, "{}: nothing was accepted", operation.action);
    }
}

#[tokio::test]
async fn a_state_that_forbids_it_is_a_conflict() {
    // Contract analytics 2.3: the table in the code is the one that rules.
    for operation in operations() {
        let world = World::new().await;
        let id = operation.instance(&world).await;
        let before = works(&world).await;
        let mut forbidden = 0;
        for state in LifecycleState::ALL {
            if rule(operation.row, *state) != Ruling::IncorrectState {
                continue;
            }
            forbidden += 1;
            put_in(&world, &id, state.as_str()).await;
            let etag = world.get(&id).await.header("etag").to_owned();
            let answer = operation.call(&world, &id, &[]).await;
            assert_eq!(answer.code(), (409, "IncorrectState"), "{} {state}", operation.action);
            let message = format!("The requested operation is not allowed while the instance is in state {state}.");
            assert_eq!(answer.body["message"], message);
            let why = world.why(&answer).await;
            assert_eq!((why.check.as_ref(), why.seen.as_ref()), ("state_allows_operation", state.as_str()));
            assert_eq!(world.get(&id).await.header("etag"), etag, "nothing was changed");
        }
        assert!(forbidden >= 4, "{} {forbidden}", operation.action);
        assert_eq!(works(&world).await, before, "{}: nothing was accepted", operation.action);
    }
}

#[tokio::test]
async fn if_match_must_name_the_present_version() {
    // Contract analytics 5.1.
    for operation in operations() {
        let world = World::new().await;
        let id = operation.instance(&world).await;
        let current = world.get(&id).await.header("etag").to_owned();
        for stale in ["0000000000000001", "nonsense", ""] {
            let answer = operation.call(&world, &id, &[("if-match", stale)]).await;
            assert_eq!(answer.code(), (412, "NoEtagMatch"), "{}", operation.action);
            assert_eq!(world.why(&answer).await.check, "etag_matches");
        }
        assert_eq!(world.get(&id).await.header("etag"), current, "nothing was changed");
        assert_eq!(operation.call(&world, &id, &[("if-match", &current)]).await.status, 202);
        assert_ne!(world.get(&id).await.header("etag"), current, "a change makes another etag");
    }
}

#[tokio::test]
async fn a_retry_token_gives_the_first_answer_again_and_serves_no_other_request() {
    // Contract analytics 5.1.
    const TOKEN: [(&str, &str); 1] = [("opc-retry-token", "a5mX6auPqjgOovPNqXWV4gITQ4uktX")];
    for operation in operations() {
        let world = World::new().await;
        let id = operation.instance(&world).await;
        let first = operation.call(&world, &id, &TOKEN).await;
        let under_way = operation.call(&world, &id, &TOKEN).await;
        world.settle().await;
        let works_before = works(&world).await;
        let later = operation.call(&world, &id, &TOKEN).await;
        for again in [under_way, later] {
            assert_eq!(again.status, 202, "{}: {}", operation.action, again.text());
            assert_eq!(again.header("opc-work-request-id"), first.header("opc-work-request-id"));
        }
        let other_body =
            world.call_with(Method::POST, &operation.target(&id), b"{\"featureBundle\":null}", &TOKEN).await;
        let other_action = if operation.action == "start" { "stop" } else { "start" };
        let target = format!("/20190331/analyticsInstances/{id}/actions/{other_action}");
        let other_operation = world.call_with(Method::POST, &target, b"", &TOKEN).await;
        assert_eq!(other_operation.code(), (409, "InvalidatedRetryToken"), "{}", operation.action);
        assert_eq!(world.why(&other_operation).await.check, "retry_token_fits");
        // A body that cannot be read is refused before its token is looked at.
        let expected = if ["start", "stop", "setFeatureBundle"].contains(&operation.action) { 409 } else { 400 };
        assert_eq!(other_body.status, expected, "{}", operation.action);
        assert_eq!(works(&world).await, works_before, "{}", operation.action);
        world.delete(&id).await;
        let invalidated = operation.call(&world, &id, &TOKEN).await;
        assert_eq!(invalidated.code(), (409, "InvalidatedRetryToken"), "{}", operation.action);
    }
}

#[tokio::test]
async fn a_malformed_retry_token_is_refused() {
    for operation in operations() {
        let world = World::new().await;
        let id = operation.instance(&world).await;
        for token in ["", &"x".repeat(65)] {
            let answer = operation.call(&world, &id, &[("opc-retry-token", token)]).await;
            assert_eq!(answer.code(), (400, "InvalidParameter"), "{}", operation.action);
            assert_eq!(world.why(&answer).await.check, "retry_token_form");
        }
        assert_eq!(world.get(&id).await.body["lifecycleState"], operation.from);
    }
}

#[tokio::test]
async fn a_body_that_is_wrong_changes_nothing() {
    // Contract analytics 2; the bounds of each field are held where they are read.
    let endpoint = |details: Value| json!({ "networkEndpointDetails": details });
    let capacity = |kind: &str, value: Value| json!({ "capacity": { "capacityType": kind, "capacityValue": value } });
    let table: Vec<(&str, Value, (u16, &str), &str)> = vec![
        ("scale", json!({}), (400, "MissingParameter"), "field_present"),
        ("scale", json!({ "capacity": null }), (400, "MissingParameter"), "field_present"),
        ("scale", json!([]), (400, "InvalidParameter"), "field_type"),
        ("scale", capacity("OCPU", json!(4)), (400, "InvalidParameter"), "field_type"),
        ("scale", capacity("OLPU_COUNT", json!("4")), (400, "InvalidParameter"), "field_type"),
        ("scale", capacity("OLPU_COUNT", json!(0)), (400, "InvalidParameter"), "field_bounds"),
        ("scale", capacity("OLPU_COUNT", json!(3)), (400, "InvalidParameter"), "capacity_exists"),
        ("scale", capacity("OLPU_COUNT", json!(24)), (400, "InvalidParameter"), "capacity_exists"),
        ("scale", capacity("USER_COUNT", json!(10)), (400, "InvalidParameter"), "capacity_exists"),
        ("changeCompartment", json!({}), (400, "MissingParameter"), "field_present"),
        ("changeCompartment", json!({ "compartmentId": "" }), (400, "InvalidParameter"), "field_bounds"),
        ("changeCompartment", json!({ "compartmentId": 1 }), (400, "InvalidParameter"), "field_type"),
        (
            "changeCompartment",
            json!({ "compartmentId": "ocid1.compartment.oc1..zzzz" }),
            (404, "NotAuthorizedOrNotFound"),
            "compartment_known",
        ),
        ("changeNetworkEndpoint", json!({}), (400, "MissingParameter"), "field_present"),
        ("changeNetworkEndpoint", endpoint(json!({})), (400, "MissingParameter"), "field_present"),
        (
            "changeNetworkEndpoint",
            endpoint(json!({ "networkEndpointType": "public" })),
            (400, "InvalidParameter"),
            "field_type",
        ),
        (
            "changeNetworkEndpoint",
            endpoint(json!({ "networkEndpointType": "PRIVATE", "vcnId": "ocid1.vcn.oc1.iad.aaaa" })),
            (400, "MissingParameter"),
            "field_present",
        ),
        (
            "changeNetworkEndpoint",
            endpoint(json!({ "networkEndpointType": "PUBLIC", "whitelistedIps": ["x"] })),
            (400, "InvalidParameter"),
            "field_bounds",
        ),
        ("setKmsKey", json!({}), (400, "MissingParameter"), "field_present"),
        ("setKmsKey", json!({ "kmsKeyId": null }), (400, "MissingParameter"), "field_present"),
        ("setKmsKey", json!({ "kmsKeyId": ["x"] }), (400, "InvalidParameter"), "field_type"),
        ("setKmsKey", json!({ "kmsKeyId": "x".repeat(256) }), (400, "InvalidParameter"), "field_bounds"),
        ("setFeatureBundle", json!("FAW_PAID"), (400, "InvalidParameter"), "field_type"),
        ("setFeatureBundle", json!({ "featureBundle": "faw_paid" }), (400, "InvalidParameter"), "field_type"),
        ("setFeatureBundle", json!({ "featureBundle": 1 }), (400, "InvalidParameter"), "field_type"),
    ];
    let world = World::new().await;
    let id = world.active("myoac").await;
    let (before, accepted) = (world.get(&id).await, works(&world).await);
    for (action, body, code, check) in table {
        let target = format!("/20190331/analyticsInstances/{id}/actions/{action}");
        let answer = world.call(Method::POST, &target, body.to_string().as_bytes()).await;
        assert_eq!(answer.code(), code, "{action} {body}");
        assert_eq!(world.why(&answer).await.check, check, "{action} {body}");
    }
    for action in ["scale", "changeCompartment", "changeNetworkEndpoint", "setKmsKey", "setFeatureBundle"] {
        let target = format!("/20190331/analyticsInstances/{id}/actions/{action}");
        for body in [b"" as &[u8], b"{", b"\xff"] {
            let answer = world.call(Method::POST, &target, body).await;
            assert_eq!(answer.code(), (400, "InvalidParameter"), "{action}");
            assert_eq!(answer.body["message"], "Unable to process JSON input");
        }
    }
    let after = world.get(&id).await;
    assert_eq!((after.header("etag"), &after.body), (before.header("etag"), &before.body));
    assert_eq!(works(&world).await, accepted);
}

#[tokio::test]
async fn a_provisioner_that_fails_leaves_the_instance_as_it_was() {
    for operation in operations() {
        let world = World::new().await;
        let id = operation.instance(&world).await;
        let before = world.get(&id).await.body;
        world.faults.set(operation.operation_type, 1);
        let work = operation.accepted(&world, &id).await;
        world.settle().await;
        operation.was_undone(&world, &before, &work, "with a fault").await;
        let errors = world.call(Method::GET, &format!("/20190331/workRequests/{work}/errors"), b"").await;
        let message = errors.body[0]["message"].as_str().unwrap();
        assert!(message.ends_with("was told to fail."), "{message}");
        let work = operation.accepted(&world, &id).await;
        world.settle().await;
        operation.took_effect(&world, &id, &work, "after a failure").await;
    }
}

#[tokio::test]
async fn an_empty_key_resets_and_no_bundle_clears() {
    // Contract analytics 2, SetKmsKeyDetails and SetFeatureBundleDetails.
    let world = World::new().await;
    let mut body = world.details("myoac");
    body["kmsKeyId"] = "ocid1.key".into();
    body["featureBundle"] = "FAW_PAID".into();
    let created = world.create(&body).await;
    let id = created.body["id"].as_str().unwrap();
    world.settle().await;
    for (action, body, field) in
        [("setKmsKey", "{\"kmsKeyId\":\"\"}", "kmsKeyId"), ("setFeatureBundle", "{}", "featureBundle")]
    {
        assert!(world.get(id).await.body[field].is_string());
        let target = format!("/20190331/analyticsInstances/{id}/actions/{action}");
        assert_eq!(world.call(Method::POST, &target, body.as_bytes()).await.status, 202);
        world.settle().await;
        assert_eq!(world.get(id).await.body[field], Value::Null, "{action}");
    }
}

#[tokio::test]
async fn a_moved_instance_takes_its_work_along_and_keeps_its_state() {
    let world = World::new().await;
    let id = world.active("myoac").await;
    let (old, new) = (world.tenant().compartment.clone(), world.tenant().id.clone());
    let target = format!("/20190331/analyticsInstances/{id}/actions/changeCompartment");
    let body = json!({ "compartmentId": new }).to_string();
    let count = async |what: &str, compartment: &str| {
        let list = world.call(Method::GET, &format!("/20190331/{what}?compartmentId={compartment}"), b"").await;
        list.body.as_array().unwrap().len()
    };
    let answer = world.call(Method::POST, &target, body.as_bytes()).await;
    let work = answer.header("opc-work-request-id").to_owned();
    assert_eq!(world.work(&work).await.body["compartmentId"], old, "accepted where the instance still is");
    assert_eq!((count("analyticsInstances", &old).await, count("workRequests", &old).await), (1, 2));
    world.settle().await;
    assert_eq!(world.get(&id).await.body["lifecycleState"], "ACTIVE");
    assert_eq!(world.work(&work).await.body["compartmentId"], new);
    assert_eq!((count("analyticsInstances", &old).await, count("workRequests", &old).await), (0, 0));
    assert_eq!((count("analyticsInstances", &new).await, count("workRequests", &new).await), (1, 2));
}
