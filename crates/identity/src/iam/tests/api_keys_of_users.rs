//! API keys: a user's own, and others' by permission.

use super::*;

fn keys(person: &Person) -> String {
    format!("/20160918/users/{}/apiKeys/", person.ocid)
}

#[tokio::test]
async fn a_user_registers_uses_and_removes_its_own_keys() {
    let door = Door::new().await;
    let before = door.call(&door.nobody, Method::GET, &keys(&door.nobody), &Value::Null, "").await;
    assert_eq!(before.body.as_array().unwrap().len(), 1);
    let made = door.call(&door.nobody, Method::POST, &keys(&door.nobody), &json!({ "key": pem_of(2) }), "").await;
    assert_eq!(made.status, 200, "{:#}", made.body);
    let fingerprint = private_key(2).public_key().unwrap().fingerprint();
    assert_eq!(made.body["fingerprint"], fingerprint.to_string());
    assert_eq!(made.body["keyId"], format!("{TENANCY}/{}/{fingerprint}", door.nobody.ocid));
    assert_eq!((&made.body["keyValue"], &made.body["lifecycleState"]), (&json!(pem_of(2)), &json!("ACTIVE")));
    let signer = Signer::api_key(TENANCY, &door.nobody.ocid, &fingerprint, private_key(2));
    let renewed = Person { id: door.nobody.id.clone(), ocid: door.nobody.ocid.clone(), signer };
    let listed = door.call(&renewed, Method::GET, &keys(&renewed), &Value::Null, "").await;
    assert_eq!(listed.body.as_array().unwrap().len(), 2);
    assert!(listed.body.as_array().unwrap().contains(&made.body));
    // Clients escape the colons or not.
    let target = format!("{}{}", keys(&renewed), fingerprint.to_string().replace(':', "%3A"));
    assert_eq!(door.call(&door.nobody, Method::DELETE, &target, &Value::Null, "").await.status, 204);
    let answer = door.call(&renewed, Method::DELETE, &target, &Value::Null, "").await;
    assert_eq!((answer.code(), answer.check.as_str()), ((401, "NotAuthenticated"), "key_registered"));
    let answer = door.call(&door.nobody, Method::DELETE, &target, &Value::Null, "").await;
    assert_eq!((answer.code(), answer.check.as_str()), (NOT_THERE, "resource_known"));
}

#[tokio::test]
async fn a_key_must_be_usable_and_new_and_one_of_three() {
    let door = Door::new().await;
    let target = keys(&door.administrator);
    let private = obol_protocol::oci::pem::encode("PRIVATE KEY", &[1, 2, 3]).to_string();
    for (body, code, check) in [
        (json!({}), "MissingParameter", "field_present"),
        (json!({ "key": "" }), "InvalidParameter", "field_bounds"),
        (json!({ "key": "x".repeat(5000) }), "InvalidParameter", "field_bounds"),
        (json!({ "key": "ssh-rsa AAAA" }), "InvalidParameter", "key_usable"),
        (json!({ "key": private }), "InvalidParameter", "key_usable"),
    ] {
        let answer = door.post(&target, &body).await;
        assert_eq!((answer.code(), answer.check.as_str()), ((400, code), check), "{body}");
    }
    let answer = door.post(&target, &json!({ "key": pem_of(0) })).await;
    assert_eq!(answer.code(), (409, "NotAuthorizedOrResourceAlreadyExists"));
    assert_eq!(answer.check, "key_is_new");
    for index in [1, 2] {
        assert_eq!(door.post(&target, &json!({ "key": pem_of(index) })).await.status, 200);
    }
    let answer = door.post(&target, &json!({ "key": pem_of(3) })).await;
    assert_eq!((answer.code(), answer.check.as_str()), ((400, "LimitExceeded"), "within_identity_limit"));
    assert_eq!(door.get(&target).await.body.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_keys_of_others_need_a_permission() {
    let door = Door::new().await;
    let target = keys(&door.administrator);
    let body = json!({ "key": pem_of(2) });
    let upload = || door.call(&door.nobody, Method::POST, &target, &body, "");
    for (verb, listed, uploaded) in [("inspect", 404, 404), ("read", 200, 404), ("use", 200, 404), ("manage", 200, 200)]
    {
        let text = format!("allow any-user to {verb} users in tenancy");
        let policy = door.policy(TENANCY, verb, &[&text]).await.id();
        assert_eq!(door.call(&door.nobody, Method::GET, &target, &Value::Null, "").await.status, listed, "{verb}");
        assert_eq!(upload().await.status, uploaded, "{verb}");
        door.delete(&format!("/20160918/policies/{policy}")).await;
    }
    assert_eq!(door.get(&target).await.body.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_user_of_another_tenancy_is_nobody() {
    let door = Door::new().await;
    for person in ["ocid1.user.oc1..none", &door.stranger.ocid] {
        let target = format!("/20160918/users/{person}/apiKeys");
        for (method, body) in [(Method::GET, Value::Null), (Method::POST, json!({ "key": pem_of(2) }))] {
            let answer = door.call(&door.administrator, method, &target, &body, "").await;
            assert_eq!((answer.code(), answer.check.as_str()), (NOT_THERE, "resource_known"));
        }
    }
    let own = door.call(&door.stranger, Method::GET, &keys(&door.stranger), &Value::Null, "").await;
    assert_eq!(own.body.as_array().unwrap().len(), 1);
}
