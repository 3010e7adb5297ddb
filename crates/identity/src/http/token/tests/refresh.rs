//! `refresh_token` (contract identity 2.2 and 3.4): single use, families, and what ends them.

use obol_store::apps::ClientType;
use proptest::prelude::*;

use super::*;
use crate::testing::{json_of, refresh_form};

const SCOPE: &str = "openid offline_access urn:opc:idm:t.user.me";

/// The refresh token of an answer.
async fn refresh_of(response: http::Response<Body>) -> String {
    let body = json_of(response).await;
    body["refresh_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}

async fn world() -> World {
    let world = World::new().await;
    world.allow_code_flow().await;
    world
}

async fn first(world: &World) -> String {
    refresh_of(world.ask(&password_form(USER, PASSWORD, SCOPE)).await).await
}

async fn refused(world: &World, form: &str) -> String {
    let before = (world.count("refresh_tokens").await, world.count("refresh_families").await);
    let text = world.refused(world.ask(form).await).await;
    assert!(!text.contains("access_token"), "{text}");
    assert_eq!((world.count("refresh_tokens").await, world.count("refresh_families").await), before, "{text}");
    text
}

// Contract identity 2.3 and 3.4.
#[tokio::test]
async fn an_answer_with_a_refresh_token_has_the_products_order_and_shape() {
    let world = world().await;
    let body = body_of(world.ask(&password_form(USER, PASSWORD, SCOPE)).await).await;
    let members: Vec<_> = ["access_token", "token_type", "expires_in", "refresh_token", "id_token"]
        .iter()
        .map(|member| body.find(&format!("\"{member}\":")).unwrap())
        .collect();
    assert!(members.is_sorted(), "{body}");
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
    let token = answer["refresh_token"].as_str().unwrap();
    assert!(token.starts_with("AQIDBA") && token.ends_with("djF9NCA="), "{token}");
    let jti = claims(answer["access_token"].as_str().unwrap())["rt_jti"].as_str().unwrap().to_owned();
    assert_eq!(jti.len(), 32);
}

#[tokio::test]
async fn a_refresh_token_is_kept_as_a_hash_only() {
    let world = world().await;
    let token = first(&world).await;
    let all = obol_store::Statement::new("refresh_tokens", "SELECT token_hash FROM refresh_tokens");
    let row = world.db().fetch_optional(&all, vec![]).await.unwrap().unwrap();
    let hash: String = row.get("token_hash").unwrap();
    assert!(hash.len() == 64 && !token.contains(&hash));
}

#[tokio::test]
async fn a_refresh_token_is_replaced_by_each_use() {
    let world = world().await;
    let one = first(&world).await;
    let answer = json_of(world.ask(&refresh_form(&one, "")).await).await;
    let two = answer["refresh_token"].as_str().unwrap();
    assert_ne!(one, two);
    let claims = claims(answer["access_token"].as_str().unwrap());
    assert_eq!(claims["gtp"], "ro", "as original");
    assert_eq!(claims["scope"], "openid offline_access urn:opc:idm:t.user.me");
    assert_eq!(claims["sub"], USER);
    assert!(answer["id_token"].is_string(), "the original had openid");
    refresh_of(world.ask(&refresh_form(two, "")).await).await;
}

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_ends_its_family() {
    let world = world().await;
    let other = first(&world).await;
    let one = first(&world).await;
    let two = refresh_of(world.ask(&refresh_form(&one, "")).await).await;
    insta::assert_snapshot!(refused(&world, &refresh_form(&one, "")).await, @r#"
    400
    {"error":"invalid_grant","error_description":"The refresh token is invalid."}
    check: refresh_token_unused
    expected: the newest refresh token
    seen: one that was used before, so that all of its sign-in were revoked
    fix: keep the refresh token of each answer and use it once; have the user sign in again
    "#);
    for token in [&two, &one] {
        let text = refused(&world, &refresh_form(token, "")).await;
        assert!(text.contains("check: refresh_token_not_revoked"), "{text}");
    }
    refresh_of(world.ask(&refresh_form(&other, "")).await).await;
}

#[tokio::test]
async fn of_two_uses_at_once_one_wins_and_the_family_ends() {
    let world = world().await;
    let one = first(&world).await;
    let (basic, form) = (world.basic(), refresh_form(&one, ""));
    let uses = (0..4).map(|_| {
        let (identity, request) = (world.identity.clone(), token_request(Some(&basic), &form));
        tokio::spawn(async move { send(&identity, request).await })
    });
    let mut winners = Vec::new();
    for used in uses.collect::<Vec<_>>() {
        let response = used.await.unwrap();
        if response.status() == 200 {
            winners.push(refresh_of(response).await);
        } else {
            assert_eq!(response.status(), 400);
        }
    }
    assert_eq!(winners.len(), 1);
    let text = refused(&world, &refresh_form(&winners[0], "")).await;
    assert!(text.contains("check: refresh_token_not_revoked"), "{text}");
}

// RFC 6749 section 6.
#[tokio::test]
async fn a_narrower_scope_is_given_and_the_family_keeps_its_own() {
    let world = world().await;
    let one = first(&world).await;
    let answer = json_of(world.ask(&refresh_form(&one, "&scope=urn:opc:idm:t.user.me")).await).await;
    assert_eq!(claims(answer["access_token"].as_str().unwrap())["scope"], "urn:opc:idm:t.user.me");
    assert!(answer.get("id_token").is_none());
    let again = json_of(world.ask(&refresh_form(answer["refresh_token"].as_str().unwrap(), "")).await).await;
    let scope = claims(again["access_token"].as_str().unwrap())["scope"].clone();
    assert_eq!(scope, "openid offline_access urn:opc:idm:t.user.me");
}

// Contract identity 9, and refreshTokenExpiry of the resource server.
#[tokio::test]
async fn a_family_lives_a_week_or_what_its_resource_server_says() {
    let world = world().await;
    world
        .add_resource("https://api/", |app| {
            app.oauth.allow_offline = true;
            app.oauth.refresh_token_expiry = Some(100);
        })
        .await;
    world.change_app(&world.app.id, |app| app.oauth.allowed_scopes = vec!["https://api/read".into()]).await;
    let week = first(&world).await;
    let form = password_form(USER, PASSWORD, "offline_access https://api/read");
    let short = refresh_of(world.ask(&form).await).await;
    world.clock.advance(Duration::from_secs(99));
    let short = refresh_of(world.ask(&refresh_form(&short, "")).await).await;
    world.clock.advance(Duration::from_secs(1));
    let text = refused(&world, &refresh_form(&short, "")).await;
    assert!(text.contains("check: refresh_token_not_expired"), "a new token does not prolong it: {text}");
    world.clock.advance(Duration::from_secs(604_800 - 101));
    let week = refresh_of(world.ask(&refresh_form(&week, "")).await).await;
    world.clock.advance(Duration::from_secs(1));
    let text = refused(&world, &refresh_form(&week, "")).await;
    assert!(text.contains("check: refresh_token_not_expired"), "{text}");
}

/// What is done to the user, the client or the request before a token is refused.
#[tokio::test]
async fn whatever_makes_a_refresh_token_useless_is_told_apart_on_record_only() {
    for (what, status, error, check) in [
        ("unknown", 400, "invalid_grant", "refresh_token_known"),
        ("long", 400, "invalid_grant", "refresh_token_known"),
        ("empty", 400, "invalid_request", "grant_readable"),
        ("twice", 400, "invalid_request", "form_readable"),
        ("other client", 400, "invalid_grant", "refresh_token_of_client"),
        ("other stripe", 401, "invalid_client", "client_known"),
        ("code", 400, "invalid_grant", "refresh_token_known"),
        ("wider", 400, "invalid_scope", "scope_of_refresh_token"),
        ("wider role", 400, "invalid_scope", "scope_of_refresh_token"),
        ("wider resource", 400, "invalid_scope", "scope_of_refresh_token"),
        ("nothing left", 400, "invalid_scope", "scope_requested"),
        ("inactive user", 400, "invalid_grant", "user_active"),
        ("locked user", 400, "invalid_grant", "user_not_locked"),
        ("deleted user", 400, "invalid_grant", "refresh_token_known"),
        ("new password", 400, "invalid_grant", "password_unchanged"),
        ("no grant", 401, "unauthorized_client", "grant_allowed_to_client"),
        ("inactive client", 401, "invalid_client", "client_active"),
        ("no secret", 401, "invalid_client", "client_secret_present"),
        ("public with secret", 401, "invalid_client", "client_secret_matches"),
        ("lost role", 401, "unauthorized_client", "scope_granted_to_client"),
    ] {
        let world = world().await;
        let token = first(&world).await;
        let now = world.identity.now();
        let mut form = refresh_form(&token, "");
        let mut basic = Some(world.basic());
        let mut tx = world.db().begin().await.unwrap();
        match what {
            "unknown" => form = refresh_form("AQIDBAXcanary", ""),
            "long" => form = refresh_form(&"a".repeat(300), ""),
            "empty" => form = refresh_form("", ""),
            "twice" => form = refresh_form(&token, "&refresh_token=x"),
            "code" => {
                drop(tx);
                form = refresh_form(&world.code("openid", "").await, "");
                tx = world.db().begin().await.unwrap();
            }
            "other client" => {
                let new = NewApplication { allowed_grants: vec![GrantType::RefreshToken], ..new_application() };
                let other = world.provisioning().application(&mut tx, STRIPE, &new).await.unwrap();
                basic = Some(crate::testing::basic(&other.client_id, other.client_secret.expose()));
            }
            "wider" => form = refresh_form(&token, "&scope=openid+email"),
            "wider role" => form = refresh_form(&token, "&scope=urn:opc:idm:role.User%2520Administrator"),
            "wider resource" => form = refresh_form(&token, "&scope=https://api/read"),
            "nothing left" => form = refresh_form(&token, "&scope=urn:opc:resource:expiry=60"),
            "inactive user" => {
                users::set_active(&mut tx, STRIPE, &world.user.id, false, now).await.unwrap();
            }
            "locked user" => {
                let policy = obol_domain::lockout::LockoutPolicy::STANDARD;
                for _ in 0..5 {
                    users::record_failure(&mut tx, STRIPE, &world.user.id, policy, now).await.unwrap();
                }
            }
            "deleted user" => {
                users::delete(&mut tx, STRIPE, &world.user.id).await.unwrap();
            }
            _ => {}
        }
        tx.commit().await.unwrap();
        match what {
            "new password" => world.replace_password().await,
            "no grant" => world.change_app(&world.app.id, |app| app.allowed_grants.truncate(3)).await,
            "inactive client" => world.change_app(&world.app.id, |app| app.is_active = false).await,
            "public with secret" => {
                world.change_app(&world.app.id, |app| app.client_type = ClientType::Public).await;
            }
            "no secret" => {
                basic = None;
                form = format!("{form}&client_id={}", world.app.client_id);
            }
            "lost role" => {
                let delete = obol_store::Statement::new("grants", "DELETE FROM grants WHERE client_id IS NOT NULL");
                world.db().execute(&delete, vec![]).await.unwrap();
                world.change_app(&world.app.id, |_| {}).await;
            }
            "other stripe" => world.add_other_stripe().await,
            _ => {}
        }
        world.identity.forget(STRIPE);
        let mut request = token_request(basic.as_deref(), &form);
        if what == "other stripe" {
            request = at_stripe(request, OTHER_STRIPE);
        }
        let before = world.count("refresh_tokens").await;
        let text = world.refused(world.send(request).await).await;
        assert!(text.starts_with(&status.to_string()), "{what}: {text}");
        assert!(text.contains(&format!("\"error\":\"{error}\"")), "{what}: {text}");
        assert!(text.contains(&format!("check: {check}")), "{what}: {text}");
        assert!(!text.contains("canary") && !text.contains(&token), "{what}: {text}");
        assert_eq!(world.count("refresh_tokens").await, before, "{what}");
    }
}

#[tokio::test]
async fn a_refused_use_does_not_use_the_token_up() {
    let world = world().await;
    let token = first(&world).await;
    refused(&world, &refresh_form(&token, "&scope=email")).await;
    refresh_of(world.ask(&refresh_form(&token, "")).await).await;
}

#[tokio::test]
async fn a_public_client_refreshes_by_its_id_alone() {
    let world = world().await;
    let token = first(&world).await;
    world.change_app(&world.app.id, |app| app.client_type = ClientType::Public).await;
    let form = format!("{}&client_id={}", refresh_form(&token, ""), world.app.client_id);
    refresh_of(world.send(token_request(None, &form)).await).await;
}

/// Uses of tokens of one family in any order: whatever happens, at most one token of it works, and none after a reuse.
#[test]
fn a_family_never_has_two_tokens_that_work() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(world());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 12, ..ProptestConfig::default() });
    runner
        .run(&proptest::collection::vec(0_usize..4, 1..8), |uses| {
            runtime.block_on(async {
                let mut issued = vec![first(&world).await];
                let mut ended = false;
                for choice in uses {
                    let at = choice.min(issued.len() - 1);
                    let newest = at == issued.len() - 1;
                    let response = world.ask(&refresh_form(&issued[at], "")).await;
                    let works = response.status() == 200;
                    assert_eq!(works, newest && !ended);
                    if works {
                        issued.push(refresh_of(response).await);
                    } else {
                        ended = true;
                    }
                }
            });
            Ok(())
        })
        .unwrap();
}
