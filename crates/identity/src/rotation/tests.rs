//! Rotation as verifiers and other nodes see it.

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use obol_protocol::jose::{CompactJws, JwkSet, VerifyingKey};

use super::*;
use crate::testing::{PASSWORD, STRIPE, USER, World, body_of, get, password_form, send, token_of, token_request};

const DAY: Duration = Duration::from_hours(24);

async fn key_set(world: &World, identity: &Identity) -> JwkSet {
    let token = token_at(world, identity).await;
    let answer = send(identity, get("/admin/v1/SigningCert/jwk", Some(&token))).await;
    serde_json::from_str(&body_of(answer).await).unwrap()
}

async fn token_at(world: &World, identity: &Identity) -> String {
    let form = "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__";
    token_of(send(identity, token_request(Some(&world.basic()), form)).await).await
}

fn signer(token: &str) -> String {
    CompactJws::parse(token).unwrap().header().x5t_s256.clone().unwrap()
}

fn verifies(set: &JwkSet, token: &str) -> bool {
    let jws = CompactJws::parse(token).unwrap();
    let named = set.keys.iter().filter(|key| key.x5t_s256 == jws.header().x5t_s256);
    named.map(|key| VerifyingKey::from_jwk(key).unwrap().verify(&jws)).any(|verified| verified.is_ok())
}

async fn rotate(world: &World, ahead: Duration) -> Timestamp {
    world.identity.rotate_key(STRIPE, ahead, &Cause::request("x")).await.unwrap()
}

async fn turn(world: &World) {
    world.identity.turn_keys(world.identity.now()).await.unwrap();
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_and_honoured_after_it_did() {
    let world = World::new().await;
    let before = token_at(&world, &world.identity).await;
    let at = rotate(&world, Duration::from_mins(10)).await;
    assert_eq!(at, world.identity.now().plus(Duration::from_mins(10)));
    turn(&world).await;
    let published = key_set(&world, &world.identity).await;
    assert_eq!(published.keys.len(), 2);
    assert_eq!(signer(&token_at(&world, &world.identity).await), signer(&before), "not its turn yet");

    world.clock.advance(Duration::from_mins(10));
    turn(&world).await;
    let after = token_at(&world, &world.identity).await;
    assert_ne!(signer(&after), signer(&before));
    assert_eq!(published.keys[1].x5t_s256.as_deref(), Some(signer(&after).as_str()), "it was the one announced");
    assert!(verifies(&published, &after), "a key set read before the turn verifies what is signed after it");
    assert!(verifies(&key_set(&world, &world.identity).await, &before));
    for token in [&before, &after] {
        let answer = world.send(get("/admin/v1/SigningCert/jwk", Some(token))).await;
        assert_eq!(answer.status(), 200, "both are honoured");
    }
    assert_eq!(
        key_set(&world, &world.identity).await.keys[0].x5t_s256,
        Some(signer(&after)),
        "the current key is first"
    );
}

#[tokio::test]
async fn another_node_follows_within_a_second() {
    let world = World::new().await;
    let node = world.node();
    let before = token_at(&world, &node).await;
    rotate(&world, Duration::ZERO).await;
    turn(&world).await;
    world.clock.advance(Duration::from_secs(1));
    let after = token_at(&world, &node).await;
    assert_ne!(signer(&after), signer(&before));
    assert_eq!(key_set(&world, &node).await.keys.len(), 2);
    for token in [&before, &after] {
        assert_eq!(send(&node, get("/admin/v1/SigningCert/jwk", Some(token))).await.status(), 200);
    }
}

#[tokio::test]
async fn an_old_key_goes_when_its_last_token_is_dead_and_its_private_half_at_once() {
    let world = World::new().await;
    let before = token_at(&world, &world.identity).await;
    rotate(&world, Duration::ZERO).await;
    turn(&world).await;
    let Phase::Old(until) = world.identity.signing_keys(STRIPE).await.unwrap()[1].phase else { panic!() };
    assert_eq!(until, world.identity.now().plus(HONOURED));
    let sealed = obol_store::Statement::new(
        "signing_keys",
        "SELECT id, sealed_key FROM signing_keys WHERE honoured_until IS NOT NULL",
    );
    let row = world.db().fetch_optional(&sealed, vec![]).await.unwrap().unwrap();
    assert!(row.get::<Vec<u8>>("sealed_key").unwrap().is_empty());

    world.clock.advance(HONOURED.saturating_sub(Duration::from_secs(1)));
    turn(&world).await;
    let names = async || {
        let keys = key_set(&world, &world.identity).await.keys;
        keys.into_iter().filter_map(|key| key.x5t_s256).collect::<HashSet<_>>()
    };
    assert!(names().await.contains(&signer(&before)));
    world.clock.advance(Duration::from_secs(1));
    turn(&world).await;
    assert!(!names().await.contains(&signer(&before)));
    let text = world.refused(world.send(get("/admin/v1/SigningCert/jwk", Some(&before))).await).await;
    assert!(text.contains("\ncheck: token_signature\n"), "{text}");
}

#[tokio::test]
async fn the_schedule_replaces_a_key_of_180_days_and_publishes_it_a_day_before() {
    let world = World::new().await;
    world.clock.advance(AGE.saturating_sub(Duration::from_secs(1)));
    turn(&world).await;
    assert_eq!(world.identity.signing_keys(STRIPE).await.unwrap().len(), 1);
    world.clock.advance(Duration::from_secs(1));
    let first = signer(&token_at(&world, &world.identity).await);
    turn(&world).await;
    turn(&world).await;
    let keys = world.identity.signing_keys(STRIPE).await.unwrap();
    assert_eq!(
        keys.iter().map(|key| key.phase).collect::<Vec<_>>(),
        [Phase::Current, Phase::Next(world.identity.now().plus(AHEAD))]
    );
    world.clock.advance(DAY.saturating_sub(Duration::from_secs(1)));
    turn(&world).await;
    assert_eq!(signer(&token_at(&world, &world.identity).await), first);
    world.clock.advance(Duration::from_secs(1));
    turn(&world).await;
    assert_ne!(signer(&token_at(&world, &world.identity).await), first);
    turn(&world).await;
    assert_eq!(world.identity.signing_keys(STRIPE).await.unwrap().len(), 2, "the new key is young");
}

#[tokio::test]
async fn asking_again_only_brings_the_turn_forward() {
    let world = World::new().await;
    let later = rotate(&world, DAY).await;
    assert_eq!(rotate(&world, DAY * 2).await, later);
    let sooner = rotate(&world, Duration::from_hours(1)).await;
    assert_eq!(sooner, world.identity.now().plus(Duration::from_hours(1)));
    let keys = world.identity.signing_keys(STRIPE).await.unwrap();
    assert_eq!(keys.iter().map(|key| key.phase).collect::<Vec<_>>(), [Phase::Current, Phase::Next(sooner)]);
    let nowhere = world.identity.rotate_key("idcs-x", DAY, &Cause::request("x")).await;
    assert!(matches!(nowhere, Err(RotateRefusal::UnknownStripe)));
}

#[tokio::test]
async fn two_nodes_turn_a_key_once() {
    let world = World::new().await;
    rotate(&world, Duration::ZERO).await;
    let (one, two) = (world.identity.clone(), world.node());
    let now = world.identity.now();
    let both =
        [tokio::spawn(async move { one.turn_keys(now).await }), tokio::spawn(async move { two.turn_keys(now).await })];
    for turned in both {
        turned.await.unwrap().unwrap();
    }
    let keys = world.identity.signing_keys(STRIPE).await.unwrap();
    assert_eq!(keys.iter().map(|key| key.phase).collect::<Vec<_>>(), [Phase::Current, Phase::Old(now.plus(HONOURED))]);
    token_of(world.ask(&password_form(USER, PASSWORD, crate::testing::ME)).await).await;
}

#[tokio::test]
async fn a_published_key_that_has_not_signed_yet_is_nobodys_to_forge_with() {
    let world = World::new().await;
    rotate(&world, DAY).await;
    let token = token_at(&world, &world.identity).await;
    let published = key_set(&world, &world.identity).await;
    let (head, rest) = token.split_once('.').unwrap();
    // The same signature under the other key's name does not verify.
    let other = published.keys[1].x5t_s256.as_deref().unwrap();
    let renamed = String::from_utf8(URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap().replace(&signer(&token), other);
    let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(renamed));
    assert_eq!(world.send(get("/admin/v1/SigningCert/jwk", Some(&forged))).await.status(), 401);
    let stranger =
        String::from_utf8(URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap().replace(&signer(&token), "unknown");
    let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(stranger));
    assert_eq!(world.send(get("/admin/v1/SigningCert/jwk", Some(&forged))).await.status(), 401);
}
