//! Two stripes: what one has is not there for the other, at every door.

use serde_json::{Value, json};

use super::support::{Office, group, member, patch, request, user};
use crate::{
    admin::ROUTES,
    testing::{OTHER_STRIPE, at_stripe, new_user},
};

#[tokio::test]
async fn a_token_of_one_stripe_opens_no_door_of_another() {
    let office = Office::new().await;
    office.world.add_other_stripe().await;
    for route in ROUTES {
        let path = route.path.replace("{id}", &office.world.user.id);
        let body = (!matches!(route.method, "GET" | "DELETE")).then(|| json!({}));
        let sent = request(route.method, &path, &office.token, body.as_ref());
        let refused = office.reply(at_stripe(sent, OTHER_STRIPE)).await;
        assert_eq!(
            (refused.status, refused.message_id()),
            (401, "error.common.exception.unauthorizedAccess"),
            "{path}"
        );
        assert_eq!(office.check(&refused).await, "token_stripe", "{} {path}", route.method);
    }
}

#[tokio::test]
async fn what_another_stripe_has_is_not_there() {
    let office = Office::new().await;
    office.world.add_other_stripe().await;
    let mut tx = office.world.db().begin().await.unwrap();
    let theirs = office.world.provisioning().user(&mut tx, OTHER_STRIPE, &new_user("theirs")).await.unwrap();
    tx.commit().await.unwrap();
    let id = &theirs.id;
    let status = json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:UserStatusChanger"], "active": false});
    let reset = json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordResetter"]});
    let title = patch(&json!([{"op": "replace", "path": "title", "value": "x"}]));
    let cases: Vec<(&str, String, Option<Value>)> = vec![
        ("GET", format!("/Users/{id}"), None),
        ("PUT", format!("/Users/{id}"), Some(user("mine"))),
        ("PATCH", format!("/Users/{id}"), Some(title)),
        ("DELETE", format!("/Users/{id}"), None),
        ("PUT", format!("/UserStatusChanger/{id}"), Some(status)),
        ("PUT", format!("/UserPasswordResetter/{id}"), Some(reset)),
    ];
    for (method, path, body) in cases {
        let reply = office.send_as(&office.token, method, &path, body.as_ref()).await.ok(404);
        assert_eq!(office.check(&reply).await, "resource_known", "{method} {path}");
    }
    let filter = format!("id eq \"{id}\" or userName eq \"theirs\" or emails.value co \"@\"");
    assert_eq!(office.get(&format!("/Users?filter={filter}")).await.ok(200).names("userName"), ["admin@example.com"]);
    let mut crew = group("Crew");
    crew["members"] = json!([member(id)]);
    let refused = office.send("POST", "/Groups", &crew).await.ok(400);
    assert_eq!(office.check(&refused).await, "reference_known");
    let kept = obol_store::users::by_id(office.world.db(), OTHER_STRIPE, id).await.unwrap().unwrap();
    assert!(kept.is_active && kept.user_name == "theirs");
}
