//! Token exchange through the router, and requests signed with the key that came of it. Every refusal states status, body
//! and check, and issues nothing.

use std::time::Duration;

use ::http::{HeaderMap, Method};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use obol_domain::{
    Clock as _, RequestAuthenticator as _,
    caller::{Caller, CallerRefusal, Freshness},
    lockout::LockState,
};
use obol_protocol::{
    Secret,
    oauth::form::encode,
    oci::signature::{SignedRequest, Signer},
};
use obol_store::{propagation_trusts::PropagationTrust, users};
use serde_json::{Value, json};

use crate::{
    Identity,
    testing::{
        NOW, OTHER_STRIPE, STRIPE, TENANCY, USER, World, body_of, certificate_text, claims, jwt, private_key,
        token_request,
    },
    trusts::{NewTrust, TrustRefusal},
};

const ISSUER: &str = "https://idp.example.com/";

/// The provider signs with key 0, the session's key is key 1.
fn new_trust(world: &World) -> NewTrust {
    NewTrust {
        name: "idp".into(),
        description: String::new(),
        issuer: ISSUER.into(),
        is_active: true,
        oauth_clients: vec![world.app.client_id.clone()],
        public_certificate: certificate_text(0),
        client_claim_name: None,
        client_claim_values: vec![],
        subject_claim_name: None,
        subject_mapping_attribute: None,
        clock_skew: Duration::from_mins(1),
    }
}

async fn trusting(change: impl FnOnce(&mut NewTrust)) -> (World, PropagationTrust) {
    let world = World::new().await;
    let mut new = new_trust(&world);
    change(&mut new);
    let trust = world.identity.add_trust(STRIPE, &new).await.unwrap();
    (world, trust)
}

fn subject() -> Value {
    let now = NOW.seconds();
    json!({
        "iss": ISSUER, "sub": USER, "aud": "https://identity.oraclecloud.com/", "iat": now, "exp": now + 300,
        "azp": "workload", "groups": ["a", "b"],
    })
}

fn signed(claims: &Value) -> String {
    jwt(0, &json!({"alg": "RS256", "kid": "whatever"}), claims)
}

fn spki(index: usize) -> String {
    STANDARD.encode(private_key(index).public_key().unwrap().spki())
}

fn form(subject_token: &str) -> String {
    format!(
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&requested_token_type=urn:oci:token-type:oci-upst\
         &subject_token_type=jwt&public_key={}&subject_token={}",
        encode(&spki(1)),
        encode(subject_token)
    )
}

async fn exchanged(world: &World, subject_token: &str) -> String {
    let body = body_of(world.ask(&form(subject_token)).await).await;
    let answer: serde_json::Map<String, Value> = serde_json::from_str(&body).unwrap();
    assert_eq!(answer.keys().collect::<Vec<_>>(), ["token"], "{body}");
    answer["token"].as_str().unwrap().to_owned()
}

async fn refused(world: &World, form: &str, start: &str, check: &str) {
    let text = world.refused(world.ask(form).await).await;
    assert!(text.starts_with(start), "{check}: {text}");
    assert!(text.contains(&format!("\ncheck: {check}\n")), "{check}: {text}");
    assert!(!text.contains("eyJ"), "{check}: {text}");
}

async fn not_valid(world: &World, claims: &Value, check: &str) {
    let start = "400\n{\"error\":\"invalid_grant\",\"error_description\":\"The subject token is not valid.\"}";
    refused(world, &form(&signed(claims)), start, check).await;
}

const TARGET: &str = "/20190331/analyticsInstances";

fn sign(world: &World, token: &str, key: usize) -> HeaderMap {
    let signer = Signer::session_token(&Secret::new(token), private_key(key));
    signer.sign(&Method::GET, TARGET, "localhost", b"", world.clock.wall()).unwrap()
}

async fn ask(identity: &Identity, headers: &HeaderMap, freshness: Freshness) -> Result<Caller, CallerRefusal> {
    let request = SignedRequest { method: &Method::GET, target: TARGET, authority: None, headers };
    let (now, wall) = (identity.now(), identity.0.clock.wall());
    identity.authenticate(request, now, wall, freshness).await.map(|caller| (*caller).clone())
}

async fn check(world: &World, headers: &HeaderMap) -> String {
    let mut checks = Vec::new();
    for freshness in [Freshness::Recent, Freshness::Exact] {
        let refusal = ask(&world.identity, headers, freshness).await.unwrap_err();
        checks.push(refusal.explanation().unwrap().check.into_owned());
    }
    assert_eq!(checks[0], checks[1]);
    checks.remove(0)
}

// Contract identity 2.5: exactly one member; the token binds the key to the user for a bounded time.
#[tokio::test]
async fn a_trusted_token_becomes_a_session_token_with_the_callers_key() {
    let (world, _) = trusting(|_| ()).await;
    let token = exchanged(&world, &signed(&subject())).await;
    let session = claims(&token);
    assert_eq!((&session["sub"], &session["tenant"]), (&json!(world.user.ocid), &json!(TENANCY)));
    assert_eq!((&session["iss"], &session["ttype"]), (&json!("authService.oracle.com"), &json!("upst")));
    assert_eq!(session["exp"].as_i64().unwrap() - session["iat"].as_i64().unwrap(), 3600);
    let jwk: Value = serde_json::from_str(session["jwk"].as_str().unwrap()).unwrap();
    assert_eq!((&jwk["kty"], &jwk["e"]), (&json!("RSA"), &json!("AQAB")));
}

#[tokio::test]
async fn a_request_signed_with_the_sessions_key_is_the_users() {
    let (world, _) = trusting(|_| ()).await;
    let token = exchanged(&world, &signed(&subject())).await;
    let headers = sign(&world, &token, 1);
    for identity in [&world.identity, &world.node()] {
        for freshness in [Freshness::Exact, Freshness::Recent] {
            let caller = ask(identity, &headers, freshness).await.unwrap();
            assert_eq!((caller.user_name.as_str(), caller.tenancy_id.as_str()), (USER, TENANCY));
            assert!(caller.is_administrator);
        }
    }
    assert_eq!(check(&world, &sign(&world, &token, 0)).await, "signature_fits");
}

#[tokio::test]
async fn a_session_ends_with_its_token_and_with_its_user() {
    let (world, _) = trusting(|_| ()).await;
    let token = exchanged(&world, &signed(&subject())).await;
    let headers = sign(&world, &token, 1);
    ask(&world.identity, &headers, Freshness::Recent).await.unwrap();
    // The service's time ends the token even where what is known of it is a moment old.
    world.clock.skew(Duration::from_hours(1).saturating_sub(Duration::from_secs(1)));
    ask(&world.identity, &headers, Freshness::Recent).await.unwrap();
    world.clock.skew(Duration::from_hours(1));
    assert_eq!(check(&world, &headers).await, "session_token_not_expired");

    let (world, _) = trusting(|_| ()).await;
    let headers = sign(&world, &exchanged(&world, &signed(&subject())).await, 1);
    let mut tx = world.db().begin().await.unwrap();
    users::set_active(&mut tx, STRIPE, &world.user.id, false, world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(check(&world, &headers).await, "user_active");
    let mut tx = world.db().begin().await.unwrap();
    users::delete(&mut tx, STRIPE, &world.user.id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(check(&world, &headers).await, "user_in_tenancy");
}

#[tokio::test]
async fn what_is_no_session_token_is_refused() {
    let (world, _) = trusting(|_| ()).await;
    let good = exchanged(&world, &signed(&subject())).await;
    let (input, _) = good.rsplit_once('.').unwrap();
    let stripe = world.identity.0.cache.stripe(STRIPE, world.identity.now()).await.unwrap().unwrap();
    let session = claims(&good);
    let altered = |name: &str, value: Value| {
        let mut claims = session.clone();
        claims[name] = value;
        stripe.key.sign(&claims).unwrap()
    };
    for (token, expected) in [
        ("nonsense".to_owned(), "session_token_readable"),
        (world.user_token().await, "session_token_readable"),
        (signed(&subject()), "session_token_readable"),
        (jwt(0, &json!({"alg": "RS256"}), &session), "session_token_signature"),
        (format!("{input}.AAAA"), "session_token_signature"),
        (altered("stripe", json!(OTHER_STRIPE)), "session_token_signature"),
        (altered("iss", json!("https://identity.oraclecloud.com/")), "session_token_kind"),
        (altered("ttype", json!("other")), "session_token_kind"),
        (altered("aud", json!("https://identity.oraclecloud.com/")), "session_token_kind"),
        (altered("tenant", json!("ocid1.tenancy.oc1..other")), "session_token_kind"),
        (altered("exp", json!(NOW.seconds())), "session_token_not_expired"),
        (altered("iat", json!(NOW.seconds() + 61)), "session_token_not_expired"),
        (altered("jwk", json!("{}")), "session_token_readable"),
        (altered("jwk", json!({})), "session_token_readable"),
        (altered("sub", json!("ocid1.user.oc1..none")), "user_in_tenancy"),
        (altered("sub", json!(USER)), "user_in_tenancy"),
    ] {
        assert_eq!(check(&world, &sign(&world, &token, 1)).await, expected, "{}", &token[..20.min(token.len())]);
    }
    // A session token opens no door that takes access tokens.
    let answer = world.send(crate::testing::get("/admin/v1/Me", Some(&good))).await;
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn each_wrong_parameter_is_refused() {
    let (world, _) = trusting(|_| ()).await;
    let good = form(&signed(&subject()));
    let malformed =
        "400\n{\"error\":\"invalid_request\",\"error_description\":\"The token exchange request is not valid.\"}";
    let short = STANDARD.encode(b"0\x81\x89\x02\x81\x81");
    for (from, to, check) in [
        ("oci-upst", "oci-rpst", "exchange_requested_token"),
        ("urn:oci:token-type:oci-upst", "upst", "exchange_requested_token"),
        ("subject_token_type=jwt", "subject_token_type=saml", "exchange_subject_type"),
        ("subject_token_type=jwt", "subject_token_type=spnego", "exchange_subject_type"),
        (encode(&spki(1)).as_str(), "nonsense", "exchange_public_key"),
        (encode(&spki(1)).as_str(), "AAAA", "exchange_public_key"),
        (encode(&spki(1)).as_str(), &encode(&short), "exchange_public_key"),
        (encode(&spki(1)).as_str(), &encode(&certificate_text(0)), "exchange_public_key"),
        (encode(&spki(1)).as_str(), &"A".repeat(4097), "exchange_public_key"),
    ] {
        assert!(good.contains(from));
        refused(&world, &good.replace(from, to), malformed, check).await;
    }
    for name in ["requested_token_type", "subject_token", "subject_token_type", "public_key"] {
        let without: Vec<&str> = good.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect();
        refused(&world, &without.join("&"), "400\n{\"error\":\"invalid_request\"", "grant_readable").await;
    }
}

#[tokio::test]
async fn each_wrong_claim_of_the_subject_token_is_refused() {
    let (world, _) = trusting(|_| ()).await;
    let now = NOW.seconds();
    for (name, value, check) in [
        ("iss", json!("https://idp.example.com"), "exchange_issuer_trusted"),
        ("iss", json!(1), "exchange_issuer_trusted"),
        ("iss", json!("a\0b"), "exchange_issuer_trusted"),
        ("iss", Value::Null, "exchange_issuer_trusted"),
        ("aud", json!("https://elsewhere.example.com/"), "assertion_audience"),
        ("aud", Value::Null, "assertion_audience"),
        ("exp", Value::Null, "assertion_readable"),
        ("exp", json!(now - 60), "assertion_not_expired"),
        ("exp", json!("soon"), "assertion_readable"),
        ("iat", json!(now + 61), "assertion_not_early"),
        ("nbf", json!(now + 61), "assertion_not_early"),
        ("sub", json!(""), "assertion_subject"),
        ("sub", json!(7), "assertion_subject"),
        ("sub", json!([USER]), "assertion_subject"),
        ("sub", Value::Null, "assertion_subject"),
        ("sub", json!("nobody@example.com"), "user_known"),
    ] {
        let mut claims = subject();
        claims[name] = value;
        not_valid(&world, &claims, check).await;
    }
    let mut endless = subject();
    endless.as_object_mut().unwrap().remove("exp");
    not_valid(&world, &endless, "assertion_not_expired").await;
    let start = "400\n{\"error\":\"invalid_grant\"";
    for (token, check) in [
        ("nonsense".to_owned(), "assertion_readable"),
        (jwt(0, &json!({"alg": "none"}), &subject()), "assertion_readable"),
        (jwt(0, &json!({"alg": "HS256"}), &subject()), "assertion_readable"),
        (jwt(1, &json!({"alg": "RS256"}), &subject()), "assertion_signature"),
    ] {
        refused(&world, &form(&token), start, check).await;
    }
}

#[tokio::test]
async fn a_user_who_may_not_act_gets_no_session() {
    let (world, _) = trusting(|_| ()).await;
    let now = world.identity.now();
    let mut tx = world.db().begin().await.unwrap();
    users::set_lock(&mut tx, STRIPE, &world.user.id, LockState { failed_attempts: 5, locked_at: Some(now) })
        .await
        .unwrap();
    tx.commit().await.unwrap();
    not_valid(&world, &subject(), "user_not_locked").await;
    let mut tx = world.db().begin().await.unwrap();
    users::set_active(&mut tx, STRIPE, &world.user.id, false, now).await.unwrap();
    tx.commit().await.unwrap();
    not_valid(&world, &subject(), "user_active").await;
}

#[tokio::test]
async fn a_trust_counts_while_it_is_active_and_for_its_clients() {
    let (world, trust) = trusting(|new| new.oauth_clients = vec!["another".into()]).await;
    let forbidden = "401\n{\"error\":\"unauthorized_client\",\"error_description\":\"Client authorization failed.\"}";
    refused(&world, &form(&signed(&subject())), forbidden, "exchange_client_trusted").await;
    assert!(world.identity.set_trust_active(STRIPE, &trust.id, false).await.unwrap());
    not_valid(&world, &subject(), "exchange_issuer_trusted").await;
    assert!(world.identity.remove_trust(STRIPE, &trust.id).await.unwrap());
    assert!(!world.identity.remove_trust(STRIPE, &trust.id).await.unwrap());
    not_valid(&world, &subject(), "exchange_issuer_trusted").await;

    let (world, trust) = trusting(|new| new.is_active = false).await;
    not_valid(&world, &subject(), "exchange_issuer_trusted").await;
    world.identity.set_trust_active(STRIPE, &trust.id, true).await.unwrap();
    exchanged(&world, &signed(&subject())).await;
    let stranger = world.send(token_request(None, &form(&signed(&subject())))).await;
    assert_eq!(stranger.status(), 401);
}

#[tokio::test]
async fn the_trusts_own_claims_are_asked() {
    let (world, _) = trusting(|new| {
        new.client_claim_name = Some("azp".into());
        new.client_claim_values = vec!["workload".into(), "other".into()];
        new.subject_claim_name = Some("upn".into());
    })
    .await;
    let mut claims = subject();
    claims["upn"] = json!(USER);
    claims["sub"] = json!("opaque");
    claims["aud"] = json!("https://elsewhere.example.com/");
    exchanged(&world, &signed(&claims)).await;
    for value in [json!("stranger"), json!(""), json!(["stranger"]), json!(1), json!({}), Value::Null] {
        let mut claims = claims.clone();
        claims["azp"] = value;
        not_valid(&world, &claims, "exchange_client_claim").await;
    }
    let mut listed = claims.clone();
    listed["azp"] = json!(["x", "other"]);
    exchanged(&world, &signed(&listed)).await;
    claims["upn"] = Value::Null;
    not_valid(&world, &claims, "assertion_subject").await;
}

#[tokio::test]
async fn the_providers_certificate_has_dates_and_its_clock_a_bound() {
    let (world, _) = trusting(|new| new.clock_skew = Duration::ZERO).await;
    let mut late = subject();
    late["exp"] = json!(NOW.seconds());
    not_valid(&world, &late, "assertion_not_expired").await;
    let mut long = subject();
    long["exp"] = json!(NOW.seconds() + 10 * 366 * 86400);
    exchanged(&world, &signed(&long)).await;
    world.clock.advance(Duration::from_secs(365 * 86400 + 1));
    not_valid(&world, &long, "certificate_valid").await;
}

#[tokio::test]
async fn a_trust_is_judged_before_it_is_kept() {
    let world = World::new().await;
    let add = async |change: &dyn Fn(&mut NewTrust)| {
        let mut new = new_trust(&world);
        change(&mut new);
        world.identity.add_trust(STRIPE, &new).await.map(drop)
    };
    for (name, change) in [
        ("name", (&|new: &mut NewTrust| new.name = " ".into()) as &dyn Fn(&mut NewTrust)),
        ("issuer", &|new| new.issuer = String::new()),
        ("issuer", &|new| new.issuer = "a".repeat(1025)),
        ("issuer", &|new| new.issuer = "a\0".into()),
        ("description", &|new| new.description = "a".repeat(1025)),
        ("oauthClients", &|new| new.oauth_clients = vec![]),
        ("oauthClients", &|new| new.oauth_clients = vec![String::new()]),
        ("oauthClients", &|new| new.oauth_clients = vec!["a".into(); 101]),
        ("clientClaimName", &|new| new.client_claim_name = Some(String::new())),
        ("subjectClaimName", &|new| new.subject_claim_name = Some(String::new())),
    ] {
        let refusal = add(change).await.unwrap_err();
        assert!(matches!(refusal, TrustRefusal::Value(what) if what == name), "{name}: {refusal}");
    }
    let claim: &dyn Fn(&mut NewTrust) = &|new| new.client_claim_name = Some("azp".into());
    assert!(matches!(add(claim).await, Err(TrustRefusal::ClientClaim)));
    let values: &dyn Fn(&mut NewTrust) = &|new| new.client_claim_values = vec!["a".into()];
    assert!(matches!(add(values).await, Err(TrustRefusal::ClientClaim)));
    let mapping: &dyn Fn(&mut NewTrust) = &|new| new.subject_mapping_attribute = Some("emails.value".into());
    assert!(matches!(add(mapping).await, Err(TrustRefusal::Mapping)));
    let skew: &dyn Fn(&mut NewTrust) = &|new| new.clock_skew = Duration::from_secs(601);
    assert!(matches!(add(skew).await, Err(TrustRefusal::Skew)));
    let certificate: &dyn Fn(&mut NewTrust) = &|new| new.public_certificate = "nonsense".into();
    assert!(matches!(add(certificate).await, Err(TrustRefusal::Certificate(_))));
    assert_eq!(world.identity.trusts(STRIPE).await.unwrap(), []);

    add(&|_| ()).await.unwrap();
    assert!(matches!(add(&|new| new.issuer = "https://b/".into()).await, Err(TrustRefusal::Taken)));
    assert!(matches!(add(&|new| new.name = "b".into()).await, Err(TrustRefusal::Taken)));
    for number in 1..30 {
        let name = number.to_string();
        add(&|new| (new.name, new.issuer) = (name.clone(), name.clone())).await.unwrap();
    }
    assert!(matches!(add(&|new| (new.name, new.issuer) = ("x".into(), "x".into())).await, Err(TrustRefusal::TooMany)));
    assert_eq!(world.identity.trusts(STRIPE).await.unwrap().len(), 30);
}
