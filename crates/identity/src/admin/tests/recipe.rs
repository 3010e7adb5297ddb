//! Oracle's recipe of the confidential application (contract identity 5.1 to 5.3), by bearer token from end to end, and the
//! patches that clients send (5.4).

use obol_protocol::oauth::form::encode;
use serde_json::{Value, json};

use super::{
    applications::{APP, app, app_id_of_role, grant_to_app},
    support::{Office, patch},
};
use crate::testing::{ME, PASSWORD, USER, basic, claims, get, password_form, token_of, token_request};

fn recipe() -> Value {
    json!({
        "schemas": [APP], "basedOnTemplate": {"value": "CustomWebAppTemplateId"}, "displayName": "OAC_Token_App",
        "description": "For tokens", "clientType": "confidential", "isOAuthClient": true,
        "allowedGrants": ["password", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
    })
}

// Contract identity 5.2 and 5.3.
#[tokio::test]
async fn the_confidential_application_of_analytics_is_made_by_api() {
    let office = Office::new().await;
    let made = office.send("POST", "/Apps", &recipe()).await.ok(201);
    let (id, client_id) = (made.text("/id").to_owned(), made.text("/name").to_owned());
    let secret = made.text("/clientSecret").to_owned();
    let groups: Vec<_> = secret.split('-').map(str::len).collect();
    assert_eq!((id.len(), client_id.len(), groups), (32, 32, vec![8, 4, 4, 4, 12]));
    assert_ne!(id, client_id);
    assert_eq!(made.body["active"], false);
    assert!(made.header("location").ends_with(&format!("/admin/v1/Apps/{id}")));

    let form = password_form(USER, PASSWORD, ME);
    let ask = async || office.world.send(token_request(Some(&basic(&client_id, &secret)), &form)).await;
    assert_eq!(ask().await.status(), 401, "a new application is inactive");

    let role = app_id_of_role(&office, "Me").await;
    let granted = office.send("POST", "/Grants", &grant_to_app(&id, &role)).await.ok(201);
    assert_eq!(granted.text("/grantMechanism"), "ADMINISTRATOR_TO_APP");
    let active = json!({"active": true, "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"]});
    office.send("PUT", &format!("/AppStatusChanger/{id}"), &active).await.ok(200);

    let token = token_of(ask().await).await;
    let claims = claims(&token);
    assert_eq!((&claims["scope"], &claims["sub"]), (&json!(ME), &json!(USER)));
    assert_eq!((&claims["client_id"], &claims["client_guid"]), (&json!(client_id), &json!(id)));
    assert_eq!(claims["clientAppRoles"], json!(["Authenticated Client", "Me"]));
    assert_eq!(office.world.send(get("/admin/v1/Me", Some(&token))).await.status(), 200);

    let read = office.get(&format!("/Apps/{id}")).await.ok(200);
    assert_eq!(read.body["grantedAppRoles"][0]["display"], "Me");
    assert_eq!(read.body["grantedAppRoles"][0]["appId"], "IDCSAppId");
    assert!(read.body.get("clientSecret").is_none(), "it is kept as a hash only");
}

// Contract identity 5.2: the captured answer, in its order.
#[tokio::test]
async fn the_answer_has_the_members_of_the_captured_one_in_its_order() {
    let office = Office::new().await;
    let mut body = recipe();
    body["logoutUri"] = json!("https://app.example/logout");
    body["redirectUris"] = json!(["https://app.example/callback"]);
    body["postLogoutRedirectUris"] = json!(["https://app.example/"]);
    let request = super::support::request("POST", "/admin/v1/Apps", &office.token, Some(&body));
    let text = crate::testing::body_of(office.world.send(request).await).await;
    let captured = [
        "clientType",
        "isAliasApp",
        "meta",
        "active",
        "isLoginTarget",
        "idcsCreatedBy",
        "displayName",
        "showInMyApps",
        "isMobileTarget",
        "allowOffline",
        "isUnmanagedApp",
        "idcsLastModifiedBy",
        "isOPCService",
        "name",
        "description",
        "isOAuthClient",
        "isManagedApp",
        "isSamlServiceProvider",
        "infrastructure",
        "allUrlSchemesAllowed",
        "trustScope",
        "id",
        "isWebTierPolicy",
        "loginMechanism",
        "allowAccessControl",
        "isOAuthResource",
        "migrated",
        "logoutUri",
        "isKerberosRealm",
        "attrRenderingMetadata",
        "basedOnTemplate",
        "redirectUris",
        "postLogoutRedirectUris",
        "allowedGrants",
        "schemas",
        "clientSecret",
    ];
    let mut places: Vec<usize> = Vec::new();
    let value: Value = serde_json::from_str(&text).unwrap();
    for name in captured {
        assert!(value.get(name).is_some(), "{name}: {text}");
        places.push(place(&text, name));
    }
    assert!(places.is_sorted(), "{text}");
    for (name, expected) in [
        ("isAliasApp", json!(false)),
        ("isLoginTarget", json!(true)),
        ("showInMyApps", json!(true)),
        ("isOPCService", json!(false)),
        ("trustScope", json!("Explicit")),
        ("loginMechanism", json!("OIDC")),
        ("attrRenderingMetadata", json!([{"name": "aliasApps", "visible": false}])),
    ] {
        assert_eq!(value[name], expected, "{name}");
    }
}

/// Where a member of the outermost object begins.
fn place(text: &str, name: &str) -> usize {
    let (mut depth, mut in_text, mut begin) = (0, false, 0);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' if !in_text => (in_text, begin) = (true, at),
            b'"' if bytes[at - 1] != b'\\' => {
                in_text = false;
                if depth == 1 && bytes.get(at + 1) == Some(&b':') && &text[begin + 1..at] == name {
                    return begin;
                }
            }
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth -= 1,
            _ => {}
        }
    }
    panic!("{name} is not in {text}")
}

// Contract identity 5.2: clients send their own secret and both names of the template.
#[tokio::test]
async fn a_supplied_secret_and_name_are_taken() {
    let office = Office::new().await;
    let mut body = recipe();
    body["clientSecret"] = json!("canary of mine");
    body["name"] = json!("my-client");
    body["active"] = json!(true);
    body["basedOnTemplate"] = json!({"wellKnownId": "CustomWebAppTemplateId"});
    let made = office.send("POST", "/Apps", &body).await.ok(201);
    assert_eq!((made.text("/name"), made.text("/clientSecret")), ("my-client", "canary of mine"));
    let form = "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__";
    let of = |secret: &str| basic(&encode("my-client"), &encode(secret));
    let token = office.world.send(token_request(Some(&of("canary of mine")), form)).await;
    assert_eq!(token.status(), 200);
    assert_eq!(office.world.send(token_request(Some(&of("another")), form)).await.status(), 401);
    let row = obol_store::apps::by_name(office.world.db(), crate::testing::STRIPE, "my-client").await.unwrap().unwrap();
    assert!(matches!(row.secret, obol_store::apps::ClientSecret::Password(hash) if hash.starts_with("$argon2id$")));
}

// Contract identity 5.3.
#[tokio::test]
async fn a_regenerated_secret_is_the_only_one_that_holds() {
    let office = Office::new().await;
    let mut body = recipe();
    body["active"] = json!(true);
    let made = office.send("POST", "/Apps", &body).await.ok(201);
    let (id, client_id) = (made.text("/id").to_owned(), made.text("/name").to_owned());
    let form = "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__";
    let works = async |secret: &str| {
        office.world.send(token_request(Some(&basic(&client_id, secret)), form)).await.status() == 200
    };
    let mut secrets = vec![made.text("/clientSecret").to_owned()];
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"], "appId": id});
    secrets
        .push(office.send("POST", "/AppClientSecretRegenerator", &body).await.ok(201).text("/clientSecret").to_owned());
    secrets
        .push(office.get(&format!("/AppClientSecretRegenerator/{id}")).await.ok(200).text("/clientSecret").to_owned());
    let change = patch(&json!([{"op": "replace", "path": "clientSecret", "value": "a supplied one"}]));
    office.send("PATCH", &format!("/Apps/{id}"), &change).await.ok(200);
    for secret in &secrets {
        assert_eq!(secret.len(), 36);
        assert!(!works(secret).await, "an old secret");
    }
    assert!(works("a+supplied+one").await);
}

// Contract identity 5.4.
#[tokio::test]
async fn the_patches_that_clients_send_do_what_they_say() {
    let office = Office::new().await;
    let mut api = app("API");
    api["isOAuthResource"] = json!(true);
    api["audience"] = json!("https://api/");
    api["scopes"] = json!([
        {"value": "read", "displayName": "Read", "requiresConsent": true}, {"value": "write"}, {"value": "/x"},
    ]);
    let api = office.send("POST", "/Apps", &api).await.ok(201);
    let api_path = format!("/Apps/{}", api.text("/id"));
    let fqs: Vec<_> =
        api.body["scopes"].as_array().unwrap().iter().map(|scope| scope["fqs"].as_str().unwrap()).collect();
    assert_eq!(fqs, ["https://api/read", "https://api/write", "https://api//x"]);

    let client = office.send("POST", "/Apps", &recipe()).await.ok(201);
    let path = format!("/Apps/{}", client.text("/id"));
    let apply =
        async |path: &str, operation: Value| office.send("PATCH", path, &patch(&json!([operation]))).await.ok(200).body;
    let grants = |body: &Value| body["allowedGrants"].as_array().unwrap().len();
    let body = apply(&path, json!({"op": "add", "path": "allowedGrants", "value": ["refresh_token"]})).await;
    assert_eq!(grants(&body), 4);
    let body = apply(&path, json!({"op": "remove", "path": "allowedGrants[value eq \"refresh_token\"]"})).await;
    assert_eq!(grants(&body), 3);
    let body = apply(&path, json!({"op": "ADD", "path": "allowedScopes", "value": [{"fqs": "https://api/read"}, {"fqs": "https://api//x"}]})).await;
    assert_eq!(body["allowedScopes"][0], json!({"fqs": "https://api/read", "idOfDefiningApp": api.text("/id")}));
    let body = apply(&path, json!({"op": "remove", "path": "allowedScopes[fqs ew \"/x\"]"})).await;
    assert_eq!(body["allowedScopes"].as_array().unwrap().len(), 1);
    let body = apply(&path, json!({"op": "replace", "path": "redirectUris", "value": ["https://a.example/cb"]})).await;
    assert_eq!(body["redirectUris"], json!(["https://a.example/cb"]));
    for (name, value) in [("bypassConsent", json!(true)), ("isOAuthResource", json!(true)), ("active", json!(true))] {
        let body = apply(&path, json!({"op": "Replace", "path": name, "value": value})).await;
        assert_eq!(body[name], value, "{name}");
    }
    let body = apply(&api_path, json!({"op": "replace", "path": "refreshTokenExpiry", "value": 904_800})).await;
    assert_eq!(body["refreshTokenExpiry"], 904_800);
    let body = apply(
        &api_path,
        json!({"op": "replace", "path": "scopes[value sw \"/x\"]", "value": {"value": "/y", "requiresConsent": false}}),
    )
    .await;
    assert_eq!(body["scopes"][2]["fqs"], "https://api//y");
    let body = apply(&api_path, json!({"op": "replace", "path": "audience", "value": "https://other/"})).await;
    assert_eq!(body["scopes"][0]["fqs"], "https://other/read");
}
