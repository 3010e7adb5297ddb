//! The way back to the authorization endpoint, and from there to a client.
//!
//! Browsers hold a form to the policy `form-action 'self'` through every redirect that follows it, and the last one leads to
//! a client's own address. So the chain ends here in a page that leads on by itself: a new navigation, and no script.

use askama::Template;
use axum::{
    extract::RawQuery,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};

use crate::{chrome::Chrome, refusal::render, visit::Visit};

/// The page that leads on.
#[derive(Template)]
#[template(path = "onward.html")]
pub(crate) struct OnwardPage {
    pub(crate) chrome: Chrome,
    /// Where to.
    pub(crate) address: String,
}

/// Answers `GET /ui/v1/authorize`, which the sign-in page returns to.
pub(crate) async fn proceed(visit: Visit, RawQuery(query): RawQuery) -> Response {
    onward(&visit, visit.door(&format!("/oauth2/v1/authorize?{}", query.unwrap_or_default())))
}

/// A page that leads to an address: by itself as soon as it is there, or by its link.
pub(crate) fn onward(visit: &Visit, address: String) -> Response {
    let refresh = HeaderValue::from_str(&format!("0; url={address}"));
    let mut response = render(StatusCode::OK, &OnwardPage { chrome: visit.chrome("Continue"), address });
    if let Ok(refresh) = refresh {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    response
}
