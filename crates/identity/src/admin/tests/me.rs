//! Me: who a token speaks for.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use obol_domain::lockout::LockState;

use crate::testing::{
    ME, OTHER_STRIPE, PASSWORD, STRIPE, USER, World, at_stripe, body_of, claims, get, password_form, send, token_of,
    token_request, whole,
};

const PATH: &str = "/admin/v1/Me";

// Contract identity 6.1 and 6.4.
#[tokio::test]
async fn me_is_the_tokens_user() {
    let world = World::new().await;
    let token = world.user_token().await;
    insta::assert_snapshot!(whole(world.send(get(PATH, Some(&token))).await).await, @r#"
    200
    cache-control: no-cache, no-store, must-revalidate
    content-length: 1739
    content-type: application/json;charset=utf-8
    etag: e1ab9206a2bed24f2dc5c22eec06cff6
    expires: Sat, 01 Jan 2000 00:00:00 GMT
    pragma: no-cache
    server: Oracle Identity Cloud Service
    strict-transport-security: max-age=31536000; includeSubdomains;
    via: 1.1 net-idcs-config
    x-content-type-options: nosniff
    x-oracle-dms-ecid: jsP1DVQ1919275498
    x-oracle-dms-rid: 0:1:1
    x-xss-protection: 1; mode=block

    {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User","urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User","urn:ietf:params:scim:schemas:oracle:idcs:extension:capabilities:User"],"id":"569b728638da68d8e8f23a282512d2a4","ocid":"ocid1.user.oc1..aaaaaaaakhj6ryklcnt73wq4sbfah2yqgubvfnhalbo3prsstnfidb5yoiue","meta":{"created":"2026-11-22T12:00:00.000Z","lastModified":"2026-11-22T12:00:00.000Z","resourceType":"Me","location":"https://idcs-00000000000000000000000000000001.identity.oraclecloud.com:443/admin/v1/Me/569b728638da68d8e8f23a282512d2a4","version":"e1ab9206a2bed24f2dc5c22eec06cff6"},"domainOcid":"ocid1.domain.oc1..aaaaaaaawqctbelx66c5rw4tbhqz2a6cjtziwcdjl2vf3hc2md5ixo2votfk","compartmentOcid":"ocid1.tenancy.oc1..aaaaaaaatest","tenancyOcid":"ocid1.tenancy.oc1..aaaaaaaatest","userName":"admin@example.com","name":{"formatted":"Ada Lovelace","familyName":"Lovelace","givenName":"Ada"},"displayName":"Ada Lovelace","active":true,"preferredLanguage":"en","locale":"en","timezone":"America/Chicago","emails":[{"value":"ada@example.com","type":"work","primary":true,"secondary":false,"verified":false},{"value":"ada@example.com","type":"recovery","primary":false,"secondary":false,"verified":false}],"urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User":{"locked":{"on":false}},"urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User":{"isFederatedUser":false},"urn:ietf:params:scim:schemas:oracle:idcs:extension:capabilities:User":{"canUseApiKeys":true,"canUseAuthTokens":true,"canUseConsolePassword":true,"canUseCustomerSecretKeys":true,"canUseOAuth2ClientCredentials":true,"canUseSmtpCredentials":true,"canUseDbCredentials":true}}
    "#);
}

// Contract identity 6.1.
#[tokio::test]
async fn the_version_changes_with_the_user_and_not_with_the_address() {
    let world = World::new().await;
    let token = world.user_token().await;
    let version = async |base: &str| {
        let mut request = get(PATH, Some(&token));
        request.extensions_mut().insert(crate::http::PublicBase(base.to_owned()));
        let response = world.send(request).await;
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();
        assert!(body_of(response).await.contains(&format!("\"location\":\"{base}/admin/v1/Me/")));
        tag
    };
    let before = version("http://127.0.0.1:4620/idcs-1").await;
    assert_eq!(version("http://idcs-1.localhost:4620").await, before);
    let mut tx = world.db().begin().await.unwrap();
    let now = world.identity.now().plus(Duration::from_secs(1));
    obol_store::users::set_active(&mut tx, STRIPE, &world.user.id, true, now).await.unwrap();
    tx.commit().await.unwrap();
    assert_ne!(version("http://idcs-1.localhost:4620").await, before);
}

#[tokio::test]
async fn without_a_token_nobody_is_me() {
    let world = World::new().await;
    insta::assert_snapshot!(world.refused(world.send(get(PATH, None)).await).await, @r#"
    401
    www-authenticate: Bearer
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"],"detail":"Operation failed due to unauthorized access.","status":"401","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error":{"messageId":"error.common.exception.unauthorizedAccess"}}
    check: token_present
    expected: an access token
    seen: none
    fix: send Authorization: Bearer with a token of this stripe
    "#);
    insta::assert_snapshot!(world.refused(world.send(get(PATH, Some("canary"))).await).await, @r#"
    401
    www-authenticate: Bearer
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"],"detail":"Operation failed due to unauthorized access.","status":"401","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error":{"messageId":"error.common.exception.unauthorizedAccess"}}
    check: token_readable
    expected: a JWT: three parts of base64url with dots between them, RS256
    seen: not three parts separated by dots
    fix: send the token as it was issued, whole and without line breaks
    "#);
    let file = r#"{"app_access_token":"canary"}"#;
    insta::assert_snapshot!(world.refused(world.send(get(PATH, Some(file))).await).await, @r#"
    401
    www-authenticate: Bearer
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"],"detail":"Operation failed due to unauthorized access.","status":"401","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error":{"messageId":"error.common.exception.unauthorizedAccess"}}
    check: token_readable
    expected: the token alone
    seen: the whole JSON of tokens.tok
    fix: send only the value of app_access_token, without braces and quotation marks
    "#);
}

#[tokio::test]
async fn a_clients_own_token_is_nobody() {
    let world = World::new().await;
    let token = world.client_token().await;
    insta::assert_snapshot!(world.refused(world.send(get(PATH, Some(&token))).await).await, @r#"
    401
    www-authenticate: Bearer
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"],"detail":"Operation failed due to unauthorized access.","status":"401","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error":{"messageId":"error.common.exception.unauthorizedAccess"}}
    check: token_of_a_user
    expected: a token that speaks for a user (sub_type user)
    seen: a client's own token (client_credentials)
    fix: use a grant with a user
    "#);
}

#[tokio::test]
async fn a_token_without_the_scope_is_refused() {
    let world = World::new().await;
    let token = world.token(&password_form(USER, PASSWORD, "openid")).await;
    insta::assert_snapshot!(world.refused(world.send(get(PATH, Some(&token))).await).await, @r#"
    401
    www-authenticate: Bearer
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"],"detail":"Operation failed due to unauthorized access.","status":"401","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error":{"messageId":"error.common.exception.unauthorizedAccess"}}
    check: token_scope
    expected: one of the scopes urn:opc:idm:t.user.me
    seen: a token without it
    fix: ask for it, or for urn:opc:idm:__myscopes__; client and user need an app role that opens it
    "#);
}

#[tokio::test]
async fn an_expired_token_is_refused_at_its_second() {
    let world = World::new().await;
    let token = world.user_token().await;
    world.clock.advance(Duration::from_secs(3599));
    assert_eq!(world.send(get(PATH, Some(&token))).await.status(), 200);
    world.clock.advance(Duration::from_secs(1));
    insta::assert_snapshot!(world.refused(world.send(get(PATH, Some(&token))).await).await, @r#"
    401
    www-authenticate: Bearer
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"],"detail":"Operation failed due to unauthorized access.","status":"401","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error":{"messageId":"error.common.exception.unauthorizedAccess"}}
    check: token_not_expired
    expected: a token that still lives
    seen: a token that expired at 2026-11-22T13:00:00.000Z
    fix: get a new token; they live for an hour
    "#);
}

// Contract identity 9: 60 s of clock skew. A dev cloud's clock can be set back.
#[tokio::test]
async fn a_token_from_the_future_is_refused_until_it_is_near() {
    let world = World::new().await;
    let ahead = world.node_ahead(Duration::from_secs(61));
    let request = token_request(Some(&world.basic()), &password_form(USER, PASSWORD, ME));
    let token = token_of(send(&ahead, request).await).await;
    insta::assert_snapshot!(world.refused(world.send(get(PATH, Some(&token))).await).await, @r#"
    401
    www-authenticate: Bearer
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"],"detail":"Operation failed due to unauthorized access.","status":"401","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error":{"messageId":"error.common.exception.unauthorizedAccess"}}
    check: token_not_early
    expected: a token issued at the service's time, or at most 60 seconds ahead of it
    seen: a token issued at 2026-11-22T12:01:01.000Z
    fix: the service's clock was set back since: get a new token
    "#);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.send(get(PATH, Some(&token))).await.status(), 200);
}

#[tokio::test]
async fn two_authorization_headers_are_refused() {
    let world = World::new().await;
    let token = world.user_token().await;
    for path in [PATH, "/admin/v1/SigningCert/jwk"] {
        let mut request = get(path, Some(&token));
        let same = request.headers()["authorization"].clone();
        request.headers_mut().append("authorization", same);
        let refused = world.refused(world.send(request).await).await;
        assert!(refused.starts_with("401") && refused.contains("check: token_sent_once"), "{refused}");
    }
}

#[tokio::test]
async fn altered_claims_are_refused() {
    let world = World::new().await;
    let token = world.user_token().await;
    let parts: Vec<_> = token.split('.').collect();
    let altered = crate::testing::claims_text(&token).replace("\"exp\":1", "\"exp\":9");
    let forged = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(altered), parts[2]);
    insta::assert_snapshot!(world.refused(world.send(get(PATH, Some(&forged))).await).await, @r#"
    401
    www-authenticate: Bearer
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"],"detail":"Operation failed due to unauthorized access.","status":"401","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error":{"messageId":"error.common.exception.unauthorizedAccess"}}
    check: token_signature
    expected: a signature by a key of the stripe's set
    seen: a signature that does not match
    fix: the token was altered, or the stripe was made anew: get a new token
    "#);
}

#[tokio::test]
async fn another_stripes_token_is_refused() {
    let world = World::new().await;
    let token = world.user_token().await;
    world.add_other_stripe().await;
    let request = at_stripe(get(PATH, Some(&token)), OTHER_STRIPE);
    insta::assert_snapshot!(world.refused(world.send(request).await).await, @r#"
    401
    www-authenticate: Bearer
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"],"detail":"Operation failed due to unauthorized access.","status":"401","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error":{"messageId":"error.common.exception.unauthorizedAccess"}}
    check: token_stripe
    expected: a token of this stripe
    seen: a token of idcs-00000000000000000000000000000001
    fix: get a new token from this stripe
    "#);
}

// The same stripe's name, another key: as after a stripe was made anew.
#[tokio::test]
async fn a_token_signed_by_another_key_is_refused() {
    let (world, other) = (World::new().await, World::seeded(8).await);
    let token = other.user_token().await;
    let refused = world.refused(world.send(get(PATH, Some(&token))).await).await;
    assert!(refused.contains("check: token_signature"), "{refused}");
}

#[tokio::test]
async fn a_user_who_was_locked_deactivated_or_deleted_since_is_refused_at_once() {
    let world = World::new().await;
    let token = world.user_token().await;
    let (user, now) = (world.user.id.as_str(), world.identity.now());
    let locked = LockState { failed_attempts: 5, locked_at: Some(now) };

    let mut tx = world.db().begin().await.unwrap();
    obol_store::users::set_lock(&mut tx, STRIPE, user, locked).await.unwrap();
    tx.commit().await.unwrap();
    insta::assert_snapshot!(world.refused(world.send(get(PATH, Some(&token))).await).await, @r#"
    401
    www-authenticate: Bearer
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"],"detail":"Operation failed due to unauthorized access.","status":"401","urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error":{"messageId":"error.common.exception.unauthorizedAccess"}}
    check: user_not_locked
    expected: a user who is not locked
    seen: a user locked until 2026-11-22T12:30:00.000Z
    fix: wait until then, or have an administrator unlock the user
    "#);

    let mut tx = world.db().begin().await.unwrap();
    obol_store::users::set_lock(&mut tx, STRIPE, user, LockState::default()).await.unwrap();
    obol_store::users::set_active(&mut tx, STRIPE, user, false, now).await.unwrap();
    tx.commit().await.unwrap();
    let refused = world.refused(world.send(get(PATH, Some(&token))).await).await;
    assert!(refused.contains("check: user_active"), "{refused}");

    let mut tx = world.db().begin().await.unwrap();
    obol_store::users::delete(&mut tx, STRIPE, user).await.unwrap();
    tx.commit().await.unwrap();
    let refused = world.refused(world.send(get(PATH, Some(&token))).await).await;
    assert!(refused.contains("check: user_known"), "{refused}");
}

#[tokio::test]
async fn other_methods_are_refused_and_basic_is_no_token() {
    let world = World::new().await;
    let request = http::Request::delete(PATH).body(axum::body::Body::empty()).unwrap();
    insta::assert_snapshot!(world.refused(world.send(request).await).await, @r#"
    405
    allow: GET, PUT, PATCH, HEAD
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"Request failed: HTTP 405 Method Not Allowed.","status":"405"}
    check: method_served
    expected: the endpoint's own method
    seen: another method
    fix: see docs/compatibility.md
    "#);
    let mut request = token_request(Some(&world.basic()), "");
    *request.uri_mut() = PATH.parse().unwrap();
    *request.method_mut() = http::Method::GET;
    assert_eq!(world.send(request).await.status(), 401);
}

#[tokio::test]
async fn a_token_carries_the_user_that_me_answers() {
    let world = World::new().await;
    let token = world.token(&password_form(" ADMIN@example.com ", PASSWORD, ME)).await;
    assert_eq!(claims(&token)["user_id"], world.user.id);
    assert_eq!(claims(&token)["sub"], USER);
}

#[tokio::test]
async fn what_the_admin_api_does_not_serve_is_not_found() {
    let world = World::new().await;
    insta::assert_snapshot!(world.refused(world.send(get("/admin/v1/Nothing", None)).await).await, @r#"
    404
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"Request failed: HTTP 404 Not Found.","status":"404"}
    check: endpoint_known
    expected: an endpoint that is served
    seen: another path
    fix: docs/compatibility.md lists what is served; discovery documents also name what this release has not
    "#);
}
