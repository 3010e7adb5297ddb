//! Signed requests against a real store: who they come from, what is remembered, and what is refused.

use std::time::Duration;

use ::http::{HeaderMap, Method, header::AUTHORIZATION};
use obol_domain::{
    Clock as _, RequestAuthenticator as _,
    caller::{Caller, CallerRefusal, Freshness},
};
use obol_protocol::oci::signature::{SignedRequest, Signer};
use obol_store::{api_keys, api_keys::ApiKey, users};

use crate::{
    Identity,
    testing::{STRIPE, TENANCY, USER, World, private_key},
};

const TARGET: &str = "/20190331/analyticsInstances?compartmentId=c";
const HOST: &str = "analytics.example.com";

async fn with_key() -> World {
    let world = World::new().await;
    let public = private_key(0).public_key().unwrap();
    let key = ApiKey {
        user_id: world.user.id.clone(),
        fingerprint: public.fingerprint().to_string(),
        public_key: public.spki().to_vec(),
        created_at: world.identity.now(),
    };
    let mut tx = world.db().begin().await.unwrap();
    api_keys::insert(&mut tx, STRIPE, &key).await.unwrap();
    tx.commit().await.unwrap();
    world
}

fn signer(world: &World) -> Signer {
    let key = private_key(0);
    let fingerprint = key.public_key().unwrap().fingerprint();
    Signer::api_key(TENANCY, &world.user.ocid, &fingerprint, key)
}

fn signed(world: &World) -> HeaderMap {
    signer(world).sign(&Method::GET, TARGET, HOST, b"", world.clock.wall()).unwrap()
}

async fn ask(identity: &Identity, headers: &HeaderMap, freshness: Freshness) -> Result<Caller, CallerRefusal> {
    let request = SignedRequest { method: &Method::GET, target: TARGET, authority: None, headers };
    let (now, wall) = (identity.now(), identity.0.clock.wall());
    identity.authenticate(request, now, wall, freshness).await.map(|caller| (*caller).clone())
}

async fn check(world: &World, headers: &HeaderMap, freshness: Freshness) -> String {
    let refusal = ask(&world.identity, headers, freshness).await.unwrap_err();
    refusal.explanation().map_or_else(|| refusal.to_string(), |explanation| explanation.check.into_owned())
}

#[tokio::test]
async fn a_signature_says_who_calls() {
    let world = with_key().await;
    let expected = Caller {
        tenancy_id: TENANCY.into(),
        stripe: STRIPE.into(),
        user_id: world.user.id.clone(),
        user_ocid: world.user.ocid.clone(),
        user_name: USER.into(),
        is_administrator: true,
        groups: vec![],
    };
    assert_eq!(ask(&world.identity, &signed(&world), Freshness::Exact).await.unwrap(), expected);
}

#[tokio::test]
async fn unknown_people_and_keys_are_refused() {
    let world = with_key().await;
    let print = |index| private_key(index).public_key().unwrap().fingerprint();
    let ocid = &world.user.ocid;
    for (signer, expected) in [
        (Signer::api_key("ocid1.tenancy.oc1..none", ocid, &print(0), private_key(0)), "user_in_tenancy"),
        (Signer::api_key(TENANCY, "ocid1.user.oc1..none", &print(0), private_key(0)), "user_in_tenancy"),
        (Signer::api_key(TENANCY, ocid, &print(1), private_key(1)), "key_registered"),
        (Signer::api_key(TENANCY, ocid, &print(0), private_key(1)), "signature_fits"),
    ] {
        let headers = signer.sign(&Method::GET, TARGET, HOST, b"", world.clock.wall()).unwrap();
        for freshness in [Freshness::Exact, Freshness::Recent] {
            assert_eq!(check(&world, &headers, freshness).await, expected);
        }
    }
}

// ADR 0006: a read may trust what is 250 ms old, and costs no read of the key then.
#[tokio::test]
async fn a_read_within_a_moment_asks_the_database_nothing() {
    let world = with_key().await;
    let headers = signed(&world);
    ask(&world.identity, &headers, Freshness::Recent).await.unwrap();
    world.db().close().await;
    ask(&world.identity, &headers, Freshness::Recent).await.unwrap();
    let refusal = ask(&world.identity, &headers, Freshness::Exact).await.unwrap_err();
    assert!(matches!(refusal, CallerRefusal::Unavailable(_)), "{refusal:?}");
    assert!(refusal.explanation().is_none());
}

#[tokio::test]
async fn a_deactivated_user_writes_nothing_from_then_on_and_reads_nothing_after_a_moment() {
    let world = with_key().await;
    let headers = signed(&world);
    ask(&world.identity, &headers, Freshness::Recent).await.unwrap();
    let mut tx = world.db().begin().await.unwrap();
    users::set_active(&mut tx, STRIPE, &world.user.id, false, world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    ask(&world.identity, &headers, Freshness::Recent).await.unwrap();
    world.clock.advance(super::FRESH);
    assert_eq!(check(&world, &headers, Freshness::Recent).await, "user_active");
    assert_eq!(check(&world, &headers, Freshness::Exact).await, "user_active");
}

#[tokio::test]
async fn what_was_refused_once_is_not_remembered_as_good() {
    let world = with_key().await;
    let headers = signed(&world);
    ask(&world.identity, &headers, Freshness::Recent).await.unwrap();
    let mut tx = world.db().begin().await.unwrap();
    let fingerprint = private_key(0).public_key().unwrap().fingerprint().to_string();
    assert!(api_keys::delete(&mut tx, STRIPE, &world.user.id, &fingerprint).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(check(&world, &headers, Freshness::Exact).await, "key_registered");
    assert_eq!(check(&world, &headers, Freshness::Recent).await, "key_registered");
}

#[tokio::test]
async fn moving_the_services_time_turns_nobody_away() {
    let world = with_key().await;
    world.clock.skew(Duration::from_hours(5));
    ask(&world.identity, &signed(&world), Freshness::Exact).await.unwrap();
}

// Contract identity 6.3: the port of https may stand in the signed host or not.
#[tokio::test]
async fn the_port_of_https_may_be_signed_and_not_sent_or_the_other_way_round() {
    let world = with_key().await;
    for (signed_host, sent, fine) in [
        ("a.example.com:443", "a.example.com", true),
        ("a.example.com", "a.example.com:443", true),
        ("a.example.com:443", "a.example.com:443", true),
        ("a.example.com:80", "a.example.com", false),
        ("a.example.com", "a.example.com:80", false),
        ("a.example.com:443", "a.example.com:4430", false),
        ("a.example.com:443", "b.example.com", false),
        ("a.example.com", "a.example.com:443:443", false),
    ] {
        let mut headers = signer(&world).sign(&Method::GET, TARGET, signed_host, b"", world.clock.wall()).unwrap();
        headers.insert("host", sent.parse().unwrap());
        let answer = ask(&world.identity, &headers, Freshness::Exact).await;
        assert_eq!(answer.is_ok(), fine, "{signed_host} signed, {sent} sent");
    }
}

#[tokio::test]
async fn other_headers_are_refused_by_their_own_checks() {
    let world = with_key().await;
    let good = signed(&world);
    for (value, expected) in [
        (None, "signature_present"),
        (Some("Bearer eyJ"), "signature_present"),
        (Some("Signature nonsense"), "signature_well_formed"),
    ] {
        let mut headers = good.clone();
        headers.remove(AUTHORIZATION);
        headers.extend(value.map(|value| (AUTHORIZATION, value.parse().unwrap())));
        assert_eq!(check(&world, &headers, Freshness::Recent).await, expected);
    }
}
