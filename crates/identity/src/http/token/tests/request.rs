//! Refusals of the request: its form, its method, its path, its stripe, its body's way here.

use super::*;

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
    expected: a grant_type that is served, with all its parameters
    seen: the parameter "grant_type" is missing
    fix: name a grant that is served here, with all its parameters
    "#);
    insta::assert_snapshot!(world.refused(world.ask("grant_type=nonsense&scope=openid").await).await, @r#"
    400
    {"error":"unsupported_grant_type","error_description":"The grant type is not supported."}
    check: grant_readable
    expected: a grant_type that is served, with all its parameters
    seen: no grant's name
    fix: name a grant that is served here, with all its parameters
    "#);
    insta::assert_snapshot!(world.refused(world.ask("grant_type=password&username=a&scope=openid").await).await, @r#"
    400
    {"error":"invalid_request","error_description":"A required parameter is missing."}
    check: grant_readable
    expected: a grant_type that is served, with all its parameters
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
    fix: docs/compatibility.md lists what is served; discovery documents also name what this release has not
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
