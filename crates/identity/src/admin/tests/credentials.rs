//! Passwords, status and keys: who may change whose, and that sessions end.

use obol_domain::app_role::BuiltInRole;
use obol_protocol::oci::{pem, signature::PublicKey};
use obol_store::grants::{self, Grantee};
use serde_json::{Value, json};

use super::support::{Office, add_client, client_token, patch, signs_in, user, user_token};
use crate::testing::{PASSWORD, STRIPE, private_key};

const NEW: &str = "New-Canary-7";

fn status(active: bool) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:UserStatusChanger"], "active": active})
}

fn password(text: &str) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger"], "password": text})
}

fn reset() -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordResetter"]})
}

fn own(old: &str, new: &str) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:MePasswordChanger"], "oldPassword": old, "password": new})
}

fn key(index: usize) -> String {
    let public: PublicKey = private_key(index).public_key().unwrap();
    pem::encode("PUBLIC KEY", public.spki()).to_string()
}

fn api_key(index: usize) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:apikey"], "key": key(index)})
}

#[tokio::test]
async fn a_changed_or_reset_password_is_the_only_one_and_ends_sessions() {
    let office = Office::new().await;
    let (grace, _) = office.add_colleague("grace", &[]).await;
    let cause = obol_domain::audit::Cause::request("test");
    let session = office.world.identity.open_session(STRIPE, &grace.id, &cause).await.unwrap();
    let changed = office.send("PUT", &format!("/UserPasswordChanger/{}", grace.id), &password(NEW)).await.ok(200);
    assert!(!changed.body.to_string().contains("Canary"), "{}", changed.body);
    assert!(signs_in(&office.world, "grace", NEW).await && !signs_in(&office.world, "grace", PASSWORD).await);
    assert!(office.world.identity.session(STRIPE, &session).await.unwrap().is_none());
    let reset = office.send("PUT", &format!("/UserPasswordResetter/{}", grace.id), &reset()).await.ok(200);
    let one_time = reset.text("/oneTimePassword").to_owned();
    assert!(one_time.len() > 16);
    assert!(!signs_in(&office.world, "grace", NEW).await);
    assert!(!signs_in(&office.world, "grace", &one_time).await, "it must be changed first");
}

#[tokio::test]
async fn deactivation_holds_at_once_and_can_be_taken_back() {
    let office = Office::new().await;
    let (grace, token) = office.add_colleague("grace", &[]).await;
    office.send_as(&token, "GET", "/Me", None).await.ok(200);
    let path = format!("/UserStatusChanger/{}", grace.id);
    assert_eq!(office.send("PUT", &path, &status(false)).await.ok(200).body["active"], false);
    let refused = office.send_as(&token, "GET", "/Me", None).await.ok(401);
    assert_eq!(office.check(&refused).await, "user_active");
    assert!(!signs_in(&office.world, "grace", PASSWORD).await);
    office.send("PUT", &path, &status(true)).await.ok(200);
    assert!(signs_in(&office.world, "grace", PASSWORD).await);
    for _ in 0..5 {
        assert!(!signs_in(&office.world, "grace", "wrong").await);
    }
    assert!(!signs_in(&office.world, "grace", PASSWORD).await, "locked");
    let unlock =
        json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:UserStatusChanger"], "locked": {"on": false}});
    office.send("PUT", &path, &unlock).await.ok(200);
    assert!(signs_in(&office.world, "grace", PASSWORD).await);
}

#[tokio::test]
async fn whoever_knows_their_password_changes_it_and_guessing_locks() {
    let office = Office::new().await;
    let (_, token) = office.add_colleague("grace", &[]).await;
    let change =
        async |old: &str, new: &str| office.send_as(&token, "PUT", "/MePasswordChanger", Some(&own(old, new))).await;
    change(PASSWORD, NEW).await.ok(200);
    assert!(signs_in(&office.world, "grace", NEW).await);
    for _ in 0..5 {
        let wrong = change("wrong", "Other-Canary-8").await.ok(400);
        assert_eq!(wrong.text("/detail"), "INVALID_CREDENTIALS");
    }
    assert!(!signs_in(&office.world, "grace", NEW).await, "guessing locks");
    let locked = change(NEW, "Other-Canary-8").await;
    assert!(locked.status == 400 || locked.status == 401, "{}", locked.status);
}

/// What somebody might do to a user.
fn attacks(id: &str) -> Vec<(&'static str, String, Option<Value>)> {
    vec![
        ("PUT", format!("/UserPasswordChanger/{id}"), Some(password(NEW))),
        ("PUT", format!("/UserPasswordResetter/{id}"), Some(reset())),
        ("PUT", format!("/UserStatusChanger/{id}"), Some(status(false))),
        ("PUT", format!("/UserStatusChanger/{id}"), Some(status(true))),
        ("PATCH", format!("/Users/{id}"), Some(patch(&json!([{"op": "replace", "path": "password", "value": NEW}])))),
        ("PATCH", format!("/Users/{id}"), Some(patch(&json!([{"op": "replace", "path": "active", "value": false}])))),
        (
            "PATCH",
            format!("/Users/{id}"),
            Some(patch(&json!([{"op": "replace", "path": "userName", "value": "taken"}]))),
        ),
        (
            "PATCH",
            format!("/Users/{id}"),
            Some(patch(
                &json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "e@vil.example"}]),
            )),
        ),
        (
            "PUT",
            format!("/Users/{id}"),
            Some({
                let mut body = user("taken");
                body["password"] = json!(NEW);
                body
            }),
        ),
        (
            "POST",
            "/ApiKeys".to_owned(),
            Some({
                let mut body = api_key(0);
                body["user"] = json!({"value": id});
                body
            }),
        ),
        ("DELETE", format!("/Users/{id}"), None),
    ]
}

#[tokio::test]
async fn nobody_touches_the_credentials_of_who_may_do_more() {
    let office = Office::new().await;
    let (chief, _) = office.add_colleague("chief", &[BuiltInRole::IdentityDomainAdministrator]).await;
    let (auditor, _) =
        office.add_colleague("auditor", &[BuiltInRole::AuditAdministrator, BuiltInRole::UserAdministrator]).await;
    let (_, clerk) = office.add_colleague("clerk", &[BuiltInRole::UserAdministrator]).await;
    for target in [&chief, &auditor] {
        let before = office.get(&format!("/Users/{}?attributeSets=all", target.id)).await.ok(200);
        for (method, path, body) in attacks(&target.id) {
            let refused = office.send_as(&clerk, method, &path, body.as_ref()).await;
            assert_eq!(refused.status, 401, "{method} {path} {body:?}: {}", refused.body);
            assert_eq!(refused.message_id(), "error.common.exception.unauthorizedAccess");
            assert_eq!(office.check(&refused).await, "target_not_above_caller", "{method} {path}");
        }
        assert_eq!(office.get(&format!("/Users/{}?attributeSets=all", target.id)).await.body, before.body);
    }
    assert!(signs_in(&office.world, "chief", PASSWORD).await && signs_in(&office.world, "auditor", PASSWORD).await);
    let (peer, _) = office.add_colleague("peer", &[BuiltInRole::UserAdministrator]).await;
    office.send_as(&clerk, "PUT", &format!("/UserPasswordChanger/{}", peer.id), Some(&password(NEW))).await.ok(200);
    let title = patch(&json!([{"op": "replace", "path": "title", "value": "Chief"}]));
    office.send_as(&clerk, "PATCH", &format!("/Users/{}", chief.id), Some(&title)).await.ok(200);
}

#[tokio::test]
async fn the_last_domain_administrator_stays() {
    let office = Office::new().await;
    let me = office.world.user.id.clone();
    let body = patch(&json!([{"op": "replace", "path": "active", "value": false}]));
    let tries = [
        office.send("PUT", &format!("/UserStatusChanger/{me}"), &status(false)).await,
        office.send("PATCH", &format!("/Users/{me}"), &body).await,
        office.delete(&format!("/Users/{me}")).await,
    ];
    for refused in tries {
        assert_eq!((refused.status, refused.message_id()), (400, "error.identity.user.lastAdministrator"));
        assert_eq!(office.check(&refused).await, "administrator_remains");
    }
    assert_eq!(office.get(&format!("/Users/{me}")).await.body["active"], true);
    let (other, _) = office.add_colleague("other", &[BuiltInRole::IdentityDomainAdministrator]).await;
    office.send("PUT", &format!("/UserStatusChanger/{}", other.id), &status(false)).await.ok(200);
    office.send("PUT", &format!("/UserStatusChanger/{me}"), &status(false)).await.ok(400);
    office.send("PUT", &format!("/UserStatusChanger/{}", other.id), &status(true)).await.ok(200);
    office.delete(&format!("/Users/{me}")).await.ok(204);
}

// A token has what its client and its user have now, whatever they had when it was issued.
#[tokio::test]
async fn a_token_is_judged_by_what_client_and_user_hold_now() {
    let office = Office::new().await;
    let (clerk, token) = office.add_colleague("clerk", &[BuiltInRole::UserAdministrator]).await;
    let app = add_client(&office.world, "Robot", &[BuiltInRole::UserAdministrator]).await;
    let robot = client_token(&office.world, &app).await;
    office.send_as(&robot, "GET", "/Users", None).await.ok(200);
    office.send_as(&token, "GET", "/Users", None).await.ok(200);
    let me = office.send_as(&robot, "GET", "/Me", None).await.ok(401);
    assert_eq!(office.check(&me).await, "token_of_a_user");

    let mut tx = office.world.db().begin().await.unwrap();
    let name = BuiltInRole::UserAdministrator.name();
    let role = obol_store::app_roles::find(&mut tx, STRIPE, "IDCSAppId", name).await.unwrap().unwrap();
    assert!(grants::revoke(&mut tx, STRIPE, Grantee::User(&clerk.id), &role).await.unwrap());
    assert!(grants::revoke(&mut tx, STRIPE, Grantee::Client(&app.id), &role).await.unwrap());
    obol_store::stripes::bump(&mut tx, STRIPE).await.unwrap();
    tx.commit().await.unwrap();
    office.world.identity.forget(STRIPE);
    let refused = office.send_as(&token, "GET", "/Users", None).await.ok(401);
    assert_eq!(office.check(&refused).await, "role_held_by_user");
    let refused = office.send_as(&robot, "GET", "/Users", None).await.ok(401);
    assert_eq!(office.check(&refused).await, "role_held_by_client");

    office.world.change_app(&office.app.id, |app| app.is_active = false).await;
    let refused = office.get("/Users").await.ok(401);
    assert_eq!(office.check(&refused).await, "client_active");
    let mut tx = office.world.db().begin().await.unwrap();
    obol_store::apps::delete_named(&mut tx, STRIPE, &office.app.client_id).await.unwrap();
    obol_store::stripes::bump(&mut tx, STRIPE).await.unwrap();
    tx.commit().await.unwrap();
    office.world.identity.forget(STRIPE);
    let refused = office.get("/Users").await.ok(401);
    assert_eq!(office.check(&refused).await, "client_known");
}

#[tokio::test]
async fn a_client_without_the_role_does_not_lend_its_users_theirs() {
    let office = Office::new().await;
    let app = add_client(&office.world, "Self-service", &[BuiltInRole::Me]).await;
    let token = user_token(&office.world, &app, crate::testing::USER).await;
    office.send_as(&token, "GET", "/Me", None).await.ok(200);
    let refused = office.send_as(&token, "GET", "/Users", None).await.ok(401);
    assert_eq!(office.check(&refused).await, "token_scope");
}

// Contract identity 6.4: three keys, told apart by their MD5 fingerprint.
#[tokio::test]
async fn keys_are_uploaded_listed_and_deleted() {
    let office = Office::new().await;
    let (grace, token) = office.add_colleague("grace", &[]).await;
    let made = office.send_as(&token, "POST", "/MyApiKeys", Some(&api_key(0))).await.ok(201);
    assert_eq!(made.text("/fingerprint"), private_key(0).public_key().unwrap().fingerprint().as_str());
    assert!(made.body.get("key").is_none(), "on request");
    let twice = office.send_as(&token, "POST", "/MyApiKeys", Some(&api_key(0))).await.ok(409);
    assert_eq!(twice.message_id(), "error.common.validation.uniquenessViolation");
    let mut for_grace = api_key(1);
    for_grace["user"] = json!({"ocid": grace.ocid});
    office.send("POST", "/ApiKeys", &for_grace).await.ok(201);
    let listed =
        office.get(&format!("/ApiKeys?filter=user.value eq \"{}\"&attributes=key,user", grace.id)).await.ok(200);
    assert_eq!(listed.body["totalResults"], 2);
    assert!(listed.text("/Resources/0/key").starts_with("-----BEGIN PUBLIC KEY-----"));
    assert_eq!(office.send_as(&token, "GET", "/MyApiKeys", None).await.ok(200).body["totalResults"], 2);
    assert_eq!(office.get("/MyApiKeys").await.ok(200).body["totalResults"], 0);
    let path = format!("/MyApiKeys/{}", made.text("/id"));
    office.get(&path).await.ok(404);
    office.delete(&path).await.ok(404);
    office.send_as(&token, "DELETE", &path, None).await.ok(204);
    office.send_as(&token, "GET", &path, None).await.ok(404);
}
