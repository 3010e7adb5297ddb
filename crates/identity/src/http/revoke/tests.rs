//! Revocation: whose token ends, and whose does not.

use obol_store::{Statement, apps::ClientType};

use crate::testing::{
    PASSWORD, STRIPE, USER, World, at_stripe, basic, body_of, json_of, password_form, post_form, refresh_form,
};

const PATH: &str = "/oauth2/v1/revoke";
const SCOPE: &str = "openid offline_access urn:opc:idm:t.user.me";

async fn world() -> (World, String, String) {
    let world = World::new().await;
    world.allow_code_flow().await;
    let answer = json_of(world.ask(&password_form(USER, PASSWORD, SCOPE)).await).await;
    let text = |member: &str| answer[member].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    (world, access, refresh)
}

fn form(token: &str) -> String {
    format!("token={}", obol_protocol::oauth::form::encode(token))
}

async fn revoked(world: &World) -> bool {
    let ended = Statement::new("refresh_families", "SELECT id FROM refresh_families WHERE revoked_at IS NOT NULL");
    !world.db().fetch_all(&ended, vec![]).await.unwrap().is_empty()
}

// Contract identity 8: 200 without a body.
#[tokio::test]
async fn a_refresh_token_ends_with_all_of_its_sign_in() {
    let (world, _, refresh) = world().await;
    let newest = json_of(world.ask(&refresh_form(&refresh, "")).await).await["refresh_token"].clone();
    for _ in 0..2 {
        let response = world.send(post_form(PATH, Some(&world.basic()), &form(&refresh))).await;
        assert_eq!(response.status(), 200);
        assert_eq!(body_of(response).await, "");
    }
    let text = world.refused(world.ask(&refresh_form(newest.as_str().unwrap(), "")).await).await;
    assert!(text.contains("check: refresh_token_not_revoked"), "{text}");
}

// RFC 7009 section 2.2: an invalid token is no error; access tokens are self-contained.
#[tokio::test]
async fn what_is_no_refresh_token_is_revoked_already() {
    let (world, access, _) = world().await;
    for token in ["x", "AQIDBAX", &access, &"a".repeat(2000)] {
        for hint in ["", "&token_type_hint=refresh_token", "&token_type_hint=other"] {
            let request = post_form(PATH, Some(&world.basic()), &format!("{}{hint}", form(token)));
            assert_eq!(world.send(request).await.status(), 200);
        }
    }
    assert!(!revoked(&world).await);
}

#[tokio::test]
async fn a_public_client_revokes_its_own_by_its_id() {
    let (world, _, refresh) = world().await;
    world.change_app(&world.app.id, |app| app.client_type = ClientType::Public).await;
    let form = format!("{}&client_id={}", form(&refresh), world.app.client_id);
    assert_eq!(world.send(post_form(PATH, None, &form)).await.status(), 200);
    assert!(revoked(&world).await);
}

#[tokio::test]
async fn whoever_may_not_revoke_is_refused_and_nothing_ends() {
    let (world, access, refresh) = world().await;
    let good = form(&refresh);
    let id = world.app.client_id.clone();
    let mut tx = world.db().begin().await.unwrap();
    let other = world.provisioning().application(&mut tx, STRIPE, &crate::testing::new_application()).await.unwrap();
    tx.commit().await.unwrap();
    let other = basic(&other.client_id, other.client_secret.expose());
    for (what, authorization, form, status, error, check) in [
        ("nobody", None, good.clone(), 401, "invalid_client", "client_presented"),
        ("id alone", None, format!("{good}&client_id={id}"), 401, "invalid_client", "client_secret_present"),
        ("secret alone", None, format!("{good}&client_secret=x"), 401, "invalid_client", "client_presented"),
        ("assertion", None, format!("{good}&client_assertion=x"), 401, "invalid_client", "client_presented"),
        ("wrong secret", Some(basic(&id, "canary")), good.clone(), 401, "invalid_client", "client_secret_matches"),
        ("unknown", Some(basic("canary", "x")), good.clone(), 401, "invalid_client", "client_known"),
        ("resource", Some(basic("IDCSApp", "x")), good.clone(), 401, "invalid_client", "client_known"),
        ("bearer", Some(format!("Bearer {access}")), good.clone(), 401, "invalid_client", "client_presented"),
        (
            "two ways",
            Some(world.basic()),
            format!("{good}&client_secret=x"),
            400,
            "invalid_request",
            "client_presented",
        ),
        ("two ids", Some(world.basic()), format!("{good}&client_id=x"), 400, "invalid_request", "client_presented"),
        ("other client", Some(other), good.clone(), 401, "unauthorized_client", "refresh_token_of_client"),
        ("no token", Some(world.basic()), String::new(), 400, "invalid_request", "token_parameter_present"),
        ("twice", Some(world.basic()), format!("{good}&token=x"), 400, "invalid_request", "form_readable"),
        ("encoding", Some(world.basic()), "token=%zz".to_owned(), 400, "invalid_request", "form_readable"),
    ] {
        let text = world.refused(world.send(post_form(PATH, authorization.as_deref(), &form)).await).await;
        assert!(text.starts_with(&status.to_string()), "{what}: {text}");
        assert!(text.contains(&format!("\"error\":\"{error}\"")), "{what}: {text}");
        assert!(text.contains(&format!("check: {check}")), "{what}: {text}");
        assert!(!text.contains("canary"), "{what}: {text}");
        assert!(!revoked(&world).await, "{what}");
    }
    let elsewhere = at_stripe(post_form(PATH, Some(&world.basic()), &good), "idcs-x");
    assert_eq!(world.send(elsewhere).await.status(), 404);
    assert!(!revoked(&world).await);
    assert_eq!(world.ask(&refresh_form(&refresh, "")).await.status(), 200);
}
