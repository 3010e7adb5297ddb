//! The lists: bare arrays, pages that neither repeat nor miss, filters and orders.

use std::{collections::BTreeSet, time::Duration};

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// Seven instances of differing kinds, a second apart.
async fn populated() -> World {
    populate(World::new().await).await
}

pub async fn populate(world: World) -> World {
    for (index, (edition, kind, value)) in [
        ("ENTERPRISE_ANALYTICS", "OLPU_COUNT", 1),
        ("SELF_SERVICE_ANALYTICS", "OLPU_COUNT", 2),
        ("ENTERPRISE_ANALYTICS", "USER_COUNT", 10),
        ("SELF_SERVICE_ANALYTICS", "USER_COUNT", 20),
        ("ENTERPRISE_ANALYTICS", "OLPU_COUNT", 2),
        ("ENTERPRISE_ANALYTICS", "OLPU_COUNT", 2),
        ("SELF_SERVICE_ANALYTICS", "OLPU_COUNT", 2),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = world.details(&format!("oac{index}"));
        body["featureSet"] = edition.into();
        body["capacity"] = json!({ "capacityType": kind, "capacityValue": value });
        assert_eq!(world.create(&body).await.status, 201);
        if index == 3 {
            world.settle().await;
        }
        world.clock.advance(Duration::from_secs(1));
    }
    world
}

async fn list(world: &World, what: &str, query: &str) -> Answer {
    let target = format!("/20190331/{what}?compartmentId={}{query}", world.tenant().compartment);
    world.call(Method::GET, &target, b"").await
}

fn column(answer: &Answer, name: &str) -> Vec<String> {
    let rows = answer.body.as_array().unwrap();
    rows.iter().map(|row| row[name].as_str().unwrap_or_default().to_owned()).collect()
}

/// Walks a list in pages of `limit`.
pub async fn walk(world: &World, what: &str, query: &str, limit: usize) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut page = String::new();
    for _ in 0..50 {
        let answer = list(world, what, &format!("{query}&limit={limit}{page}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let part = answer.body.as_array().unwrap();
        assert!(part.len() <= limit);
        rows.extend(part.iter().cloned());
        let next = answer.header("opc-next-page");
        if next.is_empty() {
            return rows;
        }
        assert_eq!(part.len(), limit, "only the last page is short");
        page = format!("&page={next}");
    }
    panic!("the walk does not end");
}

#[tokio::test]
async fn a_walk_in_pages_is_the_whole_list_in_every_order() {
    // Contract analytics 1 and 5.1.
    let world = populated().await;
    for sort in ["", "capacityType", "capacityValue", "featureSet", "lifecycleState", "name", "timeCreated"] {
        for order in ["", "ASC", "desc"] {
            let mut query = if sort.is_empty() { String::new() } else { format!("&sortBy={sort}") };
            if !order.is_empty() {
                query = format!("{query}&sortOrder={order}");
            }
            let whole = list(&world, "analyticsInstances", &query).await;
            assert_eq!(whole.header("opc-next-page"), "");
            let whole = whole.body.as_array().unwrap().clone();
            assert_eq!(whole.len(), 7);
            for limit in [1, 2, 3, 7] {
                assert_eq!(walk(&world, "analyticsInstances", &query, limit).await, whole, "{query} by {limit}");
            }
        }
    }
    for sort in ["", "id", "operationType", "status", "timeAccepted", "timeStarted", "timeFinished"] {
        let query = if sort.is_empty() { String::new() } else { format!("&sortBy={sort}") };
        let whole = list(&world, "workRequests", &query).await.body.as_array().unwrap().clone();
        assert_eq!(whole.len(), 7);
        for limit in [1, 3] {
            assert_eq!(walk(&world, "workRequests", &query, limit).await, whole, "{query} by {limit}");
        }
    }
}

#[tokio::test]
async fn orders_are_those_of_the_contract() {
    // Contract analytics 1: ascending, except timeCreated descending.
    let world = populated().await;
    let newest_first = ["oac6", "oac5", "oac4", "oac3", "oac2", "oac1", "oac0"];
    assert_eq!(column(&list(&world, "analyticsInstances", "").await, "name"), newest_first);
    assert_eq!(column(&list(&world, "analyticsInstances", "&sortBy=timeCreated").await, "name"), newest_first);
    let oldest_first: Vec<&str> = newest_first.into_iter().rev().collect();
    assert_eq!(column(&list(&world, "analyticsInstances", "&sortBy=name").await, "name"), oldest_first);
    let ascending = list(&world, "analyticsInstances", "&sortBy=timeCreated&sortOrder=ASC").await;
    assert_eq!(column(&ascending, "name"), oldest_first);
    let by_capacity = list(&world, "analyticsInstances", "&sortBy=capacityValue").await;
    assert_eq!(column(&by_capacity, "name"), ["oac0", "oac1", "oac4", "oac5", "oac6", "oac2", "oac3"]);
    let by_state = list(&world, "analyticsInstances", "&sortBy=lifecycleState&sortOrder=DESC").await;
    assert_eq!(column(&by_state, "lifecycleState")[..3], ["CREATING"; 3]);
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let world = populated().await;
    for (query, names) in [
        ("&name=oac3", vec!["oac3"]),
        ("&name=OAC3", vec![]),
        ("&capacityType=user_count", vec!["oac3", "oac2"]),
        ("&featureSet=Self_Service_Analytics&sortBy=name", vec!["oac1", "oac3", "oac6"]),
        ("&lifecycleState=active&sortBy=name", vec!["oac0", "oac1", "oac2", "oac3"]),
        ("&lifecycleState=ACTIVE&featureSet=ENTERPRISE_ANALYTICS&capacityType=OLPU_COUNT", vec!["oac0"]),
        ("&lifecycleState=FAILED", vec![]),
    ] {
        let answer = list(&world, "analyticsInstances", query).await;
        assert_eq!(
            (answer.status, column(&answer, "name")),
            (200, names.into_iter().map(str::to_owned).collect()),
            "{query}"
        );
    }
    let first = list(&world, "analyticsInstances", "&name=oac0").await.body[0]["id"].as_str().unwrap().to_owned();
    for (query, count) in [
        (format!("&resourceId={first}"), 1),
        ("&resourceId=none".to_owned(), 0),
        ("&resourceType=analytics_instance".to_owned(), 7),
        ("&status=SUCCEEDED".to_owned(), 4),
        ("&status=ACCEPTED&status=succeeded".to_owned(), 7),
        ("&status=FAILED&status=CANCELED".to_owned(), 0),
    ] {
        let answer = list(&world, "workRequests", &query).await;
        assert_eq!((answer.status, answer.body.as_array().unwrap().len()), (200, count), "{query}");
    }
}

#[tokio::test]
async fn rows_that_come_between_two_pages_neither_repeat_nor_hide_others() {
    let world = populated().await;
    let first = list(&world, "analyticsInstances", "&limit=3").await;
    world.create(&world.details("late")).await;
    let page = first.header("opc-next-page");
    let rest = list(&world, "analyticsInstances", &format!("&limit=10&page={page}")).await;
    let seen: BTreeSet<String> = column(&first, "name").into_iter().chain(column(&rest, "name")).collect();
    assert_eq!(seen.len(), 7);
    assert!(!seen.contains("late"));
}

#[tokio::test]
async fn a_summary_has_exactly_the_members_of_the_contract() {
    // Contract analytics 2, AnalyticsInstanceSummary.
    let world = populated().await;
    let answer = list(&world, "analyticsInstances", "&name=oac0").await;
    let members: Vec<&String> = answer.body[0].as_object().unwrap().keys().collect();
    insta::assert_snapshot!(format!("{members:?}"), @r#"["capacity", "compartmentId", "definedTags", "featureSet", "freeformTags", "id", "licenseType", "lifecycleState", "name", "networkEndpointDetails", "serviceUrl", "systemTags", "timeCreated", "timeUpdated"]"#);
    let answer = list(&world, "workRequests", "&limit=1").await;
    let members: Vec<&String> = answer.body[0].as_object().unwrap().keys().collect();
    insta::assert_snapshot!(format!("{members:?}"), @r#"["compartmentId", "id", "operationType", "resources", "status", "timeAccepted"]"#);
}

#[tokio::test]
async fn wrong_queries_are_refused() {
    let world = populated().await;
    let by_name = list(&world, "analyticsInstances", "&limit=1&sortBy=name").await;
    let foreign = by_name.header("opc-next-page");
    for (what, query) in [
        ("analyticsInstances", "&limit=0".to_owned()),
        ("analyticsInstances", "&limit=1001".to_owned()),
        ("analyticsInstances", "&page=not-a-page".to_owned()),
        ("analyticsInstances", format!("&page={foreign}&sortBy=capacityValue")),
        ("analyticsInstances", "&sortBy=colour".to_owned()),
        ("analyticsInstances", "&lifecycleState=GONE".to_owned()),
        ("analyticsInstances", "&compartmentId=two".to_owned()),
        ("workRequests", "&status=DONE".to_owned()),
        ("workRequests", "&resourceType=VCN".to_owned()),
        ("workRequests", format!("&page={foreign}")),
    ] {
        let answer = list(&world, what, &query).await;
        assert_eq!(answer.code(), (400, "InvalidParameter"), "{what} {query}");
        assert_eq!(world.why(&answer).await.check, "field_bounds");
    }
    for what in ["analyticsInstances", "workRequests"] {
        let answer = world.call(Method::GET, &format!("/20190331/{what}"), b"").await;
        assert_eq!(answer.code(), (400, "MissingParameter"), "{what}");
        let answer = world.call(Method::GET, &format!("/20190331/{what}?compartmentId=none"), b"").await;
        assert_eq!(answer.code(), (404, "NotAuthorizedOrNotFound"), "{what}");
    }
}

#[tokio::test]
async fn logs_and_errors_come_in_pages_too() {
    let world = World::new().await;
    let created = world.create(&world.details("myoac")).await;
    world.settle().await;
    let work = created.header("opc-work-request-id");
    let target = format!("/20190331/workRequests/{work}/logs");
    let whole = world.call(Method::GET, &target, b"").await.body.as_array().unwrap().clone();
    let mut walked = Vec::new();
    let mut page = String::new();
    for _ in 0..whole.len() {
        let answer = world.call(Method::GET, &format!("{target}?limit=1{page}"), b"").await;
        walked.extend(answer.body.as_array().unwrap().iter().cloned());
        page = format!("&page={}", answer.header("opc-next-page"));
    }
    assert_eq!((walked, page.as_str()), (whole, "&page="), "the last page names no next one");
    for (target, code) in [
        (format!("{target}?page=x"), (400, "InvalidParameter")),
        (format!("{target}?limit=x"), (400, "InvalidParameter")),
        ("/20190331/workRequests/none/logs".to_owned(), (404, "NotAuthorizedOrNotFound")),
        ("/20190331/workRequests/none/errors".to_owned(), (404, "NotAuthorizedOrNotFound")),
        ("/20190331/workRequests/none".to_owned(), (404, "NotAuthorizedOrNotFound")),
    ] {
        assert_eq!(world.call(Method::GET, &target, b"").await.code(), code, "{target}");
    }
}
