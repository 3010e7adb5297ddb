//! Many writers at once, on either engine: one wins where one may, and nobody's change is lost.

use std::sync::Arc;

use axum::http::Method;
use obol_domain::capacity::TenancyLimits;
use obol_protocol::analytics::OperationType;
use serde_json::{Value, json};

use crate::{
    changes::works,
    world::{Answer, World},
};

/// Sends all at once, and waits for all answers.
async fn at_once(world: &Arc<World>, requests: Vec<(Method, String, Value, Option<String>)>) -> Vec<Answer> {
    let tasks: Vec<_> = requests
        .into_iter()
        .map(|(method, target, body, etag)| {
            let world = Arc::clone(world);
            tokio::spawn(async move {
                let body = if body.is_null() { String::new() } else { body.to_string() };
                let headers: Vec<_> = etag.as_deref().map(|etag| ("if-match", etag)).into_iter().collect();
                world.call_with(method, &target, body.as_bytes(), &headers).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

fn codes(answers: &[Answer]) -> Vec<(u16, &str)> {
    let mut codes: Vec<_> = answers.iter().map(Answer::code).collect();
    codes.sort_unstable();
    codes
}

/// Of many long operations on one instance one is accepted, and it is the one that takes effect.
pub async fn one_long_operation_wins(world: World) {
    let world = Arc::new(world);
    let id = world.active("myoac").await;
    let before = works(&world).await;
    let action = |name: &str| format!("/20190331/analyticsInstances/{id}/actions/{name}");
    let mut requests = Vec::new();
    for value in [2, 4, 6, 8] {
        let body = json!({ "capacity": { "capacityType": "OLPU_COUNT", "capacityValue": value } });
        requests.push((Method::POST, action("scale"), body, None));
    }
    for key in ["one", "two", "three"] {
        requests.push((Method::POST, action("setKmsKey"), json!({ "kmsKeyId": key }), None));
    }
    requests.push((Method::POST, action("stop"), Value::Null, None));
    requests.push((Method::POST, action("changeCompartment"), json!({ "compartmentId": world.tenant().id }), None));
    requests.push((Method::DELETE, format!("/20190331/analyticsInstances/{id}"), Value::Null, None));
    let answers = at_once(&world, requests).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status < 300);
    assert_eq!((won.len(), lost.len()), (1, 9), "{:?}", codes(&answers));
    assert!(lost.iter().all(|answer| answer.code() == (409, "IncorrectState")), "{:?}", codes(&answers));
    assert_eq!(works(&world).await, before + 1, "what was refused left no work");
    world.settle().await;
    let work = world.work(won[0].header("opc-work-request-id")).await.body;
    assert_eq!(work["status"], "SUCCEEDED");
    let after = world.get(&id).await.body;
    match work["operationType"].as_str().unwrap() {
        "SCALE_ANALYTICS_INSTANCE" => assert_ne!(after["capacity"]["capacityValue"], 1),
        "UPDATE_INSTANCE_ENCRYPTION_KEY" => assert!(after["kmsKeyId"].is_string()),
        "STOP_ANALYTICS_INSTANCE" => assert_eq!(after["lifecycleState"], "INACTIVE"),
        "CHANGE_ANALYTICS_INSTANCE_COMPARTMENT" => assert_eq!(after["compartmentId"], world.tenant().id),
        other => assert_eq!((other, &after["code"]), ("DELETE_ANALYTICS_INSTANCE", &json!("NotAuthorizedOrNotFound"))),
    }
}

/// Changes of different fields at once, while work is accepted and carried out, are all there in the end.
pub async fn no_update_is_lost(world: World) {
    let world = Arc::new(world);
    let id = world.active("myoac").await;
    let target = format!("/20190331/analyticsInstances/{id}");
    let changes = [
        ("description", json!("described")),
        ("emailNotification", json!("a@example.com")),
        ("licenseType", json!("BRING_YOUR_OWN_LICENSE")),
        ("updateChannel", json!("EARLY")),
        ("freeformTags", json!({ "owner": "tests" })),
        ("definedTags", json!({ "ops": { "cost": "42" } })),
    ];
    let mut requests: Vec<_> =
        changes.iter().map(|(field, value)| (Method::PUT, target.clone(), json!({ *field: value }), None)).collect();
    requests.insert(3, (Method::POST, format!("{target}/actions/setKmsKey"), json!({ "kmsKeyId": "ocid1.key" }), None));
    let working = {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.settle().await })
    };
    let answers = at_once(&world, requests).await;
    working.await.unwrap();
    world.settle().await;
    assert!(answers.iter().all(|answer| answer.status < 300), "{:?}", codes(&answers));
    let after = world.get(&id).await.body;
    for (field, value) in changes {
        assert_eq!(after[field], value, "{field}");
    }
    assert_eq!((&after["kmsKeyId"], &after["lifecycleState"]), (&json!("ocid1.key"), &json!("ACTIVE")));
}

/// Of many changes that name the same version one is made.
pub async fn one_of_a_version_wins(world: World) {
    let world = Arc::new(world);
    let id = world.active("myoac").await;
    let etag = world.get(&id).await.header("etag").to_owned();
    let target = format!("/20190331/analyticsInstances/{id}");
    let mut requests: Vec<_> = (0..8)
        .map(|index| (Method::PUT, target.clone(), json!({ "description": index.to_string() }), Some(etag.clone())))
        .collect();
    requests.push((Method::POST, format!("{target}/actions/stop"), Value::Null, Some(etag.clone())));
    let answers = at_once(&world, requests).await;
    let mut lost = codes(&answers);
    let won = lost.remove(0);
    assert!(won.0 < 300 && lost.iter().all(|code| *code == (412, "NoEtagMatch")), "{:?}", codes(&answers));
}

/// Of many instances that are scaled up at once only as many are as fit.
pub async fn only_what_fits_is_scaled_up(world: World) {
    // Contract analytics 2.1, tenancy limits: se-ocpu-count is 4.
    let world = Arc::new(world);
    let mut requests = Vec::new();
    for name in ["one", "two", "three"] {
        let mut body = world.details(name);
        body["featureSet"] = "SELF_SERVICE_ANALYTICS".into();
        let created = world.create(&body).await;
        assert_eq!(created.status, 201, "{}", created.text());
        let target = format!("/20190331/analyticsInstances/{}/actions/scale", created.body["id"].as_str().unwrap());
        requests.push((
            Method::POST,
            target,
            json!({ "capacity": { "capacityType": "OLPU_COUNT", "capacityValue": 2 } }),
            None,
        ));
    }
    world.settle().await;
    let answers = at_once(&world, requests).await;
    assert_eq!(codes(&answers), [(202, ""), (400, "LimitExceeded"), (400, "LimitExceeded")]);
}

/// Cancelling and carrying out at once: the work is cancelled, or it takes effect, and never both.
pub async fn work_is_canceled_or_done(world: World) {
    let world = Arc::new(world);
    let id = world.active("myoac").await;
    for round in 0..6 {
        let target = format!("/20190331/analyticsInstances/{id}/actions/setKmsKey");
        let key = format!("ocid1.key{round}");
        let body = json!({ "kmsKeyId": key }).to_string();
        let before = world.get(&id).await.body["kmsKeyId"].clone();
        let work = world.call(Method::POST, &target, body.as_bytes()).await.header("opc-work-request-id").to_owned();
        let cancel = format!("/20190331/workRequests/{work}");
        let (answers, taken) =
            tokio::join!(at_once(&world, vec![(Method::DELETE, cancel, Value::Null, None)]), world.engine.run_due());
        taken.unwrap();
        world.settle().await;
        let (status, key_now) =
            (world.work(&work).await.body["status"].clone(), world.get(&id).await.body["kmsKeyId"].clone());
        match answers[0].code() {
            (204, _) => assert_eq!((status, key_now), (json!("CANCELED"), before)),
            code => assert_eq!((code, status, key_now), ((409, "Conflict"), json!("SUCCEEDED"), json!(key))),
        }
        assert_eq!(world.get(&id).await.body["lifecycleState"], "ACTIVE");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_long_operations_at_once_one_wins() {
    one_long_operation_wins(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_update_is_lost_to_another_or_to_work() {
    no_update_is_lost(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_changes_to_one_version_one_wins() {
    one_of_a_version_wins(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_scalings_the_limit_admits_only_what_fits() {
    only_what_fits_is_scaled_up(World::limited(TenancyLimits::default()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn work_is_canceled_or_done_and_never_both() {
    work_is_canceled_or_done(World::new().await).await;
}

#[cfg(feature = "postgres-tests")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_of_it_on_postgresql() {
    one_long_operation_wins(World::postgres(crate::world::Script::default()).await).await;
    no_update_is_lost(World::postgres(crate::world::Script::default()).await).await;
    one_of_a_version_wins(World::postgres(crate::world::Script::default()).await).await;
    only_what_fits_is_scaled_up(World::postgres_limited(TenancyLimits::default()).await).await;
    work_is_canceled_or_done(World::postgres(crate::world::Script::default()).await).await;
}

#[tokio::test]
async fn what_is_being_scaled_up_counts_until_it_fails() {
    // Contract analytics 2.1, tenancy limits: se-ocpu-count is 4, checked on create and on scaling up.
    let world = World::limited(TenancyLimits::default()).await;
    let mut ids = Vec::new();
    let small = |name: &str| {
        let mut body = world.details(name);
        body["featureSet"] = "SELF_SERVICE_ANALYTICS".into();
        body
    };
    for name in ["one", "two"] {
        ids.push(world.create(&small(name)).await.body["id"].as_str().unwrap().to_owned());
    }
    world.settle().await;
    let scale = async |id: &str, value: i64| {
        let target = format!("/20190331/analyticsInstances/{id}/actions/scale");
        let body = json!({ "capacity": { "capacityType": "OLPU_COUNT", "capacityValue": value } }).to_string();
        world.call(Method::POST, &target, body.as_bytes()).await
    };
    world.faults.set(OperationType::ScaleAnalyticsInstance, 1);
    assert_eq!(scale(&ids[0], 2).await.status, 202);
    let refused = scale(&ids[1], 4).await;
    assert_eq!(refused.code(), (400, "LimitExceeded"));
    assert_eq!(refused.body["message"], "The following service limits were exceeded: se-ocpu-count.");
    let why = world.why(&refused).await;
    assert_eq!((why.check.as_ref(), why.seen.as_ref()), ("within_service_limit", "3 in use and 3 more wanted"));
    assert_eq!(world.get(&ids[1]).await.body["lifecycleState"], "ACTIVE", "nothing was accepted");
    assert_eq!(world.create(&small("three")).await.status, 201, "one is left");
    assert_eq!(world.create(&small("four")).await.code(), (400, "LimitExceeded"), "none is");
    world.settle().await;
    assert_eq!(world.get(&ids[0]).await.body["capacity"]["capacityValue"], 1, "it failed");
    assert_eq!(scale(&ids[1], 2).await.status, 202, "what was reserved is free again");
    world.settle().await;
    assert_eq!(world.get(&ids[1]).await.body["capacity"]["capacityValue"], 2);
    assert_eq!(scale(&ids[1], 1).await.status, 202, "down is always within limits");
}

#[tokio::test]
async fn scaling_keeps_to_the_sizes_and_ranges() {
    // Contract analytics 2.1.
    let world = World::new().await;
    for (name, kind, created, wanted, why) in [
        ("fixed", "OLPU_COUNT", 24, 4, "one of a size that is fixed when it is created"),
        ("grown", "OLPU_COUNT", 4, 36, "36"),
        ("odd", "OLPU_COUNT", 4, 5, "5"),
        ("few", "USER_COUNT", 10, 9, "9"),
        ("over", "USER_COUNT", 400, 401, "401"),
        ("under", "USER_COUNT", 401, 400, "400"),
    ] {
        let mut body = world.details(name);
        body["capacity"] = json!({ "capacityType": kind, "capacityValue": created });
        let id = world.create(&body).await.body["id"].as_str().unwrap().to_owned();
        world.settle().await;
        let target = format!("/20190331/analyticsInstances/{id}/actions/scale");
        let body = json!({ "capacity": { "capacityType": kind, "capacityValue": wanted } }).to_string();
        let answer = world.call(Method::POST, &target, body.as_bytes()).await;
        assert_eq!(answer.code(), (400, "InvalidParameter"), "{name}");
        assert_eq!(answer.body["message"], "The value of parameter capacity.capacityValue is not valid.");
        let explanation = world.why(&answer).await;
        assert_eq!((explanation.check.as_ref(), explanation.seen.as_ref()), ("capacity_exists", why), "{name}");
        let other = if kind == "USER_COUNT" { "OLPU_COUNT" } else { "USER_COUNT" };
        let body = json!({ "capacity": { "capacityType": other, "capacityValue": 10 } }).to_string();
        let answer = world.call(Method::POST, &target, body.as_bytes()).await;
        assert_eq!(answer.body["message"], "The value of parameter capacity.capacityType is not valid.");
        assert_eq!(world.get(&id).await.body["capacity"]["capacityValue"], created, "{name}");
    }
}
