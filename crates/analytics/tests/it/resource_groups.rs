//! What resource groups have of their own: their capacity, their names, and the list.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{changes::works, children::group, world::World};

const GROUPS: &str = "resourceGroups";

async fn made(world: &World, id: &str, body: &Value) -> String {
    let answer = world.child(Method::POST, id, GROUPS, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    world.settle().await;
    answer.header("child-resource-id").to_owned()
}

fn named(name: &str) -> Value {
    json!({ "resourceName": name, "capacity": 1 })
}

#[tokio::test]
async fn a_creation_answers_with_the_group_and_where_it_will_be() {
    // Contract analytics 1, operation 21.
    let world = World::new().await;
    let id = world.larger("myoac").await;
    let answer = world.child(Method::POST, &id, GROUPS, &group()).await;
    assert_eq!(answer.status, 201);
    let key = answer.header("child-resource-id");
    let mut expected = group();
    expected["id"] = key.into();
    assert_eq!(answer.body, expected);
    let path = format!("{GROUPS}/{key}");
    assert_eq!(answer.header("location"), format!("http://127.0.0.1:4620/20190331/analyticsInstances/{id}/{path}"));
    let early = world.child(Method::GET, &id, &path, &Value::Null).await;
    assert_eq!(early.code(), (404, "NotAuthorizedOrNotFound"), "not before its work has succeeded");
    world.settle().await;
    let found = world.child(Method::GET, &id, &path, &Value::Null).await;
    assert_eq!((found.status, &found.body), (200, &expected));
    assert_eq!(found.header("etag"), answer.header("etag"));
    assert_eq!(world.get(&id).await.body[GROUPS], json!([expected]));
}

#[tokio::test]
async fn an_update_answers_with_the_group_as_it_will_be_and_keeps_what_is_absent() {
    // Contract analytics 1, operation 23.
    let world = World::new().await;
    let id = world.larger("myoac").await;
    let key = made(&world, &id, &group()).await;
    let path = format!("{GROUPS}/{key}");
    let answer = world.child(Method::PUT, &id, &path, &json!({ "resourceName": "sales", "capacity": 3 })).await;
    assert_eq!(answer.status, 202);
    let mut expected = group();
    (expected["id"], expected["capacity"]) = (key.as_str().into(), 3.into());
    assert_eq!((&answer.body, answer.header("child-resource-id")), (&expected, key.as_str()));
    world.settle().await;
    let found = world.child(Method::GET, &id, &path, &Value::Null).await;
    assert_eq!((&found.body, found.header("etag")), (&expected, answer.header("etag")));
    let changes = json!({ "resourceName": "sales", "capacity": 3, "description": "", "displayName": "Vertrieb" });
    let answer = world.child(Method::PUT, &id, &path, &changes).await;
    assert_eq!(answer.body["displayName"], "Vertrieb");
    assert_eq!(answer.body["description"], Value::Null, "an empty description is none");
}

#[tokio::test]
async fn groups_share_the_ocpus_of_their_instance() {
    let world = World::new().await;
    let id = world.larger("myoac").await;
    let key = made(&world, &id, &json!({ "resourceName": "a", "capacity": 3 })).await;
    let before = works(&world).await;
    let scale = |value: i64| json!({ "capacity": { "capacityType": "OLPU_COUNT", "capacityValue": value } });
    let path = format!("{GROUPS}/{key}");
    for (method, path, body) in [
        (Method::POST, GROUPS, json!({ "resourceName": "b", "capacity": 2 })),
        (Method::POST, GROUPS, json!({ "resourceName": "b", "capacity": i64::MAX })),
        (Method::PUT, path.as_str(), json!({ "resourceName": "a", "capacity": 5 })),
        (Method::POST, "actions/scale", scale(2)),
    ] {
        let answer = world.child(method, &id, path, &body).await;
        assert_eq!(answer.code(), (400, "InvalidParameter"), "{body}");
        assert_eq!(answer.body["message"], "The value of parameter capacity is not valid.");
        assert_eq!(world.why(&answer).await.check, "groups_within_capacity");
    }
    assert_eq!(works(&world).await, before, "nothing was accepted");
    assert_eq!(world.child(Method::PUT, &id, &path, &json!({ "resourceName": "a", "capacity": 4 })).await.status, 202);
    world.settle().await;
    assert_eq!(world.child(Method::POST, &id, "actions/scale", &scale(6)).await.status, 202);
    world.settle().await;
    assert_eq!(
        world.child(Method::POST, &id, GROUPS, &json!({ "resourceName": "b", "capacity": 2 })).await.status,
        201
    );
}

#[tokio::test]
async fn where_users_are_counted_nothing_is_compared() {
    let world = World::new().await;
    let mut details = world.details("myoac");
    details["capacity"] = json!({ "capacityType": "USER_COUNT", "capacityValue": 10 });
    let id = world.create(&details).await.body["id"].as_str().unwrap().to_owned();
    world.settle().await;
    made(&world, &id, &json!({ "resourceName": "a", "capacity": 100 })).await;
}

#[tokio::test]
async fn a_name_is_the_instances_own() {
    let world = World::new().await;
    let id = world.larger("myoac").await;
    let first = made(&world, &id, &named("a")).await;
    made(&world, &id, &named("b")).await;
    let path = format!("{GROUPS}/{first}");
    let before = works(&world).await;
    for answer in [
        world.child(Method::POST, &id, GROUPS, &named("a")).await,
        world.child(Method::PUT, &id, &path, &named("b")).await,
    ] {
        assert_eq!(answer.code(), (409, "NotAuthorizedOrResourceAlreadyExists"));
        assert_eq!(answer.body["message"], "Authorization failed or a resource group with this name already exists.");
        assert_eq!(world.why(&answer).await.check, "child_name_is_free");
    }
    assert_eq!(works(&world).await, before, "nothing was accepted");
    assert_eq!(world.child(Method::PUT, &id, &path, &named("a")).await.status, 202, "its own name may stay");
}

#[tokio::test]
async fn the_list_is_a_bare_array_in_pages_with_the_default_group_first() {
    // Contract analytics 0, rule 1; 1, operation 20.
    let world = World::new().await;
    let id = world.larger("myoac").await;
    for name in ["beta", "alpha", "Default"] {
        made(&world, &id, &named(name)).await;
    }
    let names = |body: &Value| -> Vec<String> {
        body.as_array().unwrap().iter().map(|group| group["resourceName"].as_str().unwrap().to_owned()).collect()
    };
    let list = async |query: &str| world.child(Method::GET, &id, &format!("{GROUPS}?{query}"), &Value::Null).await;
    let all = list("").await;
    assert_eq!((all.status, all.header("opc-next-page")), (200, ""));
    assert_eq!(names(&all.body), ["Default", "alpha", "beta"]);
    for (query, expected) in [
        ("sortBy=resourceName", &["Default", "alpha", "beta"][..]),
        ("sortBy=resourcename&sortOrder=desc", &["beta", "alpha", "Default"]),
        ("name=beta", &["beta"]),
        ("name=Beta", &[]),
        ("sortOrder=DESC", &["beta", "alpha", "Default"]),
    ] {
        assert_eq!(names(&list(query).await.body), expected, "{query}");
    }
    let mut found = Vec::new();
    let mut page = list("limit=1").await;
    loop {
        found.extend(names(&page.body));
        let token = page.header("opc-next-page");
        if token.is_empty() {
            break;
        }
        let other = list(&format!("limit=1&sortBy=capacity&page={token}")).await;
        assert_eq!(other.code(), (400, "InvalidParameter"), "a token of another order");
        page = list(&format!("limit=1&page={token}")).await;
    }
    assert_eq!(found, ["Default", "alpha", "beta"]);
}

#[tokio::test]
async fn a_list_that_cannot_be_given_is_refused() {
    let world = World::new().await;
    let id = world.larger("myoac").await;
    for query in ["limit=0", "limit=1001", "sortBy=name", "sortOrder=up", "page=nonsense", "name="] {
        let answer = world.child(Method::GET, &id, &format!("{GROUPS}?{query}"), &Value::Null).await;
        assert_eq!(answer.code(), (400, "InvalidParameter"), "{query}");
        assert_eq!(world.why(&answer).await.check, "field_bounds");
    }
    let stranger = &world.tenants[1].administrator;
    let target = format!("/20190331/analyticsInstances/{id}/{GROUPS}");
    let foreign = world.call_as(stranger, Method::GET, &target, b"", &[]).await;
    let unknown = world.child(Method::GET, "ocid1.analyticsinstance.oc1.us-ashburn-1.aaaa", GROUPS, &Value::Null).await;
    world.delete(&id).await;
    world.settle().await;
    let gone = world.child(Method::GET, &id, GROUPS, &Value::Null).await;
    for answer in [foreign, unknown, gone] {
        assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"));
        assert_eq!(world.why(&answer).await.check, "resource_known");
    }
}

#[tokio::test]
async fn a_token_of_a_group_with_the_longest_name_fits() {
    let world = World::new().await;
    let id = world.larger("myoac").await;
    for name in ["\u{1F4CA}".repeat(255), "\"".repeat(255)] {
        made(&world, &id, &named(&name)).await;
    }
    let first = world.child(Method::GET, &id, &format!("{GROUPS}?limit=1"), &Value::Null).await;
    let token = first.header("opc-next-page");
    assert!((1..=512).contains(&token.len()), "{}", token.len());
    let second = world.child(Method::GET, &id, &format!("{GROUPS}?limit=1&page={token}"), &Value::Null).await;
    assert_eq!(second.body.as_array().unwrap().len(), 1, "{}", second.text());
    assert_ne!(first.body, second.body);
}
