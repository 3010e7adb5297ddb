//! What settings and policies are refused for, and which door is open to whom.

use obol_domain::app_role::BuiltInRole;
use serde_json::{Value, json};

use super::{
    applications::app,
    refusals::{
        FILTER, MISSING, NOT_ALLOWED, NOT_FOUND, READ_ONLY, REFERENCE, TAKEN, TYPE, VALUE, all_refused, case, with,
    },
    support::{Office, patch},
};
use crate::testing::STRIPE;

// Contract identity 1 and 9.
#[tokio::test]
async fn settings_and_policies_keep_their_bounds() {
    let office = Office::new().await;
    let change = |name: &str, value: Value| patch(&json!([{"op": "replace", "path": name, "value": value}]));
    let settings = |name: &str, value: Value, answer| {
        case(format!("{name}: {value}"), "PATCH", "/Settings/Settings", change(name, value), answer)
    };
    let issuer = (400, VALUE, "issuer_allowed");
    let of_value = (400, VALUE, "attribute_value");
    let policy = |name: &str, value: Value| {
        let body = json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:PasswordPolicy"], "name": "Mine", "minLength": 8, "maxLength": 40});
        with(body, name, value)
    };
    let bounds = (400, VALUE, "policy_in_bounds");
    all_refused(
        &office,
        vec![
            settings("issuer", json!("https://evil.example/"), issuer),
            settings("issuer", json!("http://identity.oraclecloud.com/"), issuer),
            settings("issuer", json!(format!("https://{STRIPE}.identity.oraclecloud.com.evil.example")), issuer),
            settings("prevIssuer", json!("https://identity.oraclecloud.com/"), (400, READ_ONLY, "attribute_mutable")),
            settings("cloudAccountName", json!("mine"), (400, READ_ONLY, "attribute_mutable")),
            settings("defaultTrustScope", json!("Default"), of_value),
            settings("csrAccess", json!("write"), of_value),
            settings("signingCertPublicAccess", json!("yes"), (400, TYPE, "attribute_type")),
            settings("auditEventRetentionPeriod", json!(0), of_value),
            settings("auditEventRetentionPeriod", json!(3661), of_value),
            case("other settings", "GET", "/Settings/Other", Value::Null, (404, NOT_FOUND, "resource_known")),
            case(
                "other settings, PATCH",
                "PATCH",
                "/Settings/Other",
                change("locale", json!("fr")),
                (404, NOT_FOUND, "resource_known"),
            ),
            case(
                "settings without what must be",
                "PUT",
                "/Settings/Settings",
                json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:Settings"]}),
                (400, MISSING, "required_attributes_present"),
            ),
            case(
                "the token service's",
                "PATCH",
                "/OAuthConfig/OAuthConfig",
                change("clockSkewSeconds", json!(1)),
                (403, NOT_ALLOWED, "operation_allowed"),
            ),
            case("other configuration", "GET", "/OAuthConfig/Other", Value::Null, (404, NOT_FOUND, "resource_known")),
            case(
                "a built-in policy",
                "PATCH",
                "/PasswordPolicies/standardPasswordPolicy",
                change("minLength", json!(4)),
                (403, NOT_ALLOWED, "policy_own"),
            ),
            case(
                "a built-in policy, DELETE",
                "DELETE",
                "/PasswordPolicies/simplePasswordPolicy",
                Value::Null,
                (403, NOT_ALLOWED, "policy_own"),
            ),
            case("unknown policy", "GET", "/PasswordPolicies/nothing", Value::Null, (404, NOT_FOUND, "resource_known")),
            case("too long", "POST", "/PasswordPolicies", policy("maxLength", json!(501)), bounds),
            case("shorter than short", "POST", "/PasswordPolicies", policy("maxLength", json!(7)), bounds),
            case("a lock of a minute", "POST", "/PasswordPolicies", policy("lockoutDuration", json!(1)), bounds),
            case("a lock of two days", "POST", "/PasswordPolicies", policy("lockoutDuration", json!(2880)), bounds),
            case("priority 11", "POST", "/PasswordPolicies", policy("priority", json!(11)), bounds),
            case("priority 300", "POST", "/PasswordPolicies", policy("priority", json!(300)), of_value),
            case("negative", "POST", "/PasswordPolicies", policy("minNumerals", json!(-1)), of_value),
            case(
                "a built-in name",
                "POST",
                "/PasswordPolicies",
                policy("name", json!("standardPasswordPolicy")),
                (409, TAKEN, "policy_unique"),
            ),
            case(
                "a group that is not there",
                "POST",
                "/PasswordPolicies",
                policy("groups", json!([{"value": "nothing"}])),
                (400, REFERENCE, "reference_known"),
            ),
            case("unknown record", "GET", "/AuditEvents/nothing", Value::Null, (404, NOT_FOUND, "resource_known")),
            case(
                "records by their text",
                "GET",
                "/AuditEvents?filter=message co \"x\"",
                Value::Null,
                (400, FILTER, "filter_fits_resource"),
            ),
        ],
    )
    .await;
}

// Contract identity 7: the table of endpoints and roles.
#[tokio::test]
async fn each_door_is_open_to_its_roles_only() {
    let office = Office::new().await;
    let (_, nobody) = office.add_colleague("nobody@example.com", &[]).await;
    let mut tokens = vec![("nobody", nobody)];
    for (name, role) in [
        ("security", BuiltInRole::SecurityAdministrator),
        ("application", BuiltInRole::ApplicationAdministrator),
        ("user", BuiltInRole::UserAdministrator),
        ("audit", BuiltInRole::AuditAdministrator),
    ] {
        tokens.push((name, office.add_colleague(&format!("{name}@example.com"), &[role]).await.1));
    }
    for (path, open) in [
        ("/Apps", &["security", "application", "user"][..]),
        ("/AppRoles", &["security", "application", "user"]),
        ("/Grants", &["application", "user"]),
        ("/IdcsAppRoleGrants", &["application", "user"]),
        ("/Settings", &["security"]),
        ("/OAuthConfig/OAuthConfig", &["security"]),
        ("/PasswordPolicies", &["nobody", "security", "application", "user", "audit"]),
        ("/AuditEvents", &["security", "application", "user", "audit"]),
        ("/MyApps", &["nobody", "security", "application", "user", "audit"]),
        ("/AppClientSecretRegenerator/nothing", &["application"]),
    ] {
        for (name, token) in &tokens {
            let reply = office.send_as(token, "GET", path, None).await;
            let let_in = reply.status != 401;
            assert_eq!(let_in, open.contains(name), "{name} at {path}: {}", reply.body);
            if !let_in {
                assert_eq!(reply.message_id(), "error.common.exception.unauthorizedAccess");
                let check = office.check(&reply).await;
                assert!(["role_held_by_user", "token_scope"].contains(&check.as_str()), "{name} at {path}: {check}");
            }
        }
    }
    let (_, user) = tokens.remove(3);
    let refused = office.send_as(&user, "POST", "/Apps", Some(&app("X"))).await;
    assert_eq!(refused.status, 401, "a User Administrator reads applications, and makes none");
}
