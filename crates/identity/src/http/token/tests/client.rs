//! Refusals of the client (contract identity 2.4 and 2.6).

use super::*;

#[tokio::test]
async fn a_client_must_present_itself_once() {
    let world = World::new().await;
    insta::assert_snapshot!(world.refused(world.send(token_request(None, CLIENT_CREDENTIALS)).await).await, @r#"
    401
    {"error":"invalid_client","error_description":"Client authentication failed."}
    check: client_presented
    expected: a client id and secret, by Basic or in the body, or a client assertion, and only one of them
    seen: no client credentials were sent
    fix: use curl -u id:secret, client_id and client_secret in the body, or client_assertion with its type
    "#);
    let both = format!("{CLIENT_CREDENTIALS}&client_id={}&client_secret=x", world.app.client_id);
    insta::assert_snapshot!(world.refused(world.ask(&both).await).await, @r#"
    400
    {"error":"invalid_request","error_description":"More than one client authentication method was used."}
    check: client_presented
    expected: a client id and secret, by Basic or in the body, or a client assertion, and only one of them
    seen: more than one client authentication method was used
    fix: use curl -u id:secret, client_id and client_secret in the body, or client_assertion with its type
    "#);
    let assertion = format!("{CLIENT_CREDENTIALS}&client_assertion_type=x&client_assertion=y");
    insta::assert_snapshot!(world.refused(world.send(token_request(None, &assertion)).await).await, @r#"
    401
    {"error":"invalid_client","error_description":"Client authentication failed."}
    check: client_presented
    expected: a client id and secret, by Basic or in the body, or a client assertion, and only one of them
    seen: the type of the client assertion is not jwt-bearer
    fix: use curl -u id:secret, client_id and client_secret in the body, or client_assertion with its type
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
