//! Users through their doors.

use serde_json::{Value, json};

use super::support::{Office, patch, signs_in, user};

// Contract identity 6.1 and 6.4.
#[tokio::test]
async fn a_user_is_made_with_what_the_service_adds() {
    let office = Office::new().await;
    let made = office.send("POST", "/Users", &user("grace")).await.ok(201);
    let id = made.text("/id").to_owned();
    assert_eq!(id.len(), 32);
    assert!(made.header("location").ends_with(&format!("/admin/v1/Users/{id}")));
    assert_eq!(made.header("location"), made.text("/meta/location"));
    assert_eq!(made.header("etag"), made.text("/meta/version"));
    assert_eq!(made.text("/meta/resourceType"), "User");
    assert_eq!(made.body["active"], true);
    assert_eq!(made.text("/displayName"), "Grace Hopper");
    assert_eq!(made.text("/name/formatted"), "Grace Hopper");
    assert_eq!(
        made.body["emails"],
        json!([
            {"value": "grace@example.com", "type": "work", "primary": true, "secondary": false, "verified": false},
            {"value": "grace@example.com", "type": "recovery", "primary": false, "secondary": false, "verified": false},
        ])
    );
    assert_eq!(made.text("/idcsCreatedBy/type"), "User");
    assert_eq!(made.text("/idcsCreatedBy/value"), office.world.user.id);
    let state = "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User";
    assert_eq!(made.body[state], json!({"locked": {"on": false}}));
    for urn in made.body.as_object().unwrap().keys().filter(|name| name.starts_with("urn:")) {
        assert!(made.body["schemas"].as_array().unwrap().contains(&json!(urn)), "{urn}");
    }
    assert!(made.body.get("password").is_none() && made.body.get("groups").is_none());
    let read = office.get(&format!("/Users/{id}")).await.ok(200);
    assert_eq!(read.body, made.body);
    assert_eq!(read.header("etag"), made.header("etag"));
}

#[tokio::test]
async fn every_attribute_comes_back_as_it_was_sent() {
    let office = Office::new().await;
    let mut body = user("grace");
    for (name, value) in [
        ("title", json!("Rear Admiral")),
        ("nickName", json!("Amazing Grace")),
        ("externalId", json!("HR-1")),
        ("userType", json!("Employee")),
        ("preferredLanguage", json!("fr")),
        ("locale", json!("fr-FR")),
        ("timezone", json!("Europe/Paris")),
        ("phoneNumbers", json!([{"value": "+1 555 0100", "type": "work", "primary": true}])),
        ("addresses", json!([{"type": "work", "locality": "Arlington", "country": "US"}])),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            json!({"department": "Navy", "employeeNumber": "7"}),
        ),
    ] {
        body[name] = value;
    }
    let made = office.send("POST", "/Users", &body).await.ok(201);
    for (name, value) in body.as_object().unwrap() {
        match name.as_str() {
            "schemas" | "emails" | "name" => {}
            _ => assert_eq!(&made.body[name], value, "{name}"),
        }
    }
    let again = office.send("PUT", &format!("/Users/{}", made.text("/id")), &made.body).await.ok(200);
    for name in ["title", "nickName", "externalId", "phoneNumbers", "addresses", "emails", "name", "userName", "active"]
    {
        assert_eq!(again.body[name], made.body[name], "{name}");
    }
}

#[tokio::test]
async fn a_password_is_set_and_never_seen() {
    let office = Office::new().await;
    let mut body = user("grace");
    body["password"] = json!("Canary-Password-1");
    let made = office.send("POST", "/Users", &body).await.ok(201);
    assert!(!made.body.to_string().contains("Canary"));
    assert!(signs_in(&office.world, "grace", "Canary-Password-1").await);
    let path = format!("/Users/{}", made.text("/id"));
    for query in ["?attributeSets=all", "?attributes=password", "?attributeSets=never"] {
        let read = office.get(&format!("{path}{query}")).await.ok(200);
        assert!(!read.body.to_string().contains("password"), "{query}: {}", read.body);
    }
    let change = patch(&json!([{"op": "replace", "path": "password", "value": "Canary-Password-2"}]));
    let changed = office.send("PATCH", &path, &change).await.ok(200);
    assert!(!changed.body.to_string().contains("Canary"));
    assert!(signs_in(&office.world, "grace", "Canary-Password-2").await);
    assert!(!signs_in(&office.world, "grace", "Canary-Password-1").await);
}

#[tokio::test]
async fn a_change_that_is_refused_leaves_the_password_alone_and_a_refused_password_the_rest() {
    let office = Office::new().await;
    office.add_user("ada").await;
    let mut body = user("grace");
    body["password"] = json!("Canary-Password-1");
    let path = format!("/Users/{}", office.send("POST", "/Users", &body).await.ok(201).text("/id"));
    let change = |name: &str, password: &str| {
        patch(&json!([
            {"op": "replace", "path": "userName", "value": name},
            {"op": "replace", "path": "password", "value": password}
        ]))
    };
    let before = office.get(&path).await.header("etag").to_owned();
    office.send("PATCH", &path, &change("ada", "Canary-Password-2")).await.ok(409);
    office.send("PATCH", &path, &change("hopper", "short")).await.ok(400);
    assert_eq!(office.get(&path).await.header("etag"), before);
    assert!(signs_in(&office.world, "grace", "Canary-Password-1").await);
    office.send("PATCH", &path, &change("hopper", "Canary-Password-2")).await.ok(200);
    assert!(signs_in(&office.world, "hopper", "Canary-Password-2").await);
}

// Contract identity 6.1: attributes, attributeSets, sub-filters.
#[tokio::test]
async fn an_answer_has_what_was_asked_for_and_what_is_always_answered() {
    let office = Office::new().await;
    let id = office.add_user("grace").await;
    let keys = async |query: &str| {
        let reply = office.get(&format!("/Users/{id}?{query}")).await.ok(200);
        reply.body.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys("attributes=displayName").await, "displayName id schemas userName");
    assert_eq!(keys("attributeSets=always").await, "id schemas userName");
    assert_eq!(keys("attributes=NAME.familyname,nothing").await, "id name schemas userName");
    let idcs = "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User";
    assert_eq!(keys(&format!("attributes={idcs}")).await, format!("id schemas {idcs} userName"));
    let work = office.get(&format!("/Users/{id}?attributes=emails[type eq \"work\"].value")).await.ok(200);
    assert_eq!(work.body["emails"], json!([{"value": "grace@example.com"}]));
    let group = office.add_group("Admirals", &[&id]).await;
    let groups = office.get(&format!("/Users/{id}?attributes=groups")).await.ok(200);
    assert_eq!(groups.text("/groups/0/value"), group);
    assert_eq!(groups.text("/groups/0/display"), "Admirals");
    assert!(office.get(&format!("/Users/{id}?attributeSets=all")).await.body.get("groups").is_some());
    let listed = office.get("/Users?attributes=groups&filter=userName eq \"grace\"").await.ok(200);
    assert_eq!(listed.text("/Resources/0/groups/0/value"), group);
}

// Contract identity 5.4.
#[tokio::test]
async fn patch_takes_every_idiom() {
    let office = Office::new().await;
    let path = format!("/Users/{}", office.add_user("grace").await);
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let steps: Vec<(Value, &str, Value)> = vec![
        (json!({"op": "REPLACE", "path": "title", "value": "Admiral"}), "/title", json!("Admiral")),
        (json!({"op": "replace", "value": {"nickName": "G", "title": "Rear"}}), "/title", json!("Rear")),
        (json!({"op": "Add", "path": "name.middleName", "value": "M"}), "/name/middleName", json!("M")),
        (
            json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": "g@navy.example"}),
            "/emails/0/value",
            json!("g@navy.example"),
        ),
        (
            json!({"op": "add", "path": "phoneNumbers", "value": [{"value": "1", "type": "work"}]}),
            "/phoneNumbers/0/value",
            json!("1"),
        ),
        (
            json!({"op": "add", "path": "phoneNumbers", "value": {"value": "2", "type": "home"}}),
            "/phoneNumbers/1/value",
            json!("2"),
        ),
        (
            json!({"op": "replace", "path": "phoneNumbers[value eq \"2\"]", "value": {"type": "mobile"}}),
            "/phoneNumbers/1",
            json!({"value": "2", "type": "mobile"}),
        ),
        (json!({"op": "remove", "path": "phoneNumbers[type eq \"work\"]"}), "/phoneNumbers/0/value", json!("2")),
        (json!({"op": "remove", "path": "phoneNumbers"}), "/phoneNumbers", Value::Null),
        (
            json!({"op": "add", "path": format!("{enterprise}:department"), "value": "Navy"}),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            json!("Navy"),
        ),
        (
            json!({"op": "remove", "path": enterprise}),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            Value::Null,
        ),
        (json!({"op": "remove", "path": "title"}), "/title", Value::Null),
        (json!({"op": "replace", "path": "active", "value": false}), "/active", json!(false)),
    ];
    for (operation, pointer, expected) in steps {
        let reply = office.send("PATCH", &path, &patch(&json!([operation]))).await.ok(200);
        assert_eq!(reply.body.pointer(pointer).unwrap_or(&Value::Null), &expected, "{operation}");
    }
}

// Contract identity 6.1: If-Match, and a version that changes with the resource only.
#[tokio::test]
async fn a_version_guards_changes_and_does_not_change_with_attempts_to_sign_in() {
    let office = Office::new().await;
    let id = office.add_user("grace").await;
    let path = format!("/Users/{id}");
    let first = office.get(&path).await.header("etag").to_owned();
    assert!(!signs_in(&office.world, "grace", "wrong").await);
    let mut tx = office.world.db().begin().await.unwrap();
    let policy = obol_domain::lockout::LockoutPolicy::STANDARD;
    let now = office.world.identity.now();
    for _ in 0..5 {
        obol_store::users::record_failure(&mut tx, crate::testing::STRIPE, &id, policy, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    let locked = office.get(&path).await;
    assert_eq!(locked.header("etag"), first);
    let state = "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User";
    assert_eq!(locked.body[state]["locked"]["on"], true);
    let change = |title: &str| patch(&json!([{"op": "replace", "path": "title", "value": title}]));
    let send = async |tag: &str, title: &str| {
        let mut request =
            super::support::request("PATCH", &format!("/admin/v1{path}"), &office.token, Some(&change(title)));
        request.headers_mut().insert("if-match", tag.parse().unwrap());
        office.reply(request).await
    };
    let second = send(&format!("\"{first}\""), "a").await.ok(200).header("etag").to_owned();
    assert_ne!(first, second);
    let late = send(&first, "b").await.ok(412);
    assert_eq!(late.message_id(), "error.common.exception.preconditionFailed");
    assert_eq!(office.check(&late).await, "version_matches");
    assert_eq!(office.get(&path).await.text("/title"), "a");
    send("*", "c").await.ok(200);
}

#[tokio::test]
async fn a_deleted_user_is_gone_with_all_that_was_its() {
    let office = Office::new().await;
    let id = office.add_user("grace").await;
    let group = office.add_group("Admirals", &[&id]).await;
    let before = office.get(&format!("/Groups/{group}")).await.header("etag").to_owned();
    let gone = office.delete(&format!("/Users/{id}?forceDelete=true")).await.ok(204);
    assert!(gone.body.is_null());
    office.get(&format!("/Users/{id}")).await.ok(404);
    office.delete(&format!("/Users/{id}")).await.ok(404);
    let after = office.get(&format!("/Groups/{group}?attributes=members,meta")).await.ok(200);
    assert!(after.body.get("members").is_none());
    assert_ne!(after.header("etag"), before, "the group lost a member");
    office.add_user("grace").await;
}
