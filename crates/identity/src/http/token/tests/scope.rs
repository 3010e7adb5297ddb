//! Refusals of the scope (contract identity 2.6 and 2.7).

use super::*;

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
