//! The web console: pages over the same services the APIs use, and no private powers.
//!
//! Everything is rendered on the server and works without a line of script: menus are `details`, choices that open others
//! are style. That keeps the content policy at its strictest, and the pages readable by whatever reads pages.

mod assets;
mod chrome;
mod cookies;
mod form;
mod pages;
mod qr;
mod refusal;
mod security;
mod visit;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware,
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};
use obol_domain::Explanation;
use obol_identity::Identity;
use obol_protocol::oauth::form::LONGEST_BODY;

use crate::{
    pages::{
        applications, authorization, consent, device, factors, federation, home, password, second_step, sessions,
        signin, token,
    },
    refusal::Refused,
    visit::Visit,
};

/// The console's pages: `/ui/v1` and what is below it, and `/`, which leads there.
///
/// The stripe and the public base arrive as extensions of the request, as the token service's do.
pub fn router(identity: Identity) -> Router {
    Router::new()
        .route("/", get(async |visit: Visit| visit.redirect("/")))
        .route("/ui/v1", get(async |visit: Visit| visit.redirect("/")))
        .route("/ui/v1/", get(home::show))
        .route("/ui/v1/signin", get(signin::show).post(signin::submit))
        .route("/ui/v1/signin/factor", get(second_step::show).post(second_step::submit))
        .route("/ui/v1/password", get(password::show).post(password::submit))
        .route("/ui/v1/signout", post(signin::leave))
        .route("/ui/v1/factors", get(factors::show).post(factors::submit))
        .route("/ui/v1/sessions", get(sessions::show).post(sessions::submit))
        .route("/ui/v1/device", get(device::show).post(device::submit))
        .route("/ui/v1/authorize", get(authorization::proceed))
        .route("/ui/v1/myconsole/consent", get(consent::show).post(consent::submit))
        .route("/ui/v1/federation", get(federation::list))
        .route("/ui/v1/federation/OracleIdentityCloudService", get(federation::provider))
        .route("/ui/v1/adminconsole", get(applications::list))
        .route("/ui/v1/adminconsole/", get(applications::list))
        .route("/ui/v1/adminconsole/apps/{id}", get(applications::show))
        .route("/ui/v1/adminconsole/apps/{id}/token", get(token::show).post(token::generate))
        .route("/ui/v1/{*rest}", any(missing))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn_with_state(identity, visit::begin))
        .route("/ui/v1/assets/{name}", get(assets::serve))
        .layer(middleware::from_fn(security::headers))
}

async fn missing(visit: Visit) -> Response {
    let explanation = Explanation::new(
        "page_known",
        "the address of a page of this console",
        "an address that no page has",
        "Go to the home page and follow the navigation menu.",
    );
    Refused::new(&visit, StatusCode::NOT_FOUND, "There is no such page", explanation).into_response()
}
