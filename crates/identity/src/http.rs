//! The public doors of the token service, as one table of routes. What stands here decides nothing.

mod admin;
mod answer;
mod authorize;
mod body;
mod context;
mod cookie;
mod device;
mod discovery;
mod introspect;
mod revoke;
mod signing_cert;
mod token;
mod userinfo;
mod userlogout;

use std::collections::BTreeMap;

use ::http::Method;
use axum::{
    Router,
    extract::{Request, State},
    middleware::from_fn_with_state,
    routing::{MethodFilter, MethodRouter, any, get, on, post},
};

pub use self::context::Peer;
pub use crate::StripeLocator;
use crate::{Identity, admin as administration};

/// The address of the stripe as this client reaches it, e.g. `http://127.0.0.1:4620/idcs-…`. The server puts it into the
/// request's extensions; without it answers carry the configured address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicBase(pub String);

/// A door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The only method it serves; HEAD comes with GET.
    pub method: &'static str,
    /// Its path below the stripe's address.
    pub path: &'static str,
    /// Who may come in.
    pub policy: Policy,
    operation: Operation,
}

/// Who may come in at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Everybody.
    Public,
    /// A browser: who is signed in there is looked up, and a request that is good for nothing is told so.
    Browser,
    /// A client that authenticates itself in the request.
    Client,
    /// Whoever has an access token of the stripe, or everybody when the stripe's setting says so.
    TokenUnlessPublic,
    /// The user an access token with the scope that the door needs speaks for.
    User,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Token,
    Device,
    Authorize,
    AuthorizeForm,
    Consent,
    Introspect,
    Revoke,
    UserInfo,
    UserInfoForm,
    UserLogout,
    AuthorizationServer,
    OpenIdConfiguration,
    IdcsConfiguration,
    SigningCert,
}

/// Every door beside those of the administration's resources, which have a table of their own.
pub const ROUTES: [Route; 14] = [
    Route { method: "POST", path: "/oauth2/v1/token", policy: Policy::Client, operation: Operation::Token },
    Route { method: "POST", path: "/oauth2/v1/device", policy: Policy::Client, operation: Operation::Device },
    Route { method: "GET", path: "/oauth2/v1/authorize", policy: Policy::Browser, operation: Operation::Authorize },
    Route {
        method: "POST",
        path: "/oauth2/v1/authorize",
        policy: Policy::Browser,
        operation: Operation::AuthorizeForm,
    },
    Route { method: "GET", path: "/oauth2/v1/consent", policy: Policy::Browser, operation: Operation::Consent },
    Route { method: "POST", path: "/oauth2/v1/introspect", policy: Policy::Client, operation: Operation::Introspect },
    Route { method: "POST", path: "/oauth2/v1/revoke", policy: Policy::Client, operation: Operation::Revoke },
    Route { method: "GET", path: "/oauth2/v1/userinfo", policy: Policy::User, operation: Operation::UserInfo },
    Route { method: "POST", path: "/oauth2/v1/userinfo", policy: Policy::User, operation: Operation::UserInfoForm },
    Route { method: "GET", path: "/oauth2/v1/userlogout", policy: Policy::Browser, operation: Operation::UserLogout },
    Route {
        method: "GET",
        path: "/.well-known/oauth-authorization-server",
        policy: Policy::Public,
        operation: Operation::AuthorizationServer,
    },
    Route {
        method: "GET",
        path: "/.well-known/openid-configuration",
        policy: Policy::Public,
        operation: Operation::OpenIdConfiguration,
    },
    Route {
        method: "GET",
        path: "/.well-known/idcs-configuration",
        policy: Policy::Public,
        operation: Operation::IdcsConfiguration,
    },
    Route {
        method: "GET",
        path: "/admin/v1/SigningCert/jwk",
        policy: Policy::TokenUnlessPublic,
        operation: Operation::SigningCert,
    },
];

/// The routes of the token service, each with its own refusal of other methods, and a 404 below its own prefixes.
pub fn router(identity: Identity) -> Router {
    let mut router = Router::new();
    let mut paths: Vec<&str> = ROUTES.iter().map(|route| route.path).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let methods = ROUTES.iter().filter(|route| route.path == path).map(|route| handler(route.operation));
        let methods = methods.fold(MethodRouter::new(), MethodRouter::merge);
        router = router.route(
            path,
            if path.starts_with("/oauth2") {
                methods.fallback(answer::oauth_method_not_allowed)
            } else {
                methods.fallback(scim_get_only)
            },
        );
    }
    for (path, doors) in administration_doors() {
        router = router.route(path, doors);
    }
    for prefix in ["/oauth2", "/sso"] {
        router = router
            .route(prefix, any(answer::oauth_not_found))
            .route(&format!("{prefix}/"), any(answer::oauth_not_found))
            .route(&format!("{prefix}/{{*rest}}"), any(answer::oauth_not_found));
    }
    for prefix in ["/admin", "/.well-known"] {
        router = router
            .route(prefix, any(answer::scim_not_found))
            .route(&format!("{prefix}/"), any(answer::scim_not_found))
            .route(&format!("{prefix}/{{*rest}}"), any(answer::scim_not_found));
    }
    router.layer(from_fn_with_state(identity.clone(), context::layer)).with_state(identity)
}

/// What answers a path that no service has: 404 in the identity service's words, with an ECID to ask after.
pub fn elsewhere(identity: Identity) -> Router {
    Router::new()
        .fallback(answer::scim_not_found)
        .layer(from_fn_with_state(identity.clone(), context::layer))
        .with_state(identity)
}

/// The doors of the administration's table: for each path one of every method it has, and a refusal of the others.
fn administration_doors() -> BTreeMap<&'static str, MethodRouter<Identity>> {
    let mut doors: BTreeMap<&'static str, (MethodRouter<Identity>, Vec<&'static str>)> = BTreeMap::new();
    for route in administration::ROUTES {
        let Ok(filter) = method(route.method).try_into() else { continue };
        let serve = move |State(identity): State<Identity>, request: Request| admin::serve(identity, route, request);
        let (router, methods) = doors.remove(route.path).unwrap_or_default();
        let filter: MethodFilter = filter;
        let methods = methods.into_iter().chain([route.method]).collect();
        doors.insert(route.path, (router.merge(on(filter, serve)), methods));
    }
    let refusing = |(router, methods): (MethodRouter<Identity>, Vec<&str>)| {
        let head = if methods.contains(&"GET") { ", HEAD" } else { "" };
        let allow = format!("{}{head}", methods.join(", "));
        router.fallback(move || async move { answer::scim_other_method(&allow) })
    };
    doors.into_iter().map(|(path, door)| (path, refusing(door))).collect()
}

fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).unwrap_or_default()
}

async fn scim_get_only() -> axum::response::Response {
    answer::scim_other_method("GET, HEAD")
}

fn handler(operation: Operation) -> MethodRouter<Identity> {
    match operation {
        Operation::Token => post(token::post),
        Operation::Device => post(device::post),
        Operation::Authorize => get(authorize::get),
        Operation::AuthorizeForm => post(authorize::post),
        Operation::Consent => get(authorize::consent),
        Operation::Introspect => post(introspect::post),
        Operation::Revoke => post(revoke::post),
        Operation::UserInfo => get(userinfo::answer),
        Operation::UserInfoForm => post(userinfo::answer),
        Operation::UserLogout => get(userlogout::get),
        Operation::AuthorizationServer => get(discovery::authorization_server_document),
        Operation::OpenIdConfiguration => get(discovery::openid),
        Operation::IdcsConfiguration => get(discovery::idcs),
        Operation::SigningCert => get(signing_cert::get),
    }
}

#[cfg(test)]
mod tests {
    use ::http::{Method, Request};
    use axum::body::Body;

    use super::*;
    use crate::testing::World;

    fn request(method: &str, path: &str) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::empty())
            .unwrap()
    }

    #[tokio::test]
    async fn every_door_that_is_not_public_refuses_a_stranger() {
        let world = World::new().await;
        for Route { method, path, policy, .. } in ROUTES {
            let expected = match policy {
                Policy::Public => 200,
                // Each of these has something to show to a browser that brings nothing.
                Policy::Browser if path.ends_with("authorize") => 400,
                Policy::Browser => 303,
                Policy::Client | Policy::TokenUnlessPublic | Policy::User => 401,
            };
            assert_eq!(world.send(request(method, path)).await.status(), expected, "{method} {path}");
        }
        for administration::Route { method, path, .. } in administration::ROUTES {
            assert_eq!(world.send(request(method, path)).await.status(), 401, "{method} {path}");
        }
    }

    #[tokio::test]
    async fn every_door_serves_its_own_method_only() {
        let world = World::new().await;
        let administration = administration::ROUTES.iter().map(|route| (route.method, route.path));
        let doors: Vec<_> = ROUTES.iter().map(|route| (route.method, route.path)).chain(administration).collect();
        for (method, path) in doors.iter().copied() {
            for other in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                if !doors.contains(&(other.as_str(), path)) {
                    let response = world.send(request(other.as_str(), path)).await;
                    assert_eq!(response.status(), 405, "{other} {path}");
                    assert!(response.headers()["allow"].to_str().unwrap().contains(method), "{other} {path}");
                }
            }
        }
    }

    #[tokio::test]
    async fn nothing_else_is_found_below_our_prefixes() {
        let world = World::new().await;
        for path in
            ["/oauth2", "/oauth2/", "/oauth2/v1/tokens", "/sso/v1/sdk/authenticate", "/admin/v1/Nothing", "/admin/"]
        {
            assert_eq!(world.send(request("GET", path)).await.status(), 404, "{path}");
        }
    }

    #[test]
    fn every_door_stands_in_the_document_of_compatibility() {
        let document = include_str!("../../../docs/compatibility.md");
        let administration = administration::ROUTES.iter().map(|route| (route.method, route.path));
        for (method, path) in ROUTES.iter().map(|route| (route.method, route.path)).chain(administration) {
            assert!(document.contains(&format!("`{method} {path}`")), "{method} {path}");
        }
    }
}
