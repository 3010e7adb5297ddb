//! `private_key_jwt` through the router: one assertion that is good, and each way of being another. Every refusal states
//! status, body and check, and issues nothing.

use std::time::Duration;

use obol_domain::Clock as _;
use obol_protocol::oauth::{client::ASSERTION_TYPE, form::encode};
use obol_store::{app_certificates, stripes};
use serde_json::{Value, json};

use crate::{
    Identity,
    testing::{NOW, STRIPE, World, body_of, certificate_text, claims, jwt, send, token_of, token_request},
};

const URL: &str = "https://idcs-00000000000000000000000000000001.identity.oraclecloud.com";

fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "signing"})
}

fn good(world: &World) -> Value {
    let now = NOW.seconds();
    json!({
        "iss": world.app.client_id, "sub": world.app.client_id, "aud": "https://identity.oraclecloud.com/",
        "iat": now, "exp": now + 300,
    })
}

/// A copy with one member set, or removed by null.
fn with(value: &Value, name: &str, member: Value) -> Value {
    let mut value = value.clone();
    if member.is_null() {
        value.as_object_mut().unwrap().remove(name);
    } else {
        value[name] = member;
    }
    value
}

fn form(world: &World, assertion: &str) -> String {
    format!(
        "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__&client_id={}&client_assertion_type={}\
         &client_assertion={}",
        world.app.client_id,
        encode(ASSERTION_TYPE),
        encode(assertion)
    )
}

async fn present(identity: &Identity, form: &str) -> axum::response::Response {
    send(identity, token_request(None, form)).await
}

async fn refused(world: &World, form: &str, check: &str, case: &str) {
    let text = world.refused(present(&world.identity, form).await).await;
    let expected = r#"{"error":"invalid_client","error_description":"Client authentication failed."}"#;
    assert!(text.starts_with(&format!("401\n{expected}\ncheck: {check}\n")), "{case}: {text}");
    assert!(!text.contains("eyJ"), "{case}: {text}");
}

#[tokio::test]
async fn an_assertion_authenticates_its_client() {
    let world = World::new().await;
    world.upload_certificate().await;
    let assertion = jwt(0, &header(), &good(&world));
    let token = token_of(present(&world.identity, &form(&world, &assertion)).await).await;
    assert_eq!(claims(&token)["sub"], world.app.client_id);
    let without_id = form(&world, &assertion).replace(&format!("&client_id={}", world.app.client_id), "");
    token_of(present(&world.identity, &without_id).await).await;
}

#[tokio::test]
async fn the_header_names_the_certificate_in_any_of_its_ways() {
    let world = World::new().await;
    world.upload_certificate().await;
    let kept = app_certificates::of_app(world.db(), STRIPE, &world.app.id).await.unwrap().remove(0);
    for header in [
        json!({"alg": "RS256", "kid": "signing"}),
        json!({"alg": "RS256", "typ": "jwt", "x5t": kept.x5t}),
        json!({"alg": "RS256", "x5t#S256": kept.x5t_s256}),
        json!({"alg": "RS256", "kid": "signing", "x5t": kept.x5t, "x5t#S256": kept.x5t_s256}),
    ] {
        let assertion = jwt(0, &header, &good(&world));
        token_of(present(&world.identity, &form(&world, &assertion)).await).await;
    }
}

// Contract identity 2.4: issuer or domain URL; RFC 7523 section 3: or the token endpoint.
#[tokio::test]
async fn every_spelling_of_the_audience_is_taken() {
    let world = World::new().await;
    world.upload_certificate().await;
    for audience in [
        json!("https://identity.oraclecloud.com/"),
        json!("https://identity.oraclecloud.com"),
        json!(URL),
        json!(format!("{URL}/")),
        json!(format!("{URL}:443")),
        json!(format!("{URL}:443/")),
        json!(format!("{URL}/oauth2/v1/token")),
        json!(format!("{URL}:443/oauth2/v1/token")),
        json!(["https://elsewhere.example.com", format!("{URL}/")]),
    ] {
        let assertion = jwt(0, &header(), &with(&good(&world), "aud", audience));
        token_of(present(&world.identity, &form(&world, &assertion)).await).await;
    }
}

#[tokio::test]
async fn each_wrong_header_is_refused() {
    let world = World::new().await;
    world.upload_certificate().await;
    let kept = app_certificates::of_app(world.db(), STRIPE, &world.app.id).await.unwrap().remove(0);
    for (header, check) in [
        (json!({"alg": "RS256"}), "assertion_key_known"),
        (json!({"alg": "RS256", "kid": "Signing"}), "assertion_key_known"),
        (json!({"alg": "RS256", "kid": ""}), "assertion_key_known"),
        (json!({"alg": "RS256", "kid": "SIGNING_KEY"}), "assertion_key_known"),
        (json!({"alg": "RS256", "kid": kept.x5t}), "assertion_key_known"),
        (json!({"alg": "RS256", "x5t": kept.x5t_s256}), "assertion_key_known"),
        (json!({"alg": "RS256", "kid": "other", "x5t": kept.x5t}), "assertion_key_known"),
        (json!({"alg": "RS256", "kid": "signing", "x5t": "other"}), "assertion_key_known"),
        (json!({"alg": "RS256", "kid": "signing", "typ": "at+jwt"}), "assertion_readable"),
        (json!({"alg": "RS256", "kid": "signing", "crit": ["exp"]}), "assertion_readable"),
        (json!({"alg": "none", "kid": "signing"}), "assertion_readable"),
        (json!({"alg": "HS256", "kid": "signing"}), "assertion_readable"),
        (json!({"alg": "RS512", "kid": "signing"}), "assertion_readable"),
        (json!({"alg": "PS256", "kid": "signing"}), "assertion_readable"),
        (json!({"kid": "signing"}), "assertion_readable"),
        (json!({"alg": "RS256", "kid": 1}), "assertion_readable"),
    ] {
        let assertion = jwt(0, &header, &good(&world));
        refused(&world, &form(&world, &assertion), check, &header.to_string()).await;
    }
}

#[tokio::test]
async fn each_wrong_claim_is_refused() {
    let world = World::new().await;
    world.upload_certificate().await;
    let now = NOW.seconds();
    for (name, value, check) in [
        ("iss", Value::Null, "assertion_issuer"),
        ("iss", json!(""), "assertion_issuer"),
        ("iss", json!("somebody"), "assertion_issuer"),
        ("iss", json!(world.app.id), "assertion_issuer"),
        ("sub", Value::Null, "assertion_subject"),
        ("sub", json!(""), "assertion_subject"),
        ("sub", json!("admin@example.com"), "assertion_subject"),
        ("sub", json!(world.app.client_id.to_uppercase()), "assertion_subject"),
        ("aud", Value::Null, "assertion_audience"),
        ("aud", json!(""), "assertion_audience"),
        ("aud", json!([]), "assertion_audience"),
        ("aud", json!("https://identity.oraclecloud.com.evil.example/"), "assertion_audience"),
        ("aud", json!("http://identity.oraclecloud.com/"), "assertion_audience"),
        ("aud", json!(format!("{URL}:444")), "assertion_audience"),
        ("aud", json!(format!("{URL}/oauth2/v1/authorize")), "assertion_audience"),
        ("aud", json!(URL.replace("01.", "02.")), "assertion_audience"),
        ("exp", Value::Null, "assertion_not_expired"),
        ("exp", json!(now - 60), "assertion_not_expired"),
        ("exp", json!(0), "assertion_not_expired"),
        ("exp", json!(-1), "assertion_not_expired"),
        ("exp", json!(now + 3661), "assertion_life_bounded"),
        ("exp", json!(i64::MAX), "assertion_life_bounded"),
        ("iat", json!(now + 61), "assertion_not_early"),
        ("nbf", json!(now + 61), "assertion_not_early"),
        ("exp", json!("soon"), "assertion_readable"),
        ("exp", json!(1.5), "assertion_readable"),
        ("iat", json!([]), "assertion_readable"),
        ("aud", json!({}), "assertion_readable"),
        ("jti", json!(1), "assertion_readable"),
    ] {
        let assertion = jwt(0, &header(), &with(&good(&world), name, value.clone()));
        refused(&world, &form(&world, &assertion), check, &format!("{name} {value}")).await;
    }
}

#[tokio::test]
async fn what_is_no_assertion_is_refused() {
    let world = World::new().await;
    world.upload_certificate().await;
    let good = jwt(0, &header(), &good(&world));
    let (input, signature) = good.rsplit_once('.').unwrap();
    let (head, body) = input.split_once('.').unwrap();
    let altered = format!("{head}.{}.{signature}", body.replace('A', "B"));
    let another_key = jwt(1, &header(), &self::good(&world));
    for (assertion, check) in [
        ("nonsense".to_owned(), "assertion_readable"),
        ("a.b.c".to_owned(), "assertion_readable"),
        (format!("{good}="), "assertion_readable"),
        (format!("{input}."), "assertion_signature"),
        (format!("{input}.AAAA"), "assertion_signature"),
        (another_key, "assertion_signature"),
        (altered, "assertion_signature"),
        (world.client_token().await, "assertion_key_known"),
    ] {
        refused(&world, &form(&world, &assertion), check, &assertion.chars().take(40).collect::<String>()).await;
    }
}

#[tokio::test]
async fn half_an_assertion_and_another_type_are_refused() {
    let world = World::new().await;
    world.upload_certificate().await;
    let whole = form(&world, &jwt(0, &header(), &good(&world)));
    let kind = format!("&client_assertion_type={}", encode(ASSERTION_TYPE));
    for (form, status) in [
        (whole.replace(&kind, ""), 401),
        (whole.replace(&kind, "&client_assertion_type=saml2-bearer"), 401),
        (whole.split("&client_assertion=").next().unwrap().to_owned(), 401),
        (format!("{whole}&client_secret={}", world.app.client_secret.expose()), 400),
    ] {
        let text = world.refused(present(&world.identity, &form).await).await;
        assert!(text.starts_with(&status.to_string()) && text.contains("\ncheck: client_presented\n"), "{text}");
    }
    let both = world.refused(world.ask(&whole).await).await;
    assert!(both.starts_with("400") && both.contains("\ncheck: client_presented\n"), "{both}");
}

#[tokio::test]
async fn sixty_seconds_of_skew_are_allowed_either_way() {
    let world = World::new().await;
    world.upload_certificate().await;
    let now = NOW.seconds();
    for (name, value) in [("exp", now - 59), ("exp", now + 3660), ("iat", now + 60), ("nbf", now + 60)] {
        let assertion = jwt(0, &header(), &with(&good(&world), name, json!(value)));
        token_of(present(&world.identity, &form(&world, &assertion)).await).await;
    }
    let bare = with(&good(&world), "iat", Value::Null);
    token_of(present(&world.identity, &form(&world, &jwt(0, &header(), &bare))).await).await;
}

#[tokio::test]
async fn a_jti_is_good_once_on_every_node_until_it_is_dead_anyway() {
    let world = World::new().await;
    world.upload_certificate().await;
    let named = |jti: &str| form(&world, &jwt(0, &header(), &with(&good(&world), "jti", json!(jti))));
    let (first, second) = (named("one"), named("two"));
    token_of(present(&world.identity, &first).await).await;
    refused(&world, &first, "assertion_used_once", "again").await;
    let elsewhere = present(&world.node(), &first).await;
    assert_eq!(elsewhere.status(), 401);
    assert!(!body_of(elsewhere).await.contains("access_token"));
    token_of(present(&world.node(), &second).await).await;
    // A new assertion with the old id is a replay as well; what was refused for another reason used nothing up.
    let longer = with(&with(&good(&world), "jti", json!("one")), "exp", json!(NOW.seconds() + 301));
    refused(&world, &form(&world, &jwt(0, &header(), &longer)), "assertion_used_once", "longer").await;
    let other = with(&with(&good(&world), "jti", json!("three")), "aud", json!("x"));
    refused(&world, &form(&world, &jwt(0, &header(), &other)), "assertion_audience", "three").await;
    token_of(present(&world.identity, &named("three")).await).await;

    world.clock.advance(Duration::from_secs(359));
    refused(&world, &first, "assertion_used_once", "in its skew").await;
    world.clock.advance(Duration::from_secs(1));
    let mut tx = world.db().begin().await.unwrap();
    assert_eq!(obol_store::used_assertions::sweep(&mut tx, world.clock.wall()).await.unwrap(), 3);
    tx.commit().await.unwrap();
    refused(&world, &first, "assertion_not_expired", "after it").await;
}

#[tokio::test]
async fn a_certificate_holds_within_its_dates_and_while_it_is_there() {
    let world = World::new().await;
    let assertion = form(&world, &jwt(0, &header(), &good(&world)));
    refused(&world, &assertion, "assertion_key_known", "before it is uploaded").await;
    world.upload_certificate().await;
    token_of(present(&world.identity, &assertion).await).await;

    world.clock.advance(Duration::from_hours(24 * 365));
    let later = world.clock.wall().seconds();
    let at = |time: i64| {
        let claims = with(&with(&good(&world), "iat", json!(time)), "exp", json!(time + 60));
        form(&world, &jwt(0, &header(), &claims))
    };
    token_of(present(&world.identity, &at(later)).await).await;
    world.clock.advance(Duration::from_secs(1));
    refused(&world, &at(later), "certificate_valid", "after its end").await;

    let mut tx = world.db().begin().await.unwrap();
    assert!(app_certificates::delete(&mut tx, STRIPE, &world.app.id, "signing").await.unwrap());
    stripes::bump(&mut tx, STRIPE).await.unwrap();
    tx.commit().await.unwrap();
    world.identity.forget(STRIPE);
    refused(&world, &at(later), "assertion_key_known", "after its removal").await;
}

// Clients stamp by their own clocks, which nobody moves with the service's.
#[tokio::test]
async fn moving_the_services_time_turns_no_client_away() {
    let world = World::new().await;
    world.upload_certificate().await;
    world.clock.skew(Duration::from_hours(24 * 400));
    let assertion = form(&world, &jwt(0, &header(), &good(&world)));
    token_of(present(&world.identity, &assertion).await).await;
}

#[tokio::test]
async fn a_certificate_or_alias_cannot_be_uploaded_twice() {
    let world = World::new().await;
    world.upload_certificate().await;
    for (alias, index) in [("signing", 1), ("other", 0)] {
        let certificate = crate::certificates::upload(alias, &certificate_text(index), NOW).unwrap();
        let mut tx = world.db().begin().await.unwrap();
        let refused = app_certificates::insert(&mut tx, STRIPE, &world.app.id, &certificate).await;
        assert!(matches!(refused, Err(obol_store::StoreError::Duplicate { .. })), "{alias}");
    }
}
