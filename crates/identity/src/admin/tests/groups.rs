//! Groups through their doors.

use serde_json::{Value, json};

use super::support::{Office, group, member, patch};

// Contract identity 6.4: members on request only.
#[tokio::test]
async fn a_group_answers_its_members_to_who_asks_for_them() {
    let office = Office::new().await;
    let (grace, ada) = (office.add_user("grace").await, office.add_user("ada").await);
    let mut body = group("Admirals");
    body["members"] = json!([member(&grace), member(&ada), member(&grace)]);
    let idcs = "urn:ietf:params:scim:schemas:oracle:idcs:extension:group:Group";
    body[idcs] = json!({"description": "At sea"});
    let made = office.send("POST", "/Groups", &body).await.ok(201);
    assert!(made.body.get("members").is_none(), "{}", made.body);
    assert_eq!(made.body[idcs], json!({"description": "At sea", "creationMechanism": "api"}));
    let path = format!("/Groups/{}", made.text("/id"));
    assert!(office.get(&path).await.body.get("members").is_none());
    let read = office.get(&format!("{path}?attributes=members")).await.ok(200);
    let members = read.body["members"].as_array().unwrap();
    assert_eq!(members.len(), 2);
    let of_grace = members.iter().find(|found| found["value"] == json!(grace)).unwrap();
    assert_eq!((&of_grace["type"], &of_grace["name"]), (&json!("User"), &json!("grace")));
    assert!(of_grace["$ref"].as_str().unwrap().ends_with(&format!("/admin/v1/Users/{grace}")));
    let one = office.get(&format!("{path}?attributes=members[value eq \"{ada}\"].value")).await.ok(200);
    assert_eq!(one.body["members"], json!([{"value": ada, "type": "User"}]));
}

// Contract identity 6.4: add and remove members, every idiom; the version covers them.
#[tokio::test]
async fn members_come_and_go_by_patch_and_the_version_with_them() {
    let office = Office::new().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(office.add_user(name).await);
    }
    ids.sort();
    let (a, b, c) = (ids[0].as_str(), ids[1].as_str(), ids[2].as_str());
    let path = format!("/Groups/{}", office.add_group("Crew", &[]).await);
    let mut seen = vec![office.get(&path).await.header("etag").to_owned()];
    let steps: Vec<(Value, Vec<&str>)> = vec![
        (json!({"op": "add", "path": "members", "value": [member(a), member(b)]}), vec![a, b]),
        (json!({"op": "ADD", "path": "members", "value": [member(b), {"value": c}]}), vec![a, b, c]),
        (json!({"op": "remove", "path": format!("members[value eq \"{b}\"]")}), vec![a, c]),
        (json!({"op": "remove", "path": "members", "value": [member(c)]}), vec![a]),
        (json!({"op": "add", "value": {"members": [member(c)]}}), vec![a, c]),
        (json!({"op": "replace", "path": "members", "value": [member(b), member(c)]}), vec![b, c]),
        (json!({"op": "remove", "path": format!("members[value eq \"{b}\" or value eq \"{c}\"]")}), vec![]),
        (json!({"op": "add", "path": "members", "value": member(a)}), vec![a]),
        (json!({"op": "remove", "path": "members"}), vec![]),
    ];
    for (operation, expected) in steps {
        let changed = office.send("PATCH", &path, &patch(&json!([operation]))).await.ok(200);
        assert!(!seen.iter().any(|tag| tag == changed.header("etag")), "{operation}");
        seen.push(changed.header("etag").to_owned());
        let read = office.get(&format!("{path}?attributes=members")).await.ok(200);
        let members = read.body.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
        let members: Vec<_> = members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect();
        assert_eq!(members, expected, "{operation}");
    }
}

#[tokio::test]
async fn a_replaced_group_has_the_members_of_the_body() {
    let office = Office::new().await;
    let (a, b) = (office.add_user("a").await, office.add_user("b").await);
    let path = format!("/Groups/{}", office.add_group("Crew", &[&a]).await);
    let mut body = group("Crew two");
    body["members"] = json!([member(&b)]);
    let changed = office.send("PUT", &format!("{path}?attributes=members,displayName"), &body).await.ok(200);
    assert_eq!(changed.text("/displayName"), "Crew two");
    assert_eq!(changed.text("/members/0/value"), b);
    let emptied = office.send("PUT", &format!("{path}?attributes=members"), &group("Crew two")).await.ok(200);
    assert!(emptied.body.get("members").is_none());
}

#[tokio::test]
async fn groups_are_found_by_name_and_by_member() {
    let office = Office::new().await;
    let (a, b) = (office.add_user("a").await, office.add_user("b").await);
    office.add_group("Zulu", &[&a]).await;
    office.add_group("alpha", &[&a, &b]).await;
    office.add_group("Mike", &[]).await;
    let names = async |query: &str| {
        let reply = office.get(&format!("/Groups?{query}")).await.ok(200);
        reply.names("displayName").join(" ")
    };
    assert_eq!(names("sortBy=displayName").await, "alpha Mike Zulu");
    assert_eq!(names("sortBy=displayName&sortOrder=descending").await, "Zulu Mike alpha");
    assert_eq!(names(&format!("sortBy=displayName&filter=members.value eq \"{a}\"")).await, "alpha Zulu");
    assert_eq!(names(&format!("filter=members[value eq \"{b}\"]")).await, "alpha");
    assert_eq!(names("filter=not (members pr)").await, "Mike");
    assert_eq!(names("filter=displayName sw \"AL\"").await, "alpha");
    let listed = office.get("/Groups?attributes=members&filter=displayName eq \"ALPHA\"").await.ok(200);
    assert_eq!(listed.body["Resources"][0]["members"].as_array().unwrap().len(), 2);
    let mine = office.get("/MyGroups").await.ok(200);
    assert_eq!(mine.body["totalResults"], 0);
    let me = office.world.user.id.clone();
    office.add_group("Mine", &[&me]).await;
    assert_eq!(office.get("/MyGroups").await.ok(200).names("displayName"), ["Mine"]);
}
