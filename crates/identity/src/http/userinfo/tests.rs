//! Userinfo: the token's user, for a token with `openid` of a user who may still act.

use std::time::Duration;

use http::header;
use obol_store::users;

use crate::testing::{
    ME, OTHER_STRIPE, PASSWORD, STRIPE, USER, World, at_stripe, body_of, get, json_of, password_form, post_form,
};

const PATH: &str = "/oauth2/v1/userinfo";

async fn token(world: &World, scope: &str) -> String {
    world.token(&password_form(USER, PASSWORD, scope)).await
}

// Contract identity 8.
#[tokio::test]
async fn the_user_is_described_as_at_oracle() {
    let world = World::new().await;
    let bearer = token(&world, "openid profile email").await;
    let expected = r#"{"birthdate":"","email":"ada@example.com","email_verified":false,"family_name":"Lovelace","gender":"","given_name":"Ada","name":"Ada Lovelace","preferred_username":"admin@example.com","sub":"admin@example.com","updated_at":1795348800,"website":""}"#;
    assert_eq!(body_of(world.send(get(PATH, Some(&bearer))).await).await, expected);
    let posted = world.send(post_form(PATH, Some(&format!("Bearer {bearer}")), "")).await;
    assert_eq!(body_of(posted).await, expected);
}

#[tokio::test]
async fn app_roles_are_listed_when_asked_for() {
    let world = World::new().await;
    let bearer = token(&world, "openid approles").await;
    let body = json_of(world.send(get(PATH, Some(&bearer))).await).await;
    assert_eq!(body["appRoles"], serde_json::json!([{"name": "Identity Domain Administrator", "appId": "IDCSAppId"}]));
    let answer = json_of(world.ask(&password_form(USER, PASSWORD, "openid get_approles")).await).await;
    let id_token = crate::testing::claims(answer["id_token"].as_str().unwrap());
    assert_eq!(id_token["appRoles"], body["appRoles"]);
}

// A token for a resource server with openid is good for the user's own description too.
#[tokio::test]
async fn whom_the_token_is_for_does_not_matter() {
    let world = World::new().await;
    world.add_resource("https://api/", |_| {}).await;
    world.change_app(&world.app.id, |app| app.oauth.allowed_scopes = vec!["https://api/read".into()]).await;
    let bearer = token(&world, "openid https://api/read").await;
    assert_eq!(world.send(get(PATH, Some(&bearer))).await.status(), 200);
}

#[tokio::test]
async fn other_tokens_are_refused() {
    let world = World::new().await;
    let good = token(&world, "openid").await;
    let id_token = json_of(world.ask(&password_form(USER, PASSWORD, "openid")).await).await;
    let file = format!("{{\"app_access_token\":\"{good}\"}}");
    let forged = format!("{}AAAA", &good[..good.len() - 4]);
    for (what, bearer, status, error, check) in [
        ("none", None, 401, "invalid_token", "token_present"),
        ("nonsense", Some("canary".to_owned()), 401, "invalid_token", "token_readable"),
        ("file", Some(file), 401, "invalid_token", "token_readable"),
        ("forged", Some(forged), 401, "invalid_token", "token_signature"),
        ("id token", Some(id_token["id_token"].as_str().unwrap().to_owned()), 401, "invalid_token", "token_readable"),
        ("client", Some(world.client_token().await), 403, "insufficient_scope", "token_of_a_user"),
        ("no openid", Some(token(&world, ME).await), 403, "insufficient_scope", "token_scope"),
    ] {
        let response = world.send(get(PATH, bearer.as_deref())).await;
        assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"), "{what}");
        let text = world.refused(response).await;
        assert!(text.starts_with(&status.to_string()), "{what}: {text}");
        assert!(text.contains(&format!("\"error\":\"{error}\"")), "{what}: {text}");
        assert!(text.contains(&format!("check: {check}")), "{what}: {text}");
        assert!(!text.contains("Lovelace") && !text.contains("canary"), "{what}: {text}");
    }
    let mut twice = get(PATH, Some(&good));
    twice.headers_mut().append(header::AUTHORIZATION, "Bearer x".parse().unwrap());
    let text = world.refused(world.send(twice).await).await;
    assert!(text.starts_with("400") && text.contains("check: token_sent_once"), "{text}");
    world.add_other_stripe().await;
    let text = world.refused(world.send(at_stripe(get(PATH, Some(&good)), OTHER_STRIPE)).await).await;
    assert!(text.starts_with("401") && text.contains("check: token_stripe"), "{text}");
    let here = |request| at_stripe(request, STRIPE);
    world.clock.advance(Duration::from_hours(1));
    let text = world.refused(world.send(here(get(PATH, Some(&good)))).await).await;
    assert!(text.starts_with("401") && text.contains("check: token_not_expired"), "{text}");
    assert_eq!(world.send(at_stripe(get(PATH, Some(&good)), "idcs-x")).await.status(), 404);
}

#[tokio::test]
async fn a_user_who_may_not_act_is_not_described() {
    let world = World::new().await;
    let good = token(&world, "openid").await;
    let mut tx = world.db().begin().await.unwrap();
    users::set_active(&mut tx, STRIPE, &world.user.id, false, world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
    let text = world.refused(world.send(get(PATH, Some(&good))).await).await;
    assert!(text.starts_with("401") && text.contains("check: user_active"), "{text}");
}
