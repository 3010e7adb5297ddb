//! Compartments: a tree that is listed, changed and emptied.

use super::*;

fn subtree(rest: &str) -> String {
    format!("/20160918/compartments?compartmentId={TENANCY}&compartmentIdInSubtree=true{rest}")
}

#[tokio::test]
async fn a_compartment_is_made_shown_changed_and_removed() {
    let door = Door::new().await;
    let id = door.compartment(TENANCY, "Things").await;
    let target = format!("/20160918/compartments/{id}");
    let shown = door.get(&target).await;
    assert_eq!(shown.body["compartmentId"], TENANCY);
    assert_eq!(shown.body["lifecycleState"], "ACTIVE");
    assert_eq!(shown.body["description"], "for a test");
    assert_eq!((&shown.body["freeformTags"], &shown.body["definedTags"]), (&json!({}), &json!({})));
    let changed = door.put(&target, &json!({ "name": "Other", "freeformTags": { "k": "v" } })).await;
    assert_eq!((&changed.body["name"], &changed.body["description"]), (&json!("Other"), &json!("for a test")));
    assert_ne!(changed.etag, shown.etag);
    let again = door.get(&target).await;
    assert_eq!((&again.body, &again.etag), (&changed.body, &changed.etag));
    let removed = door.delete(&target).await;
    assert_eq!((removed.status, removed.body), (202, Value::Null));
    for answer in [door.get(&target).await, door.delete(&target).await, door.put(&target, &json!({})).await] {
        assert_eq!((answer.code(), answer.check.as_str()), (NOT_THERE, "compartment_known"));
    }
}

#[tokio::test]
async fn the_tenancy_is_the_root_and_cannot_be_changed_or_removed() {
    let door = Door::new().await;
    let target = format!("/20160918/compartments/{TENANCY}");
    let shown = door.get(&target).await;
    assert_eq!((&shown.body["id"], &shown.body["name"]), (&json!(TENANCY), &json!("acme")));
    assert_eq!(shown.body["compartmentId"], Value::Null);
    assert_eq!(door.delete(&target).await.code(), NOT_THERE);
    assert_eq!(door.put(&target, &json!({ "name": "mine" })).await.code(), NOT_THERE);
    assert_eq!(door.get(&target).await.body, shown.body);
}

#[tokio::test]
async fn a_sibling_may_not_have_the_name_in_any_case() {
    let door = Door::new().await;
    let (things, other) = (door.compartment(TENANCY, "Things").await, door.compartment(TENANCY, "Other").await);
    door.compartment(&things, "Things").await;
    let body = json!({ "compartmentId": TENANCY, "name": "THINGS", "description": "d" });
    for answer in [
        door.post("/20160918/compartments", &body).await,
        door.put(&format!("/20160918/compartments/{other}"), &json!({ "name": "THINGS" })).await,
    ] {
        assert_eq!((answer.code(), answer.check.as_str()), ((409, "CompartmentAlreadyExists"), "name_is_free"));
        assert_eq!(answer.body["message"], "A compartment with name 'THINGS' already exists.");
    }
    assert_eq!(door.get(&subtree("")).await.names(), ["Other", "Things", "Things"]);
}

#[tokio::test]
async fn compartments_lie_in_each_other_six_deep() {
    let door = Door::new().await;
    let mut parent = TENANCY.to_owned();
    for level in 1..=6 {
        parent = door.compartment(&parent, &format!("level{level}")).await;
    }
    let body = json!({ "compartmentId": parent, "name": "level7", "description": "d" });
    let answer = door.post("/20160918/compartments", &body).await;
    assert_eq!((answer.code(), answer.check.as_str()), ((400, "InvalidParameter"), "compartment_depth"));
    assert_eq!(door.get(&subtree("")).await.names().len(), 6);
}

#[tokio::test]
async fn a_compartment_that_is_used_stays() {
    let door = Door::new().await;
    let things = door.compartment(TENANCY, "Things").await;
    let inner = door.compartment(&things, "Inner").await;
    let policy = door.policy(&inner, "P", &["allow group A to read users in compartment Inner"]).await.id();
    for (id, what) in [(&things, "compartment"), (&inner, "policy")] {
        let answer = door.delete(&format!("/20160918/compartments/{id}")).await;
        assert_eq!((answer.code(), answer.check.as_str()), ((409, "Conflict"), "compartment_is_empty"), "{what}");
        assert_eq!(door.get(&format!("/20160918/compartments/{id}")).await.status, 200);
    }
    assert_eq!(door.delete(&format!("/20160918/policies/{policy}")).await.status, 204);
    for id in [&inner, &things] {
        assert_eq!(door.delete(&format!("/20160918/compartments/{id}")).await.status, 202);
    }
}

#[tokio::test]
async fn if_match_must_name_the_present_version() {
    let door = Door::new().await;
    let id = door.compartment(TENANCY, "Things").await;
    let target = format!("/20160918/compartments/{id}");
    let old = door.get(&target).await.etag;
    door.put(&target, &json!({ "description": "newer" })).await;
    let person = &door.administrator;
    for answer in [
        door.call(person, Method::PUT, &target, &json!({ "description": "older" }), &old).await,
        door.call(person, Method::DELETE, &target, &Value::Null, &old).await,
    ] {
        assert_eq!((answer.code(), answer.check.as_str()), ((412, "NoEtagMatch"), "etag_matches"));
    }
    let present = door.get(&target).await;
    assert_eq!(present.body["description"], "newer");
    assert_eq!(door.call(person, Method::DELETE, &target, &Value::Null, &present.etag).await.status, 202);
}

#[tokio::test]
async fn a_list_shows_children_or_the_whole_tree() {
    let door = Door::new().await;
    let things = door.compartment(TENANCY, "b").await;
    for (parent, name) in [(TENANCY, "a"), (things.as_str(), "c"), (things.as_str(), "d")] {
        door.compartment(parent, name).await;
        door.world.clock.advance(std::time::Duration::from_secs(1));
    }
    let children = |id: &str| format!("/20160918/compartments?compartmentId={id}");
    assert_eq!(door.get(&children(TENANCY)).await.names(), ["a", "b"]);
    assert_eq!(door.get(&children(&things)).await.names(), ["c", "d"]);
    assert_eq!(door.get(&subtree("")).await.names(), ["a", "b", "c", "d"]);
    assert_eq!(door.get(&subtree("&name=c")).await.names(), ["c"]);
    assert_eq!(door.get(&subtree("&sortOrder=DESC&lifecycleState=ACTIVE")).await.names(), ["d", "c", "b", "a"]);
    assert_eq!(door.get(&subtree("&sortBy=TIMECREATED")).await.names()[..2], ["d", "c"]);
    assert_eq!(door.get(&subtree("&lifecycleState=DELETED")).await.names(), Vec::<&str>::new());
    let answer = door.get(&format!("{}&compartmentIdInSubtree=true", children(&things))).await;
    assert_eq!((answer.code(), answer.check.as_str()), ((400, "InvalidParameter"), "field_bounds"));
    let answer = door.get(&children("ocid1.compartment.oc1..none")).await;
    assert_eq!((answer.code(), answer.check.as_str()), (NOT_THERE, "compartment_known"));
}

#[tokio::test]
async fn a_walk_in_pages_is_the_whole_list() {
    let door = Door::new().await;
    for name in ["a", "b", "c", "d", "e"] {
        door.compartment(TENANCY, name).await;
    }
    for query in ["", "&sortBy=NAME&sortOrder=DESC", "&sortBy=TIMECREATED", "&sortBy=TIMECREATED&sortOrder=ASC"] {
        let whole = door.get(&subtree(query)).await;
        assert_eq!((whole.names().len(), whole.next_page.as_str()), (5, ""));
        let (mut walked, mut page) = (Vec::new(), String::new());
        for _ in 0..3 {
            let part = door.get(&subtree(&format!("{query}&limit=2{page}"))).await;
            walked.extend(part.body.as_array().unwrap().clone());
            page = format!("&page={}", part.next_page);
        }
        assert_eq!((Value::Array(walked), page.as_str()), (whole.body, "&page="), "{query}");
    }
    let token = door.get(&subtree("&limit=2")).await.next_page;
    let answer = door.get(&subtree(&format!("&sortBy=TIMECREATED&page={token}"))).await;
    assert_eq!((answer.code(), answer.check.as_str()), ((400, "InvalidParameter"), "field_bounds"));
}

#[tokio::test]
async fn what_is_accessible_is_where_or_above_where_something_may_be_listed() {
    let door = Door::new().await;
    let (things, other) = (door.compartment(TENANCY, "Things").await, door.compartment(TENANCY, "Other").await);
    let inner = door.compartment(&things, "Inner").await;
    door.compartment(&inner, "Lower").await;
    let text = "allow any-user to inspect analytics-instances in compartment Things:Inner";
    assert_eq!(door.policy(TENANCY, "P", &[text]).await.status, 200);
    let list = |rest: &str| subtree(rest);
    let answer = door.call(&door.nobody, Method::GET, &list("&accessLevel=ACCESSIBLE"), &Value::Null, "").await;
    assert_eq!(answer.names(), ["Inner", "Lower", "Things"]);
    assert!(answer.body.as_array().unwrap().iter().all(|one| one["isAccessible"] == true));
    let answer = door.call(&door.nobody, Method::GET, &list(""), &Value::Null, "").await;
    assert_eq!((answer.code(), answer.check.as_str()), (NOT_THERE, "statement_allows_operation"));
    let text = "allow any-user to inspect compartments in tenancy";
    assert_eq!(door.policy(TENANCY, "Q", &[text]).await.status, 200);
    let answer = door.call(&door.nobody, Method::GET, &list(""), &Value::Null, "").await;
    assert_eq!(answer.names(), ["Inner", "Lower", "Other", "Things"]);
    let answer =
        door.call(&door.nobody, Method::GET, &format!("/20160918/compartments/{other}"), &Value::Null, "").await;
    assert_eq!(answer.status, 200);
    let target = format!("/20160918/compartments/{other}");
    let answer = door.call(&door.nobody, Method::PUT, &target, &json!({ "name": "mine" }), "").await;
    assert_eq!((answer.code(), answer.check.as_str()), (NOT_THERE, "statement_allows_operation"));
}

#[tokio::test]
async fn a_body_that_is_wrong_makes_nothing() {
    let door = Door::new().await;
    let good = json!({ "compartmentId": TENANCY, "name": "A", "description": "d" });
    for (field, value, code, check) in [
        ("name", Value::Null, "MissingParameter", "field_present"),
        ("name", json!("a b"), "InvalidParameter", "field_bounds"),
        ("description", json!(""), "InvalidParameter", "field_bounds"),
        ("description", json!(1), "InvalidParameter", "field_type"),
        ("freeformTags", json!({ "k": 1 }), "InvalidParameter", "field_type"),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        let answer = door.post("/20160918/compartments", &body).await;
        assert_eq!((answer.code(), answer.check.as_str()), ((400, code), check), "{field} {value}");
    }
    let mut body = good;
    body["compartmentId"] = OTHER_TENANCY.into();
    let answer = door.post("/20160918/compartments", &body).await;
    assert_eq!((answer.code(), answer.check.as_str()), (NOT_THERE, "compartment_known"));
    assert_eq!(door.all().await[0], json!([]));
}
