//! The first page after signing in.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use crate::{chrome::Chrome, refusal::render, visit::SignedIn};

/// The home page.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage {
    pub(crate) chrome: Chrome,
    pub(crate) home_region: String,
    pub(crate) tenancy_id: String,
}

/// Answers `GET /ui/v1/`.
pub(crate) async fn show(SignedIn(visit): SignedIn) -> Response {
    let stripe = visit.stripe();
    let page = HomePage {
        chrome: visit.chrome("Home"),
        home_region: stripe.home_region.clone(),
        tenancy_id: stripe.tenancy_id.clone(),
    };
    render(StatusCode::OK, &page)
}
