//! What is issued: the answer, the claims, the lives and scopes of tokens.

use super::*;

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
