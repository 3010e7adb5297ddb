//! The public doors of the token service, as one table of routes. What stands here decides nothing.

mod answer;
mod context;
mod device;
mod discovery;
mod me;
mod signing_cert;
mod token;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{MethodRouter, any, get, post},
};

pub use self::context::Peer;
use crate::Identity;
pub use crate::StripeLocator;

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
    /// A client that authenticates itself in the request.
    Client,
    /// Whoever has an access token of the stripe, or everybody when the stripe's setting says so.
    TokenUnlessPublic,
    /// The user an access token with the scope `urn:opc:idm:t.user.me` speaks for.
    User,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Token,
    Device,
    OpenIdConfiguration,
    IdcsConfiguration,
    SigningCert,
    Me,
}

/// Every door there is.
pub const ROUTES: [Route; 6] = [
    Route { method: "POST", path: "/oauth2/v1/token", policy: Policy::Client, operation: Operation::Token },
    Route { method: "POST", path: "/oauth2/v1/device", policy: Policy::Client, operation: Operation::Device },
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
    Route { method: "GET", path: "/admin/v1/Me", policy: Policy::User, operation: Operation::Me },
];

/// The routes of the token service, each with its own refusal of other methods, and a 404 below its own prefixes.
pub fn router(identity: Identity) -> Router {
    let mut router = Router::new();
    for Route { path, operation, .. } in ROUTES {
        router = router.route(path, handler(operation));
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

fn handler(operation: Operation) -> MethodRouter<Identity> {
    match operation {
        Operation::Device => post(device::post).fallback(answer::oauth_method_not_allowed),
        Operation::Token => post(token::post).fallback(answer::oauth_method_not_allowed),
        Operation::OpenIdConfiguration => get(discovery::openid).fallback(answer::scim_method_not_allowed),
        Operation::IdcsConfiguration => get(discovery::idcs).fallback(answer::scim_method_not_allowed),
        Operation::SigningCert => get(signing_cert::get).fallback(answer::scim_method_not_allowed),
        Operation::Me => get(me::get).fallback(answer::scim_method_not_allowed),
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
                Policy::Client | Policy::TokenUnlessPublic | Policy::User => 401,
            };
            assert_eq!(world.send(request(method, path)).await.status(), expected, "{method} {path}");
        }
    }

    #[tokio::test]
    async fn every_door_serves_its_own_method_only() {
        let world = World::new().await;
        for Route { method, path, .. } in ROUTES {
            for other in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                if other != method {
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
            ["/oauth2", "/oauth2/", "/oauth2/v1/tokens", "/sso/v1/sdk/authenticate", "/admin/v1/Users", "/admin/"]
        {
            assert_eq!(world.send(request("GET", path)).await.status(), 404, "{path}");
        }
    }

    #[test]
    fn every_door_stands_in_the_document_of_compatibility() {
        let document = include_str!("../../../docs/compatibility.md");
        for Route { method, path, .. } in ROUTES {
            assert!(document.contains(&format!("`{method} {path}`")), "{method} {path}");
        }
    }
}
