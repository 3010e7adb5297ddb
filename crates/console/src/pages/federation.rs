//! The identity providers of the tenancy: the list, and the one there is.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use crate::{
    chrome::{Chrome, Moment},
    refusal::render,
    visit::SignedIn,
};

/// The list.
#[derive(Template)]
#[template(path = "federation.html")]
pub(crate) struct FederationPage {
    pub(crate) chrome: Chrome,
    pub(crate) created: Moment,
}

/// `OracleIdentityCloudService`.
#[derive(Template)]
#[template(path = "provider.html")]
pub(crate) struct ProviderPage {
    pub(crate) chrome: Chrome,
    pub(crate) console_url: String,
    pub(crate) home_region: String,
    pub(crate) domain_id: String,
    pub(crate) issuer: String,
    pub(crate) token_endpoint: String,
    pub(crate) created: Moment,
}

/// Answers `GET /ui/v1/federation`.
pub(crate) async fn list(SignedIn(visit): SignedIn) -> Response {
    let page = FederationPage {
        chrome: visit.chrome("Federation").under("Home", "/"),
        created: visit.stripe().created_at.into(),
    };
    render(StatusCode::OK, &page)
}

/// Answers `GET /ui/v1/federation/OracleIdentityCloudService`.
pub(crate) async fn provider(SignedIn(visit): SignedIn) -> Response {
    let (stripe, url) = (visit.stripe(), visit.stripe_url());
    let page = ProviderPage {
        chrome: visit.chrome("OracleIdentityCloudService").under("Home", "/").under("Federation", "/federation"),
        console_url: format!("{url}/ui/v1/adminconsole/?root=apps"),
        home_region: stripe.home_region.clone(),
        domain_id: stripe.domain_id.clone(),
        issuer: stripe.issuer.clone(),
        token_endpoint: format!("{url}/oauth2/v1/token"),
        created: stripe.created_at.into(),
    };
    render(StatusCode::OK, &page)
}
