//! The token endpoint through the router. Every refusal states status, body and explanation.

use std::time::Duration;

use axum::body::Body;
use http::{Request, header};
use http_body_util::{BodyExt as _, Limited};
use obol_domain::{app_role::BuiltInRole, lockout::LockState};
use obol_protocol::{Secret, oauth::GrantType};
use obol_store::{apps, stripes, users};

use crate::{
    provisioning::NewApplication,
    testing::{
        ME, OTHER_STRIPE, PASSWORD, STRIPE, USER, World, at_stripe, basic, body_of, claims, claims_text,
        new_application, new_user, password_form, send, token_of, token_request, whole,
    },
};

const CLIENT_CREDENTIALS: &str = "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__";

fn password() -> String {
    password_form(USER, PASSWORD, ME)
}

// Contract identity 2.3: the body's order, and the headers captured on success.
#[tokio::test]
async fn a_token_answer_has_the_products_body_and_headers() {
    let world = World::new().await;
    let response = world.ask(CLIENT_CREDENTIALS).await;
    let mut text = whole(response).await;
    let start = text.find("eyJ").unwrap();
    let end = start + text[start..].find('"').unwrap();
    assert!(text[start..end].starts_with("eyJ4NXQjUzI1NiI6"), "contract identity 3.1");
    text.replace_range(start..end, "TOKEN");
    insta::assert_snapshot!(text, @r#"
    200
    cache-control: no-store
    content-length: 2280
    content-type: application/json;charset=UTF-8
    pragma: no-cache
    server: Oracle Identity Cloud Service
    strict-transport-security: max-age=31536000; includeSubdomains;
    via: 1.1 net-idcs-config
    x-content-type-options: nosniff
    x-oracle-dms-ecid: 6qDFtiF7318857006
    x-oracle-dms-rid: 0:1:1
    x-xss-protection: 1; mode=block

    {"access_token":"TOKEN","token_type":"Bearer","expires_in":3600}
    "#);
}

// Contract identity 3.2, Example B with the app roles of a token for the administration API.
#[tokio::test]
async fn a_client_token_has_the_claims_of_the_contract() {
    let world = World::new().await;
    insta::assert_snapshot!(claims_text(&world.client_token().await), @r#"{"client_ocid":"ocid1.domainapp.oc1..aaaaaaaayf36bfngzafse6dwlhefc3y3rmkqcutldp7mnrch7d4hjzg4wpsh","sub":"42f59ab2bf43c49de6fd00c1918aee5a","sidle":15,"user.tenant.name":"idcs-00000000000000000000000000000001","iss":"https://identity.oraclecloud.com/","domain_home":"us-ashburn-1","ca_ocid":"ocid1.tenancy.oc1..aaaaaaaatest","client_id":"42f59ab2bf43c49de6fd00c1918aee5a","domain_id":"ocid1.domain.oc1..aaaaaaaawqctbelx66c5rw4tbhqz2a6cjtziwcdjl2vf3hc2md5ixo2votfk","sub_type":"client","scope":"urn:opc:idm:t.security.client urn:opc:idm:t.user.me","client_tenantname":"idcs-00000000000000000000000000000001","region_name":"us-ashburn-idcs-1","exp":1795352400,"iat":1795348800,"client_guid":"a7c61772ed53f055aa1efc2902e21192","client_name":"Analytics_Token_App","tenant":"idcs-00000000000000000000000000000001","jti":"884bc6f154d6965b544ac49bfbd94787","gtp":"cc","opc":false,"sub_mappingattr":"userName","primTenant":true,"tok_type":"AT","aud":["https://idcs-00000000000000000000000000000001.identity.oraclecloud.com:443","urn:opc:lbaas:logicalguid=idcs-00000000000000000000000000000001"],"ca_name":"acme","clientAppRoles":["Authenticated Client","Me"],"domain":"OracleIdentityCloudService","tenant_iss":"https://idcs-00000000000000000000000000000001.identity.oraclecloud.com:443"}"#);
}

// Contract identity 3.2, Examples A and C.
#[tokio::test]
async fn a_users_token_has_the_claims_of_the_contract() {
    let world = World::new().await;
    insta::assert_snapshot!(claims_text(&world.user_token().await), @r#"{"client_ocid":"ocid1.domainapp.oc1..aaaaaaaayf36bfngzafse6dwlhefc3y3rmkqcutldp7mnrch7d4hjzg4wpsh","user_tz":"America/Chicago","sub":"admin@example.com","user_locale":"en","sidle":480,"user.tenant.name":"idcs-00000000000000000000000000000001","iss":"https://identity.oraclecloud.com/","domain_home":"us-ashburn-1","ca_ocid":"ocid1.tenancy.oc1..aaaaaaaatest","user_tenantname":"idcs-00000000000000000000000000000001","client_id":"42f59ab2bf43c49de6fd00c1918aee5a","domain_id":"ocid1.domain.oc1..aaaaaaaawqctbelx66c5rw4tbhqz2a6cjtziwcdjl2vf3hc2md5ixo2votfk","user_isAdmin":true,"sub_type":"user","scope":"urn:opc:idm:t.user.me","user_ocid":"ocid1.user.oc1..aaaaaaaakhj6ryklcnt73wq4sbfah2yqgubvfnhalbo3prsstnfidb5yoiue","client_tenantname":"idcs-00000000000000000000000000000001","region_name":"us-ashburn-idcs-1","user_lang":"en","userAppRoles":["Authenticated","Identity Domain Administrator"],"exp":1795352400,"iat":1795348800,"client_guid":"a7c61772ed53f055aa1efc2902e21192","client_name":"Analytics_Token_App","tenant":"idcs-00000000000000000000000000000001","jti":"884bc6f154d6965b544ac49bfbd94787","gtp":"ro","user_displayname":"Ada Lovelace","opc":false,"sub_mappingattr":"userName","primTenant":true,"tok_type":"AT","aud":["https://idcs-00000000000000000000000000000001.identity.oraclecloud.com:443","urn:opc:lbaas:logicalguid=idcs-00000000000000000000000000000001"],"ca_name":"acme","user_id":"569b728638da68d8e8f23a282512d2a4","clientAppRoles":["Authenticated Client","Me"],"domain":"OracleIdentityCloudService","tenant_iss":"https://idcs-00000000000000000000000000000001.identity.oraclecloud.com:443"}"#);
}

// Contract identity 2.7: the administration API's roles stand only in tokens for it.
#[tokio::test]
async fn a_token_for_openid_alone_lists_no_app_roles() {
    let world = World::new().await;
    let claims = claims(&world.token(&password_form(USER, PASSWORD, "openid profile")).await);
    assert_eq!(claims["scope"], "openid profile");
    for name in ["userAppRoles", "clientAppRoles", "user_isAdmin"] {
        assert!(claims.get(name).is_none(), "{name}");
    }
}

// Contract identity 2.4: both places for the secret, and percent-encoding in Basic.
#[tokio::test]
async fn a_client_may_send_its_secret_in_the_body() {
    let world = World::new().await;
    let form = format!(
        "{CLIENT_CREDENTIALS}&client_id={}&client_secret={}",
        world.app.client_id,
        world.app.client_secret.expose()
    );
    token_of(world.send(token_request(None, &form)).await).await;
}

#[tokio::test]
async fn a_supplied_secret_works_again_and_again_and_a_wrong_one_never() {
    let world = World::new().await;
    let new = NewApplication { secret: Some(Secret::new("canary secret:%/+")), ..new_application() };
    let mut tx = world.db().begin().await.unwrap();
    let app = world.provisioning().application(&mut tx, STRIPE, &new).await.unwrap();
    tx.commit().await.unwrap();
    world.identity.forget(STRIPE);
    let right = basic(&app.client_id, "canary+secret%3A%25%2F%2B");
    let wrong = basic(&app.client_id, "canary+secret%3A%25%2F%2C");
    for _ in 0..2 {
        assert_eq!(world.send(token_request(Some(&wrong), CLIENT_CREDENTIALS)).await.status(), 401);
        token_of(world.send(token_request(Some(&right), CLIENT_CREDENTIALS)).await).await;
    }
}

#[tokio::test]
async fn two_tokens_are_never_the_same() {
    let world = World::new().await;
    let (one, two) = (world.client_token().await, world.client_token().await);
    assert_ne!(claims(&one)["jti"], claims(&two)["jti"]);
}

// Contract identity 2.7: a chosen, shorter life.
#[tokio::test]
async fn expires_in_is_exp_minus_iat() {
    let world = World::new().await;
    let response =
        world.ask("grant_type=client_credentials&scope=urn:opc:idm:t.user.me%20urn:opc:resource:expiry=100").await;
    let body: serde_json::Value = serde_json::from_str(&body_of(response).await).unwrap();
    assert_eq!(body["expires_in"], 100);
    let claims = claims(body["access_token"].as_str().unwrap());
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 100);
}

// Contract identity 2.1: a role scope's space is double-encoded.
#[tokio::test]
async fn a_role_scope_carries_that_roles_scopes_only() {
    let world = World::new().await;
    let mut tx = world.db().begin().await.unwrap();
    let provisioning = world.provisioning();
    provisioning.grant_to_client(&mut tx, STRIPE, &world.app.id, BuiltInRole::AuditAdministrator).await.unwrap();
    provisioning.grant_to_user(&mut tx, STRIPE, &world.user.id, BuiltInRole::AuditAdministrator).await.unwrap();
    tx.commit().await.unwrap();
    world.identity.forget(STRIPE);
    let form = format!(
        "grant_type=password&username={USER}&password={}&scope=urn:opc:idm:role.Audit%2520Administrator",
        obol_protocol::oauth::form::encode(PASSWORD)
    );
    assert_eq!(claims(&world.token(&form).await)["scope"], BuiltInRole::AuditAdministrator.scopes().join(" "));
}

// Contract identity 2.7: allowedOperations onBehalfOfUser.
#[tokio::test]
async fn a_client_on_behalf_of_its_user_gets_the_users_scopes() {
    let world = World::new().await;
    let new = NewApplication { allowed_operations: vec!["onBehalfOfUser".into()], ..new_application() };
    let mut tx = world.db().begin().await.unwrap();
    let app = world.provisioning().application(&mut tx, STRIPE, &new).await.unwrap();
    tx.commit().await.unwrap();
    world.identity.forget(STRIPE);
    let authorization = basic(&app.client_id, app.client_secret.expose());
    let form = password_form(USER, PASSWORD, "urn:opc:idm:t.users");
    let claims = claims(&token_of(world.send(token_request(Some(&authorization), &form)).await).await);
    assert_eq!(claims["onBehalfOfUser"], true);
    assert_eq!(claims["scope"], "urn:opc:idm:t.users");
}

#[tokio::test]
async fn a_stripe_is_found_by_its_name() {
    let world = World::new().await;
    world.add_other_stripe().await;
    let request = at_stripe(token_request(Some(&world.basic()), CLIENT_CREDENTIALS), STRIPE);
    assert_eq!(claims(&token_of(world.send(request).await).await)["tenant"], STRIPE);
}

// ---- refusals: the request ----

#[tokio::test]
async fn the_form_is_read_strictly() {
    let world = World::new().await;
    let duplicate = format!("{CLIENT_CREDENTIALS}&scope=urn:opc:idm:t.user.me");
    insta::assert_snapshot!(world.refused(world.ask(&duplicate).await).await, @r#"
    400
    {"error":"invalid_request","error_description":"A parameter was sent more than once."}
    check: form_readable
    expected: application/x-www-form-urlencoded in UTF-8, each parameter once, at most 64 KiB
    seen: the parameter "scope" was sent more than once
    fix: send the parameters as curl -d does
    "#);

    let json = Request::post("/oauth2/v1/token").header(header::CONTENT_TYPE, "application/json");
    let json = json.body(Body::from(CLIENT_CREDENTIALS)).unwrap();
    insta::assert_snapshot!(world.refused(world.send(json).await).await, @r#"
    400
    {"error":"invalid_request","error_description":"The content type must be application/x-www-form-urlencoded in UTF-8."}
    check: form_readable
    expected: application/x-www-form-urlencoded in UTF-8, each parameter once, at most 64 KiB
    seen: the content type is not application/x-www-form-urlencoded
    fix: send the parameters as curl -d does
    "#);

    insta::assert_snapshot!(world.refused(world.ask("grant_type=password&username=%ff").await).await, @r#"
    400
    {"error":"invalid_request","error_description":"The request is not properly encoded."}
    check: form_readable
    expected: application/x-www-form-urlencoded in UTF-8, each parameter once, at most 64 KiB
    seen: a name or value is not UTF-8
    fix: send the parameters as curl -d does
    "#);

    let long = format!("{CLIENT_CREDENTIALS}&x={}", "a".repeat(70_000));
    insta::assert_snapshot!(world.refused(world.ask(&long).await).await, @r#"
    400
    {"error":"invalid_request","error_description":"The request is too large."}
    check: form_readable
    expected: application/x-www-form-urlencoded in UTF-8, each parameter once, at most 64 KiB
    seen: the body is longer than 65536 bytes
    fix: send the parameters as curl -d does
    "#);
}

#[tokio::test]
async fn a_grant_must_be_named_known_and_whole() {
    let world = World::new().await;
    insta::assert_snapshot!(world.refused(world.ask("scope=urn:opc:idm:t.user.me").await).await, @r#"
    400
    {"error":"invalid_request","error_description":"A required parameter is missing."}
    check: grant_readable
    expected: grant_type client_credentials, or password with username and password
    seen: the parameter "grant_type" is missing
    fix: name a grant that is served here, with all its parameters
    "#);
    insta::assert_snapshot!(world.refused(world.ask("grant_type=nonsense&scope=openid").await).await, @r#"
    400
    {"error":"unsupported_grant_type","error_description":"The grant type is not supported."}
    check: grant_readable
    expected: grant_type client_credentials, or password with username and password
    seen: no grant's name
    fix: name a grant that is served here, with all its parameters
    "#);
    insta::assert_snapshot!(world.refused(world.ask("grant_type=password&username=a&scope=openid").await).await, @r#"
    400
    {"error":"invalid_request","error_description":"A required parameter is missing."}
    check: grant_readable
    expected: grant_type client_credentials, or password with username and password
    seen: the parameter "password" is missing
    fix: name a grant that is served here, with all its parameters
    "#);
}

#[tokio::test]
async fn only_post_issues_tokens() {
    let world = World::new().await;
    let request = Request::get("/oauth2/v1/token").body(Body::empty()).unwrap();
    insta::assert_snapshot!(world.refused(world.send(request).await).await, @r#"
    405
    allow: POST
    {"error":"invalid_request","error_description":"The method is not allowed."}
    check: method_served
    expected: the endpoint's own method
    seen: another method
    fix: see docs/compatibility.md
    "#);
}

#[tokio::test]
async fn an_unknown_endpoint_is_not_found_in_its_own_dialect() {
    let world = World::new().await;
    let request = Request::get("/oauth2/v1/nothing").body(Body::empty()).unwrap();
    insta::assert_snapshot!(world.refused(world.send(request).await).await, @r#"
    404
    {"error":"invalid_request","error_description":"The endpoint does not exist."}
    check: endpoint_known
    expected: an endpoint that is served
    seen: another path
    fix: served are POST /oauth2/v1/token, GET /.well-known/openid-configuration, GET /.well-known/idcs-configuration, GET /admin/v1/SigningCert/jwk, GET /admin/v1/Me; discovery documents also name what this release has not, see docs/compatibility.md
    "#);
}

#[tokio::test]
async fn an_unknown_stripe_is_not_found() {
    let world = World::new().await;
    for stripe in ["idcs-99999999999999999999999999999999", "", "\0"] {
        let request = at_stripe(token_request(Some(&world.basic()), CLIENT_CREDENTIALS), stripe);
        assert_eq!(world.send(request).await.status(), 404, "{stripe}");
    }
    world.add_other_stripe().await;
    // Without a name there must be exactly one.
    insta::assert_snapshot!(world.refused(world.ask(CLIENT_CREDENTIALS).await).await, @r#"
    404
    {"error":"invalid_request","error_description":"The identity domain does not exist."}
    check: stripe_known
    expected: a stripe named by the host or the first part of the path
    seen: none that exists here
    fix: use the stripe's own URL; without one there must be exactly one stripe
    "#);
}

// ---- refusals: the client (contract identity 2.4 and 2.6) ----

#[tokio::test]
async fn a_client_must_present_itself_once() {
    let world = World::new().await;
    insta::assert_snapshot!(world.refused(world.send(token_request(None, CLIENT_CREDENTIALS)).await).await, @r#"
    401
    {"error":"invalid_client","error_description":"Client authentication failed."}
    check: client_presented
    expected: a client id and secret, by Basic or in the body, but not both
    seen: no client credentials were sent
    fix: use curl -u id:secret, or client_id and client_secret in the body
    "#);
    let both = format!("{CLIENT_CREDENTIALS}&client_id={}&client_secret=x", world.app.client_id);
    insta::assert_snapshot!(world.refused(world.ask(&both).await).await, @r#"
    400
    {"error":"invalid_request","error_description":"More than one client authentication method was used."}
    check: client_presented
    expected: a client id and secret, by Basic or in the body, but not both
    seen: more than one client authentication method was used
    fix: use curl -u id:secret, or client_id and client_secret in the body
    "#);
    let assertion = format!("{CLIENT_CREDENTIALS}&client_assertion_type=x&client_assertion=y");
    insta::assert_snapshot!(world.refused(world.send(token_request(None, &assertion)).await).await, @r#"
    401
    {"error":"invalid_client","error_description":"Client authentication failed."}
    check: client_presented
    expected: a client id and secret, by Basic or in the body, but not both
    seen: client assertions are not accepted
    fix: use curl -u id:secret, or client_id and client_secret in the body
    "#);
}

#[tokio::test]
async fn a_client_that_fails_to_authenticate_learns_nothing_about_why() {
    let world = World::new().await;
    let known = world.app.client_id.as_str();
    let wrong = world.send(token_request(Some(&basic(known, "canary-wrong")), CLIENT_CREDENTIALS)).await;
    insta::assert_snapshot!(world.refused(wrong).await, @r#"
    401
    www-authenticate: Basic realm="idcs"
    {"error":"invalid_client","error_description":"Client authentication failed."}
    check: client_secret_matches
    expected: the secret of 42f59ab2bf43c49de6fd00c1918aee5a
    seen: another secret
    fix: check the secret, and that each part of Basic credentials is URL-encoded; regenerate it if it is lost
    "#);
    let unknown = world.send(token_request(Some(&basic("nobody", "canary-wrong")), CLIENT_CREDENTIALS)).await;
    insta::assert_snapshot!(world.refused(unknown).await, @r#"
    401
    www-authenticate: Basic realm="idcs"
    {"error":"invalid_client","error_description":"Client authentication failed."}
    check: client_known
    expected: the client id of an application of this stripe
    seen: an unknown id of 6 characters
    fix: check the client id and the stripe in the URL
    "#);
    let resource = world.send(token_request(Some(&basic("IDCSApp", "canary-wrong")), CLIENT_CREDENTIALS)).await;
    insta::assert_snapshot!(world.refused(resource).await, @r#"
    401
    www-authenticate: Basic realm="idcs"
    {"error":"invalid_client","error_description":"Client authentication failed."}
    check: client_known
    expected: an application configured as a client
    seen: IDCSApp, which is a resource only
    fix: configure the application as a client, or use another one
    "#);
    let secretless = format!("{CLIENT_CREDENTIALS}&client_id={known}");
    insta::assert_snapshot!(world.refused(world.send(token_request(None, &secretless)).await).await, @r#"
    401
    {"error":"invalid_client","error_description":"Client authentication failed."}
    check: client_secret_present
    expected: the client's secret, by Basic or in the body
    seen: the client id 42f59ab2bf43c49de6fd00c1918aee5a alone
    fix: send the secret, e.g. with curl -u id:secret
    "#);

    let mut tx = world.db().begin().await.unwrap();
    apps::set_active(&mut tx, STRIPE, &world.app.id, false, world.identity.now()).await.unwrap();
    stripes::bump(&mut tx, STRIPE).await.unwrap();
    tx.commit().await.unwrap();
    world.identity.forget(STRIPE);
    insta::assert_snapshot!(world.refused(world.ask(CLIENT_CREDENTIALS).await).await, @r#"
    401
    www-authenticate: Basic realm="idcs"
    {"error":"invalid_client","error_description":"Client authentication failed."}
    check: client_active
    expected: an active application
    seen: 42f59ab2bf43c49de6fd00c1918aee5a, which is inactive
    fix: activate the application
    "#);
}

#[tokio::test]
async fn another_stripes_client_is_unknown() {
    let world = World::new().await;
    world.add_other_stripe().await;
    let request = at_stripe(token_request(Some(&world.basic()), CLIENT_CREDENTIALS), OTHER_STRIPE);
    assert_eq!(world.send(request).await.status(), 401);
}

#[tokio::test]
async fn a_grant_that_the_client_may_not_use_is_refused() {
    let world = World::new().await;
    let new = NewApplication { allowed_grants: vec![GrantType::Password], ..new_application() };
    let mut tx = world.db().begin().await.unwrap();
    let app = world.provisioning().application(&mut tx, STRIPE, &new).await.unwrap();
    tx.commit().await.unwrap();
    world.identity.forget(STRIPE);
    let authorization = basic(&app.client_id, app.client_secret.expose());
    let response = world.send(token_request(Some(&authorization), CLIENT_CREDENTIALS)).await;
    insta::assert_snapshot!(world.refused(response).await, @r#"
    401
    {"error":"unauthorized_client","error_description":"Client authorization failed."}
    check: grant_allowed_to_client
    expected: one of password
    seen: client_credentials
    fix: allow Client Credentials in the application's configuration
    "#);
}

// ---- refusals: the user (contract identity 2.6) ----

#[tokio::test]
async fn a_user_who_fails_to_sign_in_learns_nothing_about_why() {
    let world = World::new().await;
    let wrong = world.ask(&password_form(USER, "canary-wrong", ME)).await;
    insta::assert_snapshot!(world.refused(wrong).await, @r#"
    400
    {"error":"invalid_grant","error_description":"You entered an incorrect user name or password."}
    check: password_matches
    expected: the user's password
    seen: another password, 1 of 5 attempts before the user is locked
    fix: check the password; percent-encode it in the form, as curl does with --data-urlencode
    "#);
    let unknown = world.ask(&password_form("nobody", "canary-wrong", ME)).await;
    insta::assert_snapshot!(world.refused(unknown).await, @r#"
    400
    {"error":"invalid_grant","error_description":"You entered an incorrect user name or password."}
    check: user_known
    expected: a user of this stripe who has a password
    seen: no such user
    fix: check the user name (it may be an email address) and the stripe in the URL
    "#);

    let mut tx = world.db().begin().await.unwrap();
    let locked = LockState { failed_attempts: 5, locked_at: Some(world.identity.now()) };
    users::set_lock(&mut tx, STRIPE, &world.user.id, locked).await.unwrap();
    tx.commit().await.unwrap();
    insta::assert_snapshot!(world.refused(world.ask(&password()).await).await, @r#"
    400
    {"error":"invalid_grant","error_description":"You entered an incorrect user name or password."}
    check: user_not_locked
    expected: a user who is not locked
    seen: a user locked until 2026-11-22T12:30:00.000Z
    fix: wait until then, or have an administrator unlock the user
    "#);

    let mut tx = world.db().begin().await.unwrap();
    users::set_active(&mut tx, STRIPE, &world.user.id, false, world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
    insta::assert_snapshot!(world.refused(world.ask(&password()).await).await, @r#"
    400
    {"error":"invalid_grant","error_description":"You entered an incorrect user name or password."}
    check: user_active
    expected: an active user
    seen: a deactivated user
    fix: have an administrator activate the user
    "#);
}

#[tokio::test]
async fn a_user_without_a_password_cannot_sign_in_by_one() {
    let world = World::new().await;
    let mut tx = world.db().begin().await.unwrap();
    let new = crate::provisioning::NewUser { password: None, ..new_user("federated") };
    world.provisioning().user(&mut tx, STRIPE, &new).await.unwrap();
    tx.commit().await.unwrap();
    for password in ["x", "null", "*"] {
        assert_eq!(world.ask(&password_form("federated", password, ME)).await.status(), 400);
    }
}

// Contract identity 9: five attempts, thirty minutes.
#[tokio::test]
async fn five_wrong_passwords_lock_and_the_lock_opens_after_thirty_minutes() {
    let world = World::new().await;
    for _ in 0..5 {
        assert_eq!(world.ask(&password_form(USER, "wrong", ME)).await.status(), 400);
    }
    let refused = world.refused(world.ask(&password()).await).await;
    assert!(refused.contains("check: user_not_locked"), "{refused}");
    world.clock.advance(Duration::from_mins(30) - Duration::from_micros(1));
    assert_eq!(world.ask(&password()).await.status(), 400);
    world.clock.advance(Duration::from_micros(1));
    world.user_token().await;
    let user = users::by_id(world.db(), STRIPE, &world.user.id).await.unwrap().unwrap();
    assert_eq!(user.lock, LockState::default());
}

#[tokio::test]
async fn a_hash_that_cannot_be_read_is_our_failure_and_locks_nobody() {
    let world = World::new().await;
    let mut tx = world.db().begin().await.unwrap();
    users::set_password(&mut tx, STRIPE, &world.user.id, "canary", world.identity.now()).await.unwrap();
    let new = NewApplication { secret: Some(Secret::new("x")), ..new_application() };
    let app = world.provisioning().application(&mut tx, STRIPE, &new).await.unwrap();
    let unreadable = apps::ClientSecret::Password("canary".into());
    apps::set_secret(&mut tx, STRIPE, &app.id, &unreadable, world.identity.now()).await.unwrap();
    tx.commit().await.unwrap();
    world.identity.forget(STRIPE);
    for _ in 0..6 {
        let answer = world.refused(world.ask(&password()).await).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer, @r#"
            500
            {"error":"server_error","error_description":"The server could not process the request."}
            "#);
        }
    }
    let user = users::by_id(world.db(), STRIPE, &world.user.id).await.unwrap().unwrap();
    assert_eq!(user.lock, LockState::default());
    let request = token_request(Some(&basic(&app.client_id, "x")), CLIENT_CREDENTIALS);
    assert_eq!(world.send(request).await.status(), 500);
}

#[tokio::test]
async fn a_right_password_forgets_the_wrong_ones_before_it() {
    let world = World::new().await;
    for _ in 0..3 {
        for _ in 0..4 {
            world.ask(&password_form(USER, "wrong", ME)).await;
        }
        world.user_token().await;
    }
}

/// On SQLite only, where a second writer waits for the first; the statements are the same on both engines.
#[cfg(not(feature = "postgres-tests"))]
#[tokio::test]
async fn a_successful_token_writes_nothing() {
    let world = World::new().await;
    world.user_token().await;
    // A writer that nobody else can get past shows that none is needed.
    let blocked = world.db().begin().await.unwrap();
    world.user_token().await;
    world.client_token().await;
    drop(blocked);
}

#[tokio::test]
async fn a_flood_of_passwords_is_turned_away_and_tokens_without_one_are_not_held_up() {
    let world = World::new().await;
    let all = world.identity.0.passwords.occupy();
    insta::assert_snapshot!(world.refused(world.ask(&password()).await).await, @r#"
    503
    retry-after: 1
    {"error":"temporarily_unavailable","error_description":"The service is busy."}
    check: password_capacity
    expected: a free place among those whose password is being checked
    seen: none
    fix: repeat after the time that Retry-After gives
    "#);
    world.client_token().await;
    drop(all);
    world.user_token().await;
}

// ---- refusals: the scope (contract identity 2.6 and 2.7) ----

#[tokio::test]
async fn a_scope_that_was_not_granted_is_refused() {
    let world = World::new().await;
    let form = password_form(USER, PASSWORD, "urn:opc:idm:t.user.me urn:opc:idm:t.users");
    insta::assert_snapshot!(world.refused(world.ask(&form).await).await, @r#"
    401
    {"error":"unauthorized_client","error_description":"Client authorization failed."}
    check: scope_granted_to_client
    expected: scopes the client was given
    seen: urn:opc:idm:t.users
    fix: grant the client an app role that opens the scope (for t.user.me the role Me), or ask for a scope it has
    "#);
    let user = password_form(USER, PASSWORD, "urn:opc:idm:role.Audit%20Administrator");
    insta::assert_snapshot!(world.refused(world.ask(&user).await).await, @r#"
    401
    {"error":"unauthorized_client","error_description":"Client authorization failed."}
    check: scope_granted_to_client
    expected: scopes the client was given
    seen: urn:opc:idm:role.Audit%20Administrator
    fix: grant the client an app role that opens the scope (for t.user.me the role Me), or ask for a scope it has
    "#);
}

#[tokio::test]
async fn a_scope_that_makes_no_sense_is_invalid() {
    let world = World::new().await;
    insta::assert_snapshot!(world.refused(world.ask("grant_type=client_credentials").await).await, @r#"
    400
    {"error":"invalid_scope","error_description":"The scope is invalid."}
    check: scope_requested
    expected: at least one scope
    seen: none
    fix: send scope, e.g. scope=urn:opc:idm:t.user.me
    "#);
    for scope in [
        "openid",
        "urn:opc:idm:t.user.me+offline_access",
        "urn:opc:resource:consumer::all+https://api/read",
        "urn:opc:idm:t.user.me+urn:opc:resource:expiry=99999999",
        "urn:opc:idm:t.user.me+urn:opc:resource:expiry=x",
        "urn:opc:idm:role.",
        "%22",
    ] {
        let response = world.ask(&format!("grant_type=client_credentials&scope={scope}")).await;
        assert_eq!(response.status(), 400, "{scope}");
        assert!(body_of(response).await.contains(r#""error":"invalid_scope""#), "{scope}");
    }
}

#[tokio::test]
async fn the_password_is_checked_before_the_scope() {
    let world = World::new().await;
    let refused = world.refused(world.ask(&password_form(USER, "wrong", "urn:opc:idm:t.users")).await).await;
    assert!(refused.contains("check: password_matches"), "{refused}");
}

// ---- the body's way here ----

#[tokio::test]
async fn a_body_that_breaks_off_is_not_called_too_large() {
    let world = World::new().await;
    let mut request = token_request(Some(&world.basic()), "");
    let broken = Limited::new(CLIENT_CREDENTIALS.to_owned(), 3).map_err(|_| std::io::Error::other("reset"));
    *request.body_mut() = Body::new(broken);
    insta::assert_snapshot!(world.refused(world.send(request).await).await, @r#"
    400
    {"error":"invalid_request","error_description":"The request could not be received."}
    check: body_received
    expected: a whole body
    seen: one that broke off
    fix: send the request again
    "#);
}

// ---- several nodes (design: a change on one holds on all within a second) ----

async fn deactivate(world: &World) {
    let mut tx = world.db().begin().await.unwrap();
    apps::set_active(&mut tx, STRIPE, &world.app.id, false, world.identity.now()).await.unwrap();
    stripes::bump(&mut tx, STRIPE).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_change_on_one_node_holds_on_the_other_within_a_second() {
    let world = World::new().await;
    let other = world.node();
    let request = || token_request(Some(&world.basic()), CLIENT_CREDENTIALS);
    assert_eq!(send(&other, request()).await.status(), 200);
    deactivate(&world).await;
    world.identity.forget(STRIPE);
    assert_eq!(world.send(request()).await.status(), 401, "at once where it was made");
    world.clock.advance(Duration::from_millis(999));
    assert_eq!(send(&other, request()).await.status(), 200, "the other node did not look yet");
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(send(&other, request()).await.status(), 401, "without any background work");
}

#[tokio::test]
async fn the_background_poll_notices_a_change_in_half_a_second() {
    let world = World::new().await;
    let other = world.node();
    let watched = other.clone();
    let watch = tokio::spawn(async move { watched.watch().await });
    let request = || token_request(Some(&world.basic()), CLIENT_CREDENTIALS);
    assert_eq!(send(&other, request()).await.status(), 200);
    deactivate(&world).await;
    for _ in 0..10_000 {
        if world.clock.sleepers() > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    world.clock.advance(Duration::from_millis(499));
    assert_eq!(send(&other, request()).await.status(), 200, "nobody looked yet");
    world.clock.advance(Duration::from_millis(1));
    // Time stands still from here on, half a second before requests would look themselves. The loop reads on its own
    // task; a bounded number of turns lets it.
    let mut status = 200;
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
        status = send(&other, request()).await.status().as_u16();
        if status == 401 {
            break;
        }
    }
    assert_eq!(status, 401);
    watch.abort();
}

#[tokio::test]
async fn nothing_is_issued_when_the_versions_cannot_be_read() {
    let world = World::new().await;
    world.client_token().await;
    world.db().close().await;
    assert_eq!(world.ask(CLIENT_CREDENTIALS).await.status(), 200, "within the second everything is in memory");
    world.clock.advance(Duration::from_secs(1));
    let response = world.ask(CLIENT_CREDENTIALS).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    insta::assert_snapshot!(body_of(response).await, @r#"{"error":"temporarily_unavailable","error_description":"The service is not available."}"#);
}

// RFC 9110 section 5.3: the header is no list, so two of them have no meaning.
#[tokio::test]
async fn two_authorization_headers_are_refused() {
    let world = World::new().await;
    let mut request = token_request(Some(&world.basic()), CLIENT_CREDENTIALS);
    request.headers_mut().append(header::AUTHORIZATION, world.basic().parse().unwrap());
    let refused = world.refused(world.send(request).await).await;
    assert!(refused.starts_with("400"), "{refused}");
    assert!(refused.contains("seen: the Authorization header was sent more than once"), "{refused}");
}

// ---- secrets ----

#[tokio::test]
async fn no_secret_stands_in_an_answer_an_explanation_or_a_debug_text() {
    let world = World::new().await;
    let mut seen = Vec::new();
    for form in [
        password_form(USER, "canary-wrong", ME),
        password_form("nobody", "canary-wrong", ME),
        format!("{}&password=canary-twice", password()),
        "grant_type=password&username=canary&password=canary-%zz".to_owned(),
        format!("{CLIENT_CREDENTIALS}&client_assertion=canary-assertion&client_assertion_type=x"),
        password_form(USER, PASSWORD, "urn:opc:idm:t.users"),
        "canary-name=1&canary-name=2".to_owned(),
        "grant_type=canary-grant".to_owned(),
        "grant_type=client_credentials&scope=canary-scope".to_owned(),
        "grant_type=client_credentials&scope=urn:opc:idm:canary-scope".to_owned(),
        "grant_type=client_credentials&scope=urn:opc:idm:role.canary-role".to_owned(),
        "grant_type=client_credentials&scope=https://canary-host/canary-path".to_owned(),
        password_form(USER, PASSWORD, "urn:opc:resource:consumer:canary-name::all"),
        "grant_type=client_credentials&scope=urn:opc:resource:expiry=canary-1".to_owned(),
    ] {
        seen.push(world.refused(world.ask(&form).await).await);
        let wrong = basic(&world.app.client_id, "canary-secret");
        seen.push(world.refused(world.send(token_request(Some(&wrong), &form)).await).await);
    }
    let swapped = basic(world.app.client_secret.expose(), &world.app.client_id);
    seen.push(world.refused(world.send(token_request(Some(&swapped), CLIENT_CREDENTIALS)).await).await);
    let swapped = basic("canary-supplied", "x");
    seen.push(world.refused(world.send(token_request(Some(&swapped), CLIENT_CREDENTIALS)).await).await);
    seen.push(format!("{:?} {:?} {:?}", world.identity, world.app, new_user(USER)));
    let token = world.user_token().await;
    let mut broken = token.clone();
    broken.replace_range(token.len() - 4.., "AAAA");
    seen.push(world.refused(world.send(crate::testing::get("/admin/v1/Me", Some(&broken))).await).await);
    let signature = token.rsplit('.').next().unwrap();
    let secret = world.app.client_secret.expose();
    for text in seen {
        for canary in ["canary-", PASSWORD, secret, &token, &signature[..40]] {
            assert!(!text.contains(canary), "{canary} in {text}");
        }
    }
}
