//! `authorization_code` at the token endpoint (contract identity 2.2).

use obol_protocol::jose::at_hash;
use obol_store::apps::ClientType;

use super::*;
use crate::testing::{REDIRECT, VERIFIER, json_of, redemption, refresh_form};

const SCOPE: &str = "openid offline_access urn:opc:idm:t.user.me";

async fn world() -> World {
    let world = World::new().await;
    world.allow_code_flow().await;
    world
}

// Contract identity 3.2 and 3.3.
#[tokio::test]
async fn a_code_is_redeemed_for_the_users_tokens() {
    let world = world().await;
    let code = world.code(SCOPE, "&nonce=n-0S6").await;
    world.clock.advance(Duration::from_secs(7));
    let answer = json_of(world.redeem(&code).await).await;
    let access_token = answer["access_token"].as_str().unwrap();
    let access = claims(access_token);
    assert_eq!(access["gtp"], "azc");
    assert_eq!(access["sub"], USER);
    assert_eq!(access["amr"], serde_json::json!(["USERNAME_PASSWORD"]));
    let id = claims(answer["id_token"].as_str().unwrap());
    let issuer = "https://identity.oraclecloud.com/";
    assert_eq!(id["tok_type"], "IT");
    assert_eq!(id["aud"], serde_json::json!([issuer, world.app.client_id]));
    assert_eq!((id["iss"].as_str(), id["azp"].as_str()), (Some(issuer), Some(world.app.client_id.as_str())));
    assert_eq!((id["nonce"].as_str(), id["sub"].as_str()), (Some("n-0S6"), Some(USER)));
    assert_eq!(id["at_hash"], at_hash(access_token));
    let iat = id["iat"].as_i64().unwrap();
    assert_eq!(id["auth_time"].as_i64().unwrap(), iat - 7);
    assert_eq!(id["exp"], id["session_exp"]);
    assert_eq!(id["exp"].as_i64().unwrap(), iat - 7 + 8 * 3600, "the session's end");
    assert_eq!(id["sid"], access["sid"]);
    let sid = id["sid"].as_str().unwrap();
    assert_eq!(sid.split(':').map(str::len).collect::<Vec<_>>(), [32, 6]);
    assert_eq!(id["authn_strength"], "2");
    let refreshed = json_of(world.ask(&refresh_form(answer["refresh_token"].as_str().unwrap(), "")).await).await;
    assert_eq!(claims(refreshed["access_token"].as_str().unwrap())["gtp"], "azc", "as original");
    let again = claims(refreshed["id_token"].as_str().unwrap());
    assert_eq!(again["auth_time"], id["auth_time"]);
    assert!(again.get("nonce").is_none());
}

// Contract identity 9: the minimum of the token's own life and the rest of the session.
#[tokio::test]
async fn a_token_does_not_outlive_the_session_it_comes_from() {
    let world = world().await;
    let session = world.session().await;
    // Used now and then, as one that nobody uses ends before its time.
    for _ in 0..10 {
        world.clock.advance(Duration::from_mins(47));
        assert!(world.identity.session(STRIPE, &session).await.unwrap().is_some());
    }
    let location = crate::testing::location(&world.authorize(&world.authorization("openid", ""), Some(&session)).await);
    let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    assert_eq!(json_of(world.redeem(&code).await).await["expires_in"], 600);
}

#[tokio::test]
async fn a_replayed_code_revokes_what_was_issued_for_it() {
    let world = world().await;
    let code = world.code(SCOPE, "").await;
    let answer = json_of(world.redeem(&code).await).await;
    insta::assert_snapshot!(world.refused(world.redeem(&code).await).await, @r#"
    400
    {"error":"invalid_grant","error_description":"The authorization code is invalid."}
    check: code_unused
    expected: a code that was not used
    seen: one that was, so that the refresh tokens issued for it were revoked
    fix: use a code once
    "#);
    let refused = world.refused(world.ask(&refresh_form(answer["refresh_token"].as_str().unwrap(), "")).await).await;
    assert!(refused.contains("check: refresh_token_not_revoked"), "{refused}");
}

#[tokio::test]
async fn of_two_redemptions_at_once_one_wins_and_its_refresh_token_ends() {
    let world = world().await;
    let code = world.code(SCOPE, "").await;
    let (basic, form) = (world.basic(), redemption(&code, VERIFIER));
    let uses = (0..4).map(|_| {
        let (identity, request) = (world.identity.clone(), token_request(Some(&basic), &form));
        tokio::spawn(async move { send(&identity, request).await })
    });
    let mut winners = Vec::new();
    for used in uses.collect::<Vec<_>>() {
        let response = used.await.unwrap();
        if response.status() == 200 {
            winners.push(json_of(response).await["refresh_token"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!((winners.len(), world.count("refresh_families").await), (1, 1));
    assert_eq!(world.ask(&refresh_form(&winners[0], "")).await.status(), 400);
}

#[tokio::test]
async fn a_public_client_redeems_by_its_id_and_the_verifier() {
    let world = world().await;
    world.change_app(&world.app.id, |app| app.client_type = ClientType::Public).await;
    let code = world.code("openid", "").await;
    let form = format!("{}&client_id={}", redemption(&code, VERIFIER), world.app.client_id);
    assert_eq!(world.send(token_request(None, &form)).await.status(), 200);
}

#[tokio::test]
async fn a_code_that_cannot_be_redeemed_is_refused_and_stays_good() {
    let world = world().await;
    let mut tx = world.db().begin().await.unwrap();
    let new = NewApplication { allowed_grants: vec![GrantType::AuthorizationCode], ..new_application() };
    let other = world.provisioning().application(&mut tx, STRIPE, &new).await.unwrap();
    tx.commit().await.unwrap();
    let other = basic(&other.client_id, other.client_secret.expose());
    let code = world.code("openid", "").await;
    let good = redemption(&code, VERIFIER);
    let redirect = obol_protocol::oauth::form::encode(REDIRECT);
    let bad_verifier = VERIFIER.replace('d', "e");
    for (what, basic, form, status, error, check) in [
        ("unknown", world.basic(), redemption("AQIDBAXcanary", VERIFIER), 400, "invalid_grant", "code_known"),
        ("no code", world.basic(), redemption("", VERIFIER), 400, "invalid_request", "grant_readable"),
        ("long", world.basic(), redemption(&"a".repeat(300), VERIFIER), 400, "invalid_grant", "code_known"),
        ("cut", world.basic(), redemption(&code[..code.len() - 12], VERIFIER), 400, "invalid_grant", "code_known"),
        ("twice", world.basic(), format!("{good}&code=x"), 400, "invalid_request", "form_readable"),
        ("other client", other, good.clone(), 400, "invalid_grant", "code_of_client"),
        ("verifier", world.basic(), redemption(&code, &bad_verifier), 400, "invalid_grant", "code_verifier_fits"),
        ("short", world.basic(), redemption(&code, "short"), 400, "invalid_grant", "code_verifier_fits"),
        (
            "challenge",
            world.basic(),
            redemption(&code, crate::testing::CHALLENGE),
            400,
            "invalid_grant",
            "code_verifier_fits",
        ),
        ("no verifier", world.basic(), redemption(&code, ""), 400, "invalid_grant", "code_verifier_fits"),
        (
            "slash",
            world.basic(),
            good.replace(&redirect, &format!("{redirect}%2F")),
            400,
            "invalid_grant",
            "redirect_uri_repeated",
        ),
        (
            "other uri",
            world.basic(),
            good.replace(&redirect, &format!("{redirect}%3Fown%3Dquery")),
            400,
            "invalid_grant",
            "redirect_uri_repeated",
        ),
        ("no uri", world.basic(), good.replace(&redirect, ""), 400, "invalid_grant", "redirect_uri_repeated"),
        (
            "wrong secret",
            basic(&world.app.client_id, "canary"),
            good.clone(),
            401,
            "invalid_client",
            "client_secret_matches",
        ),
    ] {
        let text = world.refused(world.send(token_request(Some(&basic), &form)).await).await;
        assert!(text.starts_with(&status.to_string()), "{what}: {text}");
        assert!(text.contains(&format!("\"error\":\"{error}\"")), "{what}: {text}");
        assert!(text.contains(&format!("check: {check}")), "{what}: {text}");
        assert!(!text.contains("canary") && !text.contains("access_token"), "{what}: {text}");
    }
    world.add_other_stripe().await;
    let elsewhere = at_stripe(token_request(Some(&world.basic()), &good), OTHER_STRIPE);
    assert_eq!(world.send(elsewhere).await.status(), 401);
    let here = at_stripe(token_request(Some(&world.basic()), &good), STRIPE);
    assert_eq!(world.send(here).await.status(), 200, "nothing above used it up");
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let world = world().await;
    let session = world.session().await;
    let query = world.authorization("openid", "").replace("code_challenge", "x");
    let location = crate::testing::location(&world.authorize(&query, Some(&session)).await);
    let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let refused = world.refused(world.redeem(&code).await).await;
    assert!(refused.starts_with("400") && refused.contains("check: code_verifier_fits"), "{refused}");
    assert_eq!(world.ask(&redemption(&code, "")).await.status(), 200, "a confidential client may go without");
}

// Contract identity 9: 180 seconds.
#[tokio::test]
async fn a_code_lives_three_minutes() {
    let world = world().await;
    let (one, two) = (world.code("openid", "").await, world.code("openid", "").await);
    world.clock.advance(Duration::from_secs(179));
    assert_eq!(world.redeem(&one).await.status(), 200);
    world.clock.advance(Duration::from_secs(1));
    let refused = world.refused(world.redeem(&two).await).await;
    assert!(refused.starts_with("400") && refused.contains("check: code_not_expired"), "{refused}");
}

#[tokio::test]
async fn a_code_is_worth_what_its_user_and_client_may_when_it_is_redeemed() {
    for (what, status, check) in [
        ("inactive user", 400, "user_active"),
        ("deleted user", 400, "code_known"),
        ("no grant", 401, "grant_allowed_to_client"),
        ("inactive client", 401, "client_active"),
        ("no refresh", 400, "scope_fits_grant"),
    ] {
        let world = world().await;
        let code = world.code(SCOPE, "").await;
        let mut tx = world.db().begin().await.unwrap();
        match what {
            "inactive user" => {
                users::set_active(&mut tx, STRIPE, &world.user.id, false, world.identity.now()).await.unwrap();
            }
            "deleted user" => {
                users::delete(&mut tx, STRIPE, &world.user.id).await.unwrap();
            }
            _ => {}
        }
        tx.commit().await.unwrap();
        match what {
            "no grant" => world.change_app(&world.app.id, |app| app.allowed_grants.truncate(3)).await,
            "no refresh" => world.change_app(&world.app.id, |app| app.allowed_grants.truncate(4)).await,
            "inactive client" => world.change_app(&world.app.id, |app| app.is_active = false).await,
            _ => {}
        }
        let text = world.refused(world.redeem(&code).await).await;
        assert!(text.starts_with(&status.to_string()) && text.contains(&format!("check: {check}")), "{what}: {text}");
        assert_eq!(world.count("refresh_tokens").await, 0, "{what}");
    }
}
