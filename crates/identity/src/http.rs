//! The public doors of the token service, as one table of routes. What stands here decides nothing.

mod answer;
mod context;
mod discovery;
mod me;
mod signing_cert;
mod token;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{any, get, post},
};

use crate::Identity;
pub use crate::StripeLocator;

/// The address of the stripe as this client reaches it, e.g. `http://127.0.0.1:4620/idcs-…`. The server puts it into the
/// request's extensions; without it answers carry the configured address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicBase(pub String);

/// The routes of the token service, each with its own refusal of other methods, and a 404 below its own prefixes.
pub fn router(identity: Identity) -> Router {
    let mut router = Router::new();
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
    router
        .route("/oauth2/v1/token", post(token::post).fallback(answer::oauth_method_not_allowed))
        .route("/.well-known/openid-configuration", get(discovery::openid).fallback(answer::scim_method_not_allowed))
        .route("/.well-known/idcs-configuration", get(discovery::idcs).fallback(answer::scim_method_not_allowed))
        .route("/admin/v1/SigningCert/jwk", get(signing_cert::get).fallback(answer::scim_method_not_allowed))
        .route("/admin/v1/Me", get(me::get).fallback(answer::scim_method_not_allowed))
        .layer(from_fn_with_state(identity.clone(), context::layer))
        .with_state(identity)
}
