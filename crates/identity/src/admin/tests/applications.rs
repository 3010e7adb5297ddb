//! Applications, their roles and who holds them, through their doors.

use obol_domain::app_role::BuiltInRole;
use serde_json::{Value, json};

use super::support::{Office, Reply, add_client, client_token, member, patch, user_token};
use crate::testing::{OTHER_STRIPE, World, at_stripe};

pub(super) const APP: &str = "urn:ietf:params:scim:schemas:oracle:idcs:App";
pub(super) const ROLE: &str = "urn:ietf:params:scim:schemas:oracle:idcs:AppRole";
pub(super) const GRANT: &str = "urn:ietf:params:scim:schemas:oracle:idcs:Grant";

pub(super) fn app(name: &str) -> Value {
    json!({"schemas": [APP], "basedOnTemplate": {"value": "CustomWebAppTemplateId"}, "displayName": name})
}

pub(super) fn grant(kind: &str, id: &str, role: &str) -> Value {
    json!({
        "schemas": [GRANT], "grantee": {"type": kind, "value": id}, "app": {"value": "IDCSAppId"},
        "entitlement": {"attributeName": "appRoles", "attributeValue": role},
        "grantMechanism": format!("ADMINISTRATOR_TO_{}", kind.to_uppercase()),
    })
}

pub(super) fn grant_to_app(app: &str, role: &str) -> Value {
    grant("App", app, role)
}

/// The id of a role of the identity domain, found as clients find it (contract identity 6.4).
pub(super) async fn app_id_of_role(office: &Office, name: &str) -> String {
    let filter = format!("/AppRoles?filter=app.value eq \"IDCSAppId\" and displayName eq \"{name}\"");
    let found = office.get(&filter).await.ok(200);
    assert_eq!(found.body["totalResults"], 1, "{name}");
    found.text("/Resources/0/id").to_owned()
}

/// How many grants there are of a role to somebody, as clients ask.
async fn holds(office: &Office, kind: &str, id: &str, role: &str) -> bool {
    let filter = format!(
        "/Grants?filter=grantee[value eq \"{id}\" and type eq \"{kind}\"] and entitlement[attributeName eq \"appRoles\" \
         and attributeValue eq \"{role}\"]"
    );
    office.get(&filter).await.ok(200).body["totalResults"] != 0
}

#[tokio::test]
async fn applications_are_found_by_what_they_are() {
    let office = Office::new().await;
    let mut api = app("Alpha API");
    api["isOAuthResource"] = json!(true);
    api["audience"] = json!("https://alpha/");
    api["scopes"] = json!([{"value": "read"}]);
    let id = office.send("POST", "/Apps", &api).await.ok(201).text("/id").to_owned();
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "displayName eq \"ALPHA api\"",
    });
    let found = office.send("POST", "/Apps/.search", &search).await.ok(200);
    assert_eq!(found.names("id"), [id.as_str()]);
    for filter in [
        "displayName sw \"alpha\"",
        "isOAuthResource eq true and audience eq \"https://alpha/\"",
        "scopes.fqs eq \"https://alpha/read\"",
        "scopes[value eq \"read\" and fqs co \"alpha\"]",
        "isOAuthClient eq false and isOPCService eq false",
        "active eq false and basedOnTemplate.value eq \"CustomWebAppTemplateId\"",
    ] {
        let found = office.get(&format!("/Apps?filter={filter}")).await.ok(200);
        assert_eq!(found.names("id"), [id.as_str()], "{filter}");
    }
    let admin = office.get("/Apps?filter=grantedAppRoles.appId eq \"IDCSAppId\"&sortBy=displayName").await.ok(200);
    assert_eq!(admin.names("displayName"), ["Admin", "Analytics_Token_App"]);
    let one = office.get("/Apps?sortBy=displayName&count=1&attributes=active").await.ok(200);
    assert!(!one.header("opc-next-page").is_empty());
    assert_eq!(one.names("displayName"), ["Admin"], "always returned");
    assert!(one.body["Resources"][0].get("clientType").is_none());
}

#[tokio::test]
async fn an_application_is_replaced_and_deleted() {
    let office = Office::new().await;
    let made = office.send("POST", "/Apps", &app("One")).await.ok(201);
    let path = format!("/Apps/{}", made.text("/id"));
    let mut body = app("Two");
    body["description"] = json!("changed");
    let replaced = office.send("PUT", &path, &body).await.ok(200);
    assert_eq!((replaced.text("/displayName"), replaced.text("/name")), ("Two", made.text("/name")));
    assert_ne!(replaced.header("etag"), made.header("etag"));
    let whole = office.send("PUT", &path, &replaced.body).await.ok(200);
    assert_eq!(whole.text("/description"), "changed", "what was read may be sent again");
    office.send("PATCH", &path, &patch(&json!([{"op": "replace", "path": "active", "value": true}]))).await.ok(200);
    let refused = office.delete(&path).await;
    assert_eq!((refused.status, office.check(&refused).await.as_str()), (400, "application_inactive"));
    office.delete(&format!("{path}?forceDelete=true")).await.ok(204);
    assert_eq!(office.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_version_that_is_not_the_present_one_changes_nothing() {
    let office = Office::new().await;
    let made = office.send("POST", "/Apps", &app("One")).await.ok(201);
    let path = format!("/admin/v1/Apps/{}", made.text("/id"));
    let change = patch(&json!([{"op": "replace", "path": "description", "value": "x"}]));
    let with = |tag: &str| {
        let mut request = super::support::request("PATCH", &path, &office.token, Some(&change));
        request.headers_mut().insert("if-match", tag.parse().unwrap());
        request
    };
    assert_eq!(office.reply(with("0123")).await.status, 412);
    assert_eq!(office.reply(with(made.header("etag"))).await.status, 200);
    assert_eq!(office.reply(with(made.header("etag"))).await.status, 412);
}

#[tokio::test]
async fn roles_of_a_custom_application_are_made_and_granted_to_each_kind() {
    let office = Office::new().await;
    let made = office.send("POST", "/Apps", &app("Shop")).await.ok(201);
    let app_id = made.text("/id").to_owned();
    let role = json!({
        "schemas": [ROLE], "displayName": "Clerk", "app": {"value": app_id}, "availableToUsers": true,
        "availableToGroups": true, "availableToClients": true,
    });
    let role = office.send("POST", "/AppRoles", &role).await.ok(201);
    let role_id = role.text("/id").to_owned();
    assert_eq!((role.text("/app/display"), &role.body["adminRole"]), ("Shop", &json!(false)));
    let user = office.add_user("grace").await;
    let group = office.add_group("Clerks", &[]).await;
    for (kind, id) in [("User", &user), ("Group", &group), ("App", &app_id)] {
        let mut body = grant(kind, id, &role_id);
        body["app"]["value"] = json!(app_id);
        let granted = office.send("POST", "/Grants", &body).await.ok(201);
        assert!(holds(&office, kind, id, &role_id).await);
        let again = office.send("POST", "/Grants", &body).await;
        assert_eq!((again.status, office.check(&again).await.as_str()), (409, "grant_unique"), "{kind}");
        assert!(again.text("/detail").contains("already exists"), "scripts look for the word");
        let path = format!("/Grants/{}", granted.text("/id"));
        assert_eq!(office.get(&path).await.ok(200).body, granted.body);
    }
    let members = office.get(&format!("/AppRoles/{role_id}?attributes=members")).await.ok(200);
    assert_eq!(members.body["members"].as_array().unwrap().len(), 2, "users and groups");
    let of_user =
        office.get(&format!("/AppRoles?filter=members[value eq \"{user}\" and type eq \"User\"]")).await.ok(200);
    assert_eq!(of_user.names("id"), [role_id.as_str()]);
    office.delete(&format!("/AppRoles/{role_id}")).await.ok(204);
    assert!(!holds(&office, "User", &user, &role_id).await, "they went with the role");
}

// Contract identity 6.4: the sibling endpoint takes the same bodies.
#[tokio::test]
async fn idcs_app_role_grants_are_grants() {
    let office = Office::new().await;
    let user = office.add_user("grace").await;
    let role = app_id_of_role(&office, "Audit Administrator").await;
    let made = office.send("POST", "/IdcsAppRoleGrants", &grant("User", &user, &role)).await.ok(201);
    office.get(&format!("/IdcsAppRoleGrants/{}", made.text("/id"))).await.ok(200);
    assert!(holds(&office, "User", &user, &role).await);
    office.delete(&format!("/IdcsAppRoleGrants/{}", made.text("/id"))).await.ok(204);
    assert!(!holds(&office, "User", &user, &role).await);
}

#[tokio::test]
async fn a_role_of_a_group_is_its_members_and_of_a_client_its_own_at_once() {
    let office = Office::new().await;
    let (colleague, token) = office.add_colleague("ann@example.com", &[]).await;
    assert_eq!(office.send_as(&token, "GET", "/AuditEvents", None).await.status, 401);
    let group = office.add_group("Auditors", &[&colleague.id]).await;
    let role = app_id_of_role(&office, "Audit Administrator").await;
    let granted = office.send("POST", "/Grants", &grant("Group", &group, &role)).await.ok(201);
    let token = user_token(&office.world, &office.app, "ann@example.com").await;
    office.send_as(&token, "GET", "/AuditEvents", None).await.ok(200);
    office.delete(&format!("/Grants/{}", granted.text("/id"))).await.ok(204);
    assert_eq!(office.send_as(&token, "GET", "/AuditEvents", None).await.status, 401, "roles are those of the moment");
}

#[tokio::test]
async fn who_may_not_grant_a_role_adds_nobody_to_a_group_that_holds_it() {
    let office = Office::new().await;
    let (colleague, token) = office.add_colleague("users@example.com", &[BuiltInRole::UserAdministrator]).await;
    let (group, role) =
        (office.add_group("Admins", &[]).await, app_id_of_role(&office, "Identity Domain Administrator").await);
    office.send("POST", "/Grants", &grant("Group", &group, &role)).await.ok(201);
    let path = format!("/Groups/{group}");
    let add = patch(&json!([{"op": "add", "path": "members", "value": [super::support::member(&colleague.id)]}]));
    let mut put = super::support::group("Admins");
    put["members"] = json!([super::support::member(&colleague.id)]);
    for (method, body) in [("PATCH", Some(&add)), ("PUT", Some(&put)), ("DELETE", None)] {
        let refused = office.send_as(&token, method, &path, body).await;
        assert_eq!(
            (refused.status, office.check(&refused).await.as_str()),
            (401, "target_not_above_caller"),
            "{method}"
        );
    }
    let members = office.get(&format!("{path}?attributes=members")).await.ok(200);
    assert!(members.body.get("members").is_none(), "nobody was added");
    office.send("PATCH", &path, &add).await.ok(200);
}

/// Whatever of the identity domain's administrator roles there is, may not be granted.
async fn makes_no_administrator(office: &Office, token: &str, own_app: &str) {
    let user = office.world.user.id.clone();
    let group = office.add_group(&format!("Group {own_app}"), &[]).await;
    for name in ["Identity Domain Administrator", "Security Administrator", "User Administrator"] {
        let role = app_id_of_role(office, name).await;
        for (kind, id) in [("Group", group.as_str()), ("App", own_app), ("User", user.as_str())] {
            let had = holds(office, kind, id, &role).await;
            let reply = office.send_as(token, "POST", "/Grants", Some(&grant(kind, id, &role))).await;
            assert_eq!((reply.status, reply.message_id()), (401, "error.common.exception.unauthorizedAccess"));
            assert_eq!(office.check(&reply).await, "target_not_above_caller", "{name} to {kind}");
            assert_eq!(holds(office, kind, id, &role).await, had, "{name} to {kind}");
        }
    }
}

#[tokio::test]
async fn a_lesser_administrator_makes_no_administrator_of_anybody() {
    let office = Office::new().await;
    for role in [BuiltInRole::ApplicationAdministrator, BuiltInRole::UserAdministrator] {
        let name = format!("{role:?}@example.com");
        let (_, token) = office.add_colleague(&name, &[role]).await;
        let own = add_client(&office.world, &format!("Of {role:?}"), &[role]).await;
        makes_no_administrator(&office, &token, &own.id).await;
        let token = client_token(&office.world, &own).await;
        let own_again = add_client(&office.world, &format!("Of {role:?} again"), &[]).await;
        makes_no_administrator(&office, &token, &own_again.id).await;
        // What everybody may grant who may grant.
        let me = app_id_of_role(&office, "Me").await;
        office.send_as(&token, "POST", "/Grants", Some(&grant_to_app(&own_again.id, &me))).await.ok(201);
    }
}

#[tokio::test]
async fn a_lesser_administrator_takes_no_administrators_application_over() {
    let office = Office::new().await;
    let (_, token) = office.add_colleague("apps@example.com", &[BuiltInRole::ApplicationAdministrator]).await;
    let id = &office.app.id;
    let secret =
        json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"], "appId": id});
    let status = json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"], "active": false});
    let change = patch(&json!([{"op": "replace", "path": "clientSecret", "value": "canary"}]));
    for (method, path, body) in [
        ("POST", "/AppClientSecretRegenerator".to_owned(), Some(&secret)),
        ("GET", format!("/AppClientSecretRegenerator/{id}"), None),
        ("PATCH", format!("/Apps/{id}"), Some(&change)),
        ("PUT", format!("/Apps/{id}"), Some(&app("Mine"))),
        ("PUT", format!("/AppStatusChanger/{id}"), Some(&status)),
        ("DELETE", format!("/Apps/{id}?forceDelete=true"), None),
    ] {
        let reply = office.send_as(&token, method, &path, body).await;
        assert_eq!(reply.status, 401, "{method} {path}");
        assert_eq!(office.check(&reply).await, "target_not_above_caller", "{method} {path}");
    }
    client_token(&office.world, &office.app).await;
}

#[tokio::test]
async fn the_last_domain_administrator_stays_one() {
    let office = Office::new().await;
    let role = app_id_of_role(&office, "Identity Domain Administrator").await;
    let of_user = format!("/Grants?filter=entitlement.attributeValue eq \"{role}\" and grantee.type eq \"User\"");
    let grants = office.get(&of_user).await.ok(200);
    let last = format!("/Grants/{}", grants.text("/Resources/0/id"));
    let refused = office.delete(&last).await;
    assert_eq!((refused.status, office.check(&refused).await.as_str()), (400, "administrator_remains"));
    assert!(holds(&office, "User", &office.world.user.id, &role).await);
    let other = office.add_user("grace").await;
    office.send("POST", "/Grants", &grant("User", &other, &role)).await.ok(201);
    office.delete(&last).await.ok(204);
}

// A group without members makes nobody an administrator, and one with members does.
#[tokio::test]
async fn who_is_administrator_through_a_group_counts_and_an_empty_group_does_not() {
    let office = Office::new().await;
    let role = app_id_of_role(&office, "Identity Domain Administrator").await;
    let of_user = format!("/Grants?filter=entitlement.attributeValue eq \"{role}\" and grantee.type eq \"User\"");
    let own = format!("/Grants/{}", office.get(&of_user).await.ok(200).text("/Resources/0/id"));
    let group = office.add_group("Administrators", &[]).await;
    office.send("POST", "/Grants", &grant("Group", &group, &role)).await.ok(201);
    let path = format!("/Groups/{group}");
    let refused = office.delete(&own).await;
    assert_eq!((refused.status, office.check(&refused).await.as_str()), (400, "administrator_remains"));

    // Ada is one through the group as well: then her own grant may go, and she must stay in the group.
    let me = office.world.user.id.clone();
    let join = patch(&json!([{"op": "add", "path": "members", "value": [member(&me)]}]));
    office.send("PATCH", &path, &join).await.ok(200);
    office.delete(&own).await.ok(204);
    let leave = patch(&json!([{"op": "remove", "path": "members"}]));
    let tries = [
        office.send("PATCH", &path, &leave).await,
        office.delete(&path).await,
        office.delete(&format!("/Users/{me}")).await,
    ];
    for refused in tries {
        assert_eq!((refused.status, refused.message_id()), (400, "error.identity.user.lastAdministrator"));
        assert_eq!(office.check(&refused).await, "administrator_remains");
    }
    let members = office.get(&format!("{path}?attributes=members")).await.ok(200);
    assert_eq!(members.body["members"].as_array().map(Vec::len), Some(1), "nothing was changed");

    let other = office.add_user("grace").await;
    office
        .send("PATCH", &path, &patch(&json!([{"op": "add", "path": "members", "value": [member(&other)]}])))
        .await
        .ok(200);
    office.delete(&format!("/Users/{me}")).await.ok(204);
}

#[tokio::test]
async fn my_applications_are_those_i_was_given() {
    let office = Office::new().await;
    let (colleague, token) = office.add_colleague("ann@example.com", &[]).await;
    let mine = async || office.send_as(&token, "GET", "/MyApps", None).await.ok(200);
    assert_eq!(mine().await.body["totalResults"], 0);
    let mut body = app("Shop");
    body["active"] = json!(true);
    body["landingPageUrl"] = json!("https://shop.example/");
    let id = office.send("POST", "/Apps", &body).await.ok(201).text("/id").to_owned();
    let access = json!({
        "schemas": [GRANT], "grantee": {"type": "User", "value": colleague.id}, "app": {"value": id},
        "grantMechanism": "ADMINISTRATOR_TO_USER",
    });
    office.send("POST", "/Grants", &access).await.ok(201);
    let found = mine().await;
    assert_eq!(found.names("name"), ["Shop"]);
    assert_eq!(found.text("/Resources/0/launchUrl"), "https://shop.example/");
    assert_eq!(found.text("/Resources/0/owner/value"), colleague.id);
    let others = office.get(&format!("/MyApps?filter=owner.value eq \"{}\"", colleague.id)).await.ok(200);
    assert_eq!(others.body["totalResults"], 0, "nobody lists another's");
    let hide = patch(&json!([{"op": "replace", "path": "showInMyApps", "value": false}]));
    office.send("PATCH", &format!("/Apps/{id}"), &hide).await.ok(200);
    assert_eq!(mine().await.body["totalResults"], 0);
}

async fn elsewhere(office: &Office, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let request = super::support::request(method, &format!("/admin/v1{path}"), &office.token, body);
    office.reply(at_stripe(request, OTHER_STRIPE)).await
}

/// An administrator of another stripe, and what they try with this stripe's ids.
#[tokio::test]
async fn another_stripes_administrator_finds_and_changes_nothing_here() {
    let office = Office::new().await;
    let made = office.send("POST", "/Apps", &app("Mine")).await.ok(201);
    let (id, role) = (made.text("/id").to_owned(), app_id_of_role(&office, "Me").await);
    let granted = office.send("POST", "/Grants", &grant_to_app(&id, &role)).await.ok(201);
    office.world.add_other_stripe().await;
    // A token of one stripe is no token of another.
    assert_eq!(elsewhere(&office, "GET", "/Apps", None).await.status, 401);

    let foreign = foreign_token(&office.world).await;
    let ask = async |method: &str, path: String, body: Option<&Value>| {
        let request = super::support::request(method, &format!("/admin/v1{path}"), &foreign, body);
        office.reply(at_stripe(request, OTHER_STRIPE)).await
    };
    let status = json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"], "active": true});
    let secret =
        json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"], "appId": id});
    let change = patch(&json!([{"op": "replace", "path": "description", "value": "x"}]));
    for (method, path, body, expected) in [
        ("GET", format!("/Apps/{id}"), None, 404),
        ("PUT", format!("/Apps/{id}"), Some(&app("Theirs")), 404),
        ("PATCH", format!("/Apps/{id}"), Some(&change), 404),
        ("DELETE", format!("/Apps/{id}?forceDelete=true"), None, 404),
        ("PUT", format!("/AppStatusChanger/{id}"), Some(&status), 404),
        ("POST", "/AppClientSecretRegenerator".to_owned(), Some(&secret), 404),
        ("GET", format!("/AppRoles/{role}"), None, 404),
        ("DELETE", format!("/AppRoles/{role}"), None, 404),
        ("GET", format!("/Grants/{}", granted.text("/id")), None, 404),
        ("DELETE", format!("/Grants/{}", granted.text("/id")), None, 404),
        ("POST", "/Grants".to_owned(), Some(&grant_to_app(&id, &role)), 400),
    ] {
        assert_eq!(ask(method, path.clone(), body).await.status, expected, "{method} {path}");
    }
    let apps = ask("GET", "/Apps?filter=displayName eq \"Mine\"".to_owned(), None).await.ok(200);
    assert_eq!(apps.body["totalResults"], 0);
    assert_eq!(ask("GET", "/MyApps".to_owned(), None).await.status, 401, "a client alone is nobody there");
    let roles = ask("GET", format!("/AppRoles?filter=id eq \"{role}\""), None).await.ok(200);
    assert_eq!(roles.body["totalResults"], 0);
    let grants = ask("GET", format!("/Grants?filter=grantee.value eq \"{id}\""), None).await.ok(200);
    assert_eq!(grants.body["totalResults"], 0);
    let here = super::support::request("GET", &format!("/admin/v1/Apps/{id}"), &office.token, None);
    assert_eq!(office.reply(at_stripe(here, crate::testing::STRIPE)).await.ok(200).text("/displayName"), "Mine");
}

/// A token of an administrator's application of the other stripe.
async fn foreign_token(world: &World) -> String {
    use crate::testing::{basic, new_application, token_of, token_request};
    let mut tx = world.db().begin().await.unwrap();
    let provisioning = world.provisioning();
    let app = provisioning.application(&mut tx, OTHER_STRIPE, &new_application()).await.unwrap();
    let role = BuiltInRole::IdentityDomainAdministrator;
    provisioning.grant_to_client(&mut tx, OTHER_STRIPE, &app.id, role).await.unwrap();
    tx.commit().await.unwrap();
    world.identity.forget(OTHER_STRIPE);
    let form = "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__";
    let request = token_request(Some(&basic(&app.client_id, app.client_secret.expose())), form);
    token_of(world.send(at_stripe(request, OTHER_STRIPE)).await).await
}
