//! What applications, roles, grants, settings and policies are refused for: each case with its status, message id and check,
//! and that nothing was changed.

use obol_store::stripes;
use serde_json::{Value, json};

use super::{
    applications::{APP, GRANT, ROLE, app, app_id_of_role, grant, grant_to_app},
    support::{Office, patch},
};
use crate::testing::STRIPE;

pub(super) const VALUE: &str = "error.common.validation.invalidAttributeValue";
pub(super) const MISSING: &str = "error.common.validation.missingReqAttributes";
pub(super) const REFERENCE: &str = "error.common.validation.invalidReferenceResource";
pub(super) const TYPE: &str = "error.common.validation.invalidType";
pub(super) const TAKEN: &str = "error.common.validation.uniquenessViolation";
const IMMUTABLE: &str = "error.common.validation.immutableAttribute";
pub(super) const READ_ONLY: &str = "error.common.validation.readOnlyAttribute";
pub(super) const NOT_FOUND: &str = "error.common.exception.resourceNotFound";
pub(super) const NOT_ALLOWED: &str = "error.common.exception.operationNotAllowed";
pub(super) const FILTER: &str = "error.common.validation.invalidFilter";

pub(super) struct Case {
    what: String,
    method: &'static str,
    path: String,
    body: Value,
    status: u16,
    message_id: &'static str,
    check: &'static str,
}

pub(super) fn case(
    what: impl Into<String>,
    method: &'static str,
    path: impl Into<String>,
    body: Value,
    (status, message_id, check): (u16, &'static str, &'static str),
) -> Case {
    Case { what: what.into(), method, path: path.into(), body, status, message_id, check }
}

/// The stripe's version, which every change raises.
async fn version(office: &Office) -> i64 {
    stripes::get(office.world.db(), STRIPE).await.unwrap().unwrap().version
}

pub(super) async fn all_refused(office: &Office, cases: Vec<Case>) {
    let before = version(office).await;
    for Case { what, method, path, body, status, message_id, check } in cases {
        let reply = match body {
            Value::Null => office.send_as(&office.token, method, &path, None).await,
            body => office.send(method, &path, &body).await,
        };
        assert_eq!(reply.status, status, "{what}: {}", reply.body);
        assert_eq!(reply.message_id(), message_id, "{what}: {}", reply.body);
        assert_eq!(reply.text("/status"), status.to_string(), "{what}");
        assert_eq!(office.check(&reply).await, check, "{what}");
        assert_eq!(version(office).await, before, "{what} changed something");
    }
}

pub(super) fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn resource(scopes: &Value) -> Value {
    with(
        with(with(app("R"), "isOAuthResource", json!(true)), "audience", json!("https://r/")),
        "scopes",
        scopes.clone(),
    )
}

// Contract identity 5.2 and 6.1.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn an_application_that_cannot_be_is_not_made() {
    let office = Office::new().await;
    office.send("POST", "/Apps", &resource(&json!([{"value": "read"}]))).await.ok(201);
    let bad = |attribute: &str, value: Value, answer| {
        case(format!("{attribute}: {value}"), "POST", "/Apps", with(app("X"), attribute, value), answer)
    };
    let possible = (400, VALUE, "application_possible");
    let of_value = (400, VALUE, "attribute_value");
    let of_type = (400, TYPE, "attribute_type");
    let missing = (400, MISSING, "required_attributes_present");
    let refers = (400, REFERENCE, "reference_known");
    let mut cases = vec![
        case(
            "no schemas",
            "POST",
            "/Apps",
            json!({"displayName": "X", "basedOnTemplate": {"value": "CustomWebAppTemplateId"}}),
            missing,
        ),
        case(
            "another schema",
            "POST",
            "/Apps",
            with(app("X"), "schemas", json!([GRANT])),
            (400, "error.common.validation.invalidSchema", "schemas_fit"),
        ),
        case(
            "no name",
            "POST",
            "/Apps",
            json!({"schemas": [APP], "basedOnTemplate": {"value": "CustomWebAppTemplateId"}}),
            missing,
        ),
        case("no template", "POST", "/Apps", json!({"schemas": [APP], "displayName": "X"}), missing),
        case(
            "not an object",
            "POST",
            "/Apps",
            json!([1]),
            (400, "error.common.validation.invalidSyntax", "body_readable"),
        ),
        bad("basedOnTemplate", json!({"value": "Nonsense"}), refers),
        bad("basedOnTemplate", json!({"value": "CustomSAMLAppTemplateId"}), refers),
        bad("basedOnTemplate", json!("CustomWebAppTemplateId"), of_type),
        bad("displayName", json!("Admin"), (409, TAKEN, "attribute_unique")),
        bad("displayName", json!("aDMIN"), (409, TAKEN, "attribute_unique")),
        bad(
            "displayName",
            json!("x".repeat(126)),
            (400, "error.common.validation.stringExceedsMaxLimit", "attribute_size"),
        ),
        bad("name", json!(office.app.client_id), (409, TAKEN, "attribute_unique")),
        bad("name", json!("tokenGenerator"), (400, VALUE, "client_id_possible")),
        bad("name", json!("a:b"), (400, VALUE, "client_id_possible")),
        bad("name", json!("ü"), (400, VALUE, "client_id_possible")),
        bad("active", json!("yes"), of_type),
        bad("clientType", json!("secret"), of_value),
        bad("trustScope", json!("Everything"), of_value),
        bad("loginMechanism", json!("MAGIC"), of_value),
        bad("clientIPChecking", json!("nowhere"), of_value),
        bad("allowedGrants", json!("password"), of_type),
        bad("allowedGrants", json!(["magic"]), possible),
        bad("allowedOperations", json!(["everything"]), possible),
        bad("redirectUris", json!(["/callback"]), possible),
        bad("redirectUris", json!(["http://a.example/"]), possible),
        bad("redirectUris", json!(["https://a.example/#x"]), possible),
        bad("redirectUris", json!(["javascript:alert(1)"]), possible),
        bad("postLogoutRedirectUris", json!(["javascript:alert(1)"]), possible),
        bad("logoutUri", json!("http://a.example/"), possible),
        bad("audience", json!("https://r/"), (409, TAKEN, "attribute_unique")),
        bad("audience", json!("a b"), possible),
        bad("scopes", json!([{"value": "read"}]), possible),
        bad("scopes", json!([{"displayName": "x"}]), missing),
        bad("accessTokenExpiry", json!(59), possible),
        bad("accessTokenExpiry", json!(31_557_601), possible),
        bad("accessTokenExpiry", json!(-1), of_value),
        bad("accessTokenExpiry", json!("3600"), of_type),
        bad("refreshTokenExpiry", json!(0), of_value),
        bad("allowedScopes", json!([{"fqs": "https://nowhere/read"}]), refers),
        bad("certificates", json!([{"certAlias": "a"}]), refers),
        bad(
            "certificates",
            json!([{"certAlias": "a", "x509Base64Certificate": "canary"}]),
            (400, VALUE, "certificate_usable"),
        ),
    ];
    let public = with(app("P"), "clientType", json!("public"));
    cases.extend([
        case(
            "a public client's secret",
            "POST",
            "/Apps",
            with(public.clone(), "clientSecret", json!("canary")),
            (400, VALUE, "client_keeps_a_secret"),
        ),
        case(
            "a public client's own token",
            "POST",
            "/Apps",
            with(public, "allowedGrants", json!(["client_credentials"])),
            possible,
        ),
        case(
            "code without an address",
            "POST",
            "/Apps",
            with(with(app("C"), "isOAuthClient", json!(true)), "allowedGrants", json!(["authorization_code"])),
            possible,
        ),
        case(
            "a scope twice",
            "POST",
            "/Apps",
            with(resource(&json!([{"value": "a"}, {"value": "a"}])), "audience", json!("https://s/")),
            possible,
        ),
        case(
            "a scope of ours",
            "POST",
            "/Apps",
            with(resource(&json!([{"value": "idm:t.users"}])), "audience", json!("urn:opc:")),
            possible,
        ),
    ]);
    all_refused(&office, cases).await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn an_application_that_is_there_keeps_its_rules() {
    let office = Office::new().await;
    let id = office.send("POST", "/Apps", &app("One")).await.ok(201).text("/id").to_owned();
    let path = format!("/Apps/{id}");
    let change = |name: &str, value: Value| patch(&json!([{"op": "replace", "path": name, "value": value}]));
    let immutable = (400, IMMUTABLE, "attribute_mutable");
    let mut cases = Vec::new();
    for (name, value) in [("name", json!("other")), ("isUnmanagedApp", json!(false)), ("isAliasApp", json!(true))] {
        cases.push(case(format!("PATCH {name}"), "PATCH", path.clone(), change(name, value.clone()), immutable));
        cases.push(case(format!("PUT {name}"), "PUT", path.clone(), with(app("One"), name, value), immutable));
    }
    let other = json!({"value": "CustomBrowserMobileTemplateId"});
    cases.extend([
        case("another template", "PUT", path.clone(), with(app("One"), "basedOnTemplate", other), immutable),
        case(
            "read-only",
            "PATCH",
            path.clone(),
            change("isOPCService", json!(true)),
            (400, READ_ONLY, "attribute_mutable"),
        ),
        case(
            "read-only by PUT",
            "PUT",
            path.clone(),
            with(app("One"), "isOPCService", json!(true)),
            (400, READ_ONLY, "attribute_mutable"),
        ),
        case(
            "granted roles",
            "PATCH",
            path.clone(),
            change("grantedAppRoles", json!([{"value": "x"}])),
            (400, READ_ONLY, "attribute_mutable"),
        ),
        case(
            "no such attribute",
            "PATCH",
            path.clone(),
            change("nonsense", json!(1)),
            (400, "error.common.validation.invalidPath", "patch_path_fits"),
        ),
        case(
            "no such operation",
            "PATCH",
            path.clone(),
            patch(&json!([{"op": "move", "path": "active"}])),
            (400, "error.common.validation.invalidPatchOperation", "patch_readable"),
        ),
        case(
            "no name left",
            "PATCH",
            path.clone(),
            patch(&json!([{"op": "remove", "path": "displayName"}])),
            (400, MISSING, "required_attributes_present"),
        ),
        case(
            "a taken name",
            "PATCH",
            path.clone(),
            change("displayName", json!("Admin")),
            (409, TAKEN, "attribute_unique"),
        ),
        case(
            "a wrong grant",
            "PATCH",
            path.clone(),
            change("allowedGrants", json!(["magic"])),
            (400, VALUE, "application_possible"),
        ),
        case("unknown, GET", "GET", "/Apps/nothing", Value::Null, (404, NOT_FOUND, "resource_known")),
        case("unknown, PUT", "PUT", "/Apps/nothing", app("One"), (404, NOT_FOUND, "resource_known")),
        case(
            "unknown, PATCH",
            "PATCH",
            "/Apps/nothing",
            change("active", json!(true)),
            (404, NOT_FOUND, "resource_known"),
        ),
        case("unknown, DELETE", "DELETE", "/Apps/nothing", Value::Null, (404, NOT_FOUND, "resource_known")),
        case(
            "force",
            "DELETE",
            format!("{path}?forceDelete=maybe"),
            Value::Null,
            (400, "error.common.validation.invalidParameter", "query_readable"),
        ),
        case(
            "the domain's own, PATCH",
            "PATCH",
            "/Apps/IDCSAppId",
            change("active", json!(false)),
            (403, NOT_ALLOWED, "application_own"),
        ),
        case(
            "the domain's own, DELETE",
            "DELETE",
            "/Apps/IDCSAppId?forceDelete=true",
            Value::Null,
            (403, NOT_ALLOWED, "application_own"),
        ),
        case("filter", "GET", "/Apps?filter=nonsense eq 1", Value::Null, (400, FILTER, "filter_fits_resource")),
        case(
            "filter by a secret",
            "GET",
            "/Apps?filter=clientSecret sw \"a\"",
            Value::Null,
            (400, FILTER, "filter_fits_resource"),
        ),
        case(
            "sort",
            "GET",
            "/Apps?sortBy=description",
            Value::Null,
            (400, "error.common.validation.invalidSortBy", "sortable_attribute"),
        ),
    ]);
    let status = "urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger";
    let secret = "urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator";
    cases.extend([
        case(
            "no status",
            "PUT",
            format!("/AppStatusChanger/{id}"),
            json!({"schemas": [status]}),
            (400, MISSING, "required_attributes_present"),
        ),
        case(
            "status of nothing",
            "PUT",
            "/AppStatusChanger/nothing",
            json!({"schemas": [status], "active": true}),
            (404, NOT_FOUND, "resource_known"),
        ),
        case(
            "status as text",
            "PUT",
            format!("/AppStatusChanger/{id}"),
            json!({"schemas": [status], "active": "true"}),
            (400, TYPE, "attribute_type"),
        ),
        case(
            "status of the domain's own",
            "PUT",
            "/AppStatusChanger/IDCSAppId",
            json!({"schemas": [status], "active": false}),
            (403, NOT_ALLOWED, "application_own"),
        ),
        case(
            "no application",
            "POST",
            "/AppClientSecretRegenerator",
            json!({"schemas": [secret]}),
            (400, MISSING, "required_attributes_present"),
        ),
        case(
            "secret of nothing",
            "POST",
            "/AppClientSecretRegenerator",
            json!({"schemas": [secret], "appId": "nothing"}),
            (404, NOT_FOUND, "resource_known"),
        ),
        case(
            "secret of nothing by GET",
            "GET",
            "/AppClientSecretRegenerator/nothing",
            Value::Null,
            (404, NOT_FOUND, "resource_known"),
        ),
        case(
            "secret of the domain's own",
            "GET",
            "/AppClientSecretRegenerator/IDCSAppId",
            Value::Null,
            (403, NOT_ALLOWED, "application_own"),
        ),
    ]);
    all_refused(&office, cases).await;
}

// Contract identity 6.4 and 7.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn a_grant_that_cannot_be_is_not_made() {
    let office = Office::new().await;
    let app_id = office.send("POST", "/Apps", &app("One")).await.ok(201).text("/id").to_owned();
    let (user, me) = (office.add_user("grace").await, app_id_of_role(&office, "Me").await);
    let authenticated = app_id_of_role(&office, "Authenticated").await;
    let group = office.add_group("All", &[]).await;
    let good = grant_to_app(&app_id, &me);
    let bad = |what: &str, body: Value, answer| case(what, "POST", "/Grants", body, answer);
    let part = |of: &str, name: &str, value: Value| {
        let mut body = good.clone();
        body[of][name] = value;
        body
    };
    let without = |name: &str| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let missing = (400, MISSING, "required_attributes_present");
    let refers = (400, REFERENCE, "reference_known");
    let mechanism = (400, VALUE, "mechanism_fits_grantee");
    let unavailable = (400, "error.apps.grant.appRoleNotAvailable", "role_available_to_grantee");
    let mut nothing_at_all = without("app");
    nothing_at_all.as_object_mut().unwrap().remove("entitlement");
    let mut cases = vec![
        bad("no grantee", without("grantee"), missing),
        bad("no mechanism", without("grantMechanism"), missing),
        bad("neither application nor role", nothing_at_all, missing),
        bad(
            "no grantee's id",
            json!({"schemas": [GRANT], "grantee": {"type": "App"}, "grantMechanism": "ADMINISTRATOR_TO_APP", "app": {"value": app_id}}),
            missing,
        ),
        bad("no such grantee", part("grantee", "value", json!("nothing")), refers),
        bad(
            "an OCID",
            part("grantee", "value", json!("o".repeat(41))),
            (400, "error.common.validation.stringExceedsMaxLimit", "attribute_size"),
        ),
        bad("no such kind", part("grantee", "type", json!("Robot")), (400, VALUE, "attribute_value")),
        bad("a dynamic group", part("grantee", "type", json!("DynamicResourceGroup")), (400, VALUE, "attribute_value")),
        bad("no such role", part("entitlement", "attributeValue", json!("nothing")), refers),
        bad("another attribute", part("entitlement", "attributeName", json!("roles")), (400, VALUE, "attribute_value")),
        bad("another application", part("app", "value", json!(app_id)), (400, REFERENCE, "role_of_application")),
        bad("no such mechanism", with(good.clone(), "grantMechanism", json!("MAGIC")), (400, VALUE, "attribute_value")),
        bad("Me to a user", grant("User", &user, &me), unavailable),
        bad("Me to a group", grant("Group", &group, &me), unavailable),
        bad("an implicit role to a user", grant("User", &user, &authenticated), unavailable),
        bad("an implicit role to a client", grant_to_app(&app_id, &authenticated), unavailable),
        bad("a user as a client", part("grantee", "value", json!(user)), refers),
        bad(
            "access to nothing",
            json!({"schemas": [GRANT], "grantee": {"type": "User", "value": user}, "app": {"value": "nothing"}, "grantMechanism": "ADMINISTRATOR_TO_USER"}),
            refers,
        ),
        case("unknown, GET", "GET", "/Grants/nothing", Value::Null, (404, NOT_FOUND, "resource_known")),
        case("unknown, DELETE", "DELETE", "/Grants/nothing", Value::Null, (404, NOT_FOUND, "resource_known")),
        case("filter", "GET", "/Grants?filter=nonsense pr", Value::Null, (400, FILTER, "filter_fits_resource")),
    ];
    for name in [
        "ADMINISTRATOR_TO_USER",
        "ADMINISTRATOR_TO_GROUP",
        "SERVICE_MANAGER_TO_USER",
        "SYNC_TO_USER",
        "GROUP_MEMBERSHIP",
        "ACCESS_REQUEST",
        "APP_ENTITLEMENT_COLLECTION",
        "OPC_INFRA_TO_APP",
        "ADMINISTRATOR_TO_DELEGATED_USER",
        "ADMINISTRATOR_TO_DYNAMIC_RESOURCE_GROUP",
    ] {
        cases.push(bad(name, with(good.clone(), "grantMechanism", json!(name)), mechanism));
    }
    let role = |app_id: &str, name: &str| json!({"schemas": [ROLE], "displayName": name, "app": {"value": app_id}});
    cases.extend([
        case(
            "a role without a name",
            "POST",
            "/AppRoles",
            json!({"schemas": [ROLE], "app": {"value": app_id}}),
            missing,
        ),
        case("a role of nothing", "POST", "/AppRoles", role("nothing", "X"), refers),
        case(
            "a role without an application",
            "POST",
            "/AppRoles",
            json!({"schemas": [ROLE], "displayName": "X"}),
            missing,
        ),
        case(
            "one more role of the domain",
            "POST",
            "/AppRoles",
            role("IDCSAppId", "X"),
            (403, NOT_ALLOWED, "application_own"),
        ),
        case(
            "a built-in role, DELETE",
            "DELETE",
            format!("/AppRoles/{me}"),
            Value::Null,
            (403, NOT_ALLOWED, "role_own"),
        ),
        case("unknown role", "GET", "/AppRoles/nothing", Value::Null, (404, NOT_FOUND, "resource_known")),
    ]);
    all_refused(&office, cases).await;
}
