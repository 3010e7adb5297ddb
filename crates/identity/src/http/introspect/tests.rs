//! Introspection: what is told, and what is not.

use std::time::Duration;

use obol_store::{Statement, apps::ClientType, users};

use crate::testing::{
    OTHER_STRIPE, PASSWORD, STRIPE, USER, World, at_stripe, basic, body_of, json_of, password_form, post_form,
    refresh_form,
};

const PATH: &str = "/oauth2/v1/introspect";
const SCOPE: &str = "openid offline_access urn:opc:idm:t.user.me";

async fn world() -> World {
    let world = World::new().await;
    world.allow_code_flow().await;
    world
}

async fn tokens(world: &World) -> (String, String) {
    let answer = json_of(world.ask(&password_form(USER, PASSWORD, SCOPE)).await).await;
    let text = |member: &str| answer[member].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

fn form(token: &str) -> String {
    format!("token={}", obol_protocol::oauth::form::encode(token))
}

async fn told(world: &World, token: &str) -> String {
    let response = world.send(post_form(PATH, Some(&world.basic()), &form(token))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    body_of(response).await
}

const INACTIVE: &str = r#"{"active":false}"#;

// Contract identity 8.
#[tokio::test]
async fn a_token_that_holds_is_described() {
    let world = world().await;
    let (access, refresh) = tokens(&world).await;
    let body = told(&world, &access).await;
    assert!(body.starts_with(r#"{"active":true,"token_type":"Bearer","scope":"openid offline_access urn:opc:idm:t.user.me","iss":"https://identity.oraclecloud.com/","exp":1795352400,"iat":1795348800,"nbf":1795348800,"prn":"admin@example.com","preferred_username":"admin@example.com""#), "{body}");
    let body: serde_json::Value = serde_json::from_str(&told(&world, &refresh).await).unwrap();
    assert_eq!((body["active"].as_bool(), body["token_type"].as_str()), (Some(true), Some("refresh_token")));
    assert_eq!(body["client_id"], world.app.client_id);
    let client = world.client_token().await;
    let body: serde_json::Value = serde_json::from_str(&told(&world, &client).await).unwrap();
    assert_eq!(body["prn"], world.app.client_id);
    assert!(body.get("preferred_username").is_none());
}

#[tokio::test]
async fn looking_into_a_refresh_token_does_not_use_it() {
    let world = world().await;
    let (_, refresh) = tokens(&world).await;
    told(&world, &refresh).await;
    assert_eq!(world.ask(&refresh_form(&refresh, "")).await.status(), 200);
    assert_eq!(told(&world, &refresh).await, INACTIVE, "used now");
}

#[tokio::test]
async fn what_is_no_token_is_inactive_and_nothing_more() {
    let world = world().await;
    let (access, refresh) = tokens(&world).await;
    let signature = access.rfind('.').unwrap();
    let forged = format!("{}{}", &access[..=signature], "A".repeat(access.len() - signature - 1));
    let file = format!("{{\"app_access_token\":\"{access}\"}}");
    let id_token = json_of(world.ask(&password_form(USER, PASSWORD, "openid")).await).await;
    let code = world.code("openid", "").await;
    let cut = &refresh[..refresh.len() - 4];
    let id_token = id_token["id_token"].as_str().unwrap();
    for token in ["x", "a.b.c", " ", "AQIDBAX", &forged, &file, id_token, &code, cut, &"a".repeat(2000)] {
        assert_eq!(told(&world, token).await, INACTIVE, "{token}");
    }
}

#[tokio::test]
async fn a_token_is_worth_what_its_user_client_and_family_are_now() {
    for what in ["expired", "inactive user", "deleted user", "password", "inactive client", "revoked", "replayed"] {
        let world = world().await;
        let (access, refresh) = tokens(&world).await;
        let now = world.identity.now();
        let mut tx = world.db().begin().await.unwrap();
        match what {
            "inactive user" => {
                users::set_active(&mut tx, STRIPE, &world.user.id, false, now).await.unwrap();
            }
            "deleted user" => {
                users::delete(&mut tx, STRIPE, &world.user.id).await.unwrap();
            }
            "revoked" => {
                obol_store::refresh_tokens::revoke_of_user(&mut tx, STRIPE, &world.user.id, now).await.unwrap();
            }
            _ => {}
        }
        tx.commit().await.unwrap();
        if what == "password" {
            world.replace_password().await;
        }
        if what == "expired" {
            world.clock.advance(Duration::from_hours(168));
        }
        if what == "replayed" {
            let form = refresh_form(&refresh, "");
            assert_eq!(world.ask(&form).await.status(), 200);
            assert_eq!(world.ask(&form).await.status(), 400);
        }
        // Whoever asks is another client, which stays active.
        let mut tx = world.db().begin().await.unwrap();
        let mut new = crate::testing::new_application();
        new.allowed_operations = vec!["introspect".into()];
        let asking = world.provisioning().application(&mut tx, STRIPE, &new).await.unwrap();
        tx.commit().await.unwrap();
        if what == "inactive client" {
            world.change_app(&world.app.id, |app| app.is_active = false).await;
        }
        world.identity.forget(STRIPE);
        let basic = basic(&asking.client_id, asking.client_secret.expose());
        for (token, active) in [(&access, what == "password"), (&refresh, false)] {
            let body = json_of(world.send(post_form(PATH, Some(&basic), &form(token))).await).await;
            assert_eq!(body["active"], active, "{what}");
        }
    }
}

#[tokio::test]
async fn a_token_of_another_stripe_is_inactive() {
    let world = world().await;
    let (access, _) = tokens(&world).await;
    world.add_other_stripe().await;
    let mut tx = world.db().begin().await.unwrap();
    let mut new = crate::testing::new_application();
    new.allowed_operations = vec!["introspect".into()];
    let asking = world.provisioning().application(&mut tx, OTHER_STRIPE, &new).await.unwrap();
    tx.commit().await.unwrap();
    let basic = basic(&asking.client_id, asking.client_secret.expose());
    let request = at_stripe(post_form(PATH, Some(&basic), &form(&access)), OTHER_STRIPE);
    assert_eq!(body_of(world.send(request).await).await, INACTIVE);
}

#[tokio::test]
async fn whoever_may_not_look_into_tokens_is_refused() {
    let world = world().await;
    let (access, _) = tokens(&world).await;
    let good = form(&access);
    let id = world.app.client_id.clone();
    let mut tx = world.db().begin().await.unwrap();
    let plain = world.provisioning().application(&mut tx, STRIPE, &crate::testing::new_application()).await.unwrap();
    tx.commit().await.unwrap();
    let plain = basic(&plain.client_id, plain.client_secret.expose());
    for (what, authorization, form, status, error, check) in [
        ("nobody", None, good.clone(), 401, "invalid_client", "client_presented"),
        ("id alone", None, format!("{good}&client_id={id}"), 401, "invalid_client", "client_secret_present"),
        ("wrong secret", Some(basic(&id, "canary")), good.clone(), 401, "invalid_client", "client_secret_matches"),
        ("unknown", Some(basic("canary", "x")), good.clone(), 401, "invalid_client", "client_known"),
        ("bearer", Some(format!("Bearer {access}")), good.clone(), 401, "invalid_client", "client_presented"),
        ("malformed", Some("Basic *".to_owned()), good.clone(), 401, "invalid_client", "client_presented"),
        (
            "two ways",
            Some(world.basic()),
            format!("{good}&client_secret=x"),
            400,
            "invalid_request",
            "client_presented",
        ),
        ("two ids", Some(world.basic()), format!("{good}&client_id=x"), 400, "invalid_request", "client_presented"),
        ("operation", Some(plain), good.clone(), 401, "unauthorized_client", "operation_allowed_to_client"),
        ("no token", Some(world.basic()), String::new(), 400, "invalid_request", "token_parameter_present"),
        ("empty", Some(world.basic()), "token=".to_owned(), 400, "invalid_request", "token_parameter_present"),
        ("twice", Some(world.basic()), format!("{good}&token=x"), 400, "invalid_request", "form_readable"),
        ("encoding", Some(world.basic()), "token=%zz".to_owned(), 400, "invalid_request", "form_readable"),
        ("long", Some(world.basic()), format!("token={}", "a".repeat(70_000)), 400, "invalid_request", "form_readable"),
    ] {
        let text = world.refused(world.send(post_form(PATH, authorization.as_deref(), &form)).await).await;
        assert!(text.starts_with(&status.to_string()), "{what}: {text}");
        assert!(text.contains(&format!("\"error\":\"{error}\"")), "{what}: {text}");
        assert!(text.contains(&format!("check: {check}")), "{what}: {text}");
        assert!(!text.contains("active\":") && !text.contains("canary"), "{what}: {text}");
    }
    world.change_app(&world.app.id, |app| app.client_type = ClientType::Public).await;
    let request = post_form(PATH, None, &format!("{good}&client_id={id}"));
    let text = world.refused(world.send(request).await).await;
    assert!(text.starts_with("401") && text.contains("check: operation_allowed_to_client"), "{text}");
    let elsewhere = at_stripe(post_form(PATH, Some(&world.basic()), &good), "idcs-x");
    let text = world.refused(world.send(elsewhere).await).await;
    assert!(text.starts_with("404") && text.contains("check: stripe_known"), "{text}");
    let used = Statement::new("refresh_tokens", "SELECT jti FROM refresh_tokens WHERE used_at IS NOT NULL");
    assert!(world.db().fetch_all(&used, vec![]).await.unwrap().is_empty());
}
