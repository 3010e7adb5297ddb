//! Settings, password policies and the audit trail, through their doors.

use serde_json::{Value, json};

use super::{
    applications::app,
    support::{Office, patch, user_token},
};
use crate::testing::{ME, PASSWORD, USER, claims, get, password_form, token_of};

const OWN: &str = "https://idcs-00000000000000000000000000000001.identity.oraclecloud.com";

fn change(name: &str, value: &Value) -> Value {
    patch(&json!([{"op": "replace", "path": name, "value": value}]))
}

// Contract identity 1: one previous issuer is remembered, and its tokens hold.
#[tokio::test]
async fn tokens_of_the_issuer_before_still_hold_and_of_the_one_before_that_not() {
    let office = Office::new().await;
    let before = office.get("/Settings/Settings?attributeSets=all").await.ok(200);
    assert_eq!(before.text("/issuer"), "https://identity.oraclecloud.com/");
    assert!(before.body.get("prevIssuer").is_none());
    office.send("PATCH", "/Settings/Settings", &change("issuer", &json!(OWN))).await.ok(200);
    let settings = office.get("/Settings/Settings?attributes=issuer,prevIssuer").await.ok(200);
    assert_eq!((settings.text("/issuer"), settings.text("/prevIssuer")), (OWN, "https://identity.oraclecloud.com/"));
    let token = user_token(&office.world, &office.app, USER).await;
    assert_eq!(claims(&token)["iss"], OWN);
    let list = office.send_as(&token, "GET", "/Settings", None).await.ok(200);
    assert_eq!((&list.body["totalResults"], list.text("/Resources/0/id")), (&json!(1), "Settings"));
    let next = change("issuer", &json!(format!("{OWN}/next")));
    office.send_as(&token, "PATCH", "/Settings/Settings", Some(&next)).await.ok(200);
    let refused = office.get("/Settings/Settings").await;
    assert_eq!((refused.status, office.check(&refused).await.as_str()), (401, "token_issuer"));
    office.send_as(&token, "GET", "/Settings/Settings", None).await.ok(200);
    let back = patch(&json!([{"op": "remove", "path": "issuer"}]));
    let back = office.send_as(&token, "PATCH", "/Settings/Settings", Some(&back)).await.ok(200);
    assert_eq!(back.text("/issuer"), "https://identity.oraclecloud.com/", "the default where none is set");
}

#[tokio::test]
async fn the_key_set_opens_with_its_setting() {
    let office = Office::new().await;
    let world = &office.world;
    assert_eq!(world.send(get("/admin/v1/SigningCert/jwk", None)).await.status(), 401);
    let changed =
        office.send("PATCH", "/Settings/Settings", &change("signingCertPublicAccess", &json!(true))).await.ok(200);
    assert_eq!(changed.body["signingCertPublicAccess"], true);
    assert_eq!(world.send(get("/admin/v1/SigningCert/jwk", None)).await.status(), 200);
    let put = office.send("PUT", "/Settings/Settings", &changed.body).await.ok(200);
    assert_eq!(put.body["signingCertPublicAccess"], true);
    let kept =
        office.send("PATCH", "/Settings/Settings", &change("contactEmails", &json!(["a@example.com"]))).await.ok(200);
    assert_eq!(kept.body["contactEmails"], json!(["a@example.com"]));
    assert_eq!(kept.text("/idcsLastModifiedBy/value"), office.world.user.id);
}

// Contract identity 2.6: where second factors are required, no token for a password.
#[tokio::test]
async fn second_factors_are_required_by_a_setting_and_a_wrong_one_changes_nothing() {
    let office = Office::new().await;
    let read = office.get("/Settings/Settings").await.ok(200);
    assert_eq!(read.text("/mfaPolicy"), "Optional");
    for wrong in [json!("On"), json!("Requiredx"), json!(true), json!(7), json!({"value": "Off"})] {
        let refused = office.send("PATCH", "/Settings/Settings", &change("mfaPolicy", &wrong)).await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
    let world = &office.world;
    let form = password_form(USER, PASSWORD, ME);
    token_of(world.ask(&form).await).await;
    let set = office.send("PATCH", "/Settings/Settings", &change("mfaPolicy", &json!("Required"))).await.ok(200);
    assert_eq!(set.text("/mfaPolicy"), "Required");
    let refused = world.refused(world.ask(&form).await).await;
    assert!(refused.starts_with("400\n") && refused.contains("Tenant is MFA enabled."), "{refused}");
    let put = office.send("PUT", "/Settings/Settings", &set.body).await.ok(200);
    assert_eq!(put.text("/mfaPolicy"), "Required");
    office.send("PATCH", "/Settings/Settings", &change("mfaPolicy", &json!("Off"))).await.ok(200);
    token_of(world.ask(&form).await).await;
}

// Contract identity 9.
#[tokio::test]
async fn a_custom_policy_is_made_changed_and_removed_and_there_are_ten_at_most() {
    let office = Office::new().await;
    let names = office.get("/PasswordPolicies").await.ok(200);
    assert_eq!(names.names("name"), ["simplePasswordPolicy", "standardPasswordPolicy"]);
    let group = office.add_group("Strict", &[]).await;
    let policy = |name: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:PasswordPolicy"], "name": name, "minLength": 12,
            "maxLength": 64, "passwordStrength": "Custom", "maxIncorrectAttempts": 3, "lockoutDuration": 10,
        })
    };
    let mut first = policy("First");
    first["priority"] = json!(1);
    first["groups"] = json!([{"value": group}]);
    let made = office.send("POST", "/PasswordPolicies", &first).await.ok(201);
    assert_eq!((&made.body["minLength"], &made.body["priority"]), (&json!(12), &json!(1)));
    let path = format!("/PasswordPolicies/{}", made.text("/id"));
    let changed = office.send("PATCH", &path, &change("minLength", &json!(14))).await.ok(200);
    assert_eq!(changed.body["minLength"], 14);
    assert_ne!(changed.header("etag"), made.header("etag"));
    let found = office.get("/PasswordPolicies?filter=passwordStrength eq \"Custom\" and minLength gt 13").await.ok(200);
    assert_eq!(found.names("name"), ["First"]);
    let mut same = policy("Same priority");
    same["priority"] = json!(1);
    assert_eq!(office.send("POST", "/PasswordPolicies", &same).await.status, 409);
    for number in 0..7 {
        office.send("POST", "/PasswordPolicies", &policy(&format!("P{number}"))).await.ok(201);
    }
    let refused = office.send("POST", "/PasswordPolicies", &policy("One too many")).await;
    assert_eq!((refused.status, office.check(&refused).await.as_str()), (400, "policies_bounded"));
    office.delete(&path).await.ok(204);
    office.send("POST", "/PasswordPolicies", &policy("One too many")).await.ok(201);
}

// Contract identity 6.4: each has the ECID of its request.
#[tokio::test]
async fn every_change_leaves_a_record_that_is_found() {
    let office = Office::new().await;
    let made = office.send("POST", "/Apps", &app("Shop")).await.ok(201);
    let id = made.text("/id").to_owned();
    let tick = || office.world.clock.advance(std::time::Duration::from_secs(1));
    tick();
    office.send("PATCH", &format!("/Apps/{id}"), &change("description", &json!("canary"))).await.ok(200);
    tick();
    office.delete(&format!("/Apps/{id}")).await.ok(204);
    let of_app = office.get(&format!("/AuditEvents?filter=adminResourceId eq \"{id}\"")).await.ok(200);
    assert_eq!(
        of_app.names("eventId"),
        ["admin.app.create.success", "admin.app.update.success", "admin.app.delete.success"]
    );
    assert_eq!(of_app.text("/Resources/0/ecId"), made.header("x-oracle-dms-ecid"));
    assert_eq!(of_app.text("/Resources/0/actorId"), office.world.user.id);
    assert_eq!(of_app.text("/Resources/0/adminResourceName"), "Shop");
    assert_eq!(of_app.body["Resources"][1]["adminValuesChanged"], json!(["description"]));
    assert!(!of_app.body.to_string().contains("canary"));
    let time = of_app.text("/Resources/0/timestamp").to_owned();
    for (filter, count) in [
        (format!("eventId eq \"admin.app.create.success\" and timestamp ge \"{time}\""), 1),
        ("eventId sw \"admin.app.\"".to_owned(), 3),
        (format!("actorId eq \"{}\" and eventId eq \"admin.app.delete.success\"", office.world.user.id), 1),
        ("eventId eq \"admin.app.create.success\" and timestamp gt \"2100-01-01T00:00:00Z\"".to_owned(), 0),
    ] {
        let found = office.get(&format!("/AuditEvents?filter={filter}")).await.ok(200);
        assert_eq!(found.body["totalResults"], count, "{filter}");
    }
    let page = office.get("/AuditEvents?filter=eventId sw \"admin.app.\"&count=2").await.ok(200);
    assert!(!page.header("opc-next-page").is_empty());
    let one = office.get(&format!("/AuditEvents/{}", of_app.text("/Resources/0/id"))).await.ok(200);
    assert_eq!(one.text("/eventId"), "admin.app.create.success");
}
