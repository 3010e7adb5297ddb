//! User assertions through the router. Every refusal states status, body and check, and issues nothing.

use std::time::Duration;

use obol_domain::lockout::LockState;
use obol_protocol::oauth::form::encode;
use obol_store::users;
use serde_json::{Value, json};

use crate::testing::{
    ME, NOW, OTHER_STRIPE, STRIPE, USER, World, at_stripe, body_of, claims, jwt, token_of, token_request,
};

fn form(assertion: &str, scope: &str) -> String {
    format!(
        "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion={}&scope={}",
        encode(assertion),
        encode(scope)
    )
}

fn user_claims(world: &World) -> Value {
    let now = NOW.seconds();
    json!({
        "iss": world.app.client_id, "sub": USER, "aud": ["https://identity.oraclecloud.com/"], "iat": now, "exp": now + 300,
    })
}

fn signed(claims: &Value) -> String {
    jwt(0, &json!({"alg": "RS256", "kid": "signing"}), claims)
}

async fn ready() -> World {
    let world = World::new().await;
    world.upload_certificate().await;
    world
}

async fn refused(world: &World, assertion: &str, check: &str) {
    let text = world.refused(world.ask(&form(assertion, ME)).await).await;
    let body = r#"{"error":"invalid_grant","error_description":"The assertion is not valid."}"#;
    assert!(text.starts_with(&format!("400\n{body}\ncheck: {check}\n")), "{check}: {text}");
}

/// What the id-token door would issue, signed by the stripe's own key.
async fn stripe_token(world: &World, change: impl FnOnce(&mut Value)) -> String {
    let stripe = world.identity.0.cache.stripe(STRIPE, world.identity.now()).await.unwrap().unwrap();
    let mut token = json!({
        "iss": stripe.row.issuer, "tok_type": "IT", "tenant": STRIPE, "user_id": world.user.id, "sub": USER,
        "aud": ["https://identity.oraclecloud.com/", "another-client"], "exp": NOW.seconds() + 28800, "iat": NOW.seconds(),
    });
    change(&mut token);
    stripe.key.sign(&token).unwrap()
}

// Contract identity 2.2 and 3.2: gtp jwt, the user's claims, the client's id.
#[tokio::test]
async fn a_client_speaks_for_a_user_by_its_own_signature() {
    let world = ready().await;
    let token = token_of(world.ask(&form(&signed(&user_claims(&world)), ME)).await).await;
    let issued = claims(&token);
    assert_eq!((&issued["sub"], &issued["gtp"], &issued["sub_type"]), (&json!(USER), &json!("jwt"), &json!("user")));
    assert_eq!((&issued["client_id"], &issued["scope"]), (&json!(world.app.client_id), &json!(ME)));
    assert_eq!(issued["user_id"], world.user.id);
    assert!(issued.get("amr").is_none(), "nobody saw the user sign in");
}

#[tokio::test]
async fn the_login_is_compared_as_it_is_at_sign_in() {
    let world = ready().await;
    let mut claims = user_claims(&world);
    claims["sub"] = json!(" ADMIN@example.com ");
    token_of(world.ask(&form(&signed(&claims), ME)).await).await;
}

#[tokio::test]
async fn each_wrong_claim_is_refused() {
    let world = ready().await;
    let now = NOW.seconds();
    for (name, value, check) in [
        ("iss", json!("another"), "assertion_issuer"),
        ("iss", json!(USER), "assertion_issuer"),
        ("sub", json!(""), "assertion_subject"),
        ("sub", json!("  "), "assertion_subject"),
        ("sub", Value::Null, "assertion_subject"),
        ("aud", json!("https://elsewhere.example.com/"), "assertion_audience"),
        ("exp", Value::Null, "assertion_not_expired"),
        ("exp", json!(now - 61), "assertion_not_expired"),
        ("exp", json!(now + 7200), "assertion_life_bounded"),
        ("iat", json!(now + 120), "assertion_not_early"),
    ] {
        let mut claims = user_claims(&world);
        claims[name] = value;
        refused(&world, &signed(&claims), check).await;
    }
    refused(&world, &jwt(1, &json!({"alg": "RS256", "kid": "signing"}), &user_claims(&world)), "assertion_signature")
        .await;
    refused(&world, &jwt(0, &json!({"alg": "RS256", "kid": "other"}), &user_claims(&world)), "assertion_key_known")
        .await;
    refused(&world, &jwt(0, &json!({"alg": "RS256"}), &user_claims(&world)), "assertion_key_known").await;
    refused(&world, "nonsense", "assertion_readable").await;
}

#[tokio::test]
async fn a_user_assertion_with_an_id_is_good_once() {
    let world = ready().await;
    let mut claims = user_claims(&world);
    claims["jti"] = json!("once");
    token_of(world.ask(&form(&signed(&claims), ME)).await).await;
    refused(&world, &signed(&claims), "assertion_used_once").await;
}

#[tokio::test]
async fn an_assertion_is_required() {
    let world = ready().await;
    let grant = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&scope=urn:opc:idm:t.user.me";
    for form in [grant.to_owned(), format!("{grant}&assertion=")] {
        let text = world.refused(world.ask(&form).await).await;
        let body = r#"{"error":"invalid_request","error_description":"A required parameter is missing."}"#;
        assert!(text.starts_with(&format!("400\n{body}\ncheck: grant_readable\n")), "{text}");
    }
}

#[tokio::test]
async fn a_user_who_may_not_act_gets_nothing() {
    let world = ready().await;
    let good = signed(&user_claims(&world));
    let mut unknown = user_claims(&world);
    unknown["sub"] = json!("nobody@example.com");
    let check = async |assertion: &str, check: &str| {
        let text = world.refused(world.ask(&form(assertion, ME)).await).await;
        assert!(
            text.starts_with("400\n{\"error\":\"invalid_grant\"") && text.contains(&format!("\ncheck: {check}\n")),
            "{text}"
        );
    };
    check(&signed(&unknown), "user_known").await;
    let now = world.identity.now();
    let mut tx = world.db().begin().await.unwrap();
    users::set_lock(&mut tx, STRIPE, &world.user.id, LockState { failed_attempts: 5, locked_at: Some(now) })
        .await
        .unwrap();
    tx.commit().await.unwrap();
    check(&good, "user_not_locked").await;
    check(&stripe_token(&world, |_| ()).await, "user_not_locked").await;
    let mut tx = world.db().begin().await.unwrap();
    users::set_active(&mut tx, STRIPE, &world.user.id, false, now).await.unwrap();
    tx.commit().await.unwrap();
    check(&good, "user_active").await;
    check(&stripe_token(&world, |_| ()).await, "user_active").await;
}

#[tokio::test]
async fn scopes_are_those_of_client_and_user() {
    let world = ready().await;
    let good = signed(&user_claims(&world));
    for scope in ["urn:opc:idm:t.users", "urn:opc:idm:role.Security%20Administrator"] {
        let answer = world.ask(&form(&good, scope)).await;
        assert_eq!(answer.status(), 401, "{scope}");
        assert!(body_of(answer).await.contains("unauthorized_client"));
    }
}

// Contract identity 2.2: the Auth API's token is turned into an access token.
#[tokio::test]
async fn an_id_token_of_the_stripe_speaks_for_its_user() {
    let world = ready().await;
    let token = token_of(world.ask(&form(&stripe_token(&world, |_| ()).await, ME)).await).await;
    assert_eq!((&claims(&token)["sub"], &claims(&token)["gtp"]), (&json!(USER), &json!("jwt")));
}

#[tokio::test]
async fn other_tokens_of_the_stripe_do_not() {
    let world = ready().await;
    refused(&world, &world.user_token().await, "assertion_readable").await;
    refused(&world, &world.client_token().await, "assertion_readable").await;
    for (name, value, check) in [
        ("tok_type", json!("AT"), "assertion_readable"),
        ("tenant", json!(OTHER_STRIPE), "assertion_readable"),
        ("user_id", Value::Null, "assertion_readable"),
        ("iss", json!("https://elsewhere.example.com/"), "assertion_issuer"),
        ("aud", json!("another-client"), "assertion_audience"),
        ("exp", json!(NOW.seconds()), "assertion_not_expired"),
    ] {
        refused(&world, &stripe_token(&world, |token| token[name] = value).await, check).await;
    }
    let forged = jwt(0, &json!({"alg": "RS256", "kid": "SIGNING_KEY"}), &json!({"tok_type": "IT"}));
    refused(&world, &forged, "assertion_signature").await;
    let good = stripe_token(&world, |_| ()).await;
    world.clock.advance(Duration::from_hours(8));
    refused(&world, &good, "assertion_not_expired").await;
}

#[tokio::test]
async fn another_stripes_door_takes_neither_client_nor_assertion() {
    let world = ready().await;
    world.add_other_stripe().await;
    let form = form(&signed(&user_claims(&world)), ME);
    let answer = world.send(at_stripe(token_request(Some(&world.basic()), &form), OTHER_STRIPE)).await;
    assert_eq!(answer.status(), 401);
    assert!(!body_of(answer).await.contains("access_token"));
}
