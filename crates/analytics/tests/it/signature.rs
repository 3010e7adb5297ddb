//! The signed door (contract analytics 4): each check alone, all with one public answer.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, header::AUTHORIZATION},
};
use obol_analytics::http::RawTarget;
use obol_domain::Clock as _;
use obol_protocol::oci::signature::Signer;
use obol_store::{api_keys, users};

use crate::world::{Answer, HOST, World, fingerprint, key};

const TEXT: &str = "The required information to complete authentication was not provided or was incorrect.";

fn target(world: &World) -> String {
    format!("/20190331/analyticsInstances?compartmentId={}", world.tenant().compartment)
}

fn signed(world: &World, method: &Method, target: &str, body: &[u8]) -> HeaderMap {
    world.tenant().administrator.signer.sign(method, target, HOST, body, world.clock.wall()).unwrap()
}

async fn send(world: &World, method: Method, target: &str, headers: HeaderMap, body: &[u8]) -> Answer {
    let mut request = Request::builder().method(method).uri(target).body(Body::from(body.to_vec())).unwrap();
    *request.headers_mut() = headers;
    world.send(request).await
}

/// The answer is the one answer; which check said no stands in the explanation alone.
async fn refused(world: &World, answer: Answer, check: &str) {
    assert_eq!(answer.code(), (401, "NotAuthenticated"), "{check}");
    assert_eq!(answer.body["message"], TEXT);
    assert_eq!(world.why(&answer).await.check, check);
}

#[tokio::test]
async fn each_broken_part_of_the_header_is_refused() {
    let world = World::new().await;
    let target = target(&world);
    let good = signed(&world, &Method::GET, &target, b"");
    assert_eq!(send(&world, Method::GET, &target, good.clone(), b"").await.status, 200);
    let text = good["authorization"].to_str().unwrap().to_owned();
    let altered = |from: &str, to: &str| {
        assert!(text.contains(from));
        text.replace(from, to)
    };
    for (value, check) in [
        (None, "signature_present"),
        (Some("Bearer eyJ".to_owned()), "signature_present"),
        (Some("Signature nonsense".to_owned()), "signature_well_formed"),
        (Some(altered("keyId=", "other=")), "signature_well_formed"),
        (Some(altered("version=\"1\"", "version=\"2\"")), "signature_version"),
        (Some(altered("rsa-sha256", "hmac-sha256")), "signature_algorithm"),
        (Some(altered(" host", "")), "required_headers_signed"),
        (Some(altered("date ", "")), "required_headers_signed"),
        (Some(altered(" host", " host host")), "signed_headers_unique"),
        (Some(altered(" host", " host opc-obo-token")), "signed_headers_present"),
        (Some(altered("ocid1.tenancy", "ocid1/tenancy")), "key_id_well_formed"),
        (Some(altered("keyId=\"", "keyId=\"ST$")), "key_id_well_formed"),
        (Some(altered("date (request-target)", "(request-target) date")), "signature_fits"),
    ] {
        let mut headers = good.clone();
        headers.remove("authorization");
        headers.extend(value.map(|value| (AUTHORIZATION, value.parse().unwrap())));
        refused(&world, send(&world, Method::GET, &target, headers, b"").await, check).await;
    }
}

// RFC 9110 section 5.3: the header is no list, so two of them have no meaning, whichever is good.
#[tokio::test]
async fn two_authorization_headers_are_refused() {
    let world = World::new().await;
    let target = target(&world);
    for other in [None, Some("Bearer canary")] {
        let mut headers = signed(&world, &Method::GET, &target, b"");
        let good = headers["authorization"].clone();
        headers.append(AUTHORIZATION, other.map_or(good, |other| other.parse().unwrap()));
        let answer = send(&world, Method::GET, &target, headers, b"").await;
        assert_eq!(world.why(&answer).await.seen, "the Authorization header is there more than once");
        refused(&world, answer, "signature_well_formed").await;
    }
}

#[tokio::test]
async fn each_altered_part_of_the_request_is_refused() {
    let world = World::new().await;
    let target = target(&world);
    let good = signed(&world, &Method::GET, &target, b"");
    let other_query = format!("{target}&limit=1");
    refused(&world, send(&world, Method::GET, &other_query, good.clone(), b"").await, "signature_fits").await;
    refused(&world, send(&world, Method::HEAD, &target, good.clone(), b"").await.with_body(), "signature_fits").await;
    let mut other_host = good.clone();
    other_host.insert("host", "127.0.0.1".parse().unwrap());
    refused(&world, send(&world, Method::GET, &target, other_host, b"").await, "signature_fits").await;
    let mut other_date = good.clone();
    let later = world.clock.wall().plus(Duration::from_secs(1)).http_date();
    other_date.insert("date", later.parse().unwrap());
    refused(&world, send(&world, Method::GET, &target, other_date, b"").await, "signature_fits").await;

    let path = "/20190331/analyticsInstances";
    let body = world.details("myoac").to_string();
    let good = signed(&world, &Method::POST, path, body.as_bytes());
    let longer = format!("{body} ");
    refused(&world, send(&world, Method::POST, path, good.clone(), longer.as_bytes()).await, "body_length").await;
    let other = body.replace("myoac", "yourc");
    refused(&world, send(&world, Method::POST, path, good.clone(), other.as_bytes()).await, "body_digest").await;
    let as_get = signed(&world, &Method::GET, path, b"");
    refused(&world, send(&world, Method::POST, path, as_get, body.as_bytes()).await, "required_headers_signed").await;
    assert_eq!(send(&world, Method::POST, path, good, body.as_bytes()).await.status, 201);
}

#[tokio::test]
async fn a_date_is_good_for_five_minutes_either_way() {
    // Contract analytics 4.7.
    let world = World::new().await;
    let target = target(&world);
    let wall = world.clock.wall();
    for (date, fine) in [
        (wall.minus(Duration::from_mins(5)), true),
        (wall.plus(Duration::from_mins(5)), true),
        (wall.minus(Duration::from_secs(301)), false),
        (wall.plus(Duration::from_secs(301)), false),
    ] {
        let headers = world.tenant().administrator.signer.sign(&Method::GET, &target, HOST, b"", date).unwrap();
        let answer = send(&world, Method::GET, &target, headers, b"").await;
        if fine {
            assert_eq!(answer.status, 200);
        } else {
            refused(&world, answer, "date_within_five_minutes").await;
        }
    }
    let mut unreadable = signed(&world, &Method::GET, &target, b"");
    unreadable.insert("date", "yesterday".parse().unwrap());
    refused(&world, send(&world, Method::GET, &target, unreadable, b"").await, "date_readable").await;
}

#[tokio::test]
async fn moving_the_services_time_turns_no_client_away() {
    let world = World::new().await;
    world.clock.skew(Duration::from_hours(5));
    let answer = world.call(Method::GET, &target(&world), b"").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("date"), world.clock.wall().http_date(), "a client sets its clock by this header");
}

#[tokio::test]
async fn unknown_people_and_keys_are_refused_alike() {
    let world = World::new().await;
    let (ours, theirs) = (&world.tenants[0], &world.tenants[1]);
    let target = target(&world);
    let cases = [
        (
            Signer::api_key("ocid1.tenancy.oc1..none", &ours.administrator.ocid, &fingerprint(0), key(0)),
            "user_in_tenancy",
        ),
        (Signer::api_key(&ours.id, "ocid1.user.oc1..none", &fingerprint(0), key(0)), "user_in_tenancy"),
        (Signer::api_key(&ours.id, &theirs.administrator.ocid, &fingerprint(0), key(0)), "user_in_tenancy"),
        (Signer::api_key(&ours.id, &ours.administrator.ocid, &fingerprint(1), key(1)), "key_registered"),
        (Signer::api_key(&ours.id, &ours.administrator.ocid, &fingerprint(0), key(1)), "signature_fits"),
    ];
    for (signer, check) in cases {
        let headers = signer.sign(&Method::GET, &target, HOST, b"", world.clock.wall()).unwrap();
        refused(&world, send(&world, Method::GET, &target, headers, b"").await, check).await;
    }
}

#[tokio::test]
async fn a_deactivated_user_is_refused() {
    let world = World::new().await;
    assert_eq!(world.call(Method::GET, &target(&world), b"").await.status, 200);
    let mut tx = world.db.begin().await.unwrap();
    let stripe = &world.tenant().stripe;
    users::set_active(&mut tx, stripe, "administrator", false, world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    refused(&world, world.create(&world.details("myoac")).await, "user_active").await;
    refused(&world, world.call(Method::GET, &target(&world), b"").await, "user_active").await;
}

#[tokio::test]
async fn a_removed_key_is_refused() {
    let world = World::new().await;
    assert_eq!(world.call(Method::GET, &target(&world), b"").await.status, 200);
    let mut tx = world.db.begin().await.unwrap();
    let fingerprint = fingerprint(0).to_string();
    assert!(api_keys::delete(&mut tx, &world.tenant().stripe, "administrator", &fingerprint).await.unwrap());
    tx.commit().await.unwrap();
    refused(&world, world.create(&world.details("myoac")).await, "key_registered").await;
    refused(&world, world.call(Method::GET, &target(&world), b"").await, "key_registered").await;
}

#[tokio::test]
async fn the_raw_target_is_what_was_signed() {
    // Contract analytics 0, rule 11: double slashes are collapsed for routing only.
    let world = World::new().await;
    let clean = target(&world);
    let raw = format!("/{clean}");
    let headers = signed(&world, &Method::GET, &raw, b"");
    let mut request = Request::builder().uri(&clean).body(Body::empty()).unwrap();
    *request.headers_mut() = headers.clone();
    request.extensions_mut().insert(RawTarget(raw));
    assert_eq!(world.send(request).await.status, 200);
    refused(&world, send(&world, Method::GET, &clean, headers, b"").await, "signature_fits").await;
}

impl Answer {
    /// HEAD has no body to compare; the rest must be that of GET.
    fn with_body(mut self) -> Self {
        assert_eq!(self.status, 401);
        self.body = serde_json::json!({ "code": "NotAuthenticated", "message": TEXT });
        self
    }
}
