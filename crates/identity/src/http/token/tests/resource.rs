//! Tokens for resource servers (contract identity 2.7).

use obol_domain::scopes::{Tag, TrustScope};
use obol_store::apps::ClientType;

use super::*;

const CLIENT: &str = "grant_type=client_credentials&scope=";

async fn server(world: &World) -> String {
    world
        .add_resource("https://api/", |app| {
            app.oauth.secondary_audiences = vec!["https://second/".into()];
            app.oauth.access_token_expiry = Some(7600);
        })
        .await
}

async fn allow(world: &World, scopes: &[&str]) {
    let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
    world.change_app(&world.app.id, |app| app.oauth.allowed_scopes = scopes).await;
}

// Contract identity 2.7 and 3.2: the value alone, both audiences, the resource server's id and life, no app roles.
#[tokio::test]
async fn a_token_for_a_resource_server_carries_its_audience_and_the_value_of_the_scope() {
    let world = World::new().await;
    let id = server(&world).await;
    allow(&world, &["https://api/read"]).await;
    for form in [format!("{CLIENT}https://api/read"), password_form(USER, PASSWORD, "https://api/read")] {
        let claims = claims(&world.token(&form).await);
        assert_eq!(claims["scope"], "read");
        assert_eq!(claims["aud"], serde_json::json!(["https://api/", "https://second/"]));
        assert_eq!(claims["resource_app_id"], id.as_str());
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 7600);
        assert!(claims.get("clientAppRoles").is_none() && claims.get("userAppRoles").is_none());
    }
}

#[tokio::test]
async fn a_single_audience_is_a_bare_string() {
    let world = World::new().await;
    world.add_resource("https://api/", |_| {}).await;
    allow(&world, &["https://api/read"]).await;
    assert_eq!(claims(&world.token(&format!("{CLIENT}https://api/read")).await)["aud"], "https://api/");
}

// Contract identity 2.7, trustScope.
#[tokio::test]
async fn each_trust_scope_opens_its_own_audience() {
    let world = World::new().await;
    let tag = Tag { key: "k".into(), value: "v".into() };
    server(&world).await;
    let tagged = tag.clone();
    world.add_resource("https://tagged/", |app| app.oauth.tags = vec![tagged]).await;
    world.change_app(&world.app.id, |app| app.oauth.allowed_tags = vec![tag]).await;
    let consumer = format!("{CLIENT}urn:opc:resource:consumer::all");
    let refused = |text: String| assert!(text.contains("check: scope_granted_to_client"), "{text}");
    refused(world.refused(world.ask(&consumer).await).await);
    for (trust, audience, api, tagged) in [
        (TrustScope::Account, "urn:opc:resource:scope:account", 200, 200),
        (TrustScope::Default, "urn:opc:resource:scope:account", 200, 200),
        (TrustScope::Tags, "urn:opc:resource:scope:tag=eyJ0YWdzIjpbeyJrZXkiOiJrIiwidmFsdWUiOiJ2In1dfQ==", 401, 200),
    ] {
        let mut tx = world.db().begin().await.unwrap();
        stripes::set_default_trust_scope(&mut tx, STRIPE, TrustScope::Account).await.unwrap();
        tx.commit().await.unwrap();
        world.change_app(&world.app.id, |app| app.oauth.trust_scope = trust).await;
        let claims = claims(&world.token(&consumer).await);
        assert_eq!(claims["aud"], audience);
        assert_eq!(claims["scope"], "urn:opc:resource:consumer::all");
        assert!(claims.get("resource_app_id").is_none());
        assert_eq!(world.ask(&format!("{CLIENT}https://api/read")).await.status(), api, "{trust:?}");
        assert_eq!(world.ask(&format!("{CLIENT}https://tagged/read")).await.status(), tagged, "{trust:?}");
    }
}

// Contract identity 2.7: it never grants access to the administration API.
#[tokio::test]
async fn a_token_for_a_resource_server_opens_no_door_of_the_administration_api() {
    let world = World::new().await;
    world.change_app(&world.app.id, |app| app.oauth.trust_scope = TrustScope::Account).await;
    let token = world.token(&password_form(USER, PASSWORD, "urn:opc:resource:consumer::all")).await;
    for path in ["/admin/v1/Me", "/admin/v1/SigningCert/jwk"] {
        let refused = world.refused(world.send(crate::testing::get(path, Some(&token))).await).await;
        assert!(refused.starts_with("401") && refused.contains("check: token_audience"), "{refused}");
    }
}

// Contract identity 2.3.
#[tokio::test]
async fn several_resource_servers_answer_with_a_token_each() {
    let world = World::new().await;
    server(&world).await;
    world.add_resource("https://other/", |_| {}).await;
    world.change_app(&world.app.id, |app| app.oauth.trust_scope = TrustScope::Account).await;
    let scope = "urn:opc:resource:multiresourcescope https://api/read https://other/read urn:opc:idm:t.user.me";
    let body = body_of(world.ask(&password_form(USER, PASSWORD, scope)).await).await;
    assert!(body.starts_with(r#"{"tokenResponses":[{"access_token":"eyJ4NXQjUzI1NiI6"#), "{body}");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let tokens = body["tokenResponses"].as_array().unwrap();
    let audience = |at: usize| claims(tokens[at]["access_token"].as_str().unwrap())["aud"].clone();
    assert_eq!(audience(0), serde_json::json!(["https://api/", "https://second/"]));
    assert_eq!(audience(1), "https://other/");
    assert!(audience(2).to_string().contains("urn:opc:lbaas:logicalguid="));
    assert_eq!(tokens[0]["expires_in"], 7600);
    assert_eq!(tokens.len(), 3);
}

#[tokio::test]
async fn what_a_client_may_not_have_of_resource_servers_is_refused() {
    let world = World::new().await;
    server(&world).await;
    world.add_resource("https://other/", |_| {}).await;
    let inactive = world.add_resource("https://inactive/", |app| app.is_active = false).await;
    let no_resource = world.add_resource("https://none/", |app| app.is_oauth_resource = false).await;
    assert_ne!(inactive, no_resource);
    allow(&world, &["https://api/read", "https://other/read", "https://inactive/read", "https://none/read"]).await;
    for (scope, status, error, check) in [
        ("https://api/write", 401, "unauthorized_client", "scope_granted_to_client"),
        ("https://api/read https://api/write", 401, "unauthorized_client", "scope_granted_to_client"),
        ("https://api/", 401, "unauthorized_client", "scope_granted_to_client"),
        ("https://api/READ", 401, "unauthorized_client", "scope_granted_to_client"),
        ("read", 401, "unauthorized_client", "scope_granted_to_client"),
        ("https://inactive/read", 401, "unauthorized_client", "scope_granted_to_client"),
        ("https://none/read", 401, "unauthorized_client", "scope_granted_to_client"),
        ("urn:opc:resource:consumer::all", 401, "unauthorized_client", "scope_granted_to_client"),
        ("https://api/read https://other/read", 400, "invalid_scope", "one_resource_server"),
        ("https://api/read urn:opc:idm:t.user.me", 400, "invalid_scope", "one_resource_server"),
        ("https://api/read urn:opc:resource:consumer::all", 400, "invalid_scope", "consumer_scope_alone"),
        ("https://api/read urn:opc:resource:expiry=59", 400, "invalid_scope", "lifetime_in_bounds"),
        ("https://api/read urn:opc:resource:expiry=31557601", 400, "invalid_scope", "lifetime_in_bounds"),
        ("urn:opc:resource:multiresourcescope", 400, "invalid_scope", "scope_requested"),
        ("https://api/read offline_access", 400, "invalid_scope", "scope_fits_grant"),
    ] {
        let refused = world.refused(world.ask(&password_form(USER, PASSWORD, scope)).await).await;
        assert!(refused.starts_with(&status.to_string()), "{scope}: {refused}");
        assert!(refused.contains(&format!("\"error\":\"{error}\"")), "{scope}: {refused}");
        assert!(refused.contains(&format!("check: {check}")), "{scope}: {refused}");
        assert!(!refused.contains("access_token"), "{scope}: {refused}");
    }
}

// ADR 0002: a second token reads nothing of the resource server.
#[tokio::test]
async fn a_resource_server_is_remembered_until_it_changes() {
    let world = World::new().await;
    let id = server(&world).await;
    allow(&world, &["https://api/read"]).await;
    let form = format!("{CLIENT}https://api/read");
    world.token(&form).await;
    world.change_app(&id, |app| app.is_active = false).await;
    assert_eq!(world.ask(&form).await.status(), 401, "a change holds at once");
    world.change_app(&id, |app| app.is_active = true).await;
    world.token(&form).await;
    world.db().close().await;
    world.token(&form).await;
}

// Contract identity 2.7: for confidential clients; public ones do not come as far, having no such grant.
#[tokio::test]
async fn a_public_client_has_no_grant_without_a_code_or_token_of_a_user() {
    let world = World::new().await;
    world.change_app(&world.app.id, |app| app.client_type = ClientType::Public).await;
    for form in [format!("{CLIENT}urn:opc:idm:t.user.me"), password()] {
        let form = format!("{form}&client_id={}", world.app.client_id);
        let refused = world.refused(world.send(token_request(None, &form)).await).await;
        assert!(refused.starts_with("401") && refused.contains("check: grant_allowed_to_client"), "{refused}");
    }
}
