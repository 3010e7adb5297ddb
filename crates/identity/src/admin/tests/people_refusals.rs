//! The negative suite of people: each case with its status, message id and check, and that nothing changed.

use serde_json::{Value, json};

use super::support::{Office, group, member, patch, user};

/// What is sent, and what comes back: method, path, body; status, message id, check.
type Case = (&'static str, String, Value, u16, &'static str, &'static str);

const MISSING: &str = "error.common.validation.missingReqAttributes";
const TYPE: &str = "error.common.validation.invalidType";
const VALUE: &str = "error.common.validation.invalidAttributeValue";
const LENGTH: &str = "error.common.validation.stringExceedsMaxLimit";
const SYNTAX: &str = "error.common.validation.invalidSyntax";
const SCHEMA: &str = "error.common.validation.invalidSchema";
const READ_ONLY: &str = "error.common.validation.readOnlyAttribute";
const IMMUTABLE: &str = "error.common.validation.immutableAttribute";
const FILTER: &str = "error.common.validation.invalidFilter";
const PARAMETER: &str = "error.common.validation.invalidParameter";
const SORT: &str = "error.common.validation.invalidSortBy";
const PATCH: &str = "error.common.validation.invalidPatchOperation";
const PATH: &str = "error.common.validation.invalidPath";
const TARGET: &str = "error.common.validation.noTarget";
const MANY: &str = "error.common.validation.tooManyValues";
const UNIQUE: &str = "error.common.validation.uniquenessViolation";
const REFERENCE: &str = "error.common.validation.invalidReferenceResource";
const UNKNOWN: &str = "error.common.exception.resourceNotFound";
const EMAIL: &str = "error.identity.user.primaryEmailNotSpecified";
const POLICY: &str = "error.identity.passwordmgmt.passwordPolicyViolated";

const IDCS: &str = "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().unwrap().remove(name);
    body
}

/// Bodies that are refused on create, and on replace alike.
fn bad_users() -> Vec<(Value, &'static str, &'static str)> {
    let new = || user("new");
    let email = |value: Value| with(new(), "emails", value);
    vec![
        (json!([]), SYNTAX, "body_readable"),
        (json!("text"), SYNTAX, "body_readable"),
        (Value::Null, SYNTAX, "body_readable"),
        (without(new(), "schemas"), MISSING, "required_attributes_present"),
        (with(new(), "schemas", json!([])), SCHEMA, "schemas_fit"),
        (with(new(), "schemas", json!(["urn:x"])), SCHEMA, "schemas_fit"),
        (with(new(), "schemas", json!("urn:ietf:params:scim:schemas:core:2.0:User")), TYPE, "attribute_type"),
        (with(new(), "schemas", json!([1])), TYPE, "attribute_type"),
        (without(new(), "userName"), MISSING, "required_attributes_present"),
        (with(new(), "userName", json!("")), MISSING, "required_attributes_present"),
        (with(new(), "userName", json!("  ")), MISSING, "required_attributes_present"),
        (with(new(), "userName", json!(null)), MISSING, "required_attributes_present"),
        (with(new(), "userName", json!(7)), TYPE, "attribute_type"),
        (with(new(), "userName", json!(["new"])), TYPE, "attribute_type"),
        (with(new(), "userName", json!("x".repeat(101))), LENGTH, "attribute_size"),
        (with(new(), "userName", json!("a\u{0}b")), VALUE, "attribute_value"),
        (with(new(), "USERNAME", json!("other")), SYNTAX, "attribute_type"),
        (without(new(), "name"), MISSING, "required_attributes_present"),
        (with(new(), "name", json!({})), MISSING, "required_attributes_present"),
        (with(new(), "name", json!({"givenName": "G"})), MISSING, "required_attributes_present"),
        (with(new(), "name", json!("Grace Hopper")), TYPE, "attribute_type"),
        (with(new(), "name", json!({"familyName": 1})), TYPE, "attribute_type"),
        (with(new(), "name", json!({"familyName": "x".repeat(101)})), LENGTH, "attribute_size"),
        (with(new(), "name", json!({"familyName": "a", "FamilyName": "b"})), SYNTAX, "attribute_type"),
        (without(new(), "emails"), EMAIL, "required_attributes_present"),
        (email(json!([])), EMAIL, "required_attributes_present"),
        (email(json!([{"value": "a@b", "type": "work"}])), EMAIL, "required_attributes_present"),
        (email(json!([{"value": "a@b", "type": "work", "primary": false}])), EMAIL, "required_attributes_present"),
        (email(json!({"value": "a@b", "type": "work", "primary": true})), TYPE, "attribute_type"),
        (email(json!("a@b")), TYPE, "attribute_type"),
        (email(json!(["a@b"])), TYPE, "attribute_type"),
        (email(json!([{"type": "work", "primary": true}])), MISSING, "required_attributes_present"),
        (email(json!([{"value": "a@b", "primary": true}])), MISSING, "required_attributes_present"),
        (email(json!([{"value": "a@b", "type": "spam", "primary": true}])), VALUE, "attribute_value"),
        (email(json!([{"value": "nobody", "type": "work", "primary": true}])), VALUE, "attribute_value"),
        (email(json!([{"value": "@b", "type": "work", "primary": true}])), VALUE, "attribute_value"),
        (email(json!([{"value": "a@b@c", "type": "work", "primary": true}])), VALUE, "attribute_value"),
        (email(json!([{"value": "a b@c", "type": "work", "primary": true}])), VALUE, "attribute_value"),
        (email(json!([{"value": "a@b", "type": "work", "primary": "yes"}])), TYPE, "attribute_type"),
        (
            email(
                json!([{"value": "a@b", "type": "work", "primary": true}, {"value": "c@d", "type": "home", "primary": true}]),
            ),
            VALUE,
            "attribute_value",
        ),
        (
            email(json!([{"value": format!("{}@b", "x".repeat(255)), "type": "work", "primary": true}])),
            LENGTH,
            "attribute_size",
        ),
        (
            email((0..20).map(|n| json!({"value": format!("{n}@b"), "type": "other", "primary": n == 0})).collect()),
            MANY,
            "attribute_size",
        ),
        (with(new(), "active", json!("true")), TYPE, "attribute_type"),
        (with(new(), "active", json!(1)), TYPE, "attribute_type"),
        (with(new(), "displayName", json!({})), TYPE, "attribute_type"),
        (with(new(), "title", json!("x".repeat(101))), LENGTH, "attribute_size"),
        (with(new(), "userType", json!("Admiral")), VALUE, "attribute_value"),
        (with(new(), "phoneNumbers", json!([{"value": "1"}])), MISSING, "required_attributes_present"),
        (with(new(), "phoneNumbers", json!([{"value": "1", "type": "shell"}])), VALUE, "attribute_value"),
        (with(new(), "phoneNumbers", json!("1")), TYPE, "attribute_type"),
        (with(new(), "addresses", json!([{"locality": "x"}])), MISSING, "required_attributes_present"),
        (with(new(), "addresses", json!([{"type": "work", "country": "USA"}])), LENGTH, "attribute_size"),
        (with(new(), ENTERPRISE, json!("x")), TYPE, "attribute_type"),
        (with(new(), ENTERPRISE, json!({"department": 7})), TYPE, "attribute_type"),
        (with(new(), IDCS, json!({"isFederatedUser": "no"})), TYPE, "attribute_type"),
        (with(new(), IDCS, json!({"creationMechanism": "magic"})), VALUE, "attribute_value"),
        (with(new(), IDCS, json!({"preferredUiLandingPage": "Home"})), VALUE, "attribute_value"),
        (with(new(), "password", json!(12_345_678)), TYPE, "attribute_type"),
        (with(new(), "password", json!("x".repeat(501))), LENGTH, "attribute_size"),
        (with(new(), "password", json!("short")), POLICY, "password_policy"),
        (with(new(), "userName", json!("GRACE")), UNIQUE, "attribute_unique"),
    ]
}

fn bad_patches() -> Vec<(Value, &'static str, &'static str)> {
    let one = |operation: Value| patch(&json!([operation]));
    let op = |op: &str, path: &str, value: Value| patch(&json!([{"op": op, "path": path, "value": value}]));
    vec![
        (json!({}), MISSING, "required_attributes_present"),
        (json!({"schemas": ["urn:x"], "Operations": []}), SCHEMA, "schemas_fit"),
        (json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}), MISSING, "required_attributes_present"),
        (patch(&json!([])), MISSING, "required_attributes_present"),
        (patch(&json!({})), PATCH, "patch_readable"),
        (patch(&json!(["x"])), PATCH, "patch_readable"),
        (patch(&vec![json!({"op": "remove", "path": "title"}); 101].into()), MANY, "attribute_size"),
        (one(json!({"path": "title", "value": "x"})), PATCH, "patch_readable"),
        (one(json!({"op": "move", "path": "title"})), PATCH, "patch_readable"),
        (one(json!({"op": 1, "path": "title"})), PATCH, "patch_readable"),
        (one(json!({"op": "replace", "path": 1, "value": "x"})), PATCH, "patch_readable"),
        (one(json!({"op": "remove"})), PATCH, "patch_readable"),
        (one(json!({"op": "add", "path": "title"})), PATCH, "patch_readable"),
        (one(json!({"op": "replace", "value": "x"})), PATCH, "patch_readable"),
        (one(json!({"op": "replace"})), PATCH, "patch_readable"),
        (op("replace", "nothing", json!("x")), PATH, "patch_path_fits"),
        (op("replace", "name.nothing", json!("x")), PATH, "patch_path_fits"),
        (op("replace", "name.familyName.x", json!("x")), PATH, "patch_path_fits"),
        (op("replace", "emails[", json!("x")), FILTER, "filter_readable"),
        (op("replace", "emails[type eq \"work\"", json!("x")), PATH, "patch_path_fits"),
        (op("replace", "emails[type eq work].value", json!("x")), FILTER, "filter_readable"),
        (op("replace", "emails[nothing eq \"x\"].value", json!("x")), FILTER, "filter_fits_resource"),
        (op("replace", "emails[type eq \"work\"].nothing", json!("x")), PATH, "patch_path_fits"),
        (op("replace", "name[familyName eq \"x\"]", json!("x")), PATH, "patch_path_fits"),
        (op("replace", "emails[type eq \"home\"].value", json!("a@b")), TARGET, "patch_path_fits"),
        (op("add", "phoneNumbers[type eq \"work\"]", json!({"value": "1"})), TARGET, "patch_path_fits"),
        (op("replace", "phoneNumbers.value", json!("1")), TARGET, "patch_path_fits"),
        (op("replace", "id", json!("x")), READ_ONLY, "attribute_mutable"),
        (op("replace", "ocid", json!("x")), READ_ONLY, "attribute_mutable"),
        (op("remove", "meta", json!(null)), READ_ONLY, "attribute_mutable"),
        (op("replace", "meta.version", json!("x")), READ_ONLY, "attribute_mutable"),
        (op("add", "groups", json!([{"value": "x"}])), READ_ONLY, "attribute_mutable"),
        (op("replace", "idcsCreatedBy.value", json!("x")), READ_ONLY, "attribute_mutable"),
        (op("replace", "emails.verified", json!(true)), READ_ONLY, "attribute_mutable"),
        (
            op("replace", "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User:locked.on", json!(true)),
            READ_ONLY,
            "attribute_mutable",
        ),
        (op("replace", &format!("{IDCS}:creationMechanism"), json!("import")), IMMUTABLE, "attribute_mutable"),
        (op("remove", &format!("{IDCS}:creationMechanism"), json!(null)), IMMUTABLE, "attribute_mutable"),
        (op("remove", IDCS, json!(null)), IMMUTABLE, "attribute_mutable"),
        (op("remove", "userName", json!(null)), MISSING, "required_attributes_present"),
        (op("remove", "name", json!(null)), MISSING, "required_attributes_present"),
        (op("remove", "name.familyName", json!(null)), MISSING, "required_attributes_present"),
        (op("remove", "emails", json!(null)), EMAIL, "required_attributes_present"),
        (op("remove", "emails[type eq \"work\"]", json!(null)), EMAIL, "required_attributes_present"),
        (op("replace", "emails.primary", json!(true)), VALUE, "attribute_value"),
        (op("replace", "title", json!(7)), TYPE, "attribute_type"),
        (op("replace", "active", json!("yes")), TYPE, "attribute_type"),
        (op("replace", "name", json!("x")), TYPE, "attribute_type"),
        (op("add", "emails", json!("a@b")), TYPE, "attribute_type"),
        (op("replace", ENTERPRISE, json!("x")), TYPE, "attribute_type"),
        (op("replace", "title", json!("x".repeat(101))), LENGTH, "attribute_size"),
        (op("replace", "userType", json!("Admiral")), VALUE, "attribute_value"),
        (op("replace", "userName", json!("admin@example.com")), UNIQUE, "attribute_unique"),
        (op("replace", "password", json!("short")), POLICY, "password_policy"),
    ]
}

fn bad_queries() -> Vec<(&'static str, &'static str, &'static str)> {
    vec![
        ("filter=userName", FILTER, "filter_readable"),
        ("filter=userName eq", FILTER, "filter_readable"),
        ("filter=userName eq grace", FILTER, "filter_readable"),
        ("filter=userName is \"grace\"", FILTER, "filter_readable"),
        ("filter=(userName pr", FILTER, "filter_readable"),
        ("filter=userName pr)", FILTER, "filter_readable"),
        ("filter=userName pr and", FILTER, "filter_readable"),
        ("filter=nothing pr", FILTER, "filter_fits_resource"),
        ("filter=urn:x:userName pr", FILTER, "filter_fits_resource"),
        ("filter=userName eq 1", FILTER, "filter_fits_resource"),
        ("filter=active gt true", FILTER, "filter_fits_resource"),
        ("filter=meta.created gt \"soon\"", FILTER, "filter_fits_resource"),
        ("filter=name eq \"x\"", FILTER, "filter_fits_resource"),
        ("filter=nickName eq \"x\"", FILTER, "filter_fits_resource"),
        ("filter=password pr", FILTER, "filter_fits_resource"),
        ("filter=phoneNumbers.value eq \"1\"", FILTER, "filter_fits_resource"),
        ("filter=emails[verified eq true]", FILTER, "filter_fits_resource"),
        ("filter=a pr&filter=b pr", PARAMETER, "query_readable"),
        ("sortBy=nickName", SORT, "sortable_attribute"),
        ("sortBy=emails.value", SORT, "sortable_attribute"),
        ("sortBy=nothing", PARAMETER, "query_readable"),
        ("sortBy=%20x%20y", PARAMETER, "query_readable"),
        ("sortOrder=upwards", PARAMETER, "query_readable"),
        ("count=many", PARAMETER, "query_readable"),
        ("startIndex=1.5", PARAMETER, "query_readable"),
        ("count=1&count=2", PARAMETER, "query_readable"),
        ("page=x", PARAMETER, "page_token_fits"),
        ("page=W10", PARAMETER, "page_token_fits"),
        ("attributes=a[", FILTER, "filter_readable"),
        ("attributes=emails[type eq \"x\"", PARAMETER, "query_readable"),
        ("attributes=emails[nothing pr]", FILTER, "filter_fits_resource"),
        ("attributes=a b", PARAMETER, "query_readable"),
        ("attributeSets=some", PARAMETER, "query_readable"),
        ("filter=%FF", PARAMETER, "query_readable"),
    ]
}

fn bad_groups(id: &str, taken: &str) -> Vec<Case> {
    let of = |value: Value| patch(&json!([value]));
    let path = format!("/Groups/{id}");
    vec![
        ("POST", "/Groups".into(), without(group("x"), "displayName"), 400, MISSING, "required_attributes_present"),
        ("POST", "/Groups".into(), group(taken), 409, UNIQUE, "attribute_unique"),
        ("POST", "/Groups".into(), group(&taken.to_uppercase()), 409, UNIQUE, "attribute_unique"),
        ("POST", "/Groups".into(), with(group("x"), "members", json!("x")), 400, TYPE, "attribute_type"),
        (
            "POST",
            "/Groups".into(),
            with(group("x"), "members", json!([{}])),
            400,
            MISSING,
            "required_attributes_present",
        ),
        (
            "POST",
            "/Groups".into(),
            with(group("x"), "members", json!([member("nobody")])),
            400,
            REFERENCE,
            "reference_known",
        ),
        ("POST", "/Groups".into(), with(group("x"), "members", json!([{"value": 1}])), 400, TYPE, "attribute_type"),
        (
            "POST",
            "/Groups".into(),
            with(group("x"), "members", json!([{"value": "x", "type": "Group"}])),
            400,
            VALUE,
            "attribute_value",
        ),
        (
            "POST",
            "/Groups".into(),
            with(group("x"), "members", json!([{"value": "ocid1.user.oc1..aaaaaaaaaaaaaaaaaaaaaaaaaaaa"}])),
            400,
            LENGTH,
            "attribute_size",
        ),
        (
            "PATCH",
            path.clone(),
            of(json!({"op": "add", "path": "members", "value": [member("nobody")]})),
            400,
            REFERENCE,
            "reference_known",
        ),
        (
            "PATCH",
            path.clone(),
            of(json!({"op": "replace", "path": "members[value eq \"x\"]", "value": member("y")})),
            400,
            PATCH,
            "patch_readable",
        ),
        (
            "PATCH",
            path.clone(),
            of(json!({"op": "replace", "path": "members.value", "value": "y"})),
            400,
            READ_ONLY,
            "attribute_mutable",
        ),
        (
            "PATCH",
            path.clone(),
            of(json!({"op": "remove", "path": "members[display eq \"x\"]"})),
            400,
            FILTER,
            "filter_fits_resource",
        ),
        (
            "PATCH",
            path.clone(),
            of(json!({"op": "remove", "path": "displayName"})),
            400,
            MISSING,
            "required_attributes_present",
        ),
        ("PATCH", path, of(json!({"op": "replace", "path": "id", "value": "x"})), 400, READ_ONLY, "attribute_mutable"),
    ]
}

fn strangers() -> Vec<Case> {
    let status = json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:UserStatusChanger"], "active": true});
    let password =
        json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger"], "password": "Canary-9-x"});
    let reset = json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordResetter"]});
    let title = patch(&json!([{"op": "replace", "path": "title", "value": "x"}]));
    let key = json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:apikey"], "key": "x"});
    let mut cases = Vec::new();
    for id in ["nobody", "0123456789abcdef0123456789abcdef", "a%00b"] {
        let at = |endpoint: &str| format!("/{endpoint}/{id}");
        cases.extend([
            ("GET", at("Users"), Value::Null, 404, UNKNOWN, "resource_known"),
            ("PUT", at("Users"), user("x"), 404, UNKNOWN, "resource_known"),
            ("PATCH", at("Users"), title.clone(), 404, UNKNOWN, "resource_known"),
            ("DELETE", at("Users"), Value::Null, 404, UNKNOWN, "resource_known"),
            ("GET", at("Groups"), Value::Null, 404, UNKNOWN, "resource_known"),
            ("DELETE", at("Groups"), Value::Null, 404, UNKNOWN, "resource_known"),
            ("GET", at("ApiKeys"), Value::Null, 404, UNKNOWN, "resource_known"),
            ("DELETE", at("ApiKeys"), Value::Null, 404, UNKNOWN, "resource_known"),
            ("PUT", at("UserStatusChanger"), status.clone(), 404, UNKNOWN, "resource_known"),
            ("PUT", at("UserPasswordChanger"), password.clone(), 404, UNKNOWN, "resource_known"),
            ("PUT", at("UserPasswordResetter"), reset.clone(), 404, UNKNOWN, "resource_known"),
            ("GET", at("Schemas"), Value::Null, 404, UNKNOWN, "resource_known"),
            ("GET", at("ResourceTypes"), Value::Null, 404, UNKNOWN, "resource_known"),
        ]);
    }
    cases.extend([
        ("POST", "/ApiKeys".into(), key.clone(), 400, MISSING, "required_attributes_present"),
        ("POST", "/ApiKeys".into(), with(key.clone(), "user", json!({"ocid": "x"})), 400, REFERENCE, "reference_known"),
        ("POST", "/MyApiKeys".into(), key, 400, VALUE, "attribute_value"),
    ]);
    cases
}

/// Everything that a refused request might have changed.
async fn state(office: &Office) -> (Value, Value, Value) {
    let users = office.get("/Users?attributeSets=all&count=1000").await.ok(200).body;
    let groups = office.get("/Groups?attributeSets=all&count=1000").await.ok(200).body;
    (users, groups, office.get("/ApiKeys?attributeSets=all").await.ok(200).body)
}

async fn refuse(office: &Office, cases: Vec<Case>) {
    let before = state(office).await;
    for (method, path, body, status, message_id, check) in cases {
        let reply = if matches!(method, "GET" | "DELETE") {
            office.send_as(&office.token, method, &path, None).await
        } else {
            office.send(method, &path, &body).await
        };
        let case = format!("{method} {path} {body}: {}", reply.body);
        let case: String = case.chars().take(600).collect();
        assert_eq!((reply.status, reply.message_id()), (status, message_id), "{case}");
        assert_eq!(reply.text("/status"), status.to_string(), "{case}");
        assert!(!reply.text("/detail").is_empty(), "{case}");
        assert_eq!(office.check(&reply).await, check, "{case}");
    }
    assert_eq!(state(office).await, before, "something changed");
}

#[tokio::test]
async fn users_that_cannot_be_are_refused() {
    let office = Office::new().await;
    let id = office.add_user("grace").await;
    let other = office.add_user("ada").await;
    assert_ne!(id, other);
    let mut cases: Vec<Case> = Vec::new();
    for (body, message_id, check) in bad_users() {
        let status = if message_id == UNIQUE { 409 } else { 400 };
        cases.push(("POST", "/Users".into(), body.clone(), status, message_id, check));
        // An address list may be kept by a replace no more than by a create.
        cases.push(("PUT", format!("/Users/{other}"), body, status, message_id, check));
    }
    // On replace what was made once stays what it was.
    cases.retain(|(method, _, body, ..)| *method == "POST" || body.get(IDCS).is_none());
    refuse(&office, cases).await;
}

#[tokio::test]
async fn patches_that_cannot_be_are_refused() {
    let office = Office::new().await;
    let path = format!("/Users/{}", office.add_user("grace").await);
    let cases = bad_patches().into_iter().map(|(body, message_id, check)| {
        let status = if message_id == UNIQUE { 409 } else { 400 };
        ("PATCH", path.clone(), body, status, message_id, check)
    });
    refuse(&office, cases.collect()).await;
}

#[tokio::test]
async fn queries_that_cannot_be_are_refused() {
    let office = Office::new().await;
    let cases = bad_queries()
        .into_iter()
        .map(|(query, message_id, check)| ("GET", format!("/Users?{query}"), Value::Null, 400, message_id, check));
    refuse(&office, cases.collect()).await;
    let search = |body: Value| ("POST", "/Users/.search".to_owned(), body);
    let schema = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
    let bodies = [
        (json!({}), MISSING, "required_attributes_present"),
        (json!({"schemas": ["urn:x"]}), SCHEMA, "schemas_fit"),
        (json!({"schemas": [schema], "filter": 1}), TYPE, "attribute_type"),
        (json!({"schemas": [schema], "count": "1"}), TYPE, "attribute_type"),
        (json!({"schemas": [schema], "attributes": "userName"}), TYPE, "attribute_type"),
        (json!({"schemas": [schema], "filter": "nothing pr"}), FILTER, "filter_fits_resource"),
    ];
    let cases = bodies.into_iter().map(|(body, message_id, check)| {
        let (method, path, body) = search(body);
        (method, path, body, 400, message_id, check)
    });
    refuse(&office, cases.collect()).await;
}

#[tokio::test]
async fn groups_that_cannot_be_are_refused() {
    let office = Office::new().await;
    let user = office.add_user("grace").await;
    office.add_group("Taken", &[]).await;
    let id = office.add_group("Crew", &[&user]).await;
    refuse(&office, bad_groups(&id, "Taken")).await;
}

#[tokio::test]
async fn what_nothing_has_is_not_found() {
    let office = Office::new().await;
    refuse(&office, strangers()).await;
}

// Contract identity 6.1: 415 and 413.
#[tokio::test]
async fn bodies_of_other_kinds_and_too_large_ones_are_refused() {
    let office = Office::new().await;
    let before = state(&office).await;
    for (content_type, text, status, check) in [
        ("text/plain", user("x").to_string(), 415, "content_type"),
        ("application/x-www-form-urlencoded", "a=b".to_owned(), 415, "content_type"),
        ("", user("x").to_string(), 415, "content_type"),
        ("application/json", "{".to_owned(), 400, "body_readable"),
        ("application/json", String::new(), 400, "body_readable"),
        ("application/json", "\u{feff}{}".to_owned(), 400, "body_readable"),
        ("application/json", format!("\"{}\"", "x".repeat(1024 * 1024)), 413, "body_size"),
        ("application/json", "[".repeat(1000), 400, "body_readable"),
    ] {
        let mut request = super::support::request("POST", "/admin/v1/Users", &office.token, None);
        if !content_type.is_empty() {
            request.headers_mut().insert("content-type", content_type.parse().unwrap());
        }
        *request.body_mut() = axum::body::Body::from(text);
        let reply = office.reply(request).await.ok(status);
        assert_eq!(office.check(&reply).await, check, "{content_type}");
    }
    assert_eq!(state(&office).await, before);
    let mut request = super::support::request("POST", "/admin/v1/Users", &office.token, Some(&user("x")));
    request.headers_mut().insert("content-type", "Application/SCIM+json; charset=utf-8".parse().unwrap());
    office.reply(request).await.ok(201);
}

#[tokio::test]
async fn a_page_token_of_another_list_is_refused() {
    let office = Office::new().await;
    for name in ["a", "b", "c"] {
        office.add_user(name).await;
    }
    let token = office.get("/Users?count=1&sortBy=userName").await.ok(200).header("opc-next-page").to_owned();
    assert!(!token.is_empty());
    office.get(&format!("/Users?count=1&sortBy=userName&page={token}")).await.ok(200);
    for query in ["sortBy=id", "sortBy=userName&sortOrder=descending", "sortBy=userName&filter=active eq true"] {
        let refused = office.get(&format!("/Users?count=1&{query}&page={token}")).await.ok(400);
        assert_eq!(office.check(&refused).await, "page_token_fits");
    }
}

// Contract identity 6.4: what is a user's own to change.
#[tokio::test]
async fn nobody_changes_at_me_what_administrators_decide() {
    let office = Office::new().await;
    let (_, token) = office.add_colleague("grace", &[]).await;
    let before = office.send_as(&token, "GET", "/Me", None).await.ok(200);
    for (path, value) in [
        ("active", json!(false)),
        ("userName", json!("root")),
        ("password", json!("Canary-New-1")),
        ("userType", json!("Employee")),
        ("externalId", json!("x")),
        (&format!("{ENTERPRISE}:department"), json!("x")),
        (&format!("{IDCS}:isFederatedUser"), json!(true)),
    ] {
        let body = patch(&json!([{"op": "replace", "path": path, "value": value}]));
        let refused = office.send_as(&token, "PATCH", "/Me", Some(&body)).await.ok(400);
        assert_eq!(
            (refused.message_id(), office.check(&refused).await.as_str()),
            (READ_ONLY, "attribute_mutable"),
            "{path}"
        );
    }
    assert_eq!(office.send_as(&token, "GET", "/Me", None).await.body, before.body);
    let title = patch(&json!([{"op": "replace", "path": "nickName", "value": "G"}]));
    assert_eq!(office.send_as(&token, "PATCH", "/Me", Some(&title)).await.ok(200).text("/nickName"), "G");
    let mut whole = office.send_as(&token, "GET", "/Me", None).await.body;
    whole["title"] = json!("Dr");
    assert_eq!(office.send_as(&token, "PUT", "/Me", Some(&whole)).await.ok(200).text("/title"), "Dr");
}
