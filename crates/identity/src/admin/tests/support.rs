//! A stripe with an administrator and an application for each side of the rules, and calls in one line.

use ::http::{HeaderMap, Request, header};
use axum::body::Body;
use obol_domain::app_role::BuiltInRole;
use obol_protocol::{Secret, oauth::GrantType};
use obol_store::explanations;
use serde_json::{Value, json};

use crate::{
    StripeLocator,
    provisioning::{MadeApplication, MadeUser, NewApplication},
    testing::{
        PASSWORD, STRIPE, USER, World, at_stripe, basic, body_of, new_application, new_user, password_form, token_of,
        token_request,
    },
};

pub(super) const ALL: &str = "urn:opc:idm:__myscopes__";

/// The world with an application that holds every administrator's role, and its user's token.
pub(super) struct Office {
    pub(super) world: World,
    pub(super) app: MadeApplication,
    pub(super) token: String,
}

/// What came back.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Reply {
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn message_id(&self) -> &str {
        self.text("/urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error/messageId")
    }

    /// The `userName`, or what else is named, of each resource of a list.
    pub(super) fn names(&self, name: &str) -> Vec<&str> {
        let resources = self.body["Resources"].as_array().unwrap_or_else(|| panic!("{}", self.body));
        resources.iter().map(|resource| resource[name].as_str().unwrap()).collect()
    }

    #[track_caller]
    pub(super) fn ok(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

pub(super) fn request(method: &str, path: &str, token: &str, body: Option<&Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path.replace(' ', "+").replace('"', "%22"));
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    match body {
        Some(body) => {
            request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
        }
        None => request.body(Body::empty()).unwrap(),
    }
}

pub(super) fn user(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "name": {"givenName": "Grace", "familyName": "Hopper"},
        "emails": [{"value": format!("{name}@example.com"), "type": "work", "primary": true}],
    })
}

pub(super) fn group(name: &str) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name})
}

pub(super) fn patch(operations: &Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

pub(super) fn member(id: &str) -> Value {
    json!({"value": id, "type": "User"})
}

impl Office {
    pub(super) async fn new() -> Self {
        let world = World::new().await;
        let app = add_client(&world, "Admin", &[BuiltInRole::IdentityDomainAdministrator]).await;
        let token = user_token(&world, &app, USER).await;
        Self { world, app, token }
    }

    /// Sends a request, where it names no stripe to the office's own.
    pub(super) async fn reply(&self, request: Request<Body>) -> Reply {
        let named = request.extensions().get::<StripeLocator>().is_some();
        let request = if named { request } else { at_stripe(request, STRIPE) };
        let response = self.world.send(request).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = body_of(response).await;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Reply { status, headers, body }
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.reply(request(method, &format!("/admin/v1{path}"), &self.token, Some(body))).await
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.reply(request("GET", &format!("/admin/v1{path}"), &self.token, None)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Reply {
        self.reply(request("DELETE", &format!("/admin/v1{path}"), &self.token, None)).await
    }

    /// The same as somebody else.
    pub(super) async fn send_as(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.reply(request(method, &format!("/admin/v1{path}"), token, body)).await
    }

    /// A user made through the door; its id.
    pub(super) async fn add_user(&self, name: &str) -> String {
        self.send("POST", "/Users", &user(name)).await.ok(201).text("/id").to_owned()
    }

    pub(super) async fn add_group(&self, name: &str, members: &[&str]) -> String {
        let mut body = group(name);
        body["members"] = members.iter().map(|id| member(id)).collect();
        self.send("POST", "/Groups", &body).await.ok(201).text("/id").to_owned()
    }

    /// A user with a password and roles, and their token for everything they may do.
    pub(super) async fn add_colleague(&self, name: &str, roles: &[BuiltInRole]) -> (MadeUser, String) {
        let mut tx = self.world.db().begin().await.unwrap();
        let provisioning = self.world.provisioning();
        let user = provisioning.user(&mut tx, STRIPE, &new_user(name)).await.unwrap();
        for role in roles {
            provisioning.grant_to_user(&mut tx, STRIPE, &user.id, *role).await.unwrap();
        }
        tx.commit().await.unwrap();
        let token = user_token(&self.world, &self.app, name).await;
        (user, token)
    }

    /// The check that refused.
    pub(super) async fn check(&self, reply: &Reply) -> String {
        self.world.identity.0.recorder.flush().await;
        let found = explanations::find(self.world.db(), reply.header("x-oracle-dms-ecid")).await.unwrap();
        found.first().map_or_else(String::new, |found| found.explanation.check.to_string())
    }
}

/// An application with roles, and every grant that a test asks for.
pub(super) async fn add_client(world: &World, name: &str, roles: &[BuiltInRole]) -> MadeApplication {
    let mut tx = world.db().begin().await.unwrap();
    let new = NewApplication {
        display_name: name.into(),
        allowed_grants: vec![GrantType::Password, GrantType::ClientCredentials],
        ..new_application()
    };
    let app = world.provisioning().application(&mut tx, STRIPE, &new).await.unwrap();
    for role in roles {
        world.provisioning().grant_to_client(&mut tx, STRIPE, &app.id, *role).await.unwrap();
    }
    tx.commit().await.unwrap();
    world.identity.forget(STRIPE);
    app
}

pub(super) async fn user_token(world: &World, app: &MadeApplication, name: &str) -> String {
    let basic = basic(&app.client_id, app.client_secret.expose());
    token_of(world.send(token_request(Some(&basic), &password_form(name, PASSWORD, ALL))).await).await
}

pub(super) async fn client_token(world: &World, app: &MadeApplication) -> String {
    let basic = basic(&app.client_id, app.client_secret.expose());
    let form = format!("grant_type=client_credentials&scope={ALL}");
    token_of(world.send(token_request(Some(&basic), &form)).await).await
}

/// Whether a password signs in.
pub(super) async fn signs_in(world: &World, name: &str, password: &str) -> bool {
    world.identity.begin_sign_in(STRIPE, name, &Secret::new(password)).await.is_ok()
}
