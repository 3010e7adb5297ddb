//! Policies: read before they are kept, and in force from then on.

use obol_store::groups;

use super::*;

const READ_USERS: &str = "allow group A to read users in tenancy";

#[tokio::test]
async fn a_policy_is_made_shown_changed_and_removed() {
    let door = Door::new().await;
    let made = door.policy(TENANCY, "P", &[READ_USERS]).await;
    assert_eq!(made.status, 200, "{:#}", made.body);
    assert_eq!(made.body["lifecycleState"], "ACTIVE");
    assert_eq!(made.body["versionDate"], Value::Null);
    let target = format!("/20160918/policies/{}", made.id());
    let shown = door.get(&target).await;
    assert_eq!((&shown.body, &shown.etag), (&made.body, &made.etag));
    // As it was written, comment and all.
    let text = "ALLOW group B to  Read users in tenancy // for now";
    let changed = door.put(&target, &json!({ "statements": [text], "versionDate": "2026-01-31" })).await;
    assert_eq!(changed.body["statements"], json!([text]));
    assert_eq!((&changed.body["versionDate"], &changed.body["description"]), (&json!("2026-01-31"), &json!("why")));
    let list = door.get(&format!("/20160918/policies/?compartmentId={TENANCY}")).await;
    assert_eq!(list.body, json!([changed.body]));
    let old = door.call(&door.administrator, Method::DELETE, &target, &Value::Null, &made.etag).await;
    assert_eq!((old.code(), old.check.as_str()), ((412, "NoEtagMatch"), "etag_matches"));
    assert_eq!(door.delete(&target).await.status, 204);
    for answer in [door.get(&target).await, door.delete(&target).await, door.put(&target, &json!({})).await] {
        assert_eq!((answer.code(), answer.check.as_str()), (NOT_THERE, "resource_known"));
    }
}

#[tokio::test]
async fn a_statement_that_cannot_be_read_is_refused_with_its_place() {
    let door = Door::new().await;
    let kept = door.policy(TENANCY, "Kept", &[READ_USERS]).await;
    let bad = "allow group A to own users in tenancy";
    let text = "Statement 2 cannot be parsed at character 18: expected a verb: one of inspect, read, use, manage.";
    let made = door.policy(TENANCY, "P", &[READ_USERS, bad]).await;
    let changed =
        door.put(&format!("/20160918/policies/{}", kept.id()), &json!({ "statements": [READ_USERS, bad] })).await;
    for answer in [made, changed] {
        assert_eq!((answer.code(), answer.check.as_str()), ((400, "InvalidParameter"), "statement_readable"));
        assert_eq!(answer.body["message"], text);
    }
    for other in ["manage buckets", "manage instance-family", "use analytics-instances-x"] {
        let answer = door.policy(TENANCY, "P", &[&format!("allow group A to {other} in tenancy")]).await;
        assert_eq!(answer.check, "statement_readable", "{other}");
    }
    assert_eq!(door.all().await[1], json!([kept.body]));
}

#[tokio::test]
async fn a_statement_speaks_of_a_place_below_its_policy() {
    let door = Door::new().await;
    let things = door.compartment(TENANCY, "Things").await;
    let inner = door.compartment(&things, "Inner").await;
    let at = |place: &str| format!("allow group A to read users in {place}");
    for (attached, place, named) in [
        (TENANCY, "compartment Nowhere".to_owned(), "Nowhere".to_owned()),
        (TENANCY, "compartment Inner".to_owned(), "Inner".to_owned()),
        (TENANCY, format!("compartment id {OTHER_TENANCY}"), OTHER_TENANCY.to_owned()),
        (&things, "tenancy".to_owned(), "tenancy".to_owned()),
        (&inner, format!("compartment id {things}"), things.clone()),
    ] {
        let answer = door.policy(attached, "P", &[&at(&place)]).await;
        assert_eq!(
            (answer.code(), answer.check.as_str()),
            ((400, "InvalidParameter"), "statement_place_known"),
            "{place}"
        );
        let text = format!("Compartment {{{named}}} does not exist or is not part of the policy compartment subtree");
        assert_eq!(answer.body["message"], text);
    }
    for (attached, place) in
        [(TENANCY, "compartment Things:Inner"), (&things, "compartment Things"), (&things, "compartment Inner")]
    {
        let answer = door.policy(attached, &place.replace([' ', ':'], "-"), &[&at(place)]).await;
        assert_eq!(answer.status, 200, "{place} {:#}", answer.body);
    }
}

#[tokio::test]
async fn a_name_is_taken_in_the_whole_tenancy_in_any_case() {
    let door = Door::new().await;
    let things = door.compartment(TENANCY, "Things").await;
    door.policy(TENANCY, "Mine", &[READ_USERS]).await;
    let answer = door.policy(&things, "MINE", &["allow group A to read users in compartment Things"]).await;
    assert_eq!((answer.code(), answer.check.as_str()), ((409, "PolicyAlreadyExists"), "name_is_free"));
    assert_eq!(answer.body["message"], "Policy 'MINE' already exists");
    let list = door.get(&format!("/20160918/policies?compartmentId={things}")).await;
    assert_eq!(list.body, json!([]));
}

#[tokio::test]
async fn a_tenancy_has_a_hundred_policies() {
    let door = Door::new().await;
    for index in 0..100 {
        assert_eq!(door.policy(TENANCY, &format!("P{index}"), &[READ_USERS]).await.status, 200);
    }
    let answer = door.policy(TENANCY, "P100", &[READ_USERS]).await;
    assert_eq!((answer.code(), answer.check.as_str()), ((400, "LimitExceeded"), "within_identity_limit"));
    assert_eq!(answer.body["message"], "The maximum number of policies has been reached.");
}

#[tokio::test]
async fn a_policy_is_in_force_from_the_next_request_on() {
    let door = Door::new().await;
    let body = json!({ "compartmentId": TENANCY, "name": "Mine", "description": "d" });
    let create = || door.call(&door.nobody, Method::POST, "/20160918/compartments", &body, "");
    assert_eq!(create().await.check, "statement_allows_operation");
    let policy = door.policy(TENANCY, "P", &["allow any-user to manage compartments in tenancy"]).await.id();
    let id = create().await.id();
    assert_eq!(door.delete(&format!("/20160918/policies/{policy}")).await.status, 204);
    let target = format!("/20160918/compartments/{id}");
    let answer = door.call(&door.nobody, Method::DELETE, &target, &Value::Null, "").await;
    assert_eq!((answer.code(), answer.check.as_str()), (NOT_THERE, "statement_allows_operation"));
    assert_eq!(door.get(&target).await.status, 200);
}

#[tokio::test]
async fn who_may_write_policies_below_may_not_write_them_above() {
    let door = Door::new().await;
    let things = door.compartment(TENANCY, "Things").await;
    let root = door.policy(TENANCY, "P", &["allow any-user to manage policies in compartment Things"]).await;
    let make = |compartment: &str, place: &str| {
        let statement = format!("allow any-user to manage all-resources in {place}");
        json!({ "compartmentId": compartment, "name": "Mine", "description": "d", "statements": [statement] })
    };
    for (body, check) in [
        (make(TENANCY, "tenancy"), "statement_allows_operation"),
        (make(&things, "tenancy"), "statement_place_known"),
        (make(&things, &format!("compartment id {TENANCY}")), "statement_place_known"),
    ] {
        let answer = door.call(&door.nobody, Method::POST, "/20160918/policies", &body, "").await;
        assert_eq!(answer.check, check, "{body}");
    }
    let target = format!("/20160918/policies/{}", root.id());
    let body = json!({ "statements": ["allow any-user to manage all-resources in tenancy"] });
    let answer = door.call(&door.nobody, Method::PUT, &target, &body, "").await;
    assert_eq!((answer.code(), answer.check.as_str()), (NOT_THERE, "statement_allows_operation"));
    assert_eq!(door.get(&target).await.body, root.body);
    let body = make(&things, "compartment Things");
    assert_eq!(door.call(&door.nobody, Method::POST, "/20160918/policies", &body, "").await.status, 200);
}

#[tokio::test]
async fn a_group_is_given_a_right_and_whoever_leaves_it_loses_it_at_once() {
    let door = Door::new().await;
    let now = door.world.identity.now();
    let ocid = "ocid1.group.oc1..makers";
    let group = groups::Group {
        id: "makers".into(),
        ocid: ocid.into(),
        display_name: "Makers".into(),
        external_id: String::new(),
        details: "{}".into(),
        created_by: String::new(),
        modified_by: String::new(),
        revision: 1,
        created_at: now,
        modified_at: now,
    };
    let change = async |joins: bool| {
        let mut tx = door.world.db().begin().await.unwrap();
        if joins {
            groups::add(&mut tx, STRIPE, "makers", &[&door.nobody.id], now).await.unwrap();
        } else {
            groups::remove(&mut tx, STRIPE, "makers", &[&door.nobody.id]).await.unwrap();
        }
        tx.commit().await.unwrap();
    };
    let mut tx = door.world.db().begin().await.unwrap();
    groups::insert(&mut tx, STRIPE, &group).await.unwrap();
    tx.commit().await.unwrap();
    for (index, name) in
        ["makers", "Default/Makers", "OracleIdentityCloudService/Makers", &format!("id {ocid}")].into_iter().enumerate()
    {
        let text = format!("allow group {name} to manage compartments in tenancy");
        let made = door.policy(TENANCY, &format!("P{index}"), &[&text]).await;
        assert_eq!(made.status, 200, "{:#}", made.body);
        let body = json!({ "compartmentId": TENANCY, "name": format!("C{index}"), "description": "d" });
        let create = || door.call(&door.nobody, Method::POST, "/20160918/compartments", &body, "");
        assert_eq!(create().await.check, "statement_allows_operation", "{name}");
        change(true).await;
        let made_by_nobody = create().await;
        assert_eq!(made_by_nobody.status, 200, "{name} {:#}", made_by_nobody.body);
        change(false).await;
        let target = format!("/20160918/compartments/{}", made_by_nobody.id());
        let answer = door.call(&door.nobody, Method::DELETE, &target, &Value::Null, "").await;
        assert_eq!(answer.check, "statement_allows_operation", "{name}");
        assert_eq!(door.delete(&format!("/20160918/policies/{}", made.id())).await.status, 204);
    }
}
